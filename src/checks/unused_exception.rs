//! `unused-exception`: an exception of the tenant file covers nothing.
//!
//! It asks what all other checks found, so it is the last of the table.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};
use crate::tenant::Exception;

/// The check.
pub static CHECK: Check = Check {
    id: "unused-exception",
    summary: "an exception of the tenant file covers nothing",
    page: include_str!("unused-exception.md"),
    group: Group::Evidence,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let used = findings.exceptions_used().to_vec();
    let exceptions = &evidence.facts.tenant.exceptions;
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        // One that has expired has a finding of its own.
        if !exception.holds_on(evidence.facts.now) {
            continue;
        }
        let place = exception
            .where_glob
            .as_ref()
            .map(|glob| format!(" at `{}`", glob.value))
            .unwrap_or_default();
        let mut labels = vec![Label::new(exception.check.span, "nothing of this check is found there")];
        labels.extend(
            exception
                .where_glob
                .as_ref()
                .map(|glob| Label::new(glob.span, "where it would apply")),
        );
        findings.push(Draft {
            message: format!(
                "the exception for `{}`{place} covers no finding",
                exception.check.value
            ),
            help: "remove it, or correct `where`: it is compared with the object that reports name, and `*` stands for any text"
                .to_owned(),
            value: value(exception),
            labels,
            ..Draft::default()
        });
    }
}

/// What tells one exception from another.
pub(super) fn value(exception: &Exception) -> String {
    let place = exception.where_glob.as_ref().map_or("*", |glob| glob.value.as_str());
    format!("{}/{place}", exception.check.value)
}
