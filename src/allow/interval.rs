//! Sets of numbers as sorted, disjoint, inclusive intervals: the algebra under [`super::ip`].
//!
//! Knows nothing of addresses. Adjacent intervals are always merged, so equality of the
//! representation is equality of the sets.

use std::sync::Arc;

/// A number an interval can end at.
pub(super) trait Point: Copy + Ord + std::fmt::Debug {
    /// The smallest number.
    const MIN: Self;
    /// The largest number.
    const MAX: Self;
    /// The next number, unless this is the largest.
    fn next(self) -> Option<Self>;
    /// The number before, unless this is the smallest.
    fn before(self) -> Option<Self>;
}

macro_rules! point {
    ($number:ty) => {
        impl Point for $number {
            const MIN: Self = <$number>::MIN;
            const MAX: Self = <$number>::MAX;
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    };
}
point!(u32);
point!(u128);

/// A set of numbers.
// INVARIANT: intervals are sorted, do not touch each other, and `first <= last` in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intervals<P>(Arc<[(P, P)]>);

impl<P: Point> Intervals<P> {
    pub(super) fn empty() -> Self {
        Self(Arc::from([]))
    }

    pub(super) fn all() -> Self {
        Self::one(P::MIN, P::MAX)
    }

    /// The numbers from `first` to `last`; `first` must not be above `last`.
    pub(super) fn one(first: P, last: P) -> Self {
        debug_assert!(first <= last, "an interval runs upwards");
        Self(Arc::from([(first, last)]))
    }

    /// The union of intervals in any order, in O(n log n).
    pub(super) fn from_unsorted(mut intervals: Vec<(P, P)>) -> Self {
        intervals.sort_unstable();
        Self::from_sorted(intervals.into_iter())
    }

    fn from_sorted(intervals: impl Iterator<Item = (P, P)>) -> Self {
        let mut merged: Vec<(P, P)> = Vec::new();
        for (first, last) in intervals {
            match merged.last_mut() {
                // An open end (`None`) is the top of the number range: everything later touches it.
                Some(open) if open.1.next().is_none_or(|next| first <= next) => open.1 = open.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged.into())
    }

    pub(super) fn intervals(&self) -> &[(P, P)] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        *self.0 == [(P::MIN, P::MAX)]
    }

    pub(super) fn contains(&self, point: P) -> bool {
        let after = self.0.partition_point(|(_, last)| *last < point);
        self.0.get(after).is_some_and(|(first, _)| *first <= point)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_all() {
            return other.clone();
        }
        if other.is_empty() || self.is_all() {
            return self.clone();
        }
        let mut left = self.0.iter().copied().peekable();
        let mut right = other.0.iter().copied().peekable();
        Self::from_sorted(std::iter::from_fn(|| match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if a <= b => left.next(),
            (_, Some(_)) => right.next(),
            _ => left.next(),
        }))
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let mut shared = Vec::new();
        meet(&self.0, &other.0, |first, last| {
            shared.push((first, last));
            true
        });
        // INVARIANT: two neighbours that both sides hold lie in one interval of each side, and so
        // in one piece: the pieces do not touch.
        Self(shared.into())
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let mut found = false;
        meet(&self.0, &other.0, |_, _| {
            found = true;
            false
        });
        found
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        let mut kept = Vec::new();
        let mut rest: &[(P, P)] = &other.0;
        for &(first, last) in self.0.iter() {
            rest = skip(rest, first);
            let mut from = Some(first);
            for &(cut_first, cut_last) in rest {
                if cut_first > last {
                    break;
                }
                if let (Some(start), Some(end)) = (from, cut_first.before())
                    && start <= end
                {
                    kept.push((start, end));
                }
                from = cut_last.next();
            }
            if let Some(start) = from
                && start <= last
            {
                kept.push((start, last));
            }
        }
        Self(kept.into())
    }

    pub(super) fn complement(&self) -> Self {
        Self::all().minus(self)
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut rest: &[(P, P)] = &self.0;
        other.0.iter().all(|&(first, last)| {
            rest = skip(rest, first);
            rest.first().is_some_and(|around| around.0 <= first && last <= around.1)
        })
    }
}

/// Calls `found` with each common piece of both sides in order, until it returns false.
///
/// The shorter side leads and the other is galloped through: O(small · log big), and
/// linear when both are of a size.
fn meet<P: Point>(left: &[(P, P)], right: &[(P, P)], mut found: impl FnMut(P, P) -> bool) {
    let (lead, mut rest) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    for &(first, last) in lead {
        rest = skip(rest, first);
        for &(other_first, other_last) in rest {
            if other_first > last {
                break;
            }
            if !found(first.max(other_first), last.min(other_last)) {
                return;
            }
        }
    }
}

/// Drops the intervals that end below `point`, looking ahead in doubling steps.
fn skip<P: Point>(intervals: &[(P, P)], point: P) -> &[(P, P)] {
    let mut step = 1;
    while intervals.get(step - 1).is_some_and(|(_, last)| *last < point) {
        step *= 2;
    }
    let from = step / 2;
    let window = intervals.get(from..step.min(intervals.len())).unwrap_or_default();
    let n_below = from + window.partition_point(|(_, last)| *last < point);
    intervals.get(n_below..).unwrap_or_default()
}
