//! The concrete evaluator: one message on its way, with the rule that decided at each stage.

use std::collections::BTreeSet;

use crate::message::{Concern, Concerns, Message};

use super::guard::Truth;
use super::index::RuleIndex;
use super::{CERTIFICATE, Effect, MailPath, NeedId, RuleAt, Verdict};

/// What one concern comes to for one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not held against it; the rule that says so.
    Cleared(RuleAt),
    /// Not judged for it; the rule that says so, if any.
    Waived(Option<RuleAt>),
    /// Held against it.
    Raised,
    /// Depends on these.
    Unknown(BTreeSet<NeedId>, Option<RuleAt>),
}

/// A rule that matched, surely or possibly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub at: RuleAt,
    /// Surely?
    pub sure: bool,
    /// What would decide, if not.
    pub needs: BTreeSet<NeedId>,
}

/// What happened at one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageResult {
    /// Index of the stage.
    pub stage: usize,
    /// The outcome here; `None` is undecided.
    pub verdict: Option<Verdict>,
    /// Rules that matched, in order.
    pub steps: Vec<Step>,
    /// The concerns judged here.
    pub concerns: Vec<(Concern, Standing)>,
    /// What is done about those that are held against it; `None` is undecided.
    pub actions: Vec<(Concern, Option<Verdict>)>,
}

/// The way of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// The stages it came to.
    pub stages: Vec<StageResult>,
    /// The outcome; `None` is undecided.
    pub verdict: Option<Verdict>,
    /// The rule at which the way surely ended.
    pub ended: Option<RuleAt>,
    /// Rules at which it may have ended before.
    pub may_end: Vec<RuleAt>,
    /// Whether the spam filter's verdicts are skipped; `None` is undecided.
    pub skips_spam_filter: Option<bool>,
    /// What would decide what is undecided.
    pub needs: BTreeSet<NeedId>,
}

/// The verdicts of the spam filter, in Exchange's words: skipping it means clearing these.
pub const SPAM_FILTER: Concerns = Concerns::of(&[
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
]);

/// Concerns that no filter holds against ordinary mail: a message is walked as one that carries no malware, and what only
/// changes its looks decides nothing.
const NO_VERDICT: Concerns = Concerns::of(&[
    Concern::Malware,
    Concern::AttachmentType,
    Concern::LinkRewriting,
    Concern::Alteration,
    Concern::Routing,
]);

struct State {
    cleared: Vec<(Concerns, RuleAt)>,
    waived: Vec<(Concerns, RuleAt)>,
    doubted: Vec<(Concerns, BTreeSet<NeedId>, RuleAt)>,
    actions: Vec<(Concern, Verdict, bool)>,
    controls: Vec<(super::Control, String)>,
}

impl State {
    fn standing(&self, concern: Concern) -> Standing {
        let find = |list: &[(Concerns, RuleAt)]| list.iter().find(|(set, _)| set.has(concern)).map(|(_, at)| *at);
        if let Some(at) = find(&self.waived) {
            return Standing::Waived(Some(at));
        }
        if let Some(at) = find(&self.cleared) {
            return Standing::Cleared(at);
        }
        let mut needs = BTreeSet::new();
        let mut by = None;
        for (_, more, at) in self.doubted.iter().filter(|(set, ..)| set.has(concern)) {
            needs.extend(more.iter().copied());
            by = by.or(Some(*at));
        }
        if by.is_some() {
            Standing::Unknown(needs, by)
        } else {
            Standing::Raised
        }
    }
}

impl MailPath {
    /// Walks one message through the path.
    pub fn walk(&self, message: &Message) -> Journey {
        self.walk_among(message, 0, None)
    }

    /// Walks one message that arrives at a later stage than the first.
    pub fn walk_from(&self, entry: usize, message: &Message) -> Journey {
        self.walk_among(message, entry, None)
    }

    /// Rules that can keep another rule's clearance from a message: those that end, stop or raise.
    pub fn interfering(&self) -> RuleIndex {
        let interferes = |effect: &Effect| matches!(effect, Effect::Ends { .. } | Effect::Stops | Effect::Raises(..));
        let rules = self.rules().map(|(at, _, rule)| (at, rule));
        RuleIndex::new(rules.filter(|(_, rule)| rule.in_force() && rule.effects.iter().any(interferes)))
    }

    /// Whether one rule's clearance surely holds for a message of a stranger, and if so, whether only for one that is sent
    /// past the filters in front: walks of that rule among those that may interfere.
    /// If it does not hold, the rule that surely or possibly keeps it off, if there is one.
    ///
    /// # Errors
    /// The rule against it.
    pub fn holds_for(&self, rule: RuleAt, message: &Message, interfering: &RuleIndex) -> Result<bool, Option<RuleAt>> {
        if !self.has_hops() {
            return self.holds_from(0, rule, message, interfering).map(|_| false);
        }
        let along = self.holds_from(0, rule, &self.masked_message(message), interfering);
        // What a filter may hold back is better shown past it.
        if along == Ok(true) {
            return Ok(false);
        }
        let past = self.holds_from(self.entry_past_hops(), rule, message, interfering);
        past.map(|_| true)
            .or_else(|against| along.map(|_| false).map_err(|_| against))
    }

    /// Whether the clearance holds; if so, whether the message surely comes as far.
    fn holds_from(
        &self,
        entry: usize,
        rule: RuleAt,
        message: &Message,
        interfering: &RuleIndex,
    ) -> Result<bool, Option<RuleAt>> {
        let wanted = self.rule(rule).map_or(Concerns::NONE, super::Rule::clears);
        let mut among = interfering.met_by(message);
        if let Err(at) = among.binary_search(&rule) {
            among.insert(at, rule);
        }
        let journey = self.walk_among(message, entry, Some(&among));
        if let Some(at) = self.keeps_strangers_out(&journey) {
            return Err(Some(at));
        }
        let mut concerns = journey.stages.iter().flat_map(|stage| &stage.concerns);
        let held = concerns.any(|(concern, standing)| {
            wanted.has(*concern) && matches!(standing, Standing::Cleared(at) if *at == rule)
        });
        if held {
            return Ok(journey.may_end.is_empty());
        }
        let mut steps = journey.stages.iter().flat_map(|stage| &stage.steps).map(|step| step.at);
        Err(steps.rfind(|at| *at != rule))
    }

    /// The rule that may end the way of a message unless it comes with a certificate, which a stranger does not have.
    pub fn keeps_strangers_out(&self, journey: &Journey) -> Option<RuleAt> {
        let certificate = |need: &NeedId| self.needed(*need).is_some_and(|need| need.key.starts_with(CERTIFICATE));
        let mut steps = journey.stages.iter().flat_map(|stage| &stage.steps);
        let step = steps.find(|step| {
            journey.may_end.contains(&step.at) && !step.needs.is_empty() && step.needs.iter().all(certificate)
        });
        step.map(|step| step.at)
    }

    /// Walks one message past all rules, or past some, which are given in order.
    fn walk_among(&self, message: &Message, entry: usize, among: Option<&[RuleAt]>) -> Journey {
        let mut state = State {
            cleared: Vec::new(),
            waived: Vec::new(),
            doubted: Vec::new(),
            actions: Vec::new(),
            controls: Vec::new(),
        };
        let mut journey = Journey {
            stages: Vec::new(),
            verdict: None,
            ended: None,
            may_end: Vec::new(),
            skips_spam_filter: None,
            needs: BTreeSet::new(),
        };
        let mut worst = Verdict::Delivered;
        let mut doubtful = false;
        // How it may have ended before it came to its end.
        let mut otherwise = BTreeSet::new();
        for (stage, found) in self.stages.iter().enumerate().skip(entry) {
            let mut result = StageResult {
                stage,
                verdict: Some(Verdict::Delivered),
                steps: Vec::new(),
                concerns: Vec::new(),
                actions: Vec::new(),
            };
            let mut maybe_stopped: Option<BTreeSet<NeedId>> = None;
            let mut ended = None;
            for rule in places(stage, found.rules.len(), among) {
                let Some(body) = found.rules.get(rule).filter(|body| body.in_force()) else {
                    continue;
                };
                let (mut sure, mut needs) = match body.guard.test(message) {
                    Truth::No => continue,
                    Truth::Yes => (true, BTreeSet::new()),
                    Truth::Unknown(needs) => (false, needs),
                };
                let guarded = sure;
                if let Some(earlier) = &maybe_stopped {
                    sure = false;
                    needs.extend(earlier.iter().copied());
                }
                let at = RuleAt { stage, rule };
                let mut stops = false;
                for effect in &body.effects {
                    match effect {
                        Effect::Clears(concerns) if sure => state.cleared.push((*concerns, at)),
                        Effect::Clears(concerns) => state.doubted.push((*concerns, needs.clone(), at)),
                        Effect::MayClear(concerns, need) => {
                            let needs = needs.iter().copied().chain([*need]).collect();
                            state.doubted.push((*concerns, needs, at));
                        }
                        Effect::Waives(concerns) if sure => state.waived.push((*concerns, at)),
                        Effect::Waives(concerns) => state.doubted.push((*concerns, needs.clone(), at)),
                        Effect::Raises(concerns, need) => {
                            let needs: BTreeSet<NeedId> = needs.iter().copied().chain([*need]).collect();
                            for (set, _) in state.cleared.iter_mut().filter(|(set, _)| set.overlaps(*concerns)) {
                                let taken = set.without(set.without(*concerns));
                                *set = set.without(*concerns);
                                state.doubted.push((taken, needs.clone(), at));
                            }
                        }
                        // Of two ends in one rule the first one counts.
                        Effect::Ends { .. } if ended.is_some() => {}
                        Effect::Ends {
                            verdict,
                            unless_cleared_by,
                            need,
                        } => {
                            let disputed = state.controls.iter().any(|(control, object)| {
                                unless_cleared_by.contains(control)
                                    && !(*object == body.object && *control == body.control)
                            });
                            if sure && !disputed {
                                ended = Some(*verdict);
                                journey.ended = Some(at);
                            } else {
                                otherwise.insert(*verdict);
                                journey.may_end.push(at);
                                result.verdict = None;
                                if disputed {
                                    journey.needs.extend(*need);
                                }
                                journey.needs.extend(needs.iter().copied());
                            }
                        }
                        // Whatever an earlier rule may have stopped does not come past this one either.
                        Effect::Stops if guarded => stops = true,
                        Effect::Stops => maybe_stopped.get_or_insert_default().extend(needs.iter().copied()),
                        Effect::Acts(concern, verdict) => state.actions.push((*concern, *verdict, sure)),
                        Effect::Alters => {}
                    }
                }
                if !body.may_clear().is_empty() {
                    state.controls.push((body.control, body.object.clone()));
                }
                result.steps.push(Step { at, sure, needs });
                if ended.is_some() || stops {
                    break;
                }
            }
            if let Some(verdict) = ended {
                result.verdict = Some(verdict);
                worst = worst.max(verdict);
                journey.stages.push(result);
                break;
            }
            for concern in found.judges.without(NO_VERDICT).iter() {
                let standing = state.standing(concern);
                match &standing {
                    Standing::Cleared(_) | Standing::Waived(_) => {}
                    Standing::Raised => {
                        let action = state.action(concern);
                        result.actions.push((concern, action));
                        match action {
                            Some(Verdict::Delivered) => {}
                            Some(action) => {
                                result.verdict = result.verdict.map(|verdict| verdict.max(action));
                                worst = worst.max(action);
                            }
                            None => {
                                doubtful = true;
                                result.verdict = None;
                            }
                        }
                    }
                    Standing::Unknown(needs, _) => {
                        if state.action(concern) != Some(Verdict::Delivered) {
                            doubtful = true;
                            result.verdict = None;
                            journey.needs.extend(needs.iter().copied());
                        }
                    }
                }
                result.concerns.push((concern, standing));
            }
            journey.stages.push(result);
        }
        journey.skips_spam_filter = skips(&state);
        let settled = !doubtful || worst >= Verdict::Quarantined;
        let same = otherwise.iter().all(|verdict| *verdict == worst);
        journey.verdict = (settled && same).then_some(worst);
        journey
    }
}

impl State {
    /// What the policy in force does about a concern; `None` if it is undecided which policy that is.
    fn action(&self, concern: Concern) -> Option<Verdict> {
        let mut known = None;
        for (acted, verdict, sure) in &self.actions {
            if *acted == concern {
                if !sure {
                    return None;
                }
                known = Some(*verdict);
            }
        }
        // A concern without a stated action ends in the junk folder at best: the filter's own least reaction.
        known.or(Some(Verdict::Junked))
    }
}

/// The rules of a stage that a walk looks at.
fn places(stage: usize, all: usize, among: Option<&[RuleAt]>) -> Box<dyn Iterator<Item = usize> + '_> {
    let Some(among) = among else {
        return Box::new(0..all);
    };
    let (_, later) = among.split_at(among.partition_point(|at| at.stage < stage));
    Box::new(later.iter().take_while(move |at| at.stage == stage).map(|at| at.rule))
}

fn skips(state: &State) -> Option<bool> {
    let mut all = Some(true);
    for concern in SPAM_FILTER.iter() {
        match state.standing(concern) {
            Standing::Cleared(_) | Standing::Waived(_) => {}
            Standing::Unknown(..) => all = all.and(None),
            Standing::Raised => return Some(false),
        }
    }
    all
}
