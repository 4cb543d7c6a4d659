//! A set of messages in a few words: what of its fields is fixed, product by product.

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::IpSet;
use crate::message::{Cube, MessageSet, auth};

/// Values that are written out of one field.
const MAX_VALUES: usize = 24;

/// Products that are written out of one set.
const MAX_PRODUCTS: usize = 12;

/// The fixed fields of one product. An empty list is a field that may be anything, or all but a few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Addresses of the connecting host.
    pub ip: Vec<String>,
    /// Envelope senders.
    pub mail_from: Vec<String>,
    /// Header senders.
    pub from: Vec<String>,
    /// Signers, one of whom must be there.
    pub dkim: Vec<String>,
    /// Recipients.
    pub to: Vec<String>,
    /// Headers that must be there.
    pub headers: Vec<String>,
    /// Results of authentication.
    pub auth: Vec<String>,
    /// How many values are left out.
    pub left_out: usize,
}

/// The products of a set, and how many are left out.
pub fn sketches(set: &MessageSet) -> (Vec<Sketch>, usize) {
    let mut found: Vec<Sketch> = Vec::new();
    let mut left_out = 0;
    for cube in set.cubes() {
        let sketch = Sketch::of(cube);
        if found.contains(&sketch) {
            continue;
        }
        if found.len() < MAX_PRODUCTS {
            found.push(sketch);
        } else {
            left_out += 1;
        }
    }
    (found, left_out)
}

impl Sketch {
    fn of(cube: &Cube) -> Self {
        let mut left_out = 0;
        let mut cut = |values: Vec<String>| {
            left_out += values.len().saturating_sub(MAX_VALUES);
            values.into_iter().take(MAX_VALUES).collect::<Vec<String>>()
        };
        let ip = cut(hosts(&cube.ip));
        let mail_from = cut(senders(&cube.mail_from));
        let from = cut(senders(&cube.from));
        let to = cut(senders(&cube.to));
        let dkim: Vec<String> = cube.dkim.wanted().iter().flat_map(names).collect();
        let dkim = cut(dkim);
        let must = cube.headers.named().filter(|(_, set)| !set.absent);
        let headers = cut(must.map(|(name, _)| name.as_str().to_owned()).collect());
        let results = |words: auth::Words, bits: u8| {
            let some = words
                .results
                .iter()
                .filter(move |word| words.bit(word).is_some_and(|bit| bits & bit != 0));
            let some: Vec<String> = some.map(|word| format!("{}={word}", words.method)).collect();
            if some.len() == words.results.len() {
                Vec::new()
            } else {
                some
            }
        };
        let auth = [
            results(auth::DMARC, cube.dmarc),
            results(auth::SPF, cube.spf),
            results(auth::COMPAUTH, cube.compauth),
        ];
        Self {
            ip,
            mail_from,
            from,
            dkim,
            to,
            headers,
            auth: auth.concat(),
            left_out,
        }
    }
}

fn hosts(hosts: &IpSet) -> Vec<String> {
    // As wide as half of all addresses: all but a few.
    if hosts.v4_only().count() >= 1 << 31 || hosts.v6_only().count() >= 1 << 127 {
        return Vec::new();
    }
    let written = |net: ipnet::IpNet| {
        if net.prefix_len() == net.max_prefix_len() {
            net.addr().to_string()
        } else {
            net.to_string()
        }
    };
    hosts.nets().into_iter().map(written).collect()
}

fn senders(senders: &AddressSet) -> Vec<String> {
    if senders.is_open() {
        return Vec::new();
    }
    let null = senders.contains_null().then(|| "<>".to_owned());
    let exact: Vec<String> = senders.exact_members().map(|address| address.to_string()).collect();
    // Of a domain of which only some addresses are meant, these are written out already.
    let whole = |domain: &Domain| senders.covers(&AddressSet::domain(domain));
    let domains = senders
        .positive_domains()
        .filter(|(domain, at, _)| !*at || whole(domain));
    null.into_iter()
        .chain(exact)
        .chain(domains.flat_map(|(domain, at, below)| spelled(&domain, at, below)))
        .collect()
}

fn names(names: &DomainSet) -> Vec<String> {
    if names.is_open() {
        return Vec::new();
    }
    names
        .positive()
        .flat_map(|(domain, at, below)| spelled(&domain, at, below))
        .collect()
}

/// A domain as packs spell it.
fn spelled(domain: &Domain, at: bool, below: bool) -> Vec<String> {
    let at = at.then(|| domain.to_string());
    let below = below.then(|| format!("*.{domain}"));
    at.into_iter().chain(below).collect()
}
