//! What an audit tells: one value, many renderers.
//!
//! A renderer takes a [`Report`] and gives text. It judges nothing and reads nothing.

pub mod diff;
pub mod escape;
pub mod fingerprint;
pub mod fix;
pub mod human;
pub mod json;
mod place;

#[cfg(test)]
mod fixtures;

use std::sync::Arc;

use crate::check::Finding;
use crate::problem::{Level, Problem};
use crate::source::Sources;

/// The outcome of one run.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry per audited tenant, sorted by path.
    pub tenants: Vec<TenantReport>,
}

/// What was found out about one tenant.
#[derive(Debug)]
pub struct TenantReport {
    /// Name from the tenant file, else of the folder.
    pub name: String,
    /// Path as given on the command line.
    pub path: String,
    /// In one word.
    pub outcome: Outcome,
    /// What was read.
    pub inputs: Vec<Input>,
    /// One line per vendor and stream, in the order of the tenant file.
    pub verdicts: Vec<Verdict>,
    /// The answers behind the verdicts.
    pub coverage: Vec<CoverageRow>,
    /// Sorted by source, offset, check.
    pub findings: Vec<Finding>,
    /// What is wrong with packs, policies and tenant files.
    pub problems: Vec<Problem>,
    /// What no export shows, once per report.
    pub residual: Vec<String>,
    /// The texts that labels point into.
    pub sources: Arc<Sources>,
}

/// A tenant in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything gets through and nothing else does.
    Clean,
    /// There are findings.
    Findings,
    /// Nothing is wrong, but something is undecided.
    Unknown,
    /// The tenant could not be audited.
    Failed,
}

/// One kind of object in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Path relative to the tenant.
    pub path: String,
    /// Platform id; none for a file nobody claims.
    pub platform: Option<&'static str>,
    /// Kind of object, such as `transport-rule`; `unclaimed` for a file nobody claims.
    pub kind: &'static str,
    /// How many objects.
    pub objects: usize,
    /// Encoding of the file.
    pub encoding: &'static str,
    /// Whether the file holds everything the tenant has of this kind, as far as it says.
    pub complete: bool,
}

/// The answer for one stream of one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Vendor pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: String,
    /// The answer.
    pub fate: Fate,
    /// A short reason: lower-case start, no final stop; empty if there is nothing to add.
    pub why: String,
}

/// Does the mail get through?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// All of it, to everyone.
    GetsThrough,
    /// Not all of it.
    DoesNot,
    /// Undecided.
    CannotTell,
}

/// One answer: vendor, stream, path, stage, concern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoverageRow {
    /// Vendor pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: String,
    /// Name of the mail path, such as `direct`.
    pub path: String,
    /// Stage id.
    pub stage: &'static str,
    /// Concern id.
    pub concern: &'static str,
    /// `full | part | none | unknown | not-applicable`.
    pub answer: &'static str,
}

/// How many findings count at each level, exceptions left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Audited tenants.
    pub tenants: usize,
    /// Findings at deny.
    pub deny: usize,
    /// Findings at warn.
    pub warn: usize,
    /// Findings at note.
    pub note: usize,
    /// Undecided coverage answers.
    pub unknown: usize,
}

impl Outcome {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

impl Fate {
    /// The words used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GetsThrough => "gets through",
            Self::DoesNot => "does not get through",
            Self::CannotTell => "cannot tell",
        }
    }
}

impl Report {
    /// Counts what counts.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            tenants: self.tenants.len(),
            ..Summary::default()
        };
        for tenant in &self.tenants {
            for finding in tenant.findings.iter().filter(|finding| finding.exception.is_none()) {
                match finding.level {
                    Level::Deny => summary.deny += 1,
                    Level::Warn => summary.warn += 1,
                    Level::Note => summary.note += 1,
                    Level::Allow => {}
                }
            }
            summary.unknown += tenant.coverage.iter().filter(|row| row.answer == "unknown").count();
        }
        summary
    }
}
