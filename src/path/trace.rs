//! The symbolic evaluator: a set of messages on its way, and what that says about each concern.
//!
//! [`MailPath::trace`] runs a set through all rules once and keeps every rule that touched it.
//! [`Trace::coverage`](super::coverage) then answers for one concern: cleared, left, undecided.

use std::collections::{BTreeMap, BTreeSet};

use crate::allow::address::AddressSet;
use crate::allow::ip::IpSet;
use crate::message::union::Union;
use crate::message::{Cube, EVERY_MESSAGE_HAS, Field, Fields, HeaderSet, MessageSet, auth};

use super::guard::Split;
use super::{Effect, MailPath, NeedId, Rule, RuleAt, Verdict};

/// A rule that matched part of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The rule.
    pub at: RuleAt,
    /// Surely matched, and surely reached.
    pub sure: MessageSet,
    /// Possibly.
    pub unsure: MessageSet,
    /// What would decide about `unsure`.
    pub needs: BTreeSet<NeedId>,
}

/// A part of the set whose way ends, surely or possibly, at a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The rule.
    pub at: RuleAt,
    /// How.
    pub verdict: Verdict,
    /// Surely.
    pub sure: MessageSet,
    /// Possibly.
    pub unsure: MessageSet,
    /// What would decide about `unsure`.
    pub needs: BTreeSet<NeedId>,
}

/// A part of the set that a rule would have matched, had an earlier one not stopped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The rule that did not come to its turn.
    pub at: RuleAt,
    /// The one that stopped it.
    pub by: RuleAt,
    /// The messages.
    pub set: MessageSet,
}

/// What a set of messages met on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace<'p> {
    /// The path.
    pub path: &'p MailPath,
    /// The set that was sent.
    pub sent: MessageSet,
    /// Rules whose conditions part of the set meets, in the order of evaluation, whether it comes as far or not.
    pub met: Vec<RuleAt>,
    /// Of these, those that have a say in a concern.
    pub hits: Vec<Hit>,
    /// Where it ended.
    pub ends: Vec<End>,
    /// Rules that were kept from matching.
    pub shadows: Vec<Shadow>,
}

impl MailPath {
    /// Runs a set of messages along the path.
    ///
    /// `open` are the fields that the sender's description leaves open: an end that depends on one of them is only
    /// possible, since nobody said that such mail is ever sent.
    pub fn trace(&self, sent: &MessageSet, open: Fields) -> Trace<'_> {
        self.run(sent, open, 0, true)
    }

    /// The same for mail that arrives at a later stage than the first.
    pub fn trace_from(&self, entry: usize, sent: &MessageSet, open: Fields) -> Trace<'_> {
        self.run(sent, open, entry, true)
    }

    /// The same for mail of which nobody asks what rules it was kept from, and of which nothing is left open.
    pub fn pass(&self, entry: usize, sent: &MessageSet) -> Trace<'_> {
        self.run(sent, Fields::default(), entry, false)
    }

    pub(super) fn run(&self, sent: &MessageSet, open: Fields, entry: usize, shadows: bool) -> Trace<'_> {
        let mut trace = Trace {
            path: self,
            sent: sent.clone(),
            met: Vec::new(),
            hits: Vec::new(),
            ends: Vec::new(),
            shadows: Vec::new(),
        };
        let mut live = sent.clone();
        for (stage, found) in self.stages.iter().enumerate().skip(entry) {
            let mut walk = StageWalk {
                live,
                ended: MessageSet::empty(),
                out: Union::default(),
                stopped: Vec::new(),
                stopped_all: Union::default(),
                maybe_stopped_for: Vec::new(),
                open_ends: BTreeMap::new(),
                shadows,
            };
            for (rule, body) in found.rules.iter().enumerate() {
                if body.in_force() {
                    walk.step(&mut trace, RuleAt { stage, rule }, body, open);
                }
            }
            live = walk.live.minus(&walk.ended);
        }
        trace
    }
}

impl Trace<'_> {
    /// The ends at one stage.
    pub fn ends_at(&self, stage: usize) -> impl Iterator<Item = &End> {
        self.ends.iter().filter(move |end| end.at.stage == stage)
    }
}

/// The sets while they pass one stage.
struct StageWalk {
    /// What came to this stage.
    live: MessageSet,
    /// Of these, those whose way surely ended here.
    ended: MessageSet,
    /// Of these, those that no later rule of the stage sees: surely ended, or surely stopped.
    out: Union,
    stopped: Vec<(RuleAt, MessageSet)>,
    /// All that `stopped` holds: whether any of it matters to a rule is asked of all of it at once.
    stopped_all: Union,
    /// What rules may have stopped, by what would decide. It is undecided whatever comes after, so nobody asks which rule it was.
    maybe_stopped_for: Vec<(BTreeSet<NeedId>, Union)>,
    /// How many rules may end the way by the same open fields.
    open_ends: BTreeMap<BTreeSet<NeedId>, usize>,
    /// Whether to keep what rules were kept from matching.
    shadows: bool,
}

/// Of rules that stop mail by what a pack leaves open as many are kept as are worth telling: the answer is the same with
/// one of them as with thousands, and what would decide it too.
const MAX_OPEN_ENDS: usize = 8;

impl StageWalk {
    fn step(&mut self, trace: &mut Trace<'_>, at: RuleAt, rule: &Rule, open: Fields) {
        if self.shadows && !rule.may_clear().is_empty() {
            self.shadow(trace, at, rule);
        }
        let split = rule.guard.split(&self.live);
        if split.is_empty() {
            return;
        }
        trace.met.push(at);
        let judges = rule.effects.iter().any(Effect::is_about_concerns);
        let opened = Opened::of(trace.path, &split, open);
        // To find what comes as far as here costs as much as all that does not: rules that tell nothing new are not asked.
        let ends = rule.ends().is_some() && !self.is_told(&opened);
        if judges || ends {
            let split = Split {
                sure: self.out.taken_from(split.sure.clone()),
                unsure: self.out.taken_from(split.unsure.clone()),
                needs: split.needs.clone(),
            };
            if !split.is_empty() {
                let hit = self.reached(at, split.tidied());
                for effect in &rule.effects {
                    self.end(trace, &hit, rule, effect, &opened);
                }
                if judges {
                    trace.hits.push(hit);
                }
            }
        }
        if rule.effects.contains(&Effect::Stops) {
            self.stop(at, opened.only_possible(trace.path, split));
        }
    }

    /// Keeps what a rule would have cleared, had it not been stopped before.
    fn shadow(&self, trace: &mut Trace<'_>, at: RuleAt, rule: &Rule) {
        let mut stopped = self.stopped_all.sets();
        if !stopped.any(|set| !rule.guard.split(set).sure.is_empty()) {
            return;
        }
        for (by, set) in &self.stopped {
            let kept = rule.guard.split(set).sure.minus(&self.ended);
            if !kept.is_empty() {
                trace.shadows.push(Shadow { at, by: *by, set: kept });
            }
        }
    }

    /// Whether as many rules as are worth telling may end the way by the same open fields.
    fn is_told(&self, opened: &Opened) -> bool {
        let told = self.open_ends.get(&opened.needs);
        told.is_some_and(|told| *told >= MAX_OPEN_ENDS)
    }

    /// The part of a set that comes as far as a rule and meets its conditions.
    fn reached(&self, at: RuleAt, split: Split) -> Hit {
        let mut hit = Hit {
            at,
            sure: split.sure,
            unsure: split.unsure,
            needs: split.needs,
        };
        // What may have been stopped before is only possibly reached.
        for (needs, all) in &self.maybe_stopped_for {
            if !all.overlaps(&hit.sure) {
                if all.overlaps(&hit.unsure) {
                    hit.needs.extend(needs.iter().copied());
                }
                continue;
            }
            let rest = all.taken_from(hit.sure.clone());
            let doubtful = hit.sure.minus(&rest);
            if doubtful.is_empty() {
                continue;
            }
            hit.sure = rest;
            hit.unsure.absorb(doubtful);
            hit.needs.extend(needs.iter().copied());
        }
        hit
    }

    /// What meets a rule that stops comes to no later one, whether it came to this one or not.
    fn stop(&mut self, at: RuleAt, split: Split) {
        let unsure = split.unsure.minus(&split.sure);
        if !split.sure.is_empty() {
            self.out.add(split.sure.clone());
            self.stopped.push((at, split.sure.clone()));
            self.stopped_all.add(split.sure);
        }
        if unsure.is_empty() {
            return;
        }
        let same = self
            .maybe_stopped_for
            .iter_mut()
            .find(|(needs, _)| *needs == split.needs);
        if let Some((_, all)) = same {
            all.add(unsure);
        } else {
            let mut all = Union::default();
            all.add(unsure);
            self.maybe_stopped_for.push((split.needs, all));
        }
    }

    fn end(&mut self, trace: &mut Trace<'_>, hit: &Hit, rule: &Rule, effect: &Effect, opened: &Opened) {
        let Effect::Ends {
            verdict,
            unless_cleared_by,
            need,
        } = effect
        else {
            return;
        };
        let mut end = End {
            at: hit.at,
            verdict: *verdict,
            sure: hit.sure.clone(),
            unsure: hit.unsure.clone(),
            needs: hit.needs.clone(),
        };
        // Of two ends in one rule the first one counts.
        for first in trace.ends.iter().rev().take_while(|first| first.at == hit.at) {
            end.sure = end.sure.minus(&first.sure);
        }
        if !unless_cleared_by.is_empty() {
            for earlier in &trace.hits {
                let Some(clearer) = trace.path.rule(earlier.at) else {
                    continue;
                };
                if clearer.object == rule.object && clearer.control == rule.control
                    || !unless_cleared_by.contains(&clearer.control)
                    || clearer.may_clear().is_empty()
                {
                    continue;
                }
                for cleared in [&earlier.sure, &earlier.unsure] {
                    let disputed = end.sure.intersect(cleared);
                    if !disputed.is_empty() {
                        end.sure = end.sure.minus(cleared);
                        end.unsure.absorb(disputed);
                        end.needs.extend(*need);
                    }
                }
            }
        }
        // Nobody said that the sender's mail ever looks so: only possible.
        let (narrow, sure): (Vec<Cube>, Vec<Cube>) = std::mem::take(&mut end.sure)
            .cubes()
            .iter()
            .cloned()
            .partition(|cube| opened.is_all || narrowed(cube, opened.fields).is_some());
        end.sure = sure.into_iter().collect();
        end.unsure.absorb(narrow.into_iter().collect());
        if opened.is_all {
            // What the pack leaves open decides all of it, so nothing else is worth asking for.
            end.needs.clone_from(&opened.needs);
        } else if let Some(asked) = asked(trace.path, &end.unsure, opened.fields) {
            end.needs = asked;
        } else if end.needs.is_empty() {
            end.needs.extend(*need);
        }
        if end.sure.is_empty() && !opened.needs.is_empty() {
            *self.open_ends.entry(opened.needs.clone()).or_insert(0) += 1;
        }
        if !end.sure.is_empty() {
            self.ended.absorb(end.sure.clone());
            self.out.add(end.sure.clone());
        }
        trace.ends.push(end);
    }
}

/// What a rule's conditions ask of fields that the sender's description leaves open.
struct Opened {
    fields: Fields,
    /// What would decide about all that the rule may meet; empty if something is met surely, or without such a field.
    needs: BTreeSet<NeedId>,
    /// Whether they all ask for such a field.
    is_all: bool,
}

impl Opened {
    fn of(path: &MailPath, split: &Split, fields: Fields) -> Self {
        let sure = asked(path, &split.sure, fields);
        let unsure = asked(path, &split.unsure, fields);
        let is_all = (sure.is_some() || split.sure.is_empty()) && (unsure.is_some() || split.unsure.is_empty());
        let needs = match (sure, unsure) {
            (Some(sure), None) => sure.union(&split.needs).copied().collect(),
            (Some(sure), Some(unsure)) => sure.union(&unsure).copied().collect(),
            (None, Some(unsure)) if is_all => unsure,
            (None, _) => BTreeSet::new(),
        };
        Self {
            fields,
            is_all: is_all && !needs.is_empty(),
            needs,
        }
    }

    /// The same with what is met by an open field only possibly met: nobody said that the sender's mail ever looks so.
    fn only_possible(&self, path: &MailPath, split: Split) -> Split {
        let (narrow, sure): (Vec<Cube>, Vec<Cube>) = split
            .sure
            .cubes()
            .iter()
            .cloned()
            .partition(|cube| narrowed(cube, self.fields).is_some());
        if narrow.is_empty() {
            return split;
        }
        let narrow: MessageSet = narrow.into_iter().collect();
        let mut needs = split.needs;
        needs.extend(asked(path, &narrow, self.fields).unwrap_or_default());
        let mut unsure = split.unsure;
        unsure.absorb(narrow);
        Split {
            sure: sure.into_iter().collect(),
            unsure,
            needs,
        }
    }
}

/// What decides about a set, if its every part says something of an open field.
fn asked(path: &MailPath, set: &MessageSet, open: Fields) -> Option<BTreeSet<NeedId>> {
    let asked: Option<BTreeSet<NeedId>> = set
        .cubes()
        .iter()
        .map(|cube| narrowed(cube, open).and_then(|field| path.open_need(field)))
        .collect();
    asked.filter(|asked| !asked.is_empty())
}

/// The first open field of which a cube says something.
///
/// To be anything but a few senders or hosts says nothing: that holds of the sender's mail, whatever it is.
pub fn narrowed(cube: &Cube, open: Fields) -> Option<Field> {
    let senders = |senders: &AddressSet| !senders.is_open();
    let hosts = |hosts: &IpSet| hosts.v4_only().count() < 1 << 31 && hosts.v6_only().count() < 1 << 127;
    let texts = cube
        .headers
        .named()
        .any(|(name, set)| is_free_text(name.as_str()) && (!set.absent || !set.values.is_all()) && says_something(set));
    let said = [
        (Field::From, senders(&cube.from)),
        (Field::MailFrom, senders(&cube.mail_from)),
        (Field::Ip, hosts(&cube.ip)),
        (Field::AuthIp, hosts(&cube.auth_ip)),
        (Field::Dkim, !cube.dkim.is_all()),
        (Field::Links, !cube.links.is_all()),
        (Field::Spf, cube.spf != auth::SPF.all()),
        (
            Field::Auth,
            cube.dmarc != auth::DMARC.all() || cube.compauth != auth::COMPAUTH.all(),
        ),
        (Field::Headers, texts),
    ];
    said.into_iter()
        .find(|(field, said)| *said && open.has(*field))
        .map(|(field, _)| field)
}

/// Whether a header has to hold something, rather than merely not hold something.
fn says_something(set: &HeaderSet) -> bool {
    set.values.texts().next().is_some() || set.values.cubes().iter().any(|cube| !cube.all.is_empty())
}

fn is_free_text(name: &str) -> bool {
    EVERY_MESSAGE_HAS.iter().any(|free| free.eq_ignore_ascii_case(name))
}
