//! Checks of one client over small zones.

use super::*;
use crate::dns::Off;
use crate::dns::spf::zone::Zone;

fn check_as(zone: &str, ip: &str, helo: &str, sender: &str) -> Evaluation {
    let subject = Subject::new(ip.parse().unwrap(), helo.as_bytes(), sender.as_bytes());
    check_host(&Zone::new(zone), &subject, Limits::default())
}

/// Checks mail of `jo@a.test`.
fn check(zone: &str, ip: &str) -> Evaluation {
    check_as(zone, ip, "mx.client.test", "jo@a.test")
}

fn verdicts(zone: &str, expected: &[(&str, Verdict)]) {
    for (ip, verdict) in expected {
        assert_eq!(check(zone, ip).verdict, *verdict, "{ip}: {zone}");
    }
}

/// The record and the text of a place.
fn shown(found: &Evaluation, place: Place) -> String {
    let visit = &found.visits[place.visit];
    let text = visit.record.as_ref().unwrap().text();
    format!("{}: {}", visit.domain, &text[place.extent.start..place.extent.end])
}

#[test]
fn the_first_match_decides() {
    let zone = "
        a.test TXT v=spf1 ?ip4:192.0.2.1 ip4:192.0.2.0/24 ~ip6:2001:db8::/32 -all
    ";
    verdicts(
        zone,
        &[
            ("192.0.2.1", Verdict::Neutral),
            ("192.0.2.2", Verdict::Pass),
            ("::ffff:192.0.2.2", Verdict::Pass),
            ("2001:db8::1", Verdict::SoftFail),
            ("198.51.100.1", Verdict::Fail),
        ],
    );
    verdicts("a.test TXT v=spf1", &[("192.0.2.1", Verdict::Neutral)]);
    verdicts("a.test TXT hello", &[("192.0.2.1", Verdict::None)]);
    verdicts("b.test TXT v=spf1", &[("192.0.2.1", Verdict::None)]);
}

#[test]
fn a_mapped_network_matches_nobody_and_zero_bits_match_one_family() {
    verdicts(
        "a.test TXT v=spf1 ip6:::ffff:192.0.2.1 -all",
        &[("192.0.2.1", Verdict::Fail)],
    );
    let zone = "a.test TXT v=spf1 ip6:::/0 -all";
    verdicts(zone, &[("192.0.2.1", Verdict::Fail), ("2001:db8::1", Verdict::Pass)]);
}

#[test]
fn the_way_is_told() {
    let zone = "
        a.test TXT v=spf1 include:b.test redirect=c.test
        b.test TXT v=spf1 ip4:192.0.2.1 -all
        c.test TXT v=spf1 include:d.test -all
        d.test TXT v=spf1 ip4:192.0.2.2
    ";
    let found = check(zone, "192.0.2.2");
    assert_eq!((found.verdict, found.lookups, found.voids), (Verdict::Pass, 3, 0));
    let way: Vec<String> = found.decided.iter().map(|place| shown(&found, *place)).collect();
    assert_eq!(
        way,
        [
            "a.test: redirect=c.test",
            "c.test: include:d.test",
            "d.test: ip4:192.0.2.2"
        ]
    );
    let walked: Vec<String> = found.visits.iter().map(|visit| visit.domain.to_string()).collect();
    assert_eq!(walked, ["a.test", "b.test", "c.test", "d.test"]);
    assert_eq!(found.visits[0].from, None);
    assert_eq!(shown(&found, found.visits[3].from.unwrap()), "c.test: include:d.test");
    // A fail in an included record is no match, and what it says stays there.
    let found = check(zone, "192.0.2.9");
    assert_eq!(found.verdict, Verdict::Fail);
    assert_eq!(found.decided.len(), 2);
}

#[test]
fn records_that_are_none() {
    let of = |zone: &str| {
        let found = check(zone, "192.0.2.1");
        let cause = found.cause.clone().unwrap();
        (found.verdict, cause.place.map(|place| shown(&found, place)), cause.why)
    };
    let name = Name::parse(b"a.test").unwrap();
    assert_eq!(
        of("a.test TXT v=spf1 -all\na.test TXT v=spf1 -all"),
        (Verdict::PermError, None, Why::SeveralRecords(name, 2))
    );
    // A mistake spoils what stands before it, too.
    assert_eq!(
        of("a.test TXT v=spf1 ip4:192.0.2.1 foo:bar"),
        (
            Verdict::PermError,
            Some("a.test: foo".to_owned()),
            Why::Mistake(Slip::UnknownMechanism("foo".to_owned()))
        )
    );
    for target in ["b.test", "b..test", "%{h1}"] {
        for term in [format!("include:{target}"), format!("redirect={target}")] {
            let (verdict, place, why) = of(&format!("a.test TXT v=spf1 {term}"));
            assert_eq!((verdict, place), (Verdict::PermError, Some(format!("a.test: {term}"))));
            assert!(matches!(why, Why::NoRecord(_)));
        }
    }
}

#[test]
fn what_dns_cannot_say_is_an_error_and_what_it_was_not_asked_is_undecided() {
    let zone = "a.test TXT v=spf1 ip4:192.0.2.1 a:h.test include:b.test -all\nb.test TXT v=spf1 -all\n";
    for (said, verdict) in [
        ("!timeout", Verdict::TempError),
        ("!failed", Verdict::TempError),
        ("!loop", Verdict::TempError),
        ("!unknown", Verdict::Undecided),
    ] {
        let zone = format!("{zone}h.test A {said}");
        verdicts(&zone, &[("192.0.2.1", Verdict::Pass), ("192.0.2.2", verdict)]);
        let found = check(&zone, "192.0.2.2");
        assert_eq!((found.lookups, found.voids), (1, 0));
        assert_eq!(
            shown(&found, found.cause.clone().unwrap().place.unwrap()),
            "a.test: a:h.test"
        );
    }
    let found = check(&format!("{zone}h.test A !unknown"), "192.0.2.2");
    assert_eq!(found.unasked().unwrap().to_string(), "h.test A");
    let subject = Subject::new([192, 0, 2, 1].into(), b"h.test", b"jo@a.test");
    let found = check_host(&Off, &subject, Limits::default());
    assert_eq!(found.verdict, Verdict::Undecided);
    assert_eq!(found.unasked().unwrap().to_string(), "a.test TXT");
}

#[test]
fn ten_terms_may_ask_wherever_they_stand() {
    let hosts = "h.test A 192.0.2.1\n";
    let terms = |count| vec!["a:h.test"; count].join(" ");
    let zone = |below, above| {
        let child = format!("b.test TXT v=spf1 {}", terms(below));
        format!("{hosts}{child}\na.test TXT v=spf1 include:b.test {} -all", terms(above))
    };
    let found = check(&zone(4, 5), "192.0.2.9");
    assert_eq!((found.verdict, found.lookups), (Verdict::Fail, 10));
    let found = check(&zone(4, 6), "192.0.2.9");
    assert_eq!((found.verdict, found.lookups), (Verdict::PermError, 11));
    assert_eq!(found.cause.unwrap().why, Why::Lookups(10));
    let found = check(&zone(10, 0), "192.0.2.9");
    assert_eq!(found.verdict, Verdict::PermError);
    // Whoever matches early never meets the limit.
    verdicts(&zone(11, 11), &[("192.0.2.1", Verdict::Pass)]);
    // A loop ends at the limit.
    let found = check("a.test TXT v=spf1 include:a.test", "192.0.2.9");
    assert_eq!((found.verdict, found.visits.len()), (Verdict::PermError, 11));
}

#[test]
fn two_terms_may_be_void_wherever_they_stand() {
    let found = check("a.test TXT v=spf1 a:x.test mx:y.test -all", "192.0.2.1");
    assert_eq!((found.verdict, found.voids), (Verdict::Fail, 2));
    // The last term, too, and those of other records.
    let zone = "a.test TXT v=spf1 a:x.test include:b.test -all\nb.test TXT v=spf1 mx:y.test exists:z.test";
    let found = check(zone, "192.0.2.1");
    assert_eq!((found.verdict, found.voids), (Verdict::PermError, 3));
    assert_eq!(
        shown(&found, found.cause.clone().unwrap().place.unwrap()),
        "b.test: exists:z.test"
    );
    assert_eq!(found.cause.unwrap().why, Why::Voids(2));
    // One term counts once, however many of its hosts do not exist.
    let zone = "a.test TXT v=spf1 mx -all\na.test MX 1 x.test\na.test MX 2 y.test\na.test MX 3 z.test";
    let found = check(zone, "192.0.2.1");
    assert_eq!((found.verdict, found.lookups, found.voids), (Verdict::Fail, 1, 1));
}

#[test]
fn hosts() {
    let zone = "
        a.test TXT v=spf1 a/31 mx//127 -all
        a.test A 192.0.2.4
        a.test MX 10 m.test
        a.test MX 5 .
        m.test A 192.0.2.8
        m.test AAAA 2001:db8::8
        a.test AAAA 2001:db8::4
    ";
    verdicts(
        zone,
        &[
            ("192.0.2.5", Verdict::Pass),
            ("192.0.2.6", Verdict::Fail),
            ("192.0.2.8", Verdict::Pass),
            ("192.0.2.9", Verdict::Fail),
            ("2001:db8::9", Verdict::Pass),
            ("2001:db8::4", Verdict::Pass),
            ("2001:db8::5", Verdict::Fail),
        ],
    );
    // A domain without mail says so with the root: that is an answer, and no host.
    let found = check("a.test TXT v=spf1 mx -all\na.test MX 0 .", "192.0.2.1");
    assert_eq!((found.verdict, found.voids), (Verdict::Fail, 0));
    let many: Vec<String> = (0..11).map(|host| format!("a.test MX 1 m{host}.test")).collect();
    let found = check(&format!("a.test TXT v=spf1 mx -all\n{}", many.join("\n")), "192.0.2.1");
    assert_eq!(found.cause.unwrap().why, Why::Hosts(11));
    // `exists` asks for IPv4 addresses, whoever connects.
    let zone = "a.test TXT v=spf1 exists:h.test -all\nh.test A 127.0.0.2";
    verdicts(zone, &[("2001:db8::1", Verdict::Pass)]);
    // A name that cannot be asked for matches nobody, and nothing was asked.
    let found = check("a.test TXT v=spf1 a:x..test -all", "192.0.2.1");
    assert_eq!((found.verdict, found.voids), (Verdict::Fail, 0));
}

#[test]
fn names_of_clients() {
    let zone = "
        a.test TXT v=spf1 ptr:own.test -all
        1.2.0.192.in-addr.arpa PTR false.own.test
        1.2.0.192.in-addr.arpa PTR mx.own.test
        mx.own.test A 192.0.2.1
        2.2.0.192.in-addr.arpa PTR false.own.test
        3.2.0.192.in-addr.arpa PTR !timeout
        false.own.test A 192.0.2.99
    ";
    verdicts(
        zone,
        &[
            ("192.0.2.1", Verdict::Pass),
            ("192.0.2.2", Verdict::Fail),
            ("192.0.2.3", Verdict::Fail),
            ("192.0.2.4", Verdict::Fail),
        ],
    );
    // Only the first ten names are looked at.
    let names = |count: u8| -> String {
        let other = (0..count).map(|name| format!("1.2.0.192.in-addr.arpa PTR n{name}.test\n"));
        other
            .chain(["1.2.0.192.in-addr.arpa PTR mx.own.test\n".to_owned()])
            .collect()
    };
    let rest = "a.test TXT v=spf1 ptr:own.test -all\nmx.own.test A 192.0.2.1\n";
    verdicts(&format!("{rest}{}", names(9)), &[("192.0.2.1", Verdict::Pass)]);
    verdicts(&format!("{rest}{}", names(10)), &[("192.0.2.1", Verdict::Fail)]);
    // Of several validated names, `%{p}` is the one nearest to the domain.
    let zone = "
        a.test TXT v=spf1 exists:%{p}.list.test -all
        1.2.0.192.in-addr.arpa PTR b.test
        1.2.0.192.in-addr.arpa PTR mx.a.test
        b.test A 192.0.2.1
        mx.a.test A 192.0.2.1
        mx.a.test.list.test A 127.0.0.2
        unknown.list.test A 127.0.0.2
    ";
    verdicts(zone, &[("192.0.2.1", Verdict::Pass), ("192.0.2.2", Verdict::Pass)]);
}

#[test]
fn explanations() {
    let zone = "
        a.test TXT v=spf1 include:b.test -all exp=why.%{d}
        b.test TXT v=spf1 -all exp=other.test
        c.test TXT v=spf1 redirect=a.test exp=other.test
        why.a.test TXT %{c} may not send for %{o}, says %{d} to %{r}
        other.test TXT never told
    ";
    let found = check(zone, "192.0.2.1");
    let expected = "192.0.2.1 may not send for a.test, says a.test to unknown";
    assert_eq!(found.explanation.as_deref(), Some(expected));
    // It costs no look-up, and that of the record redirected to is told.
    assert_eq!(found.lookups, 1);
    let found = check_as(zone, "192.0.2.1", "h.test", "jo@c.test");
    let expected = "192.0.2.1 may not send for c.test, says a.test to unknown";
    assert_eq!(found.explanation.as_deref(), Some(expected));
    for bad in [
        "e.test TXT %{x}",
        "e.test TXT one\ne.test TXT other",
        "e.test TXT !timeout",
        "e.test TXT !unknown",
        "e.test A 192.0.2.1",
        "e.test TXT é",
    ] {
        let found = check(&format!("a.test TXT v=spf1 -all exp=e.test\n{bad}"), "192.0.2.1");
        assert_eq!((found.verdict, found.explanation), (Verdict::Fail, None), "{bad}");
    }
}

#[test]
fn domains_that_have_no_record_are_not_asked_for() {
    for sender in ["jo@localhost", "jo@[192.0.2.1]", "jo@a..test", "jo@", "jo@a.test@"] {
        let subject = Subject::new([192, 0, 2, 1].into(), b"mx.client.test", sender.as_bytes());
        let found = check_host(&Off, &subject, Limits::default());
        assert_eq!((found.verdict, found.visits.len()), (Verdict::None, 0), "{sender}");
    }
    // Without a sender the name of HELO is checked.
    let zone = "mx.client.test TXT v=spf1 -all";
    assert_eq!(check_as(zone, "192.0.2.1", "mx.client.test", "").verdict, Verdict::Fail);
}
