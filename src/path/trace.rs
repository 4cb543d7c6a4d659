//! The symbolic evaluator: a set of messages on its way, and what that says about each concern.
//!
//! [`MailPath::trace`] runs a set through all rules once and keeps every rule that touched it.
//! [`Trace::coverage`] then answers for one concern: cleared, left, undecided.

use std::collections::{BTreeMap, BTreeSet};

use crate::allow::address::AddressSet;
use crate::allow::ip::IpSet;
use crate::message::{Concern, Cube, Field, Fields, HeaderSet, Message, MessageSet, auth};

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
    /// Rules that matched, in the order of evaluation.
    pub hits: Vec<Hit>,
    /// Where it ended.
    pub ends: Vec<End>,
    /// Rules that were kept from matching.
    pub shadows: Vec<Shadow>,
}

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
        self.run(attacker, Fields::default(), false).excess(concern)
    }

    /// Runs a set of messages along the path.
    ///
    /// `open` are the fields that the sender's description leaves open: an end that depends on one of them is only
    /// possible, since nobody said that such mail is ever sent.
    pub fn trace(&self, sent: &MessageSet, open: Fields) -> Trace<'_> {
        self.run(sent, open, true)
    }

    fn run(&self, sent: &MessageSet, open: Fields, shadows: bool) -> Trace<'_> {
        let mut trace = Trace {
            path: self,
            sent: sent.clone(),
            hits: Vec::new(),
            ends: Vec::new(),
            shadows: Vec::new(),
        };
        let mut live = sent.clone();
        for (stage, found) in self.stages.iter().enumerate() {
            let mut walk = StageWalk {
                live,
                ended: MessageSet::empty(),
                out: Levels::default(),
                stopped: Vec::new(),
                stopped_all: Levels::default(),
                maybe_stopped: Vec::new(),
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

/// A growing union, kept as unions of about 1, 2, 4, ... parts.
///
/// Adding to one big set, or taking from one, would copy it for every rule: a product of entries.
#[derive(Default)]
struct Levels(Vec<(usize, MessageSet)>);

impl Levels {
    fn add(&mut self, set: MessageSet) {
        let (mut n_parts, mut sum) = (1, set);
        while let Some((n, more)) = self.0.pop_if(|(n, _)| *n <= n_parts) {
            n_parts += n;
            sum.absorb(more);
            sum = sum.merged();
        }
        self.0.push((n_parts, sum));
    }

    fn overlaps(&self, set: &MessageSet) -> bool {
        self.0
            .iter()
            .any(|(_, level)| level.overflowed() || level.overlaps(set))
    }

    fn sets(&self) -> impl Iterator<Item = &MessageSet> {
        self.0.iter().map(|(_, level)| level)
    }

    fn taken_from(&self, set: MessageSet) -> MessageSet {
        let levels = self.0.iter().map(|(_, level)| level);
        levels
            .filter(|level| level.overflowed() || level.overlaps(&set))
            .fold(None, |rest: Option<MessageSet>, level| {
                Some(rest.as_ref().unwrap_or(&set).minus(level))
            })
            .unwrap_or(set)
    }
}

/// The sets while they pass one stage.
struct StageWalk {
    /// What came to this stage.
    live: MessageSet,
    /// Of these, those whose way surely ended here.
    ended: MessageSet,
    /// Of these, those that no later rule of the stage sees: surely ended, or surely stopped.
    out: Levels,
    stopped: Vec<(RuleAt, MessageSet)>,
    /// All that `stopped` holds: whether any of it matters to a rule is asked of all of it at once.
    stopped_all: Levels,
    /// Rules that may have stopped part of the set.
    maybe_stopped: Vec<(RuleAt, MessageSet)>,
    /// All that `maybe_stopped` holds, by what would decide.
    maybe_stopped_for: Vec<(BTreeSet<NeedId>, Levels)>,
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
        let mut split = rule.guard.split(&self.live);
        let clears = !rule.may_clear().is_empty();
        if self.shadows
            && clears
            && self
                .stopped_all
                .sets()
                .any(|set| !rule.guard.split(set).sure.is_empty())
        {
            for (by, set) in &self.stopped {
                let kept = rule.guard.split(set).sure;
                if !kept.is_empty() {
                    trace.shadows.push(Shadow { at, by: *by, set: kept });
                }
            }
        }
        if split.is_empty() {
            return;
        }
        split.sure = self.out.taken_from(split.sure);
        split.unsure = self.out.taken_from(split.unsure);
        let split = split.tidied();
        if split.is_empty() {
            return;
        }
        let guarded = split.sure.clone();
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
            if self.shadows && clears {
                for (by, set) in &self.maybe_stopped {
                    let set = doubtful.intersect(set);
                    if !set.is_empty() {
                        trace.shadows.push(Shadow { at, by: *by, set });
                    }
                }
            }
            hit.unsure.absorb(doubtful);
            hit.needs.extend(needs.iter().copied());
        }
        for effect in &rule.effects {
            match effect {
                Effect::Ends {
                    verdict,
                    unless_cleared_by,
                    need,
                } => {
                    self.end(trace, &hit, rule, *verdict, unless_cleared_by, *need, open);
                }
                Effect::Stops => {
                    // Whatever an earlier rule may have stopped does not come past this one either.
                    if !guarded.is_empty() {
                        self.out.add(guarded.clone());
                        self.stopped.push((at, guarded.clone()));
                        self.stopped_all.add(guarded.clone());
                    }
                    let unsure = hit.unsure.minus(&guarded);
                    if !unsure.is_empty() {
                        self.maybe_stopped.push((at, unsure.clone()));
                        let same = self.maybe_stopped_for.iter_mut().find(|(needs, _)| *needs == hit.needs);
                        if let Some((_, all)) = same {
                            all.add(unsure);
                        } else {
                            let mut all = Levels::default();
                            all.add(unsure);
                            self.maybe_stopped_for.push((hit.needs.clone(), all));
                        }
                    }
                }
                _ => {}
            }
        }
        trace.hits.push(hit);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "these are the parts of one effect, taken apart by the caller's match"
    )]
    fn end(
        &mut self,
        trace: &mut Trace<'_>,
        hit: &Hit,
        rule: &Rule,
        verdict: Verdict,
        unless_cleared_by: &[&str],
        need: Option<NeedId>,
        open: Fields,
    ) {
        let mut end = End {
            at: hit.at,
            verdict,
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
                        end.needs.extend(need);
                    }
                }
            }
        }
        // Nobody said that the sender's mail ever looks so: only possible.
        let (open_cubes, sure): (Vec<Cube>, Vec<Cube>) = end
            .sure
            .cubes()
            .iter()
            .cloned()
            .partition(|cube| narrowed(cube, open).is_some());
        if !open_cubes.is_empty() {
            end.sure = sure.into_iter().collect();
            end.unsure.absorb(open_cubes.into_iter().collect());
        }
        let asked: Option<BTreeSet<NeedId>> = end
            .unsure
            .cubes()
            .iter()
            .map(|cube| narrowed(cube, open).and_then(|field| trace.path.open_need(field)))
            .collect();
        match asked {
            // What the pack leaves open decides all of it, so nothing else is worth asking for.
            Some(asked) if !asked.is_empty() => {
                if end.sure.is_empty() {
                    let told = self.open_ends.entry(asked.clone()).or_insert(0);
                    *told += 1;
                    if *told > MAX_OPEN_ENDS {
                        return;
                    }
                }
                end.needs = asked;
            }
            _ if end.needs.is_empty() => end.needs.extend(need),
            _ => {}
        }
        if !end.sure.is_empty() {
            self.ended.absorb(end.sure.clone());
            self.out.add(end.sure.clone());
        }
        trace.ends.push(end);
    }
}

/// The first open field of which a cube says something.
///
/// To be anything but a few senders or hosts says nothing: that holds of the sender's mail, whatever it is.
pub fn narrowed(cube: &Cube, open: Fields) -> Option<Field> {
    let senders = |senders: &AddressSet| !senders.is_open();
    let hosts = |hosts: &IpSet| hosts.count() < 1 << 31;
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
        (
            Field::Auth,
            cube.dmarc != auth::DMARC.all() || cube.spf != auth::SPF.all() || cube.compauth != auth::COMPAUTH.all(),
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

/// Headers that every message has with a text of its own: a pack that does not name them leaves them open.
pub fn is_free_text(name: &str) -> bool {
    name.eq_ignore_ascii_case("Subject") || name.eq_ignore_ascii_case("Message-ID")
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
        let mut cleared = tally.cleared;
        cleared.absorb(tally.waived.minus(&cleared));
        tally.doubted.append(&mut tally.wavering);
        let (undecided, needs) = settled(&tally.doubted, &cleared);
        for (_, set) in &mut tally.undone {
            *set = set.minus(&cleared);
        }
        tally.undone.retain(|(_, set)| !set.is_empty());
        Coverage {
            left: self.sent.minus(&cleared).minus(&undecided),
            cleared,
            undecided,
            needs,
            waived: tally.waived,
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
            out.absorb(end.sure.clone());
        }
        let mut cleared = tally.cleared.minus(&out);
        out.absorb(tally.cleared);
        let (mut undecided, mut needs) = settled(&tally.doubted, &out);
        for end in self.ends.iter().filter(|end| end.at.stage <= judge) {
            let part = cleared.intersect(&end.unsure);
            if !part.is_empty() {
                needs.extend(end.needs.iter().copied());
                cleared = cleared.minus(&part);
                undecided.absorb(part);
            }
        }
        Coverage {
            left: self.sent.minus(&cleared).minus(&undecided),
            cleared,
            undecided,
            needs,
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

    /// Ends of the way, read as a concern: left is what surely ends, undecided what may.
    pub fn routing(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for end in &self.ends {
            coverage.left.absorb(end.sure.clone());
        }
        let doubts: Vec<Doubt> = self
            .ends
            .iter()
            .map(|end| (end.unsure.clone(), end.needs.clone()))
            .collect();
        (coverage.undecided, coverage.needs) = settled(&doubts, &coverage.left);
        coverage.cleared = self.sent.minus(&coverage.left).minus(&coverage.undecided);
        coverage.capped(&self.sent)
    }

    /// The ends at one stage.
    pub fn ends_at(&self, stage: usize) -> impl Iterator<Item = &End> {
        self.ends.iter().filter(move |end| end.at.stage == stage)
    }
}

/// A set about which something is undecided, and what would decide it.
type Doubt = (MessageSet, BTreeSet<NeedId>);

/// What the rules that matched did to one concern, one after the other.
#[derive(Default)]
struct Tally {
    cleared: MessageSet,
    /// A waiver is no clearance: nothing takes it back.
    waived: MessageSet,
    /// Possibly cleared.
    doubted: Vec<Doubt>,
    /// Possibly waived.
    wavering: Vec<Doubt>,
    clearers: Vec<RuleAt>,
    undone: Vec<(RuleAt, MessageSet)>,
}

impl Tally {
    fn apply(&mut self, hit: &Hit, effect: &Effect, concern: Concern) {
        match effect {
            Effect::Clears(concerns) if concerns.has(concern) => {
                self.clearers.push(hit.at);
                self.cleared.absorb(hit.sure.clone());
                self.doubt(&hit.unsure, hit.needs.clone());
            }
            Effect::MayClear(concerns, need) if concerns.has(concern) => {
                self.clearers.push(hit.at);
                self.doubt(&hit.sure, BTreeSet::from([*need]));
                self.doubt(&hit.unsure, hit.needs.iter().copied().chain([*need]).collect());
            }
            Effect::Waives(concerns) if concerns.has(concern) => {
                self.waived.absorb(hit.sure.clone());
                if !hit.unsure.is_empty() {
                    self.wavering.push((hit.unsure.clone(), hit.needs.clone()));
                }
            }
            Effect::Raises(concerns, need) if concerns.has(concern) => {
                let sure = self.cleared.intersect(&hit.sure);
                let unsure = self.cleared.intersect(&hit.unsure);
                if sure.is_empty() && unsure.is_empty() {
                    return;
                }
                self.cleared = self.cleared.minus(&hit.sure).minus(&hit.unsure);
                self.doubt(&sure, BTreeSet::from([*need]));
                self.doubt(&unsure, hit.needs.iter().copied().chain([*need]).collect());
                let mut taken = sure;
                taken.absorb(unsure);
                self.undone.push((hit.at, taken));
            }
            _ => {}
        }
    }

    fn doubt(&mut self, set: &MessageSet, needs: BTreeSet<NeedId>) {
        if !set.is_empty() {
            self.doubted.push((set.clone(), needs));
        }
    }
}

/// What is in doubt and not decided, and what would decide that.
fn settled(doubts: &[Doubt], decided: &MessageSet) -> Doubt {
    let mut undecided = MessageSet::empty();
    let mut all = BTreeSet::new();
    for (set, needs) in doubts {
        let open = set.minus(decided);
        if !open.is_empty() {
            undecided.absorb(open);
            all.extend(needs.iter().copied());
        }
    }
    (undecided, all)
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
/// At most `tries` messages are walked.
pub fn confirmed(
    path: &MailPath,
    set: &MessageSet,
    tries: usize,
    holds: impl Fn(&Message) -> Result<(), Option<RuleAt>>,
) -> Option<Message> {
    let mut rest = set.clone();
    for _ in 0..tries {
        let message = rest.witness()?;
        match holds(&message) {
            Ok(()) => return Some(message),
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
