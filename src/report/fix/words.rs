//! Changes in sentences: lower-case start, no final stop, names and values in backticks.
//!
//! Values are as they are in the export: whoever shows a sentence makes it safe to show.

use std::collections::BTreeMap;

use crate::check::Finding;
use crate::platform::change::{Change, Deed, Edit, Value};

/// Values named in one sentence; the rest is counted. All of them are in the commands.
const MAX_VALUES: usize = 8;

/// What a change does, one sentence a setting.
pub(super) fn sentences(change: &Change) -> Vec<String> {
    match &change.deed {
        Deed::Edit(edits) => edits.iter().flat_map(edited).collect(),
        Deed::Create(settings) => {
            let with = settings
                .iter()
                .map(|(setting, value)| format!("`{setting}`: {}", told(value)));
            std::iter::once("create it".to_owned()).chain(with).collect()
        }
        Deed::Delete(_) => vec!["delete it".to_owned()],
    }
}

fn edited(edit: &Edit) -> Vec<String> {
    match edit {
        Edit::Add { setting, values } => vec![format!("add {} to `{setting}`", named(values))],
        Edit::Remove { setting, values } => vec![format!("remove {} from `{setting}`", named(values))],
        Edit::Set { setting, before, after } => match (before, after) {
            (Value::Texts(before), Value::Texts(after)) => {
                let only = |one: &[String], other: &[String]| -> Vec<String> {
                    one.iter().filter(|value| !other.contains(value)).cloned().collect()
                };
                let (gone, came) = (only(before, after), only(after, before));
                let mut all = Vec::new();
                if !gone.is_empty() {
                    all.push(format!("remove {} from `{setting}`", named(&gone)));
                }
                if !came.is_empty() {
                    all.push(format!("add {} to `{setting}`", named(&came)));
                }
                all
            }
            (_, Value::Nothing) => vec![format!("clear `{setting}`, which is {}", told(before))],
            (_, Value::Flag(on)) => vec![format!("turn `{setting}` {}", if *on { "on" } else { "off" })],
            (Value::Nothing, _) => vec![format!("set `{setting}` to {}", told(after))],
            _ => vec![format!(
                "set `{setting}` to {}, which is {} now",
                told(after),
                told(before)
            )],
        },
    }
}

/// The verb that tables use.
pub(super) const fn verb(edit: &Edit) -> &'static str {
    match edit {
        Edit::Add { .. } => "add",
        Edit::Remove { .. } => "remove",
        Edit::Set { .. } => "set",
    }
}

/// The values of a setting, as cells and lists have them.
pub(super) fn plain(value: &Value) -> Vec<String> {
    match value {
        Value::Nothing => vec![String::new()],
        Value::Flag(on) => vec![if *on { "true" } else { "false" }.to_owned()],
        Value::Number(number) => vec![number.to_string()],
        Value::Text(text) => vec![text.clone()],
        Value::Texts(texts) if texts.is_empty() => vec![String::new()],
        Value::Texts(texts) => texts.clone(),
    }
}

fn told(value: &Value) -> String {
    match value {
        Value::Nothing => "nothing".to_owned(),
        Value::Flag(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("`{text}`"),
        Value::Texts(texts) => named(texts),
    }
}

fn named(values: &[String]) -> String {
    let shown: Vec<String> = values
        .iter()
        .take(MAX_VALUES)
        .map(|value| format!("`{value}`"))
        .collect();
    let more = values.len().saturating_sub(MAX_VALUES);
    match (shown.as_slice(), more) {
        ([], _) => "nothing".to_owned(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// `1 change`, `2 changes`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// What becomes of a stream.
pub(super) const fn fate(gets_through: Option<bool>) -> &'static str {
    match gets_through {
        Some(true) => "gets through",
        Some(false) => "does not get through",
        None => "cannot tell",
    }
}

/// Checks with how many findings each, sorted by name.
pub(super) fn by_check<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counted.entry(finding.check).or_default() += 1;
    }
    let all: Vec<String> = counted.iter().map(|(check, n)| format!("`{check}` {n}")).collect();
    all.join(", ")
}
