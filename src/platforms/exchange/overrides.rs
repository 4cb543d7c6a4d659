//! Who wins: override against verdict. The one table that says what each allow of Exchange Online clears.
//!
//! Source of every row: "User allows and blocks" and the tables around it in
//! <https://learn.microsoft.com/defender-office-365/how-policies-and-protections-are-combined>,
//! corrected by the newer texts that each row names.

use crate::message::{Concern, Concerns};
use crate::path::Control;

/// One kind of allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Override {
    /// The control, as packs and policies name it.
    pub control: Control,
    /// Cleared whatever else holds.
    pub clears: Concerns,
    /// Cleared only where the recipient domain's MX is not Microsoft's: "secure by default" ends there
    /// (<https://learn.microsoft.com/defender-office-365/secure-by-default>).
    pub clears_behind_other_mx: Concerns,
    /// Sources disagree or are silent.
    pub unconfirmed: Concerns,
}

/// Bulk, spam, high-confidence spam and phish: what every allow but the narrow ones clears.
const SPAM: Concerns = Concerns::of(&[
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
]);
const HIGH_PHISH: Concerns = Concerns::of(&[Concern::HighConfidencePhish]);

/// Advanced Delivery, phishing simulation. Malware stays: it is bypassed for `SecOps` mailboxes only
/// (<https://learn.microsoft.com/defender-office-365/advanced-delivery-policy-configure>).
pub(super) const ADVANCED_DELIVERY: Override = Override {
    control: "advanced-delivery",
    clears: SPAM.and(Concerns::of(&[
        Concern::HighConfidencePhish,
        Concern::Authentication,
        Concern::DmarcAction,
        Concern::Spoof,
        Concern::Impersonation,
        Concern::AttachmentDetonation,
        Concern::LinkScan,
        Concern::LinkClick,
    ])),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// A mail flow rule that sets SCL -1. Its effect on the DMARC action is not documented.
pub(super) const SCL_BYPASS: Override = Override {
    control: "transport-rule",
    clears: SPAM,
    clears_behind_other_mx: HIGH_PHISH,
    unconfirmed: Concerns::of(&[Concern::DmarcAction]),
};

/// `IPAllowList`. High-confidence phish and malware are still filtered
/// (<https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure>).
pub(super) const IP_ALLOW: Override = Override {
    control: "ip-allow",
    clears: SPAM,
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// Allowed senders and domains of an anti-spam policy
/// (<https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>).
pub(super) const ANTI_SPAM_ALLOW: Override = Override {
    control: "anti-spam-allow",
    clears: SPAM.and(Concerns::of(&[Concern::Spoof, Concern::Authentication])),
    clears_behind_other_mx: HIGH_PHISH,
    unconfirmed: Concerns::NONE,
};

/// A sender entry of the Tenant Allow/Block List that an admin made directly
/// (<https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-email-spoof-configure>).
pub(super) const TENANT_ALLOW: Override = Override {
    control: "tenant-allow",
    clears: SPAM,
    clears_behind_other_mx: HIGH_PHISH,
    unconfirmed: Concerns::NONE,
};

/// The same, made through a submission: up to high-confidence phish.
pub(super) const TENANT_ALLOW_BY_SUBMISSION: Override = Override {
    control: "tenant-allow",
    clears: SPAM.and(HIGH_PHISH),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// A URL entry of the Tenant Allow/Block List
/// (<https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-urls-configure>).
pub(super) const TENANT_ALLOW_URL: Override = Override {
    control: "tenant-allow",
    clears: Concerns::of(&[Concern::LinkScan, Concern::LinkClick]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// An allowed spoof pair. It covers cross-organisation and DMARC spoofing, as the page above says.
pub(super) const SPOOF_PAIR: Override = Override {
    control: "spoof-pairs",
    clears: Concerns::of(&[Concern::Spoof, Concern::DmarcAction]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// Trusted senders and domains of an anti-phishing policy
/// (<https://learn.microsoft.com/powershell/module/exchangepowershell/new-antiphishpolicy>).
pub(super) const ANTI_PHISH_TRUSTED: Override = Override {
    control: "anti-phish-trusted",
    clears: Concerns::of(&[Concern::Impersonation]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// `DoNotRewriteUrls`: not scanned or wrapped in mail flow, may still be blocked at click
/// (<https://learn.microsoft.com/defender-office-365/safe-links-about>).
pub(super) const SAFE_LINKS_EXCLUSION: Override = Override {
    control: "safe-links-exclusion",
    clears: Concerns::of(&[Concern::LinkScan, Concern::LinkRewriting]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// A rule that stamps `X-MS-Exchange-Organization-SkipSafeLinksProcessing`
/// (ORCA 189-2 reads the header name alone as the bypass).
pub(super) const SKIP_SAFE_LINKS: Override = Override {
    control: "transport-rule",
    clears: Concerns::of(&[Concern::LinkScan, Concern::LinkClick, Concern::LinkRewriting]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// A rule that stamps `X-MS-Exchange-Organization-SkipSafeAttachmentProcessing` (ORCA 189).
pub(super) const SKIP_SAFE_ATTACHMENTS: Override = Override {
    control: "transport-rule",
    clears: Concerns::of(&[Concern::AttachmentDetonation]),
    clears_behind_other_mx: Concerns::NONE,
    unconfirmed: Concerns::NONE,
};

/// Controls whose clearing an anti-spam block meets with an outcome that no source states.
pub(super) const ALLOWS: &[Control] = &[
    "advanced-delivery",
    "transport-rule",
    "ip-allow",
    "anti-spam-allow",
    "tenant-allow",
];
/// The only control against which a Tenant Allow/Block List block is undecided.
pub(super) const SIMULATION: &[Control] = &["advanced-delivery"];
