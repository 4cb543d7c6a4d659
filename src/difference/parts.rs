//! What becomes of a set of messages on one side, one concern at a time: disjoint parts that are the whole set.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::union::Union;
use crate::message::{Concern, MessageSet};
use crate::path::coverage::Coverage;
use crate::path::trace::Trace;
use crate::path::walk::{self, Journey};
use crate::path::{Effect, NeedId, Rule, Verdict};

use super::side::{Entry, Side};
use super::touched::looks_for;

/// What becomes of a message as far as one concern goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Surely not held against it. Of the concern of routing: no rule ends its way.
    Cleared,
    /// Not judged at all.
    Waived,
    /// Held against it; what is done about that, unless that is undecided.
    Held(Option<Verdict>),
    /// A rule surely ends its way before the concern is judged. Of the concern of routing: a rule ends its way.
    Ended(Verdict),
    /// Undecided, also because a rule may end its way before.
    Undecided,
}

impl Standing {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Waived => "not-applicable",
            Self::Held(Some(verdict)) | Self::Ended(verdict) => verdict.as_str(),
            Self::Held(None) => "held",
            Self::Undecided => "unknown",
        }
    }

    /// How much it keeps mail off, from nothing to most; `None` if that is undecided.
    pub const fn strength(self) -> Option<u8> {
        match self {
            Self::Cleared | Self::Waived => Some(0),
            // Held against it, and let in all the same.
            Self::Held(Some(Verdict::Delivered)) => Some(1),
            Self::Held(Some(verdict)) | Self::Ended(verdict) => Some(2 + verdict as u8),
            Self::Held(None) | Self::Undecided => None,
        }
    }
}

/// The parts of a set, by what becomes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Disjoint; empty parts are left out.
    pub of: Vec<(Standing, MessageSet)>,
    /// Of the undecided part, which messages hang on what; may overlap.
    pub hang: BTreeMap<String, MessageSet>,
    /// Whether a set grew past the cap, so that nothing is known.
    pub capped: bool,
}

impl Parts {
    pub fn push(&mut self, standing: Standing, set: MessageSet) {
        self.capped |= set.overflowed();
        if set.is_empty() {
            return;
        }
        match self.of.iter_mut().find(|(known, _)| *known == standing) {
            Some((_, known)) => known.absorb(set),
            None => self.of.push((standing, set)),
        }
    }

    pub fn hangs(&mut self, questions: &[String], needs: &BTreeSet<NeedId>, set: &MessageSet) {
        self.capped |= set.overflowed();
        if set.is_empty() {
            return;
        }
        for question in needs.iter().filter_map(|need| questions.get(need.index())) {
            self.hangs_on(question.clone(), set);
        }
    }

    fn hangs_on(&mut self, question: String, set: &MessageSet) {
        self.capped |= set.overflowed();
        if !set.is_empty() {
            self.hang.entry(question).or_default().absorb(set.clone());
        }
    }

    /// The whole of `sent` undecided, if a set grew past the cap.
    fn settled(self, sent: &MessageSet) -> Self {
        if !self.capped && !sent.overflowed() {
            return self;
        }
        Self {
            of: vec![(Standing::Undecided, sent.clone())],
            hang: BTreeMap::new(),
            capped: true,
        }
    }

    /// The same for the messages as they were sent. What the platform may see in two ways is undecided where they part.
    pub fn before_masking(self, side: Side<'_>, entry: Entry, sent: &MessageSet) -> Self {
        if side.sees_all(entry) || self.capped {
            return self.settled(sent);
        }
        let back: Vec<(Standing, MessageSet)> = self
            .of
            .iter()
            .map(|(standing, set)| (*standing, side.sent_as(entry, set, sent)))
            .collect();
        let mut parts = Self::default();
        let mut torn = MessageSet::empty();
        for (at, (standing, set)) in back.iter().enumerate() {
            let mut sure = set.clone();
            for (_, other) in back
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, part)| part)
            {
                if sure.overlaps(other) {
                    torn.absorb(sure.intersect(other));
                    sure = sure.minus(other);
                }
            }
            parts.push(*standing, sure);
        }
        parts.push(Standing::Undecided, torn);
        for (need, set) in &self.hang {
            parts.hang.insert(need.clone(), side.sent_as(entry, set, sent));
        }
        parts.settled(sent)
    }
}

/// What a trace says of one concern.
pub(super) fn of_trace(questions: &[String], trace: &Trace<'_>, concern: Concern, coverage: &Coverage) -> Parts {
    if concern == Concern::Routing {
        return routing(questions, trace, coverage);
    }
    let mut parts = Parts::default();
    let before = |at: usize| trace.path.judge(concern).is_some_and(|judge| at <= judge);
    let mut ended = Union::default();
    let mut perhaps = Union::default();
    let mut verdicts: Vec<(Verdict, MessageSet)> = Vec::new();
    for end in trace.ends.iter().filter(|end| before(end.at.stage)) {
        ended.add(end.sure.clone());
        perhaps.add(end.unsure.clone());
        verdicts.push((end.verdict, end.sure.clone()));
    }
    for (verdict, set) in verdicts {
        parts.push(Standing::Ended(verdict), set);
    }
    let comes = |set: &MessageSet| ended.taken_from(set.clone());
    let judged = [
        (Standing::Cleared, coverage.cleared.minus(&coverage.waived)),
        (Standing::Waived, coverage.waived.clone()),
    ];
    let mut torn = MessageSet::empty();
    for (standing, set) in judged {
        let set = comes(&set);
        let sure = perhaps.taken_from(set.clone());
        if perhaps.overlaps(&set) {
            torn.absorb(set.minus(&sure));
        }
        parts.push(standing, sure);
    }
    for end in trace.ends.iter().filter(|end| before(end.at.stage)) {
        parts.hangs(questions, &end.needs, &end.unsure.intersect(&torn));
    }
    parts.push(Standing::Undecided, torn);
    parts.push(Standing::Undecided, comes(&coverage.undecided));
    for (needs, set) in &coverage.doubts {
        parts.hangs(questions, needs, &comes(set));
    }
    for hit in trace.hits.iter().filter(|hit| before(hit.at.stage)) {
        let Some(rule) = trace.path.rule(hit.at).filter(|rule| says_of(rule, concern)) else {
            continue;
        };
        if let Some(texts) = looks_for(rule).filter(|_| !hit.unsure.is_empty()) {
            parts.hangs_on(texts, &comes(&hit.unsure).intersect(&coverage.undecided));
        }
    }
    held(trace, concern, comes(&coverage.left), &mut parts);
    parts.settled(&trace.sent)
}

/// Whether a rule has a say in a concern.
fn says_of(rule: &Rule, concern: Concern) -> bool {
    rule.effects.iter().any(|effect| match effect {
        Effect::Clears(concerns)
        | Effect::MayClear(concerns, _)
        | Effect::Waives(concerns)
        | Effect::Raises(concerns, _) => concerns.has(concern),
        Effect::Ends { .. } | Effect::Stops | Effect::Acts(..) | Effect::Alters => false,
    })
}

/// The messages that are held against something, by what is done about them.
pub(super) fn held(trace: &Trace<'_>, concern: Concern, left: MessageSet, parts: &mut Parts) {
    let mut rest = left;
    if rest.is_empty() && !rest.overflowed() {
        return;
    }
    let judge = trace.path.judge(concern);
    let mut unknown = MessageSet::empty();
    let mut known: Vec<(Verdict, MessageSet)> = Vec::new();
    // The last one to say counts, unless one may have said something.
    for hit in trace.hits.iter().rev().filter(|hit| Some(hit.at.stage) <= judge) {
        let effects = trace.path.rule(hit.at).map_or(&[][..], |rule| &rule.effects);
        for effect in effects.iter().rev() {
            let Effect::Acts(acted, verdict) = effect else { continue };
            if *acted != concern {
                continue;
            }
            unknown.absorb(hit.unsure.clone());
            let said = rest.intersect(&hit.sure);
            if !said.is_empty() {
                rest = rest.minus(&hit.sure);
                known.push((*verdict, said));
            }
        }
    }
    known.push((Verdict::Junked, rest));
    for (verdict, set) in known {
        let (sure, open) = if unknown.overlaps(&set) {
            (set.minus(&unknown), set.intersect(&unknown))
        } else {
            (set, MessageSet::empty())
        };
        parts.push(Standing::Held(Some(verdict)), sure);
        parts.push(Standing::Held(None), open);
    }
}

fn routing(questions: &[String], trace: &Trace<'_>, coverage: &Coverage) -> Parts {
    let mut parts = Parts::default();
    parts.push(Standing::Cleared, coverage.cleared.clone());
    for end in &trace.ends {
        parts.push(Standing::Ended(end.verdict), end.sure.clone());
    }
    parts.push(Standing::Undecided, coverage.undecided.clone());
    for (needs, set) in &coverage.doubts {
        parts.hangs(questions, needs, set);
    }
    for end in trace.ends.iter().filter(|end| !end.unsure.is_empty()) {
        if let Some(texts) = trace.path.rule(end.at).and_then(looks_for) {
            parts.hangs_on(texts, &end.unsure.intersect(&coverage.undecided));
        }
    }
    parts.settled(&trace.sent)
}

/// What the other evaluator says of one message; `None` where it says nothing of the concern.
pub(super) fn of_journey(side: Side<'_>, journey: &Journey, concern: Concern) -> Option<Standing> {
    let ended = journey
        .ended
        .map(|at| (at, journey.stages.last().and_then(|stage| stage.verdict)));
    if concern == Concern::Routing {
        return Some(match ended {
            Some((_, verdict)) => Standing::Ended(verdict?),
            None if journey.may_end.is_empty() => Standing::Cleared,
            None => Standing::Undecided,
        });
    }
    let Some(judge) = side.path.judge(concern) else {
        return Some(Standing::Waived);
    };
    if let Some((at, verdict)) = ended
        && at.stage <= judge
    {
        return verdict.map(Standing::Ended);
    }
    let stage = journey.stages.iter().find(|stage| stage.stage == judge)?;
    let (_, standing) = stage.concerns.iter().find(|(judged, _)| *judged == concern)?;
    let may_end = journey.may_end.iter().any(|at| at.stage <= judge);
    Some(match standing {
        walk::Standing::Cleared(_) | walk::Standing::Waived(_) if may_end => Standing::Undecided,
        walk::Standing::Cleared(_) => Standing::Cleared,
        walk::Standing::Waived(_) => Standing::Waived,
        walk::Standing::Unknown(..) => Standing::Undecided,
        walk::Standing::Raised => {
            let mut actions = stage.actions.iter().filter(|(judged, _)| *judged == concern);
            Standing::Held(actions.next().and_then(|(_, action)| *action))
        }
    })
}
