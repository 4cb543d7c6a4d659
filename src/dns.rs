//! Questions to DNS and their answers.
//!
//! Whoever asks sees a [`Resolver`] and never the network: an answer is recorded, made up by a test, or comes from
//! `dns::live`, the only place where a packet is sent. What was not asked, or could not be answered, is
//! [`Outcome::Unknown`] or [`Outcome::Failed`], and never taken for a name that does not exist.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

pub mod dkim;
pub mod dmarc;
pub mod live;
mod name;
pub mod presentation;
pub mod recorded;
mod recorder;
mod rounds;
pub mod sources;
pub mod spf;

pub use live::Live;
pub use name::{Name, NameError};
pub use recorded::Recorded;
pub use recorder::Recorder;
pub use rounds::in_rounds;

/// What is asked of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Mail hosts.
    Mx,
    /// The name of an address.
    Ptr,
    /// Texts: SPF, DMARC, DKIM keys.
    Txt,
}

impl RecordType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::A, Self::Aaaa, Self::Mx, Self::Ptr, Self::Txt];

    /// As zone files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Ptr => "PTR",
            Self::Txt => "TXT",
        }
    }

    /// From how zone files write it, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// Whose.
    pub name: Name,
    /// What.
    pub kind: RecordType,
}

impl Question {
    /// A question.
    pub fn new(name: Name, kind: RecordType) -> Self {
        Self { name, kind }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

/// One record of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail host. The root name is the null MX (RFC 7505).
    Mx {
        /// The lower, the sooner tried.
        preference: u16,
        /// The host.
        exchange: Name,
    },
    /// The name of an address.
    Ptr(Name),
    /// The character-strings of one text, as octets.
    Txt(Vec<Vec<u8>>),
}

impl Record {
    /// The text of a TXT record: its strings joined without anything between them (RFC 7208, section 3.3).
    pub fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Txt(strings) => Some(strings.concat()),
            _ => None,
        }
    }
}

/// Why there is no answer, although one was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered in time.
    Timeout,
    /// The server said that it failed (SERVFAIL).
    ServerFailed,
    /// The server refused to answer (REFUSED).
    Refused,
    /// The aliases of the name lead back to it, or to no end.
    AliasLoop,
    /// Something else, in words: lower-case start, no final stop.
    Other(String),
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There are records of the type asked for, and never none of them.
    Found(Vec<Record>),
    /// The name exists, and has no record of the type (NOERROR without answers).
    NoData,
    /// The name does not exist (NXDOMAIN).
    NoName,
    /// Nobody could say. For SPF a temporary error.
    Failed(Failure),
    /// Nobody was asked: DNS is off, or the recording does not have the question.
    Unknown,
}

/// What is known about a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub outcome: Outcome,
    /// The names that the name stands for, in the order in which they were followed (CNAME).
    pub aliases: Vec<Name>,
    /// The least time to live, in seconds, where a server said one.
    pub ttl: Option<u32>,
}

impl Answer {
    /// An answer without aliases.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            aliases: Vec::new(),
            ttl: None,
        }
    }

    /// The records, if there are any.
    pub fn records(&self) -> &[Record] {
        match &self.outcome {
            Outcome::Found(records) => records,
            _ => &[],
        }
    }
}

/// Whoever answers questions. An answer to one question does not change while an audit runs.
pub trait Resolver: Sync {
    /// The answer to a question.
    fn ask(&self, question: &Question) -> Arc<Answer>;

    /// The same for many, which may be asked side by side. Answers stand in the order of the questions.
    fn ask_all(&self, questions: &[Question]) -> Vec<Arc<Answer>> {
        questions.iter().map(|question| self.ask(question)).collect()
    }

    /// Whether an answer has to be waited for, so that questions had better be asked side by side.
    fn waits(&self) -> bool {
        false
    }

    /// Whether answers are lacking because all of them together took too long.
    fn ran_out(&self) -> bool {
        false
    }
}

/// Nobody is asked: every answer is unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Off;

impl Resolver for Off {
    fn ask(&self, _: &Question) -> Arc<Answer> {
        Arc::new(Answer::new(Outcome::Unknown))
    }
}
