//! `unconfirmed-value`: a requirement rests on values that the vendor did not state itself.

use std::collections::BTreeMap;

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::pack::{Grade, Pack};
use crate::problem::{Label, Level};
use crate::requirement::Fact;
use crate::source::Span;

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
    // One finding for each vendor: a value is asked for once, however many streams have it.
    let mut vendors: BTreeMap<&str, (&Pack, BTreeMap<Span, &Fact>)> = BTreeMap::new();
    for stream in &evidence.streams {
        let requirement = stream.requirement;
        let (_, required) = vendors
            .entry(requirement.vendor())
            .or_insert_with(|| (requirement.pack, BTreeMap::new()));
        let facts = requirement.facts.iter().filter(|fact| fact.required);
        required.extend(facts.map(|fact| (fact.span, fact)));
    }
    for (vendor, (pack, required)) in vendors {
        let unsure: Vec<&Fact> = required
            .values()
            .copied()
            .filter(|fact| fact.grade != Grade::Vendor)
            .collect();
        let Some(first) = unsure.first() else { continue };
        let mut labels = vec![Label::new(first.span, format!("{} source", first.grade.as_str()))];
        labels.extend(words::declared(evidence, pack).map(|span| Label::new(span, "declared here")));
        findings.push(Draft {
            message: format!(
                "{} of {} values of `{vendor}` are not from the vendor itself",
                unsure.len(),
                required.len(),
            ),
            help: "compare them with what the vendor's console shows; a finding that rests on them alone is no more than a warning"
                .to_owned(),
            vendor: Some(vendor.to_owned()),
            labels,
            ..Draft::default()
        });
    }
}
