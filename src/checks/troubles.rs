//! How the checks about broken exports tell: the reader's own words.

use crate::check::Draft;
use crate::evidence::Evidence;
use crate::problem::{Level, Problem, ProblemKind};

/// Drafts for the problems of exports that are of one of these kinds.
pub(super) fn drafts(evidence: &Evidence<'_>, kinds: &[ProblemKind]) -> Vec<Draft> {
    let wanted = |problem: &&Problem| kinds.contains(&problem.kind) && !problem.labels.is_empty();
    evidence
        .facts
        .problems
        .iter()
        .filter(wanted)
        .map(|problem| {
            let file = problem
                .labels
                .first()
                .map(|label| evidence.facts.sources.get(label.span.source).name.clone())
                .unwrap_or_default();
            Draft {
                // What the audit can do without is worth knowing, no more.
                level: Some(if problem.level == Level::Deny {
                    Level::Deny
                } else {
                    Level::Note
                }),
                message: problem.message.clone(),
                help: problem
                    .help
                    .clone()
                    .unwrap_or_else(|| "export it again and compare".to_owned()),
                value: format!("{file}: {}", problem.message),
                labels: problem.labels.clone(),
                ..Draft::default()
            }
        })
        .collect()
}
