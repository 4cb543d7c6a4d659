//! How the checks about rules that take no part tell.

use crate::check::Draft;
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::path::Force;
use crate::path::remedy::Remedy;
use crate::problem::Label;

use super::{draft, mend};

/// Drafts for the rules that would clear mail, were it not for what `check` names.
pub(super) fn drafts(evidence: &Evidence<'_>, check: &str) -> Vec<Draft> {
    evidence
        .faults
        .iter()
        .filter_map(|fault| {
            let Cause::Dormant { rule: at } = fault.first.cause else {
                return None;
            };
            let rule = words::rule(evidence, at)?;
            let stream = words::first(evidence, fault)?;
            let Force::Dormant {
                check: named,
                reason,
                label,
                help,
            } = &rule.force
            else {
                return None;
            };
            (*named == check).then(|| Draft {
                message: format!(
                    "{} would clear {}, but {reason}",
                    words::called(&rule.object),
                    words::mail(evidence, &fault.streams),
                ),
                help: help.clone(),
                object: Some(rule.object.clone()),
                labels: vec![
                    label.clone(),
                    Label::new(rule.origin, "would clear it"),
                    words::asked(stream),
                ],
                remedies: if *named == "rule-not-in-force" {
                    vec![Remedy::Enforce { rule: at }]
                } else {
                    mend::admit(evidence, fault)
                },
                ..draft::of(evidence, fault)
            })
        })
        .collect()
}
