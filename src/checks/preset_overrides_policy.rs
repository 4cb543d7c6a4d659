//! `preset-overrides-policy`: recipients are in a preset whose policy ignores the custom allow list.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::dormant::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "preset-overrides-policy",
    summary: "recipients are in a preset whose policy ignores the custom allow list",
    page: include_str!("preset-overrides-policy.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, CHECK.id) {
        findings.push(draft);
    }
}
