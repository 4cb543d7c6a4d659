//! What exceeds or nears a published limit of the platform: one answer per list and figure.
//!
//! Where texts differ on a figure, passing the narrower one alone is disputed; so is passing the figure of one licence where
//! another licence takes more.

use std::collections::BTreeMap;

use crate::allow::ip::{IpEntryKind, parse_entry};
use crate::evidence::{Evidence, words};
use crate::path::{Entry, List, Meaning, Rule};
use crate::policy::PlatformLimit;
use crate::problem::Label;
use crate::source::Span;

use super::pooled::SHOWN;

/// One limit and what meets it.
pub(super) struct Met {
    /// Completes "`x` ...".
    pub message: String,
    /// Whether it is exceeded rather than near.
    pub exceeded: bool,
    /// Whether another text, or another licence, allows more.
    pub disputed: bool,
    /// The object.
    pub object: String,
    /// The stage.
    pub stage: Option<&'static str>,
    /// Which list and figure.
    pub value: String,
    /// The list or the entries, and the figure.
    pub labels: Vec<Label>,
}

/// Everything that exceeds or nears a limit.
pub(super) fn met(evidence: &Evidence<'_>) -> Vec<Met> {
    let mut limits: BTreeMap<(&str, &str), Vec<&PlatformLimit>> = BTreeMap::new();
    let platform = evidence.facts.path.platform;
    for limit in &evidence.facts.policy.platform_limits {
        if limit.platform.value == platform {
            limits
                .entry((&limit.control.value, &limit.list.value))
                .or_default()
                .push(limit);
        }
    }
    let mut met = Vec::new();
    // Lists of several rules that are one list to the product, by object.
    let mut sums: BTreeMap<(&str, &str, &'static str), Sum> = BTreeMap::new();
    for (_, stage, rule) in evidence.facts.path.rules() {
        for list in &rule.lists {
            let Some(limits) = limits.get(&(rule.control, list.name)) else {
                continue;
            };
            let sum = sums
                .entry((rule.object.as_str(), rule.control, list.name))
                .or_insert(Sum {
                    count: 0,
                    span: list.span,
                    stage: Some(stage.id),
                });
            sum.count += list.entries.len();
            met.extend(of_entries(rule, list, stage.id, limits));
        }
        if let Some(limits) = limits.get(&(rule.control, "Name")) {
            met.extend(of_name(rule, stage.id, limits));
        }
        // Spoof pairs are rules here and entries there; allows and blocks count together.
        if rule.object.starts_with("tenant-list-spoof/") && limits.contains_key(&("spoof-pairs", "Entries")) {
            let sum = sums
                .entry(("tenant-list-spoof", "spoof-pairs", "Entries"))
                .or_insert(Sum {
                    count: 0,
                    span: rule.origin,
                    stage: Some(stage.id),
                });
            sum.count += 1;
        }
    }
    for read in evidence.facts.reads {
        if limits.contains_key(&(read.kind, "Rules")) {
            let first = evidence
                .facts
                .path
                .rules()
                .find(|(_, _, rule)| rule.control == read.kind);
            let Some((_, stage, rule)) = first else { continue };
            let sum = sums.entry((read.kind, read.kind, "Rules")).or_insert(Sum {
                count: 0,
                span: rule.origin,
                stage: Some(stage.id),
            });
            sum.count += read.objects;
        }
    }
    for ((object, control, list), sum) in sums {
        if let Some(limits) = limits.get(&(control, list)) {
            met.extend(of_count(evidence, object, list, &sum, limits));
        }
    }
    met
}

struct Sum {
    count: usize,
    span: Span,
    stage: Option<&'static str>,
}

/// Whether a figure is not the last word: a text or a licence allows more.
fn disputed(limit: &PlatformLimit, figure: u32, all: &[&PlatformLimit]) -> bool {
    let more = || {
        all.iter()
            .any(|other| other.max_entries.is_some_and(|other| other.value > figure))
    };
    limit.disputed || (limit.plan.is_some() && more())
}

fn of_count(evidence: &Evidence<'_>, object: &str, list: &str, sum: &Sum, limits: &[&PlatformLimit]) -> Option<Met> {
    let percent = evidence.facts.policy.limits.near_limit_percent;
    let figures = || {
        limits.iter().filter_map(|limit| {
            limit
                .max_entries
                .map(|figure| (disputed(limit, figure.value, limits), *limit, figure))
        })
    };
    // The worst of those exceeded: an undisputed one, else the largest. Of those near, the smallest.
    let exceeded = figures()
        .filter(|(_, _, figure)| sum.count > figure.value as usize)
        .max_by_key(|(disputed, _, figure)| (!disputed, figure.value));
    let near = || {
        figures()
            .filter(|(_, _, figure)| {
                percent.is_some_and(|percent| sum.count * 100 >= figure.value as usize * percent.value as usize)
            })
            .min_by_key(|(_, _, figure)| figure.value)
    };
    let is_exceeded = exceeded.is_some();
    let (disputed, limit, figure) = exceeded.or_else(near)?;
    let plan = limit
        .plan
        .as_ref()
        .map(|plan| format!(" under the licence `{}`", plan.value))
        .unwrap_or_default();
    Some(Met {
        message: format!(
            "`{list}` of {} has {} entries, {} {}{plan}",
            words::called(object),
            sum.count,
            if is_exceeded {
                "more than the limit of"
            } else {
                "close to the limit of"
            },
            figure.value,
        ),
        exceeded: is_exceeded,
        disputed,
        object: object.to_owned(),
        stage: sum.stage,
        value: format!("{list}/entries"),
        labels: vec![
            Label::new(sum.span, format!("{} entries", sum.count)),
            Label::new(figure.span, format!("says {}", limit.source.value)),
        ],
    })
}

fn of_name(rule: &Rule, stage: &'static str, limits: &[&PlatformLimit]) -> Option<Met> {
    let name = words::bare(&rule.object);
    let length = name.chars().count();
    let (limit, figure) = limits
        .iter()
        .filter_map(|limit| limit.max_length.map(|figure| (*limit, figure)))
        .filter(|(_, figure)| length > figure.value as usize)
        .min_by_key(|(_, figure)| figure.value)?;
    Some(Met {
        message: format!(
            "the name `{name}` has {length} characters, more than the limit of {}",
            figure.value
        ),
        exceeded: true,
        disputed: limit.disputed || limit.plan.is_some(),
        object: rule.object.clone(),
        stage: Some(stage),
        value: "Name/length".to_owned(),
        labels: vec![
            Label::new(rule.origin, "this rule"),
            Label::new(figure.span, format!("says {}", limit.source.value)),
        ],
    })
}

/// Entries that are wider, longer or of another family than the list takes.
fn of_entries(rule: &Rule, list: &List, stage: &'static str, limits: &[&PlatformLimit]) -> Vec<Met> {
    let mut met = Vec::new();
    for limit in limits {
        let mut figure = |word: &str, span: Span, what: String, over: &dyn Fn(&Entry) -> bool| {
            let found: Vec<&Entry> = list.entries.iter().filter(|entry| over(entry)).collect();
            let Some(first) = found.first() else { return };
            let subject = match found.len() {
                1 => format!("`{}` in `{}` is", first.text, list.name),
                many => format!("{many} entries of `{}` are", list.name),
            };
            let mut labels: Vec<Label> = found
                .iter()
                .take(SHOWN)
                .map(|entry| Label::new(entry.span, "not taken"))
                .collect();
            labels.push(Label::new(span, format!("says {}", limit.source.value)));
            met.push(Met {
                message: format!("{subject} {what}"),
                exceeded: true,
                disputed: limit.disputed || limit.plan.is_some(),
                object: rule.object.clone(),
                stage: Some(stage),
                value: format!("{}/{word}", list.name),
                labels,
            });
        };
        if let Some(least) = limit.min_prefix {
            let over = |entry: &Entry| {
                written(entry).is_some_and(
                    |(kind, v6, _)| matches!(kind, IpEntryKind::Cidr(prefix) if !v6 && u32::from(prefix) < least.value),
                )
            };
            figure("prefix", least.span, format!("wider than /{}", least.value), &over);
        }
        if let Some(most) = limit.max_range {
            let over = |entry: &Entry| {
                written(entry)
                    .is_some_and(|(kind, _, count)| kind == IpEntryKind::Range && count > u128::from(most.value))
            };
            figure(
                "range",
                most.span,
                format!("a range of more than {} addresses", most.value),
                &over,
            );
        }
        if let Some(ipv6) = limit.ipv6.filter(|ipv6| !ipv6.value) {
            // What the reader refuses has a finding of its own.
            let over = |entry: &Entry| written(entry).is_some_and(|(_, v6, _)| v6);
            figure(
                "ipv6",
                ipv6.span,
                "IPv6, which the list does not take".to_owned(),
                &over,
            );
        }
        if let Some(most) = limit.max_length {
            let over = |entry: &Entry| entry.text.chars().count() > most.value as usize;
            figure(
                "length",
                most.span,
                format!("longer than {} characters", most.value),
                &over,
            );
        }
    }
    met
}

/// How an entry of hosts is written: its form, whether it is IPv6, how many addresses it stands for.
fn written(entry: &Entry) -> Option<(IpEntryKind, bool, u128)> {
    match &entry.meaning {
        Meaning::Networks(_) | Meaning::Malformed { meant: Some(_), .. } => {
            let read = parse_entry(&entry.text).ok()?;
            Some((read.kind, read.set.has_v6(), read.set.count()))
        }
        _ => None,
    }
}
