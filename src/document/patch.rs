//! Edits of a JSON text that leave everything else as it is, byte for byte, and the same edits as RFC 6902 operations.
//!
//! New lines follow the indentation, the line ends and the spacing around them; a text in one line stays one.
//! Edits may be given in any order; only values that go into the same list keep theirs. Two edits that cannot both be
//! made are a [`Conflict`], and the one that came first stands.
//! This module knows how exporters write a list of one or none, and nothing else about exports.

mod layout;
mod operation;
mod splice;
mod value;

pub mod pointer;

use std::collections::BTreeMap;

use super::node::Node;
use super::tape::Kind;

pub use operation::Operation;
pub use value::Json;

use pointer::{At, parent};
use splice::Work;

/// Why an edit cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// Another edit changes the same value, or one around it or in it, in another way.
    Overlap,
    /// A name around the value, or the new name, stands twice, so that no pointer tells which is meant.
    Doubled,
    /// The value is none that can be edited so: an element for what is no list, a member for what is no table.
    Shape,
    /// The text is not JSON throughout, so nothing can be said of the rest of it.
    Broken,
}

impl Conflict {
    /// The reason in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "another change is made in the same place",
            Self::Doubled => "a name stands twice in the same object",
            Self::Shape => "the value has a form that cannot be changed so",
            Self::Broken => "the file is not JSON throughout",
        }
    }
}

/// A text after its edits.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The text.
    pub text: String,
    /// What turns the old values into the new ones, to be done one after another.
    pub operations: Vec<Operation>,
}

/// Edits of one text.
#[derive(Debug, Clone)]
pub struct Patch<'a> {
    text: &'a str,
    root: Node<'a>,
    works: BTreeMap<u32, Work<'a>>,
}

impl<'a> Patch<'a> {
    /// No edit yet. `root` is the outermost value of the text.
    pub fn new(text: &'a str, root: Node<'a>) -> Result<Self, Conflict> {
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return Err(Conflict::Broken);
        }
        Ok(Self {
            text,
            root,
            works: BTreeMap::new(),
        })
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.works.values().all(Work::is_empty)
    }

    /// Puts a value at the end of a list. A single value that stands for a list becomes one, and so do null and the empty
    /// text; the `Count` beside a wrapped list is kept right.
    pub fn append(&mut self, list: Node<'a>, value: Json) -> Result<(), Conflict> {
        let list = wrapped(list).unwrap_or(list);
        if list.kind() == Kind::Missing {
            return Err(Conflict::Shape);
        }
        let work = self.work(list)?;
        if work.fresh.is_some() || (work.gone && work.is_element()) {
            return Err(Conflict::Overlap);
        }
        work.more.push(value);
        Ok(())
    }

    /// Takes a value out of its list. A single value that stands for a list leaves an empty one.
    pub fn remove(&mut self, value: Node<'a>) -> Result<(), Conflict> {
        self.seal(value)?;
        let work = self.work(value)?;
        if work.fresh.is_some() || !work.members.is_empty() || (work.is_element() && !work.more.is_empty()) {
            return Err(Conflict::Overlap);
        }
        work.gone = true;
        Ok(())
    }

    /// Writes another value in the place of one.
    pub fn replace(&mut self, old: Node<'a>, new: Json) -> Result<(), Conflict> {
        if old.kind() == Kind::Missing {
            return Err(Conflict::Shape);
        }
        let same = new.is(old);
        self.seal(old)?;
        let work = self.work(old)?;
        if work.gone || !work.more.is_empty() || !work.members.is_empty() {
            return Err(Conflict::Overlap);
        }
        match &work.fresh {
            Some(known) if *known == new => {}
            Some(_) => return Err(Conflict::Overlap),
            // What stays as it is is claimed all the same: nobody may write another value there.
            None => {
                work.same = same;
                work.fresh = Some(new);
            }
        }
        Ok(())
    }

    /// Puts a new member at the end of a table.
    pub fn insert(&mut self, table: Node<'a>, name: &str, value: Json) -> Result<(), Conflict> {
        if table.kind() != Kind::Table {
            return Err(Conflict::Shape);
        }
        if table.get(name).is_some() {
            return Err(Conflict::Doubled);
        }
        let work = self.work(table)?;
        if work.gone || work.fresh.is_some() {
            return Err(Conflict::Overlap);
        }
        match work.members.iter().find(|(known, _)| known == name) {
            Some((_, known)) if *known == value => {}
            Some(_) => return Err(Conflict::Overlap),
            None => work.members.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// The text and the operations.
    #[must_use]
    pub fn finish(&self) -> Patched {
        let works = splice::settled(self.root, &self.works);
        let splices = splice::splices(self.text, self.root, &works);
        Patched {
            text: splice::spliced(self.text, 0..self.text.len(), &splices, |_| true),
            operations: operation::operations(self.text, &works, &splices),
        }
    }

    /// The edits of one value, if it is not inside another one that goes.
    fn work(&mut self, node: Node<'a>) -> Result<&mut Work<'a>, Conflict> {
        let index = node.reach().start;
        let around = self.works.range(..index).map(|(_, work)| work);
        if around
            .filter(|work| work.is_sealed())
            .any(|work| work.node.reach().contains(&index))
        {
            return Err(Conflict::Overlap);
        }
        let pointer = pointer::of(self.root, node)?;
        let place = parent(self.root, node);
        Ok(self
            .works
            .entry(index)
            .or_insert_with(|| Work::new(node, place, pointer)))
    }

    /// Nothing inside this value is to change.
    fn seal(&self, node: Node<'a>) -> Result<(), Conflict> {
        let reach = node.reach();
        let mut inside = self.works.range(reach.start + 1..reach.end.max(reach.start + 1));
        if inside.any(|(_, work)| !work.is_empty()) {
            return Err(Conflict::Overlap);
        }
        Ok(())
    }
}

/// `{"value": […], "Count": 2}`: how Windows PowerShell writes an array that is wrapped in an object.
fn wrapped(node: Node<'_>) -> Option<Node<'_>> {
    node.get("Count")?;
    node.get("value").filter(|value| value.kind() == Kind::List)
}

/// The number beside a wrapped list that says how many elements it has.
fn count_beside<'a>(root: Node<'a>, list: Node<'a>) -> Option<Node<'a>> {
    let (table, At::Member(_)) = parent(root, list)? else {
        return None;
    };
    let same = wrapped(table)?.reach().start == list.reach().start;
    table.get("Count").filter(|count| same && count.as_i64().is_some())
}

#[cfg(test)]
mod tests;
