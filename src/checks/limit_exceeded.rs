//! `limit-exceeded`: more entries, wider networks or longer values than the control takes.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::limits::met;

/// The check.
pub static CHECK: Check = Check {
    id: "limit-exceeded",
    summary: "more entries, wider networks or longer values than the control takes",
    page: include_str!("limit-exceeded.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for met in met(evidence).into_iter().filter(|met| met.exceeded) {
        findings.push(Draft {
            level: Some(if met.disputed { Level::Warn } else { Level::Deny }),
            message: met.message,
            help: "shorten the list or narrow the entries; where texts differ on the limit, ask the product whether it took them all".to_owned(),
            stage: met.stage,
            object: Some(met.object),
            value: met.value,
            labels: met.labels,
            ..Draft::default()
        });
    }
}
