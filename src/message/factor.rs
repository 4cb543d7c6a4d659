//! Factors of a product of messages: what is known of a message's names and of its headers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, TextSet};

/// Sets of finite sets of names: "some in each of these, none in that".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    some: Vec<DomainSet>,
    none: DomainSet,
}

impl Names {
    /// Any names.
    pub fn all() -> Self {
        Self {
            some: Vec::new(),
            none: DomainSet::empty(),
        }
    }

    /// No name at all.
    pub fn no_name() -> Self {
        Self {
            some: Vec::new(),
            none: DomainSet::all(),
        }
    }

    /// At least one name in `set`.
    pub fn some_in(set: DomainSet) -> Self {
        Self {
            some: vec![set],
            none: DomainSet::empty(),
        }
    }

    /// At least one name, and every name in `set`.
    pub fn only_in(set: DomainSet) -> Self {
        Self {
            none: set.complement(),
            some: vec![set],
        }
    }

    /// No name in `set`.
    pub fn none_in(set: DomainSet) -> Self {
        Self {
            some: Vec::new(),
            none: set,
        }
    }

    /// Sets of each of which some name must be there.
    pub fn wanted(&self) -> &[DomainSet] {
        &self.some
    }

    /// Whether nothing is said about the names.
    pub fn is_all(&self) -> bool {
        self.some.is_empty() && self.none.is_empty()
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        if other.is_all() {
            return self.clone();
        }
        let mut some = self.some.clone();
        some.extend(other.some.iter().filter(|set| !self.some.contains(set)).cloned());
        Self {
            some,
            none: self.none.union(&other.none),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.some.iter().any(|set| self.none.covers(set))
    }

    /// Whether some names are in both. Tells without building anything where only one side asks for a name.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        if self.some.is_empty() && other.some.is_empty() {
            return true;
        }
        if self.none.is_empty() || other.none.is_empty() {
            let none = if self.none.is_empty() { &other.none } else { &self.none };
            return !self.some.iter().chain(&other.some).any(|set| none.covers(set));
        }
        !self.intersect(other).is_empty()
    }

    /// Whether a name of `set` may be among the names.
    pub(crate) fn may_have(&self, set: &DomainSet) -> bool {
        !self.none.covers(set)
    }

    /// The names that satisfy this, and of which one is in `set`, or none is. `None` if there are surely none.
    pub(crate) fn asked(&self, set: &DomainSet, inside: bool) -> Option<Self> {
        let asked = if inside {
            if !self.may_have(set) {
                return None;
            }
            Self::some_in(set.clone())
        } else {
            Self::none_in(set.clone())
        };
        let met = self.intersect(&asked);
        (!met.is_empty()).then_some(met)
    }

    /// Disjoint pieces whose union is everything that is not in `self`.
    pub(super) fn complement(&self) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut met = Self::all();
        if !self.none.is_empty() {
            pieces.push(met.intersect(&Self::some_in(self.none.clone())));
            met = met.intersect(&Self::none_in(self.none.clone()));
        }
        for set in &self.some {
            pieces.push(met.intersect(&Self::none_in(set.clone())));
            met = met.intersect(&Self::some_in(set.clone()));
        }
        pieces
    }

    pub(super) fn contains(&self, names: &BTreeSet<Domain>) -> bool {
        self.some.iter().all(|set| names.iter().any(|name| set.contains(name)))
            && !names.iter().any(|name| self.none.contains(name))
    }

    pub(super) fn smallest(&self) -> Option<BTreeSet<Domain>> {
        self.some.iter().map(|set| set.minus(&self.none).smallest()).collect()
    }
}

/// Headers that every message has, with a text of its own: the sender writes them or every host on the way does
/// (RFC 5322, sections 3.6 and 4.4; RFC 2045, section 4). A pack that does not name them leaves them open.
pub const EVERY_MESSAGE_HAS: &[&str] = &[
    "Content-Type",
    "Date",
    "MIME-Version",
    "Message-ID",
    "Received",
    "Return-Path",
    "Subject",
    "To",
];

/// What is known of one header: it may be absent, or have one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSet {
    /// Whether the header may be absent.
    pub absent: bool,
    /// Values it may have.
    pub values: TextSet,
}

impl HeaderSet {
    /// Nothing is known.
    pub fn any() -> Self {
        Self {
            absent: true,
            values: TextSet::all(),
        }
    }

    fn absent() -> Self {
        Self {
            absent: true,
            values: TextSet::empty(),
        }
    }

    fn intersect(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            values: self.values.intersect(&other.values),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && !other.absent,
            values: self.values.minus(&other.values),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.absent && self.values.is_surely_empty()
    }
}

/// Named headers; names that are not listed are all absent, or all free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    free: bool,
    // Shared, since products are copied far more often than their headers change.
    named: Arc<BTreeMap<HeaderName, HeaderSet>>,
}

impl Headers {
    /// Any headers.
    pub fn all() -> Self {
        Self {
            free: true,
            named: Arc::default(),
        }
    }

    /// No header beyond those that are set later.
    pub fn none() -> Self {
        Self {
            free: false,
            named: Arc::default(),
        }
    }

    /// With one header constrained.
    #[must_use]
    pub fn with(mut self, name: HeaderName, set: HeaderSet) -> Self {
        Arc::make_mut(&mut self.named).insert(name, set);
        self
    }

    /// What is known of a header.
    pub fn get(&self, name: &HeaderName) -> HeaderSet {
        match self.named.get(name) {
            Some(set) => set.clone(),
            None if self.free => HeaderSet::any(),
            None => HeaderSet::absent(),
        }
    }

    /// Whether headers that are not named are free.
    pub fn is_free(&self) -> bool {
        self.free
    }

    /// The constrained headers.
    pub fn named(&self) -> impl Iterator<Item = (&HeaderName, &HeaderSet)> {
        self.named.iter()
    }

    /// Whether a header may be there at all.
    pub(crate) fn may_have(&self, name: &HeaderName) -> bool {
        self.named.get(name).map_or(self.free, |set| {
            !(set.values.cubes().is_empty() && set.values.texts().next().is_none())
        })
    }

    /// These headers, with one of them inside or outside a set of values; to be absent is to be outside.
    ///
    /// `None` if there are surely none.
    pub(crate) fn asked(&self, name: &HeaderName, values: &TextSet, inside: bool) -> Option<Self> {
        let mine = self.get(name);
        let met = if inside {
            HeaderSet {
                absent: false,
                values: mine.values.intersect(values),
            }
        } else {
            HeaderSet {
                absent: mine.absent,
                values: mine.values.minus(values),
            }
        };
        (!met.is_empty()).then(|| self.clone().with(name.clone(), met))
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        if self.free && self.named.is_empty() || other.free && other.named.is_empty() {
            return true;
        }
        !self.intersect(other).is_empty()
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        // Equal sides and unconstrained ones are the common cases, and comparing pointers is cheap.
        if Arc::ptr_eq(&self.named, &other.named) {
            return Self {
                free: self.free && other.free,
                named: Arc::clone(&self.named),
            };
        }
        if other.free && other.named.is_empty() {
            return self.clone();
        }
        if self.free && self.named.is_empty() {
            return other.clone();
        }
        let names: BTreeSet<&HeaderName> = self.named.keys().chain(other.named.keys()).collect();
        let named = names
            .into_iter()
            .map(|name| (name.clone(), self.get(name).intersect(&other.get(name))));
        Self {
            free: self.free && other.free,
            named: Arc::new(named.collect()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.values().any(HeaderSet::is_empty)
    }

    /// Disjoint pieces of `self` outside `other`.
    pub(super) fn minus(&self, other: &Self) -> Vec<Self> {
        if self.free && !other.free {
            // NOTE: "some header nobody named" has no form here; keeping all of `self` errs toward "left".
            return vec![self.clone()];
        }
        let mut pieces = Vec::new();
        let mut met = self.clone();
        // Where `other` has only the headers it names, one that it does not name is outside it.
        let own = self
            .named
            .keys()
            .filter(|name| !other.free && !other.named.contains_key(name));
        for name in other.named.keys().chain(own) {
            let (mine, theirs) = (met.get(name), other.get(name));
            let outside = mine.minus(&theirs);
            if !outside.is_empty() {
                pieces.push(met.clone().with(name.clone(), outside));
            }
            met = met.with(name.clone(), mine.intersect(&theirs));
        }
        pieces
    }

    pub(super) fn contains(&self, headers: &BTreeMap<HeaderName, String>) -> bool {
        let named = self.named.iter().all(|(name, set)| match headers.get(name) {
            Some(value) => set.values.contains(value),
            None => set.absent,
        });
        named && (self.free || headers.keys().all(|name| self.named.contains_key(name)))
    }
}
