//! What must hold of any records and any client: the sets agree with the check of one client.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::evaluate::{Evaluation, check_host};
use super::macros::expand::Subject;
use super::set::{Counts, Sets, Tree};
use super::zone::{Veiled, Zone};
use super::{Limits, Verdict};
use crate::dns::Name;

/// A term about one of the domains `d0` to `d3` or the hosts `h0` to `h3`.
fn term() -> impl Strategy<Value = String> {
    let mechanism = prop_oneof![
        4 => (0..8_u8, 29..=32_u8).prop_map(|(host, length)| format!("ip4:192.0.2.{host}/{length}")),
        3 => (0..8_u8, 125..=128_u8).prop_map(|(host, length)| format!("ip6:2001:db8::{host}/{length}")),
        3 => (0..4_u8).prop_map(|host| format!("a:h{host}.test")),
        1 => (0..4_u8).prop_map(|host| format!("a:h{host}.test/31//127")),
        2 => (0..4_u8).prop_map(|domain| format!("mx:d{domain}.test")),
        5 => (0..4_u8).prop_map(|domain| format!("include:d{domain}.test")),
        1 => (0..4_u8).prop_map(|host| format!("exists:h{host}.test")),
        1 => Just("mx//126".to_owned()),
        1 => Just("include:%{h}".to_owned()),
        1 => Just("exists:%{ir}.test".to_owned()),
        1 => Just("a:%{p}".to_owned()),
        1 => Just("mx:%{l}.test".to_owned()),
        1 => Just("a:mail.%{d}".to_owned()),
        1 => Just("ptr:test".to_owned()),
        1 => Just("ip6:::ffff:192.0.2.0/125".to_owned()),
        1 => Just("all".to_owned()),
    ];
    (
        prop_oneof![3 => Just(""), 1 => Just("-"), 1 => Just("~"), 1 => Just("?")],
        mechanism,
    )
        .prop_map(|(qualifier, mechanism)| format!("{qualifier}{mechanism}"))
}

fn record() -> impl Strategy<Value = String> {
    let end = prop_oneof![
        2 => Just(String::new()),
        3 => Just(" -all".to_owned()),
        1 => (0..4_u8).prop_map(|domain| format!(" redirect=d{domain}.test")),
        1 => Just(" redirect=%{h}".to_owned()),
    ];
    (proptest::collection::vec(term(), 0..5), end).prop_map(|(terms, end)| format!("v=spf1 {}{end}", terms.join(" ")))
}

/// What a host or domain has of one type; often nothing, so that voids are met.
fn values(value: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        6 => proptest::collection::vec(value, 0..3),
        1 => Just(vec!["!timeout".to_owned()]),
        1 => Just(vec!["!unknown".to_owned()]),
    ]
}

fn zone() -> impl Strategy<Value = String> {
    let v4 = || values((0..8_u8).prop_map(|host| format!("192.0.2.{host}")));
    let v6 = || values((0..8_u8).prop_map(|host| format!("2001:db8::{host}")));
    let mx = values((0..4_u8).prop_map(|host| format!("{host} h{host}.test")));
    let text = prop_oneof![
        20 => record().prop_map(|record| vec![record]),
        1 => (record(), record()).prop_map(|(one, other)| vec![one, other]),
        1 => Just(vec!["v=spf1 ip4:192.0.2".to_owned()]),
        1 => values(record()),
    ];
    let domain = (text, mx);
    let host = (v4(), v6());
    (
        proptest::collection::vec(domain, 4),
        proptest::collection::vec(host, 4),
        values((0..4_u8).prop_map(|host| format!("h{host}.test"))),
    )
        .prop_map(|(domains, hosts, names)| {
            let mut zone = String::new();
            let mut add = |name: &str, values: Vec<String>| {
                for value in values {
                    writeln!(zone, "{name} {value}").unwrap();
                }
            };
            for (number, (texts, mx)) in domains.into_iter().enumerate() {
                add(&format!("d{number}.test TXT"), texts);
                add(&format!("d{number}.test MX"), mx);
            }
            for (number, (v4, v6)) in hosts.into_iter().enumerate() {
                add(&format!("h{number}.test A"), v4);
                add(&format!("h{number}.test AAAA"), v6);
            }
            add("1.2.0.192.in-addr.arpa PTR", names);
            zone
        })
}

fn client() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..9_u8).prop_map(|host| IpAddr::V4(Ipv4Addr::new(192, 0, 2, host))),
        (0..9_u16).prop_map(|host| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host))),
    ]
}

/// Small limits, too: they are met more often.
fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![
        Just(Limits::default()),
        (0..6_u8, 0..3_u8).prop_map(|(lookups, voids)| Limits { lookups, voids })
    ]
}

/// The result of a check is one that the sets allow, and no other is certain. What is undecided says nothing.
fn agree(sets: &Sets, ip: IpAddr, found: &Evaluation) -> Result<(), TestCaseError> {
    for verdict in Verdict::ALL {
        let Some(bounds) = sets.of(verdict) else { continue };
        if found.verdict == verdict {
            prop_assert!(bounds.may.contains(ip), "{ip} may not be {verdict:?}: {found:?}");
        } else {
            prop_assert!(!bounds.must.contains(ip), "{ip} must be {verdict:?}: {found:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn sets_agree_with_checks(text in zone(), clients in proptest::collection::vec(client(), 6), limits in limits()) {
        let zone = Zone::new(&text);
        let tree = Tree::gather(&zone, &Name::parse(b"d0.test").unwrap());
        let sets = tree.sets(limits);
        for ip in clients {
            let found = check_host(&zone, &Subject::new(ip, b"d1.test", b"user@d0.test"), limits);
            agree(&sets, ip, &found)?;
            if found.verdict != Verdict::Undecided {
                let (least, most) = tree.lookups_of(ip, limits);
                prop_assert!(
                    (least..=most).contains(&found.lookups),
                    "{ip}: {least} to {most} look-ups: {found:?}"
                );
            }
        }
    }

    /// Whatever the answers are that were not known, they do not leave the bounds.
    #[test]
    fn bounds_hold_whatever_is_not_known(
        text in zone(),
        veil in any::<u32>(),
        clients in proptest::collection::vec(client(), 6),
        limits in limits(),
    ) {
        let zone = Zone::new(&text);
        let veiled = Veiled { zone: &zone, veil };
        let tree = Tree::gather(&veiled, &Name::parse(b"d0.test").unwrap());
        let sets = tree.sets(limits);
        for ip in clients {
            let subject = Subject::new(ip, b"d1.test", b"user@d0.test");
            let found = check_host(&zone, &subject, limits);
            agree(&sets, ip, &found)?;
            if found.verdict != Verdict::Undecided {
                let (least, most) = tree.lookups_of(ip, limits);
                prop_assert!((least..=most).contains(&found.lookups), "{ip}: {least} to {most}: {found:?}");
            }
            // Who is told a result although not everything is known is told the right one.
            let known = check_host(&veiled, &subject, limits);
            prop_assert!(known.verdict == Verdict::Undecided || known.verdict == found.verdict, "{ip}: {known:?}");
        }
    }

    #[test]
    fn sets_are_a_partition(text in zone(), limits in limits()) {
        let tree = Tree::gather(&Zone::new(&text), &Name::parse(b"d0.test").unwrap());
        let sets = tree.sets(limits);
        let bounds: Vec<_> = Verdict::ALL.into_iter().filter_map(|verdict| sets.of(verdict)).collect();
        for (number, one) in bounds.iter().enumerate() {
            prop_assert!(one.may.covers(&one.must));
            for other in bounds.iter().skip(number + 1) {
                prop_assert!(!one.must.overlaps(&other.may), "{} and {}", one.must, other.may);
            }
        }
        let all = bounds.iter().fold(crate::allow::ip::IpSet::empty(), |all, one| all.union(&one.may));
        prop_assert!(all.is_all());
    }

    #[test]
    fn no_address_asks_more_than_the_worst(text in zone(), ip in client()) {
        let tree = Tree::gather(&Zone::new(&text), &Name::parse(b"d0.test").unwrap());
        let Counts { worst, v4, v6, is_exact } = tree.counts();
        prop_assert!(v4 <= worst && v6 <= worst);
        if is_exact {
            let unlimited = Limits { lookups: u8::MAX, voids: u8::MAX };
            let most = if ip.is_ipv4() { v4 } else { v6 };
            prop_assert!(tree.lookups_of(ip, unlimited).1 <= most);
        }
    }

    #[test]
    fn any_text_is_read(octets in proptest::collection::vec(any::<u8>(), 0..80), term in "[a-z0-9:=/%{}. ~?+-]{0,40}") {
        for body in [octets, term.into_bytes()] {
            let record = super::record::SpfRecord::parse([b"v=spf1 ".to_vec(), body].concat());
            prop_assert_eq!(record.text().len(), record.octets.len());
            let places = record.terms.iter().map(|term| term.extent);
            for place in places.chain(record.mistakes.iter().map(|mistake| mistake.extent)) {
                prop_assert!(place.start <= place.end && place.end <= record.octets.len());
            }
        }
    }
}
