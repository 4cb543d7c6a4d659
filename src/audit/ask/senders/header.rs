//! The header senders of a stream: whether its mail passes DMARC as theirs.

use super::super::trees::{Place, Trees};
use super::{Senders, hosts_of, required};
use crate::allow::domain::Domain;
use crate::dns::dkim::{Selector, look_up};
use crate::dns::dmarc::{Applied, Judgment, Message, Method, Policy, judge};
use crate::dns::spf::Verdict;
use crate::dns::{Name, Resolver};
use crate::evidence::dns::FailsDmarc;
use crate::message::Identity;
use crate::requirement::{Fact, Means, Requirement};
use crate::source::{Span, Spanned};

/// More ways to combine senders and signers than these, and authentication is left open.
const MAX_COMBINED: usize = 256;

impl Senders {
    /// The header senders: whether this mail passes as theirs, whichever of its envelope senders and signers it shows.
    pub(super) fn header_senders(&mut self, requirement: &Requirement<'_>, trees: &Trees<'_>) {
        let Some(sent) = Sent::of(requirement, trees) else {
            return;
        };
        let mut all_pass = true;
        for (domain, value) in &sent.header {
            let judged = sent.judged(domain, trees.resolver);
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
                let record = Place::record(applied.published.question, applied.published.index);
                self.failing.push((fails, record));
            }
        }
        if all_pass {
            self.passing
                .push((requirement.vendor().to_owned(), requirement.stream_id()));
        }
    }
}

/// Whether one of the keys that the pack names for a signer is there. Where it names none, the pack's word counts.
fn has_key(requirement: &Requirement<'_>, fact: &Fact, domain: &Domain, resolver: &dyn Resolver) -> bool {
    let mut values = requirement.pack.values.iter();
    let value = values.find(|value| value.value.span == fact.span);
    let selectors = value.map_or(&[][..], |value| &value.selectors);
    let found = |selector: &Spanned<String>| look_up(resolver, &selector.value, domain);
    // All are asked, whatever comes of the first.
    let found: Vec<Selector> = selectors.iter().map(found).collect();
    found.is_empty() || found.iter().any(|found| matches!(found, Selector::Key(_)))
}

/// What a stream's mail shows to receivers that check it.
struct Sent {
    /// Domains of header senders, each with the value that names it.
    header: Vec<(Domain, Span)>,
    /// Domains of envelope senders, each with what SPF says of the vendor's hosts.
    envelope: Vec<(Domain, Verdict)>,
    /// Domains of which one signs, and whether it surely has a key; empty if nobody does.
    signers: Vec<(Domain, bool)>,
}

impl Sent {
    /// `None` where the pack leaves open what decides.
    fn of(requirement: &Requirement<'_>, trees: &Trees<'_>) -> Option<Self> {
        let facts = || required(requirement);
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
                let is_sure = has_key(requirement, fact, &domain, trees.resolver);
                signers.push((domain, is_sure));
            }
        }
        if header.len() * envelope.len() * signers.len().max(1) > MAX_COMBINED {
            return None;
        }
        let hosts = hosts_of(requirement);
        let spf = |domain: &Domain| {
            if hosts.is_empty() {
                return Verdict::Undecided;
            }
            let spf = trees.of(&Name::from(domain));
            let pass = &spf.sets.pass;
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
            // The vendor may have keys that the pack does not know, so both is possible where none of those is there.
            let signers = self.signers.iter().flat_map(|(domain, is_sure)| {
                let unsigned = (!is_sure).then_some(&[][..]);
                [Some(std::slice::from_ref(domain)), unsigned]
            });
            signers.flatten().collect()
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
