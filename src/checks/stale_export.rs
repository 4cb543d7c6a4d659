//! `stale-export`: an export is older than the policy allows.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "stale-export",
    summary: "an export is older than the policy allows",
    page: include_str!("stale-export.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let facts = evidence.facts;
    let Some(limit) = facts.policy.limits.export_age_days else {
        return;
    };
    for export in &facts.tenant.exports {
        let Some(taken) = export.taken else { continue };
        let age = words::days_between(taken.value, facts.now);
        if age <= i64::from(limit.value) {
            continue;
        }
        findings.push(Draft {
            message: format!("the export `{}` is {age} days old", export.file.value),
            help: "export it again, and say in `taken` when".to_owned(),
            value: export.file.value.clone(),
            labels: vec![
                Label::new(taken.span, "taken on this day"),
                Label::new(limit.span, "older than this is stale"),
            ],
            ..Draft::default()
        });
    }
}
