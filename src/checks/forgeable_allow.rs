//! `forgeable-allow`: anyone can meet the condition of an allow: a header, a sender domain, a public default value.

use crate::check::{Check, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::path::Meaning;
use crate::problem::Level;

use super::mend;
use super::opened::{Opened, holes, narrow, skipped};

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
            let who = match question {
                Question::ForgeableBySecret => "whoever has seen one simulation",
                _ => "anyone",
            };
            let message = format!("{who} can {} and skip {}", what(&opened), skipped(opened.rule));
            let help = narrow(opened.rule).to_owned();
            let mut draft = opened.draft(evidence, message, help, "anyone can write this");
            draft.level = Some(level);
            draft.remedies = mend::narrow(&opened);
            findings.push(draft);
        }
    }
}

/// What anyone can do.
fn what(opened: &Opened<'_>) -> String {
    match (opened.entry, opened.list) {
        (Some(entry), _) if matches!(entry.meaning, Meaning::Senders(_)) => format!("send as `{}`", entry.text),
        (Some(entry), Some(list)) => format!("write `{}`, which is all that `{}` asks for,", entry.text, list.name),
        _ => format!("meet the conditions of `{}`", opened.value()),
    }
}
