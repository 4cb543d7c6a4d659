//! The laws of the set types, held against brute force over small universes.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::address::{Address, AddressSet, Sender};
use super::domain::{Domain, DomainSet};
use super::header::{Emptiness, Matcher, Pattern, TextSet};
use super::ip::IpSet;

/// Everything the algebra promises about two sets, member by member.
macro_rules! laws {
    ($a:expr, $b:expr, $universe:expr, $has:expr) => {{
        let (a, b) = ($a, $b);
        let has = $has;
        let (union, both, minus, not) = (a.union(b), a.intersect(b), a.minus(b), a.complement());
        let (mut covers, mut overlaps, mut same, mut inhabited) = (true, false, true, false);
        for member in $universe {
            let (in_a, in_b) = (has(a, member), has(b, member));
            prop_assert_eq!(has(&union, member), in_a || in_b);
            prop_assert_eq!(has(&both, member), in_a && in_b);
            prop_assert_eq!(has(&minus, member), in_a && !in_b);
            prop_assert_eq!(has(&not, member), !in_a);
            covers &= in_a || !in_b;
            overlaps |= in_a && in_b;
            same &= in_a == in_b;
            inhabited |= in_a;
        }
        prop_assert_eq!(a.covers(b), covers);
        prop_assert_eq!(a.overlaps(b), overlaps);
        prop_assert_eq!(a == b, same);
        prop_assert_eq!(!a.is_empty(), inhabited);
        prop_assert_eq!(&not.complement(), a);
        prop_assert_eq!(&a.minus(b), &a.intersect(&b.complement()));
        prop_assert_eq!(&union.complement(), &not.intersect(&b.complement()));
        prop_assert_eq!(both.is_empty(), !a.overlaps(b));
        prop_assert!(union.covers(a) && a.covers(&both));
        prop_assert_eq!(a.union(&not).is_all(), true);
        if let Some(member) = a.smallest() {
            prop_assert!(has(a, &member));
        }
        prop_assert_eq!(a.smallest().is_none(), a.is_empty());
    }};
}

/// The last /27 of IPv4 and the first of IPv6, so that both ends of the number line are tried.
fn hosts() -> Vec<IpAddr> {
    let v4 = (0_u32..32).map(|n| IpAddr::V4((u32::MAX - n).into()));
    let v6 = (0_u128..32).map(|n| IpAddr::V6(n.into()));
    v4.chain(v6).collect()
}

prop_compose! {
    fn ip_set()(nets in prop::collection::vec((0_usize..64, 0_u8..5), 0..8), flip in any::<bool>()) -> IpSet {
        let hosts = hosts();
        let nets = nets.into_iter().map(|(host, wide)| {
            let prefix = if hosts[host].is_ipv4() { 32 - wide } else { 128 - wide };
            IpNet::new(hosts[host], prefix).unwrap()
        });
        let set = IpSet::from_nets(nets);
        if flip { set.complement() } else { set }
    }
}

/// The universe, with one host of each family that no generated network reaches.
fn all_hosts() -> Vec<IpAddr> {
    let mut hosts = hosts();
    hosts.extend(["192.0.2.1".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]);
    hosts
}

/// All names of these labels up to a depth.
fn names(labels: &[&str], depth: usize) -> Vec<Domain> {
    let mut all = Vec::new();
    let mut level: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
    for _ in 0..depth {
        all.extend(level.iter().map(|name| Domain::parse(name).unwrap()));
        let deeper = level
            .iter()
            .flat_map(|name| labels.iter().map(move |label| format!("{label}.{name}")));
        level = deeper.collect();
    }
    all
}

/// The names and, for each and at the top, one that no generated set speaks of.
fn with_strangers(names: &[Domain]) -> Vec<Domain> {
    let below = names.iter().map(|name| name.child("z").unwrap());
    let top = Domain::parse("z").unwrap();
    names.iter().cloned().chain(below).chain([top]).collect()
}

prop_compose! {
    fn domain_set()(
        given in prop::collection::vec((0_usize..39, any::<bool>(), any::<bool>()), 0..24),
        cut in prop::collection::vec((0_usize..39, any::<bool>(), any::<bool>()), 0..4),
        n in 0_usize..24,
        flip in any::<bool>(),
    ) -> DomainSet {
        let names = names(&["a", "b", "c"], 3);
        let of = |given: &[(usize, bool, bool)]| {
            DomainSet::gather(given.iter().map(|(n, exact, below)| (&names[*n], *exact, *below)))
        };
        // A short prefix makes small sets common, so that both ways of combining are taken.
        let given = &given[..given.len().min(if n % 3 == 0 { 2 } else { n })];
        let set = of(given).minus(&of(&cut));
        if flip { set.complement() } else { set }
    }
}

prop_compose! {
    fn address_set()(
        locals in prop::collection::vec((0_usize..6, "[xy]"), 0..14),
        given in prop::collection::vec((0_usize..6, any::<bool>(), any::<bool>()), 0..4),
        cut in prop::collection::vec((0_usize..6, "[xy]"), 0..4),
        n in 0_usize..24,
        null in any::<bool>(),
        flip in any::<bool>(),
    ) -> AddressSet {
        let names = names(&["a", "b"], 2);
        let of = |locals: &[(usize, String)]| locals.iter().map(|(n, local)| Address {
            local: local.clone(),
            domain: names[*n].clone(),
        }).collect::<Vec<_>>();
        let n_given = if n % 3 == 0 { 1 } else { n };
        let domains = given[..given.len().min(n / 6)].iter().map(|(n, exact, below)| (&names[*n], *exact, *below));
        let set = AddressSet::gather(&of(&locals[..locals.len().min(n_given)]), domains);
        let set = set.minus(&AddressSet::all_exact(&of(&cut)));
        let set = if null { set.union(&AddressSet::null_sender()) } else { set };
        if flip { set.complement() } else { set }
    }
}

/// Everyone the generated sets can tell apart.
fn senders() -> Vec<Sender> {
    let mut senders = vec![Sender::Null];
    for domain in with_strangers(&names(&["a", "b"], 2)) {
        for local in ["x", "y", "q"] {
            senders.push(Sender::Address(Address {
                local: local.to_owned(),
                domain: domain.clone(),
            }));
        }
    }
    senders
}

const DOMAINS: [&str; 6] = [
    "acme.com",
    "a.acme.com",
    "b.a.acme.com",
    "notacme.com",
    "acme.com.evil.test",
    "acmexcom.com",
];

/// Patterns as people write them for addresses: a front, a link, the domain and an end.
const ADDRESS_PATTERN: &str = r"\^?(\.\*|bob|)(@|\\\.|\.|\[@\.\]|@\.\*\\\.|@\(\.\+\\\.\)\?|@\.\*|)acme(\\\.|\.)com\$?";

/// Every text of a tiny alphabet up to four characters.
fn texts() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut level = all.clone();
    for _ in 0..4 {
        level = level
            .iter()
            .flat_map(|text| ["a", "B", " "].map(|c| format!("{text}{c}")))
            .collect();
        all.extend(level.iter().cloned());
    }
    all
}

fn matcher() -> impl Strategy<Value = Matcher> {
    prop_oneof![
        "[ab ]{0,2}".prop_map(Matcher::Equals),
        "[ab ]{0,2}".prop_map(Matcher::Contains),
        "[ab ]{0,2}".prop_map(Matcher::Word),
        "\\^?[ab.]\\*?([ab ]|a\\|b)\\$?".prop_map(|text| Matcher::Pattern(Pattern::parse(&text).unwrap())),
    ]
}

fn text_set() -> impl Strategy<Value = TextSet> {
    let leaf = prop_oneof![
        matcher().prop_map(TextSet::matching),
        prop::collection::vec("[abAB ]{0,2}", 0..4).prop_map(TextSet::only),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.union(&b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.intersect(&b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.minus(&b)),
            inner.prop_map(|a| a.complement()),
        ]
    })
}

proptest! {
    #[test]
    fn ip_sets(a in ip_set(), b in ip_set()) {
        laws!(&a, &b, &all_hosts(), |set: &IpSet, ip: &IpAddr| set.contains(*ip));
        prop_assert_eq!(&IpSet::from_nets(a.nets()), &a);
        prop_assert_eq!(&IpSet::union_all([&a, &b]), &a.union(&b));
        prop_assert_eq!(a.smallest(), all_hosts().into_iter().filter(|ip| a.contains(*ip)).map(|ip| {
            // A complement also holds the addresses below the universe.
            if ip.is_ipv4() && a.contains("0.0.0.0".parse().unwrap()) { "0.0.0.0".parse().unwrap() } else { ip }
        }).min());
        prop_assert_eq!(&a.v4_only().union(&a.v6_only()), &a);
    }

    #[test]
    fn domain_sets(a in domain_set(), b in domain_set()) {
        let universe = with_strangers(&names(&["a", "b", "c"], 3));
        laws!(&a, &b, &universe, |set: &DomainSet, domain: &Domain| set.contains(domain));
        prop_assert_eq!(&DomainSet::union_all([&a, &b]), &a.union(&b));
        if !a.is_open() {
            let named: Vec<_> = a.positive().collect();
            let bound = DomainSet::gather(named.iter().map(|(domain, exact, below)| (domain, *exact, *below)));
            prop_assert!(bound.covers(&a));
        }
    }

    #[test]
    fn address_sets(a in address_set(), b in address_set(), domains in domain_set()) {
        let universe = senders();
        laws!(&a, &b, &universe, |set: &AddressSet, sender: &Sender| set.contains_sender(sender));
        prop_assert_eq!(&AddressSet::union_all([&a, &b]), &a.union(&b));
        prop_assert_eq!(&a.restrict_to(&domains), &a.intersect(&AddressSet::domains(&domains)));
        for domain in with_strangers(&names(&["a", "b"], 2)) {
            let touched = a.overlaps(&AddressSet::domain(&domain));
            prop_assert_eq!(a.domains_touched().contains(&domain), touched);
        }
        for address in a.exact_members() {
            prop_assert!(a.contains(&address));
        }
    }

    #[test]
    fn text_sets(a in text_set(), b in text_set()) {
        let (union, both, minus, not) = (a.union(&b), a.intersect(&b), a.minus(&b), a.complement());
        let (mut covers, mut overlaps, mut inhabited) = (true, false, false);
        for text in &texts() {
            let (in_a, in_b) = (a.contains(text), b.contains(text));
            prop_assert_eq!(in_a, a.contains(&text.to_lowercase()));
            prop_assert_eq!(union.contains(text), in_a || in_b);
            prop_assert_eq!(both.contains(text), in_a && in_b);
            prop_assert_eq!(minus.contains(text), in_a && !in_b);
            prop_assert_eq!(not.contains(text), !in_a);
            covers &= in_a || !in_b;
            overlaps |= in_a && in_b;
            inhabited |= in_a;
        }
        match a.emptiness() {
            Emptiness::Empty => prop_assert!(!inhabited),
            Emptiness::Inhabited(text) => prop_assert!(a.contains(&text)),
            Emptiness::Unknown => {}
        }
        // What lies outside the universe can only tell against coverage and for overlap.
        prop_assert!(covers || a.covers(&b) != Some(true));
        prop_assert!(!overlaps || a.overlaps(&b) != Some(false));
    }

    #[test]
    fn implications(a in matcher(), b in matcher()) {
        if a.implies(&b) {
            for text in texts() {
                prop_assert!(!a.matches(&text) || b.matches(&text), "{a} yet not {b}: `{text}`");
            }
        }
    }

    #[test]
    fn patterns_never_panic(text in "[\\\\a-dSw|*+?().^$\\[\\]{},0-9@-]{0,24}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert!(pattern.samples().iter().all(|sample| pattern.matches(sample)));
        }
    }

    #[test]
    fn address_forms_hold(text in ADDRESS_PATTERN) {
        let pattern = Pattern::parse(&text).unwrap();
        for form in pattern.address_forms().unwrap_or_default() {
            for local in ["bob", "a", "xbob"] {
                for domain in DOMAINS {
                    let address = Address::parse(&format!("{local}@{domain}")).unwrap();
                    let is_same = address.domain == form.domain;
                    let is_below = !is_same && address.domain.is_under(&form.domain);
                    let meant = form.local.as_deref().is_none_or(|meant| meant == local)
                        && (form.exact && is_same || form.below && is_below);
                    let address = address.to_string();
                    prop_assert!(!meant || pattern.matches(&address), "{text} should match {address}");
                    if form.is_tight() && pattern.literal_suffix_domains().is_some() {
                        prop_assert_eq!(meant, pattern.matches(&address), "{} and {}", text, address);
                    }
                }
            }
        }
    }
}
