//! `mail-blocked`: an explicit block, quarantine, delete, reject, redirect or moderation rule catches a vendor's mail.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::ended::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "mail-blocked",
    summary: "an explicit block, quarantine, delete, reject, redirect or moderation rule catches a vendor's mail",
    page: include_str!("mail-blocked.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for draft in drafts(evidence, false) {
        findings.push(draft);
    }
}
