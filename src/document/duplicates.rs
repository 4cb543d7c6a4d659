//! Keys given twice in one table, or so nearly that a look-up takes them for one.
//!
//! JSON leaves open which of them counts and parsers differ, so an audit must say that it met one.
//! The check runs for every table of every export, hence the care for its cost.

use std::borrow::Cow;

use super::tape::{DOUBLED, Kind, Tape, same_name};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::{SourceId, Span};

/// More pairs than this in one document are only counted.
const SHOWN: usize = 100;

/// Tables with more keys than this are checked by sorting.
/// Below it a hostile choice of keys costs some hundred comparisons a key at worst.
const SMALL: usize = 512;

/// INVARIANT: a power of two, and more than [`SMALL`], so that a probe always ends.
const CELLS: usize = 1024;

/// A place in the hash table. It is free when its stamp is not that of the table under check, so nothing is ever
/// cleared.
#[derive(Clone, Copy)]
struct Cell {
    stamp: u32,
    hash: u32,
    key: u32,
}

/// The check and what it has found so far.
pub(super) struct Duplicates {
    source: SourceId,
    stamp: u32,
    cells: Box<[Cell; CELLS]>,
    /// Of the table under check: a key and the earlier one of its name.
    pairs: Vec<(u32, u32)>,
    problems: Vec<Problem>,
    n_unshown: usize,
    last: Option<Span>,
}

impl Duplicates {
    pub(super) fn new(source: SourceId) -> Self {
        let free = Cell {
            stamp: 0,
            hash: 0,
            key: 0,
        };
        Self {
            source,
            stamp: 0,
            cells: Box::new([free; CELLS]),
            pairs: Vec::new(),
            problems: Vec::new(),
            n_unshown: 0,
            last: None,
        }
    }

    /// Checks the keys of one table, all of which are on the tape.
    pub(super) fn check(&mut self, tape: &mut Tape, text: &str, table: u32) {
        // INVARIANT: no two tables of a tape share a number, and none has that of the free cells.
        self.stamp = table + 1;
        let end = tape.slot(table).next;
        let mut key = table + 1;
        let mut n_keys = 0;
        while key < end {
            n_keys += 1;
            if n_keys > SMALL {
                self.find_by_sorting(tape, text, table);
                break;
            }
            if let Some(first) = self.insert(tape, text, key) {
                self.pairs.push((key, first));
            }
            key = tape.slot(key + 1).next;
        }
        if !self.pairs.is_empty() {
            if let Some(slot) = tape.slots.get_mut(table as usize) {
                slot.flags |= DOUBLED;
            }
            self.report(tape, text);
        }
    }

    /// Everything found, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems
            .sort_by_key(|problem| problem.labels.first().map(|label| label.span));
        if let (Some(last), 1..) = (self.last, self.n_unshown) {
            self.problems.push(Problem::at(
                Level::Warn,
                ProblemKind::BadValue,
                last,
                format!("{} more keys in this file are given twice", self.n_unshown),
                "the last of them",
            ));
        }
        self.problems
    }

    /// The first key of the same name in this table, if there is one.
    #[inline]
    fn insert(&mut self, tape: &Tape, text: &str, key: u32) -> Option<u32> {
        let hash = tape.slot(key).next;
        let mut place = hash as usize;
        loop {
            let cell = self.cells.get_mut(place % CELLS)?;
            if cell.stamp != self.stamp {
                *cell = Cell {
                    stamp: self.stamp,
                    hash,
                    key,
                };
                return None;
            }
            if cell.hash == hash && same_name(&tape.string(text, cell.key), &tape.string(text, key)) {
                return Some(cell.key);
            }
            place += 1;
        }
    }

    /// Sorts by hash, then by name, so that equal names meet whatever the hashes are.
    #[cold]
    fn find_by_sorting(&mut self, tape: &Tape, text: &str, table: u32) {
        let end = tape.slot(table).next;
        let mut keys = Vec::new();
        let mut key = table + 1;
        while key < end {
            keys.push((tape.slot(key).next, key));
            key = tape.slot(key + 1).next;
        }
        keys.sort_unstable();
        self.pairs.clear();
        for group in keys.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            let name = |key| tape.string(text, key).trim().to_ascii_lowercase();
            let mut named: Vec<(String, u32)> = group.iter().map(|&(_, key)| (name(key), key)).collect();
            named.sort_unstable();
            for same in named.chunk_by(|a, b| a.0 == b.0) {
                if let Some(((_, first), rest)) = same.split_first() {
                    self.pairs.extend(rest.iter().map(|&(_, later)| (later, *first)));
                }
            }
        }
        self.pairs.sort_unstable();
    }

    #[cold]
    fn report(&mut self, tape: &Tape, text: &str) {
        let pairs = std::mem::take(&mut self.pairs);
        for (later, first) in pairs {
            if is_enumeration(tape, text, first, later) {
                continue;
            }
            let span = tape.slot(later).span(self.source);
            if self.problems.len() < SHOWN {
                self.problems.push(problem(tape, text, self.source, first, later));
            } else {
                self.n_unshown += 1;
                self.last = Some(self.last.map_or(span, |last| last.max(span)));
            }
        }
    }
}

/// `{"value": 2, "Value": "Enforce"}`: how Windows PowerShell writes a value of an enumeration, with number and word.
fn is_enumeration(tape: &Tape, text: &str, first: u32, later: u32) -> bool {
    let (one, other) = (tape.string(text, first), tape.string(text, later));
    let (small, large) = if one == "value" { (first, later) } else { (later, first) };
    let names = tape.string(text, small) == "value" && tape.string(text, large) == "Value" && one != other;
    let kind = |key: u32| tape.slot(key + 1).kind;
    names && kind(small) == Kind::Number && kind(large) == Kind::String
}

fn problem(tape: &Tape, text: &str, source: SourceId, first: u32, later: u32) -> Problem {
    let (earlier_name, name) = (tape.string(text, first), tape.string(text, later));
    let same_value = tape.slot(first + 1).raw(text) == tape.slot(later + 1).raw(text);
    let (level, value) = if same_value {
        (Level::Note, "the same value")
    } else {
        (Level::Warn, "another value")
    };
    let message = if earlier_name == name {
        format!("key `{}` is given twice", shortened(&name))
    } else {
        let (earlier, later) = (shortened(&earlier_name), shortened(&name));
        format!("keys `{earlier}` and `{later}` differ only in case or white space")
    };
    let span = tape.slot(later).span(source);
    Problem::at(
        level,
        ProblemKind::BadValue,
        span,
        message,
        format!("given again, with {value}"),
    )
    .also(tape.slot(first).span(source), "given first here")
}

/// Enough of a name to know it by.
fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", name.get(..end).unwrap_or(""))),
        None => Cow::Borrowed(name),
    }
}
