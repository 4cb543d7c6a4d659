//! Asking DNS: where the tenant's mail arrives first, and which allowed names exist.
//!
//! Everything is asked before anything is judged. What nobody answers leaves open what was open before.

mod egress;
mod senders;
mod trees;

use std::collections::BTreeSet;

use crate::allow::domain::{Domain, registrable};
use crate::dns::sources::DnsSources;
use crate::dns::{Name, Outcome, Question, Record, RecordType, Resolver};
use crate::evidence::dns::{HopMismatch, SeenHop, TakesIpv6, Unregistered};
use crate::path::{MailPath, Meaning};
use crate::platforms::products::{Product, Role, of_mail_host};
use crate::source::{Sources, Span, Spanned};
use crate::tenant::Hop;

pub(super) use egress::egress;
pub(super) use senders::{About, Senders};

/// Where the mail of the tenant's domains arrives.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    /// The ways in, those to the mailboxes' own hosts first; each once.
    pub ways: Vec<WayIn>,
    /// Domains that take no mail (RFC 7505), with the record that says so.
    pub closed: Vec<(Spanned<Domain>, Span)>,
    /// A host that takes mail over IPv6, with no filter in front of the mailboxes.
    pub takes_ipv6: Option<TakesIpv6>,
}

/// One way in.
#[derive(Debug)]
pub(super) struct WayIn {
    /// What takes the mail.
    pub door: Door,
    /// The domains whose mail comes this way.
    pub domains: Vec<Spanned<Domain>>,
    /// The first record that shows it.
    pub record: Option<Span>,
}

/// What takes mail first. Ordered as ways are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The hosts of the mailboxes.
    Mailboxes,
    /// A host of no product that is known; or nobody was asked at all.
    Unknown,
    /// DNS was asked, and did not say.
    Unanswered,
    /// Mailboxes of another product.
    Elsewhere(&'static Product),
    /// A filter.
    Filter(&'static Product),
}

impl Door {
    /// Its place among the ways, and its name.
    fn rank(self) -> (u8, &'static str) {
        match self {
            Self::Mailboxes => (0, ""),
            Self::Unknown => (1, ""),
            Self::Unanswered => (2, ""),
            Self::Elsewhere(product) => (3, product.id),
            Self::Filter(product) => (4, product.id),
        }
    }
}

impl Arrival {
    /// Filters, each once, with the domain and the record that show it.
    pub fn filters(&self) -> Vec<SeenHop> {
        let filters = self.ways.iter().filter_map(|way| match way.door {
            Door::Filter(product) => Some(SeenHop {
                product,
                domain: way.domains.first()?.clone(),
                record: way.record?,
            }),
            _ => None,
        });
        filters.collect()
    }

    /// Whether the mailboxes' own hosts take the mail: of all domains, of none, or not known.
    pub fn direct(&self) -> Option<bool> {
        let mut direct = self.ways.iter().map(|way| match way.door {
            Door::Mailboxes => Some(true),
            Door::Unknown | Door::Unanswered => None,
            Door::Elsewhere(_) | Door::Filter(_) => Some(false),
        });
        let first = direct.next()??;
        direct.all(|other| other == Some(first)).then_some(first)
    }

    fn add(&mut self, door: Door, domain: &Spanned<Domain>, record: Option<Span>) {
        match self.ways.iter_mut().find(|way| way.door == door) {
            Some(way) => {
                if !way.domains.iter().any(|known| known.value == domain.value) {
                    way.domains.push(domain.clone());
                }
            }
            None => self.ways.push(WayIn {
                door,
                domains: vec![domain.clone()],
                record,
            }),
        }
    }
}

/// Asks where mail for the tenant's domains arrives. `platform` is the id of the one that keeps its mailboxes.
pub(super) fn arrival(
    domains: &[Spanned<Domain>],
    platform: &str,
    resolver: &dyn Resolver,
    places: &mut DnsSources,
    sources: &mut Sources,
) -> Arrival {
    // The name that the service gives every tenant points to the service itself, and nobody writes to it.
    let own = |domain: &&Spanned<Domain>| !domain.value.as_str().ends_with(".onmicrosoft.com");
    let asked: Vec<&Spanned<Domain>> = domains.iter().filter(own).collect();
    let questions: Vec<Question> = asked
        .iter()
        .map(|domain| Question::new(Name::from(&domain.value), RecordType::Mx))
        .collect();
    let answers = resolver.ask_all(&questions);
    // Who asks nobody hears of no filter; who asks and gets no answer has heard of none yet.
    let is_asked = answers.iter().any(|answer| answer.outcome != Outcome::Unknown);
    let mut arrival = Arrival::default();
    let mut hosts: Vec<(Spanned<Domain>, Name)> = Vec::new();
    for ((domain, question), answer) in asked.into_iter().zip(&questions).zip(&answers) {
        if !matches!(answer.outcome, Outcome::Found(_)) {
            let is_silent = !is_asked || matches!(answer.outcome, Outcome::NoData | Outcome::NoName);
            let door = if is_silent { Door::Unknown } else { Door::Unanswered };
            arrival.add(door, domain, None);
            continue;
        }
        let placed = places.place(sources, question, answer).clone();
        let span = |at: usize| placed.records.get(at).map_or(placed.head, |place| place.span);
        if let [Record::Mx { exchange, .. }] = answer.records()
            && exchange.is_root()
        {
            arrival.closed.push((domain.clone(), span(0)));
            continue;
        }
        for (at, record) in answer.records().iter().enumerate() {
            let Record::Mx { exchange, .. } = record else { continue };
            let door = match of_mail_host(exchange) {
                Some(product) if product.id == platform => Door::Mailboxes,
                Some(product) if product.role == Role::Filter => Door::Filter(product),
                Some(product) => Door::Elsewhere(product),
                None => Door::Unknown,
            };
            arrival.add(door, domain, Some(span(at)));
            if matches!(door, Door::Mailboxes | Door::Unknown) {
                hosts.push((domain.clone(), exchange.clone()));
            }
        }
    }
    arrival.ways.sort_by_key(|way| way.door.rank());
    arrival.takes_ipv6 = takes_ipv6(&hosts, resolver, places, sources);
    arrival
}

/// Asks whether one of these hosts can be reached over IPv6.
fn takes_ipv6(
    hosts: &[(Spanned<Domain>, Name)],
    resolver: &dyn Resolver,
    places: &mut DnsSources,
    sources: &mut Sources,
) -> Option<TakesIpv6> {
    let questions = hosts
        .iter()
        .map(|(_, host)| Question::new(host.clone(), RecordType::Aaaa));
    let questions: Vec<Question> = questions.collect();
    let answers = resolver.ask_all(&questions);
    let mut found = hosts.iter().zip(&questions).zip(&answers);
    let (((domain, _), question), answer) = found.find(|(_, answer)| matches!(answer.outcome, Outcome::Found(_)))?;
    let placed = places.place(sources, question, answer);
    Some(TakesIpv6 {
        domain: domain.value.clone(),
        answer: placed.records.first().map_or(placed.head, |place| place.span),
    })
}

/// Where the filters that the tenant file declares are not those that MX shows first.
pub(super) fn mismatches(hops: &[Hop], arrival: &Arrival) -> Vec<HopMismatch> {
    let Some(first) = hops.first() else {
        return Vec::new();
    };
    let mismatch = |way: &WayIn| {
        let shown = match way.door {
            Door::Filter(product) | Door::Elsewhere(product) if product.id == first.platform.value => return None,
            Door::Filter(product) | Door::Elsewhere(product) => Some(product),
            Door::Mailboxes => None,
            Door::Unknown | Door::Unanswered => return None,
        };
        Some(HopMismatch {
            platform: first.platform.clone(),
            shown,
            later: hops
                .iter()
                .any(|hop| shown.is_some_and(|shown| shown.id == hop.platform.value)),
            domain: way.domains.first()?.clone(),
            record: way.record?,
        })
    };
    arrival.ways.iter().filter_map(mismatch).collect()
}

/// Asks which of the names that allows name can be registered by anybody.
pub(super) fn unregistered(
    path: &MailPath,
    resolver: &dyn Resolver,
    places: &mut DnsSources,
    sources: &mut Sources,
) -> Vec<Unregistered> {
    let names: Vec<Domain> = allowed_names(path).into_iter().collect();
    let questions: Vec<Question> = names
        .iter()
        .map(|domain| Question::new(Name::from(domain), RecordType::Txt))
        .collect();
    let answers = resolver.ask_all(&questions);
    let mut missing = Vec::new();
    for ((domain, question), answer) in names.into_iter().zip(&questions).zip(&answers) {
        // An alias that leads nowhere exists itself.
        if answer.outcome == Outcome::NoName && answer.aliases.is_empty() {
            let answer = places.place(sources, question, answer).head;
            missing.push(Unregistered { domain, answer });
        }
    }
    missing
}

/// What somebody would have to register to own a name that an allow names.
fn allowed_names(path: &MailPath) -> BTreeSet<Domain> {
    let allows = path.rules().filter(|(_, _, rule)| !rule.may_clear().is_empty());
    let entries = allows
        .flat_map(|(_, _, rule)| rule.lists.iter().filter(|list| !list.exception))
        .flat_map(|list| &list.entries);
    let mut names = BTreeSet::new();
    for entry in entries {
        match &entry.meaning {
            Meaning::Senders(senders) if !senders.is_open() => {
                names.extend(
                    senders
                        .positive_domains()
                        .filter_map(|(domain, ..)| owned_part(&domain)),
                );
            }
            Meaning::Names(domains) if !domains.is_open() => {
                names.extend(domains.positive().filter_map(|(domain, ..)| owned_part(&domain)));
            }
            _ => {}
        }
    }
    names
}

/// The part of a name that somebody registers. Where no list of public suffixes knows its end, the last two labels
/// (<https://github.com/publicsuffix/list/wiki/Format>, the rule for names that match none).
fn owned_part(domain: &Domain) -> Option<Domain> {
    if let Some(owned) = registrable(domain) {
        return Domain::parse(owned).ok();
    }
    let mut labels = domain.labels().rev();
    let (last, next) = (labels.next()?, labels.next()?);
    Domain::parse(&format!("{next}.{last}")).ok()
}
