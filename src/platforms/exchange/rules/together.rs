//! Reads many rules side by side, with the outcome of reading one after the other.
//!
//! A rule depends on those before it only by the needs that they asked for first. So each share of the rules is read
//! with a copy of the bench, and what asked for nothing new is as it would be; the rest is read again in its turn.

use jiff::civil::Date;
use rayon::prelude::*;

use crate::document::Node;
use crate::problem::Problem;
use crate::source::Span;

use super::super::accepted::Accepted;
use super::super::build::Bench;
use super::{Placed, is_blanked, rule, take};

/// As many rules are read first, one after the other: they ask for what most others ask for too.
const FIRST: usize = 128;

/// As many are read by one thread at a time.
const SHARE: usize = 512;

/// As many shares are read with copies of one state of the bench.
const N_SHARES: usize = 32;

/// What was read of some rules.
#[derive(Default)]
pub(super) struct Found {
    /// The rules.
    pub placed: Vec<Placed>,
    /// The first that was exported without its conditions and actions.
    pub blanked: Option<Span>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

impl Found {
    fn absorb(&mut self, later: Self) {
        self.placed.extend(later.placed);
        self.blanked = self.blanked.or(later.blanked);
        self.problems.extend(later.problems);
    }
}

/// Reads rules, in the order of the export.
pub(super) fn read(records: &[Node<'_>], bench: &mut Bench, accepted: &Accepted, now: Date) -> Found {
    let (first, rest) = records.split_at(records.len().min(FIRST));
    let mut all = in_turn(first, bench, accepted, now);
    let mut pays = true;
    for some in rest.chunks(SHARE * N_SHARES) {
        if !pays {
            all.absorb(in_turn(some, bench, accepted, now));
            continue;
        }
        let copy: &Bench = bench;
        let alone = |share: &[Node<'_>]| {
            let mut own = copy.clone();
            let found = in_turn(share, &mut own, accepted, now);
            (own.path.needs.len() == copy.path.needs.len()).then_some(found)
        };
        let shares: Vec<Option<Found>> = some.par_chunks(SHARE).map(alone).collect();
        let n_lost = shares.iter().filter(|found| found.is_none()).count();
        pays = n_lost * 2 <= shares.len();
        for (share, found) in some.chunks(SHARE).zip(shares) {
            all.absorb(found.unwrap_or_else(|| in_turn(share, bench, accepted, now)));
        }
    }
    all
}

fn in_turn(records: &[Node<'_>], bench: &mut Bench, accepted: &Accepted, now: Date) -> Found {
    let mut found = Found::default();
    for &record in records {
        let parts = take(record);
        if is_blanked(&parts) {
            found.blanked.get_or_insert(record.span());
        }
        let priority = parts.priority.unwrap_or(i64::MAX);
        let placed = &mut found.placed;
        let push = |rule, stamp: Option<super::Stamp>| {
            placed.push(Placed {
                priority,
                rule,
                stamp: stamp.map(Box::new),
            });
        };
        rule(record, &parts, bench, accepted, now, push, &mut found.problems);
    }
    found
}
