//! What changes between two sets of exports of one tenant: which messages change their fate, not which lines.
//!
//! Three questions, each answered with sets: what of each vendor's mail got through and does not any more, what an
//! attacker gains, and whose mail fares otherwise at all. Everything here is a function of two [`Evidence`]s.

mod change;
mod everybody;
#[cfg(test)]
mod laws;
mod parts;
mod sameness;
mod shift;
mod side;
mod streams;
mod touched;

use crate::evidence::Evidence;
use crate::message::union::Union;
use crate::message::{Cube, Message, MessageSet};

pub use change::{Asked, Change, Decided};
pub use everybody::{AttackerChange, AttackerDifference, Direction, EverybodyChange, EverybodyDifference, GrantChange};
pub use parts::Standing;
pub use side::Entry;
pub use streams::{Declared, Move, StreamDifference, Through};

/// All that changes from one side to the other.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// One entry per vendor and stream that either side declares, in the order of the new side.
    pub streams: Vec<StreamDifference>,
    /// What changes for those who are nobody's friends.
    pub attacker: AttackerDifference,
    /// What changes for mail that is neither an attacker's nor asked for: of hosts that both sides trust.
    pub others: Vec<Change>,
    /// What changes for mail of anybody to the tenant.
    pub everybody: EverybodyDifference,
}

impl Difference {
    /// Whether nothing is other than it was.
    pub fn is_empty(&self) -> bool {
        self.streams.iter().all(StreamDifference::is_empty)
            && self.attacker.is_empty()
            && self.everybody.changes.is_empty()
    }

    /// Whether something got worse, or may have: mail of a vendor in use that surely got through before and does not surely
    /// do so now, or a way in that surely or possibly became wider.
    pub fn is_for_the_worse(&self) -> bool {
        self.streams.iter().any(StreamDifference::is_for_the_worse) || self.attacker.is_for_the_worse()
    }

    /// Together with what changes by another way that mail takes.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for stream in other.streams {
            let same = |known: &&mut StreamDifference| known.vendor == stream.vendor && known.stream == stream.stream;
            match self.streams.iter_mut().find(same) {
                Some(known) => known.join(stream),
                None => self.streams.push(stream),
            }
        }
        self.attacker.join(other.attacker);
        for change in other.others {
            if !self.others.iter().any(|known| known.tells_the_same(&change)) {
                self.others.push(change);
            }
        }
        self.everybody.sent.absorb(other.everybody.sent);
        self.everybody.changes.extend(other.everybody.changes);
        self
    }

    /// Every message whose fate is not the one it was, whoever sends it.
    pub fn changed(&self) -> MessageSet {
        self.everybody.changed()
    }
}

/// Whether too many rules ask for texts of headers for all mail to be compared; then [`difference`] calls it undecided.
pub fn is_beyond(old: &Evidence<'_>, new: &Evidence<'_>) -> bool {
    shift::is_beyond(side::Side::of(old), side::Side::of(new))
}

/// Compares two sides of one tenant.
pub fn difference(old: &Evidence<'_>, new: &Evidence<'_>) -> Difference {
    let everybody = everybody::everybody(old, new);
    let streams = streams::streams(old, new);
    let attacker = everybody::attacker(old, new, &everybody);
    let asked: Union = streams.iter().map(|stream| stream.sent.clone()).collect();
    Difference {
        others: everybody::others(old, new, &everybody, &[&attacker.sent, &asked.into_set()]),
        streams,
        attacker,
        everybody,
    }
}

/// A message of a set for which `holds`, product by product; else the first that can be shown.
fn shown(set: &MessageSet, mut holds: impl FnMut(&Message) -> bool) -> Option<Message> {
    /// Products that are asked for a message.
    const MAX_TRIES: usize = 32;
    let mut candidates = set.cubes().iter().filter_map(Cube::witness);
    let first = candidates.next()?;
    if holds(&first) {
        return Some(first);
    }
    candidates.take(MAX_TRIES).find(holds).or(Some(first))
}
