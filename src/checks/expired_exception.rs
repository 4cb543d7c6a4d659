//! `expired-exception`: an exception of the tenant file has stopped working.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "expired-exception",
    summary: "an exception of the tenant file has stopped working",
    page: include_str!("expired-exception.md"),
    group: Group::Evidence,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for exception in &evidence.facts.tenant.exceptions {
        let Some(expires) = exception.expires.filter(|_| !exception.holds_on(evidence.facts.now)) else {
            continue;
        };
        findings.push(Draft {
            message: format!(
                "the exception for `{}` expired on {} and no longer covers anything",
                exception.check.value, expires.value
            ),
            help: "clear what it covered, or decide anew and give it another date".to_owned(),
            value: super::unused_exception::value(exception),
            labels: vec![
                Label::new(expires.span, "its last day"),
                Label::new(exception.reason.span, "the reason it was given"),
            ],
            ..Draft::default()
        });
    }
}
