//! `unmodelled-condition`: a condition or action of a rule that this version does not model.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::unread::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "unmodelled-condition",
    summary: "a condition or action of a rule that this version does not model",
    page: include_str!("unmodelled-condition.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, true) {
        findings.push(draft);
    }
}
