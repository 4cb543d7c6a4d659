//! Exports that are missing behind the place where mail is kept out anyway.
//!
//! Mail that surely ends at one stage comes to no later one, so nothing there is undecided; and still somebody has to supply
//! the export before anything can be said of the mail once it comes through.

use std::collections::BTreeSet;

use crate::message::{Concern, Concerns, MessageSet};
use crate::path::trace::Trace;
use crate::path::{Effect, MailPath, NeedId, RuleAt};
use crate::requirement::Requirement;

use super::Facts;

/// What is undecided for want of exports, were the mail not kept out.
pub(super) struct Unseen {
    /// Index of the stage.
    pub stage: usize,
    /// The concerns.
    pub concerns: Concerns,
    /// The exports.
    pub needs: BTreeSet<NeedId>,
    /// The messages.
    pub part: MessageSet,
}

/// Ends that may stand one behind the other before nobody looks any further.
const MAX_ENDS: usize = 4;

/// Looks behind the ends of a trace.
pub(super) fn exports(facts: &Facts<'_>, requirement: &Requirement<'_>, trace: &Trace<'_>) -> Vec<Unseen> {
    let mut unseen = Vec::new();
    let surely = |trace: &Trace<'_>| -> Vec<RuleAt> {
        let ends = trace.ends.iter().filter(|end| !end.sure.is_empty());
        ends.map(|end| end.at).collect()
    };
    let mut ended = surely(trace);
    if ended.is_empty() || !requirement.needs_smtp() || !facts.path.needs.iter().any(|need| is_export(&need.key)) {
        return unseen;
    }
    let mut path: MailPath = facts.path.clone();
    for _ in 0..MAX_ENDS {
        for at in &ended {
            put_aside(&mut path, *at);
        }
        let behind = super::trace_on(&path, requirement, &requirement.wide);
        for concern in requirement.concerns.iter() {
            let Some(stage) = path.judge(concern) else { continue };
            let coverage = behind.coverage(concern);
            let needs: BTreeSet<NeedId> = exports_among(facts, &coverage.needs);
            if !coverage.undecided.is_empty() && !needs.is_empty() {
                unseen.push(Unseen {
                    stage,
                    concerns: Concerns::of(&[concern]),
                    needs,
                    part: coverage.undecided,
                });
            }
        }
        for end in behind.ends.iter().filter(|end| !end.unsure.is_empty()) {
            let needs = exports_among(facts, &end.needs);
            if !needs.is_empty() {
                unseen.push(Unseen {
                    stage: end.at.stage,
                    concerns: Concerns::of(&[Concern::Routing]),
                    needs,
                    part: end.unsure.clone(),
                });
            }
        }
        ended = surely(&behind);
        if ended.is_empty() {
            break;
        }
    }
    unseen
}

/// The exports among what would decide.
pub(super) fn exports_among(facts: &Facts<'_>, needs: &BTreeSet<NeedId>) -> BTreeSet<NeedId> {
    let export = |need: &NeedId| facts.path.needed(*need).is_some_and(|need| is_export(&need.key));
    needs.iter().copied().filter(export).collect()
}

fn is_export(key: &str) -> bool {
    key.starts_with("export/")
}

/// Takes a rule out of the path.
fn put_aside(path: &mut MailPath, at: RuleAt) {
    let rule = path
        .stages
        .get_mut(at.stage)
        .and_then(|stage| stage.rules.get_mut(at.rule));
    if let Some(rule) = rule {
        rule.effects.retain(|effect| !matches!(effect, Effect::Ends { .. }));
    }
}
