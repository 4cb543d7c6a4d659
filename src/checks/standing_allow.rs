//! `standing-allow`: a tenant-list allow with neither an end date nor removal after disuse.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "standing-allow",
    summary: "a tenant-list allow with neither an end date nor removal after disuse",
    page: include_str!("standing-allow.md"),
    group: Group::Safety,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for found in evidence.entries.iter() {
        let Some(detail) = found.entry.detail.as_ref().filter(|detail| detail.standing) else {
            continue;
        };
        findings.push(Draft {
            message: format!("the allow of `{}` stays until somebody removes it", found.entry.text),
            help: "give it an end date, or let it lapse some days after its last use".to_owned(),
            stage: Some(found.stage),
            object: Some(detail.object.clone()),
            value: found.entry.text.to_ascii_lowercase(),
            labels: vec![Label::new(found.entry.span, "never ends")],
            ..Draft::default()
        });
    }
}
