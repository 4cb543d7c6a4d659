//! What changes for mail of anybody, and what of that an attacker can make use of.

use crate::allow::address::AddressSet;
use crate::evidence::Evidence;
use crate::evidence::attacker::Attacker;
use crate::message::union::Union;
use crate::message::{Concern, Concerns, Cube, MessageSet};
use crate::path::Grant;
use crate::problem::Label;

use super::change::Change;
use super::parts::Standing;
use super::shift::{Shift, shifts};
use super::side::{Entry, Side};

/// What changes for mail of anybody to the tenant.
#[derive(Debug, Clone, Default)]
pub struct EverybodyDifference {
    /// All mail to the tenant's recipients, of either side.
    pub sent: MessageSet,
    /// What fares otherwise.
    pub changes: Vec<EverybodyChange>,
}

/// What changes for those who are nobody's friends.
#[derive(Debug, Clone, Default)]
pub struct AttackerDifference {
    /// Their messages: those of senders whom not both sides trust, one set for both sides.
    pub sent: MessageSet,
    /// What fares otherwise.
    pub changes: Vec<AttackerChange>,
    /// Settings that grant more than an allow does, and were or are not there.
    pub grants: Vec<GrantChange>,
}

/// Messages of attackers that fare otherwise.
#[derive(Debug, Clone)]
pub struct AttackerChange {
    /// The messages.
    pub change: Change,
    /// Which way.
    pub direction: Direction,
    /// Whether only the new side's declarations take the senders out of the attacker's hands: a vendor in use or hosts of the
    /// tenant's own, which the old side did not declare.
    pub declared: bool,
}

/// Whether a way in became wider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Surely wider.
    Weaker,
    /// Possibly wider.
    MayBeWeaker,
    /// As wide, by something else.
    Other,
    /// Possibly narrower, and surely not wider.
    MayBeStronger,
    /// Surely narrower.
    Stronger,
}

impl Direction {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::MayBeWeaker => "may-be-weaker",
            Self::Other => "other",
            Self::MayBeStronger => "may-be-stronger",
            Self::Stronger => "stronger",
        }
    }

    fn of(change: &EverybodyChange) -> Self {
        match (change.from.strength(), change.to.strength()) {
            (None, None) if change.fewer => Self::MayBeStronger,
            (Some(before), Some(after)) if after < before => Self::Weaker,
            (Some(before), Some(after)) if after > before => Self::Stronger,
            (Some(_), Some(_)) => Self::Other,
            // What nothing was held against can only be held back more.
            (Some(0), None) => Self::MayBeStronger,
            // What may have been held back, or let in, is held back.
            (None, Some(2..)) => Self::MayBeStronger,
            _ => Self::MayBeWeaker,
        }
    }
}

/// A setting that grants more than an allow does, and is on one side only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantChange {
    /// Whether it is the new side that has it.
    pub gained: bool,
    /// Id of the check that speaks of it.
    pub check: &'static str,
    /// `<kind>/<Name>`.
    pub object: String,
    /// The sentence.
    pub message: String,
    /// The setting, in the sources of the side that has it.
    pub label: Label,
}

/// Messages of anybody that fare otherwise.
#[derive(Debug, Clone)]
pub struct EverybodyChange {
    /// Where it comes in.
    pub entry: Entry,
    /// The concerns it is about.
    pub concerns: Concerns,
    /// What became of the messages.
    pub from: Standing,
    /// What becomes of them.
    pub to: Standing,
    /// The messages, as they are sent.
    pub set: MessageSet,
    /// Whether a set grew past the cap: then more messages may have changed their fate.
    pub capped: bool,
    /// Undecided on both sides: whether nothing may clear them that could not before.
    pub fewer: bool,
}

impl EverybodyDifference {
    /// Every message whose fate is another one. Overflowed, if it is not known whether these are all.
    pub fn changed(&self) -> MessageSet {
        let all: Union = self.changes.iter().map(|change| change.set.clone()).collect();
        all.into_set()
    }

    /// The same for one concern.
    pub fn changed_in(&self, concern: Concern) -> MessageSet {
        let changes = self.changes.iter().filter(|change| change.concerns.has(concern));
        let all: Union = changes.map(|change| change.set.clone()).collect();
        all.into_set()
    }

    /// Whether no message outside of a set changed its fate, as far as can be told.
    pub fn is_within(&self, intended: &MessageSet) -> bool {
        self.changes
            .iter()
            .all(|change| !change.capped && intended.covers(&change.set))
    }
}

impl AttackerDifference {
    /// Whether nothing is other than it was.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.grants.is_empty()
    }

    pub(super) fn join(&mut self, other: Self) {
        self.sent.absorb(other.sent);
        for change in other.changes {
            let same = |known: &AttackerChange| known.change.tells_the_same(&change.change);
            if !self.changes.iter().any(same) {
                self.changes.push(change);
            }
        }
        self.changes.sort_by_key(|change| (change.direction, change.declared));
        let grants = other.grants.into_iter();
        let fresh: Vec<GrantChange> = grants.filter(|grant| !self.grants.contains(grant)).collect();
        self.grants.extend(fresh);
    }

    /// Whether a way in became wider, surely or possibly, for somebody whom the new side does not trust.
    pub fn is_for_the_worse(&self) -> bool {
        let wider = |change: &AttackerChange| {
            !change.declared && matches!(change.direction, Direction::Weaker | Direction::MayBeWeaker)
        };
        self.changes.iter().any(wider) || self.grants.iter().any(|grant| grant.gained)
    }
}

/// Both sides of a difference.
fn sides<'e>(old: &'e Evidence<'_>, new: &'e Evidence<'_>) -> (Side<'e>, Side<'e>) {
    (Side::of(old), Side::of(new))
}

/// The ways in that differ in what they meet.
fn entries(old: Side<'_>, new: Side<'_>) -> &'static [Entry] {
    if old.has_front() || new.has_front() {
        &[Entry::Smtp, Entry::Direct]
    } else {
        &[Entry::Smtp]
    }
}

/// Recipients of either side.
fn recipients(old: &Evidence<'_>, new: &Evidence<'_>) -> AddressSet {
    old.facts.recipients().union(&new.facts.recipients())
}

/// What changes for mail of anybody.
pub(super) fn everybody(old: &Evidence<'_>, new: &Evidence<'_>) -> EverybodyDifference {
    let (before, after) = sides(old, new);
    let sent = MessageSet::from(Cube {
        to: recipients(old, new),
        ..Cube::all()
    });
    let mut changes = Vec::new();
    for entry in entries(before, after) {
        let found = shifts(before, after, *entry, &sent);
        changes.extend(found.into_iter().map(|shift| EverybodyChange {
            entry: *entry,
            concerns: shift.concerns,
            from: shift.from,
            to: shift.to,
            set: shift.set,
            capped: shift.capped,
            fewer: shift.fewer,
        }));
    }
    EverybodyDifference { sent, changes }
}

/// What of that an attacker can send.
///
/// The attacker is one for both sides: a host is out of their reach only if both sides trust it, and a domain only if both
/// protect it. Else a declaration could hide what changes for those it is about.
pub(super) fn attacker(old: &Evidence<'_>, new: &Evidence<'_>, everybody: &EverybodyDifference) -> AttackerDifference {
    let (before, after) = sides(old, new);
    let trusted = |evidence: &Evidence<'_>| evidence.vendor_hosts.union(&evidence.own_hosts);
    let protected = old.attacker.protected.intersect(&new.attacker.protected);
    let mut lent = old.attacker.lent.clone();
    lent.extend(
        new.attacker
            .lent
            .iter()
            .filter(|lent| !old.attacker.lent.contains(lent))
            .cloned(),
    );
    let to = recipients(old, new);
    let both = Attacker::beyond(&trusted(old).intersect(&trusted(new)), protected, lent.clone(), &to);
    let declared = Attacker::declared(new.facts, &trusted(new), &new.vendor_domains);
    let strangers = Attacker::beyond(&trusted(new), declared.protected, lent, &to);
    let mut changes = Vec::new();
    for found in &everybody.changes {
        let direction = Direction::of(found);
        let set = found.set.intersect(&both.set);
        let (theirs, declared) = match direction {
            Direction::Weaker | Direction::MayBeWeaker => (set.intersect(&strangers.set), set.minus(&strangers.set)),
            _ => (set, MessageSet::empty()),
        };
        for (set, declared) in [(theirs, false), (declared, true)] {
            if set.is_empty() && !set.overflowed() {
                continue;
            }
            let shift = Shift {
                concerns: found.concerns,
                from: found.from,
                to: found.to,
                fewer: found.fewer,
                capped: found.capped || set.overflowed(),
                set: set.merged(),
            };
            let direction = if shift.capped {
                Direction::MayBeWeaker
            } else {
                direction
            };
            changes.push(AttackerChange {
                change: Change::of(before, after, found.entry, shift),
                direction,
                declared,
            });
        }
    }
    changes.sort_by_key(|change| (change.direction, change.declared));
    AttackerDifference {
        sent: both.set,
        changes,
        grants: grants(old, new),
    }
}

/// What changes for mail in none of these sets.
pub(super) fn others(
    old: &Evidence<'_>,
    new: &Evidence<'_>,
    everybody: &EverybodyDifference,
    told: &[&MessageSet],
) -> Vec<Change> {
    let (before, after) = sides(old, new);
    let rest = everybody.changes.iter().filter_map(|found| {
        let set = told.iter().fold(found.set.clone(), |rest, told| rest.minus(told));
        let shift = Shift {
            concerns: found.concerns,
            from: found.from,
            to: found.to,
            fewer: found.fewer,
            capped: found.capped || set.overflowed(),
            set,
        };
        (!shift.set.is_empty()).then(|| Change::of(before, after, found.entry, shift))
    });
    rest.collect()
}

/// Settings that grant more than an allow does, on one side only.
fn grants(old: &Evidence<'_>, new: &Evidence<'_>) -> Vec<GrantChange> {
    let (before, after) = (&old.facts.path.grants, &new.facts.path.grants);
    let apart = |some: &'_ [Grant], others: &[Grant], gained: bool| -> Vec<GrantChange> {
        let same = |one: &Grant, other: &Grant| {
            one.check == other.check && one.object == other.object && one.message == other.message
        };
        let alone = some
            .iter()
            .filter(|grant| !others.iter().any(|other| same(grant, other)));
        alone
            .map(|grant| GrantChange {
                gained,
                check: grant.check,
                object: grant.object.clone(),
                message: grant.message.clone(),
                label: grant.label.clone(),
            })
            .collect()
    };
    let mut all = apart(after, before, true);
    all.extend(apart(before, after, false));
    all
}
