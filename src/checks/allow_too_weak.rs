//! `allow-too-weak`: the only control loses to a verdict that a simulation draws.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

use super::draft;

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
    for fault in &evidence.faults {
        let Cause::TooWeak { rule, need } = fault.first.cause else {
            continue;
        };
        let Some(stream) = words::first(evidence, fault) else {
            continue;
        };
        let rule = rule.and_then(|rule| words::rule(evidence, rule));
        let mut labels: Vec<Label> = rule
            .map(|rule| Label::new(rule.origin, "does not clear high-confidence phish"))
            .into_iter()
            .collect();
        labels.push(words::asked(stream));
        let name = rule.map_or_else(|| "the allow".to_owned(), |rule| words::called(&rule.object));
        let condition = if need.is_some() {
            " where the recipients' `mx` points to Microsoft, which is not known here"
        } else {
            ""
        };
        findings.push(Draft {
            level: Some(if need.is_some() { Level::Warn } else { Level::Deny }),
            message: format!(
                "{name} exempts {} from everything but high-confidence phishing filtering, which quarantines it{condition}",
                words::mail(evidence, &fault.streams),
            ),
            help: "clear simulations by Advanced Delivery, the only control that holds against this verdict".to_owned(),
            object: rule.map(|rule| rule.object.clone()),
            value: "high-confidence-phish".to_owned(),
            labels,
            ..draft::of(evidence, fault)
        });
    }
}
