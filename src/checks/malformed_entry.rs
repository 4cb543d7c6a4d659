//! `malformed-entry`: an entry cannot match what it was meant for.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::entries::object;
use crate::evidence::{Evidence, words};
use crate::path::Meaning;
use crate::path::remedy::Remedy;
use crate::problem::{Label, Level};

use super::garbled::lost;

/// The check.
pub static CHECK: Check = Check {
    id: "malformed-entry",
    summary: "an entry cannot match what it was meant for",
    page: include_str!("malformed-entry.md"),
    group: Group::Hygiene,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let lost = lost(evidence);
    for (at, stage, rule) in evidence.facts.path.rules() {
        for (index, list) in rule.lists.iter().enumerate() {
            for (number, entry) in list.entries.iter().enumerate() {
                let Meaning::Malformed { why, .. } = &entry.meaning else {
                    continue;
                };
                let object = object(rule, entry);
                let draft = Draft {
                    message: format!(
                        "`{}` in `{}` of {} {why}",
                        entry.text,
                        list.name,
                        words::called(&object)
                    ),
                    help: "write one address, network, range or domain an entry, as the product takes it".to_owned(),
                    stage: Some(stage.id),
                    value: entry.text.to_ascii_lowercase(),
                    object: Some(object),
                    labels: vec![Label::new(entry.span, why.clone())],
                    ..Draft::default()
                };
                findings.push(match lost.get(&(at, index, number)) {
                    Some(lost) => {
                        let remedies = vec![Remedy::Withdraw {
                            rule: at,
                            entry: entry.span,
                        }];
                        lost.carried(evidence, Draft { remedies, ..draft })
                    }
                    None => draft,
                });
            }
        }
    }
}
