//! `dead-rule`: a rule that is in force can never match.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::message::MessageSet;
use crate::path::{Entry, List, Meaning};
use crate::problem::{Label, Level};

use super::pooled::SHOWN;

/// The check.
pub static CHECK: Check = Check {
    id: "dead-rule",
    summary: "a rule that is in force can never match",
    page: include_str!("dead-rule.md"),
    group: Group::Hygiene,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let everything = MessageSet::all();
    for (_, stage, rule) in evidence.facts.path.rules() {
        // A control with empty lists is one that nobody uses.
        let used = rule
            .lists
            .iter()
            .any(|list| !list.exception && !list.entries.is_empty());
        if !used || rule.effects.is_empty() || !rule.in_force() || rule.guard.plainly_matches(&everything) {
            continue;
        }
        if !rule.guard.split(&everything).is_empty() {
            continue;
        }
        // Entries that cannot match have a finding of their own, and with it this one says nothing more.
        let malformed =
            |list: &&List| !list.exception && list.entries.iter().all(is_malformed) && !list.entries.is_empty();
        if rule.lists.iter().any(|list| malformed(&list)) {
            continue;
        }
        // A policy with several lists is several rules, and only one of them is dead.
        let one_of = evidence.facts.path.rules().any(|(_, _, other)| {
            !std::ptr::eq(other, rule) && other.object == rule.object && other.control != rule.control
        });
        let asked = rule.lists.iter().find(|list| !list.exception && one_of);
        let name = words::called(&rule.object);
        let (mut labels, message) = match asked {
            Some(list) => (
                list.entries
                    .iter()
                    .take(SHOWN)
                    .map(|entry| Label::new(entry.span, "never takes effect"))
                    .collect(),
                format!("nothing in `{}` of {name} can take effect", list.name),
            ),
            None => (
                vec![Label::new(rule.origin, "never takes effect")],
                format!("no message can meet the conditions of {name}"),
            ),
        };
        labels.extend(
            rule.lists
                .iter()
                .filter(|_| asked.is_none())
                .take(SHOWN)
                .map(|list| Label::new(list.span, empty_or_not(list))),
        );
        findings.push(Draft {
            message,
            help: "correct the conditions, or remove the rule".to_owned(),
            stage: Some(stage.id),
            object: Some(rule.object.clone()),
            value: rule.control.to_owned(),
            labels,
            ..Draft::default()
        });
    }
}

fn is_malformed(entry: &Entry) -> bool {
    matches!(entry.meaning, Meaning::Malformed { meant: None, .. })
}

fn empty_or_not(list: &List) -> &'static str {
    if list.entries.is_empty() {
        "no entry"
    } else if list.entries.iter().all(is_malformed) {
        "no entry of this list can match"
    } else if list.exception {
        "excepted"
    } else {
        "asked for"
    }
}
