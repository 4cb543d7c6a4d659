//! The laws of sets of messages, held against brute force over a small universe.

use proptest::prelude::*;

use super::small::{cube, ip_set, message, only, sender_set, set, universe};
use super::{Cube, Message, MessageSet};

fn count(cubes: &[Cube], message: &Message) -> usize {
    cubes.iter().filter(|cube| cube.contains(message)).count()
}

/// Two sets that are alike in whether headers are free.
fn alike() -> impl Strategy<Value = (MessageSet, MessageSet)> {
    any::<bool>().prop_flat_map(|free| (set(free), set(free)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cubes(a in cube(any::<bool>()), b in cube(any::<bool>()), universe in universe()) {
        let both = a.intersect(&b);
        let pieces = a.minus(&b);
        // A set with all headers free minus one without them has no form: all of it is kept.
        let exact = !a.headers.is_free() || b.headers.is_free();
        for message in &universe.0 {
            let (in_a, in_b) = (a.contains(message), b.contains(message));
            prop_assert!(!in_a || !a.is_empty());
            prop_assert_eq!(both.as_ref().is_some_and(|cube| cube.contains(message)), in_a && in_b);
            let n = count(&pieces, message);
            prop_assert!(n <= 1, "pieces are disjoint");
            prop_assert!(n == usize::from(in_a && !in_b) || !exact && in_a && in_b);
            prop_assert!(!(in_a && in_b) || a.overlaps(&b));
        }
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
        if !a.is_empty() && !b.is_empty() {
            prop_assert_eq!(a.overlaps(&b), both.is_some());
        }
        for piece in &pieces {
            prop_assert!(a.is_empty() || !piece.is_empty());
        }
        for (i, one) in pieces.iter().enumerate() {
            prop_assert!(a.is_empty() || pieces.iter().skip(i + 1).all(|two| !one.overlaps(two)));
        }
    }

    #[test]
    fn witnesses(a in cube(any::<bool>()), b in cube(any::<bool>())) {
        for cube in [Some(a.clone()), a.intersect(&b)].into_iter().flatten().chain(a.minus(&b)) {
            let witness = cube.witness();
            // Values here are such that emptiness is always decided.
            prop_assert_eq!(witness.is_none(), cube.is_empty(), "{:?}", cube);
            if let Some(message) = witness {
                prop_assert!(cube.contains(&message), "{:?} is not in {:?}", message, cube);
                prop_assert_eq!(cube.witness(), Some(message));
            }
        }
    }

    #[test]
    fn sets((a, b) in alike(), c in set(true), universe in universe()) {
        let (union, both, minus) = (a.union(&b), a.intersect(&b), a.minus(&b));
        for message in &universe.0 {
            let (in_a, in_b) = (a.contains(message), b.contains(message));
            prop_assert_eq!(union.contains(message), in_a || in_b);
            prop_assert_eq!(both.contains(message), in_a && in_b);
            prop_assert_eq!(minus.contains(message), in_a && !in_b);
            prop_assert_eq!(union.clone().merged().contains(message), in_a || in_b);
            prop_assert_eq!(c.minus(&a).contains(message) || in_a && c.contains(message), c.contains(message));
            prop_assert!(in_a || !in_b || !a.covers(&b));
        }
        prop_assert_eq!(a.overlaps(&b), !both.is_empty());
        prop_assert!(union.covers(&a) && union.covers(&b) && a.covers(&both) && a.covers(&minus));
        prop_assert!(!minus.overlaps(&b));
        prop_assert!(both.union(&minus).covers(&a));
        prop_assert_eq!(minus.witness().is_none(), b.covers(&a));
        if let Some(message) = minus.witness() {
            prop_assert!(a.contains(&message) && !b.contains(&message));
        }
    }

    #[test]
    fn single_messages(message in message(), universe in universe(), a in set(true)) {
        let alone = only(&message);
        for other in &universe.0 {
            prop_assert_eq!(alone.contains(other), *other == message);
        }
        let witness = alone.witness();
        prop_assert_eq!(witness.as_ref(), Some(&message));
        prop_assert_eq!(a.covers(&alone), a.contains(&message));
        prop_assert_eq!(a.overlaps(&alone), a.contains(&message));
        prop_assert!(MessageSet::all().covers(&alone));
    }

    #[test]
    fn cubes_that_differ_in_one_factor_are_one(
        first in cube(Just(true)),
        ips in prop::collection::vec(ip_set(), 0..4),
        senders in prop::collection::vec((any::<bool>(), sender_set()), 0..4),
        universe in universe(),
    ) {
        let of_ips = ips.into_iter().map(|ip| Cube { ip, ..first.clone() });
        let of_senders = senders.into_iter().map(|(envelope, set)| {
            let mut cube = first.clone();
            *(if envelope { &mut cube.mail_from } else { &mut cube.from }) = set;
            cube
        });
        let all: MessageSet = of_ips.chain(of_senders).chain([first.clone()]).collect();
        let merged = all.clone().merged();
        prop_assert!(merged.cubes().len() <= 3);
        for message in &universe.0 {
            prop_assert_eq!(merged.contains(message), all.contains(message));
        }
    }
}
