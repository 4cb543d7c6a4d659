//! The keys for signatures that a pack names, and whether they are there.

use super::compare::{State, is_in_use};
use crate::dns::Resolver;
use crate::dns::dkim::{Selector, look_up};
use crate::pack::{Pack, Parsed};
use crate::spelling::DomainSpec;

/// A key that a pack names.
#[derive(Debug)]
pub(super) struct NamedKey<'a> {
    /// The selector.
    pub selector: &'a str,
    /// The signing domain.
    pub domain: &'a str,
    /// What DNS says.
    pub found: Selector,
}

impl NamedKey<'_> {
    /// How it stands.
    pub fn state(&self) -> State {
        match &self.found {
            Selector::Key(_) => State::Agrees,
            Selector::Failed(_) | Selector::Unknown => State::Unknown,
            _ => State::Drift,
        }
    }

    /// Completes "the key `x` ...".
    pub fn words(&self) -> String {
        let lost = self.found.loss();
        lost.unwrap_or_else(|| match &self.found {
            Selector::Key(_) => "is there".to_owned(),
            _ => "could not be asked for".to_owned(),
        })
    }
}

/// Looks up the keys that a pack names, each once.
pub(super) fn pack<'a>(pack: &'a Pack, resolver: &dyn Resolver) -> Vec<NamedKey<'a>> {
    let mut keys: Vec<NamedKey<'a>> = Vec::new();
    for value in pack.values.iter().filter(|value| is_in_use(value)) {
        let Parsed::Domain(DomainSpec::Exact(domain)) = &value.parsed else {
            continue;
        };
        for selector in &value.selectors {
            let same = |known: &NamedKey<'_>| known.selector == selector.value && known.domain == domain.as_str();
            if !keys.iter().any(same) {
                keys.push(NamedKey {
                    selector: &selector.value,
                    domain: domain.as_str(),
                    found: look_up(resolver, &selector.value, domain),
                });
            }
        }
    }
    keys
}
