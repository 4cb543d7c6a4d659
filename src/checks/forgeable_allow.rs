//! `forgeable-allow`: anyone can meet the condition of an allow: a header, a sender domain, a public default value.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::problem::Level;

use super::opened::{holes, spares};

/// The check.
pub static CHECK: Check = Check {
    id: "forgeable-allow",
    summary: "anyone can meet the condition of an allow: a header, a sender domain, a public default value",
    page: include_str!("forgeable-allow.md"),
    group: Group::Safety,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for (question, level) in [
        (Question::Forgeable, Level::Deny),
        (Question::ForgeableBySecret, Level::Warn),
    ] {
        for opened in holes(evidence, question) {
            let secret = question == Question::ForgeableBySecret;
            let what = match opened.entry {
                Some(_) => format!("`{}` in `{}`", opened.value(), opened.list.map_or("", |list| list.name)),
                None => format!("`{}`", opened.value()),
            };
            let message = if secret {
                format!(
                    "whoever has seen one simulation can write {what} and is spared {}",
                    spares(opened.rule)
                )
            } else {
                format!("anyone can write {what} and is spared {}", spares(opened.rule))
            };
            let help = "ask for something nobody else has as well: the vendor's addresses, or a `dmarc=pass` result"
                .to_owned();
            let mut draft = opened.draft(evidence, message, help, "anyone can write this");
            draft.level = Some(level);
            findings.push(draft);
        }
    }
}
