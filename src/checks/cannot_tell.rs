//! `cannot-tell`: an answer is undecided; names what would decide it.

use std::collections::BTreeMap;

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::Cause;
use crate::evidence::{Evidence, words};
use crate::message::{Concerns, MessageSet};
use crate::path::NeedId;
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
            let Cause::Undecided { needs } = &diagnosis.cause else {
                continue;
            };
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
