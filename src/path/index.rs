//! Which rules one message may meet, found without asking each.
//!
//! Each rule is filed under values of which a message that it matches must have one: a network, a domain, a piece of a
//! text. A message is looked up by its own. Rules of which no such values are known are found by every message.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::allow::address::{AddressSet, Sender};
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, Matcher, TextSet};
use crate::allow::ip::IpSet;
use crate::message::Message;

use super::{Pred, Rule, RuleAt};

/// The field that a value stands in. Headers are numbered from [`HEADERS`].
type Place = u32;

const IP: Place = 0;
const AUTH_IP: Place = 1;
const MAIL_FROM: Place = 2;
const FROM: Place = 3;
const TO: Place = 4;
const DKIM: Place = 5;
const HEADERS: Place = 6;

/// Bytes of a text that are looked up together.
const PIECE: usize = 4;

/// What a rule is filed under: the place and the value, mixed into one number.
///
/// Two values with one number only mean that a rule is asked that does not match.
type Key = u64;

fn of_network(place: Place, net: IpNet) -> Key {
    match net.addr() {
        IpAddr::V4(ip) => mixed(place, u64::from(net.prefix_len()), &ip.octets()),
        IpAddr::V6(ip) => mixed(place, u64::from(net.prefix_len()), &ip.octets()),
    }
}

fn of_domain(place: Place, domain: &str) -> Key {
    mixed(place, 1 << 8, domain.as_bytes())
}

fn of_null(place: Place) -> Key {
    mixed(place, 2 << 8, &[])
}

fn of_piece(place: Place, piece: [u8; PIECE]) -> Key {
    mixed(place, 3 << 8, &piece)
}

fn of_presence(place: Place) -> Key {
    mixed(place, 4 << 8, &[])
}

/// The multiplier of Fibonacci hashing.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(place: Place, kind: u64, bytes: &[u8]) -> Key {
    let start = (u64::from(place) << 16 | kind).wrapping_mul(MIX);
    bytes.chunks(8).fold(start, |key, chunk| {
        let number = chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let product = u128::from(key ^ number ^ (chunk.len() as u64) << 60) * u128::from(MIX);
        // Both halves count, else what differs in the last bytes only would differ in a few bits.
        u64::try_from(product >> 64).unwrap_or_default()
            ^ u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default()
    })
}

/// Keys are mixed already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |key, byte| key << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type ByKey<T> = HashMap<Key, T, BuildHasherDefault<AsItIs>>;

/// What a rule may be filed under, before it is known which piece of a text is the rarest.
enum Wanted {
    Key(Key),
    Network(Place, IpNet),
    Present(Place),
    Text(Place, String),
}

/// Rules by what a message must have to meet them.
#[derive(Debug, Default)]
pub struct RuleIndex {
    by_key: ByKey<Vec<RuleAt>>,
    /// Numbers of the headers that some rule asks for.
    headers: BTreeMap<HeaderName, Place>,
    /// Prefix lengths of the networks, of both families.
    lengths: (BTreeSet<u8>, BTreeSet<u8>),
    /// Rules that every message may meet, as far as is known.
    always: Vec<RuleAt>,
}

impl RuleIndex {
    /// Files rules.
    pub fn new<'p>(rules: impl IntoIterator<Item = (RuleAt, &'p Rule)>) -> Self {
        let mut index = Self::default();
        let mut filed = Vec::new();
        for (at, rule) in rules {
            match index.of_all(&rule.guard.when) {
                Some(wanted) => filed.push((at, wanted)),
                None => index.always.push(at),
            }
        }
        let wanted = || filed.iter().flat_map(|(_, wanted)| wanted);
        let mut often: ByKey<u32> = ByKey::default();
        for wanted in wanted() {
            if let Wanted::Text(place, text) = wanted {
                pieces(text).for_each(|piece| *often.entry(of_piece(*place, piece)).or_default() += 1);
            }
        }
        for (at, wanted) in filed {
            for wanted in wanted {
                let key = match wanted {
                    Wanted::Key(key) => key,
                    Wanted::Network(place, net) => {
                        index.lengths_of(net.addr()).insert(net.prefix_len());
                        of_network(place, net)
                    }
                    Wanted::Present(place) => of_presence(place),
                    Wanted::Text(place, text) => {
                        let keys = pieces(&text).map(|piece| of_piece(place, piece));
                        let rarest = keys.min_by_key(|key| often.get(key).copied());
                        rarest.unwrap_or_else(|| of_presence(place))
                    }
                };
                let found = index.by_key.entry(key).or_default();
                if found.last() != Some(&at) {
                    found.push(at);
                }
            }
        }
        index
    }

    /// The filed rules that a message may meet, surely or possibly, in the order of the path.
    pub fn met_by(&self, message: &Message) -> Vec<RuleAt> {
        let mut met = self.always.clone();
        self.at_host(IP, message.ip, &mut met);
        self.at_host(AUTH_IP, message.auth_ip, &mut met);
        let to = Sender::Address(message.to.clone());
        for (place, sender) in [(MAIL_FROM, &message.mail_from), (FROM, &message.from), (TO, &to)] {
            match sender {
                Sender::Null => self.take(of_null(place), &mut met),
                Sender::Address(address) => {
                    self.at_domain(place, &address.domain, &mut met);
                    self.in_text(place, &address.to_string(), &mut met);
                }
            }
        }
        for name in &message.dkim {
            self.at_domain(DKIM, name, &mut met);
        }
        for (name, text) in &message.headers {
            if let Some(place) = self.headers.get(name) {
                self.in_text(*place, text, &mut met);
            }
        }
        met.sort_unstable();
        met.dedup();
        met
    }

    fn lengths_of(&mut self, ip: IpAddr) -> &mut BTreeSet<u8> {
        match ip {
            IpAddr::V4(_) => &mut self.lengths.0,
            IpAddr::V6(_) => &mut self.lengths.1,
        }
    }

    fn take(&self, key: Key, met: &mut Vec<RuleAt>) {
        met.extend(self.by_key.get(&key).into_iter().flatten());
    }

    fn at_host(&self, place: Place, ip: IpAddr, met: &mut Vec<RuleAt>) {
        let lengths = match ip {
            IpAddr::V4(_) => &self.lengths.0,
            IpAddr::V6(_) => &self.lengths.1,
        };
        for net in lengths.iter().filter_map(|length| IpNet::new(ip, *length).ok()) {
            self.take(of_network(place, net.trunc()), met);
        }
    }

    fn at_domain(&self, place: Place, domain: &Domain, met: &mut Vec<RuleAt>) {
        let mut here = Some(domain.as_str());
        while let Some(name) = here {
            self.take(of_domain(place, name), met);
            here = name.split_once('.').map(|(_, parent)| parent);
        }
    }

    fn in_text(&self, place: Place, text: &str, met: &mut Vec<RuleAt>) {
        self.take(of_presence(place), met);
        for piece in pieces(&Matcher::folded(text)) {
            self.take(of_piece(place, piece), met);
        }
    }

    /// What a message must have one of to meet all conditions: what the most telling of them asks for.
    fn of_all(&mut self, preds: &[Pred]) -> Option<Vec<Wanted>> {
        let found = preds.iter().filter_map(|pred| self.of(pred));
        found.min_by_key(|wanted| wanted.iter().any(|one| matches!(one, Wanted::Present(_))))
    }

    /// What a message must have one of to meet a condition; `None` where that is not known.
    fn of(&mut self, pred: &Pred) -> Option<Vec<Wanted>> {
        match pred {
            Pred::Never => Some(Vec::new()),
            Pred::Ip(hosts) => of_hosts(IP, hosts),
            Pred::AuthIp(hosts) => of_hosts(AUTH_IP, hosts),
            Pred::MailFrom(senders) => of_senders(MAIL_FROM, senders),
            Pred::From(senders) => of_senders(FROM, senders),
            Pred::To(recipients) => of_senders(TO, recipients),
            Pred::Dkim(names) => of_names(DKIM, names),
            Pred::MailFromText(matchers, _) => of_texts(MAIL_FROM, matchers),
            Pred::FromText(matchers, _) => of_texts(FROM, matchers),
            Pred::ToText(matchers, _) => of_texts(TO, matchers),
            Pred::Header(name, values) => {
                let next = HEADERS + u32::try_from(self.headers.len()).ok()?;
                let place = *self.headers.entry(name.clone()).or_insert(next);
                Some(of_values(place, values))
            }
            Pred::All(preds) => self.of_all(preds),
            Pred::Any(preds) => {
                let of_each: Option<Vec<Vec<Wanted>>> = preds.iter().map(|pred| self.of(pred)).collect();
                Some(of_each?.into_iter().flatten().collect())
            }
            // Where it surely matches it possibly does.
            Pred::Between { possibly, .. } => self.of(possibly),
            _ => None,
        }
    }
}

fn of_hosts(place: Place, hosts: &IpSet) -> Option<Vec<Wanted>> {
    // What leaves out a few hosts is a great many networks, and tells nothing.
    const MANY: u128 = 1 << 64;
    (hosts.count() < MANY).then(|| {
        let nets = hosts.nets().into_iter();
        nets.map(|net| Wanted::Network(place, net)).collect()
    })
}

fn of_senders(place: Place, senders: &AddressSet) -> Option<Vec<Wanted>> {
    if senders.is_open() {
        return None;
    }
    let domains = senders.positive_domains();
    let domains = domains.map(|(domain, ..)| of_domain(place, domain.as_str()));
    let null = senders.contains_null().then_some(of_null(place));
    Some(domains.chain(null).map(Wanted::Key).collect())
}

fn of_names(place: Place, names: &DomainSet) -> Option<Vec<Wanted>> {
    if names.is_open() {
        return None;
    }
    let domains = names.positive();
    Some(
        domains
            .map(|(domain, ..)| Wanted::Key(of_domain(place, domain.as_str())))
            .collect(),
    )
}

fn of_texts(place: Place, matchers: &[Matcher]) -> Option<Vec<Wanted>> {
    let of_each = matchers.iter().map(|matcher| of_text(place, [matcher]));
    of_each.collect()
}

fn of_values(place: Place, values: &TextSet) -> Vec<Wanted> {
    let named = values.texts().map(|text| Wanted::Text(place, Matcher::folded(text)));
    let cubes = values.cubes().iter();
    let asked = cubes.map(|cube| of_text(place, cube.all.iter()).unwrap_or(Wanted::Present(place)));
    named.chain(asked).collect()
}

/// The longest text that must be found for all of the matchers to match.
fn of_text<'m>(place: Place, matchers: impl IntoIterator<Item = &'m Matcher>) -> Option<Wanted> {
    let held = matchers.into_iter().filter_map(Matcher::held);
    let text = held.max_by_key(String::len)?;
    Some(Wanted::Text(place, text))
}

fn pieces(text: &str) -> impl Iterator<Item = [u8; PIECE]> + '_ {
    text.as_bytes().windows(PIECE).filter_map(|piece| piece.try_into().ok())
}
