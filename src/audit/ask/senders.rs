//! Asking DNS about senders: whether the records of vendors still say what the packs say, whether they work, and
//! whether the tenant's own records let vendors send as the tenant.

mod header;
mod keys;
mod tenant;
mod vendor;

use std::collections::BTreeMap;

use super::trees::{Place, Trees};
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::sources::DnsSources;
use crate::dns::spf::set::{Published, Sets};
use crate::dns::{Name, Resolver, in_rounds};
use crate::evidence::dns::{
    BroadTerm, BrokenSpf, DnsFacts, Drift, FailsDmarc, LostKey, OtherFamily, OwnLacks, TooBroad,
};
use crate::message::Identity;
use crate::policy::Limits;
use crate::requirement::{Fact, Means, Requirement};
use crate::source::{Sources, Spanned};

/// What the questions are about.
#[derive(Clone, Copy)]
pub(in crate::audit) struct About<'a> {
    /// What must get through.
    pub requirements: &'a [Requirement<'a>],
    /// The tenant's own domains.
    pub domains: &'a [Spanned<Domain>],
    /// What counts as wide.
    pub limits: Limits,
}

/// What was found, before it has a place in a source.
#[derive(Debug, Default)]
pub(in crate::audit) struct Senders {
    drifts: Vec<(Drift, Place)>,
    broken: Vec<(BrokenSpf, Place)>,
    broad: Vec<(TooBroad, Vec<(BroadTerm, Place)>)>,
    lacking: Vec<(OwnLacks, Place)>,
    families: Vec<(OtherFamily, Place)>,
    keys: Vec<(LostKey, Place)>,
    failing: Vec<(FailsDmarc, Place)>,
    spf: BTreeMap<Domain, Sets>,
    passing: Vec<(String, &'static str)>,
}

impl Senders {
    /// Asks about the senders of all streams that come by SMTP.
    pub fn ask(about: About<'_>, resolver: &dyn Resolver) -> Self {
        in_rounds(resolver, |resolver| {
            let trees = Trees::new(resolver);
            let mut found = Self::default();
            for requirement in about.requirements.iter().filter(|one| one.needs_smtp()) {
                found.of_vendor(requirement, about.limits, &trees);
                found.of_tenant(requirement, about.domains, &trees);
                found.signing_keys(requirement, resolver);
                found.header_senders(requirement, &trees);
                found.results(requirement, about.domains, &trees);
            }
            found
        })
    }

    /// What SPF says of the hosts of a stream's envelope senders.
    fn results(&mut self, requirement: &Requirement<'_>, domains: &[Spanned<Domain>], trees: &Trees<'_>) {
        let named = envelope_domains(requirement).into_iter();
        for (domain, _) in named.chain(tenant::sent_as(requirement, domains)) {
            let spf = trees.of(&Name::from(&domain));
            if !matches!(spf.tree.published, Published::Unanswered(_)) {
                self.spf.entry(domain).or_insert_with(|| spf.sets.clone());
            }
        }
    }

    /// Puts the answers into sources, and says in `facts` where they stand.
    pub fn placed(self, facts: &mut DnsFacts, resolver: &dyn Resolver, places: &mut DnsSources, sources: &mut Sources) {
        let mut span = |place: &Place| place.span(resolver, places, sources);
        facts.passing = self.passing;
        facts.spf = self.spf;
        let failing = self.failing.into_iter().map(|(fails, place)| FailsDmarc {
            answer: span(&place),
            ..fails
        });
        facts.failing = failing.collect();
        let keys = self.keys.into_iter().map(|(key, place)| LostKey {
            answer: span(&place),
            ..key
        });
        facts.keys = keys.collect();
        let drifts = self.drifts.into_iter().map(|(drift, place)| Drift {
            answer: span(&place),
            ..drift
        });
        facts.drifts = drifts.collect();
        let broken = self.broken.into_iter().map(|(broken, place)| BrokenSpf {
            answer: span(&place),
            ..broken
        });
        facts.broken = broken.collect();
        let broad = self.broad.into_iter().map(|(broad, terms)| {
            let terms = terms.into_iter().map(|(term, place)| BroadTerm {
                answer: span(&place),
                ..term
            });
            TooBroad {
                terms: terms.collect(),
                ..broad
            }
        });
        facts.broad = broad.collect();
        let lacking = self.lacking.into_iter().map(|(lacks, place)| OwnLacks {
            answer: span(&place),
            ..lacks
        });
        facts.lacking = lacking.collect();
        let families = self.families.into_iter().map(|(family, place)| OtherFamily {
            answer: span(&place),
            ..family
        });
        facts.families = families.collect();
    }
}

/// The hosts that a stream's mail comes from.
fn hosts_of(requirement: &Requirement<'_>) -> IpSet {
    let hosts = required(requirement).filter_map(|fact| match &fact.means {
        Means::Hosts(hosts) => Some(hosts),
        _ => None,
    });
    IpSet::union_all(hosts)
}

/// The values that hold now.
fn required<'a>(requirement: &'a Requirement<'_>) -> impl Iterator<Item = &'a Fact> {
    requirement.facts.iter().filter(|fact| fact.required)
}

/// The domains of a stream's envelope senders that are named one by one, each with the first value that names it.
fn envelope_domains<'a>(requirement: &'a Requirement<'_>) -> Vec<(Domain, &'a Fact)> {
    let mut named: Vec<(Domain, &Fact)> = Vec::new();
    for fact in required(requirement).filter(|fact| fact.identity == Identity::MailFrom) {
        let Means::Senders(senders) = &fact.means else { continue };
        if senders.is_open() || fact.text.starts_with('@') {
            continue;
        }
        for (domain, exact, _) in senders.positive_domains() {
            if exact && !named.iter().any(|(known, _)| *known == domain) {
                named.push((domain, fact));
            }
        }
    }
    named
}
