//! Sets of the local parts of addresses, closed under complement.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::domain::invented_words;

/// The local parts of one domain, or of each of many.
// INVARIANT: the lists are sorted, without doubles and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LocalSet {
    None,
    All,
    Only(Arc<[Arc<str>]>),
    Except(Arc<[Arc<str>]>),
}

impl LocalSet {
    pub(super) fn only(locals: Vec<Arc<str>>) -> Self {
        if locals.is_empty() {
            Self::None
        } else {
            Self::Only(locals.into())
        }
    }

    pub(super) fn except(locals: Vec<Arc<str>>) -> Self {
        if locals.is_empty() {
            Self::All
        } else {
            Self::Except(locals.into())
        }
    }

    pub(super) fn whole(yes: bool) -> Self {
        if yes { Self::All } else { Self::None }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    pub(super) fn contains(&self, local: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(locals) => holds(locals, local),
            Self::Except(locals) => !holds(locals, local),
        }
    }

    pub(super) fn complement(&self) -> Self {
        match self {
            Self::None => Self::All,
            Self::All => Self::None,
            Self::Only(locals) => Self::Except(Arc::clone(locals)),
            Self::Except(locals) => Self::Only(Arc::clone(locals)),
        }
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Only(a), Self::Only(b)) if a.len() > b.len() => Self::only(filtered(b, |local| holds(a, local))),
            (Self::Only(a), set) | (set, Self::Only(a)) => Self::only(filtered(a, |local| set.contains(local))),
            (Self::Except(a), Self::Except(b)) => {
                let locals: BTreeSet<Arc<str>> = a.iter().chain(b.iter()).cloned().collect();
                Self::except(locals.into_iter().collect())
            }
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.complement().intersect(&other.complement()).complement()
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => false,
            (Self::Only(a), Self::Only(b)) if a.len() > b.len() => b.iter().any(|local| holds(a, local)),
            (Self::Only(locals), set) | (set, Self::Only(locals)) => locals.iter().any(|local| set.contains(local)),
            _ => true,
        }
    }

    pub(super) fn smallest(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Only(locals) => locals.first().map(|local| (**local).to_owned()),
            Self::All | Self::Except(_) => invented_words().find(|local| self.contains(local)),
        }
    }
}

fn holds(locals: &[Arc<str>], local: &str) -> bool {
    locals.binary_search_by(|other| (**other).cmp(local)).is_ok()
}

fn filtered(locals: &[Arc<str>], keep: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
    locals.iter().filter(|local| keep(local)).cloned().collect()
}
