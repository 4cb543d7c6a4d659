//! Asking DNS about senders: whether the records of vendors still say what the packs say, and whether they work.

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::dmarc::discovery::Published;
use crate::dns::dmarc::{Applied, Judgment, Message, Method, Policy, judge};
use crate::dns::sources::DnsSources;
use crate::dns::spf::set::{Action, Bounds, Entry, Matches, Published as SpfPublished, Step, Tree};
use crate::dns::spf::{Extent, Limits, Qualifier, Verdict};
use crate::dns::{Name, Question, RecordType, Resolver};
use crate::evidence::dns::{BrokenSpf, DnsFacts, Drift, Drifted, FailsDmarc};
use crate::message::Identity;
use crate::requirement::{Fact, Means, Requirement};
use crate::source::{Sources, Span};

/// What was found, before it has a place in a source.
#[derive(Debug, Default)]
pub(in crate::audit) struct Senders {
    drifts: Vec<(Drift, Place)>,
    broken: Vec<(BrokenSpf, Place)>,
    failing: Vec<(FailsDmarc, Published)>,
    passing: Vec<(String, &'static str)>,
}

/// A part of the SPF record of a name.
#[derive(Debug, Clone)]
struct Place {
    name: Name,
    extent: Option<Extent>,
}

impl Senders {
    /// Asks about the senders of all streams that come by SMTP.
    pub fn ask(requirements: &[Requirement<'_>], resolver: &dyn Resolver) -> Self {
        let mut found = Self::default();
        for requirement in requirements.iter().filter(|requirement| requirement.needs_smtp()) {
            found.records_of(requirement, resolver);
            found.envelope_senders(requirement, resolver);
            found.header_senders(requirement, resolver);
        }
        found
    }

    /// Puts the answers into sources, and says in `facts` where they stand.
    pub fn placed(self, facts: &mut DnsFacts, resolver: &dyn Resolver, places: &mut DnsSources, sources: &mut Sources) {
        facts.passing = self.passing;
        let failing = self.failing.into_iter().map(|(fails, record)| {
            let answer = resolver.ask(&record.question);
            let placed = places.place(sources, &record.question, &answer);
            FailsDmarc {
                answer: placed.records.get(record.index).map_or(placed.head, |place| place.span),
                ..fails
            }
        });
        facts.failing = failing.collect();
        let mut span = |place: &Place| span_of(place, resolver, places, sources);
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
    }

    /// The records that a pack names as those that must authorise it. An address needs to pass only one of them.
    fn records_of(&mut self, requirement: &Requirement<'_>, resolver: &dyn Resolver) {
        let named = requirement
            .facts
            .iter()
            .filter(|fact| fact.identity == Identity::Spf && fact.required);
        let records: Vec<(&Fact, Name, Tree)> = named
            .filter_map(|fact| {
                let name = Name::parse(fact.text.as_bytes()).ok()?;
                let tree = Tree::gather(resolver, &name);
                Some((fact, name, tree))
            })
            .collect();
        let is_usable = |tree: &Tree| matches!(tree.published, SpfPublished::Record(_)) && tree.mistakes().is_empty();
        let Some((first, name, _)) = records.first() else {
            return;
        };
        if !records.iter().all(|(.., tree)| is_usable(tree)) {
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
        let whole = |name: &Name| Place {
            name: name.clone(),
            extent: None,
        };
        let passes: Vec<Bounds> = records
            .iter()
            .map(|(.., tree)| tree.sets(Limits::default()).pass)
            .collect();
        let may = IpSet::union_all(passes.iter().map(|pass| &pass.may));
        let value_of = |fact: &Fact| {
            requirement
                .pack
                .values
                .iter()
                .find(|value| value.value.span == fact.span)
        };
        let mut known = Vec::new();
        for host in &requirement.facts {
            let Means::Hosts(hosts) = &host.means else { continue };
            known.push(hosts);
            let listed = value_of(host)
                .is_some_and(|value| value.is_listed_by(records.iter().filter_map(|(fact, ..)| value_of(fact))));
            if host.required && listed && !may.covers(hosts) {
                let lacks = drift(first, Drifted::Lacks(host.text.clone()), host.span);
                self.drifts.push((lacks, whole(name)));
            }
        }
        let known = IpSet::union_all(known);
        for ((fact, name, tree), pass) in records.iter().zip(&passes) {
            // Hosts of others are not this vendor's to name: only what the record and those below it in the vendor's
            // own name say counts.
            let more = own_hosts(tree, name).intersect(&pass.must).minus(&known);
            if !more.is_empty() {
                self.drifts
                    .push((drift(fact, Drifted::More(more), fact.span), whole(name)));
            }
        }
    }

    /// The records of the envelope senders: whether they work for the vendor's hosts.
    fn envelope_senders(&mut self, requirement: &Requirement<'_>, resolver: &dyn Resolver) {
        let hosts: Vec<&IpSet> = requirement
            .facts
            .iter()
            .filter(|fact| fact.required)
            .filter_map(|fact| match &fact.means {
                Means::Hosts(hosts) => Some(hosts),
                _ => None,
            })
            .collect();
        let hosts = IpSet::union_all(hosts);
        if hosts.is_empty() {
            return;
        }
        let mut asked: Vec<Domain> = Vec::new();
        for fact in requirement
            .facts
            .iter()
            .filter(|fact| fact.identity == Identity::MailFrom && fact.required)
        {
            let Means::Senders(senders) = &fact.means else { continue };
            if senders.is_open() || fact.text.starts_with('@') {
                continue;
            }
            for (domain, exact, _) in senders.positive_domains() {
                if !exact || asked.contains(&domain) {
                    continue;
                }
                asked.push(domain.clone());
                let name = Name::from(&domain);
                let tree = Tree::gather(resolver, &name);
                if let Some((why, extent)) = error_of(&tree, &hosts) {
                    let broken = BrokenSpf {
                        vendor: requirement.vendor().to_owned(),
                        stream: requirement.stream_id(),
                        domain,
                        why,
                        answer: fact.span,
                        value: fact.span,
                    };
                    self.broken.push((broken, Place { name, extent }));
                }
            }
        }
    }
}

/// More ways to combine senders and signers than these, and authentication is left open.
const MAX_COMBINED: usize = 256;

impl Senders {
    /// The header senders: whether this mail passes as theirs, whichever of its envelope senders and signers it shows.
    fn header_senders(&mut self, requirement: &Requirement<'_>, resolver: &dyn Resolver) {
        let Some(sent) = Sent::of(requirement, resolver) else {
            return;
        };
        let mut all_pass = true;
        for (domain, value) in &sent.header {
            let judged = sent.judged(domain, resolver);
            all_pass &= judged.iter().all(|judgment| matches!(judgment, Judgment::Pass { .. }));
            let enforced = |judgment: &Judgment| match judgment {
                Judgment::Fail { applied } if applied.policy != Policy::None => Some(applied.clone()),
                _ => None,
            };
            let failed: Option<Vec<Applied>> = judged.iter().map(enforced).collect();
            if let Some(applied) = failed.and_then(|all| all.into_iter().next()) {
                let fails = FailsDmarc {
                    vendor: requirement.vendor().to_owned(),
                    stream: requirement.stream_id(),
                    domain: domain.clone(),
                    policy: applied.policy.as_str(),
                    answer: *value,
                    value: *value,
                };
                self.failing.push((fails, applied.published));
            }
        }
        if all_pass {
            self.passing
                .push((requirement.vendor().to_owned(), requirement.stream_id()));
        }
    }
}

/// What a stream's mail shows to receivers that check it.
struct Sent {
    /// Domains of header senders, each with the value that names it.
    header: Vec<(Domain, Span)>,
    /// Domains of envelope senders, each with what SPF says of the vendor's hosts.
    envelope: Vec<(Domain, Verdict)>,
    /// Domains of which one signs; empty if nobody does.
    signers: Vec<Domain>,
}

impl Sent {
    /// `None` where the pack leaves open what decides.
    fn of(requirement: &Requirement<'_>, resolver: &dyn Resolver) -> Option<Self> {
        let facts = || requirement.facts.iter().filter(|fact| fact.required);
        // A sender that may be either of the two, or an answer that is missing: not all that is shown is named.
        if !requirement.unset.is_empty() || facts().any(|fact| fact.identity == Identity::SenderDomain) {
            return None;
        }
        let named = |identity: Identity| -> Option<Vec<(Domain, Span)>> {
            let mut found = Vec::new();
            for fact in facts().filter(|fact| fact.identity == identity) {
                let Means::Senders(senders) = &fact.means else {
                    return None;
                };
                if senders.is_open() {
                    return None;
                }
                for (domain, exact, below) in senders.positive_domains() {
                    if below || !exact {
                        return None;
                    }
                    found.push((domain, fact.span));
                }
            }
            (!found.is_empty()).then_some(found)
        };
        let header = named(Identity::HeaderFrom)?;
        let envelope = named(Identity::MailFrom)?;
        let mut signers = Vec::new();
        for fact in facts().filter(|fact| fact.identity == Identity::Dkim) {
            let Means::Names(names) = &fact.means else { return None };
            if names.is_open() {
                return None;
            }
            for (domain, exact, below) in names.positive() {
                if below || !exact {
                    return None;
                }
                signers.push(domain);
            }
        }
        if header.len() * envelope.len() * signers.len().max(1) > MAX_COMBINED {
            return None;
        }
        let hosts: Vec<&IpSet> = facts()
            .filter_map(|fact| match &fact.means {
                Means::Hosts(hosts) => Some(hosts),
                _ => None,
            })
            .collect();
        let hosts = IpSet::union_all(hosts);
        let spf = |domain: &Domain| {
            if hosts.is_empty() {
                return Verdict::Undecided;
            }
            let pass = Tree::gather(resolver, &Name::from(domain)).sets(Limits::default()).pass;
            if pass.must.covers(&hosts) {
                Verdict::Pass
            } else if pass.may.overlaps(&hosts) {
                Verdict::Undecided
            } else {
                Verdict::Fail
            }
        };
        let envelope = envelope.into_iter().map(|(domain, _)| {
            let verdict = spf(&domain);
            (domain, verdict)
        });
        Some(Self {
            header,
            envelope: envelope.collect(),
            signers,
        })
    }

    /// What comes of every combination, by both ways to find a record.
    fn judged(&self, header_from: &Domain, resolver: &dyn Resolver) -> Vec<Judgment> {
        let signed: Vec<&[Domain]> = if self.signers.is_empty() {
            vec![&[]]
        } else {
            self.signers.iter().map(std::slice::from_ref).collect()
        };
        let mut judged = Vec::new();
        for (domain, verdict) in &self.envelope {
            for dkim in &signed {
                for method in Method::ALL {
                    let message = Message {
                        header_from,
                        spf: Some((*verdict, domain)),
                        dkim,
                    };
                    judged.push(judge(resolver, message, method));
                }
            }
        }
        judged
    }
}

/// Why the check of these hosts surely ends in an error, and at which term of the record.
fn error_of(tree: &Tree, hosts: &IpSet) -> Option<(String, Option<Extent>)> {
    if let SpfPublished::Several(count) = tree.published {
        return Some((format!("is one of {count}, and with several none counts"), None));
    }
    if let Some(mistake) = tree.mistakes().first() {
        return Some((format!("cannot be read: {}", mistake.slip), Some(mistake.extent)));
    }
    let limits = Limits::default();
    if !tree.sets(limits).permerror.must.overlaps(hosts) {
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

/// Addresses that the records of one owner name themselves.
fn own_hosts(tree: &Tree, owner: &Name) -> IpSet {
    let mut own = Vec::new();
    let passing = |entry: &&Entry| matches!(entry.action, Action::Redirect | Action::Directive(Qualifier::Pass));
    for entry in tree.entries.iter().filter(passing) {
        match &entry.matches {
            Matches::Steps { v4, v6 } => {
                own.extend(v4.iter().chain(v6).filter_map(|step| match step {
                    Step::Match(hosts) => Some(hosts.clone()),
                    Step::Void | Step::Unanswered(_) => None,
                }));
            }
            Matches::Child(child) if is_of_owner(child, owner) => own.push(own_hosts(child, owner)),
            _ => {}
        }
    }
    IpSet::union_all(&own)
}

fn is_of_owner(tree: &Tree, owner: &Name) -> bool {
    let of = |name: &Name| super::owned_part(&name.to_domain()?);
    tree.name()
        .is_some_and(|name| of(&name).is_some() && of(&name) == of(owner))
}

fn span_of(place: &Place, resolver: &dyn Resolver, places: &mut DnsSources, sources: &mut Sources) -> Span {
    let question = Question::new(place.name.clone(), RecordType::Txt);
    let answer = resolver.ask(&question);
    let placed = places.place(sources, &question, &answer);
    let is_spf = |text: &Vec<u8>| text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"v=spf1"));
    let at = answer
        .records()
        .iter()
        .position(|record| record.text().is_some_and(|text| is_spf(&text)));
    let Some(record) = at.and_then(|at| placed.records.get(at)) else {
        return placed.head;
    };
    place
        .extent
        .map_or(record.span, |extent| record.span_of(extent.start..extent.end))
}
