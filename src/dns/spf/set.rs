//! The addresses that a domain lets send: for every result, those that certainly get it and those that may.
//!
//! [`Tree::gather`] asks DNS once and keeps what it heard, record by record; everything else is told from the tree.
//! A term whose answer depends on more than the address, such as one with a macro of the sender, is opaque: what it
//! decides may be so, and is never certain. Who else sends from these addresses is not known here.

use std::fmt;

use super::record::{Mistake, SpfRecord};
use super::{Extent, Qualifier, Verdict};
use crate::allow::ip::IpSet;
use crate::dns::{Name, Question};

mod cohort;
mod counts;
mod fold;
mod gather;
#[cfg(test)]
mod tests;

pub use counts::{Breaking, Counts};
pub use fold::Sets;

/// A record and everything it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The domain, as spelled out. It need not be a name that can be asked for.
    pub domain: Vec<u8>,
    /// What the domain publishes.
    pub published: Published,
    /// The terms that can decide, in the order in which they are evaluated; a `redirect` stands last. Empty where
    /// the record has mistakes.
    pub entries: Vec<Entry>,
    /// Terms that are never evaluated: those behind `all`, and a `redirect` beside it.
    pub idle: Vec<Extent>,
}

/// What a domain publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// One record, possibly with mistakes.
    Record(SpfRecord),
    /// No record, or no name that could have one.
    Nothing,
    /// More than one record.
    Several(usize),
    /// Nobody could say, or nobody was asked.
    Unanswered(Question),
}

/// A term that can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the record.
    pub extent: Extent,
    /// What becomes of those it matches.
    pub action: Action,
    /// Whether it asks DNS, and so counts.
    pub asks: bool,
    /// Which of the terms that ask DNS it is, from 1 in the whole tree, for an address that nothing matches; of a term
    /// that does not ask, how many did before it.
    pub ordinal: u32,
    /// How many terms ask DNS here and below, for an address that nothing matches.
    pub lookups: u32,
    /// Whom it matches.
    pub matches: Matches,
}

/// What becomes of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The qualifier says.
    Directive(Qualifier),
    /// The other record says all.
    Redirect,
}

/// Whom a term matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matches {
    /// Addresses, found step by step, for IPv4 and for IPv6.
    Steps {
        /// What an IPv4 client meets.
        v4: Vec<Step>,
        /// What an IPv6 client meets.
        v6: Vec<Step>,
    },
    /// Those that pass by another record, or, of a `redirect`, whatever it says.
    Child(Box<Tree>),
    /// The domain is one of those that led here: whoever gets so far goes round until the limit ends it.
    Loop(Vec<u8>),
    /// `mx` with more hosts than may be.
    Hosts(usize),
    /// Nobody can say from the address alone.
    Opaque(Opaque),
}

/// One question of a term, as far as one family of addresses goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These match.
    Match(IpSet),
    /// DNS has no answer.
    Void,
    /// DNS could not say or was not asked: anything may match.
    Unanswered(Question),
}

/// Why a term cannot be told from the address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opaque {
    /// The name depends on the client or the sender.
    Macro(Asks),
    /// The names of the client decide, which its owner publishes.
    Names,
    /// The tree is too large, and was cut here.
    Cut,
}

/// What an opaque term does with the name it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asks {
    /// `a`, `exists`: one question.
    Address,
    /// `mx`: hosts, of which there may be too many.
    Hosts,
    /// `include`, `redirect`: a record, which may ask on.
    Record,
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Macro(_) => "the name depends on the client or the sender",
            Self::Names => "the names that the client's network publishes decide",
            Self::Cut => "the tree of records is too large to follow",
        })
    }
}

/// What is known of a set: it has all of `must`, and nothing outside `may`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The addresses that are certainly in it.
    pub must: IpSet,
    /// The addresses that may be in it, those included.
    pub may: IpSet,
}

impl Bounds {
    /// Nothing.
    pub fn empty() -> Self {
        Self {
            must: IpSet::empty(),
            may: IpSet::empty(),
        }
    }

    /// Whether it is known exactly.
    pub fn is_exact(&self) -> bool {
        self.must == self.may
    }
}

/// A term that cannot be told from the address alone, in the record of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear<'a> {
    /// The record it stands in.
    pub tree: &'a Tree,
    /// The term; an empty place where the record itself is not known.
    pub extent: Extent,
    /// Why.
    pub why: UnclearWhy<'a>,
}

/// Why it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnclearWhy<'a> {
    /// By its nature.
    Opaque(Opaque),
    /// For want of an answer.
    Unanswered(&'a Question),
}

impl Tree {
    /// The domain as a name.
    pub fn name(&self) -> Option<Name> {
        super::checkable(&self.domain)
    }

    /// The record, if there is exactly one.
    pub fn record(&self) -> Option<&SpfRecord> {
        match &self.published {
            Published::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The mistakes of the record. Where there is one, the record is no policy.
    pub fn mistakes(&self) -> &[Mistake] {
        self.record().map_or(&[], |record| &record.mistakes)
    }

    /// The records below, with the terms that lead to them.
    pub fn children(&self) -> impl Iterator<Item = (&Entry, &Self)> {
        self.entries.iter().filter_map(|entry| match &entry.matches {
            Matches::Child(child) => Some((entry, &**child)),
            _ => None,
        })
    }

    /// Every term, here and below, that cannot be told from the address alone.
    pub fn unclear(&self) -> Vec<Unclear<'_>> {
        let mut found = Vec::new();
        self.collect_unclear(&mut found);
        found
    }

    fn collect_unclear<'a>(&'a self, found: &mut Vec<Unclear<'a>>) {
        let mut add = |extent, why| {
            found.push(Unclear {
                tree: self,
                extent,
                why,
            });
        };
        if let Published::Unanswered(question) = &self.published {
            add(Extent::default(), UnclearWhy::Unanswered(question));
        }
        for entry in &self.entries {
            match &entry.matches {
                Matches::Opaque(opaque) => add(entry.extent, UnclearWhy::Opaque(*opaque)),
                Matches::Steps { v4, v6 } => {
                    for step in v4.iter().chain(v6) {
                        if let Step::Unanswered(question) = step {
                            add(entry.extent, UnclearWhy::Unanswered(question));
                        }
                    }
                }
                Matches::Child(_) | Matches::Loop(_) | Matches::Hosts(_) => {}
            }
        }
        for (_, child) in self.children() {
            child.collect_unclear(found);
        }
    }
}

/// The result of a match. That of a `redirect` is the child's own.
const fn verdict_of(action: Action) -> Verdict {
    match action {
        Action::Directive(qualifier) => qualifier.verdict(),
        Action::Redirect => Verdict::None,
    }
}
