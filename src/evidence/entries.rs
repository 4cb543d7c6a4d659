//! Which values of which vendors explain an entry of an allow.
//!
//! Every value of every pack goes into one index, and every entry of every allow is looked up in it once:
//! a binary search for hosts, a walk up the labels for names, a hash for texts. Nothing multiplies entries by values.

mod index;

use std::collections::HashSet;
use std::net::IpAddr;

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::IpSet;
use crate::message::Identity;
use crate::pack::{Grade, Pack, StreamKind};
use crate::path::{Effect, Entry, List, Meaning, Rule, RuleAt};
use crate::source::Span;

use super::Facts;
use index::Index;

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
    residue: HashSet<Span>,
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

/// The names of a set of domains that names finitely many.
pub fn names_of_domains(domains: &DomainSet) -> Vec<Name> {
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
        let mut entries = Self {
            values: index.values,
            found,
            residue: HashSet::new(),
        };
        entries.residue = entries
            .iter()
            .filter(|found| entries.residue(found).is_some())
            .map(|found| found.entry.span)
            .collect();
        entries
    }

    /// All values, of packs and of answers.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    /// The entries of all allows, in the order of the path. Exceptions to an allow are not among them.
    pub fn iter(&self) -> impl Iterator<Item = &Explained<'a>> {
        self.found.iter()
    }

    /// The value of a vendor that is gone or not declared, if an entry is about such values only. One that is gone goes
    /// before one that nobody declared.
    pub fn residue<'s>(&'s self, entry: &'s Explained<'a>) -> Option<&'s Value<'a>> {
        let mut left: Option<&Value<'a>> = None;
        for value in self.about(entry) {
            match value.standing {
                Standing::Required | Standing::Idle | Standing::Legacy => return None,
                Standing::Offboarded if left.is_none_or(|known| known.standing == Standing::Undeclared) => {
                    left = Some(value);
                }
                Standing::Undeclared if left.is_none() => left = Some(value),
                Standing::Offboarded | Standing::Undeclared => {}
            }
        }
        left
    }

    /// Whether an entry is only about vendors that are gone or not declared, which explains it and is a finding of its own.
    pub fn is_residue(&self, entry: &Entry) -> bool {
        self.residue.contains(&entry.span)
    }

    /// The values an entry is about.
    pub fn about<'s>(&'s self, entry: &'s Explained<'a>) -> impl Iterator<Item = &'s Value<'a>> {
        entry.values.iter().filter_map(|&value| self.values.get(value as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
