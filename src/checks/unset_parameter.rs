//! `unset-parameter`: a value that only the customer can see was not given.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "unset-parameter",
    summary: "a value that only the customer can see was not given",
    page: include_str!("unset-parameter.md"),
    group: Group::Evidence,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for stream in &evidence.streams {
        let requirement = stream.requirement;
        for parameter in &requirement.unset {
            let id = &parameter.id.value;
            let mut labels: Vec<Label> = words::declared(evidence, requirement.pack)
                .map(|span| Label::new(span, format!("`values.{id}` is not given")))
                .into_iter()
                .collect();
            labels.push(Label::new(parameter.id.span, "the vendor gives this to each customer"));
            let place = parameter.place.as_ref().map_or_else(
                || "the vendor's console".to_owned(),
                |place| format!("`{}`", place.value),
            );
            findings.push(Draft {
                level: Some(if parameter.required { Level::Deny } else { Level::Warn }),
                message: format!(
                    "`{id}` of `{}` has no value, so {} mail {}",
                    requirement.vendor(),
                    requirement.stream_id(),
                    if parameter.required {
                        "cannot be checked"
                    } else {
                        "is checked without it"
                    },
                ),
                help: format!(
                    "look in {place} and write it as `values.{id}` into the `[[vendor]]` row of `allowaudit.toml`"
                ),
                vendor: Some(requirement.vendor().to_owned()),
                stream: Some(requirement.stream_id().to_owned()),
                value: id.clone(),
                labels,
                ..Draft::default()
            });
        }
    }
}
