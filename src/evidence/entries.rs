//! Which values of which vendors explain an entry of an allow.
//!
//! Every value of every pack goes into one index, and every entry of every allow is looked up in it once:
//! a binary search for hosts, a walk up the labels for names, a hash for texts. Nothing multiplies entries by values.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, Matcher};
use crate::allow::ip::IpSet;
use crate::message::Identity;
use crate::pack::{Grade, Pack, Parsed, Sharing, Status, StreamKind};
use crate::path::{Effect, Entry, List, Meaning, Pred, Rule, RuleAt};
use crate::requirement::{Means, means};
use crate::source::Span;

use super::Facts;

/// What a value is to this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Of a vendor in use, and required now.
    Required,
    /// Of a vendor in use and alive, but not asked for here: another region, stream or way of delivery, not yet, or a
    /// value of which nobody needs all.
    Idle,
    /// Of a vendor in use, which no longer uses it.
    Legacy,
    /// Of a vendor that is gone.
    Offboarded,
    /// Of a vendor nobody declared.
    Undeclared,
}

/// One value of a pack, or of an answer to its parameters.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    /// The vendor.
    pub pack: &'a Pack,
    /// Its stream.
    pub stream: StreamKind,
    /// What of a message it is compared with.
    pub identity: Identity,
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// How far it is to be trusted.
    pub grade: Grade,
    /// What it is to this tenant.
    pub standing: Standing,
    /// Whether mail by SMTP must get through for its stream.
    pub by_smtp: bool,
    /// Requirement and fact, where it is one.
    pub fact: Option<(usize, usize)>,
}

/// An entry of an allow.
pub struct Explained<'a> {
    /// The rule.
    pub at: RuleAt,
    /// The stage.
    pub stage: &'static str,
    /// The rule itself.
    pub rule: &'a Rule,
    /// The list.
    pub list: &'a List,
    /// The entry.
    pub entry: &'a Entry,
    /// Indexes of the values it is about, see [`Entries::value`].
    values: Vec<u32>,
}

impl Explained<'_> {
    /// What reports call the thing to change.
    pub fn object(&self) -> String {
        object(self.rule, self.entry)
    }
}

/// What reports call the thing to change: the entry where it is an object of its own, else the rule.
pub fn object(rule: &Rule, entry: &Entry) -> String {
    entry
        .detail
        .as_ref()
        .map_or_else(|| rule.object.clone(), |detail| detail.object.clone())
}

/// The entries of all allows, and the values that explain them.
pub struct Entries<'a> {
    values: Vec<Value<'a>>,
    found: Vec<Explained<'a>>,
}

/// A domain with what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The domain.
    pub domain: Domain,
    /// The part before the at sign, where one address is meant.
    pub local: Option<String>,
    /// Whether the domain itself is meant.
    pub exact: bool,
    /// Whether what is below it is meant.
    pub below: bool,
}

impl Name {
    fn meets(&self, other: &Self) -> bool {
        if self.domain == other.domain {
            let locals = match (&self.local, &other.local) {
                (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                _ => true,
            };
            return (self.exact && other.exact && locals) || (self.below && other.below);
        }
        (other.below && self.domain.is_under(&other.domain)) || (self.below && other.domain.is_under(&self.domain))
    }
}

/// The names of a set that names finitely many.
pub fn names_of_senders(senders: &AddressSet) -> Vec<Name> {
    if senders.is_open() {
        return Vec::new();
    }
    let mut names: Vec<Name> = senders
        .exact_members()
        .map(|address| Name {
            domain: address.domain,
            local: Some(address.local),
            exact: true,
            below: false,
        })
        .collect();
    for (domain, exact, below) in senders.positive_domains() {
        // A domain of which only single addresses are named has been said above.
        let single = exact && names.iter().any(|name| name.domain == domain);
        if !single || below {
            names.push(Name {
                domain,
                local: None,
                exact: exact && !single,
                below,
            });
        }
    }
    names
}

fn names_of_domains(domains: &DomainSet) -> Vec<Name> {
    if domains.is_open() {
        return Vec::new();
    }
    domains
        .positive()
        .map(|(domain, exact, below)| Name {
            domain,
            local: None,
            exact,
            below,
        })
        .collect()
}

/// The names an entry is about.
pub fn names(entry: &Entry) -> Vec<Name> {
    match &entry.meaning {
        Meaning::Senders(senders) => names_of_senders(senders),
        Meaning::Names(names) => names_of_domains(names),
        _ => Vec::new(),
    }
}

/// First and last address of each stretch of a set, IPv4 and IPv6 apart.
pub fn stretches(hosts: &IpSet) -> impl Iterator<Item = (bool, u128, u128)> {
    hosts.nets().into_iter().map(|net| {
        let number = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => u128::from(u32::from(ip)),
            IpAddr::V6(ip) => u128::from(ip),
        };
        (net.addr().is_ipv6(), number(net.network()), number(net.broadcast()))
    })
}

/// Whether a rule lets mail through that would be held otherwise.
pub fn is_allow(rule: &Rule) -> bool {
    rule.effects
        .iter()
        .any(|effect| matches!(effect, Effect::Clears(_) | Effect::MayClear(..)))
}

impl<'a> Entries<'a> {
    /// Looks every entry of every allow up.
    pub fn of(facts: &Facts<'a>) -> Self {
        let mut index = Index::default();
        index.gather(facts);
        index.hosts.settle();
        let mut found = Vec::new();
        for (at, stage, rule) in facts.path.rules().filter(|(_, _, rule)| is_allow(rule)) {
            for list in rule.lists.iter().filter(|list| !list.exception) {
                for entry in &list.entries {
                    found.push(Explained {
                        at,
                        stage: stage.id,
                        rule,
                        list,
                        entry,
                        values: index.about(rule, list, entry),
                    });
                }
            }
        }
        Self {
            values: index.values,
            found,
        }
    }

    /// All values, of packs and of answers.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    /// The entries of all allows, in the order of the path. Exceptions to an allow are not among them.
    pub fn iter(&self) -> impl Iterator<Item = &Explained<'a>> {
        self.found.iter()
    }

    /// The values an entry is about.
    pub fn about<'s>(&'s self, entry: &'s Explained<'a>) -> impl Iterator<Item = &'s Value<'a>> {
        entry.values.iter().filter_map(|&value| self.values.get(value as usize))
    }
}

#[derive(Default)]
struct Index<'a> {
    values: Vec<Value<'a>>,
    hosts: Hosts,
    /// By domain.
    names: HashMap<Domain, Vec<(Name, u32)>>,
    /// By each domain above a named one.
    above: HashMap<Domain, Vec<u32>>,
    /// By text in lower case; the name of the header, where it is one.
    texts: HashMap<String, Vec<(Option<HeaderName>, u32)>>,
}

impl<'a> Index<'a> {
    fn gather(&mut self, facts: &Facts<'a>) {
        let mut told: HashSet<Span> = HashSet::new();
        for (number, requirement) in facts.requirements.iter().enumerate() {
            for (at, fact) in requirement.facts.iter().enumerate() {
                told.insert(fact.span);
                let standing = if fact.required {
                    Standing::Required
                } else if fact.legacy {
                    Standing::Legacy
                } else {
                    Standing::Idle
                };
                let value = Value {
                    pack: requirement.pack,
                    stream: requirement.stream.id.value,
                    identity: fact.identity,
                    text: fact.text.clone(),
                    span: fact.span,
                    grade: fact.grade,
                    standing,
                    by_smtp: requirement.needs_smtp(),
                    fact: Some((number, at)),
                };
                self.add(value, &fact.means);
            }
        }
        let nobody = AddressSet::empty();
        for pack in facts.packs {
            let declared = facts
                .requirements
                .iter()
                .any(|requirement| requirement.pack.id.value == pack.id.value);
            let gone = facts
                .tenant
                .offboarded
                .iter()
                .any(|gone| pack.answers_to(&gone.pack.value))
                || facts.tenant.vendors.iter().any(|vendor| {
                    pack.answers_to(&vendor.pack.value) && vendor.until.is_some_and(|until| until.value < facts.now)
                });
            for value in &pack.values {
                if told.contains(&value.value.span) {
                    continue;
                }
                // What a vendor shares with its provider's other customers does not tell whose an entry is.
                if !declared && value.sharing.value == Sharing::Shared {
                    continue;
                }
                let ended = value.until.is_some_and(|until| until.value < facts.now);
                let standing = match (declared, gone) {
                    (true, _) if value.status.value == Status::Legacy || ended => Standing::Legacy,
                    (true, _) => Standing::Idle,
                    (false, true) => Standing::Offboarded,
                    (false, false) => Standing::Undeclared,
                };
                if value.parsed == Parsed::SideFile {
                    continue;
                }
                let known = Value {
                    pack,
                    stream: value.stream.value,
                    identity: value.identity.value,
                    text: value.value.value.clone(),
                    span: value.value.span,
                    grade: value.grade,
                    standing,
                    by_smtp: true,
                    fact: None,
                };
                let means = means(&value.parsed, value.identity.value, &nobody);
                self.add(known, &means);
            }
        }
    }

    fn add(&mut self, value: Value<'a>, means: &Means) {
        let Ok(at) = u32::try_from(self.values.len()) else {
            return;
        };
        match means {
            Means::Hosts(hosts) => self.hosts.add(hosts, at),
            Means::Senders(senders) => self.add_names(names_of_senders(senders), at),
            Means::Names(names) => self.add_names(names_of_domains(names), at),
            Means::Header(name, values) => {
                for text in values.texts() {
                    self.texts
                        .entry(text.to_ascii_lowercase())
                        .or_default()
                        .push((Some(name.clone()), at));
                }
                for matcher in values.cubes().iter().flat_map(|cube| &cube.all) {
                    if let Matcher::Equals(text) | Matcher::Word(text) | Matcher::Contains(text) = matcher {
                        self.texts
                            .entry(text.to_ascii_lowercase())
                            .or_default()
                            .push((Some(name.clone()), at));
                    }
                }
            }
            Means::Other => {}
        }
        self.values.push(value);
    }

    fn add_names(&mut self, names: Vec<Name>, at: u32) {
        for name in names {
            let mut above = name.domain.parent();
            while let Some(domain) = above {
                above = domain.parent();
                self.above.entry(domain).or_default().push(at);
            }
            self.names.entry(name.domain.clone()).or_default().push((name, at));
        }
    }

    fn about(&self, rule: &Rule, list: &List, entry: &Entry) -> Vec<u32> {
        let mut found = match &entry.meaning {
            Meaning::Networks(hosts) | Meaning::Malformed { meant: Some(hosts), .. } => self.hosts.about(hosts),
            Meaning::Senders(_) | Meaning::Names(_) => {
                names(entry).iter().flat_map(|name| self.about_name(name)).collect()
            }
            Meaning::Text if list.identities.contains(&Identity::Header) => self.about_text(rule, &entry.text),
            Meaning::Text => Domain::parse(entry.text.trim().trim_start_matches('@'))
                .map(|domain| {
                    self.about_name(&Name {
                        domain,
                        local: None,
                        exact: true,
                        below: false,
                    })
                })
                .unwrap_or_default(),
            Meaning::Malformed { .. } => Vec::new(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    fn about_name(&self, name: &Name) -> Vec<u32> {
        let mut found = Vec::new();
        let mut domain = Some(name.domain.clone());
        while let Some(here) = domain {
            let known = self.names.get(&here).map(Vec::as_slice).unwrap_or_default();
            found.extend(known.iter().filter(|(known, _)| known.meets(name)).map(|(_, at)| *at));
            domain = here.parent();
        }
        if name.below {
            found.extend(self.above.get(&name.domain).into_iter().flatten());
        }
        found
    }

    fn about_text(&self, rule: &Rule, text: &str) -> Vec<u32> {
        let Some(known) = self.texts.get(&text.trim().to_ascii_lowercase()) else {
            return Vec::new();
        };
        known
            .iter()
            .filter(|(name, _)| {
                name.as_ref()
                    .is_none_or(|name| rule.guard.when.iter().any(|pred| asks_for(pred, name)))
            })
            .map(|(_, at)| *at)
            .collect()
    }
}

/// Whether a condition looks at a header.
fn asks_for(pred: &Pred, name: &HeaderName) -> bool {
    match pred {
        Pred::Header(known, _) => known == name,
        Pred::All(preds) | Pred::Any(preds) => preds.iter().any(|pred| asks_for(pred, name)),
        Pred::Between { surely, possibly, .. } => asks_for(surely, name) || asks_for(possibly, name),
        _ => false,
    }
}

/// Stretches of addresses with the values they belong to.
#[derive(Default)]
struct Hosts {
    /// Family, first, last, value; sorted.
    known: Vec<(bool, u128, u128, u32)>,
    /// The last address of all stretches of the family up to here.
    furthest: Vec<u128>,
}

impl Hosts {
    fn add(&mut self, hosts: &IpSet, at: u32) {
        self.known
            .extend(stretches(hosts).map(|(v6, first, last)| (v6, first, last, at)));
    }

    /// Sorts, once everything is known.
    fn settle(&mut self) {
        self.known.sort_unstable();
        let mut family = false;
        let mut furthest = 0;
        self.furthest = self
            .known
            .iter()
            .map(|&(v6, _, last, _)| {
                furthest = if v6 == family { last.max(furthest) } else { last };
                family = v6;
                furthest
            })
            .collect();
    }

    fn about(&self, hosts: &IpSet) -> Vec<u32> {
        let mut found = Vec::new();
        for (v6, first, last) in stretches(hosts) {
            let end = self
                .known
                .partition_point(|&(family, start, ..)| (family, start) <= (v6, last));
            let before = self.known.iter().zip(&self.furthest).take(end).rev();
            for (&(family, _, known_last, at), &furthest) in before {
                // Nothing further up reaches here.
                if family != v6 || furthest < first {
                    break;
                }
                if known_last >= first {
                    found.push(at);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> IpSet {
        crate::spelling::networks(text).unwrap()
    }

    #[test]
    fn hosts_are_found_by_overlap_and_families_stay_apart() {
        let mut index = Hosts::default();
        for (at, text) in ["192.0.2.0/24", "192.0.2.7", "198.51.100.0/25", "2001:db8::/32"]
            .into_iter()
            .enumerate()
        {
            index.add(&hosts(text), u32::try_from(at).unwrap());
        }
        index.settle();
        let about = |text: &str| {
            let mut found = index.about(&hosts(text));
            found.sort_unstable();
            found
        };
        assert_eq!(about("192.0.2.7"), [0, 1]);
        assert_eq!(about("192.0.2.200"), [0]);
        assert_eq!(about("198.51.100.127-198.51.100.200"), [2]);
        assert_eq!(about("203.0.113.0/24"), [0; 0]);
        assert_eq!(about("2001:db8::1"), [3]);
        assert_eq!(about("::/0"), [3]);
        assert_eq!(about("0.0.0.0/0"), [0, 1, 2]);
    }

    #[test]
    fn names_meet_at_the_domain_or_below_a_wildcard() {
        let name = |text: &str, below: bool| Name {
            domain: Domain::parse(text).unwrap(),
            local: None,
            exact: !below,
            below,
        };
        assert!(name("acme.test", false).meets(&name("acme.test", false)));
        assert!(!name("mail.acme.test", false).meets(&name("acme.test", false)));
        assert!(name("mail.acme.test", false).meets(&name("acme.test", true)));
        assert!(name("acme.test", true).meets(&name("mail.acme.test", false)));
        assert!(!name("acme.test", true).meets(&name("acme.test", false)));
    }
}
