//! One change: the messages, one of them to show, and the settings that decide about it on either side.

use std::collections::BTreeSet;

use crate::message::{Concern, Concerns, Message, MessageSet};
use crate::path::walk::{self, Journey};
use crate::path::{Effect, Force, List, NeedId, Rule, RuleAt};
use crate::problem::Label;

use super::parts::{Standing, of_journey};
use super::shift::Shift;
use super::shown;
use super::side::{Entry, Side};

/// Messages whose fate is another than before.
#[derive(Debug, Clone)]
pub struct Change {
    /// The concerns it is about.
    pub concerns: Concerns,
    /// Where the messages come in.
    pub entry: Entry,
    /// What became of them.
    pub from: Standing,
    /// What becomes of them.
    pub to: Standing,
    /// The messages, as they are sent.
    pub set: MessageSet,
    /// Whether a set grew past the cap: then it is not known whether these are all of them, or whether they are any.
    pub capped: bool,
    /// One of them, if one can be shown.
    pub witness: Option<Message>,
    /// What decides about that one on the old side.
    pub old: Decided,
    /// And on the new side.
    pub new: Decided,
}

/// What decides about one message on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// The rule, if there is one that still or already decides.
    pub rule: Option<RuleAt>,
    /// `<kind>/<Name>` of the object that the labels are about.
    pub object: Option<String>,
    /// The settings, in this side's sources.
    pub labels: Vec<Label>,
    /// What would decide what is undecided.
    pub asked: Vec<Asked>,
}

/// Something that would decide what is undecided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Names the missing thing.
    pub key: String,
    /// Completes "cannot tell: ".
    pub text: String,
    /// How to supply it.
    pub help: String,
}

impl Change {
    /// Whether a reader would learn nothing from the other one.
    pub(super) fn tells_the_same(&self, other: &Self) -> bool {
        self.concerns == other.concerns
            && (self.entry, self.from, self.to) == (other.entry, other.from, other.to)
            && self.witness == other.witness
            && self.old.labels == other.old.labels
            && self.new.labels == other.new.labels
    }

    /// Puts a shift in words of settings.
    pub(super) fn of(old: Side<'_>, new: Side<'_>, entry: Entry, shift: Shift) -> Self {
        let witness = shown(&shift.set, |message| {
            let stands = |side: Side<'_>, wanted: Standing| {
                let journey = side.walk(entry, message);
                let mut all = shift
                    .concerns
                    .iter()
                    .filter_map(|concern| of_journey(side, &journey, concern));
                all.all(|standing| standing == wanted)
            };
            stands(old, shift.from) && stands(new, shift.to)
        });
        let (mut before, mut after) = (Decided::default(), Decided::default());
        if let Some(message) = &witness {
            let journeys = (old.walk(entry, message), new.walk(entry, message));
            let concern = shift.concerns.iter().next().unwrap_or(Concern::Routing);
            let held = |standing: Standing| matches!(standing, Standing::Held(_));
            let acts = held(shift.from) && held(shift.to);
            before = decided(old, &journeys.0, message, concern, acts);
            after = decided(new, &journeys.1, message, concern, acts);
            // Where no setting decides, the one that decides on the other side is looked for.
            if before.rule.is_none() {
                before = Decided {
                    asked: before.asked,
                    ..missing(old, &journeys.0, message, new, after.rule)
                };
            } else if after.rule.is_none() {
                after = Decided {
                    asked: after.asked,
                    ..missing(new, &journeys.1, message, old, before.rule)
                };
            }
        }
        Self {
            concerns: shift.concerns,
            entry,
            from: shift.from,
            to: shift.to,
            set: shift.set,
            capped: shift.capped,
            witness,
            old: before,
            new: after,
        }
    }
}

/// The rule that decides about a message, and what of it the message meets.
///
/// What is held against it is held for want of an allow, and no setting shows that; where it is held on both sides, the
/// policy that says what is done about it does (`acts`).
fn decided(side: Side<'_>, journey: &Journey, message: &Message, concern: Concern, acts: bool) -> Decided {
    let standing = of_journey(side, journey, concern);
    let judge = side.path.judge(concern);
    let mut stages = journey.stages.iter().filter(|stage| Some(stage.stage) == judge);
    let said = stages.next().and_then(|stage| {
        let mut concerns = stage.concerns.iter().filter(|(judged, _)| *judged == concern);
        concerns.next().map(|(_, standing)| standing)
    });
    let (at, what) = match standing {
        Some(Standing::Ended(verdict)) => (journey.ended, format!("ends its way: {}", verdict.as_str())),
        Some(Standing::Undecided) => {
            let by = match said {
                Some(walk::Standing::Unknown(_, by)) => *by,
                _ => None,
            };
            let by = by.or_else(|| journey.may_end.first().copied());
            let may = by.and_then(|at| side.path.rule(at)).map_or("", may_do);
            (by, may.to_owned())
        }
        Some(Standing::Cleared | Standing::Waived) => match said {
            Some(walk::Standing::Cleared(at)) => (Some(*at), "clears it".to_owned()),
            Some(walk::Standing::Waived(at)) => (*at, "keeps it from being judged".to_owned()),
            _ => (None, String::new()),
        },
        Some(Standing::Held(_)) if acts => (acting(side, journey, concern), "says what is done about it".to_owned()),
        Some(Standing::Held(_)) | None => (None, String::new()),
    };
    let asked = asked(side, standing, said, journey);
    // What stands for an export that is not there, or for what filters do by themselves, is no setting to be shown.
    let rule = at.and_then(|at| side.path.rule(at));
    let Some(rule) = rule.filter(|rule| rule.object.contains('/')) else {
        return Decided {
            asked,
            ..Decided::default()
        };
    };
    Decided {
        rule: at,
        object: Some(rule.object.clone()),
        labels: labels(rule, message, &what),
        asked,
    }
}

/// What a rule does when it surely matches, as something it may do.
fn may_do(rule: &Rule) -> &'static str {
    if rule.ends().is_some() {
        "may end its way"
    } else {
        "may clear it"
    }
}

/// The rule that says what is done about a concern.
fn acting(side: Side<'_>, journey: &Journey, concern: Concern) -> Option<RuleAt> {
    let acts = |at: &RuleAt| {
        let effects = side.path.rule(*at).map_or(&[][..], |rule| &rule.effects);
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Acts(acted, _) if *acted == concern))
    };
    let steps = journey.stages.iter().flat_map(|stage| &stage.steps).map(|step| step.at);
    steps.rev().find(acts)
}

fn asked(side: Side<'_>, standing: Option<Standing>, said: Option<&walk::Standing>, journey: &Journey) -> Vec<Asked> {
    if standing != Some(Standing::Undecided) {
        return Vec::new();
    }
    let needs: BTreeSet<NeedId> = if let Some(walk::Standing::Unknown(needs, _)) = said {
        needs.clone()
    } else {
        let steps = journey.stages.iter().flat_map(|stage| &stage.steps);
        let may_end = steps.filter(|step| journey.may_end.contains(&step.at));
        let mut needs: BTreeSet<NeedId> = may_end.flat_map(|step| step.needs.iter().copied()).collect();
        for at in &journey.may_end {
            let effects = side.path.rule(*at).map_or(&[][..], |rule| &rule.effects);
            needs.extend(effects.iter().filter_map(|effect| match effect {
                Effect::Ends { need, .. } => *need,
                _ => None,
            }));
        }
        needs
    };
    let found = needs.into_iter().filter_map(|need| side.path.needed(need));
    found
        .map(|need| Asked {
            key: need.key.clone(),
            text: need.text.clone(),
            help: need.help.clone(),
        })
        .collect()
}

fn labels(rule: &Rule, message: &Message, what: &str) -> Vec<Label> {
    let met: Vec<Label> = rule
        .met_by(message)
        .map(|(_, entry)| Label::new(entry.span, what))
        .collect();
    if met.is_empty() {
        vec![Label::new(rule.origin, what)]
    } else {
        met
    }
}

/// Why the rule that decides on the other side does not decide on this one.
fn missing(side: Side<'_>, journey: &Journey, message: &Message, other: Side<'_>, rule: Option<RuleAt>) -> Decided {
    let Some(there) = rule.and_then(|at| other.path.rule(at)) else {
        return Decided::default();
    };
    let namesakes = || side.path.rules().filter(|(_, _, rule)| rule.object == there.object);
    let same = namesakes().find(|(_, _, rule)| rule.control == there.control);
    let Some((at, _, here)) = same.or_else(|| namesakes().next()) else {
        return Decided::default();
    };
    let object = Some(here.object.clone());
    let told = |labels: Vec<Label>| Decided {
        rule: None,
        object: object.clone(),
        labels,
        asked: Vec::new(),
    };
    if let Force::Dormant { label, .. } = &here.force {
        return told(vec![label.clone()]);
    }
    let steps = || journey.stages.iter().flat_map(|stage| &stage.steps);
    if here.guard.test(message) != crate::path::guard::Truth::No && !steps().any(|step| step.at == at) {
        let stops = |at: &RuleAt| {
            let effects = side.path.rule(*at).map_or(&[][..], |rule| &rule.effects);
            effects.contains(&Effect::Stops)
        };
        let stopper = steps()
            .map(|step| step.at)
            .rfind(|step| step.stage == at.stage && stops(step));
        if let Some(stopper) = stopper.and_then(|at| side.path.rule(at)) {
            let mut found = labels(stopper, message, "stops the rules after it");
            found.push(Label::new(here.origin, "does not come to its turn"));
            return told(found);
        }
    }
    if let Some(taken) = here
        .lists
        .iter()
        .find(|list| list.exception && list.met_by(message).is_some())
    {
        let entry = taken.met_by(message).map_or(taken.span, |entry| entry.span);
        return told(vec![Label::new(entry, "is excepted here")]);
    }
    // The list whose entry decides on the other side, and holds none for this message here.
    let lost = there.met_by(message).filter_map(|(list, _)| same_list(here, list));
    let lists: Vec<Label> = lost
        .filter(|list| list.met_by(message).is_none())
        .map(|list| Label::new(list.span, "no entry for it here"))
        .collect();
    if lists.is_empty() {
        told(vec![Label::new(here.origin, "is not about it here")])
    } else {
        told(lists)
    }
}

fn same_list<'r>(rule: &'r Rule, list: &List) -> Option<&'r List> {
    rule.lists
        .iter()
        .find(|known| known.name == list.name && known.exception == list.exception)
}
