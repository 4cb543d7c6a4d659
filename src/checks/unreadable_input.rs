//! `unreadable-input`: a file or a value of an export cannot be read.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Level, ProblemKind};

use super::troubles::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "unreadable-input",
    summary: "a file or a value of an export cannot be read",
    page: include_str!("unreadable-input.md"),
    group: Group::Evidence,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, &[ProblemKind::Unreadable, ProblemKind::BadValue]) {
        findings.push(draft);
    }
}
