//! The tenant's own records: whether they let a vendor send that writes as the tenant.

use super::super::trees::{Place, Trees};
use super::vendor::error_of;
use super::{Senders, envelope_domains, hosts_of, required};
use crate::allow::domain::Domain;
use crate::dns::Name;
use crate::dns::spf::Extent;
use crate::dns::spf::set::Published;
use crate::evidence::dns::OwnLacks;
use crate::message::Identity;
use crate::requirement::{Fact, Requirement};
use crate::source::Spanned;

impl Senders {
    /// The records of the tenant's domains that a stream has as envelope senders.
    pub(super) fn of_tenant(&mut self, requirement: &Requirement<'_>, domains: &[Spanned<Domain>], trees: &Trees<'_>) {
        let hosts = hosts_of(requirement);
        if hosts.is_empty() {
            return;
        }
        let include = required(requirement).find(|fact| fact.identity == Identity::Spf);
        for (domain, fact) in sent_as(requirement, domains) {
            let name = Name::from(&domain);
            let spf = trees.of(&name);
            let lacking = hosts.minus(&spf.sets.pass.may);
            if lacking.is_empty() {
                continue;
            }
            let (what, extent): (String, Option<Extent>) = match (&spf.tree.published, error_of(&spf, &hosts)) {
                (Published::Unanswered(_), _) => continue,
                (Published::Nothing, _) => ("publishes no SPF record".to_owned(), None),
                (_, Some((why, extent))) => (format!("has an SPF record that {why}"), extent),
                _ => ("has an SPF record that does not authorise them".to_owned(), None),
            };
            let lacks = OwnLacks {
                vendor: requirement.vendor().to_owned(),
                stream: requirement.stream_id(),
                domain,
                hosts: lacking,
                what,
                include: include.map(|fact| fact.text.clone()),
                answer: fact.span,
                value: fact.span,
            };
            self.lacking.push((lacks, Place::spf(name, extent)));
        }
    }
}

/// The tenant's domains that a stream has as envelope senders, with the value that says so.
pub(super) fn sent_as<'a>(requirement: &'a Requirement<'_>, domains: &[Spanned<Domain>]) -> Vec<(Domain, &'a Fact)> {
    let mut found: Vec<(Domain, &Fact)> = Vec::new();
    let any = required(requirement).find(|fact| fact.identity == Identity::MailFrom && fact.text == "@tenant");
    if let Some(fact) = any {
        // Nobody can write a record below the name that the service gives every tenant.
        let own = domains
            .iter()
            .filter(|domain| !domain.value.as_str().ends_with(".onmicrosoft.com"));
        found.extend(own.map(|domain| (domain.value.clone(), fact)));
    }
    for (domain, fact) in envelope_domains(requirement) {
        let is_own = |own: &Spanned<Domain>| domain == own.value || domain.is_under(&own.value);
        if domains.iter().any(is_own) && !found.iter().any(|(known, _)| *known == domain) {
            found.push((domain, fact));
        }
    }
    found
}
