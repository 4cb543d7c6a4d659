//! Settings that decide, with what they may hold: a value that is none of it is a problem, not a default.
//!
//! The words are those of the cmdlet references (<https://learn.microsoft.com/powershell/module/exchangepowershell/>).

use crate::document::Node;
use crate::problem::{Level, Problem, ProblemKind};

use super::bundle::Bundle;
use super::field;
use super::kind::Kind;

/// What a setting may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    /// Yes or no.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
}

const STATE: Holds = Holds::Words(&["Enabled", "Disabled"]);
/// Words of [`STATE`], [`MODE`] and [`LOCATION`] as rules have them.
pub(super) const RULE_STATE: Holds = STATE;
pub(super) const MODE: Holds = Holds::Words(&["Enforce", "Audit", "AuditAndNotify"]);
pub(super) const LOCATION: Holds = Holds::Words(&["Header", "Envelope", "HeaderOrEnvelope"]);

/// Words seen of the mode of Advanced Delivery, for policy and rule.
const SIMULATION_MODE: Holds = Holds::Words(&[
    "Enforce",
    "Enable",
    "Enabled",
    "Disable",
    "Disabled",
    "PendingDeletion",
    "Audit",
    "AuditAndNotify",
]);

/// One row per setting, by kind.
const SETTINGS: &[(Kind, &str, Holds)] = &[
    (Kind::InboundConnector, "Enabled", Holds::Flag),
    (
        Kind::InboundConnector,
        "ConnectorType",
        Holds::Words(&["Partner", "OnPremises"]),
    ),
    (Kind::InboundConnector, "RestrictDomainsToIPAddresses", Holds::Flag),
    (Kind::InboundConnector, "RestrictDomainsToCertificate", Holds::Flag),
    (Kind::InboundConnector, "RequireTls", Holds::Flag),
    (Kind::InboundConnector, "TreatMessagesAsInternal", Holds::Flag),
    (Kind::InboundConnector, "EFSkipLastIP", Holds::Flag),
    (Kind::ConnectionFilter, "EnableSafeList", Holds::Flag),
    (Kind::OrganizationConfig, "RejectDirectSend", Holds::Flag),
    (Kind::AdvancedDeliveryPolicy, "Enabled", Holds::Flag),
    (Kind::AdvancedDeliveryPolicy, "Mode", SIMULATION_MODE),
    (Kind::AdvancedDeliveryRule, "State", SIMULATION_MODE),
    (Kind::AdvancedDeliveryRule, "Mode", SIMULATION_MODE),
    (Kind::TenantList, "Action", Holds::Words(&["Allow", "Block"])),
    (Kind::TenantListSpoof, "Action", Holds::Words(&["Allow", "Block"])),
    (Kind::ContentFilterRule, "State", STATE),
    (Kind::EopPresetRule, "State", STATE),
    (Kind::AtpPresetRule, "State", STATE),
    (Kind::AntiPhishRule, "State", STATE),
    (Kind::SafeLinksRule, "State", STATE),
    (Kind::SafeAttachmentRule, "State", STATE),
    (Kind::AntiPhishPolicy, "Enabled", Holds::Flag),
    (Kind::AntiPhishPolicy, "EnableSpoofIntelligence", Holds::Flag),
    (Kind::AntiPhishPolicy, "HonorDmarcPolicy", Holds::Flag),
    (Kind::SafeLinksPolicy, "EnableSafeLinksForEmail", Holds::Flag),
    (Kind::SafeLinksPolicy, "ScanUrls", Holds::Flag),
    (Kind::SafeAttachmentPolicy, "Enable", Holds::Flag),
];

/// Problems with settings of all kinds but mail flow rules.
pub(super) fn problems(bundle: &Bundle<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (kind, key, holds) in SETTINGS {
        for record in bundle.all_records(*kind) {
            problems.extend(problem(key, record.get(key), *holds));
        }
    }
    problems
}

/// The problem with one setting, if it holds something else.
pub(super) fn problem(key: &str, value: Option<Node<'_>>, holds: Holds) -> Option<Problem> {
    let (fits, expected) = match holds {
        Holds::Flag => (!field::boolean(value).is_unreadable(), "true or false".to_owned()),
        Holds::Words(words) => {
            let words_only: Vec<(&str, ())> = words.iter().map(|word| (*word, ())).collect();
            let fits = !field::enumerated(value, &words_only, &[]).is_unreadable();
            (fits, words.join(", "))
        }
    };
    if fits {
        return None;
    }
    let span = value?.span();
    let message = format!("`{key}` holds something that it cannot mean, so what it decides is not known");
    Some(
        Problem::at(
            Level::Deny,
            ProblemKind::BadValue,
            span,
            message,
            format!("expected {expected}"),
        )
        .help("export it again, with `ConvertTo-Json -Depth 10` and words rather than numbers for settings"),
    )
}
