//! `treated-as-internal`: a connector makes mail from outside count as internal.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::granted::report;

/// The check.
pub static CHECK: Check = Check {
    id: "treated-as-internal",
    summary: "a connector makes mail from outside count as internal",
    page: include_str!("treated-as-internal.md"),
    group: Group::Safety,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    report(evidence, CHECK.id, findings);
}
