//! `unexplained-allow`: an allow that no declared vendor and no host of our own explains.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::holes::Question;
use crate::problem::{Label, Level};

use super::opened::{Opened, holes, skipped};

/// The check.
pub static CHECK: Check = Check {
    id: "unexplained-allow",
    summary: "an allow that no declared vendor and no `[[own]]` entry explains",
    page: include_str!("unexplained-allow.md"),
    group: Group::Safety,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

/// More entries than this are counted rather than underlined.
const SHOWN: usize = 12;

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let mut opened = holes(evidence, Question::Unexplained);
    if !opened.is_empty() {
        // Whose it is meant to be is plain where it looks like a vendor's.
        let alike = super::lookalike_domain::entries(evidence);
        opened.retain(|one| one.entry.is_none_or(|entry| !alike.contains(&entry.span)));
    }
    // A list full of strangers is one fault: nobody knows what the list is for.
    let mut rest = opened.as_slice();
    while let Some(first) = rest.first() {
        let key = |one: &Opened<'_>| (one.hole.rule, one.hole.entry.map(|(list, _)| list));
        let many = rest.iter().take_while(|one| key(one) == key(first)).count();
        let (group, others) = rest.split_at(many);
        rest = others;
        findings.push(draft(evidence, first, group));
    }
}

fn draft(evidence: &Evidence<'_>, first: &Opened<'_>, group: &[Opened<'_>]) -> Draft {
    let more = group.len() - 1;
    let (others, verb) = match more {
        0 => (String::new(), "skips"),
        1 => (" and one more entry".to_owned(), "skip"),
        more => (format!(" and {more} more entries"), "skip"),
    };
    let message = format!(
        "`{}`{others} of {} {verb} {}, and no declared vendor or host of the tenant explains why",
        first.value(),
        crate::evidence::words::called(&first.object()),
        skipped(first.rule),
    );
    let help =
        "take it out, or declare whose it is: `[[own]]` for hosts of the tenant, `[[vendor]]` for a vendor".to_owned();
    let mut draft = first.draft(evidence, message, help, "whose is this?");
    draft.labels.extend(
        group
            .iter()
            .skip(1)
            .take(SHOWN)
            .filter_map(|one| one.entry)
            .map(|entry| Label::new(entry.span, "and this?")),
    );
    draft.value = group
        .iter()
        .map(Opened::value)
        .collect::<Vec<_>>()
        .join(",")
        .to_ascii_lowercase();
    draft
}
