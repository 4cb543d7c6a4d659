//! How a platform answers a check that asks for a remedy: with changes to settings, best first, or with none and a reason.
//!
//! A platform proposes and proves nothing: whether a way holds is found out by auditing again with it in place.

use crate::path::MailPath;
use crate::path::remedy::Remedy;
use crate::policy::PlatformLimit;
use crate::requirement::Requirement;
use crate::tenant::Own;

use super::ReadInput;
use super::change::Change;

/// What a platform is given.
pub struct MendInput<'a> {
    /// The exports.
    pub read: &'a ReadInput<'a>,
    /// What was made of them.
    pub path: &'a MailPath,
    /// The tenant's own hosts, as its file writes them.
    pub own: &'a [Own],
    /// What must get through.
    pub requirements: &'a [Requirement<'a>],
    /// Published limits, those of other platforms among them.
    pub limits: &'a [PlatformLimit],
    /// What is asked for. The order matters where a limit does not leave room for all.
    pub wishes: &'a [&'a Remedy],
}

/// The answer to one wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// Ways to fulfil it, the best first.
    pub ways: Vec<Way>,
    /// Why there is no way, or what is left to do if none holds: one sentence, lower-case start, no final stop.
    pub otherwise: String,
}

/// One way to fulfil a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The changes, in the order in which they are made.
    pub changes: Vec<Change>,
    /// Why this is the smallest: one sentence, lower-case start, no final stop.
    pub reason: String,
}
