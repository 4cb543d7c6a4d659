//! `cannot-tell`: an answer is undecided; names what would decide it.

use std::collections::BTreeMap;

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::{Cause, Diagnosis};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::message::{Concerns, MessageSet};
use crate::path::{NeedId, RuleAt};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "cannot-tell",
    summary: "an answer is undecided for want of an export, a value, or a documented product behaviour",
    page: include_str!("cannot-tell.md"),
    group: Group::Evidence,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

struct Asked {
    streams: Vec<(String, String)>,
    concerns: Concerns,
    part: MessageSet,
    stage: usize,
    label: Label,
}

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    // One finding per missing thing, however many streams and stages need it.
    let mut asked: BTreeMap<NeedId, Asked> = BTreeMap::new();
    for stream in &evidence.streams {
        if stream.requirement.unset.iter().any(|parameter| parameter.required) {
            // The parameter is the missing thing, and has a finding of its own.
            continue;
        }
        for diagnosis in &stream.diagnoses {
            let Cause::Undecided { needs, by } = &diagnosis.cause else {
                continue;
            };
            if needs.is_empty() {
                findings.push(unstated(evidence, stream, diagnosis, *by));
                continue;
            }
            let name = (
                stream.requirement.vendor().to_owned(),
                stream.requirement.stream_id().to_owned(),
            );
            for need in needs {
                let entry = asked.entry(*need).or_insert_with(|| Asked {
                    streams: Vec::new(),
                    concerns: Concerns::NONE,
                    part: diagnosis.part.clone(),
                    stage: diagnosis.stage,
                    label: words::asked(stream),
                });
                entry.concerns = entry.concerns.and(diagnosis.concerns);
                if !entry.streams.contains(&name) {
                    entry.streams.push(name.clone());
                }
            }
        }
    }
    for (id, asked) in asked {
        let Some(need) = evidence.need(id) else { continue };
        let names: Vec<String> = asked
            .streams
            .iter()
            .map(|(vendor, stream)| format!("{stream} mail of `{vendor}`"))
            .collect();
        let shown = if names.len() > 3 {
            format!(
                "{} and {} more streams",
                names.first().cloned().unwrap_or_default(),
                names.len() - 1
            )
        } else {
            words::list(&names)
        };
        let mut labels: Vec<Label> = need
            .origin
            .map(|span| Label::new(span, "this cannot be decided"))
            .into_iter()
            .collect();
        labels.push(asked.label);
        let one = asked.streams.len() == 1;
        findings.push(Draft {
            level: Some(need.level),
            message: format!(
                "cannot tell whether {shown} is spared {}: {}",
                words::concerns(asked.concerns),
                need.text
            ),
            help: need.help.clone(),
            vendor: asked.streams.first().filter(|_| one).map(|(vendor, _)| vendor.clone()),
            stream: asked.streams.first().filter(|_| one).map(|(_, stream)| stream.clone()),
            stage: one.then(|| evidence.stage_id(asked.stage)),
            value: need.key.clone(),
            labels,
            witness: words::witness(&asked.part),
            ..Draft::default()
        });
    }
}

/// A rule that may catch the mail, since the pack does not say what the rule asks for.
fn unstated(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, diagnosis: &Diagnosis, by: Option<RuleAt>) -> Draft {
    let requirement = stream.requirement;
    let rule = by.and_then(|by| words::rule(evidence, by));
    let name = rule.map_or("a rule", |rule| words::bare(&rule.object));
    let mut labels: Vec<Label> = rule
        .map(|rule| Label::new(rule.origin, "may catch part of it"))
        .into_iter()
        .collect();
    labels.push(words::asked(stream));
    Draft {
        level: Some(Level::Warn),
        message: format!(
            "cannot tell whether {} mail of `{}` is spared {}: `{name}` asks for something that the pack does not state",
            requirement.stream_id(),
            requirement.vendor(),
            words::concerns(diagnosis.concerns),
        ),
        help: format!("except the vendor's mail from `{name}`"),
        vendor: Some(requirement.vendor().to_owned()),
        stream: Some(requirement.stream_id().to_owned()),
        stage: Some(words::stage(evidence, diagnosis)),
        object: rule.map(|rule| rule.object.clone()),
        value: "unstated".to_owned(),
        labels,
        witness: words::witness(&diagnosis.part),
    }
}
