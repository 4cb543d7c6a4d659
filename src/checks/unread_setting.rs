//! `unread-setting`: a setting that no reader knows.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::unread::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "unread-setting",
    summary: "a setting that no reader knows",
    page: include_str!("unread-setting.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, false) {
        findings.push(draft);
    }
}
