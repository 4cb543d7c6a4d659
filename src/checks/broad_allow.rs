//! `broad-allow`: an allowed network, domain or wildcard is wider than what is asked for.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::problem::Level;

use super::mend;
use super::opened::{holes, skipped};

/// The check.
pub static CHECK: Check = Check {
    id: "broad-allow",
    summary: "an allowed network, domain or wildcard is wider than what is asked for",
    page: include_str!("broad-allow.md"),
    group: Group::Safety,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for opened in holes(evidence, Question::Broad) {
        let wider = if opened.hole.inside.is_some() {
            "is wider than what the vendor asks for"
        } else {
            "is a wide network that nothing asks for"
        };
        let message = format!(
            "`{}` {wider}, and all mail from there skips {}",
            opened.value(),
            skipped(opened.rule)
        );
        let help = "narrow it to what is needed, or declare your own hosts as `[[own]]`".to_owned();
        findings.push(Draft {
            remedies: opened.hole.inside.map_or_else(Vec::new, |_| mend::withdraw(&opened)),
            ..opened.draft(evidence, message, help, "wider than needed")
        });
    }
}
