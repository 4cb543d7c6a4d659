//! What a fix tells: changes in the order in which they are made, what is left to people, and what was proved.
//!
//! Renderers lie beside it, one a form. None of them decides anything.

mod diff;
pub mod folder;
pub mod human;
pub mod json;
pub mod markdown;
pub mod script;
pub mod table;
mod words;

#[cfg(test)]
mod tests;

use crate::check::Finding;
use crate::document::patch::Operation;
use crate::message::Message;
use crate::platform::change::{Change, Writer};
use crate::platforms::PLATFORMS;

use super::TenantReport;

/// What came of looking for changes to one tenant.
pub struct Fix {
    /// Platform id.
    pub platform: &'static str,
    /// The audit of the exports as they are.
    pub before: TenantReport,
    /// The audit with all changes in place, if there are any.
    pub after: Option<TenantReport>,
    /// The changes, each of one object, in the order in which they are made.
    pub steps: Vec<Step>,
    /// What is left to people.
    pub advice: Vec<Advice>,
    /// The exports that change.
    pub files: Vec<FixedFile>,
    /// What was proved.
    pub proof: Proof,
}

/// One change with what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// Findings that ask for it: indexes into those of [`Fix::before`].
    pub findings: Vec<usize>,
    /// Why it is the smallest that does it: sentences, lower-case start, no final stop.
    pub reasons: Vec<String>,
}

/// A finding that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Index into the findings of [`Fix::before`].
    pub finding: usize,
    /// Why no change is proposed: one sentence, lower-case start, no final stop.
    pub reason: String,
}

/// One export before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedFile {
    /// Path relative to the tenant.
    pub path: String,
    /// Its text.
    pub before: String,
    /// Its text with the changes.
    pub after: String,
    /// The same as operations of RFC 6902, in order.
    pub operations: Vec<Operation>,
}

/// What was proved of all changes together, by auditing with them in place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proof {
    /// Findings that are gone: indexes into those of [`Fix::before`].
    pub gone: Vec<usize>,
    /// Findings that came: indexes into those of [`Fix::after`]. Notes and open questions, never faults.
    pub came: Vec<usize>,
    /// What becomes of each vendor's mail.
    pub streams: Vec<StreamProof>,
    /// What strangers cannot do any more: what they skipped, and one message that did.
    pub shut: Vec<(String, Option<Message>)>,
}

/// One stream before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamProof {
    /// Vendor pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: String,
    /// Whether all of it got through; none where that is not known.
    pub before: Option<bool>,
    /// Whether all of it gets through.
    pub after: Option<bool>,
}

impl Proof {
    /// What is proved by two steps, one after the other.
    #[must_use]
    pub fn followed(mut self, next: Self) -> Self {
        for stream in next.streams {
            let same = |known: &&mut StreamProof| known.vendor == stream.vendor && known.stream == stream.stream;
            match self.streams.iter_mut().find(same) {
                Some(known) => known.after = stream.after,
                None => self.streams.push(stream),
            }
        }
        for shut in next.shut {
            if !self.shut.contains(&shut) {
                self.shut.push(shut);
            }
        }
        self
    }
}

impl Fix {
    /// A fix without changes.
    pub fn nothing(platform: &'static str, before: TenantReport) -> Self {
        Self {
            platform,
            before,
            after: None,
            steps: Vec::new(),
            advice: Vec::new(),
            files: Vec::new(),
            proof: Proof::default(),
        }
    }

    /// A finding of the audit of the exports as they are.
    pub fn finding(&self, at: usize) -> Option<&Finding> {
        self.before.findings.get(at)
    }

    /// The findings that ask for a step.
    pub fn asking<'f>(&'f self, step: &'f Step) -> impl Iterator<Item = &'f Finding> {
        step.findings.iter().filter_map(|at| self.finding(*at))
    }

    /// The findings that are gone.
    pub fn gone(&self) -> impl Iterator<Item = &Finding> {
        self.proof.gone.iter().filter_map(|at| self.finding(*at))
    }

    /// The findings that came.
    pub fn came(&self) -> impl Iterator<Item = &Finding> {
        let after = self.after.as_ref().map_or(&[][..], |after| after.findings.as_slice());
        self.proof.came.iter().filter_map(|at| after.get(*at))
    }

    /// The platform as its vendor spells it.
    pub fn product(&self) -> &'static str {
        let platform = PLATFORMS.iter().find(|platform| platform.id == self.platform);
        platform.map_or(self.platform, |platform| platform.name)
    }

    /// Languages in which changes to its platform can be written, the recommended one first.
    pub fn writers(&self) -> &'static [&'static Writer] {
        let platform = PLATFORMS.iter().find(|platform| platform.id == self.platform);
        platform.map_or(&[], |platform| platform.writers)
    }
}
