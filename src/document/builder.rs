//! Writes a tape value by value, for the formats whose parsing is done by a crate.
//!
//! It knows what tapes look like and nothing of any format.

use super::duplicates::Duplicates;
use super::tape::{BARE, DECODED, KEY, Kind, Slot, Tape, at, name_hash, unquoted};
use crate::problem::Problem;
use crate::source::SourceId;

/// A tape in the making. Spans are given as offsets into the text.
pub(super) struct Builder<'t> {
    text: &'t str,
    tape: Tape,
    open: Vec<u32>,
    duplicates: Duplicates,
}

impl<'t> Builder<'t> {
    pub(super) fn new(source: SourceId, text: &'t str) -> Self {
        Self {
            text,
            tape: Tape::default(),
            open: Vec::new(),
            duplicates: Duplicates::new(source),
        }
    }

    pub(super) fn value(&mut self, kind: Kind, start: u32, end: u32) {
        self.push(kind, 0, start, end);
    }

    pub(super) fn string(&mut self, start: u32, end: u32, value: &str) {
        let flags = self.spelling(start, end, value);
        self.push(Kind::String, flags, start, end);
    }

    pub(super) fn key(&mut self, start: u32, end: u32, name: &str) {
        let flags = KEY | self.spelling(start, end, name);
        self.push(Kind::String, flags, start, end);
        if let Some(slot) = self.tape.slots.last_mut() {
            slot.next = name_hash(name);
        }
    }

    pub(super) fn open(&mut self, kind: Kind, start: u32, end: u32) {
        self.open.push(at(self.tape.slots.len()));
        self.push(kind, 0, start, end);
    }

    pub(super) fn close(&mut self) {
        let Some(index) = self.open.pop() else { return };
        let next = at(self.tape.slots.len());
        if let Some(slot) = self.tape.slots.get_mut(index as usize) {
            slot.next = next;
            if slot.kind == Kind::Table {
                self.duplicates.check(&mut self.tape, self.text, index);
            }
        }
    }

    pub(super) fn finish(mut self) -> (Tape, Vec<Problem>) {
        while !self.open.is_empty() {
            self.close();
        }
        self.tape.slots.shrink_to_fit();
        (self.tape, self.duplicates.finish())
    }

    fn push(&mut self, kind: Kind, flags: u8, start: u32, end: u32) {
        let next = at(self.tape.slots.len() + 1);
        let slot = Slot {
            start,
            end,
            next,
            kind,
            flags,
        };
        self.tape.slots.push(slot);
    }

    /// How the next slot's string is written; its value is kept when it is not plainly between quotes.
    fn spelling(&mut self, start: u32, end: u32, value: &str) -> u8 {
        let raw = self.text.get(start as usize..end as usize).unwrap_or("");
        let quoted = raw.starts_with(['"', '\'']);
        if !quoted && raw == value {
            BARE
        } else if quoted && raw.len() >= 2 && unquoted(raw) == value {
            0
        } else {
            self.tape.decoded.push((at(self.tape.slots.len()), value.into()));
            DECODED
        }
    }
}
