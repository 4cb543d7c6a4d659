//! `rule-not-in-force`: what would clear a vendor's mail is disabled, in audit mode, outside its dates, pending deletion, or a policy without a rule.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::dormant::drafts;

/// The check.
pub static CHECK: Check = Check {
    id: "rule-not-in-force",
    summary: "what would clear a vendor's mail is disabled, in audit mode, outside its dates, pending deletion, or a policy without a rule",
    page: include_str!("rule-not-in-force.md"),
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
