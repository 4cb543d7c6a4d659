//! Which messages meet a rule that is not the same on both sides: nobody else's fate can have changed.
//!
//! Rules that stand in the same order on both sides, are about the same messages and do the same to them cannot tell the
//! sides apart. So only what meets another rule has to be sent along both paths.

use std::collections::{BTreeSet, HashMap};

use crate::allow::header::Matcher;
use crate::message::MessageSet;
use crate::message::union::Union;
use crate::path::guard::Split;
use crate::path::{Effect, NeedId, Pred, Rule, RuleAt};

use super::sameness::Sameness;
use super::side::Side;

/// How many rules of one name are looked through for one that is the same.
const MAX_NAMESAKES: usize = 64;

/// Rules that are not the same on both sides, and those that stand elsewhere among the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Of the old side.
    pub old: Vec<RuleAt>,
    /// Of the new side.
    pub new: Vec<RuleAt>,
}

/// The rules that changed; `None` if the sides have other stages, so that nothing can be compared rule by rule.
pub(super) fn changed(old: Side<'_>, new: Side<'_>) -> Option<Changed> {
    let stages = || old.path.stages.iter().zip(&new.path.stages);
    let alike = old.path.stages.len() == new.path.stages.len()
        && old.path.mask == new.path.mask
        && stages().all(|(one, other)| one.id == other.id && one.judges == other.judges);
    if !alike {
        return None;
    }
    let same = Sameness::of(old, new);
    let mut changed = Changed::default();
    for (stage, (one, other)) in stages().enumerate() {
        let in_force = |rules: &[Rule]| -> Vec<usize> {
            let rules = rules.iter().enumerate().filter(|(_, rule)| rule.in_force());
            rules.map(|(at, _)| at).collect()
        };
        let (ones, others) = (in_force(&one.rules), in_force(&other.rules));
        let pairs = paired(&same, (&one.rules, &ones), (&other.rules, &others));
        let (kept_old, kept_new): (BTreeSet<usize>, BTreeSet<usize>) = pairs.into_iter().unzip();
        let at = |rule: usize| RuleAt { stage, rule };
        changed
            .old
            .extend(ones.into_iter().filter(|rule| !kept_old.contains(rule)).map(at));
        changed
            .new
            .extend(others.into_iter().filter(|rule| !kept_new.contains(rule)).map(at));
    }
    Some(changed)
}

/// Of a set that both sides see alike, the messages that meet a rule that changed, surely or possibly.
///
/// A rule that only asks for something else than before is met by the same mail as before, but for what comes in or goes.
pub(super) fn touched(old: Side<'_>, new: Side<'_>, seen: &MessageSet, changed: &Changed) -> MessageSet {
    let mut all = Union::default();
    let (pairs, gone, come) = counterparts(old, new, changed);
    for (side, rules) in [(old, &gone), (new, &come)] {
        for rule in rules.iter().filter_map(|at| side.path.rule(*at)) {
            let split = rule.guard.split(seen);
            all.add(split.sure);
            all.add(split.unsure);
        }
    }
    let same = Sameness::of(old, new);
    for (one, other) in pairs {
        let (before, after) = (one.guard.split(seen), other.guard.split(seen));
        // What hangs on one question alone hangs on the same one; else what is in doubt may be so for another reason.
        let asked = |split: &Split| match Vec::from_iter(&split.needs).as_slice() {
            [only] => Some(**only),
            _ => None,
        };
        let as_before = match (asked(&before), asked(&after)) {
            (Some(one), Some(other)) => same.needs(one, other),
            _ => false,
        };
        for (some, others) in [(&before, &after), (&after, &before)] {
            all.add(some.sure.minus(&others.sure));
            all.add(if as_before {
                some.unsure.minus(&others.unsure)
            } else {
                some.unsure.clone()
            });
        }
    }
    all.into_set()
}

/// Changed rules of which each side has one in the same place, that do the same to what they meet; and the others.
fn counterparts<'s>(
    old: Side<'s>,
    new: Side<'s>,
    changed: &Changed,
) -> (Vec<(&'s Rule, &'s Rule)>, Vec<RuleAt>, Vec<RuleAt>) {
    let same = Sameness::of(old, new);
    let (mut pairs, mut gone, mut come) = (Vec::new(), Vec::new(), changed.new.clone());
    for at in &changed.old {
        let other = place(&changed.old, *at, old).and_then(|place_before| {
            let there = |other: &&RuleAt| place(&changed.new, **other, new) == Some(place_before);
            come.iter().find(there).copied()
        });
        let both = other.and_then(|other| Some((old.path.rule(*at)?, new.path.rule(other)?)));
        match (other, both) {
            (Some(other), Some((one, two))) if same.does_the_same(one, two) => {
                pairs.push((one, two));
                come.retain(|known| *known != other);
            }
            _ => gone.push(*at),
        }
    }
    (pairs, gone, come)
}

/// Where a changed rule stands: its stage, how many unchanged rules in force come before it, how many changed ones lie
/// between it and the last of those, and its name.
fn place<'s>(changed: &[RuleAt], at: RuleAt, side: Side<'s>) -> Option<(usize, usize, usize, &'s str)> {
    let rules = side.path.stages.get(at.stage)?.rules.as_slice();
    let rule = rules.get(at.rule)?;
    let (mut kept, mut between) = (0, 0);
    for (number, earlier) in rules.iter().enumerate().take(at.rule) {
        let earlier_at = RuleAt {
            stage: at.stage,
            rule: number,
        };
        if changed.contains(&earlier_at) {
            between += 1;
        } else if earlier.in_force() {
            (kept, between) = (kept + 1, 0);
        }
    }
    Some((at.stage, kept, between, rule.object.as_str()))
}

/// Of a set that both sides see alike, the messages that changed rules may let in: all but those that met rules which only
/// clear, and meet at most rules which only keep back. Of the others nothing is cleared that was not.
pub(super) fn widened(old: Side<'_>, new: Side<'_>, seen: &MessageSet, changed: &Changed) -> MessageSet {
    let clears = |effect: &Effect| {
        matches!(
            effect,
            Effect::Clears(_) | Effect::MayClear(..) | Effect::Waives(_) | Effect::Alters
        )
    };
    let keeps_back = |effect: &Effect| matches!(effect, Effect::Raises(..) | Effect::Ends { .. } | Effect::Alters);
    let mut all = Union::default();
    let gone = changed.old.iter().filter_map(|at| old.path.rule(*at));
    let come = changed.new.iter().filter_map(|at| new.path.rule(*at));
    let gone = gone.filter(|rule| !rule.effects.iter().all(clears));
    let come = come.filter(|rule| !rule.effects.iter().all(keeps_back));
    for rule in gone.chain(come) {
        let split = rule.guard.split(seen);
        all.add(split.sure);
        all.add(split.unsure);
    }
    all.into_set()
}

/// What each side's needs ask for, by their numbers: two that read the same have the same answer.
#[derive(Debug, Clone)]
pub(super) struct Questions {
    /// Of the old side.
    pub old: Vec<String>,
    /// Of the new side.
    pub new: Vec<String>,
}

/// The questions that undecided messages hang on.
///
/// A need that asks what stands in an address is another question where a rule looks for another text: then the two sides
/// may come to different answers, and nothing that hangs on it is the same.
pub(super) fn questions(old: Side<'_>, new: Side<'_>, changed: Option<&Changed>) -> Questions {
    let mut questions = Questions {
        old: old.all_asked(),
        new: new.all_asked(),
    };
    let texts = |side: Side<'_>, rules: Option<&Vec<RuleAt>>| {
        let mut texts = Vec::new();
        for (at, _, rule) in side.path.rules().filter(|(_, _, rule)| rule.in_force()) {
            if rules.is_none_or(|rules| rules.contains(&at)) {
                rule.guard.when.iter().for_each(|pred| gather(pred, &mut texts));
                rule.guard.unless.iter().for_each(|pred| gather(pred, &mut texts));
            }
        }
        let read = texts
            .into_iter()
            .map(|(which, matchers, need)| (side.asked(need), which, matchers.to_vec(), need));
        read.collect::<Vec<_>>()
    };
    let before = texts(old, changed.map(|changed| &changed.old));
    let after = texts(new, changed.map(|changed| &changed.new));
    let lacks = |some: &[(String, Where, Vec<Matcher>, NeedId)], wanted: &(String, Where, Vec<Matcher>, NeedId)| {
        !some
            .iter()
            .any(|known| known.0 == wanted.0 && known.1 == wanted.1 && known.2 == wanted.2)
    };
    for (texts, others) in [(&before, &after), (&after, &before)] {
        for text in texts.iter().filter(|text| lacks(others, text)) {
            for (asked, side) in [(&mut questions.old, " then"), (&mut questions.new, " now")] {
                for question in asked.iter_mut().filter(|question| **question == text.0) {
                    question.push_str(side);
                }
            }
        }
    }
    questions
}

/// The texts that a rule looks for in written addresses, if it does: what hangs on one rule hangs on no other one.
pub(super) fn looks_for(rule: &Rule) -> Option<String> {
    let mut texts = Vec::new();
    let preds = rule.guard.when.iter().chain(&rule.guard.unless);
    preds.for_each(|pred| gather(pred, &mut texts));
    let texts: Vec<(Where, &[Matcher])> = texts
        .into_iter()
        .map(|(which, matchers, _)| (which, matchers))
        .collect();
    (!texts.is_empty()).then(|| format!("texts {texts:?}"))
}

/// Which address a text is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    MailFrom,
    From,
    To,
}

/// The texts that a condition looks for in written addresses.
fn gather<'p>(pred: &'p Pred, texts: &mut Vec<(Where, &'p [Matcher], NeedId)>) {
    match pred {
        Pred::MailFromText(matchers, need) => texts.push((Where::MailFrom, matchers, *need)),
        Pred::FromText(matchers, need) => texts.push((Where::From, matchers, *need)),
        Pred::ToText(matchers, need) => texts.push((Where::To, matchers, *need)),
        Pred::All(preds) | Pred::Any(preds) => preds.iter().for_each(|pred| gather(pred, texts)),
        Pred::Not(pred) => gather(pred, texts),
        Pred::Between { surely, possibly, .. } => {
            gather(surely, texts);
            gather(possibly, texts);
        }
        _ => {}
    }
}

/// Rules that are the same on both sides and keep their order, as many as are found.
fn paired(same: &Sameness, old: (&[Rule], &[usize]), new: (&[Rule], &[usize])) -> Vec<(usize, usize)> {
    let is_same = |one: &usize, other: &usize| match (old.0.get(*one), new.0.get(*other)) {
        (Some(one), Some(other)) => same.rules(one, other),
        _ => false,
    };
    let (mut ones, mut others) = (old.1, new.1);
    let mut pairs = Vec::new();
    while let (Some((one, ones_left)), Some((other, others_left))) = (ones.split_first(), others.split_first())
        && is_same(one, other)
    {
        pairs.push((*one, *other));
        (ones, others) = (ones_left, others_left);
    }
    while let (Some((one, ones_left)), Some((other, others_left))) = (ones.split_last(), others.split_last())
        && is_same(one, other)
    {
        pairs.push((*one, *other));
        (ones, others) = (ones_left, others_left);
    }
    // In the middle each looks for its like among those of its name.
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for other in others {
        if let Some(rule) = new.0.get(*other) {
            by_name.entry(&rule.object).or_default().push(*other);
        }
    }
    let mut alike = Vec::new();
    for one in ones {
        let namesakes = old.0.get(*one).and_then(|rule| by_name.get_mut(rule.object.as_str()));
        let Some(namesakes) = namesakes else { continue };
        if let Some(at) = namesakes
            .iter()
            .take(MAX_NAMESAKES)
            .position(|other| is_same(one, other))
        {
            alike.push((*one, namesakes.remove(at)));
        }
    }
    pairs.extend(in_order(&alike));
    pairs
}

/// The longest run of pairs whose second halves rise, as their first halves do.
fn in_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length the pair with the smallest end, and for each pair the one before it in its run.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    let second = |at: usize| pairs.get(at).map(|pair| pair.1);
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| second(*end) < Some(pair.1));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut run = Vec::new();
    let mut next = ends.last().copied();
    while let Some(at) = next {
        run.extend(pairs.get(at).copied());
        next = before.get(at).copied().flatten();
    }
    run
}
