//! What the comparison of two sets of exports tells: one value, two renderers, and the sentences they share.

mod sketch;
pub mod words;

use std::sync::Arc;

use crate::difference::Difference;
use crate::problem::Problem;
use crate::source::Sources;

pub use sketch::{Sketch, sketches};

/// The outcome of one comparison.
#[derive(Debug, Default)]
pub struct DiffReport {
    /// One entry per tenant of either side, sorted by path.
    pub tenants: Vec<TenantDiff>,
}

/// What was found out about one tenant.
#[derive(Debug)]
pub struct TenantDiff {
    /// Name from the tenant file, else of the folder.
    pub name: String,
    /// The old side, if there is one.
    pub old: Option<SideReport>,
    /// The new side, if there is one.
    pub new: Option<SideReport>,
    /// What changed, if both sides are there and could be audited.
    pub difference: Option<Difference>,
}

/// One side of a tenant.
#[derive(Debug)]
pub struct SideReport {
    /// Path as given on the command line or found below it.
    pub path: String,
    /// Whether it could not be audited.
    pub failed: bool,
    /// What is wrong with packs, policies and tenant files.
    pub problems: Vec<Problem>,
    /// The texts that labels point into.
    pub sources: Arc<Sources>,
}

/// A tenant in one word, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffOutcome {
    /// Nothing changed.
    Same,
    /// Something changed, and nothing for the worse.
    Changed,
    /// Only the new side is there: there is nothing to compare it with.
    OnlyNew,
    /// Only the old side is there: what became of its mail cannot be told.
    OnlyOld,
    /// Something changed for the worse, surely or possibly.
    Worse,
    /// One side could not be audited.
    Failed,
}

impl DiffOutcome {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::OnlyNew => "only-new",
            Self::OnlyOld => "only-old",
            Self::Worse => "worse",
            Self::Failed => "failed",
        }
    }
}

impl TenantDiff {
    /// In one word.
    pub fn outcome(&self) -> DiffOutcome {
        if self.sides().any(|(_, side)| side.failed) {
            return DiffOutcome::Failed;
        }
        match (&self.old, &self.new, &self.difference) {
            (Some(_), None, _) => DiffOutcome::OnlyOld,
            (None, _, _) => DiffOutcome::OnlyNew,
            (_, _, Some(difference)) if difference.is_for_the_worse() => DiffOutcome::Worse,
            (_, _, Some(difference)) if difference.is_empty() => DiffOutcome::Same,
            (_, _, Some(_)) => DiffOutcome::Changed,
            (_, _, None) => DiffOutcome::Failed,
        }
    }

    /// Its sides, with what they are called.
    pub fn sides(&self) -> impl Iterator<Item = (&'static str, &SideReport)> {
        let named = [("old", self.old.as_ref()), ("new", self.new.as_ref())];
        named.into_iter().filter_map(|(name, side)| Some((name, side?)))
    }

    /// Its path: of the new side, if there is one.
    pub fn path(&self) -> &str {
        let side = self.new.as_ref().or(self.old.as_ref());
        side.map_or("", |side| &side.path)
    }
}

impl DiffReport {
    /// How many tenants came to each outcome.
    pub fn count(&self, outcome: DiffOutcome) -> usize {
        self.tenants.iter().filter(|tenant| tenant.outcome() == outcome).count()
    }
}
