//! Which values a control lacks: for what nothing else explains.

use crate::allow::address::AddressSet;
use crate::allow::domain::DomainSet;
use crate::allow::ip::{IpSet, parse_meant};
use crate::message::{Concerns, Cube, Identity, MessageSet, Names};
use crate::path::trace::Trace;
use crate::path::{Entry, List, Meaning, RuleAt};
use crate::requirement::{Fact, Means, Requirement};

use super::Cause;

/// What nothing explains: values that the best control lacks.
pub(super) fn lacking(
    requirement: &Requirement<'_>,
    trace: &Trace<'_>,
    concerns: Concerns,
    mut left: MessageSet,
) -> Vec<(Cause, MessageSet)> {
    let mut causes = Vec::new();
    let Some(at) = best_control(requirement, trace, concerns) else {
        return vec![(Cause::Nothing, left)];
    };
    let Some(rule) = trace.path.rule(at) else {
        return vec![(Cause::Nothing, left)];
    };
    for (index, list) in rule.lists.iter().enumerate().filter(|(_, list)| !list.exception) {
        let wanted: Vec<usize> = (0..requirement.facts.len())
            .filter(|&fact| {
                requirement
                    .facts
                    .get(fact)
                    .is_some_and(|fact| fact.required && compares(list, fact))
            })
            .collect();
        let missing: Vec<usize> = wanted
            .iter()
            .copied()
            .filter(|&fact| requirement.facts.get(fact).is_some_and(|fact| !holds(list, fact)))
            .collect();
        let missing = garbled(requirement, at, list, index, missing, &mut left, &mut causes);
        let whole = missing.len() == wanted.len() && wanted.len() > 1;
        let mut taken = Vec::new();
        let mut whole_part = MessageSet::empty();
        for fact in missing {
            let Some(shown) = requirement.facts.get(fact).and_then(shows) else {
                continue;
            };
            let part = left.intersect(&shown);
            if part.is_empty() {
                continue;
            }
            left = left.minus(&shown);
            if whole {
                taken.push(fact);
                whole_part.absorb(part);
            } else {
                causes.push((
                    Cause::Lacks {
                        rule: at,
                        list: index,
                        facts: vec![fact],
                        whole: false,
                    },
                    part,
                ));
            }
        }
        if whole && !taken.is_empty() {
            causes.push((
                Cause::Lacks {
                    rule: at,
                    list: index,
                    facts: taken,
                    whole: true,
                },
                whole_part,
            ));
        }
        if left.is_empty() {
            return causes;
        }
    }
    causes.push((Cause::Partial { rule: at }, left));
    causes
}

/// Takes the missing values that an entry was meant to be; gives those that are simply not there.
fn garbled(
    requirement: &Requirement<'_>,
    rule: RuleAt,
    list: &List,
    index: usize,
    missing: Vec<usize>,
    left: &mut MessageSet,
    causes: &mut Vec<(Cause, MessageSet)>,
) -> Vec<usize> {
    let mut absent = Vec::new();
    for number in missing {
        let fact = requirement.facts.get(number);
        let meant = fact.and_then(|fact| meant_as(list, fact, requirement));
        let (Some(entry), Some(shown)) = (meant, fact.and_then(shows)) else {
            absent.push(number);
            continue;
        };
        let part = left.intersect(&shown);
        if !part.is_empty() {
            *left = left.minus(&shown);
            causes.push((
                Cause::Garbled {
                    rule,
                    list: index,
                    entry,
                    facts: vec![number],
                },
                part,
            ));
        }
    }
    absent
}

/// The entry that was probably meant to be a value.
pub fn meant_as(list: &List, fact: &Fact, requirement: &Requirement<'_>) -> Option<usize> {
    list.entries.iter().position(|entry| match &entry.meaning {
        Meaning::Malformed { .. } => spells(&entry.text, &fact.text) || was_meant_for(&entry.text, fact),
        // Addresses are numbers, and the next one may be somebody's; names that are one letter apart are no accident.
        Meaning::Senders(_) => {
            let text = entry.text.to_ascii_lowercase();
            let other = requirement
                .facts
                .iter()
                .any(|other| other.text.eq_ignore_ascii_case(&text));
            !other && is_slip(&text, &fact.text.to_ascii_lowercase())
        }
        _ => false,
    })
}

/// Whether a malformed entry would cover a value, were it written as it was meant.
fn was_meant_for(entry: &str, fact: &Fact) -> bool {
    matches!(&fact.means, Means::Hosts(hosts) if parse_meant(entry).is_some_and(|meant| meant.covers(hosts)))
}

/// Whether a malformed entry holds a value, or is one edit from it.
fn spells(entry: &str, value: &str) -> bool {
    let (entry, value) = (entry.to_ascii_lowercase(), value.to_ascii_lowercase());
    let bounded = entry.match_indices(value.as_str()).any(|(at, found)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let before = entry.get(..at).and_then(|text| text.chars().next_back());
        let after = entry.get(at + found.len()..).and_then(|text| text.chars().next());
        !(digit(before) && digit(value.chars().next()) || digit(after) && digit(value.chars().next_back()))
    });
    bounded || is_slip(&entry, &value)
}

fn is_slip(entry: &str, value: &str) -> bool {
    value.len() >= 6
        && entry != value
        && entry.len().abs_diff(value.len()) <= 1
        && strsim::damerau_levenshtein(entry, value) <= 1
}

/// The control that most of the vendor's values are in already, and that clears what is asked for.
fn best_control(requirement: &Requirement<'_>, trace: &Trace<'_>, concerns: Concerns) -> Option<RuleAt> {
    let mut best: Option<(usize, RuleAt)> = None;
    for (at, _, rule) in trace.path.rules() {
        if !rule.in_force() || !rule.may_clear().overlaps(concerns) || rule.lists.is_empty() {
            continue;
        }
        let score = rule
            .lists
            .iter()
            .filter(|list| !list.exception)
            .map(|list| {
                requirement
                    .facts
                    .iter()
                    .filter(|fact| compares(list, fact) && touches(list, fact))
                    .count()
            })
            .sum::<usize>();
        // A list with nothing of the vendor in it is not its control.
        if score > 0 && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| at)
}

/// Whether a list is compared with what a fact is about.
pub fn compares(list: &List, fact: &Fact) -> bool {
    let same = |identity: Identity| list.identities.contains(&identity);
    match fact.identity {
        Identity::SenderDomain => same(Identity::MailFrom) || same(Identity::HeaderFrom),
        identity => same(identity),
    }
}

/// Whether the entries of a list cover a fact together.
pub fn holds(list: &List, fact: &Fact) -> bool {
    match &fact.means {
        Means::Hosts(hosts) => IpSet::union_all(&entry_hosts(list)).covers(hosts),
        Means::Senders(senders) => AddressSet::union_all(&entry_senders(list)).covers(senders),
        Means::Names(names) => entry_names(list).covers(names),
        Means::Header(..) | Means::Other => true,
    }
}

/// Whether any entry of a list is about a fact.
pub fn touches(list: &List, fact: &Fact) -> bool {
    let spelt = |entry: &Entry| {
        let malformed = matches!(entry.meaning, Meaning::Malformed { .. });
        malformed && (spells(&entry.text, &fact.text) || was_meant_for(&entry.text, fact))
    };
    if list.entries.iter().any(spelt) {
        return true;
    }
    match &fact.means {
        Means::Hosts(hosts) => entry_hosts(list).iter().any(|entry| entry.overlaps(hosts)),
        Means::Senders(senders) => {
            !senders.is_open()
                && entry_senders(list)
                    .iter()
                    .any(|entry| !entry.is_open() && entry.overlaps(senders))
        }
        Means::Names(names) => !names.is_open() && entry_names(list).overlaps(names),
        Means::Header(_, values) => list.entries.iter().any(|entry| values.contains(&entry.text)),
        Means::Other => false,
    }
}

fn entry_hosts(list: &List) -> Vec<IpSet> {
    let hosts = |entry: &Entry| match &entry.meaning {
        Meaning::Networks(hosts) => Some(hosts.clone()),
        Meaning::Malformed { meant, .. } => meant.clone(),
        _ => None,
    };
    list.entries.iter().filter_map(hosts).collect()
}

fn entry_senders(list: &List) -> Vec<AddressSet> {
    list.entries
        .iter()
        .filter_map(|entry| match &entry.meaning {
            Meaning::Senders(senders) => Some(senders.clone()),
            _ => None,
        })
        .collect()
}

fn entry_names(list: &List) -> DomainSet {
    let sets: Vec<DomainSet> = list
        .entries
        .iter()
        .filter_map(|entry| match &entry.meaning {
            Meaning::Names(names) => Some(names.clone()),
            Meaning::Senders(senders) if !senders.is_open() => Some(senders.domains_touched()),
            _ => None,
        })
        .collect();
    DomainSet::union_all(&sets)
}

/// All messages that show a fact.
pub fn shows(fact: &Fact) -> Option<MessageSet> {
    let all = Cube::all();
    let cube = match (&fact.means, fact.identity) {
        (Means::Hosts(hosts), _) => Cube {
            ip: hosts.clone(),
            ..all
        },
        (Means::Senders(senders), Identity::HeaderFrom) => Cube {
            from: senders.clone(),
            ..all
        },
        (Means::Senders(senders), _) => Cube {
            mail_from: senders.clone(),
            ..all
        },
        (Means::Names(names), Identity::Link) => Cube {
            links: Names::some_in(names.clone()),
            ..all
        },
        (Means::Names(names), _) => Cube {
            dkim: Names::some_in(names.clone()),
            ..all
        },
        (Means::Header(..) | Means::Other, _) => return None,
    };
    Some(MessageSet::from(cube))
}
