//! Keeping others out: an entry leaves its list, or a rule asks for the vendor's addresses as well.

use crate::allow::ip::IpSet;
use crate::document::Node;
use crate::path::{Entry, List, Meaning, Rule, RuleAt};
use crate::platform::change::{Change, Deed, Edit, Value};
use crate::platform::mend::Mending;
use crate::requirement::{Means, Requirement};
use crate::source::Span;

use super::super::kind::{Kind, TenantList};
use super::admit::{longer_list, set_of};
use super::{Mender, entry_at, hosts, name_of, none, one, texts_of, value_of};

impl Mender<'_, '_> {
    /// An entry is to leave its list. What vendors need of it comes in by itself.
    pub(super) fn withdraw(&self, at: RuleAt, place: Span) -> Mending {
        let Some(rule) = self.rule(at) else {
            return none("the rule is not there");
        };
        let Some((list, entry)) = entry_at(rule, place) else {
            return none("the entry is not there");
        };
        if entry.detail.is_some() {
            return match self.row_gone(entry) {
                Some(change) => one(change, "the row goes and no other", "take the row out"),
                None => none("take the row out"),
            };
        }
        let Some((kind, record)) = self.record(rule.origin) else {
            return none("take the entry out");
        };
        if !rule.in_force() {
            return none(
                "the rule takes no part, so its entries let nobody in; take it out as a whole, if nobody wants it back",
            );
        }
        let stays = texts_of(record, list.name).len() > 1;
        let more = self.needed_of(list, entry);
        let edits = match kind {
            // A condition without values is no condition, and then the rule is about all mail; Advanced Delivery asks for
            // a value of each kind.
            Kind::TransportRule | Kind::AdvancedDeliveryRule if !stays && more.is_empty() => {
                return none("it is the last value of its condition: take the rule out, if nobody needs it");
            }
            Kind::TransportRule => vec![exchanged(record, list.name, entry, more)],
            Kind::AdvancedDeliveryRule
            | Kind::ConnectionFilter
            | Kind::ContentFilterPolicy
            | Kind::AntiPhishPolicy
            | Kind::SafeLinksPolicy => {
                let mut edits = vec![Edit::Remove {
                    setting: list.name,
                    values: vec![entry.text.clone()],
                }];
                if !more.is_empty() {
                    edits.push(Edit::Add {
                        setting: list.name,
                        values: more,
                    });
                }
                edits
            }
            _ => return none("take the entry out, if nobody needs it"),
        };
        one(
            Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(edits),
            },
            "the entry goes, what vendors need of it stays, and nothing else changes",
            "take the entry out, once the mail it lets in comes through otherwise",
        )
    }

    /// What vendors need of a network, where the rest of the list does not have it.
    fn needed_of(&self, list: &List, entry: &Entry) -> Vec<String> {
        let (Meaning::Networks(hosts) | Meaning::Malformed { meant: Some(hosts), .. }) = &entry.meaning else {
            return Vec::new();
        };
        let others: Vec<&IpSet> = list
            .entries
            .iter()
            .filter(|other| other.span != entry.span)
            .filter_map(|other| match &other.meaning {
                Meaning::Networks(hosts) => Some(hosts),
                _ => None,
            })
            .collect();
        let others = IpSet::union_all(others);
        let mut needed: Vec<String> = Vec::new();
        for fact in self.input.requirements.iter().flat_map(super::hosts) {
            let Means::Hosts(own) = &fact.means else { continue };
            let lost = own.overlaps(hosts) && !others.covers(own);
            // A value that is the entry itself comes in again in vain.
            if lost && fact.text != entry.text && !needed.contains(&fact.text) {
                needed.push(fact.text.clone());
            }
        }
        needed
    }

    /// A row of the Tenant Allow/Block List goes, with what it takes to make it again.
    pub(super) fn row_gone(&self, entry: &Entry) -> Option<Change> {
        let place = entry.span;
        let object = entry.detail.as_ref()?.object.as_str();
        let (kind, record) = self.record(place)?;
        match kind {
            Kind::TenantList => {
                let list = TenantList::ALL.into_iter().find(|list| {
                    self.bundle
                        .list_records(kind, Some(*list))
                        .iter()
                        .any(|row| row.span() == record.span())
                })?;
                let mut settings = vec![("ListType", Value::Text(list.as_str().to_owned()))];
                for key in ["Value", "Action", "Notes", "ExpirationDate", "RemoveAfter"] {
                    settings.extend(
                        record
                            .get(key)
                            .filter(|value| !value.is_null())
                            .map(|value| (key, value_of(value))),
                    );
                }
                Some(Change {
                    kind: kind.as_str(),
                    name: object.split_once('/').map_or(object, |(_, name)| name).to_owned(),
                    deed: Deed::Delete(settings),
                })
            }
            Kind::TenantListSpoof => {
                let mut settings = Vec::new();
                for key in [
                    "Identity",
                    "SpoofedUser",
                    "SendingInfrastructure",
                    "SpoofType",
                    "Action",
                ] {
                    settings.extend(
                        record
                            .get(key)
                            .filter(|value| !value.is_null())
                            .map(|value| (key, value_of(value))),
                    );
                }
                Some(Change {
                    kind: kind.as_str(),
                    name: object.split_once('/').map_or(object, |(_, name)| name).to_owned(),
                    deed: Deed::Delete(settings),
                })
            }
            _ => None,
        }
    }

    /// A rule is to ask for the hosts of those who need it: vendors, and the tenant's own where it is about their mail.
    pub(super) fn confine(&self, at: RuleAt, own: bool) -> Mending {
        let Some(rule) = self.rule(at) else {
            return none("the rule is not there");
        };
        let Some((Kind::TransportRule, record)) = self.record(rule.origin) else {
            return none("the control has no second condition: let the mail through by one that has");
        };
        let mut needed: Vec<String> = Vec::new();
        for user in self.users(rule) {
            let hosts = hosts(user);
            if hosts.is_empty() {
                return none(
                    "the pack of a vendor that needs the rule names no addresses, and nothing else is out of reach for others",
                );
            }
            needed.extend(hosts.iter().map(|fact| fact.text.clone()));
        }
        if own {
            if self.input.own.is_empty() {
                return none(
                    "which hosts write in the tenant's own name is not known: declare them as `[[own]]`, or take the rule out if there are none",
                );
            }
            let networks = self.input.own.iter().flat_map(|own| &own.networks);
            let texts = networks.flat_map(|network| network.value.nets());
            needed.extend(texts.map(|net| net.to_string()));
        }
        if needed.is_empty() {
            return none(
                "no declared vendor needs the rule, so whether anybody does is not known: ask its owner, then narrow it or take it out",
            );
        }
        let there = set_of(&texts_of(record, "SenderIpRanges"));
        let mut values: Vec<String> = Vec::new();
        for text in needed {
            let new = !values.contains(&text);
            if new && !there.covers(&set_of(std::slice::from_ref(&text))) {
                values.push(text);
            }
        }
        if values.is_empty() {
            return none("the rule asks for addresses already");
        }
        one(
            Change {
                kind: Kind::TransportRule.as_str(),
                name: name_of(record),
                deed: Deed::Edit(vec![longer_list(record, "SenderIpRanges", values)]),
            },
            "one condition more, which those who need the rule meet and nobody else",
            "add a condition that nobody else can meet",
        )
    }

    /// The streams of which the rule clears something.
    fn users<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = &'s Requirement<'s>> {
        let streams = self.input.requirements.iter();
        streams.filter(move |requirement| !rule.guard.split(&requirement.narrow).sure.is_empty())
    }
}

/// A list of a rule with one value exchanged for others. The cmdlets of rules take whole lists.
fn exchanged(record: Node<'_>, setting: &'static str, entry: &Entry, more: Vec<String>) -> Edit {
    let before = texts_of(record, setting);
    let mut after = before.clone();
    if let Some(at) = after.iter().position(|text| *text == entry.text) {
        after.remove(at);
    }
    after.extend(more);
    Edit::Set {
        setting,
        before: Value::Texts(before),
        after: Value::Texts(after),
    }
}
