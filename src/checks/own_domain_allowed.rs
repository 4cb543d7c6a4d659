//! `own-domain-allowed`: a bypass for the tenant's own domain.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::problem::Level;

use super::mend;
use super::opened::{holes, own_level, skipped};

/// The check.
pub static CHECK: Check = Check {
    id: "own-domain-allowed",
    summary: "a bypass for the tenant's own domain",
    page: include_str!("own-domain-allowed.md"),
    group: Group::Safety,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for opened in holes(evidence, Question::OwnDomain) {
        let message = format!(
            "whoever writes as `{}`, a domain of the tenant, skips {}",
            opened.value(),
            skipped(opened.rule)
        );
        let help = "take the domain out; mail of the tenant itself does not need it".to_owned();
        let mut draft = opened.draft(evidence, message, help, "a domain of the tenant");
        draft.level = Some(own_level(opened.rule));
        draft.remedies = mend::narrow(&opened);
        findings.push(draft);
    }
}
