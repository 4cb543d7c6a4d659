//! The SPF records that an audit asks for, each gathered once, whoever wants to know it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::dns::sources::DnsSources;
use crate::dns::spf::set::{Sets, Tree};
use crate::dns::spf::{Extent, Limits};
use crate::dns::{Name, Question, RecordType, Resolver};
use crate::source::{Sources, Span};

/// Records by the name that publishes them.
pub(super) struct Trees<'r> {
    /// Whoever answers.
    pub resolver: &'r dyn Resolver,
    known: RefCell<BTreeMap<Name, Rc<Spf>>>,
}

/// A record with all it leads to, and what it comes to.
#[derive(Debug)]
pub(super) struct Spf {
    /// The record.
    pub tree: Tree,
    /// The addresses of each result.
    pub sets: Sets,
}

impl<'r> Trees<'r> {
    /// None yet.
    pub fn new(resolver: &'r dyn Resolver) -> Self {
        Self {
            resolver,
            known: RefCell::default(),
        }
    }

    /// The record of a name.
    pub fn of(&self, name: &Name) -> Rc<Spf> {
        if let Some(known) = self.known.borrow().get(name) {
            return Rc::clone(known);
        }
        let tree = Tree::gather(self.resolver, name);
        let sets = tree.sets(Limits::default());
        let spf = Rc::new(Spf { tree, sets });
        self.known.borrow_mut().insert(name.clone(), Rc::clone(&spf));
        spf
    }
}

/// A part of an answer, before it has a place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    question: Question,
    part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// The SPF record among the texts, or a part of it.
    Spf(Option<Extent>),
    /// A record by its number.
    Record(usize),
    /// Its first line.
    Whole,
}

impl Place {
    /// The SPF record of a name, or a part of it.
    pub fn spf(name: Name, extent: Option<Extent>) -> Self {
        Self {
            question: Question::new(name, RecordType::Txt),
            part: Part::Spf(extent),
        }
    }

    /// A record of an answer.
    pub fn record(question: Question, index: usize) -> Self {
        Self {
            question,
            part: Part::Record(index),
        }
    }

    /// A whole answer.
    pub fn answer(question: Question) -> Self {
        Self {
            question,
            part: Part::Whole,
        }
    }

    /// Makes the answer a source, and says where in it this stands.
    pub fn span(&self, resolver: &dyn Resolver, places: &mut DnsSources, sources: &mut Sources) -> Span {
        let answer = resolver.ask(&self.question);
        let placed = places.place(sources, &self.question, &answer);
        let (index, part) = match &self.part {
            Part::Whole => return placed.head,
            Part::Record(index) => (Some(*index), None),
            Part::Spf(extent) => {
                let is_spf = |text: &Vec<u8>| text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"v=spf1"));
                let mut records = answer.records().iter();
                let at = records.position(|record| record.text().is_some_and(|text| is_spf(&text)));
                (at, extent.map(|extent| extent.start..extent.end))
            }
        };
        match index.and_then(|index| placed.records.get(index)) {
            Some(record) => part.map_or(record.span, |part| record.span_of(part)),
            None => placed.head,
        }
    }
}
