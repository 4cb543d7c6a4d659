//! The table of all checks, sorted by group and id.

mod dormant;
mod ended;

pub mod allow_too_weak;
pub mod cannot_tell;
pub mod mail_blocked;
pub mod mail_not_cleared;
pub mod mail_rejected_at_edge;
pub mod preset_overrides_policy;
pub mod rule_not_in_force;
pub mod rule_shadowed;

use crate::check::Check;

/// All checks.
pub static CHECKS: &[&Check] = &[
    &allow_too_weak::CHECK,
    &mail_blocked::CHECK,
    &mail_not_cleared::CHECK,
    &mail_rejected_at_edge::CHECK,
    &preset_overrides_policy::CHECK,
    &rule_not_in_force::CHECK,
    &rule_shadowed::CHECK,
    &cannot_tell::CHECK,
];

/// The ids of all checks.
pub fn ids() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.id).collect()
}

/// Ids that the contract fixes for checks of later versions: policies and exceptions may name them already.
pub static RESERVED: &[&str] = &[
    "api-cannot-reach",
    "api-falls-back",
    "attachment-blocked",
    "attachments-detonated",
    "companion-missing",
    "conflicting-methods",
    "default-policy-edited",
    "domain-unregistered",
    "gateway-bypassable",
    "gateway-ip-allowed",
    "harmful-setting",
    "hidden-hop",
    "hop-masks-sender",
    "hop-mismatch",
    "hop-not-audited",
    "ipv6-gap",
    "links-rewritten",
    "mail-altered",
    "mailbox-blocks-sender",
    "misnamed-rule",
    "mistyped-value",
    "own-spf-lacks-vendor",
    "relay-granted",
    "scan-skipped-broadly",
    "sender-fails-dmarc",
    "skip-listing-partial",
    "skip-listing-with-bypass",
    "spf-broken",
    "spf-drift",
    "spf-too-broad",
    "untrusted-sealer",
    "wrong-region",
    "wrong-stream",
];

/// What a policy, an exception or an option may name: checks, those of later versions, and groups.
pub fn names() -> Vec<&'static str> {
    let groups = crate::check::Group::ALL.iter().map(|group| group.as_str());
    CHECKS
        .iter()
        .map(|check| check.id)
        .chain(RESERVED.iter().copied())
        .chain(groups)
        .collect()
}
