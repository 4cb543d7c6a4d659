//! `mail-not-cleared`: a stage does not clear a concern for part or all of a stream.

use std::collections::HashSet;

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::{Cause, Fault};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::message::{Concern, Concerns};
use crate::pack::Clears;
use crate::path::{Meaning, RuleAt};
use crate::problem::{Label, Level};
use crate::requirement::{Fact, Means};
use crate::source::Span;

use super::dormant::drafts;
use super::{draft, lookalike_domain, mend};

/// The check.
pub static CHECK: Check = Check {
    id: "mail-not-cleared",
    summary: "a stage does not clear a concern for part or all of a vendor's mail",
    page: include_str!("mail-not-cleared.md"),
    group: Group::Delivery,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    // A policy that another outranks.
    for mut draft in drafts(evidence, CHECK.id) {
        // It is the one that would have to hold.
        draft.labels.swap(0, 1);
        findings.push(draft);
    }
    let mut alike: Option<HashSet<Span>> = None;
    for fault in &evidence.faults {
        let Some(stream) = words::first(evidence, fault) else {
            continue;
        };
        let draft = match &fault.first.cause {
            Cause::Lacks {
                rule,
                list,
                facts,
                whole,
            } => lacks(evidence, stream, fault, (*rule, *list), facts, *whole),
            Cause::Garbled {
                rule,
                list,
                entry,
                facts,
            } => {
                // The finding about the entry carries the need, if there is one.
                let found = words::rule(evidence, *rule).and_then(|rule| rule.lists.get(*list)?.entries.get(*entry));
                let told = found.is_some_and(|found| {
                    matches!(found.meaning, Meaning::Malformed { .. })
                        || alike
                            .get_or_insert_with(|| lookalike_domain::entries(evidence))
                            .contains(&found.span)
                });
                if told {
                    continue;
                }
                lacks(evidence, stream, fault, (*rule, *list), facts, false)
            }
            Cause::Partial { .. } => partial(evidence, stream, fault),
            Cause::Nothing => Some(nothing(evidence, stream, fault)),
            _ => None,
        };
        if let Some(draft) = draft {
            findings.push(Draft {
                remedies: mend::admit(evidence, fault),
                ..draft
            });
        }
    }
}

/// A control whose lists lack values of the vendor.
fn lacks(
    evidence: &Evidence<'_>,
    stream: &StreamEvidence<'_>,
    fault: &Fault,
    (rule, list): (RuleAt, usize),
    facts: &[usize],
    whole: bool,
) -> Option<Draft> {
    let rule = words::rule(evidence, rule)?;
    let list = rule.lists.get(list)?;
    let missing: Vec<&Fact> = facts
        .iter()
        .filter_map(|fact| stream.requirement.facts.get(*fact))
        .collect();
    let first = missing.first()?;
    let left = words::filters(fault.first.concerns);
    let mail = words::mail(evidence, &fault.streams);
    let name = words::called(&rule.object);
    let (message, text, help) = if whole {
        (
            format!(
                "none of {} values is in `{}` of {name}, so {mail} meets {left}",
                missing.len(),
                list.name
            ),
            format!("none of {} values is here", missing.len()),
            format!("add them to `{}`", list.name),
        )
    } else {
        (
            format!(
                "`{}` is not in `{}` of {name}, so {mail} meets {left}",
                first.text, list.name
            ),
            format!("no entry covers `{}`", first.text),
            format!("add `{}` to `{}`", entry(first, list.name), list.name),
        )
    };
    // The list takes IPv4 alone (https://learn.microsoft.com/defender-office-365/advanced-delivery-policy-configure).
    let is_v6 = |fact: &&Fact| matches!(&fact.means, Means::Hosts(hosts) if hosts.v4_only().is_empty());
    let help = if rule.control == "advanced-delivery" && missing.iter().all(is_v6) {
        "Advanced Delivery takes IPv4 only: ask the vendor to send over IPv4, or keep mail from coming over IPv6 (`Disable-IPv6ForAcceptedDomain`)"
            .to_owned()
    } else {
        help
    };
    let mut labels = vec![Label::new(list.span, text)];
    labels.extend(missing.iter().take(5).map(|fact| words::asked_value(fact)));
    Some(Draft {
        level: Some(words::capped(Level::Deny, &missing)),
        message,
        help,
        object: Some(rule.object.clone()),
        value: missing
            .iter()
            .map(|fact| fact.text.as_str())
            .collect::<Vec<_>>()
            .join(","),
        labels,
        ..draft::of(evidence, fault)
    })
}

/// What to enter for a value: a list of domains takes no address.
fn entry<'f>(fact: &'f Fact, list: &str) -> &'f str {
    let domain = fact.text.rsplit_once('@').map(|(_, domain)| domain);
    domain
        .filter(|domain| !domain.is_empty() && list.contains("Domain"))
        .unwrap_or(&fact.text)
}

/// A control that has every value and still leaves something: another condition of it does not hold.
fn partial(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, fault: &Fault) -> Option<Draft> {
    let Cause::Partial { rule } = fault.first.cause else {
        return None;
    };
    let rule = words::rule(evidence, rule)?;
    Some(Draft {
        message: format!(
            "{} does not match all {}, so the rest meets {}",
            words::called(&rule.object),
            words::mail(evidence, &fault.streams),
            words::filters(fault.first.concerns),
        ),
        help: "compare the witness with the conditions of this control".to_owned(),
        object: Some(rule.object.clone()),
        labels: vec![
            Label::new(rule.origin, "does not match the witness"),
            words::asked(stream),
        ],
        ..draft::of(evidence, fault)
    })
}

/// No control has anything of the vendor.
fn nothing(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, fault: &Fault) -> Draft {
    let required: Vec<&Fact> = stream.requirement.facts.iter().filter(|fact| fact.required).collect();
    let control = evidence
        .facts
        .path
        .rules()
        .map(|(_, _, rule)| rule)
        .find(|rule| rule.control == "advanced-delivery" && rule.in_force() && !rule.lists.is_empty())
        // Only simulations belong there.
        .filter(|_| stream.requirement.stream.clears.value == Clears::Everything);
    let mut labels: Vec<Label> = control
        .iter()
        .flat_map(|rule| &rule.lists)
        .map(|list| Label::new(list.span, format!("no entry is of `{}`", stream.requirement.vendor())))
        .collect();
    labels.push(words::asked(stream));
    Draft {
        level: Some(words::capped(Level::Deny, &required)),
        message: format!(
            "nothing exempts {} from {}",
            words::mail(evidence, &fault.streams),
            words::filters(fault.first.concerns),
        ),
        help: way(stream, fault.first.concerns).to_owned(),
        object: control.map(|rule| rule.object.clone()),
        labels,
        ..draft::of(evidence, fault)
    }
}

/// How such mail is usually cleared.
fn way(stream: &StreamEvidence<'_>, left: Concerns) -> &'static str {
    if stream.requirement.stream.clears.value == Clears::Everything {
        "list its domains and addresses in Advanced Delivery (`New-ExoPhishSimOverrideRule`, or the portal)"
    } else if left == Concerns::of(&[Concern::Impersonation]) {
        "add its domains to the trusted domains of the anti-phishing policy that applies (`ExcludedDomains`)"
    } else {
        "allow it by its addresses: a mail-flow rule that sets the spam score to -1, or `IPAllowList`"
    }
}
