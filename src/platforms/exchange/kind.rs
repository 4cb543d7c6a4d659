//! The kinds of Exchange Online objects, each with the cmdlet that exports it: one row a kind.
//!
//! This module knows nothing of files; recognising an object is the work of `claim`.

mod keys;

/// A kind of object of Exchange Online or of Defender for Office 365.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    TransportRule,
    InboundConnector,
    OutboundConnector,
    ConnectionFilter,
    ContentFilterPolicy,
    ContentFilterRule,
    AdvancedDeliveryPolicy,
    AdvancedDeliveryRule,
    AdvancedDeliveryUrl,
    TenantList,
    TenantListSpoof,
    AcceptedDomain,
    OrganizationConfig,
    EopPresetRule,
    AtpPresetRule,
    AtpBuiltInRule,
    AntiPhishPolicy,
    AntiPhishRule,
    MalwareFilterPolicy,
    MalwareFilterRule,
    SafeLinksPolicy,
    SafeLinksRule,
    SafeAttachmentPolicy,
    SafeAttachmentRule,
    AtpPolicy,
    ArcConfig,
    SecopsPolicy,
    SecopsRule,
    MailboxJunk,
    RemoteDomain,
    DkimConfig,
    TransportConfig,
    IntraOrgConnector,
    MessageTrace,
}

/// What the lack of an export means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Importance {
    /// It decides delivery or blocking: without it the answer is that we cannot tell.
    Needed,
    /// It may change a detail: its lack is said once, as residual.
    Optional,
    /// It decides nothing of what is audited.
    Context,
}

/// The lists behind `Get-TenantAllowBlockListItems`. The rows do not say which one they are from (export-formats T7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TenantList {
    Sender,
    Url,
    FileHash,
    Ip,
}

impl TenantList {
    /// All lists, in the order of the cmdlet's reference.
    pub(crate) const ALL: [Self; 4] = [Self::Sender, Self::Url, Self::FileHash, Self::Ip];

    /// The value of `-ListType`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "Sender",
            Self::Url => "Url",
            Self::FileHash => "FileHash",
            Self::Ip => "IP",
        }
    }

    /// Reads the value of `-ListType`, in any case.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|list| list.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// What is known of a kind.
struct Row {
    kind: Kind,
    word: &'static str,
    cmdlet: &'static str,
    arguments: &'static str,
    importance: Importance,
    keys: &'static [&'static str],
}

const fn row(
    kind: Kind,
    word: &'static str,
    cmdlet: &'static str,
    arguments: &'static str,
    importance: Importance,
    keys: &'static [&'static str],
) -> Row {
    Row {
        kind,
        word,
        cmdlet,
        arguments,
        importance,
        keys,
    }
}

/// One row a kind, in the order of [`Kind`].
static ROWS: [Row; 34] = {
    use Importance::{Context, Needed, Optional};
    [
        // Without `-ResultSize` the cmdlet stops at 1,000 rules (exchange-semantics 2.8).
        row(
            Kind::TransportRule,
            "transport-rule",
            "Get-TransportRule",
            "-ResultSize Unlimited",
            Needed,
            keys::TRANSPORT_RULE,
        ),
        row(
            Kind::InboundConnector,
            "inbound-connector",
            "Get-InboundConnector",
            "",
            Needed,
            keys::INBOUND_CONNECTOR,
        ),
        row(
            Kind::OutboundConnector,
            "outbound-connector",
            "Get-OutboundConnector",
            "",
            Optional,
            keys::OUTBOUND_CONNECTOR,
        ),
        row(
            Kind::ConnectionFilter,
            "connection-filter",
            "Get-HostedConnectionFilterPolicy",
            "",
            Needed,
            keys::CONNECTION_FILTER,
        ),
        row(
            Kind::ContentFilterPolicy,
            "content-filter-policy",
            "Get-HostedContentFilterPolicy",
            "",
            Needed,
            keys::CONTENT_FILTER_POLICY,
        ),
        row(
            Kind::ContentFilterRule,
            "content-filter-rule",
            "Get-HostedContentFilterRule",
            "",
            Needed,
            keys::CONTENT_FILTER_RULE,
        ),
        row(
            Kind::AdvancedDeliveryPolicy,
            "advanced-delivery-policy",
            "Get-PhishSimOverridePolicy",
            "",
            Needed,
            keys::ADVANCED_DELIVERY_POLICY,
        ),
        row(
            Kind::AdvancedDeliveryRule,
            "advanced-delivery-rule",
            "Get-ExoPhishSimOverrideRule",
            "",
            Needed,
            keys::ADVANCED_DELIVERY_RULE,
        ),
        row(
            Kind::AdvancedDeliveryUrl,
            "advanced-delivery-url",
            "Get-TenantAllowBlockListItems",
            "-ListType Url -ListSubType AdvancedDelivery",
            Optional,
            keys::TENANT_LIST,
        ),
        row(
            Kind::TenantList,
            "tenant-list",
            "Get-TenantAllowBlockListItems",
            "",
            Needed,
            keys::TENANT_LIST,
        ),
        row(
            Kind::TenantListSpoof,
            "tenant-list-spoof",
            "Get-TenantAllowBlockListSpoofItems",
            "",
            Needed,
            keys::TENANT_LIST_SPOOF,
        ),
        row(
            Kind::AcceptedDomain,
            "accepted-domain",
            "Get-AcceptedDomain",
            "",
            Needed,
            keys::ACCEPTED_DOMAIN,
        ),
        row(
            Kind::OrganizationConfig,
            "organization-config",
            "Get-OrganizationConfig",
            "",
            Needed,
            keys::ORGANIZATION_CONFIG,
        ),
        row(
            Kind::EopPresetRule,
            "eop-preset-rule",
            "Get-EOPProtectionPolicyRule",
            "",
            Needed,
            keys::EOP_PRESET_RULE,
        ),
        row(
            Kind::AtpPresetRule,
            "atp-preset-rule",
            "Get-ATPProtectionPolicyRule",
            "",
            Needed,
            keys::ATP_PRESET_RULE,
        ),
        row(
            Kind::AtpBuiltInRule,
            "atp-built-in-rule",
            "Get-ATPBuiltInProtectionRule",
            "",
            Needed,
            keys::ATP_PRESET_RULE,
        ),
        row(
            Kind::AntiPhishPolicy,
            "anti-phish-policy",
            "Get-AntiPhishPolicy",
            "",
            Needed,
            keys::ANTI_PHISH_POLICY,
        ),
        row(
            Kind::AntiPhishRule,
            "anti-phish-rule",
            "Get-AntiPhishRule",
            "",
            Needed,
            keys::ANTI_PHISH_RULE,
        ),
        row(
            Kind::MalwareFilterPolicy,
            "malware-filter-policy",
            "Get-MalwareFilterPolicy",
            "",
            Needed,
            keys::MALWARE_FILTER_POLICY,
        ),
        row(
            Kind::MalwareFilterRule,
            "malware-filter-rule",
            "Get-MalwareFilterRule",
            "",
            Needed,
            keys::MALWARE_FILTER_RULE,
        ),
        row(
            Kind::SafeLinksPolicy,
            "safe-links-policy",
            "Get-SafeLinksPolicy",
            "",
            Needed,
            keys::SAFE_LINKS_POLICY,
        ),
        row(
            Kind::SafeLinksRule,
            "safe-links-rule",
            "Get-SafeLinksRule",
            "",
            Needed,
            keys::SAFE_LINKS_RULE,
        ),
        row(
            Kind::SafeAttachmentPolicy,
            "safe-attachment-policy",
            "Get-SafeAttachmentPolicy",
            "",
            Needed,
            keys::SAFE_ATTACHMENT_POLICY,
        ),
        row(
            Kind::SafeAttachmentRule,
            "safe-attachment-rule",
            "Get-SafeAttachmentRule",
            "",
            Needed,
            keys::SAFE_ATTACHMENT_RULE,
        ),
        // The three switches of it are about documents and files, not about mail (exchange-semantics 7.3).
        row(
            Kind::AtpPolicy,
            "atp-policy",
            "Get-AtpPolicyForO365",
            "",
            Context,
            keys::ATP_POLICY,
        ),
        row(
            Kind::ArcConfig,
            "arc-config",
            "Get-ArcConfig",
            "",
            Optional,
            keys::ARC_CONFIG,
        ),
        row(
            Kind::SecopsPolicy,
            "secops-policy",
            "Get-SecOpsOverridePolicy",
            "",
            Optional,
            keys::SECOPS_POLICY,
        ),
        row(
            Kind::SecopsRule,
            "secops-rule",
            "Get-ExoSecOpsOverrideRule",
            "",
            Optional,
            keys::SECOPS_RULE,
        ),
        row(
            Kind::MailboxJunk,
            "mailbox-junk",
            "Get-MailboxJunkEmailConfiguration",
            "",
            Optional,
            keys::MAILBOX_JUNK,
        ),
        row(
            Kind::RemoteDomain,
            "remote-domain",
            "Get-RemoteDomain",
            "",
            Context,
            keys::REMOTE_DOMAIN,
        ),
        row(
            Kind::DkimConfig,
            "dkim-config",
            "Get-DkimSigningConfig",
            "",
            Context,
            keys::DKIM_CONFIG,
        ),
        row(
            Kind::TransportConfig,
            "transport-config",
            "Get-TransportConfig",
            "",
            Context,
            keys::TRANSPORT_CONFIG,
        ),
        row(
            Kind::IntraOrgConnector,
            "intra-org-connector",
            "Get-IntraOrganizationConnector",
            "",
            Context,
            keys::INTRA_ORG_CONNECTOR,
        ),
        // 5,000 rows are the most one call returns (exchange-semantics 12.1).
        row(
            Kind::MessageTrace,
            "message-trace",
            "Get-MessageTraceV2",
            "-ResultSize 5000",
            Context,
            keys::MESSAGE_TRACE,
        ),
    ]
};

/// Other names of the cmdlets: the first two are older (export-formats section 4, Advanced Delivery), the third was
/// replaced by its V2 (exchange-semantics 12.1).
static ELDER_CMDLETS: [(&str, Kind); 3] = [
    ("Get-PhishSimOverrideRule", Kind::AdvancedDeliveryRule),
    ("Get-SecOpsOverrideRule", Kind::SecopsRule),
    ("Get-MessageTrace", Kind::MessageTrace),
];

/// The sections of a `ScubaGear` provider export (export-formats C2).
static SECTIONS: [(&str, Kind); 21] = [
    ("accepted_domains", Kind::AcceptedDomain),
    ("all_domains", Kind::AcceptedDomain),
    ("anti_phish_policies", Kind::AntiPhishPolicy),
    ("atp_policy_for_o365", Kind::AtpPolicy),
    ("atp_policy_rules", Kind::AtpPresetRule),
    ("conn_filter", Kind::ConnectionFilter),
    ("dkim_config", Kind::DkimConfig),
    ("hosted_content_filter_policies", Kind::ContentFilterPolicy),
    ("inbound_connectors", Kind::InboundConnector),
    ("intra_org_connectors", Kind::IntraOrgConnector),
    ("malware_filter_policies", Kind::MalwareFilterPolicy),
    ("org_config", Kind::OrganizationConfig),
    ("outbound_connectors", Kind::OutboundConnector),
    ("protection_policy_rules", Kind::EopPresetRule),
    ("remote_domains", Kind::RemoteDomain),
    ("safe_attachment_policies", Kind::SafeAttachmentPolicy),
    ("safe_attachment_rules", Kind::SafeAttachmentRule),
    ("safe_links_policies", Kind::SafeLinksPolicy),
    ("safe_links_rules", Kind::SafeLinksRule),
    ("transport_config", Kind::TransportConfig),
    ("transport_rule", Kind::TransportRule),
];

/// Every kind, in the order of the enumeration.
pub(crate) fn all() -> impl Iterator<Item = Kind> {
    ROWS.iter().map(|row| row.kind)
}

impl Kind {
    fn row(self) -> &'static Row {
        // INVARIANT: a test holds that the rows stand in the order of the enumeration.
        ROWS.get(self as usize).unwrap_or(&ROWS[0])
    }

    /// The word used in reports and in object paths (contract section 6).
    pub(crate) fn as_str(self) -> &'static str {
        self.row().word
    }

    /// Reads the word of [`Kind::as_str`].
    pub(crate) fn parse(word: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.word == word).map(|row| row.kind)
    }

    /// The cmdlet that exports it.
    pub(crate) fn cmdlet(self) -> &'static str {
        self.row().cmdlet
    }

    /// What the lack of it means.
    pub(crate) fn importance(self) -> Importance {
        self.row().importance
    }

    /// Whether a key, in any case, is one this kind is known to have. Keys with an `@` are sidecars of the admin API
    /// and belong to every kind (export-formats T5).
    pub(crate) fn knows(self, key: &str) -> bool {
        let key = key.trim();
        key.contains('@') || is_boilerplate(key) || finds(self.row().keys, key)
    }

    /// Whether [`Kind::knows`] has all keys of live objects. Organization configurations carry over 230, of which the
    /// public sources name a part (export-formats section 4), so an unknown one there is no news.
    pub(crate) fn keys_are_complete(self) -> bool {
        self != Self::OrganizationConfig
    }

    /// The kind a cmdlet exports, in any case. The rows of the tenant lists and the simulation URLs share one cmdlet;
    /// it stands for the lists.
    pub(crate) fn of_cmdlet(cmdlet: &str) -> Option<Self> {
        let cmdlet = cmdlet.trim();
        let kept = ROWS.iter().filter(|row| row.kind != Self::AdvancedDeliveryUrl);
        let mut names = kept.map(|row| (row.cmdlet, row.kind)).chain(ELDER_CMDLETS);
        names
            .find(|(name, _)| name.eq_ignore_ascii_case(cmdlet))
            .map(|(_, kind)| kind)
    }

    /// The kind of a section of a `ScubaGear` provider export.
    pub(crate) fn of_section(section: &str) -> Option<Self> {
        SECTIONS
            .iter()
            .find(|(name, _)| *name == section)
            .map(|&(_, kind)| kind)
    }

    /// The kind of a resource of a Graph configuration snapshot: `microsoft.exchange.transportrule` and its like, the
    /// noun of the cmdlet or of its elder in lower case (export-formats C6; the nouns are those of `Microsoft365DSC`).
    pub(crate) fn of_resource(resource: &str) -> Option<Self> {
        let (scope, noun) = resource.trim().rsplit_once('.')?;
        if !scope.eq_ignore_ascii_case("microsoft.exchange") {
            return None;
        }
        Self::of_cmdlet(&format!("Get-{noun}"))
    }
}

/// Whether nearly every object carries this key (export-formats section 4).
pub(crate) fn is_boilerplate(key: &str) -> bool {
    finds(keys::BOILERPLATE, key)
}

fn finds(sorted: &[&str], key: &str) -> bool {
    let lowered = |name: &str| name.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    let wanted = lowered(key);
    sorted
        .binary_search_by(|name| {
            name.bytes()
                .map(|byte| byte.to_ascii_lowercase())
                .cmp(wanted.iter().copied())
        })
        .is_ok()
}

/// What an export is called: a cmdlet, and for the tenant lists perhaps one list (contract section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    /// The kind of its objects.
    pub(crate) kind: Kind,
    /// The list, where one is named.
    pub(crate) list: Option<TenantList>,
}

impl Named {
    /// Reads a file stem or a section key: `Get-TransportRule`, `Get-TenantAllowBlockListItems.Url.AdvancedDelivery`.
    pub(crate) fn parse(stem: &str) -> Option<Self> {
        let mut parts = stem.trim().split('.');
        let kind = Kind::of_cmdlet(parts.next()?)?;
        let (list, sub_type, more) = (parts.next(), parts.next(), parts.next());
        let plain = Self { kind, list: None };
        let Some(list) = list else { return Some(plain) };
        if kind != Kind::TenantList || more.is_some() {
            return None;
        }
        let list = TenantList::parse(list)?;
        match sub_type {
            Some(word) if word.eq_ignore_ascii_case("AdvancedDelivery") && list == TenantList::Url => Some(Self {
                kind: Kind::AdvancedDeliveryUrl,
                list: None,
            }),
            Some(word) if !word.eq_ignore_ascii_case("Tenant") => None,
            _ => Some(Self { kind, list: Some(list) }),
        }
    }

    /// The file name, without its extension, that [`Named::parse`] reads as this.
    pub(crate) fn stem(self) -> String {
        let cmdlet = self.kind.cmdlet();
        match (self.kind, self.list) {
            (Kind::AdvancedDeliveryUrl, _) => format!("{cmdlet}.Url.AdvancedDelivery"),
            (Kind::TenantList, Some(list)) => format!("{cmdlet}.{}", list.as_str()),
            _ => cmdlet.to_owned(),
        }
    }
}

/// The command that exports a kind into a file the product recognises even when it is empty.
///
/// The objects are handed over as one array, not piped: a pipe of nothing writes an empty file, which cannot be told
/// from a failure. The depth is named because the default of 2 cuts nested values off (export-formats T10).
pub(crate) fn export_command(kind: Kind, list: Option<TenantList>) -> String {
    let one = |list: Option<TenantList>| {
        let stem = Named { kind, list }.stem();
        let call = call(kind, list);
        format!("ConvertTo-Json -Depth 10 -InputObject @({call}) > {stem}.json")
    };
    match (kind, list) {
        (Kind::TenantList, None) => TenantList::ALL.map(|list| one(Some(list))).join("; "),
        _ => one(list),
    }
}

fn call(kind: Kind, list: Option<TenantList>) -> String {
    let &Row { cmdlet, arguments, .. } = kind.row();
    match (kind, list) {
        (Kind::TenantList, Some(list)) => format!("{cmdlet} -ListType {}", list.as_str()),
        // The cmdlet takes one mailbox (exchange-semantics 9), so all of them are handed to it.
        (Kind::MailboxJunk, _) => format!("Get-Mailbox -ResultSize Unlimited | {cmdlet}"),
        _ if arguments.is_empty() => cmdlet.to_owned(),
        _ => format!("{cmdlet} {arguments}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_kinds_and_words_and_keys_are_unique() {
        for (at, row) in ROWS.iter().enumerate() {
            assert_eq!(row.kind as usize, at, "{}", row.word);
            assert_eq!(Kind::parse(row.word), Some(row.kind));
            let lowered: Vec<String> = row.keys.iter().map(|key| key.to_ascii_lowercase()).collect();
            assert!(lowered.is_sorted_by(|a, b| a < b), "{}", row.word);
            assert!(!row.keys.iter().any(|key| is_boilerplate(key)), "{}", row.word);
        }
        let mut words: Vec<&str> = ROWS.iter().map(|row| row.word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ROWS.len());
        assert!(
            keys::BOILERPLATE
                .iter()
                .map(|key| key.to_ascii_lowercase())
                .is_sorted_by(|a, b| a < b)
        );
        assert!(SECTIONS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn keys_are_known_in_any_case_and_sidecars_everywhere() {
        assert!(Kind::TransportRule.knows("exceptifheadercontainswords"));
        assert!(Kind::TransportRule.knows("Enabled "));
        assert!(Kind::ContentFilterPolicy.knows("BulkThreshold@data.type"));
        assert!(Kind::TenantList.knows("LastUsedDate(DateTime])"));
        assert!(Kind::ConnectionFilter.knows("RunspaceId"));
        assert!(!Kind::OutboundConnector.knows("RequireTls"));
    }

    #[test]
    fn every_command_names_a_file_that_speaks_for_itself() {
        for kind in all() {
            let lists = if kind == Kind::TenantList {
                TenantList::ALL.map(Some).to_vec()
            } else {
                vec![None]
            };
            for list in lists {
                let named = Named { kind, list };
                assert_eq!(Named::parse(&named.stem()), Some(named));
            }
        }
        assert_eq!(
            export_command(Kind::TransportRule, None),
            "ConvertTo-Json -Depth 10 -InputObject @(Get-TransportRule -ResultSize Unlimited) > Get-TransportRule.json"
        );
        assert_eq!(
            export_command(Kind::TenantList, Some(TenantList::Ip)),
            "ConvertTo-Json -Depth 10 -InputObject @(Get-TenantAllowBlockListItems -ListType IP) > \
             Get-TenantAllowBlockListItems.IP.json"
        );
        assert_eq!(export_command(Kind::TenantList, None).matches("-ListType").count(), 4);
        assert!(export_command(Kind::AdvancedDeliveryUrl, None).ends_with("Items.Url.AdvancedDelivery.json"));
    }

    #[test]
    fn stems_are_read_in_any_case_and_only_whole() {
        let named = |stem: &str| Named::parse(stem).map(|named| (named.kind, named.list));
        assert_eq!(named("get-transportrule"), Some((Kind::TransportRule, None)));
        assert_eq!(named("Get-TenantAllowBlockListItems"), Some((Kind::TenantList, None)));
        assert_eq!(
            named("Get-TenantAllowBlockListItems.filehash"),
            Some((Kind::TenantList, Some(TenantList::FileHash)))
        );
        assert_eq!(
            named("Get-TenantAllowBlockListItems.Url.Tenant"),
            Some((Kind::TenantList, Some(TenantList::Url)))
        );
        assert_eq!(
            named("Get-PhishSimOverrideRule"),
            Some((Kind::AdvancedDeliveryRule, None))
        );
        for stem in [
            "rules",
            "Get-TransportRule.old",
            "Get-TenantAllowBlockListItems.Sender.AdvancedDelivery",
            "",
        ] {
            assert_eq!(named(stem), None, "{stem}");
        }
    }

    #[test]
    fn resources_and_sections_name_kinds() {
        assert_eq!(
            Kind::of_resource("microsoft.exchange.transportrule"),
            Some(Kind::TransportRule)
        );
        assert_eq!(
            Kind::of_resource("microsoft.exchange.phishsimoverriderule"),
            Some(Kind::AdvancedDeliveryRule)
        );
        assert_eq!(Kind::of_resource("microsoft.teams.transportrule"), None);
        assert_eq!(Kind::of_section("conn_filter"), Some(Kind::ConnectionFilter));
        assert_eq!(Kind::of_section("transport_rule"), Some(Kind::TransportRule));
    }
}
