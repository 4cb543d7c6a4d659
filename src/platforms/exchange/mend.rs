//! Which settings bring about what a check asks for.
//!
//! Advanced Delivery comes before a rule that sets the SCL to -1, and that before the connection filter: the first is
//! the only one that holds against every verdict a simulation draws, the last asks for nothing but an address
//! (exchange-semantics 1.1; <https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>).
//! Nothing here proves anything: a way is tried on the exports before anybody sees it.

mod admit;
mod listed;
mod narrow;
mod spare;

use crate::document::Node;
use crate::path::remedy::Remedy;
use crate::path::{Entry, List, Rule, RuleAt};
use crate::platform::change::{Change, Deed, Edit, Value};
use crate::platform::mend::{MendInput, Mending, Way};
use crate::requirement::{Fact, Means, Requirement};
use crate::source::Span;

use super::bundle::Bundle;
use super::field;
use super::kind::{self, Kind};

use admit::Planned;

/// Answers every wish.
pub(super) fn mend(input: &MendInput<'_>) -> Vec<Mending> {
    let bundle = Bundle::gather(input.read);
    let mut mender = Mender {
        input,
        bundle: &bundle,
        planned: Planned::default(),
    };
    input.wishes.iter().map(|wish| mender.answer(wish)).collect()
}

struct Mender<'m, 'a> {
    input: &'m MendInput<'m>,
    bundle: &'m Bundle<'a>,
    /// What earlier wishes put into lists that have a limit.
    planned: Planned,
}

impl<'m> Mender<'m, '_> {
    fn answer(&mut self, wish: &Remedy) -> Mending {
        match wish {
            Remedy::Admit { vendor, stream, by } => match self.requirement(vendor, stream) {
                Some(requirement) => self.admit(requirement, *by),
                None => none("the vendor is not declared"),
            },
            Remedy::Spare { rule, vendor, stream } => match self.requirement(vendor, stream) {
                Some(requirement) => self.spare(requirement, *rule),
                None => none("the vendor is not declared"),
            },
            Remedy::Withdraw { rule, entry } => self.withdraw(*rule, *entry),
            Remedy::Confine { rule, own } => self.confine(*rule, *own),
            Remedy::Enforce { rule } => self.enforce(*rule),
            Remedy::Precede { rule, before } => self.precede(*rule, *before),
            Remedy::Revoke { grant } => self.revoke(*grant),
        }
    }

    fn requirement(&self, vendor: &str, stream: &str) -> Option<&'m Requirement<'m>> {
        let mut all = self.input.requirements.iter();
        all.find(|requirement| requirement.vendor() == vendor && requirement.stream_id() == stream)
    }

    fn rule(&self, at: RuleAt) -> Option<&'m Rule> {
        self.input.path.rule(at)
    }

    /// The record and the kind of the object around a place.
    fn record(&self, place: Span) -> Option<(Kind, Node<'_>)> {
        kind::all().find_map(|kind| {
            let mut records = self.bundle.all_records(kind);
            records
                .find(|record| record.span().holds(place))
                .map(|record| (kind, record))
        })
    }

    /// A rule that takes no part: the setting that keeps it out gets the value that puts it in force.
    fn enforce(&self, at: RuleAt) -> Mending {
        let Some(rule) = self.rule(at) else {
            return none("the rule is not there");
        };
        let crate::path::Force::Dormant { label, help, .. } = &rule.force else {
            return none("the rule is in force");
        };
        let Some((kind, record)) = self.record(label.span) else {
            return none(help);
        };
        let found = record.entries().find(|(_, value)| value.span().holds(label.span));
        let Some((key, value)) = found else { return none(help) };
        let key = key.name.trim().to_ascii_lowercase();
        // Enable-TransportRule, `-Mode Enforce`, `-ExpiryDate $null` (exchange-semantics 2.1); `-Enabled $true` of the
        // policy of Advanced Delivery (section 5).
        let (setting, after) = match (kind, key.as_str()) {
            (Kind::TransportRule, "state") => ("State", Value::Text("Enabled".to_owned())),
            (Kind::TransportRule, "mode") => ("Mode", Value::Text("Enforce".to_owned())),
            (Kind::TransportRule, "expirydate") => ("ExpiryDate", Value::Nothing),
            (Kind::TransportRule, "activationdate") => ("ActivationDate", Value::Nothing),
            (Kind::AdvancedDeliveryPolicy, "enabled") => ("Enabled", Value::Flag(true)),
            _ => return none(help),
        };
        one(
            Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(vec![Edit::Set {
                    setting,
                    before: value_of(value),
                    after,
                }]),
            },
            "one setting keeps it out of force, and everything else of it stays",
            help,
        )
    }

    /// A mail flow rule takes the place of the one that has to come after it.
    fn precede(&self, at: RuleAt, before: RuleAt) -> Mending {
        let priority = |at: RuleAt| {
            let (kind, record) = self.record(self.rule(at)?.origin)?;
            let priority = field::integer(record.get("Priority")).into_value()?;
            (kind == Kind::TransportRule).then(|| (name_of(record), priority))
        };
        let advice = "only mail flow rules have an order that can be changed";
        let (Some((name, own)), Some((other, first))) = (priority(at), priority(before)) else {
            return none(advice);
        };
        if own <= first || name == other {
            return none(advice);
        }
        one(
            Change {
                kind: Kind::TransportRule.as_str(),
                name,
                deed: Deed::Edit(vec![Edit::Set {
                    setting: "Priority",
                    before: Value::Number(own),
                    after: Value::Number(first),
                }]),
            },
            "the rule moves just before the one that stops it, and the order of all others stays",
            "except the vendor's mail from the rule that comes first",
        )
    }

    /// A switch that grants more than an allow does.
    fn revoke(&self, grant: usize) -> Mending {
        let Some(grant) = self.input.path.grants.get(grant) else {
            return none("the setting is not there");
        };
        let Some((kind, record)) = self.record(grant.label.span) else {
            return none(&grant.help);
        };
        let found = record.entries().find(|(_, value)| value.span().holds(grant.label.span));
        let key = found
            .map(|(key, _)| key.name.trim().to_ascii_lowercase())
            .unwrap_or_default();
        let setting = match (kind, key.as_str()) {
            (Kind::ConnectionFilter, "enablesafelist") => "EnableSafeList",
            (Kind::InboundConnector, "treatmessagesasinternal") => "TreatMessagesAsInternal",
            _ => return none(&grant.help),
        };
        one(
            Change {
                kind: kind.as_str(),
                name: name_of(record),
                deed: Deed::Edit(vec![Edit::Set {
                    setting,
                    before: Value::Flag(true),
                    after: Value::Flag(false),
                }]),
            },
            "the switch goes off and nothing else changes",
            &grant.help,
        )
    }
}

/// The entry at a place, with its list.
fn entry_at(rule: &Rule, place: Span) -> Option<(&List, &Entry)> {
    rule.lists.iter().find_map(|list| {
        let entry = list.entries.iter().find(|entry| entry.span == place)?;
        Some((list, entry))
    })
}

/// The hosts that a stream surely sends from, as its pack writes them.
fn hosts<'r>(requirement: &'r Requirement<'_>) -> Vec<&'r Fact> {
    let mut facts: Vec<&Fact> = Vec::new();
    for fact in requirement.facts.iter().filter(|fact| fact.required && !fact.secret) {
        let new = matches!(fact.means, Means::Hosts(_)) && facts.iter().all(|known| known.text != fact.text);
        if new {
            facts.push(fact);
        }
    }
    facts
}

/// What the object is called in commands.
fn name_of(record: Node<'_>) -> String {
    super::build::name(record).value
}

/// A setting as the export has it.
fn value_of(node: Node<'_>) -> Value {
    if let Some(flag) = node.as_bool() {
        return Value::Flag(flag);
    }
    if let Some(number) = node.as_i64() {
        return Value::Number(number);
    }
    match field::text(Some(node)) {
        field::Field::Set(text) => Value::Text(text.value.into_owned()),
        _ => Value::Nothing,
    }
}

/// The texts of a list as the export has them.
fn texts_of(record: Node<'_>, setting: &str) -> Vec<String> {
    let list = field::list(record.get(setting));
    list.items.iter().map(|item| item.value.to_string()).collect()
}

fn one(change: Change, reason: &str, otherwise: &str) -> Mending {
    Mending {
        ways: vec![Way {
            changes: vec![change],
            reason: reason.to_owned(),
        }],
        otherwise: otherwise.to_owned(),
    }
}

fn none(otherwise: &str) -> Mending {
    Mending {
        ways: Vec::new(),
        otherwise: otherwise.to_owned(),
    }
}
