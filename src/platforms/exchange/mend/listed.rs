//! What Advanced Delivery has, and what brings more into it.

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::path::Meaning;
use crate::platform::change::{Change, Deed, Edit, Value};

use super::super::bundle::Bundle;
use super::super::kind::Kind;
use super::super::overrides::ADVANCED_DELIVERY;

/// The policy of Advanced Delivery always has this name (`New-PhishSimOverridePolicy`).
const POLICY: &str = "PhishSimOverridePolicy";

/// What a new rule is called until the product gives it a name of its own, `_Exe:PhishSimOverr:<GUID>`
/// (`Get-ExoPhishSimOverrideRule`).
const RULE: &str = "_Exe:PhishSimOverr:new";

/// What Advanced Delivery has.
pub(super) struct Listed {
    /// `<kind>/<name>` of the rule.
    pub object: String,
    /// Its name; none if there is no rule.
    pub name: Option<String>,
    /// Whether the policy that it belongs to is there.
    pub policy: bool,
    pub domains: Vec<Domain>,
    pub hosts: IpSet,
    pub n_hosts: usize,
}

impl Listed {
    pub(super) fn of(bundle: &Bundle<'_>, path: &crate::path::MailPath) -> Result<Self, ()> {
        if !bundle.whole(Kind::AdvancedDeliveryRule) || !bundle.whole(Kind::AdvancedDeliveryPolicy) {
            return Err(());
        }
        let policy = !bundle.records(Kind::AdvancedDeliveryPolicy).is_empty();
        let rule = path
            .rules()
            .map(|(_, _, rule)| rule)
            .find(|rule| rule.control == ADVANCED_DELIVERY.control && rule.in_force() && !rule.lists.is_empty());
        let Some(rule) = rule else {
            return Ok(Self {
                object: format!("{}/{RULE}", Kind::AdvancedDeliveryRule.as_str()),
                name: None,
                policy,
                domains: Vec::new(),
                hosts: IpSet::empty(),
                n_hosts: 0,
            });
        };
        let entries = |name: &str| {
            let list = rule.lists.iter().find(move |list| list.name == name);
            list.map_or(&[][..], |list| list.entries.as_slice())
        };
        let hosts: Vec<&IpSet> = entries("SenderIpRanges")
            .iter()
            .filter_map(|entry| match &entry.meaning {
                Meaning::Networks(hosts) => Some(hosts),
                _ => None,
            })
            .collect();
        Ok(Self {
            object: rule.object.clone(),
            name: rule.object.split_once('/').map(|(_, name)| name.to_owned()),
            policy,
            domains: entries("Domains")
                .iter()
                .filter_map(|entry| Domain::parse(entry.text.trim()).ok())
                .collect(),
            n_hosts: entries("SenderIpRanges").len(),
            hosts: IpSet::union_all(hosts),
        })
    }

    pub(super) fn changes(self, addresses: Vec<String>, domains: Vec<String>) -> Vec<Change> {
        let kind = Kind::AdvancedDeliveryRule.as_str();
        if let Some(name) = self.name {
            let mut edits = Vec::new();
            for (setting, values) in [("Domains", domains), ("SenderIpRanges", addresses)] {
                if !values.is_empty() {
                    edits.push(Edit::Add { setting, values });
                }
            }
            if edits.is_empty() {
                return Vec::new();
            }
            return vec![Change {
                kind,
                name,
                deed: Deed::Edit(edits),
            }];
        }
        let mut changes = Vec::new();
        if !self.policy {
            changes.push(Change {
                kind: Kind::AdvancedDeliveryPolicy.as_str(),
                name: POLICY.to_owned(),
                deed: Deed::Create(vec![("Enabled", Value::Flag(true))]),
            });
        }
        changes.push(Change {
            kind,
            name: RULE.to_owned(),
            deed: Deed::Create(vec![
                ("Policy", Value::Text(POLICY.to_owned())),
                ("Domains", Value::Texts(domains)),
                ("SenderIpRanges", Value::Texts(addresses)),
            ]),
        });
        changes
    }
}
