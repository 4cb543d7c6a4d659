//! Telling: what was found, in the order and words of a report.

use crate::check::Finding;
use crate::evidence::Evidence;
use crate::report::{CoverageRow, Fate, Verdict};

pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let place = |finding: &Finding| {
            finding
                .labels
                .first()
                .map(|label| (label.span.source, label.span.start))
        };
        place(one)
            .cmp(&place(other))
            .then_with(|| one.check.cmp(other.check))
            .then_with(|| {
                (&one.vendor, &one.stream, &one.value, &one.object).cmp(&(
                    &other.vendor,
                    &other.stream,
                    &other.value,
                    &other.object,
                ))
            })
    });
}

pub(super) fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    evidence
        .streams
        .iter()
        .map(|stream| {
            let (fate, why) = match stream.gets_through() {
                Some(true) => (Fate::GetsThrough, String::new()),
                Some(false) => (Fate::DoesNot, left(stream)),
                None => (Fate::CannotTell, undecided(evidence, stream)),
            };
            Verdict {
                vendor: stream.requirement.vendor().to_owned(),
                stream: stream.requirement.stream_id().to_owned(),
                fate,
                why,
            }
        })
        .collect()
}

fn left(stream: &crate::evidence::StreamEvidence<'_>) -> String {
    let left: Vec<&str> = stream
        .rows
        .iter()
        .filter(|row| {
            matches!(
                row.answer,
                crate::path::coverage::Answer::Part | crate::path::coverage::Answer::None
            )
        })
        .map(|row| row.concern.as_str())
        .collect();
    format!("stopped by {}", left.join(", "))
}

fn undecided(evidence: &Evidence<'_>, stream: &crate::evidence::StreamEvidence<'_>) -> String {
    if let Some(parameter) = stream.requirement.unset.iter().find(|parameter| parameter.required) {
        return format!("the parameter `{}` has no value", parameter.id.value);
    }
    let need = stream
        .rows
        .iter()
        .flat_map(|row| row.coverage.needs.iter())
        .find_map(|need| evidence.need(*need));
    need.map(|need| need.text.clone()).unwrap_or_default()
}

pub(super) fn coverage(evidence: &Evidence<'_>) -> Vec<CoverageRow> {
    let mut rows: Vec<CoverageRow> = evidence
        .streams
        .iter()
        .flat_map(|stream| {
            stream.rows.iter().map(|row| CoverageRow {
                vendor: stream.requirement.vendor().to_owned(),
                stream: stream.requirement.stream_id().to_owned(),
                path: evidence.facts.path.name.clone(),
                stage: evidence.stage_id(row.stage),
                concern: row.concern.as_str(),
                answer: row.answer.as_str(),
            })
        })
        .collect();
    rows.sort();
    rows
}
