//! Sets of the local parts of addresses, closed under complement.

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
            (Self::Only(a), Self::Only(b)) | (Self::Except(a), Self::Except(b)) if Arc::ptr_eq(a, b) => self.clone(),
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) if Arc::ptr_eq(a, b) => Self::None,
            (Self::Only(a), Self::Only(b)) => Self::only(shared(a, b)),
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) => Self::only(left(a, b)),
            (Self::Except(a), Self::Except(b)) => Self::except(united(a, b)),
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.complement().intersect(&other.complement()).complement()
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => false,
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) if Arc::ptr_eq(a, b) => false,
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

/// How much longer a list must be to be searched rather than gone through.
const MUCH: usize = 8;

/// What is in both lists.
fn shared(a: &[Arc<str>], b: &[Arc<str>]) -> Vec<Arc<str>> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    kept(short, long, true)
}

/// What is in the first list alone.
fn left(a: &[Arc<str>], b: &[Arc<str>]) -> Vec<Arc<str>> {
    kept(a, b, false)
}

/// What of a list is in another, or is not.
fn kept(locals: &[Arc<str>], others: &[Arc<str>], inside: bool) -> Vec<Arc<str>> {
    let mut kept = Vec::new();
    let mut rest = others;
    for local in locals {
        let found = if locals.len() * MUCH < others.len() {
            holds(others, local)
        } else {
            while let Some((_, later)) = rest.split_first().filter(|(other, _)| *other < local) {
                rest = later;
            }
            rest.first() == Some(local)
        };
        if found == inside {
            kept.push(Arc::clone(local));
        }
    }
    kept
}

/// What is in either list.
fn united(mut a: &[Arc<str>], mut b: &[Arc<str>]) -> Vec<Arc<str>> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    while let (Some((one, later)), Some((other, further))) = (a.split_first(), b.split_first()) {
        let order = one.cmp(other);
        all.push(Arc::clone(if order.is_le() { one } else { other }));
        if order.is_le() {
            a = later;
        }
        if order.is_ge() {
            b = further;
        }
    }
    all.extend(a.iter().chain(b).cloned());
    all
}
