//! Who else might send: one model for all safety questions (semantics, section 4).
//!
//! The attacker chooses everything, except addresses of declared vendors and of the tenant, and valid authentication for
//! domains of the tenant, of declared vendors and of anyone named in a rule.

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::IpSet;
use crate::message::{Cube, MessageSet, Names, auth};
use crate::path::{MailPath, Meaning};

use super::Facts;
use super::shared::is_shared;

/// What an attacker can send.
pub struct Attacker {
    /// The messages.
    pub set: MessageSet,
    /// Domains for which the attacker has no valid authentication.
    pub protected: DomainSet,
}

impl Attacker {
    /// The attacker of a tenant.
    pub fn of(facts: &Facts<'_>, trusted_hosts: &IpSet, vendor_domains: &DomainSet) -> Self {
        let accepted = facts.accepted.domains_touched();
        let named = named_in_rules(facts.path);
        let protected = DomainSet::union_all([&accepted, vendor_domains, &named]);
        let shared: Vec<Domain> = protected
            .positive()
            .map(|(domain, ..)| domain)
            .filter(is_shared)
            .collect();
        // The tenant's own `onmicrosoft.com` name is nobody else's, though the domain above it is everybody's.
        // Nobody else has what is below a domain either.
        let named: Vec<Domain> = protected.positive().map(|(domain, ..)| domain).collect();
        let protected = DomainSet::all_with_subs(&named)
            .minus(&DomainSet::all_with_subs(&shared))
            .union(&accepted);
        let owned = AddressSet::domains(&protected);
        let not_pass = |words: auth::Words, passes: &[&str]| {
            passes
                .iter()
                .fold(words.all(), |set, word| set & !words.bit(word).unwrap_or(0))
        };
        let base = Cube {
            ip: trusted_hosts.complement(),
            auth_ip: trusted_hosts.complement(),
            dkim: Names::none_in(protected.clone()),
            to: facts.recipients(),
            ..Cube::all()
        };
        let forged_from = Cube {
            from: owned.clone(),
            dmarc: not_pass(auth::DMARC, &["pass", "bestguesspass"]),
            compauth: not_pass(auth::COMPAUTH, &["pass", "softpass"]),
            ..base.clone()
        };
        let own_from = Cube {
            from: owned.complement(),
            ..base
        };
        let mut set = MessageSet::empty();
        for cube in [forged_from, own_from] {
            let spf = not_pass(auth::SPF, &["pass"]);
            set.push(Cube {
                mail_from: owned.clone(),
                spf,
                ..cube.clone()
            });
            set.push(Cube {
                mail_from: owned.complement(),
                ..cube
            });
        }
        // From hosts of others that a record lets send, they pass as whoever publishes it.
        for broad in &facts.dns.broad {
            let lent = broad.lent().minus(trusted_hosts);
            let domain = AddressSet::domain(&broad.domain);
            if lent.is_empty() || accepted.contains(&broad.domain) {
                continue;
            }
            for from in [domain.clone(), owned.complement()] {
                set.push(Cube {
                    ip: lent.clone(),
                    auth_ip: lent.clone(),
                    mail_from: domain.clone(),
                    from,
                    dkim: Names::none_in(protected.clone()),
                    to: facts.recipients(),
                    ..Cube::all()
                });
            }
        }
        Self { set, protected }
    }
}

/// Domains that any allow names as senders or signers.
fn named_in_rules(path: &MailPath) -> DomainSet {
    let mut sets = Vec::new();
    // Who is only named to be blocked may well be the attacker.
    for (_, _, rule) in path.rules().filter(|(_, _, rule)| !rule.may_clear().is_empty()) {
        for entry in rule.lists.iter().flat_map(|list| &list.entries) {
            match &entry.meaning {
                Meaning::Senders(senders) if !senders.is_open() => sets.push(senders.domains_touched()),
                Meaning::Names(names) if !names.is_open() => sets.push(names.clone()),
                _ => {}
            }
        }
    }
    DomainSet::union_all(&sets)
}
