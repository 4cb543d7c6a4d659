//! Objects with settings: rules, policies, connectors.

use jiff::Timestamp;

use crate::platform::change::{Edit, Value};

use super::super::kind::Kind;
use super::super::{conditions, field, rules};
use super::cmdlet::{self, Argument, Cmdlet, Command};

/// Lists for which the reference or a page of the product shows `@{Add=…; Remove=…}`.
const ADDITIVE: &[(Kind, &str)] = &[
    (Kind::ConnectionFilter, "IPAllowList"),
    (Kind::ConnectionFilter, "IPBlockList"),
    (Kind::ContentFilterPolicy, "AllowedSenderDomains"),
    (Kind::ContentFilterPolicy, "AllowedSenders"),
    (Kind::ContentFilterPolicy, "BlockedSenderDomains"),
    (Kind::ContentFilterPolicy, "BlockedSenders"),
    // exchange-semantics 7.4, 7.2, 3.2 and 2.5, in this order.
    (Kind::AntiPhishPolicy, "ExcludedDomains"),
    (Kind::AntiPhishPolicy, "ExcludedSenders"),
    (Kind::SafeLinksPolicy, "DoNotRewriteUrls"),
    (Kind::InboundConnector, "SenderIPAddresses"),
    (Kind::TransportRule, "ExceptIfSenderIpRanges"),
];

/// Settings beside lists and the conditions and actions of rules.
const SINGLE: &[(Kind, &str)] = &[
    (Kind::ConnectionFilter, "EnableSafeList"),
    (Kind::InboundConnector, "EFSkipIPs"),
    (Kind::InboundConnector, "EFSkipLastIP"),
    (Kind::InboundConnector, "Enabled"),
    (Kind::InboundConnector, "RequireTls"),
    (Kind::InboundConnector, "RestrictDomainsToCertificate"),
    (Kind::InboundConnector, "RestrictDomainsToIPAddresses"),
    (Kind::InboundConnector, "TreatMessagesAsInternal"),
    (Kind::TransportRule, "ActivationDate"),
    (Kind::TransportRule, "Comments"),
    (Kind::TransportRule, "ExpiryDate"),
    (Kind::TransportRule, "Mode"),
    (Kind::TransportRule, "Priority"),
    (Kind::TransportRule, "RuleErrorAction"),
    (Kind::TransportRule, "SenderAddressLocation"),
];

fn is_additive(kind: Kind, setting: &str) -> bool {
    ADDITIVE.contains(&(kind, setting))
}

/// Whether the setting is a parameter of this name. Conditions and actions of rules are (exchange-semantics 2.8).
fn is_parameter(kind: Kind, setting: &str) -> bool {
    let of_rule = || {
        let lower = setting.to_ascii_lowercase();
        let bare = lower.strip_prefix("exceptif").unwrap_or(&lower);
        kind == Kind::TransportRule && (conditions::condition(bare).is_some() || rules::is_action(&lower))
    };
    is_additive(kind, setting) || SINGLE.contains(&(kind, setting)) || of_rule()
}

fn setter(kind: Kind) -> Option<Cmdlet> {
    Some(match kind {
        Kind::TransportRule => cmdlet::SET_TRANSPORT_RULE,
        Kind::ConnectionFilter => cmdlet::SET_CONNECTION_FILTER,
        Kind::ContentFilterPolicy => cmdlet::SET_CONTENT_FILTER,
        Kind::AntiPhishPolicy => cmdlet::SET_ANTI_PHISH,
        Kind::SafeLinksPolicy => cmdlet::SET_SAFE_LINKS,
        Kind::InboundConnector => cmdlet::SET_INBOUND_CONNECTOR,
        _ => return None,
    })
}

/// Settings of an object change.
pub(super) fn edited(kind: Kind, name: &str, edits: &[Edit]) -> Option<Vec<Command>> {
    match kind {
        Kind::AdvancedDeliveryRule => simulation_rule(name, edits),
        Kind::AdvancedDeliveryPolicy => simulation_policy(name, edits),
        _ => set(kind, name, edits),
    }
}

fn set(kind: Kind, name: &str, edits: &[Edit]) -> Option<Vec<Command>> {
    let mut set = Command::of(setter(kind)?, name);
    let (mut first, mut last) = (None, None);
    for edit in edits {
        let setting = edit.setting();
        // A rule is not enabled by a setting but by a cmdlet, after all else of it is right (exchange-semantics 2.2).
        if kind == Kind::TransportRule && setting == "State" {
            match edit {
                Edit::Set {
                    after: Value::Text(word),
                    ..
                } if word == "Enabled" => {
                    last = Some(Command::of(cmdlet::ENABLE_TRANSPORT_RULE, name));
                }
                Edit::Set {
                    after: Value::Text(word),
                    ..
                } if word == "Disabled" => {
                    first = Some(Command::of(cmdlet::DISABLE_TRANSPORT_RULE, name));
                }
                _ => return None,
            }
            continue;
        }
        if !is_parameter(kind, setting) {
            return None;
        }
        let argument = match edit {
            Edit::Set { before, after, .. } if is_additive(kind, setting) && kind != Kind::TransportRule => {
                delta(before, after)?
            }
            Edit::Set { after, .. } if is_date(setting) => date(after)?,
            Edit::Set { after, .. } => Argument::of(after),
            Edit::Add { values, .. } if is_additive(kind, setting) => Argument::Delta {
                add: values.clone(),
                remove: Vec::new(),
            },
            Edit::Remove { values, .. } if is_additive(kind, setting) => Argument::Delta {
                add: Vec::new(),
                remove: values.clone(),
            },
            Edit::Add { .. } | Edit::Remove { .. } => return None,
        };
        put(&mut set, setting, argument)?;
    }
    let set = (set.arguments.len() > 1).then_some(set);
    let commands: Vec<Command> = [first, set, last].into_iter().flatten().collect();
    (!commands.is_empty()).then_some(commands)
}

/// Adds an argument; two changes of one list become one. None if both cannot be said at once.
fn put(command: &mut Command, setting: &'static str, argument: Argument) -> Option<()> {
    let Some((_, known)) = command
        .arguments
        .iter_mut()
        .find(|(parameter, _)| *parameter == setting)
    else {
        command.arguments.push((setting, argument));
        return Some(());
    };
    match (known, argument) {
        (
            Argument::Delta { add, remove },
            Argument::Delta {
                add: more,
                remove: less,
            },
        ) => {
            add.extend(more);
            remove.extend(less);
            // What comes and leaves in one call depends on an order that no source names.
            (!add.iter().any(|value| remove.contains(value))).then_some(())
        }
        _ => None,
    }
}

/// A list that is set, as what comes and what leaves.
fn delta(before: &Value, after: &Value) -> Option<Argument> {
    let texts = |value: &Value| match value {
        Value::Nothing => Some(Vec::new()),
        Value::Texts(texts) => Some(texts.clone()),
        _ => None,
    };
    let (before, after) = (texts(before)?, texts(after)?);
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|value| !others.contains(value)).cloned().collect()
    };
    Some(Argument::Delta {
        add: without(&after, &before),
        remove: without(&before, &after),
    })
}

fn is_date(setting: &str) -> bool {
    matches!(setting, "ActivationDate" | "ExpiryDate")
}

/// A moment in a form that every country reads alike.
fn date(value: &Value) -> Option<Argument> {
    match value {
        Value::Nothing => Some(Argument::of(value)),
        Value::Text(text) => Some(Argument::Text(moment(text)?.to_string())),
        _ => None,
    }
}

/// The moment an export means.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    field::moment(text)
}

/// Advanced Delivery has parameters of its own for what comes and what leaves (Set-ExoPhishSimOverrideRule; the page on
/// the policy still shows the older `AddSenderDomainIs`, exchange-semantics 14, row 6).
fn simulation_rule(name: &str, edits: &[Edit]) -> Option<Vec<Command>> {
    let mut command = Command::of(cmdlet::SET_SIMULATION_RULE, name);
    for edit in edits {
        let (parameter, values) = match edit {
            Edit::Add {
                setting: "Domains",
                values,
            } => ("AddDomains", values),
            Edit::Remove {
                setting: "Domains",
                values,
            } => ("RemoveDomains", values),
            Edit::Add {
                setting: "SenderIpRanges",
                values,
            } => ("AddSenderIpRanges", values),
            Edit::Remove {
                setting: "SenderIpRanges",
                values,
            } => ("RemoveSenderIpRanges", values),
            _ => return None,
        };
        match command.arguments.iter_mut().find(|(known, _)| *known == parameter) {
            Some((_, Argument::Texts(known))) => known.extend(values.iter().cloned()),
            _ => command.arguments.push((parameter, Argument::Texts(values.clone()))),
        }
    }
    (command.arguments.len() > 1).then(|| vec![command])
}

fn simulation_policy(name: &str, edits: &[Edit]) -> Option<Vec<Command>> {
    match edits {
        [
            Edit::Set {
                setting: "Enabled",
                after: after @ Value::Flag(_),
                ..
            },
        ] => Some(vec![
            Command::of(cmdlet::SET_SIMULATION_POLICY, name).with("Enabled", Argument::of(after)),
        ]),
        _ => None,
    }
}

/// An object is made.
pub(super) fn created(kind: Kind, name: &str, values: &[(&'static str, Value)]) -> Option<Vec<Command>> {
    let mut command = match kind {
        Kind::TransportRule if !name.trim().is_empty() => {
            Command::new(cmdlet::NEW_TRANSPORT_RULE).with("Name", Argument::Text(name.to_owned()))
        }
        Kind::AdvancedDeliveryPolicy => {
            Command::new(cmdlet::NEW_SIMULATION_POLICY).with("Name", Argument::Text(name.to_owned()))
        }
        Kind::AdvancedDeliveryRule => Command::new(cmdlet::NEW_SIMULATION_RULE),
        _ => return None,
    };
    for (setting, value) in values {
        let known = match kind {
            Kind::TransportRule => is_parameter(kind, setting) || *setting == "Enabled",
            Kind::AdvancedDeliveryPolicy => *setting == "Enabled",
            _ => matches!(*setting, "Policy" | "Domains" | "SenderIpRanges" | "Comment"),
        };
        let argument = match (kind, *setting, value) {
            // A rule is made disabled by a switch (exchange-semantics 2.2).
            (Kind::TransportRule, "State", Value::Text(word)) => {
                let on = word == "Enabled";
                command = command.with("Enabled", Argument::of(&Value::Flag(on)));
                continue;
            }
            _ if !known => return None,
            (_, setting, value) if is_date(setting) => date(value)?,
            _ => Argument::of(value),
        };
        command = command.with(setting, argument);
    }
    if kind == Kind::AdvancedDeliveryRule {
        let given = |wanted: &str| command.arguments.iter().any(|(parameter, _)| *parameter == wanted);
        if !given("Policy") {
            let policy = Argument::Text("PhishSimOverridePolicy".to_owned());
            command.arguments.insert(0, ("Policy", policy));
        }
    }
    Some(vec![command])
}

/// An object goes.
pub(super) fn deleted(kind: Kind, name: &str) -> Option<Vec<Command>> {
    Some(vec![match kind {
        Kind::TransportRule => Command::of(cmdlet::REMOVE_TRANSPORT_RULE, name),
        Kind::AdvancedDeliveryPolicy => Command::of(cmdlet::REMOVE_SIMULATION_POLICY, name),
        Kind::AdvancedDeliveryRule if name.starts_with("_Exe:PhishSimOverr:") => {
            Command::of(cmdlet::REMOVE_SIMULATION_RULE, name)
        }
        // A rule that was made under another name; there is only one (Get-ExoPhishSimOverrideRule).
        Kind::AdvancedDeliveryRule => Command {
            around: Some(("Get-ExoPhishSimOverrideRule | ".to_owned(), "")),
            ..Command::new(cmdlet::REMOVE_SIMULATION_RULE)
        },
        _ => return None,
    }])
}
