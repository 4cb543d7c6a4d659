//! Addresses that walk the records together, because they have asked as much as each other.

use std::collections::BTreeMap;

use super::super::{Limits, Verdict};
use crate::allow::ip::IpSet;

/// The most that may be asked; `u32::MAX` where there is no limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ceiling {
    pub(super) lookups: u32,
    pub(super) voids: u32,
}

impl Ceiling {
    pub(super) const NONE: Self = Self {
        lookups: u32::MAX,
        voids: u32::MAX,
    };

    pub(super) fn of(limits: Limits) -> Self {
        Self {
            lookups: limits.lookups.into(),
            voids: limits.voids.into(),
        }
    }
}

/// Addresses that have asked the same number of questions.
#[derive(Debug, Clone)]
pub(super) struct Cohort {
    pub(super) lookups: u32,
    pub(super) voids: u32,
    pub(super) must: IpSet,
    pub(super) may: IpSet,
}

impl Cohort {
    fn with(&self, must: IpSet, may: IpSet) -> Self {
        Self { must, may, ..*self }
    }

    /// The same addresses, none of them certain.
    pub(super) fn uncertain(&self) -> Self {
        self.with(IpSet::empty(), self.may.clone())
    }

    pub(super) fn part(&self, of: impl Fn(&IpSet) -> IpSet) -> Self {
        self.with(of(&self.must), of(&self.may))
    }
}

/// Addresses whose check has ended.
#[derive(Debug, Clone)]
pub(super) struct Exit {
    pub(super) verdict: Verdict,
    pub(super) cohort: Cohort,
}

/// The cohorts after one question that may have had no answer; nothing in them is certain.
pub(super) fn one_void_or_none(cohorts: &[Cohort]) -> Vec<Cohort> {
    let uncertain = cohorts.iter().map(Cohort::uncertain);
    let both = uncertain.flat_map(|cohort| {
        let void = Cohort {
            voids: cohort.voids + 1,
            ..cohort.clone()
        };
        [cohort, void]
    });
    both.collect()
}

/// Cohorts that have asked as much as each other, put together.
pub(super) fn merged(cohorts: Vec<Cohort>) -> Vec<Cohort> {
    let mut by_count: BTreeMap<(u32, u32), Cohort> = BTreeMap::new();
    for cohort in cohorts.into_iter().filter(|cohort| !cohort.may.is_empty()) {
        match by_count.get_mut(&(cohort.lookups, cohort.voids)) {
            Some(known) => {
                known.must = known.must.union(&cohort.must);
                known.may = known.may.union(&cohort.may);
            }
            None => {
                by_count.insert((cohort.lookups, cohort.voids), cohort);
            }
        }
    }
    by_count.into_values().collect()
}
