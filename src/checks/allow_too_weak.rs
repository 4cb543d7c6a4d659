//! `allow-too-weak`: the only control loses to a verdict that a simulation draws.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

use super::{draft, ended, mend};

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
        // Where each entry is an object of its own, the one that takes the mail is what is too weak.
        let row = rule.and_then(|rule| {
            let lists = rule.lists.iter().filter(|list| !list.exception);
            let entry = lists
                .into_iter()
                .find_map(|list| ended::catching(list, &fault.first.part))?;
            Some((entry.span, entry.detail.as_ref()?.object.clone()))
        });
        let too_weak = row.or_else(|| rule.map(|rule| (rule.origin, rule.object.clone())));
        let mut labels: Vec<Label> = too_weak
            .iter()
            .map(|(span, _)| Label::new(*span, "does not clear high-confidence phish"))
            .collect();
        labels.push(words::asked(stream));
        let object = too_weak.map(|(_, object)| object);
        let name = object.as_deref().map_or_else(|| "the allow".to_owned(), words::called);
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
            object,
            value: "high-confidence-phish".to_owned(),
            labels,
            remedies: mend::admit(evidence, fault),
            ..draft::of(evidence, fault)
        });
    }
}
