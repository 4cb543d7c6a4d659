//! `malformed-entry`: an entry cannot match what it was meant for.

use std::collections::{HashMap, HashSet};

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::diagnosis::{Cause, compares, holds};
use crate::evidence::entries::{is_allow, object};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::path::{Entry, List, Meaning, RuleAt};
use crate::problem::{Label, Level};
use crate::requirement::Fact;

use super::near::Near;

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
    let mut needs: Option<Wanted<'_>> = None;
    for (at, stage, rule) in evidence.facts.path.rules() {
        for (index, list) in rule.lists.iter().enumerate() {
            for entry in &list.entries {
                let Meaning::Malformed { why, .. } = &entry.meaning else {
                    continue;
                };
                let needs = needs.get_or_insert_with(|| Wanted::of(evidence));
                let allows = is_allow(rule) && rule.in_force() && !list.exception;
                let lost = if allows {
                    needs.lost(evidence, list, entry)
                } else {
                    None
                };
                let object = object(rule, entry);
                let mut labels = vec![Label::new(entry.span, why.clone())];
                let mut draft = Draft {
                    message: format!(
                        "`{}` in `{}` of `{}` is malformed: {why}",
                        entry.text,
                        list.name,
                        words::bare(&object)
                    ),
                    help: "write one address, network, range or domain an entry, as the product takes it".to_owned(),
                    stage: Some(stage.id),
                    value: entry.text.to_ascii_lowercase(),
                    object: Some(object),
                    ..Draft::default()
                };
                if let Some((stream, fact, number)) = lost {
                    labels.push(words::asked_value(fact));
                    if !needs.spoken.contains(&(at, index, number)) {
                        // Nobody else says that this need is lost.
                        draft.level = Some(words::capped(Level::Deny, &[fact]));
                    }
                    draft.message = format!(
                        "{}, so `{}` of `{}` is not there",
                        draft.message,
                        fact.text,
                        stream.requirement.vendor()
                    );
                    draft.help = format!("write `{}` as an entry of its own", fact.text);
                    draft.vendor = Some(stream.requirement.vendor().to_owned());
                    draft.stream = Some(stream.requirement.stream_id().to_owned());
                }
                draft.labels = labels;
                findings.push(draft);
            }
        }
    }
}

/// Stream and fact.
type Number = (usize, usize);

/// What declared streams need, by how it is written. Only built where an entry is malformed.
struct Wanted<'e> {
    by_text: HashMap<&'e str, Vec<Number>>,
    near: Near<Number>,
    /// Needs that another check tells to be missing from a list.
    spoken: HashSet<(RuleAt, usize, Number)>,
}

impl<'e> Wanted<'e> {
    fn of(evidence: &'e Evidence<'_>) -> Self {
        let mut by_text: HashMap<&str, Vec<Number>> = HashMap::new();
        let mut words = Vec::new();
        let mut spoken = HashSet::new();
        for (number, stream) in evidence.streams.iter().enumerate() {
            let facts = stream.requirement.facts.iter().enumerate();
            for (at, fact) in facts.filter(|(_, fact)| fact.required && !fact.secret) {
                by_text.entry(&fact.text).or_default().push((number, at));
                words.push((fact.text.clone(), (number, at)));
            }
            for diagnosis in &stream.diagnoses {
                if let Cause::Lacks { rule, list, facts, .. } = &diagnosis.cause {
                    spoken.extend(facts.iter().map(|fact| (*rule, *list, (number, *fact))));
                }
            }
        }
        Self {
            by_text,
            near: Near::of(words, 6),
            spoken,
        }
    }

    /// A need that the entry was meant for, that no other entry of the list covers, and whose stream does not get through.
    fn lost<'s, 'a>(
        &self,
        evidence: &'s Evidence<'a>,
        list: &List,
        entry: &Entry,
    ) -> Option<(&'s StreamEvidence<'a>, &'s Fact, Number)> {
        self.meant(&entry.text.trim().to_ascii_lowercase())
            .into_iter()
            .find_map(|number| {
                let stream = evidence.streams.get(number.0)?;
                let fact = stream.requirement.facts.get(number.1)?;
                let lost = stream.gets_through() != Some(true) && compares(list, fact) && !holds(list, fact);
                lost.then_some((stream, fact, number))
            })
    }

    /// Values that stand in a text, or are one edit from it or from a part of it.
    fn meant(&self, text: &str) -> Vec<Number> {
        let mut found: Vec<Number> = self.near.to(text).into_iter().map(|(_, number)| *number).collect();
        let parts = text.split(|letter: char| letter.is_whitespace() || [',', ';', '|'].contains(&letter));
        for part in parts.filter(|part| !part.is_empty()) {
            found.extend(self.near.to(part).into_iter().map(|(_, number)| *number));
            // Run together with something else, a value stands at one of the ends.
            for (at, _) in part.char_indices().chain([(part.len(), ' ')]) {
                let ends = [part.get(..at), part.get(at..)];
                for end in ends.into_iter().flatten() {
                    found.extend(self.by_text.get(end).into_iter().flatten());
                }
            }
        }
        let mut met = HashSet::new();
        found.retain(|number| met.insert(*number));
        found
    }
}
