//! What records are read as, and every mistake where it stands.

use super::*;
use crate::dns::spf::macros::{Letter, Piece};

fn read(body: &str) -> SpfRecord {
    SpfRecord::parse(format!("v=spf1 {body}").into_bytes())
}

/// What is written where the mistakes are, and what they are.
fn mistakes(body: &str) -> Vec<(String, Slip)> {
    let record = read(body);
    let text = record.text();
    let shown = |mistake: &Mistake| {
        let written = &text[mistake.extent.start..mistake.extent.end];
        (written.to_owned(), mistake.slip.clone())
    };
    record.mistakes.iter().map(shown).collect()
}

fn mechanism(body: &str) -> Mechanism {
    let record = read(body);
    assert_eq!(record.mistakes, [], "{body}");
    let (_, directive) = record.directives().next().unwrap();
    directive.mechanism.clone()
}

fn prefixes(body: &str) -> (u8, u8) {
    match mechanism(body) {
        Mechanism::A(_, prefixes) | Mechanism::Mx(_, prefixes) => (prefixes.v4, prefixes.v6),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_term_has_its_place() {
    let record = read("a  ~MX:mail.example.test/24//64 x-tag=1 ");
    assert_eq!(record.mistakes, []);
    let written: Vec<&[u8]> = record.terms.iter().map(|term| term.extent.of(&record.octets)).collect();
    assert_eq!(written, [&b"a"[..], b"~MX:mail.example.test/24//64", b"x-tag=1"]);
    let (_, mx) = record.directives().nth(1).unwrap();
    assert_eq!(mx.qualifier, Qualifier::SoftFail);
    assert_eq!(mx.name.of(&record.octets), b"MX");
    let Mechanism::Mx(Some(domain), prefixes) = &mx.mechanism else {
        panic!("{mx:?}")
    };
    assert_eq!(domain.extent.of(&record.octets), b"mail.example.test");
    assert_eq!(prefixes.extent.unwrap().of(&record.octets), b"/24//64");
    let TermKind::Modifier(tag) = &record.terms[2].kind else {
        panic!("{:?}", record.terms)
    };
    assert_eq!(
        (tag.kind, tag.name.of(&record.octets)),
        (ModifierKind::Unknown, &b"x-tag"[..])
    );
    assert_eq!(tag.value.extent.of(&record.octets), b"1");
    let span = mx.name.span(crate::source::SourceId::NOWHERE, 100);
    assert_eq!((span.start, span.end), (111, 113));
}

#[test]
fn prefix_lengths() {
    assert_eq!(prefixes("a"), (32, 128));
    assert_eq!(prefixes("a/24"), (24, 128));
    assert_eq!(prefixes("mx//64"), (32, 64));
    assert_eq!(prefixes("a:example.test/0//0"), (0, 0));
    assert_eq!(prefixes("a:%{d}/24"), (24, 128));
    assert_eq!(mechanism("ip4:192.0.2.0/24"), Mechanism::Ip4([192, 0, 2, 0].into(), 24));
    assert_eq!(mechanism("ip6:::/0"), Mechanism::Ip6(Ipv6Addr::UNSPECIFIED, 0));
    for (body, written) in [
        ("a/33", "/33"),
        ("a/024", "/024"),
        ("a/", "/"),
        ("a//129", "//129"),
        ("a///64", "///64"),
        ("mx/24/64", "/24/64"),
        ("ip4:192.0.2.0/33", "/33"),
        ("ip4:192.0.2.0//32", "//32"),
        ("ip4:192.0.2.0/032", "/032"),
        ("ip6:2001:db8::/129", "/129"),
    ] {
        assert_eq!(mistakes(body), [(written.to_owned(), Slip::Prefix)], "{body}");
    }
}

#[test]
fn addresses_are_strict() {
    for body in [
        "ip4:192.0.2",
        "ip4:192.0.2.010",
        "ip4:192.0.2.1:25",
        "ip4",
        "ip4:",
        "ip4:2001:db8::1",
    ] {
        assert_eq!(mistakes(body)[0].1, Slip::Address4, "{body}");
    }
    for body in ["ip6:192.0.2.1", "ip6:2001:db8::1%1", "ip6", "ip6:[2001:db8::1]"] {
        assert_eq!(mistakes(body)[0].1, Slip::Address6, "{body}");
    }
    assert!(matches!(mechanism("ip6:::ffff:192.0.2.1"), Mechanism::Ip6(_, 128)));
}

#[test]
fn domains_end_in_a_top_label_or_a_macro() {
    for body in [
        "a:example.test.",
        "a:example.x-y",
        "a:example.%%",
        "include:_spf.%{d2}",
        "exists:%{ir}.a:b/c.example.test",
        "ptr:%{d}",
        "a:a..example.test",
    ] {
        mechanism(body);
    }
    for body in [
        "a:localhost",
        "a:example.123",
        "a:192.0.2.1",
        "a:example.-test",
        "a:example.test-",
        "a:example.test:25",
        "exists:example.test/24",
        "a:%{d}test",
        "redirect=example",
    ] {
        assert_eq!(mistakes(body)[0].1, Slip::TopLabel, "{body}");
    }
    for (body, name) in [
        ("include", "include"),
        ("exists:", "exists"),
        ("exp=", "exp"),
        ("mx:", "mx"),
    ] {
        assert_eq!(mistakes(body), [(body.to_owned(), Slip::NeedsName(name))]);
    }
}

#[test]
fn macros_in_terms() {
    let Mechanism::Exists(name) = mechanism("exists:%{L2r+-}%_%-.%%.example.test") else {
        panic!()
    };
    let Piece::Macro(local) = &name.pieces[0] else { panic!() };
    assert_eq!((local.letter, local.escaped), (Letter::Local, true));
    assert_eq!(
        (local.keep, local.reversed, &*local.delimiters),
        (Some(2), true, &b"+-"[..])
    );
    assert_eq!(name.pieces[1], Piece::Literal(b" %20.%.example.test".to_vec()));
    for (body, written, slip) in [
        ("a:%{x}", "%{x}", Slip::MacroLetter),
        ("a:%{}", "%{}", Slip::MacroLetter),
        ("a:%{d0}", "%{d0}", Slip::MacroZero),
        ("a:%{dr;}", "%{dr;}", Slip::MacroDelimiter),
        ("a:%{dr2}", "%{dr2}", Slip::MacroDelimiter),
        ("a:%{d", "%{d", Slip::OpenMacro),
        ("a:%d.test", "%", Slip::StrayPercent),
        ("exists:%{c}", "%{c}", Slip::ExplanationLetter),
        ("x=%", "%", Slip::StrayPercent),
    ] {
        assert_eq!(mistakes(body), [(written.to_owned(), slip)], "{body}");
    }
}

#[test]
fn mistakes_are_told_all_at_once() {
    let found = mistakes("ipv4:192.0.2.1 all:x +exp=a.test -all\ta a:x =y redirect=%{d} Redirect=%{o}");
    let unknown = Slip::UnknownMechanism("ipv4".to_owned());
    let first = Extent::new(54, 67);
    assert_eq!(
        found,
        [
            ("ipv4".to_owned(), unknown),
            (":x".to_owned(), Slip::Unwanted("all")),
            ("+exp=a.test".to_owned(), Slip::QualifiedModifier),
            ("?".to_owned(), Slip::NotPrintable),
            ("x".to_owned(), Slip::TopLabel),
            ("=y".to_owned(), Slip::NoName),
            ("Redirect=%{o}".to_owned(), Slip::Duplicate("redirect", first)),
        ]
    );
    assert_eq!(mistakes("é -all")[0], ("?".to_owned(), Slip::NotPrintable));
}

#[test]
fn messages_are_plain() {
    for (_, slip) in mistakes(
        "ipv4:1 all:x +a=1 a/99 ip4 ip6 include a:x = % a:%{ a:%{x} a:%{c} a:%{d0} a:%{d!} exp=%{d} exp=%{d} \u{7}",
    ) {
        let text = slip.to_string();
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase() || c == '`'), "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
}

#[test]
fn redirect_beside_all_is_of_no_use() {
    assert!(read("redirect=%{d}").redirect().is_some());
    let both = read("redirect=%{d} ?ALL");
    assert!(both.redirect().is_none() && both.written_redirect().is_some());
}

#[test]
fn selection() {
    let text = |strings: &[&str]| dns::Record::Txt(strings.iter().map(|part| part.as_bytes().to_vec()).collect());
    let noise = [
        text(&["v=spf10 -all"]),
        text(&[" v=spf1 -all"]),
        text(&["v=spf1\t-all"]),
        text(&[]),
    ];
    assert_eq!(select(&noise), Selection::None);
    let joined = text(&["V=Spf1 ip4:192.0", ".2.1 -all"]);
    let found = select(&[noise[0].clone(), joined.clone()]);
    assert_eq!(found, Selection::One(b"V=Spf1 ip4:192.0.2.1 -all".to_vec()));
    assert_eq!(select(&[text(&["v=spf1"])]), Selection::One(b"v=spf1".to_vec()));
    assert!(matches!(select(&[joined.clone(), joined]), Selection::Several(two) if two.len() == 2));
}
