//! The tape under every document: 16 bytes for each key and value, in the order of the text.
//!
//! A table is its slot, then key and value in turn; a list is its slot, then its elements. A value's `next` is the slot
//! after all it contains, so that walking a level never touches the levels below it.

use std::borrow::Cow;

use super::escape;
use crate::source::{SourceId, Span};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A written null; formats without one never have it.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number, kept as it is written.
    Number,
    /// A string.
    String,
    /// A date, a time or both, in a format that has them.
    Date,
    /// Values in order.
    List,
    /// Values by name.
    Table,
    /// No value could be read where one belongs. A problem tells why; it stands neither for null nor for absence.
    Missing,
}

/// One key or value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) start: u32,
    pub(super) end: u32,
    /// For a value the slot after it and all it contains; for a key the hash of its name.
    pub(super) next: u32,
    pub(super) kind: Kind,
    pub(super) flags: u8,
}

/// The slot is a key; its value follows.
pub(super) const KEY: u8 = 1;
/// The string is written with JSON escapes.
pub(super) const ESCAPED: u8 = 2;
/// The string's value is kept in [`Tape::decoded`].
pub(super) const DECODED: u8 = 4;
/// The string is written without quotes.
pub(super) const BARE: u8 = 8;
/// The list or table was closed off where its text could no longer be read.
pub(super) const CUT: u8 = 16;
/// The table has keys that a look-up cannot tell apart by hash alone.
pub(super) const DOUBLED: u8 = 32;

impl Slot {
    pub(super) const NOTHING: Self = Self {
        start: 0,
        end: 0,
        next: 0,
        kind: Kind::Missing,
        flags: 0,
    };

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn span(self, source: SourceId) -> Span {
        Span::new(source, self.start, self.end)
    }

    pub(super) fn raw(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// Slots, and the few strings whose value is not what is written.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) slots: Vec<Slot>,
    /// By slot, ascending.
    pub(super) decoded: Vec<(u32, Box<str>)>,
}

impl Tape {
    pub(super) fn with_capacity(n_slots: usize) -> Self {
        Self {
            slots: Vec::with_capacity(n_slots),
            decoded: Vec::new(),
        }
    }

    pub(super) fn slot(&self, index: u32) -> Slot {
        self.slots.get(index as usize).copied().unwrap_or(Slot::NOTHING)
    }

    /// The value of a string or the name of a key.
    pub(super) fn string<'a>(&'a self, text: &'a str, index: u32) -> Cow<'a, str> {
        let slot = self.slot(index);
        let raw = slot.raw(text);
        if slot.has(BARE) {
            return Cow::Borrowed(raw);
        }
        if slot.has(DECODED) {
            let found = self.decoded.binary_search_by_key(&index, |&(at, _)| at).ok();
            return Cow::Borrowed(found.and_then(|at| self.decoded.get(at)).map_or("", |(_, value)| value));
        }
        let inner = unquoted(raw);
        if slot.has(ESCAPED) {
            escape::unescape(inner)
        } else {
            Cow::Borrowed(inner)
        }
    }
}

/// What stands between the quotes.
pub(super) fn unquoted(raw: &str) -> &str {
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or("")
}

/// An offset or a slot number. Sources cap a text at what fits, and a text has no more slots than bytes.
pub(super) fn at(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Whether two names are one to a look-up: white space around them and ASCII case do not count,
/// since exports and templates differ in both.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

/// A hash in which names that are [`same_name`] are equal. The rest is decided by comparing.
pub(super) fn name_hash(name: &str) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    // Setting this bit of each byte makes letters of either case equal; what else it makes equal is compared anyway.
    const FOLD: u64 = 0x2020_2020_2020_2020;
    let outer = |byte: Option<&u8>| byte.is_some_and(|&byte| byte <= b' ' || byte >= 0x7F);
    let mut bytes = name.as_bytes();
    if outer(bytes.first()) || outer(bytes.last()) {
        bytes = name.trim().as_bytes();
    }
    let mut hash = (bytes.len() as u64).wrapping_mul(FACTOR);
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ (word | FOLD)).wrapping_mul(FACTOR);
    if let Some(last) = bytes.last_chunk::<8>() {
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            hash = mix(hash, u64::from_le_bytes(*word));
            rest = after;
        }
        // The last eight bytes overlap those before; that is cheaper than a partial word.
        hash = mix(hash, u64::from_le_bytes(*last));
    } else {
        let word = bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = mix(hash, word);
    }
    u32::try_from(hash >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_sixteen_bytes() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    #[test]
    fn hashes_agree_where_names_do() {
        for (a, b) in [
            ("Name", "nAME"),
            ("Enabled ", "enabled"),
            ("SenderIpRanges", "SENDERIPRANGES"),
            ("", "  "),
            ("é", "\u{a0}é"),
        ] {
            assert!(same_name(a, b), "{a:?} {b:?}");
            assert_eq!(name_hash(a), name_hash(b), "{a:?} {b:?}");
        }
        for (a, b) in [
            ("Name", "Names"),
            ("SenderIpRanges", "SenderIpRanget"),
            ("@a", "`a"),
            ("é", "É"),
        ] {
            assert!(!same_name(a, b), "{a:?} {b:?}");
        }
        assert_ne!(name_hash("SenderIpRanges"), name_hash("SenderIpRanget"));
    }
}
