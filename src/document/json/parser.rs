//! The parser proper: what may follow what, and the slots it makes.
//!
//! It does not recurse, so depth costs no stack. What it does about mistakes stands in `mistakes`.

use super::scan::{in_word, number_len, skip_plain};
use crate::document::duplicates::Duplicates;
use crate::document::escape::{self, Escape};
use crate::document::tape::{CUT, ESCAPED, KEY, Kind, Slot, Tape, at, name_hash};
use crate::problem::Problem;
use crate::source::SourceId;

/// Deeper nesting is no export but an attack, and whoever walks a tree of JSON by recursion relies on it.
pub const MAX_DEPTH: usize = 512;

/// The reader cannot go on; the problem has been reported.
pub(super) struct Stop;

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// INVARIANT: outside of strings on a character boundary.
    pub(super) pos: usize,
    pub(super) tape: Tape,
    /// The lists and tables around `pos`.
    pub(super) open: Vec<u32>,
    /// Whether the innermost of them is a table.
    pub(super) in_table: bool,
    pub(super) source: SourceId,
    pub(super) problems: Vec<Problem>,
    pub(super) n_mistakes: usize,
    pub(super) duplicates: Duplicates,
}

impl<'t> Parser<'t> {
    pub(super) fn new(source: SourceId, text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            // Exports indented by their product come to some 26 bytes a slot; memory that is not touched costs nothing.
            tape: Tape::with_capacity(text.len() / 26),
            open: Vec::new(),
            in_table: false,
            source,
            problems: Vec::new(),
            n_mistakes: 0,
            duplicates: Duplicates::new(source),
        }
    }

    pub(super) fn read(&mut self) -> Result<(), Stop> {
        'values: loop {
            self.skip_space();
            let start = self.pos;
            match self.peek() {
                b'"' => {
                    let flags = self.string()?;
                    self.push(Kind::String, flags, start);
                }
                b'{' => {
                    self.open(Kind::Table)?;
                    if self.peek() == b'}' {
                        self.close();
                    } else if self.key()? {
                        continue 'values;
                    }
                }
                b'[' => {
                    self.open(Kind::List)?;
                    if self.peek() == b']' {
                        self.close();
                    } else {
                        continue 'values;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word("true", Kind::Bool)?,
                b'f' => self.word("false", Kind::Bool)?,
                b'n' => self.word("null", Kind::Null)?,
                _ => self.no_value()?,
            }
            while !self.open.is_empty() {
                self.skip_space();
                match (self.peek(), self.in_table) {
                    (b',', false) => {
                        self.pos += 1;
                        continue 'values;
                    }
                    (b',', true) => {
                        self.pos += 1;
                        self.skip_space();
                        if self.key()? {
                            continue 'values;
                        }
                    }
                    (b'}', true) | (b']', false) => self.close(),
                    _ => return Err(self.no_end_of_value()),
                }
            }
            return self.trailing();
        }
    }

    /// The byte at `pos`; NUL, which JSON has nowhere outside of strings, at the end.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        if self.peek() <= b' ' {
            self.skip_space_run();
        }
    }

    fn skip_space_run(&mut self) {
        const SPACES: u64 = 0x2020_2020_2020_2020;
        let mut rest = self.bytes.get(self.pos..).unwrap_or_default();
        let len = rest.len();
        while let [b' ' | b'\n' | b'\r' | b'\t', after @ ..] = rest {
            rest = after;
            // Most of it is indentation.
            while let Some((word, after)) = rest.split_first_chunk::<8>() {
                let other = u64::from_le_bytes(*word) ^ SPACES;
                if other != 0 {
                    let n_spaces = (other.trailing_zeros() / 8) as usize;
                    rest = rest.get(n_spaces..).unwrap_or_default();
                    break;
                }
                rest = after;
            }
        }
        self.pos += len - rest.len();
    }

    #[inline]
    pub(super) fn push(&mut self, kind: Kind, flags: u8, start: usize) {
        let next = at(self.tape.slots.len() + 1);
        self.tape.slots.push(Slot {
            start: at(start),
            end: at(self.pos),
            next,
            kind,
            flags,
        });
    }

    fn open(&mut self, kind: Kind) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        let start = self.pos;
        self.open.push(at(self.tape.slots.len()));
        self.in_table = kind == Kind::Table;
        self.pos += 1;
        self.push(kind, 0, start);
        self.skip_space();
        Ok(())
    }

    fn close(&mut self) {
        self.pos += 1;
        self.close_with(0);
    }

    fn close_with(&mut self, flags: u8) {
        let Some(index) = self.open.pop() else { return };
        let next = at(self.tape.slots.len());
        let end = at(self.pos);
        if let Some(slot) = self.tape.slots.get_mut(index as usize) {
            slot.next = next;
            slot.end = end;
            slot.flags |= flags;
        }
        if self.in_table {
            self.duplicates.check(&mut self.tape, self.text, index);
        }
        let outer = self.open.last().map(|&outer| self.tape.slot(outer).kind);
        self.in_table = outer == Some(Kind::Table);
    }

    /// Closes all that is open where reading stopped.
    pub(super) fn close_off(&mut self) {
        if self.tape.slots.last().is_none_or(|last| last.has(KEY)) {
            self.push(Kind::Missing, 0, self.pos);
        }
        while !self.open.is_empty() {
            self.close_with(CUT);
        }
    }

    /// What was read, and everything wrong with it.
    pub(super) fn finish(mut self) -> (Tape, Vec<Problem>) {
        self.count_unshown();
        self.problems.extend(self.duplicates.finish());
        self.tape.slots.shrink_to_fit();
        (self.tape, self.problems)
    }

    /// Reads a key and its colon. False after a comma too many, where the table is about to be closed.
    #[inline]
    fn key(&mut self) -> Result<bool, Stop> {
        let start = self.pos;
        if self.peek() != b'"' {
            return self.no_key();
        }
        let flags = self.string()?;
        let end = self.pos;
        self.skip_space();
        if self.peek() != b':' {
            return Err(self.no_colon(start, end));
        }
        let inner = self.text.get(start + 1..end - 1).unwrap_or("");
        let hash = if flags == 0 {
            name_hash(inner)
        } else {
            name_hash(&escape::unescape(inner))
        };
        self.tape.slots.push(Slot {
            start: at(start),
            end: at(end),
            next: hash,
            kind: Kind::String,
            flags: flags | KEY,
        });
        self.pos += 1;
        Ok(true)
    }

    /// Passes over a string and tells its flags.
    #[inline]
    fn string(&mut self) -> Result<u8, Stop> {
        let start = self.pos;
        let mut pos = skip_plain(self.bytes, start + 1);
        if self.bytes.get(pos) == Some(&b'"') {
            self.pos = pos + 1;
            return Ok(0);
        }
        let mut flags = 0;
        let mut n_controls = 0;
        loop {
            match self.bytes.get(pos) {
                Some(b'"') => {
                    self.pos = pos + 1;
                    return Ok(flags);
                }
                Some(b'\\') => {
                    flags = ESCAPED;
                    pos = self.escape(pos);
                }
                Some(&byte) => {
                    n_controls += 1;
                    // One is enough to see that a quote is lacking; the rest of the file may follow.
                    if n_controls == 1 {
                        self.control(pos, byte);
                    }
                    pos += 1;
                }
                None => return Err(self.unclosed(start)),
            }
            pos = skip_plain(self.bytes, pos);
        }
    }

    fn escape(&mut self, pos: usize) -> usize {
        let rest = self.bytes.get(pos..).unwrap_or_default();
        match escape::read(rest) {
            Escape::Char(_, len) => pos + len,
            Escape::Half => {
                self.half_escape(pos);
                pos + 6
            }
            Escape::Unknown => {
                self.unknown_escape(pos);
                pos + 1
            }
        }
    }

    #[inline]
    fn number(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(len) = number_len(rest) else {
            return self.bad_word();
        };
        match rest.get(len) {
            None | Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-' | b'_') => {
                self.end_word(len, Kind::Number)
            }
            Some(_) => {
                self.pos += len;
                self.push(Kind::Number, 0, start);
                Ok(())
            }
        }
    }

    #[inline]
    fn word(&mut self, word: &str, kind: Kind) -> Result<(), Stop> {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return self.bad_word();
        }
        if rest.get(word.len()).is_none_or(|&byte| in_word(byte)) {
            return self.end_word(word.len(), kind);
        }
        let start = self.pos;
        self.pos += word.len();
        self.push(kind, 0, start);
        Ok(())
    }

    /// A number or word that the text ends with, or that more letters follow.
    #[cold]
    fn end_word(&mut self, len: usize, kind: Kind) -> Result<(), Stop> {
        if self.pos + len < self.bytes.len() || !self.open.is_empty() {
            return self.bad_word();
        }
        let start = self.pos;
        self.pos += len;
        self.push(kind, 0, start);
        Ok(())
    }
}
