//! The law of the two evaluators: a set's coverage is what each of its messages comes to.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::message::small::{only, set, universe};
use crate::message::{Concern, Fields, Message, MessageSet};

use super::coverage::{Answer, Coverage};
use super::guard::Truth;
use super::index::RuleIndex;
use super::small::{JUDGED, path, written_path};
use super::trace::Trace;
use super::walk::{Journey, Standing};
use super::{MailPath, RuleAt};

/// In which of the three sets a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Cleared,
    Left,
    Undecided,
}

fn part(coverage: &Coverage, message: &Message) -> Result<Part, TestCaseError> {
    let parts = [
        (&coverage.cleared, Part::Cleared),
        (&coverage.left, Part::Left),
        (&coverage.undecided, Part::Undecided),
    ];
    let found: Vec<Part> = parts
        .into_iter()
        .filter(|(set, _)| set.contains(message))
        .map(|(_, part)| part)
        .collect();
    prop_assert_eq!(found.len(), 1, "the three sets are disjoint and the whole: {:?}", found);
    Ok(found[0])
}

/// What the other evaluator says of a concern, if the message came to be judged.
fn standing(journey: &Journey, judge: usize, concern: Concern) -> Option<&Standing> {
    let result = journey.stages.iter().find(|result| result.stage == judge)?;
    let mut standings = result.concerns.iter().filter(|(judged, _)| *judged == concern);
    standings.next().map(|(_, standing)| standing)
}

/// Whether a rule that matched on the way clears the concern, surely or possibly.
fn met_a_clearer(path: &MailPath, journey: &Journey, judge: usize, concern: Concern) -> bool {
    let steps = journey.stages.iter().filter(|result| result.stage <= judge);
    steps
        .flat_map(|result| &result.steps)
        .any(|step| path.rule(step.at).is_some_and(|rule| rule.may_clear().has(concern)))
}

fn before(judge: usize) -> impl Fn(&&RuleAt) -> bool {
    move |at| at.stage <= judge
}

fn of(standing: &Standing) -> Part {
    match standing {
        Standing::Cleared(_) | Standing::Waived(_) => Part::Cleared,
        Standing::Raised => Part::Left,
        Standing::Unknown(..) => Part::Undecided,
    }
}

/// `exact` is false where a set may know less of a message than the message says: then it may be undecided.
fn coverage_holds(
    trace: &Trace<'_>,
    concern: Concern,
    messages: &[(&Message, Journey)],
    exact: bool,
) -> Result<(), TestCaseError> {
    let coverage = trace.coverage(concern);
    let judge = trace.path.judge(concern);
    for (message, journey) in messages {
        let said = part(&coverage, message)?;
        let Some(judge) = judge else {
            prop_assert_eq!(said, Part::Cleared);
            continue;
        };
        let Some(standing) = standing(journey, judge, concern) else {
            prop_assert!(journey.ended.is_some_and(|at| at.stage <= judge));
            continue;
        };
        if !exact && said == Part::Undecided {
            continue;
        }
        prop_assert_eq!(said, of(standing), "{:?} of {:?}", standing, message);
        if exact {
            let waived = matches!(standing, Standing::Waived(_));
            prop_assert_eq!(coverage.waived.contains(message), waived);
        }
        if let Standing::Unknown(needs, _) = standing {
            prop_assert!(!needs.is_empty() && needs.is_subset(&coverage.needs));
        }
    }
    prop_assert_eq!(coverage.undecided.is_empty(), coverage.needs.is_empty());
    prop_assert!(!coverage.undone.iter().any(|(_, set)| set.overlaps(&coverage.cleared)));
    let answer = coverage.answer(&trace.sent);
    prop_assert_eq!(matches!(answer, Answer::Part | Answer::None), !coverage.left.is_empty());
    Ok(())
}

fn excess_holds(
    trace: &Trace<'_>,
    concern: Concern,
    messages: &[(&Message, Journey)],
    exact: bool,
) -> Result<(), TestCaseError> {
    let excess = trace.excess(concern);
    let Some(judge) = trace.path.judge(concern) else {
        prop_assert!(excess.cleared.is_empty() && excess.undecided.is_empty());
        return Ok(());
    };
    for (message, journey) in messages {
        let said = part(&excess, message)?;
        let may_end = journey.may_end.iter().any(|at| before(judge)(&at));
        let walked = match standing(journey, judge, concern) {
            None | Some(Standing::Waived(_) | Standing::Raised) => Part::Left,
            Some(Standing::Cleared(_)) if may_end => Part::Undecided,
            Some(Standing::Cleared(_)) => Part::Cleared,
            Some(Standing::Unknown(..)) if met_a_clearer(trace.path, journey, judge, concern) => Part::Undecided,
            Some(Standing::Unknown(..)) => Part::Left,
        };
        let waived = matches!(standing(journey, judge, concern), Some(Standing::Waived(_)));
        if exact || said != Part::Undecided && !waived {
            prop_assert_eq!(said, walked, "{:?}", message);
        }
    }
    Ok(())
}

fn routing_holds(trace: &Trace<'_>, messages: &[(&Message, Journey)], exact: bool) -> Result<(), TestCaseError> {
    let routing = trace.routing();
    for (message, journey) in messages {
        let said = part(&routing, message)?;
        let walked = match (journey.ended, journey.may_end.is_empty()) {
            (Some(_), _) => Part::Left,
            (None, true) => Part::Cleared,
            (None, false) => Part::Undecided,
        };
        if exact || said != Part::Undecided {
            prop_assert_eq!(said, walked, "{:?}", message);
        }
        if let Some(at) = journey.ended.filter(|_| exact) {
            let verdict = journey.stages.last().and_then(|result| result.verdict);
            let mut here = trace.ends_at(at.stage).filter(|end| end.at == at);
            let same = here.any(|end| Some(end.verdict) == verdict && end.sure.contains(message));
            prop_assert!(same, "both name the rule at which it ends, and how");
        }
    }
    Ok(())
}

fn all_hold(path: &MailPath, sent: &MessageSet, universe: &[Message], exact: bool) -> Result<(), TestCaseError> {
    let trace = path.trace(sent, Fields::default());
    let messages = universe.iter().filter(|message| sent.contains(message));
    let messages: Vec<(&Message, Journey)> = messages.map(|message| (message, path.walk(message))).collect();
    for concern in JUDGED {
        coverage_holds(&trace, concern, &messages, exact)?;
        excess_holds(&trace, concern, &messages, exact)?;
    }
    routing_holds(&trace, &messages, exact)
}

fn sent() -> impl Strategy<Value = MessageSet> {
    prop_oneof![2 => Just(MessageSet::all()), 1 => any::<bool>().prop_flat_map(set)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_law(path in path(), sent in sent(), universe in universe()) {
        all_hold(&path, &sent, &universe.0, true)?;
    }

    #[test]
    fn the_law_where_addresses_are_written_out(path in written_path(), sent in sent(), universe in universe()) {
        all_hold(&path, &sent, &universe.0, false)?;
    }

    #[test]
    fn the_index_finds_every_rule_that_a_message_meets(path in written_path(), universe in universe()) {
        let index = RuleIndex::new(path.rules().map(|(at, _, rule)| (at, rule)));
        for message in &universe.0 {
            let found = index.met_by(message);
            prop_assert!(found.is_sorted());
            for (at, _, rule) in path.rules() {
                prop_assert!(rule.guard.test(message) == Truth::No || found.contains(&at), "{:?}", rule.guard);
            }
        }
    }

    #[test]
    fn of_one_message_both_ask_for_the_same(path in path(), universe in universe()) {
        for message in universe.0.iter().take(10) {
            let sent = only(message);
            let trace = path.trace(&sent, Fields::default());
            let journey = path.walk(message);
            for concern in JUDGED {
                let standing = path.judge(concern).and_then(|judge| standing(&journey, judge, concern));
                let asked = match standing {
                    None => continue,
                    Some(Standing::Unknown(needs, _)) => needs.clone(),
                    Some(_) => BTreeSet::new(),
                };
                prop_assert_eq!(trace.coverage(concern).needs, asked);
            }
        }
    }
}
