//! The answer for programs: `allowaudit-spf` version 1. Values are exact; terms are in printable ASCII.

use serde::Serialize;

use super::Background;
use super::human::{matched, notes, unanswered};
use super::mistakes::{Voids, shown};
use super::underline::{Underline, term};
use crate::allow::ip::IpSet;
use crate::dns::presentation::escape;
use crate::dns::spf::evaluate::{Evaluation, Place};
use crate::dns::spf::set::{Action, Bounds, Entry, Matches, Opaque, Sets, Tree};
use crate::dns::spf::{Limits, Verdict};
use crate::report::json;

/// Version of the format: goes up when a field changes its meaning or goes away.
const VERSION: u32 = 1;

/// What both answers have.
#[derive(Serialize)]
struct Wire<R: Serialize, P: Serialize> {
    format: &'static str,
    version: u32,
    domain: String,
    /// The result of the client; without one, the result that all addresses have, if they have one.
    result: Option<&'static str>,
    explanation: Option<String>,
    lookups: u32,
    void_lookups: u32,
    #[serde(flatten)]
    rest: R,
    problems: Vec<P>,
}

#[derive(Serialize)]
struct WireAll {
    limits: WireLimits,
    /// Whether `lookups` is all there may be; if not, it is the least.
    lookups_exact: bool,
    /// Where the check of an IPv4 or IPv6 client asks most.
    lookups_ipv4: u32,
    lookups_ipv6: u32,
    pass: WireSet,
    tree: WireTree,
}

#[derive(Serialize)]
struct WireLimits {
    lookups: u8,
    void_lookups: u8,
}

/// Addresses: those that certainly are in it, and those that may be.
#[derive(Serialize)]
struct WireSet {
    exact: bool,
    certain: WireAddresses,
    possible: WireAddresses,
}

#[derive(Serialize)]
struct WireAddresses {
    ipv4: u64,
    /// In decimal, since it may be more than a number of JSON is sure to hold.
    ipv6: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
}

#[derive(Serialize)]
struct WireTree {
    domain: String,
    record: Option<String>,
    lookups: u32,
    terms: Vec<WireTerm>,
    never_reached: Vec<String>,
}

#[derive(Serialize)]
struct WireTerm {
    term: String,
    /// Octets of the record.
    offset: usize,
    length: usize,
    result: Option<&'static str>,
    lookups: u32,
    /// Addresses that match by this term alone; absent where only the client tells.
    matches: Option<WireAddresses>,
    opaque: Option<&'static str>,
    notes: Vec<String>,
    tree: Option<WireTree>,
}

#[derive(Serialize)]
struct WireOne {
    limits: WireLimits,
    /// The terms that decided, from the first record to the last.
    decided: Vec<WirePlace>,
    records: Vec<WireVisit>,
}

#[derive(Serialize)]
struct WirePlace {
    domain: String,
    term: String,
    offset: usize,
    length: usize,
}

#[derive(Serialize)]
struct WireVisit {
    domain: String,
    record: Option<String>,
    from: Option<WirePlace>,
}

/// The tree as JSON.
pub(super) fn tree(tree: &Tree, background: &Background, voids: Voids, underline: &Underline<'_>) -> String {
    let limits = background.limits;
    let sets = tree.sets(limits);
    let counts = tree.counts();
    json::pretty(&Wire {
        format: "allowaudit-spf",
        version: VERSION,
        domain: escape(&tree.domain),
        result: unanswered(tree, underline.unasked).map_or_else(|| of_all(&sets), |verdict| Some(verdict.as_str())),
        explanation: None,
        lookups: counts.worst,
        void_lookups: voids.v4.max(voids.v6),
        rest: WireAll {
            limits: WireLimits::new(limits),
            lookups_exact: counts.is_exact,
            lookups_ipv4: counts.v4,
            lookups_ipv6: counts.v6,
            pass: WireSet::new(&sets.pass),
            tree: WireTree::new(tree, background),
        },
        problems: json::problems(&underline.sources, &underline.problems),
    })
}

/// The check of one client as JSON.
pub(super) fn evaluation(domain: &[u8], found: &Evaluation, limits: Limits, underline: &Underline<'_>) -> String {
    let visits = found.visits.iter().map(|visit| WireVisit {
        domain: visit.domain.to_string(),
        record: visit.record.as_ref().map(|record| escape(&record.octets)),
        from: visit.from.and_then(|place| WirePlace::new(found, place)),
    });
    json::pretty(&Wire {
        format: "allowaudit-spf",
        version: VERSION,
        domain: escape(domain),
        result: Some(found.verdict.as_str()),
        explanation: found.explanation.clone(),
        lookups: found.lookups,
        void_lookups: found.voids,
        rest: WireOne {
            limits: WireLimits::new(limits),
            decided: found
                .decided
                .iter()
                .filter_map(|place| WirePlace::new(found, *place))
                .collect(),
            records: visits.collect(),
        },
        problems: json::problems(&underline.sources, &underline.problems),
    })
}

/// The result that every address has.
fn of_all(sets: &Sets) -> Option<&'static str> {
    let has_all = |verdict: &Verdict| sets.of(*verdict).is_some_and(|bounds| bounds.must.is_all());
    Verdict::ALL.into_iter().find(has_all).map(Verdict::as_str)
}

impl WireLimits {
    const fn new(limits: Limits) -> Self {
        Self {
            lookups: limits.lookups,
            void_lookups: limits.voids,
        }
    }
}

impl WireSet {
    fn new(bounds: &Bounds) -> Self {
        let listed = |set: &IpSet| WireAddresses {
            networks: set.nets().iter().map(ToString::to_string).collect(),
            ..WireAddresses::new(set)
        };
        Self {
            exact: bounds.is_exact(),
            certain: listed(&bounds.must),
            possible: listed(&bounds.may),
        }
    }
}

impl WireAddresses {
    fn new(set: &IpSet) -> Self {
        Self {
            ipv4: u64::try_from(set.v4_only().count()).unwrap_or(u64::MAX),
            ipv6: set.v6_only().count().to_string(),
            networks: Vec::new(),
        }
    }
}

impl WireTree {
    fn new(tree: &Tree, background: &Background) -> Self {
        Self {
            domain: escape(&tree.domain),
            record: tree.record().map(|record| escape(&record.octets)),
            lookups: tree.lookups(),
            terms: tree
                .entries
                .iter()
                .map(|entry| WireTerm::new(tree, entry, background))
                .collect(),
            never_reached: tree.idle.iter().map(|extent| shown(tree, *extent)).collect(),
        }
    }
}

impl WireTerm {
    fn new(tree: &Tree, entry: &Entry, background: &Background) -> Self {
        Self {
            term: shown(tree, entry.extent),
            offset: entry.extent.start,
            length: entry.extent.end - entry.extent.start,
            result: match entry.action {
                Action::Directive(qualifier) => Some(qualifier.verdict().as_str()),
                Action::Redirect => None,
            },
            lookups: entry.lookups,
            matches: matched(entry, background.limits).as_ref().map(WireAddresses::new),
            opaque: match &entry.matches {
                Matches::Opaque(Opaque::Macro(_)) => Some("macro"),
                Matches::Opaque(Opaque::Names) => Some("names"),
                Matches::Opaque(Opaque::Cut) => Some("cut"),
                _ => None,
            },
            notes: notes(entry, background),
            tree: match &entry.matches {
                Matches::Child(child) => Some(WireTree::new(child, background)),
                _ => None,
            },
        }
    }
}

impl WirePlace {
    fn new(found: &Evaluation, place: Place) -> Option<Self> {
        let visit = found.visits.get(place.visit)?;
        Some(Self {
            domain: visit.domain.to_string(),
            term: term(visit.record.as_deref()?, place.extent),
            offset: place.extent.start,
            length: place.extent.end - place.extent.start,
        })
    }
}
