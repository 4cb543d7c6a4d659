//! SPF as RFC 7208 has it: records with the place of each of their terms, the check of one client, and the addresses
//! that a domain lets send.
//!
//! [`record`] reads, [`macros`] spells names out, [`evaluate`] answers for one client as a receiving host would, and
//! [`set`] answers for all addresses at once. What is the right record for somebody is not known here, nor who shares
//! a sender with whom.

use crate::source::{SourceId, Span};

pub mod evaluate;
#[cfg(test)]
mod laws;
pub mod macros;
pub mod record;
pub mod set;
#[cfg(test)]
pub(super) mod zone;

use super::Name;

/// A part of a text: octets from `start`, up to and without `end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// The first octet.
    pub start: usize,
    /// One past the last octet.
    pub end: usize,
}

impl Extent {
    /// A part.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The part of a text.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The same part where the text stands in a source from an offset on.
    pub fn span(self, source: SourceId, offset: u32) -> Span {
        let at = |octet: usize| offset.saturating_add(u32::try_from(octet).unwrap_or(u32::MAX));
        Span::new(source, at(self.start), at(self.end))
    }
}

/// What a directive says of the clients that match it (RFC 7208, section 4.6.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// `+`, or nothing.
    #[default]
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    SoftFail,
    /// `?`.
    Neutral,
}

impl Qualifier {
    /// The result of a match.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::Fail => Verdict::Fail,
            Self::SoftFail => Verdict::SoftFail,
            Self::Neutral => Verdict::Neutral,
        }
    }
}

/// The result of a check (RFC 7208, section 2.6), and one more: that nobody could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The domain has no record.
    None,
    /// The domain says nothing about the client.
    Neutral,
    /// The client may send.
    Pass,
    /// The client may not send.
    Fail,
    /// The client may probably not send.
    SoftFail,
    /// DNS failed; another try may fare better.
    TempError,
    /// The records cannot be read, or ask too much.
    PermError,
    /// An answer is needed that nobody asked DNS for. This is no result of the RFC, and stands for any of the others.
    Undecided,
}

impl Verdict {
    /// Every result.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Neutral,
        Self::Pass,
        Self::Fail,
        Self::SoftFail,
        Self::TempError,
        Self::PermError,
        Self::Undecided,
    ];

    /// As the RFC writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
            Self::Undecided => "undecided",
        }
    }

    /// From how the RFC writes it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// How much a check may ask of DNS (RFC 7208, section 4.6.4).
///
/// INVARIANT: every record below the first costs a look-up, so that the number of look-ups also bounds recursion;
/// therefore it is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most terms that ask DNS.
    pub lookups: u8,
    /// The most terms to which DNS has no answer.
    pub voids: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lookups: 10, voids: 2 }
    }
}

/// The most hosts of an `mx` term, and the most names of an address that are looked at (RFC 7208, section 4.6.4).
const MOST_NAMES: usize = 10;

/// A name as the octets that macros work on.
fn octets(name: &Name) -> Vec<u8> {
    let labels: Vec<&[u8]> = name.labels().collect();
    labels.join(&b'.')
}

/// The name to ask for; `None` where it cannot be one (RFC 7208, section 4.8).
fn target(text: &[u8]) -> Option<Name> {
    Name::parse(text).ok().filter(|name| !name.is_root())
}

/// The domain whose record is looked up; `None` where it is malformed, a literal address, or has a single label
/// (RFC 7208, section 4.3).
fn checkable(text: &[u8]) -> Option<Name> {
    target(text).filter(|name| name.labels().count() > 1 && !text.starts_with(b"["))
}
