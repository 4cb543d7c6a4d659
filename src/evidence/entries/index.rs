//! The index behind the entries: a binary search for hosts, a walk up the labels for names, a hash for texts.

use std::collections::{HashMap, HashSet};

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, registrable};
use crate::allow::header::{HeaderName, Matcher};
use crate::allow::ip::IpSet;
use crate::evidence::Facts;
use crate::message::Identity;
use crate::pack::{Parsed, Sharing, Status};
use crate::path::{Entry, List, Meaning, Pred, Rule};
use crate::requirement::{Means, means};
use crate::source::Span;

use super::{Name, Standing, Value, names, names_of_domains, names_of_senders, stretches};

/// All values, by what they are compared with.
#[derive(Default)]
pub(super) struct Index<'a> {
    /// The values.
    pub values: Vec<Value<'a>>,
    /// Those that are hosts.
    hosts: Hosts,
    /// By domain.
    names: HashMap<Domain, Vec<(Name, u32)>>,
    /// By each domain above a named one.
    above: HashMap<Domain, Vec<u32>>,
    /// By text in lower case; the name of the header, where it is one.
    texts: HashMap<String, Vec<(Option<HeaderName>, u32)>>,
}

impl<'a> Index<'a> {
    /// Takes in the values of all packs and of all answers.
    pub fn gather(&mut self, facts: &Facts<'a>) {
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
        self.hosts.settle();
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
                for matcher in values.cubes().iter().flat_map(|cube| cube.all.iter()) {
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

    /// Indexes of the values that an entry is about.
    pub fn about(&self, rule: &Rule, list: &List, entry: &Entry) -> Vec<u32> {
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
        // What is below an ending that anybody can register under is nobody's in particular.
        if name.below && registrable(&name.domain).is_some() {
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
}
