//! A small universe of messages, for the laws: few values in each field, and sets of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;

use crate::allow::address::{Address, AddressSet, Sender};
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, Matcher, TextSet};
use crate::allow::ip::IpSet;

use super::factor::{HeaderSet, Headers, Names};
use super::{Cube, Message, MessageSet, auth};

const IPS: [&str; 3] = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
const DOMAINS: [&str; 3] = ["a.test", "b.test", "s.a.test"];
const SENDERS: [&str; 5] = ["<>", "x@a.test", "y@a.test", "x@s.a.test", "x@b.test"];
const RECIPIENTS: [&str; 2] = ["x@t.test", "y@t.test"];
const VALUES: [&str; 3] = ["red fox", "fox", "hen"];
const HEADERS: [&str; 2] = ["X-One", "X-Two"];

pub(crate) fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn sender(text: &str) -> Sender {
    Sender::parse(text).unwrap()
}

fn ip() -> impl Strategy<Value = IpAddr> {
    select(&IPS[..]).prop_map(|ip| ip.parse().unwrap())
}

fn names() -> impl Strategy<Value = BTreeSet<Domain>> {
    prop::collection::btree_set(select(&DOMAINS[..]).prop_map(domain), 0..3)
}

pub(crate) fn header_name() -> impl Strategy<Value = HeaderName> {
    select(&HEADERS[..]).prop_map(|name| HeaderName::parse(name).unwrap())
}

prop_compose! {
    /// A message of which everything is known.
    pub(crate) fn message()(
        ips in (ip(), ip(), any::<bool>()),
        senders in (select(&SENDERS[..]), select(&SENDERS[..])),
        dkim in names(),
        results in (select(&[1_u8, 8][..]), select(&[1_u8, 2][..]), select(&[1_u8, 4][..])),
        headers in prop::collection::btree_map(header_name(), select(&VALUES[..]).prop_map(str::to_owned), 0..3),
        to in select(&RECIPIENTS[..]),
        links in names(),
        attached in any::<bool>(),
    ) -> Message {
        Message {
            ip: ips.0,
            auth_ip: if ips.2 { ips.0 } else { ips.1 },
            mail_from: sender(senders.0),
            from: sender(senders.1),
            dkim,
            dmarc: results.0,
            spf: results.1,
            compauth: results.2,
            headers,
            to: Address::parse(to).unwrap(),
            links: Some(links),
            attachments: Some(attached),
        }
    }
}

/// A handful of messages. A failing law names the message itself.
#[derive(Clone)]
pub(crate) struct Universe(pub(crate) Vec<Message>);

impl std::fmt::Debug for Universe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} messages", self.0.len())
    }
}

pub(crate) fn universe() -> impl Strategy<Value = Universe> {
    prop::collection::vec(message(), 60..100).prop_map(Universe).no_shrink()
}

pub(crate) fn ip_set() -> impl Strategy<Value = IpSet> {
    let net = select(
        &[
            "192.0.2.1/32",
            "192.0.2.2/32",
            "2001:db8::1/128",
            "192.0.2.0/24",
            "0.0.0.0/0",
        ][..],
    );
    (prop::collection::vec(net, 1..3), prop::bool::weighted(0.2)).prop_map(|(nets, flip)| {
        let set = IpSet::from_nets(nets.into_iter().map(|net| net.parse().unwrap()));
        if flip { set.complement() } else { set }
    })
}

pub(crate) fn domain_set() -> impl Strategy<Value = DomainSet> {
    let one = (select(&DOMAINS[..]).prop_map(domain), any::<bool>(), any::<bool>());
    (prop::collection::vec(one, 1..3), prop::bool::weighted(0.2)).prop_map(|(given, flip)| {
        let set = DomainSet::gather(given.iter().map(|(domain, exact, below)| (domain, *exact, *below)));
        if flip { set.complement() } else { set }
    })
}

pub(crate) fn sender_set() -> impl Strategy<Value = AddressSet> {
    let exact = select(&SENDERS[..]).prop_map(|text| AddressSet::sender(&sender(text)));
    let one = prop_oneof![exact, domain_set().prop_map(|set| AddressSet::domains(&set))];
    (one.clone(), one, 0_u8..6).prop_map(|(a, b, how)| match how {
        0 => a.union(&b),
        1 => a.minus(&b),
        2 => a.complement(),
        _ => a,
    })
}

pub(crate) fn recipient_set() -> impl Strategy<Value = AddressSet> {
    (select(&RECIPIENTS[..]), 0_u8..5).prop_map(|(to, how)| {
        let one = AddressSet::exact(&Address::parse(to).unwrap());
        match how {
            0 => one.complement(),
            1 => AddressSet::domain(&domain("t.test")),
            2 => AddressSet::all_addresses().complement(),
            _ => one,
        }
    })
}

pub(crate) fn text_set() -> impl Strategy<Value = TextSet> {
    let word = select(&["fox", "red", "hen"][..]).prop_map(|word| TextSet::matching(Matcher::Word(word.to_owned())));
    let only = select(&VALUES[..]).prop_map(|text| TextSet::only([text.to_owned()]));
    let set = prop_oneof![word, only, Just(TextSet::all())];
    (set, prop::bool::weighted(0.2)).prop_map(|(set, flip)| if flip { set.complement() } else { set })
}

fn name_set() -> impl Strategy<Value = Names> {
    let one = prop_oneof![
        Just(Names::all()),
        Just(Names::no_name()),
        domain_set().prop_map(Names::some_in),
        domain_set().prop_map(Names::none_in),
        domain_set().prop_map(Names::only_in),
    ];
    (one.clone(), one, any::<bool>()).prop_map(|(a, b, both)| if both { a.intersect(&b) } else { a })
}

fn headers(free: impl Strategy<Value = bool>) -> impl Strategy<Value = Headers> {
    let set = (any::<bool>(), text_set()).prop_map(|(absent, values)| HeaderSet { absent, values });
    (free, prop::collection::btree_map(header_name(), set, 0..3)).prop_map(|(free, named)| {
        let start = if free { Headers::all() } else { Headers::none() };
        named
            .into_iter()
            .fold(start, |headers, (name, set)| headers.with(name, set))
    })
}

/// Mostly everything, so that products are seldom empty.
fn mostly<S: Strategy>(all: S::Value, some: S) -> impl Strategy<Value = S::Value>
where
    S::Value: Clone,
{
    prop_oneof![3 => Just(all), 1 => some]
}

fn bits(words: auth::Words) -> impl Strategy<Value = u8> {
    mostly(words.all(), 1..=words.all())
}

/// A product; may be empty.
pub(crate) fn cube(free: impl Strategy<Value = bool>) -> impl Strategy<Value = Cube> {
    let hosts = (mostly(IpSet::all(), ip_set()), mostly(IpSet::all(), ip_set()));
    let senders = (
        mostly(AddressSet::all(), sender_set()),
        mostly(AddressSet::all(), sender_set()),
        mostly(AddressSet::all(), recipient_set()),
    );
    let names = (mostly(Names::all(), name_set()), mostly(Names::all(), name_set()));
    let results = (
        bits(auth::DMARC),
        bits(auth::SPF),
        bits(auth::COMPAUTH),
        mostly(3, 1_u8..4),
    );
    (hosts, senders, names, results, headers(free)).prop_map(|(hosts, senders, names, results, headers)| Cube {
        ip: hosts.0,
        auth_ip: hosts.1,
        mail_from: senders.0,
        from: senders.1,
        to: senders.2,
        dkim: names.0,
        links: names.1,
        dmarc: results.0,
        spf: results.1,
        compauth: results.2,
        attachments: results.3,
        headers,
    })
}

/// A union of products that are alike in whether headers are free.
pub(crate) fn set(free: bool) -> impl Strategy<Value = MessageSet> {
    prop::collection::vec(cube(Just(free)), 0..4).prop_map(MessageSet::from_iter)
}

/// The set of one message.
pub(crate) fn only(message: &Message) -> MessageSet {
    let names = |names: &BTreeSet<Domain>| {
        let named = names.iter().map(|name| Names::some_in(DomainSet::exact(name)));
        let no_other = Names::none_in(DomainSet::all_exact(names).complement());
        named.fold(no_other, |all, one| all.intersect(&one))
    };
    let headers: &BTreeMap<HeaderName, String> = &message.headers;
    MessageSet::from(Cube {
        ip: IpSet::addr(message.ip),
        auth_ip: IpSet::addr(message.auth_ip),
        mail_from: AddressSet::sender(&message.mail_from),
        from: AddressSet::sender(&message.from),
        to: AddressSet::exact(&message.to),
        dkim: names(&message.dkim),
        links: message.links.as_ref().map_or_else(Names::all, names),
        dmarc: message.dmarc,
        spf: message.spf,
        compauth: message.compauth,
        attachments: message.attachments.map_or(3, |some| 1 << u8::from(some)),
        headers: headers.iter().fold(Headers::none(), |all, (name, value)| {
            let values = TextSet::only([value.clone()]);
            all.with(name.clone(), HeaderSet { absent: false, values })
        }),
    })
}
