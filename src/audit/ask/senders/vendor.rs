//! The records of a vendor: whether they still say what the pack says, work for the vendor's hosts, and let hardly
//! anybody else send.

use std::rc::Rc;

use ipnet::IpNet;

use super::super::owned_part;
use super::super::trees::{Place, Spf, Trees};
use super::{Senders, envelope_domains, hosts_of, required};
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::Name;
use crate::dns::spf::set::{Action, Bounds, Entry, Matches, Published, Step, Tree};
use crate::dns::spf::{Extent, Limits as SpfLimits, Qualifier};
use crate::evidence::dns::{BroadTerm, BroadWhy, BrokenSpf, Drift, Drifted, OtherFamily, TooBroad};
use crate::evidence::shared::has_shared_hosts;
use crate::message::Identity;
use crate::policy::Limits;
use crate::requirement::{Fact, Means, Requirement};
use crate::source::Span;

impl Senders {
    /// The records of one vendor's stream.
    pub(super) fn of_vendor(&mut self, requirement: &Requirement<'_>, limits: Limits, trees: &Trees<'_>) {
        let named = required(requirement).filter(|fact| fact.identity == Identity::Spf);
        let named = named.filter_map(|fact| Some((fact, Domain::parse(&fact.text).ok()?)));
        let named: Vec<(&Fact, Domain)> = named.collect();
        self.drift(requirement, &named, trees);
        let hosts = hosts_of(requirement);
        let envelope = envelope_domains(requirement);
        if !hosts.is_empty() {
            for (domain, fact) in &envelope {
                self.errors(requirement, domain, fact, &hosts, trees);
            }
        }
        let known = known_hosts(requirement);
        let mut seen: Vec<Domain> = Vec::new();
        let senders = envelope.into_iter().map(|(domain, fact)| (fact, domain));
        for (fact, domain) in named.into_iter().chain(senders) {
            if seen.contains(&domain) {
                continue;
            }
            let spf = trees.of(&Name::from(&domain));
            if is_usable(&spf.tree) {
                self.breadth(requirement, &domain, fact, &spf, &known, limits);
                self.other_family(requirement, &domain, fact, &spf, &known);
            }
            seen.push(domain);
        }
    }

    /// The records that a pack names as those that must authorise it. An address needs to pass only one of them.
    fn drift(&mut self, requirement: &Requirement<'_>, named: &[(&Fact, Domain)], trees: &Trees<'_>) {
        let records = named.iter().map(|(fact, domain)| {
            let name = Name::from(domain);
            let spf = trees.of(&name);
            (*fact, name, spf)
        });
        let records: Vec<(&Fact, Name, Rc<Spf>)> = records.collect();
        let Some((first, name, _)) = records.first() else {
            return;
        };
        if !records.iter().all(|(.., spf)| is_usable(&spf.tree)) {
            return;
        }
        let drift = |fact: &Fact, what: Drifted, value: Span| Drift {
            vendor: requirement.vendor().to_owned(),
            stream: requirement.stream_id(),
            record: fact.text.clone(),
            what,
            value,
            answer: value,
        };
        let may = IpSet::union_all(records.iter().map(|(.., spf)| &spf.sets.pass.may));
        let value_of = |fact: &Fact| {
            let mut values = requirement.pack.values.iter();
            values.find(|value| value.value.span == fact.span)
        };
        for host in &requirement.facts {
            let Means::Hosts(hosts) = &host.means else { continue };
            let listed = value_of(host)
                .is_some_and(|value| value.is_listed_by(records.iter().filter_map(|(fact, ..)| value_of(fact))));
            if host.required && listed && !may.covers(hosts) {
                let lacks = drift(first, Drifted::Lacks(host.text.clone()), host.span);
                self.drifts.push((lacks, Place::spf(name.clone(), None)));
            }
        }
        let known = known_hosts(requirement);
        for (fact, name, spf) in &records {
            // Hosts of others are not this vendor's to name: only what the record and those below it in the vendor's
            // own name say counts.
            let is_own = |tree: &Tree| is_of_owner(tree, name);
            let own = letting(&spf.tree, name, &is_own);
            let own = own.iter().filter(|term| term.other.is_none());
            let own = IpSet::union_all(own.map(|term| &term.hosts));
            let more = own.intersect(&spf.sets.pass.must).minus(&known);
            if !more.is_empty() {
                let more = drift(fact, Drifted::More(more), fact.span);
                self.drifts.push((more, Place::spf(name.clone(), None)));
            }
        }
    }

    /// The record of an envelope sender: whether it works for the vendor's hosts.
    fn errors(
        &mut self,
        requirement: &Requirement<'_>,
        domain: &Domain,
        fact: &Fact,
        hosts: &IpSet,
        trees: &Trees<'_>,
    ) {
        let name = Name::from(domain);
        let spf = trees.of(&name);
        let Some((why, extent)) = error_of(&spf, hosts) else {
            return;
        };
        let place = Place::spf(name, extent);
        let is_told = |known: &(BrokenSpf, Place)| known.0.vendor == requirement.vendor() && known.1 == place;
        if self.broken.iter().any(is_told) {
            return;
        }
        let broken = BrokenSpf {
            vendor: requirement.vendor().to_owned(),
            stream: requirement.stream_id(),
            domain: domain.clone(),
            why,
            answer: fact.span,
            value: fact.span,
        };
        self.broken.push((broken, place));
    }

    /// Whether a record lets many more send than the pack knows.
    fn breadth(
        &mut self,
        requirement: &Requirement<'_>,
        domain: &Domain,
        fact: &Fact,
        spf: &Spf,
        known: &IpSet,
        limits: Limits,
    ) {
        let name = Name::from(domain);
        let is_providers = |tree: &Tree| has_shared_hosts(&String::from_utf8_lossy(&tree.domain).to_ascii_lowercase());
        let mut terms = Vec::new();
        for term in letting(&spf.tree, &name, &|tree| !is_providers(tree)) {
            let let_in = term.hosts.intersect(&spf.sets.pass.must);
            let hosts = let_in.minus(known);
            let why = match term.other {
                Some(tree) if is_providers(tree) => {
                    let may = term.hosts.intersect(&spf.sets.pass.may).minus(known);
                    if may.is_empty() {
                        continue;
                    }
                    BroadWhy::Provider(String::from_utf8_lossy(&tree.domain).into_owned())
                }
                Some(_) => continue,
                None => match (widest(&let_in, limits), widest(&hosts, limits)) {
                    (Some(network), Some(_)) => BroadWhy::Network(network),
                    _ => continue,
                },
            };
            let place = Place::spf(term.owner, Some(term.extent));
            let told = self
                .broad
                .iter()
                .filter(|(known, _)| known.vendor == requirement.vendor());
            if told.flat_map(|(_, terms)| terms).any(|(_, known)| *known == place) {
                continue;
            }
            let term_of = BroadTerm {
                why,
                hosts,
                answer: fact.span,
            };
            terms.push((term_of, place));
        }
        if terms.is_empty() {
            return;
        }
        let too_broad = TooBroad {
            vendor: requirement.vendor().to_owned(),
            stream: requirement.stream_id(),
            domain: domain.clone(),
            terms: Vec::new(),
            value: fact.span,
        };
        self.broad.push((too_broad, terms));
    }

    /// Whether a record lets hosts of the vendor send over IPv6 that the pack does not name.
    fn other_family(&mut self, requirement: &Requirement<'_>, domain: &Domain, fact: &Fact, spf: &Spf, known: &IpSet) {
        let name = Name::from(domain);
        for term in letting(&spf.tree, &name, &|tree| is_of_owner(tree, &name)) {
            let hosts = term.hosts.v6_only().intersect(&spf.sets.pass.must).minus(known);
            // A term such as `+all` says nothing of where the vendor sends from.
            if term.other.is_some() || hosts.is_empty() || term.hosts.v6_only().count() == u128::MAX {
                continue;
            }
            let family = OtherFamily {
                vendor: requirement.vendor().to_owned(),
                stream: requirement.stream_id(),
                domain: domain.clone(),
                hosts,
                answer: fact.span,
                value: fact.span,
            };
            self.families.push((family, Place::spf(term.owner, Some(term.extent))));
        }
    }
}

/// All hosts that the pack names for a stream, whatever their status.
fn known_hosts(requirement: &Requirement<'_>) -> IpSet {
    let hosts = requirement.facts.iter().filter_map(|fact| match &fact.means {
        Means::Hosts(hosts) => Some(hosts),
        _ => None,
    });
    IpSet::union_all(hosts)
}

fn is_usable(tree: &Tree) -> bool {
    matches!(tree.published, Published::Record(_)) && tree.mistakes().is_empty()
}

/// The widest network of a set, if it is wider than a policy likes.
fn widest(hosts: &IpSet, limits: Limits) -> Option<IpNet> {
    let is_wide = |net: &IpNet| {
        let least = match net {
            IpNet::V4(_) => limits.largest_ipv4_prefix,
            IpNet::V6(_) => limits.largest_ipv6_prefix,
        };
        least.is_some_and(|least| u32::from(net.prefix_len()) < least.value)
    };
    let nets = hosts.nets().into_iter().filter(is_wide);
    nets.min_by_key(|net| (net.max_prefix_len(), net.prefix_len()))
}

/// A term that lets hosts send.
struct Letting<'a> {
    /// Whose record it stands in.
    owner: Name,
    extent: Extent,
    hosts: IpSet,
    /// The other record that says so, where that was not looked into.
    other: Option<&'a Tree>,
}

/// The terms of a record that let hosts send, and of those below it that are looked into.
fn letting<'a>(tree: &'a Tree, owner: &Name, looks_into: &dyn Fn(&Tree) -> bool) -> Vec<Letting<'a>> {
    let mut found = Vec::new();
    let passing = |entry: &&Entry| matches!(entry.action, Action::Redirect | Action::Directive(Qualifier::Pass));
    for entry in tree.entries.iter().filter(passing) {
        let mut add = |hosts, other| {
            found.push(Letting {
                owner: owner.clone(),
                extent: entry.extent,
                hosts,
                other,
            });
        };
        match &entry.matches {
            Matches::Steps { v4, v6 } => {
                let family = |steps: &[Step]| {
                    let sets = steps.iter().filter_map(|step| match step {
                        Step::Match(hosts) => Some(hosts),
                        Step::Void | Step::Unanswered(_) => None,
                    });
                    IpSet::union_all(sets)
                };
                add(family(v4).v4_only().union(&family(v6).v6_only()), None);
            }
            Matches::Child(child) if !looks_into(child) => {
                add(child.sets(SpfLimits::default()).pass.may, Some(&**child));
            }
            Matches::Child(child) => {
                let name = child.name().unwrap_or_else(|| owner.clone());
                found.extend(letting(child, &name, looks_into));
            }
            Matches::Loop(_) | Matches::Hosts(_) | Matches::Opaque(_) => {}
        }
    }
    found
}

fn is_of_owner(tree: &Tree, owner: &Name) -> bool {
    let of = |name: &Name| owned_part(&name.to_domain()?);
    tree.name()
        .is_some_and(|name| of(&name).is_some() && of(&name) == of(owner))
}

/// Why the check of these hosts surely ends in an error, and at which term of the record.
pub(super) fn error_of(spf: &Spf, hosts: &IpSet) -> Option<(String, Option<Extent>)> {
    let tree = &spf.tree;
    if let Published::Several(count) = tree.published {
        return Some((format!("is one of {count}, and with several none counts"), None));
    }
    if let Some(mistake) = tree.mistakes().first() {
        return Some((format!("cannot be read: {}", mistake.slip), Some(mistake.extent)));
    }
    let limits = SpfLimits::default();
    let Bounds { must, .. } = &spf.sets.permerror;
    if !must.overlaps(hosts) {
        return None;
    }
    let asks = tree.lookups();
    if asks > u32::from(limits.lookups) {
        let breaking = tree.breaking(limits)?;
        // The term of this record that leads to the one that breaks the limit.
        let here = breaking.path.first().map_or(breaking.extent, |(_, extent)| *extent);
        return Some((
            format!(
                "asks DNS {asks} times where {} are allowed, so receivers end its check in an error",
                limits.lookups
            ),
            Some(here),
        ));
    }
    Some(("ends in an error for the vendor's addresses".to_owned(), None))
}
