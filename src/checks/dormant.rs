//! How the checks about rules that take no part tell.

use crate::check::Draft;
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::path::Force;
use crate::problem::{Label, Level};

/// Drafts for the rules that would clear a stream, were it not for what `check` names.
pub(super) fn drafts(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, check: &str) -> Vec<Draft> {
    stream
        .diagnoses
        .iter()
        .filter_map(|diagnosis| {
            let Cause::Dormant { rule } = diagnosis.cause else {
                return None;
            };
            let rule = words::rule(evidence, rule)?;
            let Force::Dormant {
                check: named,
                reason,
                label,
                help,
            } = &rule.force
            else {
                return None;
            };
            let requirement = stream.requirement;
            (*named == check).then(|| Draft {
                level: Some(Level::Deny),
                message: format!(
                    "`{}` would clear {} mail of `{}`, but {reason}",
                    words::bare(&rule.object),
                    requirement.stream_id(),
                    requirement.vendor(),
                ),
                help: help.clone(),
                vendor: Some(requirement.vendor().to_owned()),
                stream: Some(requirement.stream_id().to_owned()),
                stage: Some(words::stage(evidence, diagnosis)),
                object: Some(rule.object.clone()),
                labels: vec![
                    label.clone(),
                    Label::new(rule.origin, "would clear it"),
                    words::asked(stream),
                ],
                witness: words::witness(&diagnosis.part),
                ..Draft::default()
            })
        })
        .collect()
}
