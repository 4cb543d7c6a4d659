//! `safe-list-on`: senders on a list that the product keeps skip the spam filter.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::granted::report;

/// The check.
pub static CHECK: Check = Check {
    id: "safe-list-on",
    summary: "senders on a list that the product keeps skip the spam filter",
    page: include_str!("safe-list-on.md"),
    group: Group::Safety,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    report(evidence, CHECK.id, findings);
}
