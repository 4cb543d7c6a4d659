//! Everything a check may look at, assembled once and never changed.
//!
//! Streams are traced through the path here, and what is left of them is put down to causes (`diagnosis`),
//! so that checks only tell.

pub mod attacker;
pub mod diagnosis;
pub mod dns;
pub mod entries;
pub mod expectation;
pub mod holes;
pub mod shared;
mod strangers;
mod unseen;
pub mod witness;
pub mod words;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::prelude::*;

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::IpSet;
use crate::message::union::Union;
use crate::message::{Concern, Concerns, Cube, Field, Fields, MessageSet, auth};
use crate::pack::{Delivery, Pack};
use crate::path::coverage::{Answer, Coverage};
use crate::path::trace::Trace;
use crate::path::{DNS, Effect, MailPath, Need, NeedId};
use crate::platform::{Read, Unread};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::requirement::Requirement;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::tenant::Tenant;

use attacker::Attacker;
use diagnosis::{Diagnosis, Fault};
use dns::DnsFacts;
use entries::Entries;
use holes::Hole;

/// What is known about a tenant before it is judged.
pub struct Facts<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The day of the audit.
    pub now: Date,
    /// The tenant file, or what stands for it.
    pub tenant: &'a Tenant,
    /// Levels, limits, expectations.
    pub policy: &'a Policy,
    /// All packs, declared or not.
    pub packs: &'a [Pack],
    /// What must get through.
    pub requirements: Vec<Requirement<'a>>,
    /// The way there.
    pub path: &'a MailPath,
    /// What DNS says.
    pub dns: &'a DnsFacts,
    /// Domains of the tenant.
    pub domains: Vec<Spanned<Domain>>,
    /// Addresses in them.
    pub accepted: AddressSet,
    /// Those of them whose mail does not come this way.
    pub elsewhere: AddressSet,
    /// What would decide which other domains the tenant has, where that cannot be read.
    pub more_domains: Option<NeedId>,
    /// Keys that nobody reads.
    pub unread: &'a [Unread],
    /// What is wrong with the exports.
    pub problems: &'a [Problem],
    /// What was read from which file.
    pub reads: &'a [Read],
    /// Files that nobody claims.
    pub unclaimed: &'a [SourceId],
}

impl Facts<'_> {
    /// Addresses that can be written to this way; all, where the tenant's domains are not known.
    pub fn recipients(&self) -> AddressSet {
        if self.accepted.is_empty() {
            AddressSet::all_addresses()
        } else {
            self.accepted.minus(&self.elsewhere)
        }
    }
}

/// One stream on its way.
pub struct StreamEvidence<'a> {
    /// What must get through.
    pub requirement: &'a Requirement<'a>,
    /// What it met.
    pub trace: Trace<'a>,
    /// One row per stage and concern.
    pub rows: Vec<Row>,
    /// What keeps it from getting through, each with its cause.
    pub diagnoses: Vec<Diagnosis>,
}

/// The answer for one concern.
#[derive(Clone)]
pub struct Row {
    /// Index of the stage.
    pub stage: usize,
    /// The concern.
    pub concern: Concern,
    /// In one word.
    pub answer: Answer,
    /// In three sets.
    pub coverage: Coverage,
}

/// Everything a check may look at.
pub struct Evidence<'a> {
    /// What was known.
    pub facts: &'a Facts<'a>,
    /// The streams.
    pub streams: Vec<StreamEvidence<'a>>,
    /// Who else might send.
    pub attacker: Attacker,
    /// Hosts that are declared to be of a vendor in use and nobody else's.
    pub vendor_hosts: IpSet,
    /// Domains of vendors in use.
    pub vendor_domains: DomainSet,
    /// Our own hosts.
    pub own_hosts: IpSet,
    /// What keeps streams from getting through; one cause is one fault, whatever streams it concerns.
    pub faults: Vec<Fault>,
    /// Allows that more than the vendors can use.
    pub holes: Vec<Hole>,
    /// The entries of allows, and which values explain them.
    pub entries: Entries<'a>,
}

impl<'a> Evidence<'a> {
    /// Traces the streams and puts down to causes what is left of them.
    pub fn assemble(facts: &'a Facts<'a>) -> Self {
        let vendor_hosts: Vec<IpSet> = facts.requirements.iter().map(Requirement::dedicated_hosts).collect();
        let vendor_hosts = IpSet::union_all(&vendor_hosts);
        let vendor_domains: Vec<DomainSet> = facts.requirements.iter().map(Requirement::domains).collect();
        let vendor_domains = DomainSet::union_all(&vendor_domains);
        let own: Vec<&IpSet> = facts
            .tenant
            .own
            .iter()
            .flat_map(|own| own.networks.iter().map(|network| &network.value))
            .collect();
        let own_hosts = IpSet::union_all(own);
        let attacker = Attacker::of(facts, &vendor_hosts.union(&own_hosts), &vendor_domains);
        let (streams, (entries, interfering)) = rayon::join(
            || {
                let streams = facts.requirements.par_iter();
                streams
                    .map(|requirement| StreamEvidence::of(facts, requirement))
                    .collect()
            },
            || rayon::join(|| Entries::of(facts), || facts.path.interfering()),
        );
        let streams: Vec<StreamEvidence<'a>> = streams;
        let faults = diagnosis::faults(&streams);
        let mut evidence = Self {
            facts,
            streams,
            attacker,
            vendor_hosts,
            vendor_domains,
            own_hosts,
            faults,
            holes: Vec::new(),
            entries,
        };
        evidence.holes = holes::holes(&evidence, interfering);
        evidence
    }

    /// A need of the path.
    pub fn need(&self, id: NeedId) -> Option<&'a Need> {
        self.facts.path.needed(id)
    }

    /// The id of a stage.
    pub fn stage_id(&self, stage: usize) -> &'static str {
        self.facts.path.stages.get(stage).map_or("", |stage| stage.id)
    }

    /// Where a pack of an id is declared, if the tenant file declares it.
    pub fn declares(&self, pack: &Pack) -> bool {
        self.facts
            .requirements
            .iter()
            .any(|requirement| requirement.pack.id.value == pack.id.value)
    }

    /// A place for a finding that stands nowhere.
    pub fn nowhere(&self) -> Span {
        self.facts
            .path
            .rules()
            .map(|(_, _, rule)| rule.origin)
            .next()
            .unwrap_or(Span::new(self.facts.tenant.source, 0, 0))
    }
}

/// Concerns judged after a message is in the mailbox: the way of delivery does not spare it these.
const AFTER_DELIVERY: Concerns = Concerns::of(&[Concern::LinkClick]);

fn traced<'a>(facts: &'a Facts<'a>, requirement: &'a Requirement<'a>) -> StreamEvidence<'a> {
    let path = facts.path;
    let mut judged = requirement.concerns;
    if !requirement.needs_smtp() {
        judged = judged.without(judged.without(AFTER_DELIVERY));
    }
    let open = requirement.open;
    // What connects to the platform itself passes no filter in front of it.
    let trace_of = |set: &MessageSet| trace_on(path, requirement, set);
    let mut trace = trace_of(&requirement.wide);
    if let Some(need) = facts.more_domains {
        strangers::hold_open_ends(&mut trace, &facts.accepted, need);
    }
    let trace = trace;
    let is_narrower = requirement.narrow != requirement.wide;
    let narrow = LazyCell::new(|| trace_of(&requirement.narrow));
    let mut asked_narrow = false;
    let dns = asks_dns(path);
    let mut rows: Vec<Row> = Vec::new();
    let mut ended: BTreeMap<Option<usize>, MessageSet> = BTreeMap::new();
    for concern in requirement.concerns.iter() {
        let Some(stage) = path.judge(concern) else { continue };
        if !judged.has(concern) {
            rows.push(Row {
                stage,
                concern,
                answer: Answer::NotApplicable,
                coverage: Coverage::default(),
            });
            continue;
        }
        let alike = |row: &&Row| {
            judged.has(row.concern)
                && trace.treats_alike(row.concern, concern)
                && (!asked_narrow || narrow.treats_alike(row.concern, concern))
        };
        if let Some(row) = rows.iter().find(alike) {
            rows.push(Row { concern, ..row.clone() });
            continue;
        }
        let mut coverage = trace.coverage(concern);
        if is_narrower && !coverage.left.is_empty() {
            // What is only left because a source does not say which sender it means is undecided.
            asked_narrow = true;
            if narrow.coverage(concern).left.is_empty() {
                coverage.undecided.absorb(std::mem::take(&mut coverage.left));
            }
        }
        if requirement.unset.iter().any(|parameter| parameter.required) {
            // What its mail looks like is only half known: nothing can be said to be left.
            coverage.undecided.absorb(std::mem::take(&mut coverage.left));
        }
        if open.has(Field::To) {
            coverage.undecided.absorb(std::mem::take(&mut coverage.left));
        }
        if let Some(dns) = dns {
            hold_open_authentication(&mut coverage, &trace.sent, dns, open);
        }
        if let Some(need) = facts.more_domains {
            strangers::hold_open(&mut coverage, &facts.accepted, need);
        }
        // What surely ends before this is judged is held against its end, and against nothing after it.
        let before = if concern == Concern::Routing { None } else { Some(stage) };
        let ended = ended.entry(before).or_insert_with(|| ended_by(&trace, before));
        if !ended.is_empty() {
            coverage.left = coverage.left.minus(ended);
            coverage.undecided = coverage.undecided.minus(ended);
        }
        let answer = if !ended.is_empty() && ended.covers(&trace.sent) {
            Answer::NotApplicable
        } else {
            coverage.answer(&trace.sent)
        };
        rows.push(Row {
            stage,
            concern,
            answer,
            coverage,
        });
    }
    let unseen = unseen::exports(facts, requirement, &trace);
    let diagnoses = diagnosis::diagnose(facts, requirement, &trace, &rows, unseen);
    StreamEvidence {
        requirement,
        trace,
        rows,
        diagnoses,
    }
}

/// Sends a set of a stream's messages on their way.
fn trace_on<'p>(path: &'p MailPath, requirement: &Requirement<'_>, set: &MessageSet) -> Trace<'p> {
    match requirement.delivery {
        Delivery::SmtpDirect => path.trace_from(path.entry_past_hops(), set, requirement.open),
        _ => path.trace(&path.masked(set), requirement.open),
    }
}

/// The need that DNS would answer.
fn asks_dns(path: &MailPath) -> Option<NeedId> {
    let is_dns = |need: &NeedId| path.needed(*need).is_some_and(|need| need.key == DNS);
    path.rules()
        .flat_map(|(_, _, rule)| &rule.effects)
        .find_map(|effect| match effect {
            Effect::MayClear(_, need) => Some(*need).filter(is_dns),
            _ => None,
        })
}

/// What authentication comes to follows from DNS, as far as that was not asked: mail that is cleared with one result and
/// left with another is undecided.
fn hold_open_authentication(coverage: &mut Coverage, sent: &MessageSet, dns: NeedId, fields: Fields) {
    let (spf, results) = (fields.has(Field::Spf), fields.has(Field::Auth));
    if !spf && !results {
        return;
    }
    let any = |is_open: bool, words: auth::Words, said: u8| if is_open { words.all() } else { said };
    let whatever_it_is = |set: &MessageSet| {
        set.map(|cube| {
            Some(Cube {
                spf: any(spf, auth::SPF, cube.spf),
                dmarc: any(results, auth::DMARC, cube.dmarc),
                compauth: any(results, auth::COMPAUTH, cube.compauth),
                ..cube.clone()
            })
        })
    };
    let open = coverage.left.intersect(&whatever_it_is(&coverage.cleared));
    if open.is_empty() {
        return;
    }
    let open = whatever_it_is(&open).intersect(sent);
    coverage.left = coverage.left.minus(&open);
    coverage.cleared = coverage.cleared.minus(&open);
    coverage.doubts.push((BTreeSet::from([dns]), open.clone()));
    coverage.undecided.absorb(open);
    coverage.needs.insert(dns);
}

/// The part whose way surely ends before a stage judges it. Where it ends is itself the concern of routing, which no stage
/// judges: nothing ends before that.
fn ended_by(trace: &Trace<'_>, stage: Option<usize>) -> MessageSet {
    let ends = trace.ends.iter().filter(|end| Some(end.at.stage) <= stage);
    let ended: Union = ends.map(|end| end.sure.clone()).collect();
    ended.into_set()
}

impl<'a> StreamEvidence<'a> {
    /// A stream on the way that the facts describe, whether it is asked for there or not.
    pub fn of(facts: &'a Facts<'a>, requirement: &'a Requirement<'a>) -> Self {
        traced(facts, requirement)
    }

    /// Whether everything that is asked about gets through; `None` if that is undecided.
    pub fn gets_through(&self) -> Option<bool> {
        let any = |wanted: &[Answer]| self.rows.iter().any(|row| wanted.contains(&row.answer));
        if any(&[Answer::Part, Answer::None]) {
            return Some(false);
        }
        if any(&[Answer::Unknown]) || self.requirement.unset.iter().any(|parameter| parameter.required) {
            return None;
        }
        Some(true)
    }

    /// Whether a vendor's stream is full for a concern, or not asked about it.
    pub fn is_full(&self, concern: Concern) -> bool {
        self.rows
            .iter()
            .filter(|row| row.concern == concern)
            .all(|row| matches!(row.answer, Answer::Full | Answer::NotApplicable))
    }
}
