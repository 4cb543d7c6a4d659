//! The real exports of others, and what each is claimed as. They are no part of the project: `ALLOWAUDIT_SAMPLES` says
//! where they lie, and without it nothing is compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::program::{root, run};

/// A file and the number of objects of each kind in it. A kind with no objects is an export that returned nothing;
/// no kinds at all: nothing in the file is claimed.
type Sample = (&'static str, &'static [(&'static str, usize)]);

/// What both files of the `ScubaGear` sample report hold.
const SCUBAGEAR: &[(&str, usize)] = &[
    ("accepted-domain", 7),
    ("anti-phish-policy", 3),
    ("atp-policy", 1),
    ("atp-preset-rule", 2),
    ("connection-filter", 1),
    ("dkim-config", 2),
    ("eop-preset-rule", 2),
    ("inbound-connector", 1),
    ("intra-org-connector", 0),
    ("organization-config", 1),
    ("outbound-connector", 0),
    ("remote-domain", 1),
    ("transport-config", 1),
    ("transport-rule", 1),
];

/// Every file, sorted. CLIXML, PowerShell and the files of gateways are not read yet.
const SAMPLES: &[Sample] = &[
    ("exchange/css-exchange-clixml/GetAcceptedDomain.xml", &[]),
    ("exchange/css-exchange-clixml/GetAcceptedDomain_Bad.xml", &[]),
    ("exchange/css-exchange-clixml/GetAcceptedDomain_Problem.xml", &[]),
    ("exchange/css-exchange-clixml/GetExchangeServer.xml", &[]),
    ("exchange/css-exchange-clixml/GetHybridConfiguration.xml", &[]),
    ("exchange/css-exchange-clixml/GetOrganizationConfig.xml", &[]),
    ("exchange/css-exchange-clixml/GetReceiveConnector.xml", &[]),
    (
        "exchange/css-exchange-clixml/GetReceiveConnectorEmptyTlsCertificateName.xml",
        &[],
    ),
    ("exchange/css-exchange-clixml/GetSendConnector.xml", &[]),
    (
        "exchange/css-exchange-clixml/GetSendConnectorConfiguredToRelayToM365.xml",
        &[],
    ),
    ("exchange/demisto-content/message-trace.json", &[("message-trace", 2)]),
    (
        "exchange/demisto-content/safelinks-policy.json",
        &[("safe-links-policy", 1)],
    ),
    (
        "exchange/demisto-content/safelinks-rule.json",
        &[("safe-links-rule", 1)],
    ),
    (
        "exchange/m365dsc-examples/EXOATPBuiltInProtectionRule.2-Update.ps1",
        &[],
    ),
    ("exchange/m365dsc-examples/EXOAcceptedDomain.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAcceptedDomain.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAntiPhishPolicy.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAntiPhishPolicy.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAntiPhishRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAntiPhishRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOArcConfig.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAtpProtectionPolicyRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOAtpProtectionPolicyRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOEOPProtectionPolicyRule.1-Update.ps1", &[]),
    (
        "exchange/m365dsc-examples/EXOHostedConnectionFilterPolicy.2-Update.ps1",
        &[],
    ),
    (
        "exchange/m365dsc-examples/EXOHostedContentFilterPolicy.1-Create.ps1",
        &[],
    ),
    (
        "exchange/m365dsc-examples/EXOHostedContentFilterPolicy.2-Update.ps1",
        &[],
    ),
    ("exchange/m365dsc-examples/EXOHostedContentFilterRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOHostedContentFilterRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOInboundConnector.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOInboundConnector.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOMalwareFilterPolicy.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOMalwareFilterPolicy.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOMalwareFilterRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOMalwareFilterRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOOrganizationConfig.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOOutboundConnector.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOPhishSimOverrideRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOPhishSimOverrideRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeAttachmentPolicy.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeAttachmentPolicy.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeAttachmentRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeAttachmentRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeLinksPolicy.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeLinksPolicy.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeLinksRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSafeLinksRule.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSecOpsOverrideRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOSecOpsOverrideRule.2-Update.ps1", &[]),
    (
        "exchange/m365dsc-examples/EXOTenantAllowBlockListItems.1-Create.ps1",
        &[],
    ),
    (
        "exchange/m365dsc-examples/EXOTenantAllowBlockListItems.2-Update.ps1",
        &[],
    ),
    ("exchange/m365dsc-examples/EXOTransportConfig.2-Update.ps1", &[]),
    ("exchange/m365dsc-examples/EXOTransportRule.1-Create.ps1", &[]),
    ("exchange/m365dsc-examples/EXOTransportRule.2-Update.ps1", &[]),
    ("exchange/scubagear-email-slices/sample-report.email.json", SCUBAGEAR),
    (
        "exchange/scubagear-sample-report/ProviderSettingsExport.json",
        SCUBAGEAR,
    ),
    (
        "exchange/seppmail/SEPPmail365/Connectors/Inbound.json",
        &[("inbound-connector", 2)],
    ),
    (
        "exchange/seppmail/SEPPmail365/Rules/Skip-SPF-incoming.json",
        &[("transport-rule", 2)],
    ),
    ("exchange/seppmail/SEPPmail365cloud/CloudConfig/GeoRegion.json", &[]),
    (
        "exchange/seppmail/SEPPmail365cloud/Connectors/Inbound.json",
        &[("inbound-connector", 2)],
    ),
    (
        "exchange/seppmail/SEPPmail365cloud/Connectors/OutBound.json",
        &[("outbound-connector", 2)],
    ),
    ("exchange/seppmail/SEPPmail365cloud/Policies/AntiSpam.json", &[]),
    (
        "exchange/seppmail/SEPPmail365cloud/Rules/100-Inbound.json",
        &[("transport-rule", 1)],
    ),
    ("gateways/google/scubagoggles_policyapi_get_policies11.json", &[]),
    ("gateways/google/scubagoggles_policyapi_get_policies12.json", &[]),
    ("gateways/google/scubagoggles_policyapi_get_policies3.json", &[]),
    ("gateways/google/scubagoggles_policyapi_get_policies4.json", &[]),
    ("gateways/google/scubagoggles_policyapi_reducer3.json", &[]),
    ("gateways/google/scubagoggles_policyapi_verify1.json", &[]),
    (
        "gateways/mimecast/legacy_antispoofing-bypass_create-policy_response.json",
        &[],
    ),
    ("gateways/mimecast/legacy_blockedsenders_get-policy.json", &[]),
    ("gateways/mimecast/message-finder_search_response.json", &[]),
    ("gateways/postfix/client.cidr", &[]),
    ("gateways/postfix/postscreen_access.cidr", &[]),
    ("gateways/proofpoint/pod_orgSafeList_entries.json", &[]),
    ("gateways/rspamd/domains.list", &[]),
    ("gateways/rspamd/glob.list", &[]),
    ("gateways/rspamd/ip.list", &[]),
    ("gateways/rspamd/ip2.list", &[]),
    ("gateways/rspamd/rcvd.list", &[]),
    ("gateways/rspamd/regexp.list", &[]),
    ("gateways/rspamd/settings.conf.excerpt", &[]),
    ("gateways/rspamd/users.list", &[]),
    ("gateways/spamassassin/welcomelist_from_rcvd.cf", &[]),
    ("gateways/xeams/import-sender-filters.csv", &[]),
];

fn samples() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("ALLOWAUDIT_SAMPLES")?);
    Some(if path.is_relative() { root().join(path) } else { path })
}

/// What the program claims in a file, objects of each kind, by its own report.
fn claimed(file: &Path) -> BTreeMap<String, usize> {
    let shown = file.to_str().unwrap();
    let ran = run(&["check", shown, "--format", "json", "--now", "2026-11-21"]);
    assert!(
        (0..=2).contains(&ran.code),
        "{shown}: ended with {}: {}",
        ran.code,
        ran.err
    );
    assert!(!ran.err.contains("panicked"), "{shown}: {}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let rows = report["tenants"][0]["inputs"].as_array().unwrap();
    assert!(!rows.is_empty(), "{shown}: not listed among the inputs");
    let name = file.file_name().unwrap().to_str().unwrap();
    let mut objects = BTreeMap::new();
    for row in rows {
        assert_eq!(row["path"], name, "{shown}");
        let kind = row["kind"].as_str().unwrap();
        let count = usize::try_from(row["objects"].as_u64().unwrap()).unwrap();
        if kind == "unclaimed" {
            assert_eq!((count, rows.len()), (0, 1), "{shown}: claimed in part");
            continue;
        }
        *objects.entry(kind.to_owned()).or_insert(0) += count;
    }
    objects
}

#[test]
fn the_table_of_samples_is_sorted_and_complete() {
    assert!(SAMPLES.is_sorted_by(|a, b| a.0 < b.0));
    let Some(root) = samples() else { return };
    let (files, failed) = allowaudit::source::walk(&root);
    assert!(failed.is_empty(), "{failed:?}");
    let inside = files
        .iter()
        .map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap());
    let listed: Vec<&str> = SAMPLES.iter().map(|&(file, _)| file).collect();
    let found: Vec<&str> = inside.filter(|file| *file != "README.md").collect();
    assert_eq!(found, listed);
}

#[test]
fn samples_are_claimed_as_the_table_says() {
    let Some(root) = samples() else {
        println!("samples: skipped, ALLOWAUDIT_SAMPLES is not set");
        return;
    };
    let mut wrong = Vec::new();
    for &(file, objects) in SAMPLES {
        let expected: BTreeMap<String, usize> = objects.iter().map(|&(kind, count)| (kind.to_owned(), count)).collect();
        let found = claimed(&root.join(file));
        if found != expected {
            wrong.push(format!("{file}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("samples: {} read", SAMPLES.len());
}
