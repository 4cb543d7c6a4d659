//! `cannot-tell`: an answer is undecided; names what would decide it.

use std::collections::BTreeMap;

use crate::check::{Check, Draft, Findings, Group, Witness};
use crate::evidence::diagnosis::{Cause, Part};
use crate::evidence::holes::{Hole, Question};
use crate::evidence::{Evidence, words};
use crate::message::{Concern, Concerns, MessageSet};
use crate::path::{Need, NeedId, Rule, RuleAt};
use crate::problem::{Label, Level};
use crate::source::Span;

use super::ended;

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

/// More rules than this are not underlined.
const SHOWN: usize = 5;

struct Asked {
    streams: Vec<usize>,
    concerns: Concerns,
    part: Part,
    stage: usize,
    /// The rules that may end the way, each with the part it may end.
    rules: Vec<(RuleAt, Part)>,
}

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    // One finding per missing thing, however many streams and stages need it.
    let mut asked: BTreeMap<NeedId, Asked> = BTreeMap::new();
    for (index, stream) in evidence.streams.iter().enumerate() {
        if stream.requirement.unset.iter().any(|parameter| parameter.required) {
            // The parameter is the missing thing, and has a finding of its own.
            continue;
        }
        for diagnosis in &stream.diagnoses {
            let Cause::Undecided { needs, by } = &diagnosis.cause else {
                continue;
            };
            for need in needs {
                let entry = asked.entry(*need).or_insert_with(|| Asked {
                    streams: Vec::new(),
                    concerns: Concerns::NONE,
                    part: diagnosis.part.clone(),
                    stage: diagnosis.stage,
                    rules: Vec::new(),
                });
                let known = |by: &RuleAt| entry.rules.iter().any(|(at, _)| at == by);
                let by = by.filter(|by| !known(by));
                entry.rules.extend(by.map(|by| (by, diagnosis.part.clone())));
                entry.concerns = entry.concerns.and(diagnosis.concerns);
                if !entry.streams.contains(&index) {
                    entry.streams.push(index);
                }
            }
        }
    }
    holes(evidence, &asked, findings);
    for (id, asked) in asked {
        let Some(need) = evidence.need(id).filter(|need| !need.told) else {
            continue;
        };
        let Some(stream) = asked.streams.first().and_then(|index| evidence.streams.get(*index)) else {
            continue;
        };
        let mut labels: Vec<Label> = at_origin(need).into_iter().collect();
        for (at, part) in asked.rules.iter().take(SHOWN) {
            let Some(rule) = words::rule(evidence, *at) else {
                continue;
            };
            // What stands nowhere is an export that is missing.
            if rule.control != "hop" && !need.key.starts_with("export/") && Some(rule.origin) != need.origin {
                labels.push(Label::new(
                    blocking(rule, part).unwrap_or(rule.origin),
                    format!("{} may stop it", words::called(&rule.object)),
                ));
            }
        }
        labels.push(words::asked(stream));
        let (vendor, of) = words::owner(evidence, &asked.streams);
        let mail = words::mail(evidence, &asked.streams);
        let what = if asked.concerns == Concerns::of(&[Concern::Routing]) {
            format!("{mail} is let through")
        } else {
            format!(
                "{mail} is exempt from {}",
                words::filters(asked.concerns.without(Concerns::of(&[Concern::Routing])))
            )
        };
        findings.push(Draft {
            level: Some(need.level),
            message: format!("cannot tell whether {what}: {}", need.text),
            help: need.help.clone(),
            stage: of.is_some().then(|| evidence.stage_id(asked.stage)),
            vendor,
            stream: of,
            value: need.key.clone(),
            labels,
            // A message shows nothing about an export that is not there.
            witness: words::witness(evidence, &asked.streams, &asked.part).filter(|_| !need.key.starts_with("export/")),
            ..Draft::default()
        });
    }
}

/// The entry of a list of blocks that may stop the part; its rule is only one of those of its policy.
fn blocking(rule: &Rule, part: &MessageSet) -> Option<Span> {
    if !rule.control.ends_with("-block") {
        return None;
    }
    let caught = rule.lists.iter().find_map(|list| ended::catching(list, part));
    caught.map(|entry| entry.span)
}

/// Allows of which it is not known whether somebody else can use them: one finding for each missing thing that no stream
/// asks for.
fn holes(evidence: &Evidence<'_>, asked: &BTreeMap<NeedId, Asked>, findings: &mut Findings<'_>) {
    let mut open: BTreeMap<NeedId, Vec<&Hole>> = BTreeMap::new();
    for hole in evidence
        .holes
        .iter()
        .filter(|hole| hole.question == Question::Undecided)
    {
        // What a stream asks for has to be supplied first; more may come out then.
        if hole.needs.iter().any(|need| asked.contains_key(need)) {
            continue;
        }
        for need in &hole.needs {
            open.entry(*need).or_default().push(hole);
        }
    }
    for (id, holes) in open {
        let Some(need) = evidence.need(id).filter(|need| !need.told) else {
            continue;
        };
        let rules: Vec<&Rule> = holes
            .iter()
            .filter_map(|hole| words::rule(evidence, hole.rule))
            .collect();
        let (Some(hole), Some(rule)) = (holes.first(), rules.first()) else {
            continue;
        };
        let mut labels: Vec<Label> = at_origin(need).into_iter().collect();
        // What stands for an export that is missing is nowhere.
        let missing = need.key.starts_with("export/");
        labels.extend(rules.iter().take(SHOWN).map(|rule| {
            let text = if missing {
                "supplied without it"
            } else {
                "may let others in"
            };
            Label::new(rule.origin, text)
        }));
        let what = if missing {
            "the mail of strangers skips a filter".to_owned()
        } else {
            format!("anyone else can use {}", words::called(&rule.object))
        };
        findings.push(Draft {
            level: Some(need.level),
            message: format!("cannot tell whether {what}: {}", need.text),
            help: need.help.clone(),
            stage: Some(evidence.stage_id(hole.rule.stage)),
            value: need.key.clone(),
            labels,
            witness: hole
                .witness
                .as_ref()
                .map(|message| Witness::of(message).straight(hole.straight)),
            ..Draft::default()
        });
    }
}

fn at_origin(need: &Need) -> Option<Label> {
    need.origin.map(|span| Label::new(span, "this cannot be decided"))
}
