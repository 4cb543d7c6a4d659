//! `shared-sender-allowed`: an allow for a provider's shared hosts or a consumer domain.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::problem::Level;

use super::opened::{holes, spares};

/// The check.
pub static CHECK: Check = Check {
    id: "shared-sender-allowed",
    summary: "an allow for a provider's shared hosts or a consumer domain",
    page: include_str!("shared-sender-allowed.md"),
    group: Group::Safety,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for opened in holes(evidence, Question::Shared) {
        let message = format!(
            "`{}` is shared by everybody who uses that provider, and all of them are spared {}",
            opened.value(),
            spares(opened.rule)
        );
        let help = "ask for something of the sender's own as well, such as its domain with `dmarc=pass`".to_owned();
        findings.push(opened.draft(evidence, message, help, "not one sender's alone"));
    }
}
