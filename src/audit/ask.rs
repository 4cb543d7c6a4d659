//! Asking DNS: where the tenant's mail arrives first, and which allowed names exist.
//!
//! Everything is asked before anything is judged. What nobody answers leaves open what was open before.

mod senders;

use std::collections::BTreeSet;

use crate::allow::domain::{Domain, registrable};
use crate::dns::sources::DnsSources;
use crate::dns::{Name, Outcome, Question, Record, RecordType, Resolver};
use crate::evidence::dns::{SeenHop, Unregistered};
use crate::path::{MailPath, Meaning};
use crate::platforms::products::{Role, of_mail_host};
use crate::source::{Sources, Spanned};

pub(super) use senders::Senders;

/// Where the mail of the tenant's domains arrives.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    /// Filters, each once, with the domain and the record that show it.
    pub filters: Vec<SeenHop>,
    /// Whether the mailboxes' own hosts take the mail: of all domains, of none, or not known.
    pub direct: Option<bool>,
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
    let mut arrival = Arrival::default();
    let mut direct = BTreeSet::new();
    for ((domain, question), answer) in asked.into_iter().zip(&questions).zip(&answers) {
        if !matches!(answer.outcome, Outcome::Found(_)) {
            direct.insert(None);
            continue;
        }
        let placed = places.place(sources, question, answer).clone();
        for (at, record) in answer.records().iter().enumerate() {
            let Record::Mx { exchange, .. } = record else { continue };
            let product = of_mail_host(exchange);
            direct.insert(product.map(|product| product.id == platform));
            let Some(product) = product.filter(|product| product.role == Role::Filter) else {
                continue;
            };
            let known = |hop: &SeenHop| hop.product == product;
            if !arrival.filters.iter().any(known) {
                arrival.filters.push(SeenHop {
                    product,
                    domain: domain.clone(),
                    record: placed.records.get(at).map_or(placed.head, |place| place.span),
                });
            }
        }
    }
    arrival.direct = match direct.into_iter().collect::<Vec<_>>().as_slice() {
        [one] => *one,
        _ => None,
    };
    arrival
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
