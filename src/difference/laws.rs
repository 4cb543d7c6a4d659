//! The law of a difference: a message is in it exactly where the two walks say that it fares otherwise.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::message::small::{only, set, universe};
use crate::message::{Concern, Message, MessageSet};
use crate::path::MailPath;
use crate::path::small::{JUDGED, pair, path, written_pair};
use crate::path::walk::{self, Journey};
use crate::source::Sources;

use super::parts::{Standing, of_journey};
use super::shift::{Shift, shifts};
use super::side::{Entry, Side};

fn sent() -> impl Strategy<Value = MessageSet> {
    prop_oneof![2 => Just(MessageSet::all()), 1 => any::<bool>().prop_flat_map(set)]
}

fn concerns() -> impl Iterator<Item = Concern> {
    JUDGED.into_iter().chain([Concern::Routing])
}

/// The shifts a message is in, for one concern.
fn of<'s>(shifts: &'s [Shift], concern: Concern, message: &Message) -> Vec<&'s Shift> {
    let about = shifts.iter().filter(|shift| shift.concerns.has(concern));
    about.filter(|shift| shift.set.contains(message)).collect()
}

/// What a standing hangs on, if it is the filter's own and no rule may have ended the way before.
fn hangs_on(side: Side<'_>, journey: &Journey, concern: Concern) -> Option<BTreeSet<String>> {
    let judge = side.path.judge(concern)?;
    if journey.may_end.iter().any(|at| at.stage <= judge) {
        return None;
    }
    let stage = journey.stages.iter().find(|stage| stage.stage == judge)?;
    match stage.concerns.iter().find(|(judged, _)| *judged == concern)? {
        (_, walk::Standing::Unknown(needs, _)) => Some(needs.iter().map(|need| side.asked(*need)).collect()),
        _ => None,
    }
}

/// Ends are told by the concern of routing, other concerns only say where they hide a clearance.
fn is_told(concern: Concern, from: Standing, to: Standing) -> bool {
    let hidden = |one: Standing, other: Standing| {
        matches!(one, Standing::Ended(_)) && !matches!(other, Standing::Cleared | Standing::Waived)
    };
    from != to && (concern == Concern::Routing || !hidden(from, to) && !hidden(to, from))
}

/// Whether neither is held against anything.
fn is_free(one: Standing, other: Standing) -> bool {
    [one, other]
        .iter()
        .all(|standing| matches!(standing, Standing::Cleared | Standing::Waived))
}

/// Whether a set may say this of a message that the walk says that of.
fn may_be(said: Standing, walked: Standing) -> bool {
    said == walked
        || said == Standing::Undecided
        || is_free(said, walked)
        || said == Standing::Held(None) && matches!(walked, Standing::Held(_))
        // What is held anyway may end before: that is told of its way.
        || matches!((said, walked), (Standing::Held(_), Standing::Ended(_)))
        // An earlier rule that only may end it, as far as the set knows, comes before the one that surely does.
        || matches!((said, walked), (Standing::Ended(_), Standing::Ended(_)))
}

fn holds(
    paths: &(MailPath, MailPath),
    sent: &MessageSet,
    universe: &[Message],
    exact: bool,
) -> Result<(), TestCaseError> {
    let sources = Sources::new();
    let side = |path| Side {
        path,
        sources: &sources,
    };
    let (old, new) = (side(&paths.0), side(&paths.1));
    let found = shifts(old, new, Entry::Smtp, sent);
    for message in universe {
        let journeys = (old.walk(Entry::Smtp, message), new.walk(Entry::Smtp, message));
        for concern in concerns() {
            let here = of(&found, concern, message);
            if !sent.contains(message) {
                prop_assert!(here.is_empty());
                continue;
            }
            prop_assert!(here.len() <= 1, "a message fares in one way: {:?}", here);
            let stands = (
                of_journey(old, &journeys.0, concern).unwrap(),
                of_journey(new, &journeys.1, concern).unwrap(),
            );
            let shift = here.first().map(|shift| (shift.from, shift.to));
            let both_open = stands == (Standing::Undecided, Standing::Undecided);
            if exact && !both_open {
                let expected = is_told(concern, stands.0, stands.1).then_some(stands);
                prop_assert_eq!(shift, expected, "{:?} of {:?}", concern, message);
            } else if let Some((from, to)) = shift.filter(|_| !both_open) {
                // A set may know less of a message than the message says.
                prop_assert!(
                    may_be(from, stands.0) && may_be(to, stands.1),
                    "{:?} {:?}",
                    shift,
                    stands
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_law(paths in pair(), sent in sent(), universe in universe()) {
        holds(&paths, &sent, &universe.0, true)?;
    }

    #[test]
    fn the_law_where_addresses_are_written_out(paths in written_pair(), sent in sent(), universe in universe()) {
        holds(&paths, &sent, &universe.0, false)?;
    }

    #[test]
    fn what_hangs_on_something_else_is_no_longer_the_same(paths in pair(), universe in universe()) {
        let sources = Sources::new();
        let side = |path| Side { path, sources: &sources };
        let (old, new) = (side(&paths.0), side(&paths.1));
        for message in universe.0.iter().take(10) {
            let found = shifts(old, new, Entry::Smtp, &only(message));
            let journeys = (old.walk(Entry::Smtp, message), new.walk(Entry::Smtp, message));
            for concern in concerns() {
                let hangs = (hangs_on(old, &journeys.0, concern), hangs_on(new, &journeys.1, concern));
                if let (Some(before), Some(after)) = hangs {
                    prop_assert_eq!(of(&found, concern, message).is_empty(), before == after);
                }
            }
        }
    }

    #[test]
    fn nothing_changes_between_a_path_and_itself(path in path(), sent in sent()) {
        let sources = Sources::new();
        let side = Side { path: &path, sources: &sources };
        prop_assert_eq!(shifts(side, side, Entry::Smtp, &sent), []);
    }
}
