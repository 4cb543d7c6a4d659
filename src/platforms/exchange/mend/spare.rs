//! Letting a stream past what ends its way: the entry that is the vendor's leaves the list, or the rule makes an exception.

use crate::allow::address::AddressSet;
use crate::allow::ip::IpSet;
use crate::path::{Entry, Meaning, Rule, RuleAt};
use crate::platform::change::{Change, Deed, Edit};
use crate::platform::mend::{Mending, Way};
use crate::requirement::{Means, Requirement};

use super::super::kind::Kind;
use super::admit::{longer_list, missing, set_of};
use super::{Mender, hosts, name_of, none, texts_of};

impl<'m> Mender<'m, '_> {
    /// A rule that ends the way is to let a stream pass.
    pub(super) fn spare(&self, requirement: &'m Requirement<'m>, at: RuleAt) -> Mending {
        let Some(rule) = self.rule(at) else {
            return none("the rule is not there");
        };
        let otherwise = match rule.control {
            "inbound-connector" => {
                "whether the vendor's mail may come past the connector is for whoever runs it to say"
            }
            "reject-direct-send" => {
                "the vendor has to send with a domain of its own, or needs a connector for its addresses"
            }
            _ => "the entry takes more than the vendor's mail; except the vendor from it, or narrow it",
        };
        let way = match rule.control {
            "ip-block" | "anti-spam-block" => self.unlisted(rule, requirement),
            "tenant-block" => self.unblocked(rule, requirement),
            "transport-rule" => self.excepted(rule, requirement),
            _ => None,
        };
        Mending {
            ways: way.into_iter().collect(),
            otherwise: otherwise.to_owned(),
        }
    }

    /// The entries that are the vendor's alone leave their list.
    fn unlisted(&self, rule: &Rule, requirement: &Requirement<'_>) -> Option<Way> {
        let (kind, record) = self.record(rule.origin)?;
        let mut edits = Vec::new();
        for list in &rule.lists {
            let values: Vec<String> = list
                .entries
                .iter()
                .filter(|entry| is_theirs(entry, requirement))
                .map(|entry| entry.text.clone())
                .collect();
            if !values.is_empty() {
                edits.push(Edit::Remove {
                    setting: list.name,
                    values,
                });
            }
        }
        (!edits.is_empty()).then(|| Way {
            changes: vec![Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(edits),
            }],
            reason: "the entries are the vendor's own values, so nobody else is let in".to_owned(),
        })
    }

    /// The rows that are the vendor's alone go.
    fn unblocked(&self, rule: &Rule, requirement: &Requirement<'_>) -> Option<Way> {
        let entries = rule.lists.iter().flat_map(|list| &list.entries);
        let changes: Vec<Change> = entries
            .filter(|entry| is_theirs(entry, requirement))
            .filter_map(|entry| self.row_gone(entry))
            .collect();
        (!changes.is_empty()).then(|| Way {
            changes,
            reason: "the blocked values are the vendor's own, so nobody else is let in".to_owned(),
        })
    }

    /// A mail flow rule makes an exception for the vendor's addresses.
    fn excepted(&self, rule: &Rule, requirement: &Requirement<'_>) -> Option<Way> {
        let needed = hosts(requirement);
        let (kind, record) = self.record(rule.origin)?;
        let setting = "ExceptIfSenderIpRanges";
        let missing = missing(&needed, &set_of(&texts_of(record, setting)));
        (kind == Kind::TransportRule && !missing.is_empty()).then(|| Way {
            changes: vec![Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(vec![longer_list(record, setting, missing)]),
            }],
            reason:
                "an exception by address is one that nobody else can meet, and the rule stays as it is for all others"
                    .to_owned(),
        })
    }
}

/// Whether an entry takes mail of the vendor and nobody else's.
fn is_theirs(entry: &Entry, requirement: &Requirement<'_>) -> bool {
    let facts = requirement.facts.iter().filter(|fact| fact.required);
    match &entry.meaning {
        Meaning::Networks(hosts) => {
            let own: Vec<&IpSet> = facts
                .filter_map(|fact| match &fact.means {
                    Means::Hosts(hosts) => Some(hosts),
                    _ => None,
                })
                .collect();
            !hosts.is_empty() && IpSet::union_all(own).covers(hosts)
        }
        Meaning::Senders(senders) => {
            let own: Vec<AddressSet> = facts
                .filter_map(|fact| match &fact.means {
                    Means::Senders(senders) if !senders.is_open() => {
                        Some(AddressSet::domains(&senders.domains_touched()))
                    }
                    _ => None,
                })
                .collect();
            !senders.is_empty() && AddressSet::union_all(&own).covers(senders)
        }
        _ => false,
    }
}
