//! `allow-too-weak`: the only control loses to a verdict that a simulation draws.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "allow-too-weak",
    summary: "the only control loses to a verdict that a simulation draws: high-confidence phish",
    page: include_str!("allow-too-weak.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for stream in &evidence.streams {
        for diagnosis in &stream.diagnoses {
            let Cause::TooWeak { rule, need } = diagnosis.cause else {
                continue;
            };
            let requirement = stream.requirement;
            let rule = rule.and_then(|rule| words::rule(evidence, rule));
            let mut labels: Vec<Label> = rule
                .map(|rule| Label::new(rule.origin, "does not clear high-confidence phish"))
                .into_iter()
                .collect();
            labels.push(words::asked(stream));
            let name = rule.map_or("the allow", |rule| words::bare(&rule.object));
            let condition = if need.is_some() {
                " where the recipients' `mx` points to Microsoft, which is not known here"
            } else {
                ""
            };
            findings.push(Draft {
                level: Some(if need.is_some() { Level::Warn } else { Level::Deny }),
                message: format!(
                    "`{name}` clears {} mail of `{}` of everything but high confidence phish, which quarantines it{condition}",
                    requirement.stream_id(),
                    requirement.vendor(),
                ),
                help: "clear simulations by Advanced Delivery, the only control that holds against this verdict".to_owned(),
                vendor: Some(requirement.vendor().to_owned()),
                stream: Some(requirement.stream_id().to_owned()),
                stage: Some(words::stage(evidence, diagnosis)),
                object: rule.map(|rule| rule.object.clone()),
                value: "high-confidence-phish".to_owned(),
                labels,
                witness: words::witness(&diagnosis.part),
            });
        }
    }
}
