//! The addresses of a stream and the records that must let them send, compared both ways.
//!
//! Where a stream names several records, each address needs one of them. A term that cannot be told from the address
//! alone is tried with every address of the pack that depends on it. What DNS does not say is neither drift nor
//! agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::spf::evaluate::{Why, check_host};
use crate::dns::spf::macros::expand::Subject;
use crate::dns::spf::record::SpfRecord;
use crate::dns::spf::set::{Published, Tree, UnclearWhy};
use crate::dns::spf::{Limits, Verdict};
use crate::dns::{Name, Question, Resolver};
use crate::evidence::shared::is_shared;
use crate::message::Identity;

use crate::pack::{Pack, Parsed, Status, StreamKind, Value};
use crate::spelling::DomainSpec;

/// The most addresses of a stream that are tried one by one.
const MOST_TRIED: usize = 1024;

/// Records by which hosts of mailboxes let all their customers send.
const MAILBOX_HOSTS: &[&str] = &["_spf.google.com", "spf.protection.outlook.com"];

/// What came of a stream.
pub(super) struct Compared<'a> {
    /// The stream.
    pub stream: StreamKind,
    /// The values that name its records.
    pub records: Vec<(&'a Value, &'a Domain)>,
    /// Values with addresses that no record lets send.
    pub refused: Vec<Refused<'a>>,
    /// Addresses that no record lets send, of values that the records need not list.
    pub aside: IpSet,
    /// Addresses that a record lets send and the pack does not have.
    pub lacking: IpSet,
    /// The same where the record hands on to a provider that sends for everybody.
    pub shared: IpSet,
    /// Addresses of the pack of which nobody could say.
    pub undecided: IpSet,
    /// Questions that were not answered.
    pub unanswered: BTreeSet<Question>,
    /// Whether each record can be read and followed. One that cannot says nothing about what a pack should say.
    pub is_readable: bool,
    /// What else there is to tell of the records: sentences without a stop.
    pub remarks: Vec<String>,
}

/// A value with addresses that no record lets send.
pub(super) struct Refused<'a> {
    /// The value.
    pub value: &'a Value,
    /// Those of its addresses.
    pub addresses: IpSet,
    /// Whether they are all of its addresses.
    pub is_whole: bool,
}

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Pack and records agree.
    Agrees,
    /// They do not.
    Drift,
    /// Nothing is known to be wrong, and not everything is known.
    Unknown,
}

impl Compared<'_> {
    /// How it stands.
    pub fn state(&self) -> State {
        if !self.refused.is_empty() || !self.lacking.is_empty() {
            State::Drift
        } else if !self.undecided.is_empty() || !self.unanswered.is_empty() {
            State::Unknown
        } else {
            State::Agrees
        }
    }
}

/// Compares each stream of a pack that names a record.
pub(super) fn pack<'a>(pack: &'a Pack, resolver: &dyn Resolver) -> Vec<Compared<'a>> {
    let mut records: BTreeMap<StreamKind, Vec<(&Value, &Domain)>> = BTreeMap::new();
    for value in pack.values.iter().filter(|value| is_in_use(value)) {
        if let (Identity::Spf, Parsed::Domain(DomainSpec::Exact(domain))) = (value.identity.value, &value.parsed) {
            records.entry(value.stream.value).or_default().push((value, domain));
        }
    }
    let streams = records.into_iter();
    streams
        .map(|(kind, records)| stream(pack, kind, records, resolver))
        .collect()
}

fn stream<'a>(
    pack: &'a Pack,
    kind: StreamKind,
    records: Vec<(&'a Value, &'a Domain)>,
    resolver: &dyn Resolver,
) -> Compared<'a> {
    let mut compared = Compared {
        stream: kind,
        records,
        refused: Vec::new(),
        aside: IpSet::empty(),
        lacking: IpSet::empty(),
        shared: IpSet::empty(),
        undecided: IpSet::empty(),
        unanswered: BTreeSet::new(),
        is_readable: true,
        remarks: Vec::new(),
    };
    let (mut must, mut may, mut shared) = (IpSet::empty(), IpSet::empty(), IpSet::empty());
    let mut broken = IpSet::empty();
    for (_, domain) in &compared.records {
        let tree = Tree::gather(resolver, &Name::from(*domain));
        let sets = tree.sets(Limits::default());
        must = must.union(&sets.pass.must);
        may = may.union(&sets.pass.may);
        broken = broken.union(&sets.permerror.must);
        shared = shared.union(&providers(&tree));
        compared.is_readable &= tree.record().is_some_and(|record| record.mistakes.is_empty());
        tell(&tree, domain, &mut compared.remarks, &mut compared.unanswered);
    }
    let networks: Vec<(&Value, &IpSet)> = networks(pack, kind).collect();
    let in_use = networks.iter().filter(|(value, _)| is_in_use(value));
    let (listed, aside): (Vec<_>, Vec<_>) =
        in_use.partition(|(value, _)| value.is_listed_by(compared.records.iter().map(|(record, _)| *record)));
    compared.aside = IpSet::union_all(aside.iter().map(|(_, set)| *set)).minus(&may);
    let required = IpSet::union_all(listed.iter().map(|(_, set)| *set));
    let doubtful = required.intersect(&may).minus(&must);
    let tried = try_each(&doubtful, &compared.records, resolver, &mut compared.unanswered);
    let refused = required.minus(&may).union(&tried.refused);
    let broken = broken.intersect(&refused).union(&tried.broken);
    if compared.is_readable && !broken.is_empty() {
        compared.is_readable = false;
        let told = "the check ends in a permanent error for addresses of the pack, for which the record is to blame";
        compared.remarks.push(told.to_owned());
    }
    compared.undecided = tried.undecided;
    compared.refused = listed
        .into_iter()
        .map(|(value, set)| Refused {
            value,
            addresses: set.intersect(&refused),
            is_whole: refused.covers(set),
        })
        .filter(|row| !row.addresses.is_empty())
        .collect();
    let known = IpSet::union_all(networks.iter().map(|(_, set)| *set));
    let unlisted = must.minus(&known);
    compared.lacking = unlisted.minus(&shared);
    compared.shared = unlisted.intersect(&shared);
    compared
}

/// Values that must hold today.
pub(super) fn is_in_use(value: &Value) -> bool {
    matches!(value.status.value, Status::Current | Status::Reserve)
}

fn networks(pack: &Pack, kind: StreamKind) -> impl Iterator<Item = (&Value, &IpSet)> {
    pack.values.iter().filter_map(move |value| match &value.parsed {
        Parsed::Networks(set) if value.identity.value == Identity::ConnectingIp && value.stream.value == kind => {
            Some((value, set))
        }
        _ => None,
    })
}

/// The addresses that the records of providers below a record let send, who have other customers too.
fn providers(tree: &Tree) -> IpSet {
    let below = tree.children().map(|(_, child)| {
        let domain = child.name().and_then(|name| name.to_domain());
        if domain.is_some_and(|domain| is_shared(&domain) || MAILBOX_HOSTS.contains(&domain.as_str())) {
            child.sets(Limits::default()).pass.may
        } else {
            providers(child)
        }
    });
    let below: Vec<IpSet> = below.collect();
    IpSet::union_all(&below)
}

fn tell(tree: &Tree, domain: &Domain, remarks: &mut Vec<String>, unanswered: &mut BTreeSet<Question>) {
    match &tree.published {
        Published::Nothing => remarks.push(format!("`{domain}` publishes no SPF record")),
        Published::Several(n) => remarks.push(format!("`{domain}` publishes {n} SPF records, so none of them counts")),
        Published::Record(record) => {
            let mistakes = record.mistakes.iter();
            remarks.extend(mistakes.map(|mistake| format!("in the record of `{domain}`: {}", mistake.slip)));
        }
        Published::Unanswered(_) => {}
    }
    for unclear in tree.unclear() {
        match unclear.why {
            UnclearWhy::Unanswered(question) => {
                unanswered.insert(question.clone());
            }
            UnclearWhy::Opaque(why) => {
                let text = unclear.tree.record().map(SpfRecord::text).unwrap_or_default();
                let term = text.get(unclear.extent.start..unclear.extent.end).unwrap_or_default();
                let owner = String::from_utf8_lossy(&unclear.tree.domain).into_owned();
                remarks.push(format!("whom `{term}` of `{owner}` lets send cannot be listed: {why}"));
            }
        }
    }
}

/// What came of trying addresses.
struct Tried {
    refused: IpSet,
    /// Those of them for which the check ends in an error.
    broken: IpSet,
    undecided: IpSet,
}

/// Checks addresses one by one, as receiving hosts do; those beyond a bound stay undecided.
fn try_each(
    addresses: &IpSet,
    records: &[(&Value, &Domain)],
    resolver: &dyn Resolver,
    unanswered: &mut BTreeSet<Question>,
) -> Tried {
    let (mut rest, mut refused, mut undecided) = (addresses.clone(), Vec::new(), Vec::new());
    let mut broken = Vec::new();
    for _ in 0..MOST_TRIED {
        let Some(ip) = rest.smallest() else { break };
        rest = rest.minus(&IpSet::addr(ip));
        let (mut is_known, mut is_broken) = (true, false);
        let passes = records.iter().any(|(_, domain)| {
            let verdict = verdict(ip, domain, resolver, unanswered);
            is_known &= !matches!(verdict, Verdict::Undecided | Verdict::TempError);
            is_broken |= verdict == Verdict::PermError;
            verdict == Verdict::Pass
        });
        if !passes && is_known && is_broken {
            broken.push(IpSet::addr(ip));
        }
        match (passes, is_known) {
            (true, _) => {}
            (false, true) => refused.push(IpSet::addr(ip)),
            (false, false) => undecided.push(IpSet::addr(ip)),
        }
    }
    undecided.push(rest);
    Tried {
        refused: IpSet::union_all(&refused),
        broken: IpSet::union_all(&broken),
        undecided: IpSet::union_all(&undecided),
    }
}

fn verdict(ip: IpAddr, domain: &Domain, resolver: &dyn Resolver, unanswered: &mut BTreeSet<Question>) -> Verdict {
    let name = domain.as_str().as_bytes();
    let found = check_host(resolver, &Subject::new(ip, name, name), Limits::default());
    if let Some(Why::Failed(question, _) | Why::Unasked(question)) = found.cause.map(|cause| cause.why) {
        unanswered.insert(question);
    }
    found.verdict
}
