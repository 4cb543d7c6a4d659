//! `stale-value`: an allow holds a value that a vendor in use no longer uses.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::entries::Standing;
use crate::problem::{Label, Level};

use super::mend;

/// The check.
pub static CHECK: Check = Check {
    id: "stale-value",
    summary: "an allow holds a value that a vendor in use no longer uses",
    page: include_str!("stale-value.md"),
    group: Group::Hygiene,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for found in evidence.entries.iter() {
        let mut legacy = None;
        let mut alive = false;
        for value in evidence.entries.about(found) {
            match value.standing {
                Standing::Required | Standing::Idle => alive = true,
                Standing::Legacy => legacy = legacy.or(Some(value)),
                Standing::Offboarded | Standing::Undeclared => {}
            }
        }
        let Some(value) = legacy.filter(|_| !alive) else {
            continue;
        };
        findings.push(Draft {
            message: format!(
                "`{}` in `{}` is a value that `{}` no longer uses",
                found.entry.text, found.list.name, value.pack.id.value
            ),
            help: format!("take `{}` out", found.entry.text),
            vendor: Some(value.pack.id.value.clone()),
            stream: Some(value.stream.as_str().to_owned()),
            stage: Some(found.stage),
            object: Some(found.object()),
            value: found.entry.text.to_ascii_lowercase(),
            labels: vec![
                Label::new(found.entry.span, "no longer used by the vendor"),
                Label::new(value.span, "former value"),
            ],
            remedies: vec![mend::take_out(found)],
            ..Draft::default()
        });
    }
}
