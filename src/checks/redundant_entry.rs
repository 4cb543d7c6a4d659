//! `redundant-entry`: an entry is covered by other entries of the same list.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::entries::{Name, names, stretches};
use crate::path::remedy::Remedy;
use crate::path::{Entry, Meaning};
use crate::problem::{Label, Level};

use super::pooled::SHOWN;

/// The check.
pub static CHECK: Check = Check {
    id: "redundant-entry",
    summary: "an entry is covered by other entries of the same list",
    page: include_str!("redundant-entry.md"),
    group: Group::Hygiene,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for (at_rule, stage, rule) in evidence.facts.path.rules() {
        for list in &rule.lists {
            let found = redundant(&list.entries);
            let Some(&(first, by)) = found.first() else { continue };
            let text = |at: usize| list.entries.get(at).map_or("", |entry| entry.text.as_str());
            let message = match found.as_slice() {
                [_] if text(first).eq_ignore_ascii_case(text(by)) => {
                    format!("`{}` stands twice in `{}`", text(first), list.name)
                }
                [_] => format!(
                    "`{}` in `{}` is covered by other entries of the list",
                    text(first),
                    list.name
                ),
                many => format!(
                    "{} entries of `{}` are covered by others of the list",
                    many.len(),
                    list.name
                ),
            };
            let mut labels: Vec<Label> = found
                .iter()
                .take(SHOWN)
                .filter_map(|&(at, _)| list.entries.get(at))
                .map(|entry| Label::new(entry.span, "adds nothing"))
                .collect();
            labels.extend(
                list.entries
                    .get(by)
                    .map(|entry| Label::new(entry.span, format!("covers `{}`", text(first)))),
            );
            findings.push(Draft {
                message,
                help: "take out what adds nothing".to_owned(),
                stage: Some(stage.id),
                object: Some(rule.object.clone()),
                value: format!("{}/{}", list.name, text(first).to_ascii_lowercase()),
                labels,
                remedies: found
                    .iter()
                    .filter_map(|&(at, _)| list.entries.get(at))
                    .map(|entry| Remedy::Withdraw {
                        rule: at_rule,
                        entry: entry.span,
                    })
                    .collect(),
                ..Draft::default()
            });
        }
    }
}

/// Entries that could all go at once without changing what the list takes, each with one that covers it or part of it.
fn redundant(entries: &[Entry]) -> Vec<(usize, usize)> {
    let mut found = hosts(entries);
    found.extend(senders(entries));
    found.extend(texts(entries));
    found.sort_unstable();
    found
}

/// One stretch of addresses: family, first, last, and the entry.
type Stretch = (bool, u128, u128, usize);

fn hosts(entries: &[Entry]) -> Vec<(usize, usize)> {
    let mut all: Vec<Stretch> = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| match &entry.meaning {
            Meaning::Networks(hosts) => whole(hosts).map(|(v6, first, last)| (v6, first, last, at)),
            _ => None,
        })
        .collect();
    // Of two that start together the wider comes first, of two that are the same the earlier.
    all.sort_unstable_by_key(|&(v6, first, last, at)| (v6, first, Reverse(last), at));
    let mut found = Vec::new();
    let mut kept: Vec<Stretch> = Vec::new();
    for stretch in all {
        match kept.last() {
            // Starts and ends of those kept both rise, so the last one reaches furthest.
            Some(last) if last.0 == stretch.0 && last.2 >= stretch.2 => found.push((stretch.3, last.3)),
            _ => kept.push(stretch),
        }
    }
    // What is left overlaps at the ends at most: it can go where its neighbours meet.
    let mut before: Option<Stretch> = None;
    for (at, &stretch) in kept.iter().enumerate() {
        let meets = before.zip(kept.get(at + 1)).filter(|(before, after)| {
            before.0 == stretch.0 && after.0 == stretch.0 && before.2.saturating_add(1) >= after.1
        });
        match meets {
            Some((before, _)) => found.push((stretch.3, before.3)),
            None => before = Some(stretch),
        }
    }
    found
}

/// A set as one stretch, if it is one.
fn whole(hosts: &IpSet) -> Option<(bool, u128, u128)> {
    let mut parts = stretches(hosts);
    let first = parts.next()?;
    parts.try_fold(first, |(v6, start, end), (family, next, last)| {
        (family == v6 && end.checked_add(1) == Some(next)).then_some((v6, start, last))
    })
}

fn senders(entries: &[Entry]) -> Vec<(usize, usize)> {
    let names: Vec<(usize, Name)> = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| match names(entry).as_slice() {
            [one] => Some((at, one.clone())),
            _ => None,
        })
        .collect();
    let mut first: HashMap<&Name, usize> = HashMap::new();
    for (at, name) in &names {
        first.entry(name).or_insert(*at);
    }
    let holds = |domain: &Domain, exact: bool, below: bool| {
        let name = Name {
            domain: domain.clone(),
            local: None,
            exact,
            below,
        };
        first.get(&name).copied()
    };
    let covers = |at: usize, name: &Name| -> Option<usize> {
        if let Some(&earlier) = first.get(name).filter(|&&earlier| earlier < at) {
            return Some(earlier);
        }
        let own = name.local.is_some().then(|| holds(&name.domain, true, false)).flatten();
        if own.is_some() {
            return own;
        }
        let mut above = name.domain.parent();
        while let Some(domain) = above {
            if let Some(by) = holds(&domain, false, true) {
                return Some(by);
            }
            above = domain.parent();
        }
        None
    };
    names
        .iter()
        .filter_map(|(at, name)| covers(*at, name).map(|by| (*at, by)))
        .collect()
}

fn texts(entries: &[Entry]) -> Vec<(usize, usize)> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if entry.meaning != Meaning::Text {
            continue;
        }
        let earlier = *first.entry(entry.text.trim().to_ascii_lowercase()).or_insert(at);
        if earlier != at {
            found.push((at, earlier));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allow::address::AddressSet;
    use crate::source::{SourceId, Span};

    fn entry(text: &str) -> Entry {
        let meaning = match crate::spelling::networks(text) {
            Ok(hosts) => Meaning::Networks(hosts),
            Err(_) => match crate::spelling::SenderSpec::parse(text) {
                Ok(crate::spelling::SenderSpec::Exact(address)) => Meaning::Senders(AddressSet::exact(&address)),
                Ok(crate::spelling::SenderSpec::Domain(domain)) => Meaning::Senders(AddressSet::domain(&domain)),
                Ok(crate::spelling::SenderSpec::SubDomains(domain)) => Meaning::Senders(AddressSet::subs_of(&domain)),
                _ => Meaning::Text,
            },
        };
        Entry {
            text: text.to_owned(),
            span: Span::new(SourceId::NOWHERE, 0, 0),
            meaning,
            detail: None,
        }
    }

    fn gone(texts: &[&str]) -> Vec<usize> {
        let entries: Vec<Entry> = texts.iter().map(|text| entry(text)).collect();
        redundant(&entries).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn networks_go_where_others_cover_them() {
        assert_eq!(gone(&["192.0.2.0/24", "192.0.2.7"]), [1]);
        assert_eq!(gone(&["192.0.2.7", "192.0.2.7"]), [1]);
        assert_eq!(gone(&["192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/24"]), [0, 1]);
        assert_eq!(gone(&["192.0.2.0/25", "192.0.2.128/25"]), [0; 0]);
        assert_eq!(
            gone(&["192.0.2.0/25", "192.0.2.128/25", "192.0.2.100-192.0.2.150"]),
            [2]
        );
        assert_eq!(gone(&["192.0.2.1", "192.0.2.2", "2001:db8::1"]), [0; 0]);
    }

    #[test]
    fn never_all_of_those_that_cover_one_another() {
        let texts = ["192.0.2.0-192.0.2.9", "192.0.2.5-192.0.2.14", "192.0.2.10-192.0.2.19"];
        assert_eq!(gone(&texts), [1]);
        let texts = [
            "192.0.2.0-192.0.2.9",
            "192.0.2.5-192.0.2.14",
            "192.0.2.10-192.0.2.19",
            "192.0.2.15-192.0.2.24",
        ];
        assert_eq!(gone(&texts), [1]);
    }

    #[test]
    fn senders_go_where_a_domain_or_wildcard_covers_them() {
        assert_eq!(gone(&["acme.test", "a@acme.test"]), [1]);
        assert_eq!(gone(&["a@acme.test", "acme.test", "acme.test"]), [0, 2]);
        assert_eq!(gone(&["*.acme.test", "mail.acme.test", "acme.test"]), [1]);
        assert_eq!(gone(&["mail.acme.test", "acme.test"]), [0; 0]);
    }
}
