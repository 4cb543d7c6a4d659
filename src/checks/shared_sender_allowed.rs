//! `shared-sender-allowed`: an allow for a provider's shared hosts or a consumer domain.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::path::{Entry, Meaning};
use crate::problem::Level;

use super::mend;
use super::opened::{holes, narrow, skipped};

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
        let skipped = skipped(opened.rule);
        let value = opened.value();
        let senders = |entry: &Entry| matches!(entry.meaning, Meaning::Senders(_));
        let message = if opened.entry.is_some_and(senders) {
            format!("anyone can send as `{value}`, whose domain is a provider's, and skip {skipped}")
        } else {
            format!("`{value}` sends for all customers of a provider, and all of them skip {skipped}")
        };
        let help = narrow(opened.rule).to_owned();
        findings.push(Draft {
            remedies: mend::narrow(&opened),
            ..opened.draft(evidence, message, help, "not one sender's alone")
        });
    }
}
