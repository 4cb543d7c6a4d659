//! DMARC: the record that applies to the domain of a `From` header, and whether a message is that domain's own.
//!
//! Receiving hosts find records in one of two ways, and both are here, for callers to tell where they differ: the walk
//! up the tree of names (RFC 9989, of May 2026), and the list of public suffixes (RFC 7489, which it replaces).
//! [`record`] reads records, [`discovery`] finds them, [`alignment`] compares domains and judges messages. Reports are
//! not read, `pct` is not applied, and who sends for whom is not known here.

use std::fmt;

use super::{Failure, Question};

pub mod alignment;
pub mod discovery;
pub mod record;
#[cfg(test)]
mod tests;

pub use alignment::{Judgment, Message, aligned, judge};
pub use discovery::{Applied, Discovery, discover, organization};
pub use record::DmarcRecord;

/// How a receiving host finds records and decides whom a domain belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The walk up the tree of names (RFC 9989, section 4.10).
    TreeWalk,
    /// The list of public suffixes (RFC 7489, sections 3.2 and 6.6.3).
    SuffixList,
}

impl Method {
    /// Both, the present one first.
    pub const ALL: [Self; 2] = [Self::TreeWalk, Self::SuffixList];

    /// The RFC that has it.
    pub const fn rfc(self) -> &'static str {
        match self {
            Self::TreeWalk => "RFC 9989",
            Self::SuffixList => "RFC 7489",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rfc())
    }
}

/// What a domain wants done with mail that is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Nothing.
    None,
    /// It is to be taken for suspicious.
    Quarantine,
    /// It is to be refused.
    Reject,
}

impl Policy {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Quarantine, Self::Reject];

    /// As records write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// How alike two domains must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Of the same organisation.
    #[default]
    Relaxed,
    /// The same.
    Strict,
}

/// A question without which nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// The question.
    pub question: Question,
    /// Why there is no answer; `None` where nobody was asked.
    pub failure: Option<Failure>,
}
