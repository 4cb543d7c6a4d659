//! What macros stand for, letter by letter.

use std::net::IpAddr;

use super::expand::{self, Scope, Subject};
use super::*;

fn spell(text: &str, ip: &str) -> String {
    let mut mistakes = Vec::new();
    let read = MacroString::parse(text.as_bytes(), 0, Usage::Explanation, &mut mistakes);
    assert_eq!(mistakes, [], "{text}");
    let ip: IpAddr = ip.parse().unwrap();
    let mut subject = Subject::new(ip, b"mx.client.test", b"jo.doe-box@mail.sender.test");
    subject.receiver = b"mx.receiver.test".to_vec();
    subject.time = 1_700_000_000;
    let scope = Scope {
        subject: &subject,
        domain: b"_spf.sender.test",
        validated: None,
    };
    String::from_utf8(expand::text(&read, scope)).unwrap()
}

#[test]
fn letters() {
    for (text, expected) in [
        ("%{s}", "jo.doe-box@mail.sender.test"),
        ("%{l}", "jo.doe-box"),
        ("%{o}", "mail.sender.test"),
        ("%{d}", "_spf.sender.test"),
        ("%{i}", "192.0.2.7"),
        ("%{v}", "in-addr"),
        ("%{h}", "mx.client.test"),
        ("%{p}", "unknown"),
        ("%{c} %{r} %{t}", "192.0.2.7 mx.receiver.test 1700000000"),
        ("%%%_%-", "% %20"),
    ] {
        assert_eq!(spell(text, "192.0.2.7"), expected, "{text}");
    }
    let expected = "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1 ip6 2001:db8::cb01";
    assert_eq!(spell("%{i} %{v} %{c}", "2001:db8::cb01"), expected);
    assert_eq!(
        spell("%{i} %{v} %{c}", "::ffff:192.0.2.7"),
        "192.0.2.7 in-addr 192.0.2.7"
    );
}

#[test]
fn transformers() {
    for (text, expected) in [
        ("%{ir}", "7.2.0.192"),
        ("%{d2}", "sender.test"),
        ("%{d1r}", "_spf"),
        ("%{d9}", "_spf.sender.test"),
        ("%{d99999999999999999999999}", "_spf.sender.test"),
        ("%{l-}", "jo.doe.box"),
        ("%{lr-}", "box.jo.doe"),
        ("%{l1.-}", "box"),
        ("%{lR.-}", "box.doe.jo"),
        ("%{S}", "jo.doe-box%40mail.sender.test"),
    ] {
        assert_eq!(spell(text, "192.0.2.7"), expected, "{text}");
    }
}

#[test]
fn senders() {
    let ip = IpAddr::from([192, 0, 2, 7]);
    let of = |sender: &[u8]| {
        let subject = Subject::new(ip, b"helo.test", sender);
        (subject.local, subject.domain)
    };
    let pair = |local: &[u8], domain: &[u8]| (local.to_vec(), domain.to_vec());
    assert_eq!(of(b""), pair(b"postmaster", b"helo.test"));
    assert_eq!(of(b"@sender.test"), pair(b"postmaster", b"sender.test"));
    assert_eq!(of(b"sender.test"), pair(b"postmaster", b"sender.test"));
    assert_eq!(of(b"\"a@b\"@sender.test"), pair(b"\"a@b\"", b"sender.test"));
    assert_eq!(of(b"\xff=+\"@sender.test"), pair(b"\xff=+\"", b"sender.test"));
}

#[test]
fn long_names_lose_labels_on_the_left() {
    let mut mistakes = Vec::new();
    let text = b"%{l}.%{d}";
    let read = MacroString::parse(text, 0, Usage::Record, &mut mistakes);
    let local = b"abcdefghi.".repeat(30);
    let subject = Subject::new(IpAddr::from([192, 0, 2, 7]), b"", &[&*local, b"x@sender.test"].concat());
    let scope = Scope {
        subject: &subject,
        domain: b"sender.test.",
        validated: None,
    };
    let name = expand::name(&read, scope);
    assert_eq!(name.len(), 253);
    assert!(name.starts_with(b"abcdefghi.") && name.ends_with(b".x.sender.test"));
}
