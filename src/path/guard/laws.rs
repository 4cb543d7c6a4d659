//! Splitting a set is testing each of its messages.

use proptest::prelude::*;

use crate::message::small::{only, set, universe};
use crate::message::{Message, MessageSet};

use super::super::small::{exact_pred, guard, pred};
use super::{Guard, Split, Truth};

/// The law where membership decides.
fn exact(split: &Split, set: &MessageSet, message: &Message, truth: &Truth) -> Result<(), TestCaseError> {
    let (sure, unsure) = (split.sure.contains(message), split.unsure.contains(message));
    let inside = set.contains(message);
    prop_assert_eq!(sure, inside && *truth == Truth::Yes);
    prop_assert_eq!(unsure, inside && matches!(truth, Truth::Unknown(_)));
    if let (true, Truth::Unknown(needs)) = (unsure, truth) {
        prop_assert!(
            !needs.is_empty() && needs.is_subset(&split.needs),
            "{needs:?} of {:?}",
            split.needs
        );
    }
    Ok(())
}

/// The law where a set may know less of a message than the message itself says: what is said is never wrong.
fn sound(split: &Split, set: &MessageSet, message: &Message, truth: &Truth) -> Result<(), TestCaseError> {
    let (sure, unsure) = (split.sure.contains(message), split.unsure.contains(message));
    prop_assert!(!(sure && unsure));
    prop_assert!(!sure || *truth == Truth::Yes, "{truth:?} of {message:?}");
    let inside = set.contains(message);
    prop_assert!(inside || !sure && !unsure);
    prop_assert!(
        !inside || sure || unsure || *truth == Truth::No,
        "{truth:?} of {message:?}"
    );
    Ok(())
}

fn tidy(split: &Split) -> Result<(), TestCaseError> {
    prop_assert!(!split.sure.overlaps(&split.unsure));
    prop_assert_eq!(split.unsure.is_empty(), split.needs.is_empty());
    prop_assert!(!split.sure.overflowed() && !split.unsure.overflowed());
    Ok(())
}

fn sets() -> impl Strategy<Value = MessageSet> {
    prop_oneof![1 => Just(MessageSet::all()), 3 => any::<bool>().prop_flat_map(set)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn conditions(pred in exact_pred(), set in sets(), universe in universe()) {
        let split = pred.split(&set);
        tidy(&split)?;
        prop_assert!(split.is_empty() || pred.touches(&set));
        for message in &universe.0 {
            exact(&split, &set, message, &pred.test(message))?;
        }
    }

    #[test]
    fn guards(guard in guard(exact_pred()), set in sets(), universe in universe()) {
        let split = guard.split(&set);
        tidy(&split)?;
        for message in &universe.0 {
            exact(&split, &set, message, &guard.test(message))?;
        }
    }

    #[test]
    fn written_addresses(guard in guard(pred()), set in sets(), universe in universe()) {
        let split = guard.split(&set);
        tidy(&split)?;
        for message in &universe.0 {
            sound(&split, &set, message, &guard.test(message))?;
        }
    }

    #[test]
    fn messages_of_which_all_is_known(guard in guard(pred()), universe in universe()) {
        for message in universe.0.iter().take(10) {
            let alone = only(message);
            exact(&Guard::split(&guard, &alone), &alone, message, &guard.test(message))?;
        }
    }
}
