//! What keeps a stream from getting through, each part put down to one cause.
//!
//! One fault, one finding (semantics, section 7): a cause takes the part of the stream that it explains,
//! and only what nothing explains is "not cleared".

mod missing;
mod part;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::message::union::Union;
use crate::message::{Concern, Concerns, Cube, MessageSet};
use crate::pack::Clears;
use crate::path::trace::{Trace, narrowed};
use crate::path::{DNS, Force, MX, NeedId, Rule, RuleAt, Verdict};
use crate::requirement::Requirement;

use super::unseen::{Unseen, exports_among};
use super::{Facts, Row};

use missing::lacking;
pub use part::Part;

pub use missing::{compares, holds, meant_as, shows, touches};

/// One fault, whatever streams it concerns.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The fault as the first of the streams shows it.
    pub first: Diagnosis,
    /// Indexes of the streams.
    pub streams: Vec<usize>,
}

/// Faults of all streams; what has one cause is one fault.
pub fn faults(streams: &[super::StreamEvidence<'_>]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut known: HashMap<(Key, Vec<String>), usize> = HashMap::new();
    for (index, stream) in streams.iter().enumerate() {
        for diagnosis in &stream.diagnoses {
            let mut key = (key(&diagnosis.cause), values(&diagnosis.cause, stream.requirement));
            if let Some(at) = known.get(&key)
                && let Some(fault) = faults.get_mut(*at)
            {
                // Nothing is there for both, unless one of them is partly looked after.
                let apart = |one: Concerns, other: Concerns| !one.without(other).is_empty();
                let (one, other) = (fault.first.concerns, diagnosis.concerns);
                let two = matches!(diagnosis.cause, Cause::Nothing) && apart(one, other) && apart(other, one);
                if !two {
                    fault.first.concerns = one.and(other);
                    fault.first.stage = fault.first.stage.min(diagnosis.stage);
                    fault.streams.push(index);
                    continue;
                }
                key.1.push(stream.requirement.stream_id().to_owned());
            }
            known.insert(key, faults.len());
            faults.push(Fault {
                first: diagnosis.clone(),
                streams: vec![index],
            });
        }
    }
    faults
}

/// What tells faults with one key apart: the values that are missing; the vendor, where there is no rule to name.
fn values(cause: &Cause, requirement: &Requirement<'_>) -> Vec<String> {
    match cause {
        Cause::Lacks { facts, .. } => facts
            .iter()
            .filter_map(|fact| requirement.facts.get(*fact))
            .map(|fact| fact.text.clone())
            .collect(),
        Cause::Partial { .. } | Cause::Nothing => vec![requirement.vendor().to_owned()],
        Cause::Undecided { .. } => vec![requirement.vendor().to_owned(), requirement.stream_id().to_owned()],
        _ => Vec::new(),
    }
}

/// A cause without its messages: equal for what is one cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Ended(RuleAt),
    Dormant(RuleAt),
    Shadowed(Option<RuleAt>, RuleAt),
    TooWeak(Option<RuleAt>, Option<NeedId>),
    /// Which facts are missing is not said: their numbers differ between streams.
    Lacks(RuleAt, usize, bool),
    Garbled(RuleAt, usize, usize),
    Partial(RuleAt),
    Nothing,
    /// What names its need is one question; what names none is one for each rule.
    Undecided(Vec<NeedId>, Option<RuleAt>),
}

fn key(cause: &Cause) -> Key {
    match cause {
        Cause::Ended { by, .. } => Key::Ended(*by),
        Cause::Dormant { rule } => Key::Dormant(*rule),
        Cause::Shadowed { rule, by } => Key::Shadowed(*rule, *by),
        Cause::TooWeak { rule, need } => Key::TooWeak(*rule, *need),
        Cause::Lacks { rule, list, whole, .. } => Key::Lacks(*rule, *list, *whole),
        Cause::Garbled { rule, list, entry, .. } => Key::Garbled(*rule, *list, *entry),
        Cause::Partial { rule } => Key::Partial(*rule),
        Cause::Nothing => Key::Nothing,
        Cause::Undecided { needs, by } => {
            Key::Undecided(needs.iter().copied().collect(), by.filter(|_| needs.is_empty()))
        }
    }
}

/// One fault of one stream.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Why.
    pub cause: Cause,
    /// Index of the stage.
    pub stage: usize,
    /// Concerns it leaves.
    pub concerns: Concerns,
    /// The messages it concerns.
    pub part: Part,
}

/// Why part of a stream does not get through, or nobody can say whether it does.
#[derive(Debug, Clone)]
pub enum Cause {
    /// A rule ends the way.
    Ended {
        /// The rule.
        by: RuleAt,
        /// How.
        verdict: Verdict,
    },
    /// A rule would clear it, but takes no part.
    Dormant {
        /// The rule.
        rule: RuleAt,
    },
    /// A rule would clear it, but another stops or undoes it.
    Shadowed {
        /// The rule that would clear it.
        rule: Option<RuleAt>,
        /// The other.
        by: RuleAt,
    },
    /// Only high-confidence phish is left.
    TooWeak {
        /// The control that clears the rest.
        rule: Option<RuleAt>,
        /// What would decide, if it is undecided.
        need: Option<NeedId>,
    },
    /// A control lacks values.
    Lacks {
        /// The control.
        rule: RuleAt,
        /// Index of its list.
        list: usize,
        /// Indexes of the requirement's facts that are missing.
        facts: Vec<usize>,
        /// Whether the list holds none of the values of this identity.
        whole: bool,
    },
    /// An entry of a control was meant to be a value, and is not: malformed, or one edit from it.
    Garbled {
        /// The control.
        rule: RuleAt,
        /// Index of its list.
        list: usize,
        /// Index of the entry.
        entry: usize,
        /// Indexes of the requirement's facts that are lost by it.
        facts: Vec<usize>,
    },
    /// A control has every value and still leaves something.
    Partial {
        /// The control.
        rule: RuleAt,
    },
    /// Nothing there clears it.
    Nothing,
    /// Undecided.
    Undecided {
        /// What would decide.
        needs: BTreeSet<NeedId>,
        /// The rule that may end the way, if that is what is undecided.
        by: Option<RuleAt>,
    },
}

/// Puts what is left of a stream down to causes.
pub(super) fn diagnose(
    facts: &Facts<'_>,
    requirement: &Requirement<'_>,
    trace: &Trace<'_>,
    rows: &[Row],
    unseen: Vec<Unseen>,
) -> Vec<Diagnosis> {
    let unseen = unseen.into_iter().map(|unseen| Diagnosis {
        cause: Cause::Undecided {
            needs: unseen.needs,
            by: None,
        },
        stage: unseen.stage,
        concerns: unseen.concerns,
        part: unseen.part.into(),
    });
    let mut found: Vec<Diagnosis> = unseen.collect();
    if requirement.needs_smtp() {
        for end in &trace.ends {
            if !end.sure.is_empty() {
                found.push(Diagnosis {
                    cause: Cause::Ended {
                        by: end.at,
                        verdict: end.verdict,
                    },
                    stage: end.at.stage,
                    concerns: Concerns::of(&[Concern::Routing]),
                    part: end.sure.clone().into(),
                });
            }
            if !end.unsure.is_empty() {
                found.push(Diagnosis {
                    cause: Cause::Undecided {
                        needs: end.needs.clone(),
                        by: Some(end.at),
                    },
                    stage: end.at.stage,
                    concerns: Concerns::of(&[Concern::Routing]),
                    part: end.unsure.clone().into(),
                });
            }
        }
    }
    for (concerns, row) in grouped(rows) {
        let mut left = row.coverage.left.clone();
        let mut put = |cause: Cause, part: MessageSet| {
            found.push(Diagnosis {
                cause,
                stage: row.stage,
                concerns,
                part: part.into(),
            });
        };
        for (by, part) in &row.coverage.undone {
            let rule = row.coverage.clearers.iter().copied().find(|clearer| clearer < by);
            let hits = || trace.hits.iter().filter(|hit| hit.at == *by);
            let sure = hits().fold(MessageSet::empty(), |all, hit| all.union(&hit.sure));
            let taken = part.intersect(&sure);
            if !taken.is_empty() {
                put(Cause::Shadowed { rule, by: *by }, taken);
            }
            // A rule that may not match at all is a question before it is a fault.
            let perhaps = part.minus(&sure);
            if !perhaps.is_empty() {
                let needs = hits().flat_map(|hit| hit.needs.iter().copied()).collect();
                put(Cause::Undecided { needs, by: Some(*by) }, perhaps);
            }
        }
        for (at, _, rule) in trace
            .path
            .rules()
            .filter(|(at, _, rule)| at.stage <= row.stage && !rule.in_force())
        {
            if left.is_empty() {
                break;
            }
            if !rule.may_clear().overlaps(concerns) {
                continue;
            }
            // A rule about what the pack leaves open would not clear the vendor's mail, only mail that happens to look so.
            let part = rule.guard.split(&left).sure.map(|cube| stated(cube, requirement));
            if !part.is_empty() {
                left = left.minus(&part);
                put(Cause::Dormant { rule: at }, part);
            }
        }
        for shadow in &trace.shadows {
            let clears = trace
                .path
                .rule(shadow.at)
                .is_some_and(|rule| rule.may_clear().overlaps(concerns));
            let part = left.intersect(&shadow.set);
            if clears && !part.is_empty() {
                left = left.minus(&part);
                put(
                    Cause::Shadowed {
                        rule: Some(shadow.at),
                        by: shadow.by,
                    },
                    part,
                );
            }
        }
        if !left.is_empty() {
            for (cause, part) in lacking(requirement, trace, concerns, left) {
                put(cause, part);
            }
        }
        let undone: MessageSet = row
            .coverage
            .undone
            .iter()
            .fold(MessageSet::empty(), |all, (_, part)| all.union(part));
        let undecided = row.coverage.undecided.minus(&undone);
        if !undecided.is_empty() {
            put(
                Cause::Undecided {
                    needs: row.coverage.needs.clone(),
                    by: None,
                },
                undecided,
            );
        }
    }
    let found = sharpened(facts, merged(found));
    weigh(facts, requirement, trace, found)
}

/// What is undecided for mail that a surer fault keeps back anyway goes without saying, unless an export is missing; of
/// several things that would decide, the plainest is asked for.
fn sharpened(facts: &Facts<'_>, mut found: Vec<Diagnosis>) -> Vec<Diagnosis> {
    let held: Union = found
        .iter()
        .filter(|diagnosis| !matches!(diagnosis.cause, Cause::Undecided { .. }))
        .map(|diagnosis| (*diagnosis.part).clone())
        .collect();
    let held = Arc::new(held.into_set());
    for diagnosis in &mut found {
        if let Cause::Undecided { needs, .. } = &mut diagnosis.cause {
            let exports = exports_among(facts, needs);
            if exports.is_empty() {
                diagnosis.part = diagnosis.part.less(&held);
                *needs = plainest(facts, needs);
            } else {
                // A missing export is a fault of its own, whatever else keeps the mail back.
                *needs = exports;
            }
        }
    }
    found.retain(|diagnosis| !diagnosis.part.is_empty());
    merged(found)
}

/// Missing exports before conditions of rules before DNS before what no source says.
fn plainest(facts: &Facts<'_>, needs: &BTreeSet<NeedId>) -> BTreeSet<NeedId> {
    let rank = |need: &NeedId| match facts.path.needed(*need).map_or("", |need| need.key.as_str()) {
        key if key.starts_with("export/") || key.starts_with("hop/") => 0,
        key if key.starts_with("open/") => 2,
        DNS | MX => 3,
        key if key.starts_with("unconfirmed/") => 4,
        _ => 1,
    };
    let best = needs.iter().map(rank).min().unwrap_or(0);
    needs.iter().copied().filter(|need| rank(need) == best).collect()
}

/// The cube, if it says nothing of what the pack leaves open.
fn stated(cube: &Cube, requirement: &Requirement<'_>) -> Option<Cube> {
    narrowed(cube, requirement.open).is_none().then(|| cube.clone())
}

/// Concerns of one stage with the same answer are one question.
fn grouped(rows: &[Row]) -> Vec<(Concerns, &Row)> {
    let mut groups: Vec<(Concerns, &Row)> = Vec::new();
    for row in rows.iter().filter(|row| row.concern != Concern::Routing) {
        if row.coverage.left.is_empty() && row.coverage.undecided.is_empty() {
            continue;
        }
        let same = |other: &Row| {
            other.coverage.left == row.coverage.left
                && other.coverage.undecided == row.coverage.undecided
                && other.coverage.needs == row.coverage.needs
                && other.coverage.clearers == row.coverage.clearers
        };
        match groups.iter_mut().find(|(_, other)| same(other)) {
            Some((concerns, _)) => *concerns = concerns.and(Concerns::of(&[row.concern])),
            None => groups.push((Concerns::of(&[row.concern]), row)),
        }
    }
    groups
}

/// Diagnoses with one cause are one, whatever concerns and stages they are about.
fn merged(found: Vec<Diagnosis>) -> Vec<Diagnosis> {
    let mut merged: Vec<Diagnosis> = Vec::new();
    let mut known: HashMap<(Key, Vec<usize>), usize> = HashMap::new();
    for diagnosis in found {
        let facts = match &diagnosis.cause {
            Cause::Lacks { facts, .. } => facts.clone(),
            _ => Vec::new(),
        };
        let at = *known.entry((key(&diagnosis.cause), facts)).or_insert(merged.len());
        match merged.get_mut(at) {
            Some(known) => {
                known.concerns = known.concerns.and(diagnosis.concerns);
                known.part.absorb(&diagnosis.part);
                known.stage = known.stage.min(diagnosis.stage);
                if let (Cause::Garbled { facts: known, .. }, Cause::Garbled { facts, .. }) =
                    (&mut known.cause, diagnosis.cause)
                {
                    known.extend(facts);
                    known.sort_unstable();
                    known.dedup();
                }
            }
            None => merged.push(diagnosis),
        }
    }
    merged
}

const HIGH_PHISH: Concerns = Concerns::of(&[Concern::HighConfidencePhish]);

/// Only high-confidence phish left: a control is there and too weak. Beside a sharper cause it goes without saying.
fn weigh(facts: &Facts<'_>, requirement: &Requirement<'_>, trace: &Trace<'_>, found: Vec<Diagnosis>) -> Vec<Diagnosis> {
    if requirement.stream.clears.value != Clears::Everything {
        return found;
    }
    let sharper = found.iter().any(|diagnosis| {
        !matches!(diagnosis.cause, Cause::Undecided { .. } | Cause::Ended { .. }) && diagnosis.concerns != HIGH_PHISH
    });
    let clearer = trace.hits.iter().map(|hit| hit.at).find(|at| {
        trace
            .path
            .rule(*at)
            .is_some_and(|rule: &Rule| rule.clears().has(Concern::Spam) && matches!(rule.force, Force::InForce))
    });
    found
        .into_iter()
        .filter_map(|mut diagnosis| {
            if diagnosis.concerns != HIGH_PHISH {
                return Some(diagnosis);
            }
            let mx = |needs: &BTreeSet<NeedId>| {
                needs
                    .iter()
                    .copied()
                    .find(|need| facts.path.needed(*need).is_some_and(|need| need.key == MX))
            };
            let need = match &diagnosis.cause {
                // Where something else is missing too, that may be what clears it.
                Cause::Undecided { needs, .. } if needs.len() > 1 => return Some(diagnosis),
                Cause::Undecided { needs, .. } => match mx(needs) {
                    Some(need) => Some(need),
                    None => return Some(diagnosis),
                },
                Cause::Nothing | Cause::Partial { .. } | Cause::Lacks { .. } => None,
                _ => return Some(diagnosis),
            };
            if sharper {
                return None;
            }
            diagnosis.cause = Cause::TooWeak { rule: clearer, need };
            Some(diagnosis)
        })
        .collect()
}
