//! `stale-pack`: the facts about a declared vendor have not been checked for long.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "stale-pack",
    summary: "the facts about a declared vendor have not been checked for long",
    page: include_str!("stale-pack.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let facts = evidence.facts;
    let Some(limit) = facts.policy.limits.pack_age_days else {
        return;
    };
    for pack in facts.packs.iter().filter(|pack| evidence.declares(pack)) {
        let Some(checked) = pack.checked else { continue };
        let age = words::days_between(checked.value, facts.now);
        if age <= i64::from(limit.value) {
            continue;
        }
        let mut labels = vec![Label::new(checked.span, "last compared with its sources")];
        labels.extend(words::declared(evidence, pack).map(|span| Label::new(span, "declared here")));
        labels.push(Label::new(limit.span, "older than this is stale"));
        findings.push(Draft {
            message: format!("the facts about `{}` were last checked {age} days ago", pack.id.value),
            help: "take a newer version, or compare the pack with the vendor's pages".to_owned(),
            vendor: Some(pack.id.value.clone()),
            labels,
            ..Draft::default()
        });
    }
}
