//! Which vendors a tenant seems to have: those whose values stand in its allow lists.

use crate::allow::address::AddressSet;
use crate::allow::header::Matcher;
use crate::audit::{Library, Prepared};
use crate::evidence::shared::is_shared;
use crate::pack::{Pack, Parsed, Sharing, Value};
use crate::path::{Effect, Entry, Meaning, Rule};
use crate::report::escape::line;
use crate::spelling::SenderSpec;

/// A vendor and the entries that show it, in words.
pub(super) struct Shown<'a> {
    /// Its pack.
    pub(super) pack: &'a Pack,
    /// Empty if it was named on the command line.
    pub(super) by: Vec<String>,
}

/// Networks larger than this say nothing about who is meant.
const MAX_HOSTS: u128 = 1 << 16;

/// Header texts shorter than this, such as `1` or `true`, may be anybody's.
const MIN_TEXT: usize = 6;

/// The vendors that allow lists of the exports show, in the order of the packs.
pub(super) fn vendors<'a>(prepared: &Prepared, library: &'a Library) -> Vec<Shown<'a>> {
    let mut found = Vec::new();
    for pack in &library.packs {
        let mut by = Vec::new();
        // Every way holds the same exports.
        let rules = prepared.ways.iter().take(1).flat_map(|way| way.path.rules());
        for (_, _, rule) in rules.filter(|(_, _, rule)| allows(rule)) {
            let entries = rule
                .lists
                .iter()
                .filter(|list| !list.exception)
                .flat_map(|list| &list.entries);
            for entry in entries {
                if pack.values.iter().any(|value| shows(entry, value)) {
                    by.push(words(prepared, rule, entry));
                }
            }
        }
        by.dedup();
        if !by.is_empty() {
            found.push(Shown { pack, by });
        }
    }
    found
}

fn allows(rule: &Rule) -> bool {
    let clears = |effect: &Effect| matches!(effect, Effect::Clears(_) | Effect::MayClear(..) | Effect::Waives(_));
    rule.effects.iter().any(clears)
}

fn words(prepared: &Prepared, rule: &Rule, entry: &Entry) -> String {
    let source = prepared.sources.get(entry.span.source);
    let (row, _) = source.line_column(entry.span.start);
    let object = entry.detail.as_ref().map_or(&rule.object, |detail| &detail.object);
    format!(
        "`{}` in {} ({}, line {row})",
        line(&entry.text),
        line(object),
        line(&source.name)
    )
}

fn shows(entry: &Entry, value: &Value) -> bool {
    if value.sharing.value == Sharing::Shared {
        return false;
    }
    match (&entry.meaning, &value.parsed) {
        (Meaning::Networks(hosts), Parsed::Networks(sent)) => {
            sent.covers(hosts) && !hosts.is_empty() || (hosts.overlaps(sent) && hosts.count() <= MAX_HOSTS)
        }
        (Meaning::Senders(senders), Parsed::Sender(sender)) => {
            let set = match sender {
                SenderSpec::Exact(address) => AddressSet::exact(address),
                SenderSpec::Domain(domain) if !is_shared(domain) => AddressSet::domain(domain),
                SenderSpec::SubDomains(domain) if !is_shared(domain) => AddressSet::subs_of(domain),
                _ => return false,
            };
            !senders.is_open() && senders.overlaps(&set)
        }
        (Meaning::Senders(senders), Parsed::Domain(domain)) => {
            !senders.is_open() && senders.overlaps(&AddressSet::domains(&domain.set()))
        }
        (Meaning::Names(names), Parsed::Domain(domain)) => !names.is_open() && names.overlaps(&domain.set()),
        (Meaning::Text, Parsed::Header(test)) => match &test.matcher {
            Some(Matcher::Equals(text) | Matcher::Contains(text)) => {
                text.len() >= MIN_TEXT && text.eq_ignore_ascii_case(entry.text.trim())
            }
            _ => false,
        },
        _ => false,
    }
}
