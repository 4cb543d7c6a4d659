//! Recipients of domains whose names cannot be read: somebody is there, and nobody can say who.

use std::collections::BTreeSet;

use crate::allow::address::AddressSet;
use crate::message::{Cube, MessageSet};
use crate::path::NeedId;
use crate::path::coverage::Coverage;
use crate::path::trace::Trace;

/// What only ends on its way to such recipients may end or not.
pub(super) fn hold_open_ends(trace: &mut Trace<'_>, known: &AddressSet, need: NeedId) {
    for end in &mut trace.ends {
        let elsewhere = strangers(&end.sure, known);
        if !elsewhere.is_empty() {
            end.sure = end.sure.minus(&elsewhere);
            end.unsure.absorb(elsewhere);
            end.needs.insert(need);
        }
    }
}

/// Whether anybody outside of the known domains is a recipient is not known: what is only left of mail to them is
/// undecided, and what is left of mail to everybody is told by what is left of mail to known recipients.
pub(super) fn hold_open(coverage: &mut Coverage, known: &AddressSet, need: NeedId) {
    let elsewhere = strangers(&coverage.left, known);
    if elsewhere.is_empty() {
        return;
    }
    coverage.left = coverage.left.minus(&elsewhere);
    let alike = coverage.left.map(|cube| {
        Some(Cube {
            to: AddressSet::all_addresses(),
            ..cube.clone()
        })
    });
    let open = elsewhere.minus(&alike);
    if !open.is_empty() {
        coverage.doubts.push((BTreeSet::from([need]), open.clone()));
        coverage.undecided.absorb(open);
        coverage.needs.insert(need);
    }
}

/// The part that goes to recipients outside of the known domains.
fn strangers(set: &MessageSet, known: &AddressSet) -> MessageSet {
    set.map(|cube| {
        let to = cube.to.minus(known);
        (!to.is_empty()).then(|| Cube { to, ..cube.clone() })
    })
}
