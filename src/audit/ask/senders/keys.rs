//! The keys of a stream's signatures, where the pack names the selectors.

use super::super::trees::Place;
use super::{Senders, required};
use crate::dns::Resolver;
use crate::dns::dkim::{Selector, look_up, question};
use crate::evidence::dns::LostKey;
use crate::message::Identity;
use crate::pack::Parsed;
use crate::requirement::Requirement;
use crate::spelling::DomainSpec;

impl Senders {
    /// The keys that a stream's mail is signed with.
    pub(super) fn signing_keys(&mut self, requirement: &Requirement<'_>, resolver: &dyn Resolver) {
        for fact in required(requirement).filter(|fact| fact.identity == Identity::Dkim) {
            let mut values = requirement.pack.values.iter();
            let Some(value) = values.find(|value| value.value.span == fact.span) else {
                continue;
            };
            let Parsed::Domain(DomainSpec::Exact(domain)) = &value.parsed else {
                continue;
            };
            for selector in &value.selectors {
                let Some(question) = question(&selector.value, domain) else {
                    continue;
                };
                let found = look_up(resolver, &selector.value, domain);
                let Some(what) = found.loss() else { continue };
                let place = match &found {
                    Selector::Revoked(key) => Place::record(question, key.index),
                    _ => Place::answer(question),
                };
                let is_told = |known: &(LostKey, Place)| known.0.vendor == requirement.vendor() && known.1 == place;
                if self.keys.iter().any(is_told) {
                    continue;
                }
                let key = LostKey {
                    vendor: requirement.vendor().to_owned(),
                    stream: requirement.stream_id(),
                    domain: domain.clone(),
                    selector: selector.value.clone(),
                    what,
                    answer: selector.span,
                    value: selector.span,
                };
                self.keys.push((key, place));
            }
        }
    }
}
