//! `unclaimed-input`: a file that nobody claims.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};
use crate::source::Span;

/// The check.
pub static CHECK: Check = Check {
    id: "unclaimed-input",
    summary: "a file that nobody claims",
    page: include_str!("unclaimed-input.md"),
    group: Group::Evidence,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for &id in evidence.facts.unclaimed {
        let source = evidence.facts.sources.get(id);
        let name = source.name.clone();
        let help = if source.text().starts_with("PK\u{3}\u{4}") {
            "unpack it: archives are not read"
        } else {
            "name the file after its cmdlet, say what it is in `[[export]]`, or move it out of the folder"
        };
        findings.push(Draft {
            message: format!("`{name}` is not recognised as an export and was not read"),
            help: help.to_owned(),
            labels: vec![Label::new(Span::new(id, 0, 0), "this file")],
            value: name,
            ..Draft::default()
        });
    }
}
