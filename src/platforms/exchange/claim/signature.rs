//! Which kind of object a record is, told by its keys.
//!
//! A record is recognised by a handful of keys no other product has together, whatever else it carries, so that a new
//! setting of the product hides nothing. A record that was narrowed (`Select-Object`) or written as a template is
//! recognised by a single such key, if it has no key that is strange to the kind.
//! The keys are those of export-formats section 4.

use std::borrow::Cow;

use rayon::prelude::*;

use super::super::field;
use super::super::kind::Kind;
use super::PART;
use crate::document::{Kind as Shape, Node};

/// What tells a kind from all others.
struct Signature {
    kind: Kind,
    /// Keys no other product is likely to have.
    strong: &'static [&'static str],
    /// Keys that count beside a strong one.
    weak: &'static [&'static str],
    /// How many of both are enough. One must be strong, if there are any.
    need: usize,
    /// Keys that must be there.
    must: &'static [&'static str],
    /// Keys that must not be there.
    never: &'static [&'static str],
}

const NOTHING: Signature = Signature {
    kind: Kind::MessageTrace,
    strong: &[],
    weak: &[],
    need: 1,
    must: &[],
    never: &[],
};

/// What a rule of a filter family has beside the name of its policy (export-formats section 4, `SafeLinksRule`).
const OF_A_RULE: &[&str] = &[
    "State",
    "Enabled",
    "Priority",
    "Conditions",
    "ImmutableId",
    "RecipientDomainIs",
    "SentTo",
    "SentToMemberOf",
    "ExceptIfRecipientDomainIs",
    "ExceptIfSentTo",
    "ExceptIfSentToMemberOf",
];

/// Keys of `Get-DlpComplianceRule`, whose objects share seventy keys with transport rules. Seen in the provider
/// exports of `ScubaGear`, section `dlp_compliance_rules`.
const OF_A_DLP_RULE: &[&str] = &[
    "BlockAccess",
    "ParentPolicyName",
    "ReportSeverityLevel",
    "NotifyUser",
    "ContentContainsSensitiveInformation",
    "HeaderContainsTokens",
];

/// The first that fits counts: presets stand before the rules whose policy keys they carry together.
static SIGNATURES: [Signature; 32] = [
    Signature {
        kind: Kind::TenantList,
        strong: &[
            "ListSubType",
            "ListType",
            "SubmissionID",
            "EntryValueHash",
            "RemoveAfter",
            "SysManaged",
        ],
        weak: &[],
        need: 2,
        must: &["Value", "Action"],
        ..NOTHING
    },
    Signature {
        kind: Kind::TenantListSpoof,
        strong: &["SpoofedUser", "SendingInfrastructure"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::EopPresetRule,
        strong: &["HostedContentFilterPolicy", "AntiPhishPolicy", "MalwareFilterPolicy"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::AtpPresetRule,
        strong: &["SafeAttachmentPolicy", "SafeLinksPolicy"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::ContentFilterRule,
        weak: OF_A_RULE,
        must: &["HostedContentFilterPolicy"],
        ..NOTHING
    },
    Signature {
        kind: Kind::AntiPhishRule,
        weak: OF_A_RULE,
        must: &["AntiPhishPolicy"],
        ..NOTHING
    },
    Signature {
        kind: Kind::MalwareFilterRule,
        weak: OF_A_RULE,
        must: &["MalwareFilterPolicy"],
        ..NOTHING
    },
    Signature {
        kind: Kind::SafeLinksRule,
        weak: OF_A_RULE,
        must: &["SafeLinksPolicy"],
        ..NOTHING
    },
    Signature {
        kind: Kind::SafeAttachmentRule,
        weak: OF_A_RULE,
        must: &["SafeAttachmentPolicy"],
        ..NOTHING
    },
    Signature {
        kind: Kind::AdvancedDeliveryRule,
        weak: &["Domains", "SenderIpRanges"],
        need: 2,
        never: &["FromScope", "SetSCL", "BlockAccess"],
        ..NOTHING
    },
    // The older spelling of the domains (export-formats section 4). Transport rules have no `Policy`.
    Signature {
        kind: Kind::AdvancedDeliveryRule,
        weak: &["SenderDomainIs", "SenderIpRanges", "Policy"],
        need: 3,
        never: &["FromScope", "SetSCL", "BlockAccess"],
        ..NOTHING
    },
    Signature {
        kind: Kind::TransportRule,
        strong: &[
            "RuleErrorAction",
            "SenderAddressLocation",
            "FromScope",
            "SentToScope",
            "SetSCL",
            "SCLOver",
            "SenderIpRanges",
            "SenderDomainIs",
            "HeaderContainsMessageHeader",
            "HeaderMatchesMessageHeader",
            "FromAddressContainsWords",
            "FromAddressMatchesPatterns",
            "SubjectOrBodyContainsWords",
            "SubjectOrBodyMatchesPatterns",
            "RecipientAddressContainsWords",
            "AnyOfToCcHeader",
            "AttachmentNameMatchesPatterns",
            "AttachmentExtensionMatchesWords",
            "ExceptIfFromScope",
            "ExceptIfSenderIpRanges",
            "ExceptIfSenderDomainIs",
            "ExceptIfHeaderContainsMessageHeader",
            "ExceptIfHeaderMatchesMessageHeader",
            "ExceptIfSCLOver",
            "SetHeaderName",
            "SetHeaderValue",
            "RemoveHeader",
            "SetAuditSeverity",
            "StopRuleProcessing",
            "DeleteMessage",
            "PrependSubject",
            "BlindCopyTo",
            "RedirectMessageTo",
            "ModerateMessageByUser",
            "RejectMessageReasonText",
            "RejectMessageEnhancedStatusCode",
            "RouteMessageOutboundConnector",
            "RouteMessageOutboundRequireTls",
            "ApplyHtmlDisclaimerText",
            "ApplyHtmlDisclaimerLocation",
        ],
        need: 3,
        never: OF_A_DLP_RULE,
        ..NOTHING
    },
    // Send connectors of Exchange Server have `ConnectorType` and `SmartHosts` too; `AddressSpaces` is theirs alone.
    Signature {
        kind: Kind::OutboundConnector,
        strong: &[
            "UseMXRecord",
            "TlsSettings",
            "IsTransportRuleScoped",
            "RouteAllMessagesViaOnPremises",
            "AllAcceptedDomains",
            "SenderRewritingEnabled",
            "MtaStsMode",
            "SmtpDaneMode",
            "RecipientDomains",
        ],
        weak: &["ConnectorType", "SmartHosts"],
        need: 2,
        never: &["AddressSpaces", "SenderDomains", "EFSkipIPs"],
        ..NOTHING
    },
    Signature {
        kind: Kind::InboundConnector,
        strong: &[
            "SenderIPAddresses",
            "SenderDomains",
            "RestrictDomainsToIPAddresses",
            "RestrictDomainsToCertificate",
            "TreatMessagesAsInternal",
            "TlsSenderCertificateName",
            "EFSkipLastIP",
            "EFSkipIPs",
            "EFSkipMailGateway",
            "AssociatedAcceptedDomains",
            "ScanAndDropRecipients",
        ],
        weak: &["ConnectorType", "RequireTls"],
        need: 2,
        never: &["AddressSpaces", "TlsSettings", "SmartHosts", "UseMXRecord"],
        ..NOTHING
    },
    Signature {
        kind: Kind::ConnectionFilter,
        strong: &["IPAllowList", "IPBlockList", "DirectoryBasedEdgeBlockMode"],
        weak: &["EnableSafeList"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::ContentFilterPolicy,
        strong: &[
            "AllowedSenders",
            "AllowedSenderDomains",
            "BlockedSenders",
            "BlockedSenderDomains",
            "SpamAction",
            "HighConfidenceSpamAction",
            "PhishSpamAction",
            "HighConfidencePhishAction",
            "BulkSpamAction",
            "BulkThreshold",
            "MarkAsSpamBulkMail",
            "EnableRegionBlockList",
            "SpamZapEnabled",
            "PhishZapEnabled",
        ],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::AcceptedDomain,
        strong: &[
            "DomainType",
            "MatchSubDomains",
            "CatchAllRecipientID",
            "AddressBookEnabled",
            "InitialDomain",
            "PendingCompletion",
            "IsCoexistenceDomain",
            "SendingFromDomainDisabled",
        ],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::RemoteDomain,
        strong: &[
            "AllowedOOFType",
            "AutoReplyEnabled",
            "AutoForwardEnabled",
            "TrustedMailInboundEnabled",
            "TrustedMailOutboundEnabled",
            "TargetDeliveryDomain",
            "TNEFEnabled",
        ],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::AntiPhishPolicy,
        strong: &[
            "ImpersonationProtectionState",
            "EnableTargetedUserProtection",
            "EnableTargetedDomainsProtection",
            "EnableOrganizationDomainsProtection",
            "EnableMailboxIntelligence",
            "EnableSpoofIntelligence",
            "AuthenticationFailAction",
            "HonorDmarcPolicy",
            "DmarcRejectAction",
            "PhishThresholdLevel",
            "TargetedUsersToProtect",
            "TargetedDomainsToProtect",
            "ExcludedSenders",
        ],
        weak: &["ExcludedDomains"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::MalwareFilterPolicy,
        strong: &[
            "EnableFileFilter",
            "FileTypeAction",
            "EnableInternalSenderAdminNotifications",
            "EnableExternalSenderAdminNotifications",
            "InternalSenderAdminAddress",
            "ExternalSenderAdminAddress",
            "CustomInternalSubject",
        ],
        weak: &["FileTypes", "ZapEnabled"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::SafeLinksPolicy,
        strong: &[
            "DoNotRewriteUrls",
            "EnableSafeLinksForEmail",
            "EnableSafeLinksForTeams",
            "EnableSafeLinksForOffice",
            "AllowClickThrough",
            "DoNotAllowClickThrough",
            "DeliverMessageAfterScan",
            "DisableUrlRewrite",
            "EnableForInternalSenders",
        ],
        weak: &["ScanUrls", "TrackClicks"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::SafeAttachmentPolicy,
        strong: &[
            "RedirectAddress",
            "EnableBlockingEncryptedAttachments",
            "ExcludedTypesFromBlockingEncryptedAttachments",
            "QuarantineTagForBlockingEncryptedAttachments",
        ],
        weak: &["Redirect"],
        need: 2,
        must: &["Enable", "Action"],
        ..NOTHING
    },
    Signature {
        kind: Kind::AtpPolicy,
        strong: &["EnableATPForSPOTeamsODB", "EnableSafeDocs", "AllowSafeDocsOpen"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::ArcConfig,
        strong: &["ArcTrustedSealers"],
        ..NOTHING
    },
    Signature {
        kind: Kind::MailboxJunk,
        strong: &[
            "TrustedSendersAndDomains",
            "BlockedSendersAndDomains",
            "TrustedRecipientsAndDomains",
            "TrustedListsOnly",
        ],
        weak: &["ContactsTrusted"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::DkimConfig,
        strong: &[
            "Selector1CNAME",
            "Selector2CNAME",
            "Selector1PublicKey",
            "Selector2PublicKey",
            "Selector1KeySize",
            "SelectorBeforeRotateOnDate",
        ],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::TransportConfig,
        strong: &[
            "InternalSMTPServers",
            "TLSReceiveDomainSecureList",
            "TLSSendDomainSecureList",
            "TransportRuleConfig",
            "SmtpClientAuthenticationDisabled",
            "JournalingReportNdrTo",
            "Xexch50Enabled",
            "DSNConversionMode",
        ],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::IntraOrgConnector,
        strong: &["TargetAddressDomains"],
        weak: &["DiscoveryEndpoint"],
        need: 2,
        ..NOTHING
    },
    Signature {
        kind: Kind::MessageTrace,
        weak: &["MessageTraceId", "MessageId", "FromIP", "ToIP", "Received", "Status"],
        need: 3,
        must: &["SenderAddress", "RecipientAddress"],
        never: &["QuarantineTypes"],
        ..NOTHING
    },
    Signature {
        kind: Kind::OrganizationConfig,
        strong: &["RejectDirectSend"],
        ..NOTHING
    },
    Signature {
        kind: Kind::OrganizationConfig,
        strong: &[
            "AuditDisabled",
            "OAuth2ClientProfileEnabled",
            "SendFromAliasEnabled",
            "CustomerLockboxEnabled",
            "ConnectorsEnabledForTeams",
            "SmtpActionableMessagesEnabled",
            "ActivityBasedAuthenticationTimeoutEnabled",
            "MaskClientIpInReceivedHeadersEnabled",
            "HybridConfigurationStatus",
            "SCLJunkThreshold",
            "IsDehydrated",
            "IsMixedMode",
            "MailTipsAllTipsEnabled",
            "PublicFoldersEnabled",
        ],
        need: 2,
        ..NOTHING
    },
    // A template of a connector that names no more than its type (export-formats C9).
    Signature {
        kind: Kind::InboundConnector,
        strong: &["RequireTls"],
        weak: &["ConnectorSource", "CloudServicesMailEnabled"],
        need: 2,
        must: &["ConnectorType"],
        never: &["AddressSpaces", "TlsSettings", "SmartHosts", "UseMXRecord", "Bindings"],
    },
];

impl Signature {
    /// How many keys speak for the kind, strong ones and all.
    fn count(&self, record: Node<'_>) -> Option<(usize, usize)> {
        let has = |key: &&&str| record.get(key).is_some();
        if !self.must.iter().all(|key| has(&key)) || self.never.iter().any(|key| has(&key)) {
            return None;
        }
        let strong = self.strong.iter().filter(has).count();
        Some((strong, strong + self.weak.iter().filter(has).count()))
    }

    fn fits(&self, record: Node<'_>) -> bool {
        self.count(record)
            .is_some_and(|(strong, both)| both >= self.need && (strong > 0 || self.strong.is_empty()))
    }

    fn fits_narrowed(&self, record: Node<'_>) -> bool {
        let fits = self.count(record).is_some_and(|(strong, _)| strong > 0)
            && record.entries().all(|(key, _)| self.kind.knows(&key.name));
        // Other products have a `blockedSenders`; neither Exchange nor its templates write keys like that (T13).
        fits && !record.entries().any(|(key, _)| is_camel_case(&key.name))
    }
}

fn is_camel_case(key: &str) -> bool {
    key.starts_with(|letter: char| letter.is_ascii_lowercase())
        && key.contains(|letter: char| letter.is_ascii_uppercase())
}

/// The keys of a record and the kinds they mean: as the product writes them, and narrowed.
struct Known<'a> {
    keys: Vec<Cow<'a, str>>,
    whole: Option<Kind>,
    narrowed: Option<Kind>,
}

impl Known<'_> {
    fn are_of(&self, record: Node<'_>) -> bool {
        let mut mine = self.keys.iter();
        keys(record).all(|key| mine.next() == Some(&key)) && mine.next().is_none()
    }
}

/// The keys without the sidecars of the admin API, which come and go with the values beside them (export-formats T5).
fn keys(record: Node<'_>) -> impl Iterator<Item = Cow<'_, str>> {
    let names = record.entries().map(|(key, _)| key.name);
    names.filter(|name| !name.contains('@'))
}

/// Recognises record after record. The records of a list have the same keys, or one of a few sets of keys, so the
/// answers for the last sets are kept, the latest first.
#[derive(Default)]
pub(super) struct Recogniser<'a> {
    known: Vec<Known<'a>>,
}

impl<'a> Recogniser<'a> {
    /// The kinds of the items of a list. Each part of a long one is looked at by itself, since what is kept would be found
    /// again.
    pub(super) fn kinds(&mut self, items: &[Node<'a>], strict: bool) -> Vec<Option<Kind>> {
        if items.len() <= PART {
            return items.iter().map(|item| self.kind(*item, strict)).collect();
        }
        let of_part = |part: &[Node<'a>]| {
            let mut recogniser = Self::default();
            part.iter()
                .map(|item| recogniser.kind(*item, strict))
                .collect::<Vec<_>>()
        };
        let parts: Vec<Vec<Option<Kind>>> = items.par_chunks(PART).map(of_part).collect();
        parts.into_iter().flatten().collect()
    }

    /// The kind of a record; none if it is not one of ours, or no table. `strict`: a narrowed one is not recognised.
    pub(super) fn kind(&mut self, record: Node<'a>, strict: bool) -> Option<Kind> {
        const KEPT: usize = 8;
        if record.kind() != Shape::Table || record.is_empty() {
            return None;
        }
        if let Some(at) = self.known.iter().position(|known| known.are_of(record)) {
            self.known.swap(0, at);
        } else {
            let (whole, narrowed) = by_keys(record);
            let keys = keys(record).collect();
            self.known.truncate(KEPT - 1);
            self.known.insert(0, Known { keys, whole, narrowed });
        }
        let known = self.known.first()?;
        by_values(
            record,
            if strict {
                known.whole
            } else {
                known.whole.or(known.narrowed)
            },
        )
    }
}

/// The kind of a record as the product writes it, else that of a narrowed one.
fn by_keys(record: Node<'_>) -> (Option<Kind>, Option<Kind>) {
    let first = |fits: fn(&Signature, Node<'_>) -> bool| {
        let found = SIGNATURES.iter().find(|signature| fits(signature, record));
        found.map(|signature| signature.kind)
    };
    let whole = first(Signature::fits);
    (
        whole,
        if whole.is_none() {
            first(Signature::fits_narrowed)
        } else {
            None
        },
    )
}

/// What only a value tells.
fn by_values(record: Node<'_>, by_keys: Option<Kind>) -> Option<Kind> {
    match by_keys {
        // The simulation URLs are rows of the tenant lists (export-formats T7).
        Some(Kind::TenantList) => {
            let sub_type = record.get("ListSubType").and_then(Node::as_str).unwrap_or_default();
            let url = sub_type.trim().eq_ignore_ascii_case("AdvancedDelivery");
            Some(if url {
                Kind::AdvancedDeliveryUrl
            } else {
                Kind::TenantList
            })
        }
        // Presets that were narrowed to one of their policies keep their names (exchange-semantics 7.1).
        Some(Kind::ContentFilterRule | Kind::AntiPhishRule | Kind::MalwareFilterRule) if is_preset(record) => {
            Some(Kind::EopPresetRule)
        }
        Some(Kind::SafeLinksRule | Kind::SafeAttachmentRule) if is_preset(record) => Some(Kind::AtpPresetRule),
        Some(Kind::AtpPresetRule | Kind::SafeLinksRule | Kind::SafeAttachmentRule)
            if is_named(record, |name| name.eq_ignore_ascii_case("ATP Built-In Protection Rule")) =>
        {
            Some(Kind::AtpBuiltInRule)
        }
        Some(Kind::AdvancedDeliveryRule | Kind::TransportRule) | None => by_fixed_name(record).or(by_keys),
        known => known,
    }
}

/// Advanced Delivery objects have the same names in every tenant (export-formats T17, exchange-semantics 5.1), and
/// few keys of their own.
fn by_fixed_name(record: Node<'_>) -> Option<Kind> {
    const NAMES: [(&str, Kind); 4] = [
        ("_Exe:PhishSimOverr:", Kind::AdvancedDeliveryRule),
        ("_Exe:SecOpsOverrid:", Kind::SecopsRule),
        ("PhishSimOverridePolicy", Kind::AdvancedDeliveryPolicy),
        ("SecOpsOverridePolicy", Kind::SecopsPolicy),
    ];
    let names = NAME_KEYS.map(|key| field::text(record.get(key)).into_value());
    NAMES
        .into_iter()
        .find(|&(fixed, kind)| {
            names.iter().flatten().map(|name| name.trim()).any(|name| {
                let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
                if fixed.ends_with(':') {
                    name.get(..fixed.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(fixed))
                } else {
                    // A name alone would claim any table that mentions it.
                    name.eq_ignore_ascii_case(fixed) && record.entries().any(|(key, _)| is_own(kind, &key.name))
                }
            })
        })
        .map(|(_, kind)| kind)
}

fn is_own(kind: Kind, key: &str) -> bool {
    !key.contains('@') && !super::super::kind::is_boilerplate(key) && kind.knows(key)
}

fn is_preset(record: Node<'_>) -> bool {
    is_named(record, |name| {
        ["Standard Preset Security Policy", "Strict Preset Security Policy"]
            .iter()
            .any(|preset| name.eq_ignore_ascii_case(preset))
    })
}

/// Keys under which an object has its name.
const NAME_KEYS: [&str; 2] = ["Name", "Identity"];

fn is_named(record: Node<'_>, matches: impl Fn(&str) -> bool) -> bool {
    NAME_KEYS.into_iter().any(|key| {
        let name = field::text(record.get(key)).into_value();
        name.is_some_and(|name| matches(name.trim()))
    })
}

/// Whether at least half of the keys of a record are known to a kind: enough where its neighbours or the name of the
/// file already say what it is.
pub(super) fn resembles(kind: Kind, record: Node<'_>) -> bool {
    let keys = record.entries().filter(|(key, _)| !key.name.contains('@'));
    let (known, all) = keys.fold((0, 0), |(known, all), (key, _)| {
        (known + usize::from(kind.knows(&key.name)), all + 1)
    });
    known > 0 && known * 2 >= all
}
