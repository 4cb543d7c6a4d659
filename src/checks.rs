//! The table of all checks, sorted by group and id.

mod dormant;
mod draft;
mod ended;
mod garbled;
mod granted;
mod limits;
mod mend;
mod near;
mod opened;
mod pooled;
mod troubles;
mod unread;

pub mod allow_expires;
pub mod allow_too_weak;
pub mod broad_allow;
pub mod cannot_tell;
pub mod cross_vendor_allow;
pub mod dead_rule;
pub mod dkim_key_missing;
pub mod domain_unregistered;
pub mod expectation_broken;
pub mod expired_exception;
pub mod forgeable_allow;
pub mod hop_mismatch;
pub mod hop_not_audited;
pub mod ipv6_gap;
pub mod limit_exceeded;
pub mod limit_near;
pub mod lookalike_domain;
pub mod mail_blocked;
pub mod mail_not_cleared;
pub mod mail_rejected_at_edge;
pub mod malformed_entry;
pub mod own_domain_allowed;
pub mod own_spf_lacks_vendor;
pub mod preset_overrides_policy;
pub mod redundant_entry;
pub mod rule_not_in_force;
pub mod rule_shadowed;
pub mod safe_list_on;
pub mod sender_fails_dmarc;
pub mod shared_sender_allowed;
pub mod spf_broken;
pub mod spf_drift;
pub mod spf_too_broad;
pub mod stale_export;
pub mod stale_pack;
pub mod stale_value;
pub mod standing_allow;
pub mod treated_as_internal;
pub mod truncated_export;
pub mod unclaimed_input;
pub mod unconfirmed_value;
pub mod unexplained_allow;
pub mod unmodelled_condition;
pub mod unneeded_allow;
pub mod unread_setting;
pub mod unreadable_input;
pub mod unset_parameter;
pub mod unused_exception;
pub mod vendor_residue;

use crate::check::Check;

/// All checks.
pub static CHECKS: &[&Check] = &[
    &allow_expires::CHECK,
    &allow_too_weak::CHECK,
    &ipv6_gap::CHECK,
    &limit_exceeded::CHECK,
    &limit_near::CHECK,
    &mail_blocked::CHECK,
    &mail_not_cleared::CHECK,
    &mail_rejected_at_edge::CHECK,
    &preset_overrides_policy::CHECK,
    &rule_not_in_force::CHECK,
    &rule_shadowed::CHECK,
    &broad_allow::CHECK,
    &cross_vendor_allow::CHECK,
    &expectation_broken::CHECK,
    &forgeable_allow::CHECK,
    &own_domain_allowed::CHECK,
    &safe_list_on::CHECK,
    &shared_sender_allowed::CHECK,
    &standing_allow::CHECK,
    &treated_as_internal::CHECK,
    &unexplained_allow::CHECK,
    &dead_rule::CHECK,
    &lookalike_domain::CHECK,
    &malformed_entry::CHECK,
    &redundant_entry::CHECK,
    &stale_value::CHECK,
    &unneeded_allow::CHECK,
    &vendor_residue::CHECK,
    &dkim_key_missing::CHECK,
    &domain_unregistered::CHECK,
    &hop_mismatch::CHECK,
    &hop_not_audited::CHECK,
    &own_spf_lacks_vendor::CHECK,
    &sender_fails_dmarc::CHECK,
    &spf_broken::CHECK,
    &spf_drift::CHECK,
    &spf_too_broad::CHECK,
    &cannot_tell::CHECK,
    &expired_exception::CHECK,
    &stale_export::CHECK,
    &stale_pack::CHECK,
    &truncated_export::CHECK,
    &unclaimed_input::CHECK,
    &unconfirmed_value::CHECK,
    &unmodelled_condition::CHECK,
    &unread_setting::CHECK,
    &unreadable_input::CHECK,
    &unset_parameter::CHECK,
    &unused_exception::CHECK,
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
    "gateway-bypassable",
    "gateway-ip-allowed",
    "harmful-setting",
    "hidden-hop",
    "hop-masks-sender",
    "links-rewritten",
    "mail-altered",
    "mailbox-blocks-sender",
    "misnamed-rule",
    "mistyped-value",
    "relay-granted",
    "scan-skipped-broadly",
    "skip-listing-partial",
    "skip-listing-with-bypass",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_by_group_and_id_and_unique() {
        let keys: Vec<_> = CHECKS.iter().map(|check| (check.group, check.id)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn what_asks_for_all_findings_comes_last() {
        assert_eq!(CHECKS.last().map(|check| check.id), Some("unused-exception"));
    }
}
