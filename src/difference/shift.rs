//! What changes between two sides, concern by concern, for one set of messages.

use std::collections::BTreeSet;

use crate::message::{Concern, Concerns, MessageSet};
use crate::path::Pred;
use crate::path::coverage::Coverage;
use crate::path::trace::Trace;

use super::parts::{Parts, Standing, of_trace};
use super::side::{Entry, Side};
use super::touched::{changed, questions, touched, widened};

/// Messages that fare alike on each side, and not the same on both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shift {
    /// The concerns it is about.
    pub concerns: Concerns,
    /// What became of them on the old side.
    pub from: Standing,
    /// What becomes of them on the new side.
    pub to: Standing,
    /// The messages. Undecided on both sides are only those that hang on something else than before.
    pub set: MessageSet,
    /// Whether a set grew past the cap, so that more messages may belong to it.
    pub capped: bool,
    /// Undecided on both sides: whether nothing may clear them that could not before.
    pub fewer: bool,
}

/// Rules in force that ask for texts of headers: each parts the messages anew, so that more of them would take hours.
const MAX_ABOUT_TEXTS: usize = 32;

fn n_about_texts(side: Side<'_>) -> usize {
    let about = |pred: &Pred| matches!(pred, Pred::Header(..));
    let rules = side
        .path
        .rules()
        .map(|(_, _, rule)| rule)
        .filter(|rule| rule.in_force());
    rules
        .filter(|rule| rule.guard.when.iter().chain(&rule.guard.unless).any(about))
        .count()
}

/// Whether too many rules ask for texts of headers to compare all mail.
pub(super) fn is_beyond(old: Side<'_>, new: Side<'_>) -> bool {
    n_about_texts(old).max(n_about_texts(new)) > MAX_ABOUT_TEXTS
}

/// What cannot be compared: it may be anything.
fn beyond(concerns: impl Iterator<Item = Concern>, seen: &MessageSet) -> Shift {
    Shift {
        concerns: concerns.fold(Concerns::NONE, |all, concern| all.and(Concerns::of(&[concern]))),
        from: Standing::Undecided,
        to: Standing::Undecided,
        set: seen.clone(),
        capped: true,
        fewer: false,
    }
}

/// All shifts of a set that is sent to both sides.
pub(super) fn shifts(old: Side<'_>, new: Side<'_>, entry: Entry, sent: &MessageSet) -> Vec<Shift> {
    let changed = changed(old, new);
    let (seen_old, seen_new) = match &changed {
        Some(changed) => {
            let seen = touched(old, new, &old.seen(entry, sent), changed);
            (seen.clone(), seen)
        }
        None => (old.seen(entry, sent), new.seen(entry, sent)),
    };
    if seen_old.is_empty() && seen_new.is_empty() && !seen_old.overflowed() {
        return Vec::new();
    }
    if is_beyond(old, new) {
        return vec![beyond(judged(old, new), &seen_new)];
    }
    // Where both see the messages alike, what they see is compared, and only then asked who sent it.
    let alike = old.path.mask == new.path.mask;
    let widened = changed.as_ref().map(|changed| widened(old, new, &seen_old, changed));
    let questions = questions(old, new, changed.as_ref());
    let traces = (old.pass(entry, &seen_old), new.pass(entry, &seen_new));
    let mut known: Vec<Known> = Vec::new();
    let mut found: Vec<Shift> = Vec::new();
    for concern in judged(old, new) {
        let covered = covered(&known, &traces, concern);
        let parts = (
            of_trace(&questions.old, &traces.0, concern, &covered.0),
            of_trace(&questions.new, &traces.1, concern, &covered.1),
        );
        let is_same =
            |known: &&Known| known.concern != Concern::Routing && concern != Concern::Routing && known.parts == parts;
        let here = match known.iter().find(is_same) {
            Some(same) => same.shifts.clone(),
            None if alike => between(concern, (&parts.0, &parts.1), &seen_old, widened.as_ref()),
            None => {
                let as_sent = (
                    parts.0.clone().before_masking(old, entry, sent),
                    parts.1.clone().before_masking(new, entry, sent),
                );
                between(concern, (&as_sent.0, &as_sent.1), sent, None)
            }
        };
        add(&mut found, concern, &here);
        known.push(Known {
            concern,
            covered,
            parts,
            shifts: here,
        });
    }
    if alike && !old.sees_all(entry) {
        for shift in &mut found {
            shift.set = old.sent_as(entry, &shift.set, sent);
            shift.capped |= shift.set.overflowed();
        }
    }
    found
}

/// What was found out about one concern, for those that fare as it does.
struct Known {
    concern: Concern,
    covered: (Coverage, Coverage),
    parts: (Parts, Parts),
    shifts: Vec<Shift>,
}

/// Concerns that either side judges. Whether the way ends is always one.
fn judged(old: Side<'_>, new: Side<'_>) -> impl Iterator<Item = Concern> {
    let is_judged = move |concern: &Concern| {
        *concern == Concern::Routing || [old, new].iter().any(|side| side.path.judge(*concern).is_some())
    };
    Concern::ALL.into_iter().filter(is_judged)
}

fn covered(known: &[Known], traces: &(Trace<'_>, Trace<'_>), concern: Concern) -> (Coverage, Coverage) {
    if concern == Concern::Routing {
        return (traces.0.routing(), traces.1.routing());
    }
    let alike = |trace: &Trace<'_>, known: &Known| trace.treats_alike(known.concern, concern);
    let of = |trace: &Trace<'_>, known: Option<&Coverage>| known.cloned().unwrap_or_else(|| trace.coverage(concern));
    let one = known.iter().find(|known| alike(&traces.0, known));
    let other = known.iter().find(|known| alike(&traces.1, known));
    (
        of(&traces.0, one.map(|known| &known.covered.0)),
        of(&traces.1, other.map(|known| &known.covered.1)),
    )
}

/// Adds the shifts of one concern to those that are the same.
pub(super) fn add(found: &mut Vec<Shift>, concern: Concern, shifts: &[Shift]) {
    for new in shifts {
        let same = |known: &&mut Shift| {
            (known.from, known.to, known.fewer) == (new.from, new.to, new.fewer) && known.set == new.set
        };
        match found.iter_mut().find(same) {
            Some(known) => known.concerns = known.concerns.and(Concerns::of(&[concern])),
            None => found.push(Shift {
                concerns: Concerns::of(&[concern]),
                ..new.clone()
            }),
        }
    }
}

/// How messages shift from the parts of the old side to those of the new one.
///
/// `widened` are those of which the changed rules may let in more than before, if that is known.
/// Whether its way ends is told as the concern of routing; of other concerns it only matters where it hides a clearance.
pub(super) fn between(
    concern: Concern,
    (old, new): (&Parts, &Parts),
    sent: &MessageSet,
    widened: Option<&MessageSet>,
) -> Vec<Shift> {
    let shift = |from: Standing, to: Standing, set: MessageSet| Shift {
        concerns: Concerns::of(&[concern]),
        from,
        to,
        capped: set.overflowed(),
        set,
        fewer: false,
    };
    if old.capped || new.capped || sent.overflowed() {
        // Nothing is known of one side: whatever was sent may fare otherwise.
        let known = |parts: &Parts| match parts.of.as_slice() {
            [(standing, _)] if !parts.capped => *standing,
            _ => Standing::Undecided,
        };
        return vec![Shift {
            capped: true,
            ..shift(known(old), known(new), sent.clone())
        }];
    }
    let mut shifts = Vec::new();
    if old == new {
        return shifts;
    }
    for (from, before) in &old.of {
        for (to, after) in &new.of {
            let told_by_routing = |one: &Standing, other: &Standing| {
                concern != Concern::Routing
                    && matches!(one, Standing::Ended(_))
                    && !matches!(other, Standing::Cleared | Standing::Waived)
            };
            if from == to && *from != Standing::Undecided || told_by_routing(from, to) || told_by_routing(to, from) {
                continue;
            }
            let both = before.intersect(after);
            if from != to {
                shifts.push(shift(*from, *to, both));
            } else if !both.is_empty() {
                let set = otherwise(old, new, &both);
                let Some(widened) = widened else {
                    shifts.push(shift(*from, *to, set));
                    continue;
                };
                shifts.push(Shift {
                    fewer: true,
                    ..shift(*from, *to, set.minus(widened))
                });
                shifts.push(shift(*from, *to, set.intersect(widened)));
            }
        }
    }
    shifts.retain(|shift| !shift.set.is_empty() || shift.set.overflowed());
    shifts
}

/// Of messages that are undecided on both sides, those that do not hang on the same things.
fn otherwise(old: &Parts, new: &Parts, both: &MessageSet) -> MessageSet {
    let nobody = MessageSet::empty();
    let mut all = MessageSet::empty();
    let needs: BTreeSet<&String> = old.hang.keys().chain(new.hang.keys()).collect();
    for need in needs {
        let (before, after) = (
            old.hang.get(need).unwrap_or(&nobody),
            new.hang.get(need).unwrap_or(&nobody),
        );
        if before == after {
            continue;
        }
        let (before, after) = (both.intersect(before), both.intersect(after));
        all.absorb(before.minus(&after));
        all.absorb(after.minus(&before));
    }
    all.merged()
}
