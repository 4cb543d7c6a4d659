//! `mail-rejected-at-edge`: a restricted connector or reject-direct-send ends a vendor's mail before any filter.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::ended::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "mail-rejected-at-edge",
    summary: "a restricted connector or reject-direct-send ends a vendor's mail before any filter",
    page: include_str!("mail-rejected-at-edge.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, true) {
        findings.push(draft);
    }
}
