//! `mail-not-cleared`: a stage does not clear a concern for part or all of a stream.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::{Cause, Diagnosis};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::problem::{Label, Level};
use crate::requirement::Fact;

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
    for stream in &evidence.streams {
        for diagnosis in &stream.diagnoses {
            let draft = match &diagnosis.cause {
                Cause::Lacks { .. } => lacks(evidence, stream, diagnosis),
                Cause::Partial { rule } => words::rule(evidence, *rule).map(|rule| Draft {
                    message: format!(
                        "`{}` does not clear all {} mail of `{}`: {} left",
                        words::bare(&rule.object),
                        stream.requirement.stream_id(),
                        stream.requirement.vendor(),
                        is_are(&words::concerns(diagnosis.concerns)),
                    ),
                    help: "compare the witness with the conditions of this control".to_owned(),
                    object: Some(rule.object.clone()),
                    labels: vec![
                        Label::new(rule.origin, "does not match the witness"),
                        words::asked(stream),
                    ],
                    ..Draft::default()
                }),
                Cause::Nothing => Some(nothing(evidence, stream, diagnosis)),
                _ => None,
            };
            let Some(draft) = draft else { continue };
            findings.push(Draft {
                vendor: Some(stream.requirement.vendor().to_owned()),
                stream: Some(stream.requirement.stream_id().to_owned()),
                stage: Some(words::stage(evidence, diagnosis)),
                witness: words::witness(&diagnosis.part),
                ..draft
            });
        }
    }
}

fn is_are(concerns: &str) -> String {
    format!("{concerns} {}", if concerns.contains(' ') { "are" } else { "is" })
}

fn lacks(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, diagnosis: &Diagnosis) -> Option<Draft> {
    let Cause::Lacks {
        rule,
        list,
        facts,
        whole,
    } = &diagnosis.cause
    else {
        return None;
    };
    let rule = words::rule(evidence, *rule)?;
    let list = rule.lists.get(*list)?;
    let missing: Vec<&Fact> = facts
        .iter()
        .filter_map(|fact| stream.requirement.facts.get(*fact))
        .collect();
    let first = missing.first()?;
    let level = words::capped(Level::Deny, &missing);
    let concerns = words::concerns(diagnosis.concerns);
    let (message, text) = if *whole {
        (
            format!(
                "`{}` has none of the {} values of `{}` in `{}`, so {concerns} stay for its {} mail",
                words::bare(&rule.object),
                missing.len(),
                stream.requirement.vendor(),
                list.name,
                stream.requirement.stream_id(),
            ),
            format!("none of {} values is here", missing.len()),
        )
    } else {
        (
            format!(
                "`{}` is not in `{}` of `{}`, so {concerns} {} for that mail of `{}`",
                first.text,
                list.name,
                words::bare(&rule.object),
                if concerns.contains(' ') { "stay" } else { "stays" },
                stream.requirement.vendor(),
            ),
            format!("no entry covers `{}`", first.text),
        )
    };
    let mut labels = vec![Label::new(list.span, text)];
    labels.extend(malformed(list, first));
    labels.extend(missing.iter().take(5).map(|fact| words::asked_value(fact)));
    let value = missing
        .iter()
        .map(|fact| fact.text.as_str())
        .collect::<Vec<_>>()
        .join(",");
    Some(Draft {
        level: Some(level),
        message,
        help: format!(
            "add {} to `{}`",
            if *whole {
                "them".to_owned()
            } else {
                format!("`{}`", first.text)
            },
            list.name
        ),
        object: Some(rule.object.clone()),
        value,
        labels,
        ..Draft::default()
    })
}

/// An entry that was probably meant to be the missing value.
fn malformed(list: &crate::path::List, fact: &Fact) -> Option<Label> {
    list.entries.iter().find_map(|entry| {
        let crate::path::Meaning::Malformed { why, .. } = &entry.meaning else {
            return None;
        };
        entry
            .text
            .contains(&fact.text)
            .then(|| Label::new(entry.span, format!("this entry {why}")))
    })
}

fn nothing(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, diagnosis: &Diagnosis) -> Draft {
    let requirement = stream.requirement;
    let required: Vec<&Fact> = requirement.facts.iter().filter(|fact| fact.required).collect();
    let concerns = words::concerns(diagnosis.concerns);
    let control = evidence
        .facts
        .path
        .rules()
        .find(|(_, _, rule)| rule.control == "advanced-delivery" && rule.in_force());
    let mut labels: Vec<Label> = control
        .iter()
        .flat_map(|(_, _, rule)| &rule.lists)
        .map(|list| Label::new(list.span, format!("no entry is of `{}`", requirement.vendor())))
        .collect();
    labels.push(words::asked(stream));
    Draft {
        level: Some(words::capped(Level::Deny, &required)),
        message: format!(
            "nothing clears {} mail of `{}`: {}",
            requirement.stream_id(),
            requirement.vendor(),
            is_are(&format!("{concerns} left"))
                .replace("left is", "is left")
                .replace("left are", "are left"),
        ),
        help: "list its domains and addresses in Advanced Delivery (`New-ExoPhishSimOverrideRule`, or the portal)"
            .to_owned(),
        object: control.map(|(_, _, rule)| rule.object.clone()),
        labels,
        ..Draft::default()
    }
}
