//! `unconfirmed-value`: a requirement rests on values that the vendor did not state itself.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::pack::Grade;
use crate::problem::{Label, Level};
use crate::requirement::Fact;

/// The check.
pub static CHECK: Check = Check {
    id: "unconfirmed-value",
    summary: "a requirement rests on values that the vendor did not state itself",
    page: include_str!("unconfirmed-value.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for stream in &evidence.streams {
        let requirement = stream.requirement;
        let required: Vec<&Fact> = requirement.facts.iter().filter(|fact| fact.required).collect();
        let unsure: Vec<&&Fact> = required.iter().filter(|fact| fact.grade != Grade::Vendor).collect();
        let Some(first) = unsure.first() else { continue };
        let mut labels = vec![Label::new(first.span, format!("{} source", first.grade.as_str()))];
        labels.extend(
            unsure
                .iter()
                .skip(1)
                .take(4)
                .map(|fact| Label::new(fact.span, format!("{} source", fact.grade.as_str()))),
        );
        labels.extend(words::declared(evidence, requirement.pack).map(|span| Label::new(span, "declared here")));
        findings.push(Draft {
            message: format!(
                "{} of {} values of {} mail of `{}` are not from the vendor itself",
                unsure.len(),
                required.len(),
                requirement.stream_id(),
                requirement.vendor(),
            ),
            help: "compare them with what the vendor's console shows; a finding that rests on them alone is no more than a warning"
                .to_owned(),
            vendor: Some(requirement.vendor().to_owned()),
            stream: Some(requirement.stream_id().to_owned()),
            labels,
            ..Draft::default()
        });
    }
}
