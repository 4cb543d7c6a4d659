//! A document and its values: what every reader walks, whatever the format.

use std::borrow::Cow;

use jiff::civil::Date;

use super::tape::{CUT, DOUBLED, Kind, Slot, Tape, name_hash, same_name};
use crate::source::{SourceId, Span};

/// The keys and values of one source. It owns nothing of the text, which is handed to [`Document::root`].
#[derive(Debug)]
pub struct Document {
    source: SourceId,
    tape: Tape,
    complete: bool,
}

impl Document {
    pub(super) fn new(source: SourceId, tape: Tape, complete: bool) -> Self {
        Self { source, tape, complete }
    }

    /// The outermost value. `text` is the text of the source this was read from.
    pub fn root<'a>(&'a self, text: &'a str) -> Node<'a> {
        Node {
            document: self,
            text,
            index: 0,
        }
    }

    /// The source this was read from.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// Whether the text was understood to its end. If not, values after that place are lacking.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.tape.slots.capacity() * size_of::<Slot>()
    }
}

/// One value.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    text: &'a str,
    index: u32,
}

/// The name of a table's member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'a> {
    /// The name, unescaped.
    pub name: Cow<'a, str>,
    /// Where it is written, with its quotes if it has any.
    pub span: Span,
}

impl<'a> Node<'a> {
    /// What it is.
    pub fn kind(self) -> Kind {
        self.slot().kind
    }

    /// Where it is written: strings with their quotes, lists and tables with their brackets.
    /// A TOML table under a header has the span of the header, one made by a dotted key that of the key.
    pub fn span(self) -> Span {
        self.slot().span(self.document.source)
    }

    /// The text under the span.
    pub fn raw(self) -> &'a str {
        self.slot().raw(self.text)
    }

    /// The value of a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| self.document.tape.string(self.text, self.index))
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// The value of a whole number that fits, in any base the format has.
    pub fn as_i64(self) -> Option<i64> {
        if self.kind() != Kind::Number {
            return None;
        }
        let raw = self.raw();
        if let Ok(value) = raw.parse() {
            return Some(value);
        }
        // TOML alone has digit groups and bases.
        let digits = raw.replace('_', "");
        let (radix, digits) = match digits.get(..2) {
            Some("0x") => (16, digits.get(2..)?),
            Some("0o") => (8, digits.get(2..)?),
            Some("0b") => (2, digits.get(2..)?),
            _ => (10, digits.as_str()),
        };
        i64::from_str_radix(digits, radix).ok()
    }

    /// The day of a date, with or without a time, as it is written: no time zone moves it.
    pub fn as_date(self) -> Option<Date> {
        if self.kind() != Kind::Date {
            return None;
        }
        self.raw().get(..10)?.parse().ok()
    }

    /// Whether it is a written null. A value that could not be read is none.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether the text became unreadable inside this list or table, so that more may have been meant to follow.
    pub fn is_cut(self) -> bool {
        self.slot().has(CUT)
    }

    /// The elements of a list in order; nothing for other values.
    pub fn items(self) -> Items<'a> {
        let inside = self.kind() == Kind::List;
        Items {
            node: self,
            next: self.index + 1,
            end: if inside { self.slot().next } else { 0 },
        }
    }

    /// The members of a table in the order of the file; nothing for other values.
    pub fn entries(self) -> Entries<'a> {
        let inside = self.kind() == Kind::Table;
        Entries {
            node: self,
            next: self.index + 1,
            end: if inside { self.slot().next } else { 0 },
        }
    }

    /// The member of a table with exactly this name, else one whose name differs only in ASCII case and white space
    /// around it. Of several the first counts.
    pub fn get(self, name: &str) -> Option<Self> {
        let hash = name_hash(name);
        let doubled = self.is_doubled();
        let mut near = None;
        for key in self.entries().keys() {
            let tape = &self.document.tape;
            if tape.slot(key).next != hash {
                continue;
            }
            let found = tape.string(self.text, key);
            if found == name || (!doubled && same_name(&found, name)) {
                return Some(self.at(key + 1));
            }
            if near.is_none() && same_name(&found, name) {
                near = Some(self.at(key + 1));
            }
        }
        near
    }

    /// How many elements or members it has. Counting walks them.
    pub fn len(self) -> usize {
        self.items().count() + self.entries().keys().count()
    }

    /// Whether it has no elements or members.
    pub fn is_empty(self) -> bool {
        self.slot().next <= self.index + 1
    }

    /// Whether two of its keys are one to a look-up.
    pub(crate) fn is_doubled(self) -> bool {
        self.slot().has(DOUBLED)
    }

    /// Its slot, and the slot after it and all it contains.
    pub(super) fn reach(self) -> std::ops::Range<u32> {
        self.index..self.slot().next
    }

    fn slot(self) -> Slot {
        self.document.tape.slot(self.index)
    }

    fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let span = self.span();
        write!(f, "{:?} {}..{}", self.kind(), span.start, span.end)
    }
}

/// The elements of a list.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    node: Node<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.next >= self.end {
            return None;
        }
        let node = self.node.at(self.next);
        self.next = node.slot().next;
        Some(node)
    }
}

/// The members of a table.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    node: Node<'a>,
    next: u32,
    end: u32,
}

impl<'a> Entries<'a> {
    fn next_key(&mut self) -> Option<u32> {
        if self.next >= self.end {
            return None;
        }
        let key = self.next;
        self.next = self.node.at(key + 1).slot().next;
        Some(key)
    }

    fn keys(mut self) -> impl Iterator<Item = u32> {
        std::iter::from_fn(move || self.next_key())
    }

    /// The next member with the hash of its name.
    pub(super) fn next_hashed(&mut self) -> Option<(u32, Key<'a>, Node<'a>)> {
        let key = self.next_key()?;
        let Node { document, text, .. } = self.node;
        let slot = document.tape.slot(key);
        let name = document.tape.string(text, key);
        let span = slot.span(document.source);
        Some((slot.next, Key { name, span }, self.node.at(key + 1)))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, Node<'a>);

    fn next(&mut self) -> Option<(Key<'a>, Node<'a>)> {
        self.next_hashed().map(|(_, key, node)| (key, node))
    }
}
