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
    /// Hosts that records of others lend out: from them anybody passes as the domain.
    pub lent: Vec<(Domain, IpSet)>,
}

impl Attacker {
    /// The attacker of a tenant.
    pub fn of(facts: &Facts<'_>, trusted_hosts: &IpSet, vendor_domains: &DomainSet) -> Self {
        Self::but_for(facts, trusted_hosts, vendor_domains, &named_in_rules(facts.path))
    }

    /// The attacker that a tenant's declarations leave: who a rule names has no part in it.
    pub fn declared(facts: &Facts<'_>, trusted_hosts: &IpSet, vendor_domains: &DomainSet) -> Self {
        Self::but_for(facts, trusted_hosts, vendor_domains, &DomainSet::empty())
    }

    fn but_for(facts: &Facts<'_>, trusted_hosts: &IpSet, vendor_domains: &DomainSet, named: &DomainSet) -> Self {
        let accepted = facts.accepted.domains_touched();
        let protected = DomainSet::union_all([&accepted, vendor_domains, named]);
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
        let others = facts.dns.broad.iter().filter(|broad| !accepted.contains(&broad.domain));
        let lent = others.map(|broad| (broad.domain.clone(), broad.lent())).collect();
        Self::beyond(trusted_hosts, protected, lent, &facts.recipients())
    }

    /// Whoever sends to these recipients from other than trusted hosts, and without valid authentication for protected
    /// domains but where these lend out hosts.
    pub fn beyond(trusted_hosts: &IpSet, protected: DomainSet, lent: Vec<(Domain, IpSet)>, to: &AddressSet) -> Self {
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
            to: to.clone(),
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
        for (domain, hosts) in &lent {
            let hosts = hosts.minus(trusted_hosts);
            if hosts.is_empty() {
                continue;
            }
            let domain = AddressSet::domain(domain);
            for from in [domain.clone(), owned.complement()] {
                set.push(Cube {
                    ip: hosts.clone(),
                    auth_ip: hosts.clone(),
                    mail_from: domain.clone(),
                    from,
                    dkim: Names::none_in(protected.clone()),
                    to: to.clone(),
                    ..Cube::all()
                });
            }
        }
        Self { set, protected, lent }
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
