//! `truncated-export`: an export was cut off.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Level, ProblemKind};

use super::troubles::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "truncated-export",
    summary: "an export was cut off",
    page: include_str!("truncated-export.md"),
    group: Group::Evidence,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, &[ProblemKind::Truncated]) {
        findings.push(draft);
    }
}
