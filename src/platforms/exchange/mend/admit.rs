//! Letting a stream pass: Advanced Delivery for simulations, addresses in a rule or in the connection filter for the rest.

use std::collections::BTreeMap;

use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::IpSet;
use crate::message::Identity;
use crate::pack::Clears;
use crate::path::{Effect, Rule, RuleAt};
use crate::platform::change::{Change, Deed, Edit, Value};
use crate::platform::mend::{Mending, Way};
use crate::policy::PlatformLimit;
use crate::requirement::{Fact, Means, Requirement};

use super::super::kind::Kind;
use super::super::overrides::SCL_BYPASS;
use super::listed::Listed;
use super::{Mender, hosts, name_of, none, texts_of};

/// Values that earlier wishes put into a list, by object and setting.
#[derive(Default)]
pub(super) struct Planned(BTreeMap<(String, &'static str), Vec<String>>);

impl Planned {
    fn of(&self, object: &str, setting: &'static str) -> &[String] {
        self.0.get(&(object.to_owned(), setting)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, object: &str, setting: &'static str, values: &[String]) {
        let known = self.0.entry((object.to_owned(), setting)).or_default();
        for value in values {
            if !known.contains(value) {
                known.push(value.clone());
            }
        }
    }
}

impl<'m> Mender<'m, '_> {
    /// All mail of a stream is to pass.
    pub(super) fn admit(&mut self, requirement: &'m Requirement<'m>, by: Option<RuleAt>) -> Mending {
        let missing: Vec<&str> = requirement
            .unset
            .iter()
            .filter(|parameter| parameter.required)
            .map(|parameter| parameter.id.value.as_str())
            .collect();
        if let Some(parameter) = missing.first() {
            return none(&format!(
                "the parameter `{parameter}` has no value, so what the vendor needs is not known"
            ));
        }
        if requirement.stream.clears.value == Clears::Everything {
            self.by_advanced_delivery(requirement)
        } else {
            self.by_address(requirement, by)
        }
    }

    fn by_advanced_delivery(&mut self, requirement: &Requirement<'_>) -> Mending {
        let known = Listed::of(self.bundle, self.input.path);
        let Ok(known) = known else {
            return none("whether Advanced Delivery is set up is not known, because an export of it is missing");
        };
        let Some(domains) = self.missing_domains(requirement, &known) else {
            return none(
                "the pack names neither the envelope sender's domain nor the signing one, and Advanced Delivery asks for either",
            );
        };
        let needed = hosts(requirement);
        if needed.is_empty() {
            return none("the pack names no addresses of the vendor, and Advanced Delivery asks for them");
        }
        let planned = set_of(self.planned.of(&known.object, "SenderIpRanges"));
        let left: Vec<&Fact> = needed
            .into_iter()
            .filter(|fact| match &fact.means {
                Means::Hosts(hosts) => !known.hosts.union(&planned).covers(&hosts.v4_only()),
                _ => false,
            })
            .collect();
        let mut addresses: Vec<String> = left.iter().map(|fact| fact.text.clone()).collect();
        let taken = |planned: &[String], listed: usize| listed + planned.len();
        let hosts_taken = taken(self.planned.of(&known.object, "SenderIpRanges"), known.n_hosts);
        let most = self.limit("advanced-delivery", "SenderIpRanges");
        if most.is_some_and(|most| hosts_taken + addresses.len() > most) {
            // Neighbours in one network take one entry and let nobody else in.
            let all: Vec<&IpSet> = left
                .iter()
                .filter_map(|fact| match &fact.means {
                    Means::Hosts(hosts) => Some(hosts),
                    _ => None,
                })
                .collect();
            let merged = IpSet::union_all(all).v4_only().nets();
            addresses = merged.iter().map(ToString::to_string).collect();
        }
        if let Some(most) = most.filter(|most| hosts_taken + addresses.len() > *most) {
            return none(&format!(
                "`{}` does not fit: Advanced Delivery takes {most} addresses, {hosts_taken} are there and {} would have to come in; take out what is no longer used, or ask the vendor for networks that hold several of its hosts",
                requirement.vendor(),
                addresses.len(),
            ));
        }
        let domains_taken = taken(self.planned.of(&known.object, "Domains"), known.domains.len());
        if let Some(most) = self
            .limit("advanced-delivery", "Domains")
            .filter(|most| domains_taken + domains.len() > *most)
        {
            return none(&format!(
                "`{}` does not fit: Advanced Delivery takes {most} domains, {domains_taken} are there and {} would have to come in; ask the vendor to send or sign with fewer",
                requirement.vendor(),
                domains.len(),
            ));
        }
        self.planned.add(&known.object, "SenderIpRanges", &addresses);
        self.planned.add(&known.object, "Domains", &domains);
        let changes = known.changes(addresses, domains);
        if changes.is_empty() {
            return none("Advanced Delivery has all values of the vendor and still leaves part of its mail");
        }
        Mending {
            ways: vec![Way {
                changes,
                reason: "only what is missing comes in, and no other control holds against every verdict".to_owned(),
            }],
            otherwise: "list the vendor's domains and addresses in Advanced Delivery".to_owned(),
        }
    }

    /// The domains that have to come in: of the envelope sender or of the signature, whichever are fewer. None if neither
    /// names all of the stream's mail.
    fn missing_domains(&self, requirement: &Requirement<'_>, known: &Listed) -> Option<Vec<String>> {
        let planned: Vec<Domain> = self
            .planned
            .of(&known.object, "Domains")
            .iter()
            .filter_map(|text| Domain::parse(text).ok())
            .collect();
        let listed = DomainSet::all_exact(&known.domains).union(&DomainSet::all_exact(&planned));
        [Identity::MailFrom, Identity::Dkim]
            .into_iter()
            .filter_map(|identity| domains(requirement, identity))
            .map(|wanted| {
                let mut missing: Vec<String> = Vec::new();
                for domain in wanted.iter().filter(|domain| !listed.contains(domain)) {
                    if !missing.iter().any(|known| known == domain.as_str()) {
                        missing.push(domain.as_str().to_owned());
                    }
                }
                missing
            })
            .min_by_key(Vec::len)
    }

    /// Mail that is no simulation: the list that has part of it, else a rule of its own, else the connection filter.
    fn by_address(&mut self, requirement: &Requirement<'_>, by: Option<RuleAt>) -> Mending {
        let needed = hosts(requirement);
        if needed.is_empty() {
            return none(
                "the pack names no addresses of the vendor, and nothing else of its mail is out of reach for others",
            );
        }
        let mut ways = Vec::new();
        ways.extend(
            by.and_then(|at| self.rule(at))
                .and_then(|rule| self.longer(rule, &needed)),
        );
        ways.extend(self.new_rule(requirement, &needed));
        ways.extend(self.in_connection_filter(&needed));
        Mending {
            ways,
            otherwise:
                "let it through by the vendor's addresses: a mail flow rule that sets the SCL to -1, or `IPAllowList`"
                    .to_owned(),
        }
    }

    /// The control that has part of the mail gets the rest.
    fn longer(&self, rule: &Rule, needed: &[&Fact]) -> Option<Way> {
        let list = rule
            .lists
            .iter()
            .find(|list| !list.exception && list.identities.contains(&Identity::ConnectingIp))?;
        let (kind, record) = self.record(rule.origin)?;
        let there = set_of(&texts_of(record, list.name));
        let missing = missing(needed, &there);
        if missing.is_empty() {
            return None;
        }
        let edit = match kind {
            Kind::ConnectionFilter => Edit::Add {
                setting: "IPAllowList",
                values: missing,
            },
            Kind::TransportRule => longer_list(record, "SenderIpRanges", missing),
            _ => return None,
        };
        Some(Way {
            changes: vec![Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(vec![edit]),
            }],
            reason: "the control is there and lacks only these addresses".to_owned(),
        })
    }

    /// A rule of its own, before any that would stop it.
    fn new_rule(&self, requirement: &Requirement<'_>, needed: &[&Fact]) -> Option<Way> {
        if !self.bundle.whole(Kind::TransportRule) {
            return None;
        }
        let stops = |rule: &Rule| {
            let ends = |effect: &Effect| matches!(effect, Effect::Stops);
            rule.in_force() && rule.effects.iter().any(ends) && !rule.guard.split(&requirement.narrow).is_empty()
        };
        let first = self
            .input
            .path
            .rules()
            .find(|(_, stage, rule)| stage.id.ends_with("/transport-rules") && stops(rule))
            .and_then(|(_, _, rule)| super::field::integer(self.record(rule.origin)?.1.get("Priority")).into_value());
        let mut settings = vec![
            (
                "SenderIpRanges",
                Value::Texts(needed.iter().map(|fact| fact.text.clone()).collect()),
            ),
            ("SetSCL", Value::Number(-1)),
        ];
        settings.extend(first.map(|priority| ("Priority", Value::Number(priority))));
        // No longer than a rule's name may be (`New-TransportRule`), whatever the pack is called.
        let name: String = format!("Allow {} mail of {}", requirement.stream_id(), requirement.vendor())
            .chars()
            .take(64)
            .collect();
        Some(Way {
            changes: vec![Change {
                kind: Kind::TransportRule.as_str(),
                name,
                deed: Deed::Create(settings),
            }],
            reason: "one rule that asks for the vendor's addresses; Advanced Delivery is for simulations alone"
                .to_owned(),
        })
        .filter(|_| SCL_BYPASS.clears.overlaps(requirement.concerns))
    }

    fn in_connection_filter(&self, needed: &[&Fact]) -> Option<Way> {
        let [record] = self.bundle.records(Kind::ConnectionFilter) else {
            return None;
        };
        let missing = missing(needed, &set_of(&texts_of(*record, "IPAllowList")));
        (!missing.is_empty()).then(|| Way {
            changes: vec![Change {
                kind: Kind::ConnectionFilter.as_str(),
                name: name_of(*record),
                deed: Deed::Edit(vec![Edit::Add {
                    setting: "IPAllowList",
                    values: missing,
                }]),
            }],
            reason: "the connection filter takes addresses and asks for nothing else".to_owned(),
        })
    }

    /// The most entries that every source leaves room for; a figure that only some name is for the report.
    fn limit(&self, control: &str, list: &str) -> Option<usize> {
        let fits = |limit: &&PlatformLimit| {
            limit.platform.value == "exchange"
                && limit.control.value == control
                && limit.list.value == list
                && !limit.disputed
        };
        let limits = self.input.limits.iter().filter(fits);
        limits
            .filter_map(|limit| usize::try_from(limit.max_entries?.value).ok())
            .min()
    }
}

/// A list of a rule with more in it. The cmdlets of rules take whole lists.
pub(super) fn longer_list(record: crate::document::Node<'_>, setting: &'static str, more: Vec<String>) -> Edit {
    let before = texts_of(record, setting);
    let mut after = before.clone();
    after.extend(more);
    Edit::Set {
        setting,
        before: if before.is_empty() {
            Value::Nothing
        } else {
            Value::Texts(before)
        },
        after: Value::Texts(after),
    }
}

/// Addresses of a vendor that a list does not have.
pub(super) fn missing(needed: &[&Fact], there: &IpSet) -> Vec<String> {
    needed
        .iter()
        .filter(|fact| match &fact.means {
            Means::Hosts(hosts) => !there.covers(hosts),
            _ => false,
        })
        .map(|fact| fact.text.clone())
        .collect()
}

/// The addresses that texts surely mean.
pub(super) fn set_of(texts: &[String]) -> IpSet {
    let sets: Vec<IpSet> = texts
        .iter()
        .filter_map(|text| crate::spelling::networks(text).ok())
        .collect();
    IpSet::union_all(&sets)
}

/// The domains by which all of a stream's mail is named; none if the pack leaves some of it open.
fn domains(requirement: &Requirement<'_>, identity: Identity) -> Option<Vec<Domain>> {
    let facts: Vec<&Fact> = requirement
        .facts
        .iter()
        .filter(|fact| fact.required && fact.identity == identity)
        .collect();
    let mut all = Vec::new();
    for fact in &facts {
        let named: Vec<(Domain, bool, bool)> = match &fact.means {
            Means::Senders(senders) if !senders.is_open() => senders.domains_touched().positive().collect(),
            Means::Names(names) if !names.is_open() => names.positive().collect(),
            _ => return None,
        };
        for (domain, _, below) in named {
            if below {
                return None;
            }
            all.push(domain);
        }
    }
    (!all.is_empty()).then_some(all)
}
