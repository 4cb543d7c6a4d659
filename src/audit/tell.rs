//! Telling: what was found, in the order and words of a report.

use std::collections::HashMap;

use crate::check::Finding;
use crate::evidence::Evidence;
use crate::report::{CoverageRow, Fate, Verdict};
use crate::source::Span;

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

/// What is found on several ways is told once, at its highest level. Takes findings in order.
pub(super) fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut told: Vec<Finding> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for finding in findings {
        let key = (
            finding.check,
            finding.vendor.clone(),
            finding.stream.clone(),
            finding.object.clone(),
            finding.value.clone(),
            finding.labels.first().map(|label| label.span),
        );
        match known.get(&key).and_then(|at| told.get_mut(*at)) {
            Some(first) if first.level < finding.level => *first = finding,
            Some(_) => {}
            None => {
                known.insert(key, told.len());
                told.push(finding);
            }
        }
    }
    told
}

/// What makes two findings one.
type Key = (
    &'static str,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    Option<Span>,
);

/// One verdict for each stream: the worst of all ways.
pub(super) fn verdicts(evidence: &[Evidence<'_>]) -> Vec<Verdict> {
    let mut all: Vec<Verdict> = Vec::new();
    let several = evidence.len() > 1;
    let on_ways = evidence.iter().flat_map(|evidence| {
        let named = move |verdict: Verdict| Verdict {
            why: if several && verdict.fate != Fate::GetsThrough {
                format!("{}, on the way `{}`", verdict.why, evidence.facts.path.name)
            } else {
                verdict.why
            },
            ..verdict
        };
        verdicts_of(evidence).into_iter().map(named)
    });
    for verdict in on_ways {
        let same = |known: &&mut Verdict| known.vendor == verdict.vendor && known.stream == verdict.stream;
        match all.iter_mut().find(same) {
            Some(known) if weight(known.fate) < weight(verdict.fate) => *known = verdict,
            Some(_) => {}
            None => all.push(verdict),
        }
    }
    all
}

const fn weight(fate: Fate) -> u8 {
    match fate {
        Fate::GetsThrough => 0,
        Fate::CannotTell => 1,
        Fate::DoesNot => 2,
    }
}

fn verdicts_of(evidence: &Evidence<'_>) -> Vec<Verdict> {
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

pub(super) fn coverage(evidence: &[Evidence<'_>]) -> Vec<CoverageRow> {
    let streams = evidence
        .iter()
        .flat_map(|evidence| evidence.streams.iter().map(move |stream| (evidence, stream)));
    let mut rows: Vec<CoverageRow> = streams
        .flat_map(|(evidence, stream)| {
            stream.rows.iter().map(move |row| CoverageRow {
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
