//! `rule-shadowed`: an earlier rule stops the one that would clear a vendor's mail, or a later one takes its effect back.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::path::remedy::Remedy;
use crate::problem::{Label, Level};

use super::draft;

/// The check.
pub static CHECK: Check = Check {
    id: "rule-shadowed",
    summary: "an earlier rule stops the one that would clear a vendor's mail, or a later one takes its effect back",
    page: include_str!("rule-shadowed.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for fault in &evidence.faults {
        let Cause::Shadowed { rule, by } = fault.first.cause else {
            continue;
        };
        let Some(other) = words::rule(evidence, by) else {
            continue;
        };
        let Some(stream) = words::first(evidence, fault) else {
            continue;
        };
        let cleared = rule.and_then(|rule| words::rule(evidence, rule));
        let earlier = rule.is_none_or(|rule| by < rule);
        let name = cleared.map_or("an allow", |rule| words::bare(&rule.object));
        let called = cleared.map_or_else(|| "an allow".to_owned(), |rule| words::called(&rule.object));
        // A score takes an allow of addresses back, as its page says; which of two scores counts no source says.
        let disputed = cleared.is_some_and(|rule| rule.control == other.control);
        let (text, does) = match (earlier, disputed) {
            (true, _) => ("comes first and ends the evaluation", "keeps the message from"),
            (false, true) => (
                "comes later and sets the SCL again; no source says which of two rules wins",
                "may take back the effect of",
            ),
            (false, false) => ("comes later and sets the SCL", "takes back the effect of"),
        };
        let mut labels = vec![Label::new(other.origin, text)];
        labels.extend(cleared.map(|rule| Label::new(rule.origin, "would clear it")));
        labels.push(words::asked(stream));
        findings.push(Draft {
            message: format!(
                "{} {does} {called}, which would clear {}",
                words::called(&other.object),
                words::mail(evidence, &fault.streams),
            ),
            help: if earlier {
                format!("move `{name}` before it: `Set-TransportRule -Identity \"{name}\" -Priority 0`")
            } else {
                format!("except the vendor's mail from {}", words::called(&other.object))
            },
            object: Some(other.object.clone()),
            value: name.to_owned(),
            labels,
            remedies: rule
                .filter(|_| earlier)
                .map(|rule| Remedy::Precede { rule, before: by })
                .into_iter()
                .collect(),
            ..draft::of(evidence, fault)
        });
    }
}
