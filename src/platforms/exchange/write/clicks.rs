//! The same by hand: the page of the console, then one value a line, because the boxes take one at a time.
//!
//! Pages and boxes of Advanced Delivery and of the connection filter are those of
//! <https://learn.microsoft.com/defender-office-365/advanced-delivery-policy-configure> and
//! <https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure>; elsewhere the name of the
//! setting stands for the box. Names are as they are: whoever shows a line makes it safe to show.

use crate::platform::change::{Change, Deed, Edit, Value};

use super::super::kind::Kind;

/// The steps.
pub(super) fn clicks(kind: Kind, change: &Change) -> Vec<String> {
    let mut steps = page(kind, &change.name);
    match &change.deed {
        Deed::Edit(edits) => edits.iter().for_each(|edit| edited(kind, edit, &mut steps)),
        Deed::Create(values) => {
            steps.push(match kind {
                Kind::AdvancedDeliveryPolicy => "the first entry on this page turns it on".to_owned(),
                Kind::AdvancedDeliveryRule => "select `Add`".to_owned(),
                _ => format!("add `{}`", change.name),
            });
            for (setting, value) in values.iter().filter(|(setting, _)| !is_shown(kind, setting)) {
                set(label(kind, setting), value, &mut steps);
            }
        }
        Deed::Delete(_) => steps.push(format!("remove `{}`", change.name)),
    }
    steps.push("save".to_owned());
    steps
}

fn page(kind: Kind, name: &str) -> Vec<String> {
    let defender = |rest: &str| format!("Microsoft Defender portal, {rest}");
    let exchange = |rest: &str| format!("Exchange admin center, {rest}");
    match kind {
        Kind::AdvancedDeliveryRule | Kind::AdvancedDeliveryPolicy => vec![
            defender("`https://security.microsoft.com/advanceddelivery`"),
            "tab `Phishing simulation`, `Edit`".to_owned(),
        ],
        Kind::ConnectionFilter => vec![
            defender("`https://security.microsoft.com/antispam`"),
            "`Connection filter policy (Default)`, `Edit connection filter policy`".to_owned(),
        ],
        Kind::ContentFilterPolicy => vec![
            defender("`https://security.microsoft.com/antispam`"),
            format!("policy `{name}`, its allowed and blocked senders and domains"),
        ],
        Kind::TenantList | Kind::TenantListSpoof | Kind::AdvancedDeliveryUrl => {
            vec![defender("the Tenant Allow/Block List")]
        }
        Kind::AntiPhishPolicy => vec![defender("anti-phishing policies"), format!("policy `{name}`")],
        Kind::SafeLinksPolicy => vec![defender("Safe Links policies"), format!("policy `{name}`")],
        Kind::InboundConnector => vec![exchange("connectors"), format!("connector `{name}`")],
        Kind::TransportRule => vec![exchange("mail flow rules"), format!("rule `{name}`")],
        _ => vec![format!("{} `{name}`", kind.as_str())],
    }
}

/// What the page itself says.
fn is_shown(kind: Kind, setting: &str) -> bool {
    match kind {
        Kind::AdvancedDeliveryPolicy => true,
        Kind::AdvancedDeliveryRule => setting == "Policy",
        _ => matches!(setting, "Value" | "Identity" | "NoExpiration"),
    }
}

fn label(kind: Kind, setting: &'static str) -> &'static str {
    match (kind, setting) {
        (Kind::AdvancedDeliveryRule, "Domains") => "Domain",
        (Kind::AdvancedDeliveryRule, "SenderIpRanges") => "Sending IP",
        (Kind::ConnectionFilter, "IPAllowList") => {
            "Always allow messages from the following IP addresses or address range"
        }
        (Kind::ConnectionFilter, "IPBlockList") => {
            "Always block messages from the following IP addresses or address range"
        }
        (Kind::ConnectionFilter, "EnableSafeList") => "Turn on safe list",
        _ => setting,
    }
}

fn edited(kind: Kind, edit: &Edit, steps: &mut Vec<String>) {
    let box_ = label(kind, edit.setting());
    match edit {
        Edit::Add { values, .. } => steps.extend(values.iter().map(|value| format!("`{box_}`: add `{value}`"))),
        Edit::Remove { values, .. } => steps.extend(values.iter().map(|value| format!("`{box_}`: remove `{value}`"))),
        Edit::Set { before, after, .. } => match (before, after) {
            (Value::Texts(old), Value::Texts(new)) => {
                let gone = old.iter().filter(|value| !new.contains(value));
                steps.extend(gone.map(|value| format!("`{box_}`: remove `{value}`")));
                let come = new.iter().filter(|value| !old.contains(value));
                steps.extend(come.map(|value| format!("`{box_}`: add `{value}`")));
            }
            _ => set(box_, after, steps),
        },
    }
}

fn set(box_: &str, value: &Value, steps: &mut Vec<String>) {
    match value {
        Value::Nothing => steps.push(format!("`{box_}`: clear")),
        Value::Flag(on) => steps.push(format!("`{box_}`: {}", if *on { "on" } else { "off" })),
        Value::Number(number) => steps.push(format!("`{box_}`: {number}")),
        Value::Text(text) => steps.push(format!("`{box_}`: `{text}`")),
        Value::Texts(texts) => steps.extend(texts.iter().map(|text| format!("`{box_}`: add `{text}`"))),
    }
}
