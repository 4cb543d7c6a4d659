//! Every container shape of export-formats section 1 that is JSON, over fixtures of our own and over short texts.

use std::path::Path;

use super::*;
use crate::document::json;
use crate::source::{self, Sources};

/// What a text is claimed as, one line a claim and a problem.
fn summary(name: &str, bytes: Vec<u8>) -> String {
    let mut sources = Sources::new();
    let id = sources.add_bytes(name, bytes);
    let text = sources.get(id).text();
    let (document, _) = json::parse(id, text);
    let stem = Path::new(name).file_stem().unwrap().to_str().unwrap();
    let Some(claimed) = claim(document.root(text), stem) else {
        return "nothing".to_owned();
    };
    let mut lines = Vec::new();
    for claim in &claimed.claims {
        let list = claim.list.map_or(String::new(), |list| format!(".{}", list.as_str()));
        let mut line = format!("{}{list} {}", claim.kind.as_str(), claim.records.len());
        for (said, word) in [(!claim.complete, " incomplete"), (claim.by_name, " by name")] {
            line.push_str(if said { word } else { "" });
        }
        if let Some(key) = claim.key {
            line.extend([" in ", sources.text(key)]);
        }
        lines.push(line);
    }
    for problem in &claimed.problems {
        let at = problem.labels[0].span;
        lines.push(format!(
            "{} {:?}: {} @ {}",
            problem.level.as_str(),
            problem.kind,
            problem.message,
            sources.text(at)
        ));
    }
    for (kind, span) in &claimed.failed_commands {
        lines.push(format!("failed {} @ {}", kind.as_str(), sources.text(*span)));
    }
    lines.join("\n")
}

fn text(stem: &str, text: &str) -> String {
    summary(&format!("{stem}.json"), text.as_bytes().to_vec())
}

fn fixture_as(file: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/exchange")
        .join(file);
    summary(name, source::read(&path).unwrap())
}

fn fixture(file: &str) -> String {
    fixture_as(file, file)
}

#[test]
fn what_convert_to_json_writes() {
    assert_eq!(fixture("transport-rule.array.json"), "transport-rule 2");
    assert_eq!(fixture("connection-filter.single.json"), "connection-filter 1");
    assert_eq!(fixture("connection-filter.utf16.json"), "connection-filter 1");
    assert_eq!(fixture("inbound-connector.smtp-prefix.json"), "inbound-connector 1");
    assert_eq!(fixture("inbound-connector.integer-enums.json"), "inbound-connector 1");
    assert_eq!(fixture("content-filter-policy.nested.json"), "content-filter-policy 1");
    assert_eq!(
        fixture("advanced-delivery-rule.escaped-date.json"),
        "advanced-delivery-rule 1"
    );
    assert_eq!(
        fixture("advanced-delivery-policy.single.json"),
        "advanced-delivery-policy 1"
    );
    assert_eq!(fixture("organization-config.selected.json"), "organization-config 1");
}

#[test]
fn connectors_in_one_list_are_told_apart() {
    assert_eq!(
        fixture("connectors.mixed.json"),
        "inbound-connector 1\noutbound-connector 1"
    );
}

#[test]
fn a_null_in_a_list_is_a_cmdlet_that_returned_nothing() {
    assert_eq!(fixture("outbound-connector.null.json"), "nothing");
    assert_eq!(
        fixture_as("outbound-connector.null.json", "Get-OutboundConnector.json"),
        "outbound-connector 0 by name"
    );
}

#[test]
fn the_name_of_the_file_decides_what_is_empty() {
    for empty in [
        "[]",
        "[null]",
        "null",
        r#"{"value":[]}"#,
        r#"{"CurrentPage":[],"@adminapi.warnings":[]}"#,
    ] {
        assert_eq!(text("get-transportrule", empty), "transport-rule 0 by name", "{empty}");
        assert_eq!(text("rules", empty), "nothing", "{empty}");
    }
    assert_eq!(fixture("tenant-list.empty-admin-api.json"), "nothing");
    assert_eq!(
        fixture_as(
            "tenant-list.empty-admin-api.json",
            "Get-TenantAllowBlockListItems.IP.json"
        ),
        "tenant-list.IP 0 by name"
    );
    assert_eq!(
        text("Get-TenantAllowBlockListItems", "[]"),
        "tenant-list.Sender 0 by name\ntenant-list.Url 0 by name\n\
         tenant-list.FileHash 0 by name\ntenant-list.IP 0 by name"
    );
    assert_eq!(
        text("Get-TenantAllowBlockListItems.Url.AdvancedDelivery", "[]"),
        "advanced-delivery-url 0 by name"
    );
}

#[test]
fn an_object_without_properties_is_no_empty_list() {
    assert_eq!(text("rules", "{}"), "nothing");
    assert_eq!(
        text("Get-ArcConfig", "{}"),
        "deny Unreadable: the export of arc-config is an object without properties @ {}\nfailed arc-config @ {}"
    );
}

#[test]
fn the_name_of_the_file_decides_what_has_too_few_keys() {
    let narrowed = r#"[{"Name":"a","State":"Enabled","Priority":0}]"#;
    assert_eq!(text("rules", narrowed), "nothing");
    assert_eq!(
        text("Get-HostedContentFilterRule", narrowed),
        "content-filter-rule 1 by name"
    );
    assert_eq!(
        text("Get-HostedContentFilterRule", r#"{"id":7,"colour":"red","size":1}"#),
        "nothing"
    );
}

#[test]
fn content_beats_the_name_of_the_file() {
    assert_eq!(
        fixture_as("inbound-connector.smtp-prefix.json", "Get-OutboundConnector.json"),
        "inbound-connector 1"
    );
}

#[test]
fn a_few_keys_are_enough_and_foreign_tables_are_left_alone() {
    for (ours, kind) in [
        (r#"{"IPAllowList":["192.0.2.0/25"]}"#, "connection-filter"),
        (
            r#"[{"Name":"a","SenderIpRanges":["192.0.2.1"],"SetSCL":-1}]"#,
            "transport-rule",
        ),
        (
            r#"{"Domains":["a.example"],"SenderIpRanges":"192.0.2.1"}"#,
            "advanced-delivery-rule",
        ),
        (
            r#"{"DomainName":"a.example","DomainType":"Authoritative"}"#,
            "accepted-domain",
        ),
        (r#"{"ArcTrustedSealers":"a.example"}"#, "arc-config"),
        (r#"{"Name":"x","SafeLinksPolicy":"p","Priority":0}"#, "safe-links-rule"),
        (
            r#"{"Identity":"ATP Built-In Protection Rule","SafeLinksPolicy":"a","SafeAttachmentPolicy":"b"}"#,
            "atp-built-in-rule",
        ),
        (
            r#"{"Name":"Strict Preset Security Policy","State":"Enabled","HostedContentFilterPolicy":"a"}"#,
            "eop-preset-rule",
        ),
        (r#"{"Identity":"_Exe:SecOpsOverrid:1","Policy":"x"}"#, "secops-rule"),
        (
            r#"{"Name":"SecOpsOverridePolicy","SentTo":["soc@contoso.example"]}"#,
            "secops-policy",
        ),
        (
            r#"{"Name":"a","Enable":true,"Action":"Block","Redirect":false,"RedirectAddress":""}"#,
            "safe-attachment-policy",
        ),
        (
            r#"{"Name":"a","FileTypes":["exe"],"EnableFileFilter":true}"#,
            "malware-filter-policy",
        ),
        (r#"{"ExcludedSenders":["a@b.example"],"Name":"p"}"#, "anti-phish-policy"),
    ] {
        assert_eq!(text("x", ours), format!("{kind} 1"), "{ours}");
    }
    for foreign in [
        r#"{"allowed":["192.0.2.0/25"],"name":"x"}"#,
        r#"{"ipAllowList":["192.0.2.0/25"],"cluster":"x","region":"y","owner":"z"}"#,
        r#"[{"name":"rule","enable":true,"action":"allow","redirect":false}]"#,
        r#"[{"value":"x","action":"Allow"}]"#,
        r#"{"AllowedDomains":[],"BlockedDomains":[],"Identity":"Global"}"#,
        r#"{"Name":"PhishSimOverridePolicy"}"#,
        r#"{"blockedSenders":["a@b.example"]}"#,
        r#"{"mail":{"BlockedSenders":["a@b.example"]}}"#,
        r#"{"error":{"code":404,"message":"not found"}}"#,
        r#"{"senderAddress":"a@b.example","recipientAddress":"c@d.example","id":1}"#,
        r#""Get-Something : it went wrong""#,
        "3",
        "",
    ] {
        assert_eq!(text("x", foreign), "nothing", "{foreign}");
    }
}

#[test]
fn a_compliance_rule_is_no_transport_rule() {
    let rule =
        r#"{"Name":"a","FromScope":null,"SenderAddressLocation":"Header","RuleErrorAction":null,"BlockAccess":true}"#;
    assert_eq!(text("x", rule), "nothing");
}

#[test]
fn the_admin_api() {
    assert_eq!(
        fixture_as(
            "tenant-list.admin-api.json",
            "Get-TenantAllowBlockListItems.Sender.json"
        ),
        "tenant-list.Sender 2 by name"
    );
    assert_eq!(fixture("tenant-list-spoof.current-page.json"), "tenant-list-spoof 1");
    assert_eq!(
        fixture_as(
            "tenant-list-spoof.current-page.json",
            "Get-TenantAllowBlockListItems.json"
        ),
        "tenant-list-spoof 1"
    );
}

#[test]
fn more_rows_than_were_exported() {
    assert_eq!(
        fixture_as("tenant-list.truncated.json", "Get-TenantAllowBlockListItems.IP.json"),
        "tenant-list.IP 1 incomplete by name\n\
         deny Truncated: the export holds only the first rows, more exist @ \
         \"https://outlook.example.test/adminapi/beta/contoso/InvokeCommand?$skiptoken=abc\""
    );
    let other = r#"{"@adminapi.warnings":["the cmdlet is deprecated"],"value":[{"ArcTrustedSealers":"a"}]}"#;
    assert_eq!(
        text("x", other),
        "arc-config 1\nnote Notice: the service warned while it exported: `the cmdlet is deprecated` @ \
         \"the cmdlet is deprecated\""
    );
    let pages = r#"[{"@odata.nextLink":"https://x.test/2","value":[{"ArcTrustedSealers":"a"}]},
                    {"value":[{"ArcTrustedSealers":"b"}]}]"#;
    assert_eq!(text("x", pages), "arc-config 2");
}

#[test]
fn tenant_list_rows_by_shape() {
    let lists = "tenant-list.Sender 1\ntenant-list.Url 1\ntenant-list.FileHash 1\ntenant-list.IP 1\n\
                 advanced-delivery-url 1\n\
                 note Notice: 4 tenant allow/block rows do not name a list; the shape of the values decided @ \
                 \"news@vendor.example\"";
    assert_eq!(fixture("tenant-list.shapes.json"), lists);
    assert_eq!(
        fixture_as("tenant-list.shapes.json", "Get-TenantAllowBlockListItems.json"),
        lists
            .replace(" 1\n", " 1 by name\n")
            .replace("advanced-delivery-url 1 by name", "advanced-delivery-url 1")
    );
    let row = |value: &str, more: &str| {
        format!(r#"{{"Value":"{value}","Action":"Allow","ListSubType":"Tenant","SubmissionID":"x"{more}}}"#)
    };
    let among_urls = format!("[{},{}]", row("a.example", ""), row("b.example/login", ""));
    assert!(text("x", &among_urls).starts_with("tenant-list.Url 2\n"));
    let told = format!("[{}]", row("a.example", r#","ListType":"url""#));
    assert_eq!(text("x", &told), "tenant-list.Url 1");
    let wrong = format!("[{}]", row("2001:db8::1", ""));
    assert_eq!(
        text("Get-TenantAllowBlockListItems.Sender", &wrong),
        "tenant-list.Sender 1 by name\nwarn BadValue: 1 row is no entry of the tenant list `Sender` this export is \
         named after @ \"2001:db8::1\""
    );
}

#[test]
fn a_url_list_of_simulation_urls_alone_says_nothing_of_the_others() {
    let row = r#"[{"Value":"~a.example~","Action":"Allow","ListSubType":"AdvancedDelivery","SubmissionID":"x"}]"#;
    assert_eq!(
        text("Get-TenantAllowBlockListItems.Url", row),
        "advanced-delivery-url 1"
    );
}

#[test]
fn a_bundle_keeps_book_of_what_ran() {
    let sections = "eop-preset-rule 1 in \"protection_policy_rules\"\n\
                    atp-preset-rule 0 in \"atp_policy_rules\"\n\
                    content-filter-policy 0 in \"hosted_content_filter_policies\"\n\
                    accepted-domain 2 in \"accepted_domains\"\n\
                    transport-rule 1 in \"transport_rule\"\n\
                    connection-filter 1 in \"conn_filter\"\n\
                    inbound-connector 0 in \"inbound_connectors\"\n\
                    failed outbound-connector @ \"Get-OutboundConnector\"";
    assert_eq!(fixture("bundle.scubagear.json"), sections);
    assert_eq!(fixture("bundle.scubagear-report.json"), sections);
    let unbooked =
        r#"{"module_version":"1.8.0","outbound_connectors":[],"inbound_connectors":[null],"safe_links_rules":{}}"#;
    assert_eq!(text("x", unbooked), "inbound-connector 0 in \"inbound_connectors\"");
}

#[test]
fn a_bundle_of_ones_own_names_its_sections_after_the_cmdlets() {
    let bundle = r#"{"Get-TransportRule":[],"Get-ArcConfig":{"ArcTrustedSealers":"a"},"taken":"2026-07-01",
                     "Get-TenantAllowBlockListItems.Sender":[]}"#;
    assert_eq!(
        text("export", bundle),
        "transport-rule 0 in \"Get-TransportRule\"\narc-config 1 in \"Get-ArcConfig\"\n\
         tenant-list.Sender 0 in \"Get-TenantAllowBlockListItems.Sender\""
    );
}

#[test]
fn a_snapshot_says_what_its_resources_are() {
    assert_eq!(fixture("snapshot.utcm.json"), "transport-rule 2\naccepted-domain 1");
}

#[test]
fn templates_and_wrappers() {
    assert_eq!(fixture("transport-rule.template.json"), "transport-rule 1");
    assert_eq!(
        fixture("inbound-connector.template.json"),
        "inbound-connector 1 in \"direct\""
    );
    let wrapped = r#"{"Some.Product(obj.Guid === val.Guid)":{"Name":"x","SafeLinksPolicy":"p","State":"Enabled"}}"#;
    assert_eq!(
        text("x", wrapped),
        "safe-links-rule 1 in \"Some.Product(obj.Guid === val.Guid)\""
    );
}

#[test]
fn errors_saved_as_data_claim_nothing() {
    let error = fixture("transport-rule.error.json");
    assert!(
        error.starts_with("deny Unreadable: an error was saved instead of the export: `|Microsoft.Exchange."),
        "{error}"
    );
    assert!(error.contains("\\u{1b}[31mx"), "{error}");
    assert!(!error.contains("failed"), "{error}");
    let named = fixture_as("transport-rule.error.json", "Get-TransportRule.json");
    assert!(named.contains("\nfailed transport-rule @"), "{named}");
    let shell = text("Get-ArcConfig", r#""Get-ArcConfig : The term is not recognized""#);
    assert!(
        shell.contains("`Get-ArcConfig : The term is not recognized`"),
        "{shell}"
    );
    let record = r#"{"Exception":{"Message":"Access denied"},"CategoryInfo":{},"FullyQualifiedErrorId":"x"}"#;
    assert!(text("Get-ArcConfig", record).contains("`Access denied`"));
}

#[test]
fn values_below_the_depth_are_reported_once_a_key() {
    assert_eq!(
        fixture("content-filter-policy.depth-truncated.json"),
        "content-filter-policy 1\n\
         deny Truncated: the export of content-filter-policy was cut off: 2 values of `AllowedSenders` lost their content \
         @ \"@{Address=news@vendor.example; IsValidAddress=True}\"\n\
         deny Truncated: the export of content-filter-policy was cut off: 1 value of `AllowedSenderDomains` lost its content \
         @ \"Microsoft.Exchange.Data.SmtpDomain\"\n\
         deny Truncated: the export of content-filter-policy was cut off: 1 value of `BlockedSenders` lost its content \
         @ \"System.Collections.ArrayList\""
    );
}

#[test]
fn an_export_that_is_all_cut_off_is_lacking() {
    let lost = "deny Truncated: the export of arc-config was cut off: its objects lost their content \
                @ \"@{ArcTrustedSealers=a.example}\"\nfailed arc-config @ \"@{ArcTrustedSealers=a.example}\"";
    assert_eq!(text("Get-ArcConfig", r#"["@{ArcTrustedSealers=a.example}"]"#), lost);
    assert_eq!(text("x", r#"{"Get-ArcConfig":"@{ArcTrustedSealers=a.example}"}"#), lost);
    assert_eq!(text("x", r#"["@{ArcTrustedSealers=a.example}"]"#), "nothing");
}

#[test]
fn what_is_strange_in_a_list_of_ours_is_said() {
    let list = r#"[{"ArcTrustedSealers":"a"},{"colour":"red"}]"#;
    assert_eq!(
        text("x", list),
        "arc-config 1\nwarn Unreadable: 1 entry is no object this product knows, in a list of objects it knows @ \
         {\"colour\":\"red\"}"
    );
    assert!(text("x", r#"[{"ArcTrustedSealers":"a"},"..."]"#).starts_with("arc-config 1 incomplete\n"));
    assert!(text("x", r#"[{"ArcTrustedSealers":"a"},{"ArcTrustedSealers":"#).starts_with("arc-config 2 incomplete"));
}

#[test]
fn a_hundred_thousand_rows_of_two_shapes_are_claimed_at_once() {
    let row = r#"{"Value":"a@b.example","Action":"Allow","ListSubType":"Tenant","SubmissionID":"x","RemoveAfter":45}"#;
    let other = r#"{"Value":"b.example","Action":"Allow","ListSubType":"Tenant","SubmissionID":"x",
                    "ExpirationDate@data.type":"System.DateTime","ExpirationDate":null}"#;
    let rows = [row, other].repeat(50_000).join(",");
    assert_eq!(
        text("Get-TenantAllowBlockListItems.Sender", &format!("[{rows}]")),
        "tenant-list.Sender 100000 by name"
    );
}
