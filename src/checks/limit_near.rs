//! `limit-near`: a list is close to the number of entries it takes.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::Level;

use super::limits::met;

/// The check.
pub static CHECK: Check = Check {
    id: "limit-near",
    summary: "a list is close to the number of entries it takes",
    page: include_str!("limit-near.md"),
    group: Group::Delivery,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for met in met(evidence).into_iter().filter(|met| !met.exceeded) {
        findings.push(Draft {
            message: met.message,
            help: "take out what is not needed, before an entry is refused".to_owned(),
            stage: met.stage,
            object: Some(met.object),
            value: met.value,
            labels: met.labels,
            ..Draft::default()
        });
    }
}
