//! What a trace says of one concern: which messages are cleared of it, which are not, about which nobody can say.

use std::collections::BTreeSet;

use crate::message::union::Union;
use crate::message::{Concern, Fields, Message, MessageSet};

use super::trace::{Hit, Trace};
use super::{Effect, MailPath, NeedId, RuleAt};

/// Messages about which something is undecided, by what would decide it.
pub type Doubted = Vec<(BTreeSet<NeedId>, MessageSet)>;

/// The answer for one concern: three disjoint sets, with the rules that decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Surely not held against these.
    pub cleared: MessageSet,
    /// Held against these.
    pub left: MessageSet,
    /// Undecided.
    pub undecided: MessageSet,
    /// What would decide.
    pub needs: BTreeSet<NeedId>,
    /// The parts of `undecided`, by what would decide them; may overlap.
    pub doubts: Doubted,
    /// Not judged for these at all; part of `cleared`.
    pub waived: MessageSet,
    /// Rules that clear part of the set, surely or possibly.
    pub clearers: Vec<RuleAt>,
    /// Rules that take a clearance back, with the part they take.
    pub undone: Vec<(RuleAt, MessageSet)>,
}

/// The answer in one word, as reports write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Everything is cleared.
    Full,
    /// Something is left.
    Part,
    /// Nothing is cleared.
    None,
    /// Nothing is left, but something is undecided.
    Unknown,
    /// The concern is not judged on this path.
    NotApplicable,
}

impl Answer {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Part => "part",
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl Coverage {
    /// In one word.
    pub fn answer(&self, sent: &MessageSet) -> Answer {
        if !self.left.is_empty() {
            return if self.cleared.is_empty() && self.undecided.is_empty() {
                Answer::None
            } else {
                Answer::Part
            };
        }
        if !self.undecided.is_empty() {
            return Answer::Unknown;
        }
        if !self.waived.is_empty() && self.waived.covers(sent) {
            Answer::NotApplicable
        } else {
            Answer::Full
        }
    }
}

impl MailPath {
    /// What of an attacker's messages is let in as far as one concern goes; see [`Trace::excess`].
    pub fn excess(&self, concern: Concern, attacker: &MessageSet) -> Coverage {
        // Nobody asks what an attacker's mail was kept from.
        self.run(attacker, Fields::default(), 0, false).excess(concern)
    }
}

impl Trace<'_> {
    /// What becomes of one concern for the set that was sent, where it comes to be judged.
    ///
    /// Says nothing of whether it comes that far: a message whose way surely ends before is in any of the three.
    pub fn coverage(&self, concern: Concern) -> Coverage {
        let judge = self.path.judge(concern);
        if concern == Concern::Routing && (judge.is_some() || !self.ends.is_empty()) {
            return self.routing();
        }
        let Some(judge) = judge else {
            return Coverage {
                waived: self.sent.clone(),
                cleared: self.sent.clone(),
                ..Coverage::default()
            };
        };
        let mut tally = self.tally(concern, judge);
        let mut cleared = tally.cleared.into_set();
        let waived = tally.waived.into_set();
        cleared.absorb(waived.minus(&cleared));
        tally.doubted.0.append(&mut tally.wavering.0);
        let (undecided, needs, doubts) = tally.doubted.settled(&cleared);
        for (_, set) in &mut tally.undone {
            *set = set.minus(&cleared);
        }
        tally.undone.retain(|(_, set)| !set.is_empty());
        Coverage {
            left: self.sent.minus(&cleared).minus(&undecided),
            cleared,
            undecided,
            needs,
            doubts,
            waived,
            clearers: tally.clearers,
            undone: tally.undone,
        }
        .capped(&self.sent)
    }

    /// What of the set that was sent is let in as far as one concern goes, read as what an attacker gains.
    ///
    /// Cleared are the messages that a rule surely clears and that surely come to be judged.
    /// What is merely not judged is nobody's gain, and what surely ends before is none either: both are left.
    pub fn excess(&self, concern: Concern) -> Coverage {
        let Some(judge) = self.path.judge(concern).filter(|_| concern != Concern::Routing) else {
            return Coverage {
                left: self.sent.clone(),
                ..Coverage::default()
            };
        };
        let tally = self.tally(concern, judge);
        let mut out = tally.waived;
        for end in self.ends.iter().filter(|end| end.at.stage <= judge) {
            out.add(end.sure.clone());
        }
        let mut out = out.into_set();
        let all_cleared = tally.cleared.into_set();
        let mut cleared = all_cleared.minus(&out);
        out.absorb(all_cleared);
        let (mut undecided, mut needs, mut doubts) = tally.doubted.settled(&out);
        for end in self.ends.iter().filter(|end| end.at.stage <= judge) {
            let part = cleared.intersect(&end.unsure);
            if !part.is_empty() {
                needs.extend(end.needs.iter().copied());
                cleared = cleared.minus(&part);
                doubts.push((end.needs.clone(), part.clone()));
                undecided.absorb(part);
            }
        }
        Coverage {
            left: self.sent.minus(&cleared).minus(&undecided),
            cleared,
            undecided,
            needs,
            doubts,
            waived: MessageSet::empty(),
            clearers: tally.clearers,
            undone: tally.undone,
        }
        .capped(&self.sent)
    }

    fn tally(&self, concern: Concern, judge: usize) -> Tally {
        let mut tally = Tally::default();
        for hit in self.hits.iter().filter(|hit| hit.at.stage <= judge) {
            let Some(rule) = self.path.rule(hit.at) else { continue };
            for effect in &rule.effects {
                tally.apply(hit, effect, concern);
            }
        }
        tally
    }

    /// Whether all that was met does the same to two concerns, which are judged at one stage.
    pub fn treats_alike(&self, one: Concern, other: Concern) -> bool {
        let same = |effect: &Effect| match effect {
            Effect::Clears(concerns)
            | Effect::MayClear(concerns, _)
            | Effect::Raises(concerns, _)
            | Effect::Waives(concerns) => concerns.has(one) == concerns.has(other),
            Effect::Ends { .. } | Effect::Stops | Effect::Acts(..) | Effect::Alters => true,
        };
        let mut rules = self.hits.iter().filter_map(|hit| self.path.rule(hit.at));
        [one, other].iter().all(|concern| *concern != Concern::Routing)
            && self.path.judge(one) == self.path.judge(other)
            && rules.all(|rule| rule.effects.iter().all(same))
    }

    /// Ends of the way, read as a concern: left is what surely ends, undecided what may.
    pub fn routing(&self) -> Coverage {
        let mut doubts = Doubts::default();
        for end in &self.ends {
            doubts.add(&end.unsure, &end.needs);
        }
        let left: Union = self.ends.iter().map(|end| end.sure.clone()).collect();
        let mut coverage = Coverage {
            left: left.into_set(),
            ..Coverage::default()
        };
        (coverage.undecided, coverage.needs, coverage.doubts) = doubts.settled(&coverage.left);
        coverage.cleared = self.sent.minus(&coverage.left).minus(&coverage.undecided);
        coverage.capped(&self.sent)
    }
}

/// Sets about which something is undecided, by what would decide it.
#[derive(Default)]
struct Doubts(Vec<(BTreeSet<NeedId>, Union)>);

impl Doubts {
    fn add(&mut self, set: &MessageSet, needs: &BTreeSet<NeedId>) {
        if set.is_empty() {
            return;
        }
        let same = self.0.iter_mut().find(|(known, _)| known == needs);
        if let Some((_, sets)) = same {
            sets.add(set.clone());
        } else {
            self.0.push((needs.clone(), [set.clone()].into_iter().collect()));
        }
    }

    /// What is in doubt and not decided, what would decide that, and which part each.
    fn settled(self, decided: &MessageSet) -> (MessageSet, BTreeSet<NeedId>, Doubted) {
        let mut undecided = MessageSet::empty();
        let mut all = BTreeSet::new();
        let mut parts = Vec::new();
        for (needs, sets) in self.0 {
            let open = sets.into_set().minus(decided);
            if !open.is_empty() {
                undecided.absorb(open.clone());
                all.extend(needs.iter().copied());
                parts.push((needs, open));
            }
        }
        (undecided, all, parts)
    }
}

/// What the rules that matched did to one concern, one after the other.
#[derive(Default)]
struct Tally {
    cleared: Union,
    /// A waiver is no clearance: nothing takes it back.
    waived: Union,
    /// Possibly cleared.
    doubted: Doubts,
    /// Possibly waived.
    wavering: Doubts,
    clearers: Vec<RuleAt>,
    undone: Vec<(RuleAt, MessageSet)>,
}

impl Tally {
    fn apply(&mut self, hit: &Hit, effect: &Effect, concern: Concern) {
        match effect {
            Effect::Clears(concerns) if concerns.has(concern) => {
                self.clearers.push(hit.at);
                self.cleared.add(hit.sure.clone());
                self.doubted.add(&hit.unsure, &hit.needs);
            }
            Effect::MayClear(concerns, need) if concerns.has(concern) => {
                self.clearers.push(hit.at);
                self.doubted.add(&hit.sure, &BTreeSet::from([*need]));
                self.doubted.add(&hit.unsure, &with(&hit.needs, *need));
            }
            Effect::Waives(concerns) if concerns.has(concern) => {
                self.waived.add(hit.sure.clone());
                self.wavering.add(&hit.unsure, &hit.needs);
            }
            Effect::Raises(concerns, need) if concerns.has(concern) => {
                if !self.cleared.overlaps(&hit.sure) && !self.cleared.overlaps(&hit.unsure) {
                    return;
                }
                let cleared = std::mem::take(&mut self.cleared).into_set();
                let sure = cleared.intersect(&hit.sure);
                let unsure = cleared.intersect(&hit.unsure);
                self.cleared.add(cleared.minus(&hit.sure).minus(&hit.unsure));
                self.doubted.add(&sure, &BTreeSet::from([*need]));
                self.doubted.add(&unsure, &with(&hit.needs, *need));
                let mut taken = sure;
                taken.absorb(unsure);
                if !taken.is_empty() {
                    self.undone.push((hit.at, taken));
                }
            }
            _ => {}
        }
    }
}

fn with(needs: &BTreeSet<NeedId>, need: NeedId) -> BTreeSet<NeedId> {
    needs.iter().copied().chain([need]).collect()
}

impl Coverage {
    /// Undecided altogether if a set grew past the cap: what is missing from one set is too much in another.
    fn capped(self, sent: &MessageSet) -> Self {
        if ![&self.cleared, &self.left, &self.undecided]
            .iter()
            .any(|set| set.overflowed())
        {
            return self;
        }
        Self {
            cleared: MessageSet::empty(),
            left: MessageSet::empty(),
            undecided: sent.clone(),
            ..self
        }
    }
}

/// One message of a set for which a rule surely has its effect, found by asking the other evaluator.
///
/// Rules before it may stop or undo it for part of the set; their parts are taken away one after the other.
/// At most `tries` messages are walked. Gives what `holds` says of the message, too.
pub fn confirmed<T>(
    path: &MailPath,
    set: &MessageSet,
    tries: usize,
    holds: impl Fn(&Message) -> Result<T, Option<RuleAt>>,
) -> Option<(Message, T)> {
    let mut rest = set.clone();
    for _ in 0..tries {
        let message = rest.witness()?;
        match holds(&message) {
            Ok(told) => return Some((message, told)),
            Err(Some(against)) => {
                let rule = path.rule(against)?;
                let matched = rule.guard.split(&rest);
                if matched.is_empty() {
                    return None;
                }
                rest = rest.minus(&matched.sure).minus(&matched.unsure);
            }
            Err(None) => return None,
        }
    }
    None
}
