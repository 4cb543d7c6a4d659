//! Needs that are lost by one entry: the finding about the entry carries them, and nobody else speaks of them.

use std::collections::HashMap;

use crate::check::Draft;
use crate::evidence::diagnosis::{Cause, Fault};
use crate::evidence::{Evidence, words};
use crate::path::RuleAt;
use crate::problem::Level;
use crate::requirement::Fact;
use crate::source::Span;

use super::mend;

/// What is lost by one entry.
pub(super) struct Lost<'e> {
    fault: &'e Fault,
    facts: Vec<&'e Fact>,
}

/// What is lost, by rule, list and entry.
pub(super) fn lost<'e>(evidence: &'e Evidence<'_>) -> HashMap<(RuleAt, usize, usize), Lost<'e>> {
    let mut lost = HashMap::new();
    for fault in &evidence.faults {
        let Cause::Garbled {
            rule,
            list,
            entry,
            facts,
        } = &fault.first.cause
        else {
            continue;
        };
        let Some(stream) = words::first(evidence, fault) else {
            continue;
        };
        let facts = facts
            .iter()
            .filter_map(|fact| stream.requirement.facts.get(*fact))
            .collect();
        lost.insert((*rule, *list, *entry), Lost { fault, facts });
    }
    lost
}

impl Lost<'_> {
    /// Whether this entry is at fault.
    pub(super) fn is_by(&self, evidence: &Evidence<'_>, span: Span) -> bool {
        let Cause::Garbled { rule, list, entry, .. } = self.fault.first.cause else {
            return false;
        };
        let found = evidence
            .facts
            .path
            .rule(rule)
            .and_then(|rule| rule.lists.get(list)?.entries.get(entry));
        found.is_some_and(|found| found.span == span)
    }

    /// The finding with the needs: at their level, with their places and a message that shows the loss.
    pub(super) fn carried(&self, evidence: &Evidence<'_>, draft: Draft) -> Draft {
        let values: Vec<String> = self.facts.iter().map(|fact| format!("`{}`", fact.text)).collect();
        let (vendor, stream) = words::owner(evidence, &self.fault.streams);
        let verb = if values.len() == 1 { "is" } else { "are" };
        let mut labels = draft.labels;
        labels.extend(self.facts.iter().take(5).map(|fact| words::asked_value(fact)));
        Draft {
            level: Some(words::capped(Level::Deny, &self.facts).max(Level::Warn)),
            message: format!(
                "{}, so {} {verb} not there for {}",
                draft.message,
                words::list(&values),
                words::mail(evidence, &self.fault.streams)
            ),
            help: format!("write {} as entries of their own", words::list(&values)),
            vendor,
            stream,
            labels,
            witness: words::witness(evidence, &self.fault.streams, &self.fault.first.part),
            remedies: draft
                .remedies
                .into_iter()
                .chain(mend::admit(evidence, self.fault))
                .collect(),
            ..draft
        }
    }
}
