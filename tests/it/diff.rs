//! `diff`: pairs of small tenants, each with one change, and what becomes of mail by it.

use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, NOW, Ran};
use crate::cli::snapshot;
use crate::program::root;

const PACK: &str = r#"
id = "acme"
name = "Acme Awareness"
checked = 2026-11-21

[[source]]
id = "help"
url = "https://help.acme.example/allowlisting"
seen = 2026-11-21
grade = "vendor"

[[stream]]
id = "training"
summary = "Training invitations"
deliveries = ["smtp"]
smtp_when_api = "never"
clears = "inbox"
source = "help"

[[value]]
stream = "training"
identity = "connecting-ip"
value = "192.0.2.0/28"
status = "current"
sharing = "dedicated"
source = "help"

[[value]]
stream = "training"
identity = "mail-from"
value = "acme.example"
status = "current"
source = "help"

[[value]]
stream = "training"
identity = "header-from"
value = "acme.example"
status = "current"
source = "help"
"#;

const TENANT: &str = "name = \"contoso\"\n\n[[vendor]]\npack = \"acme\"\n";

fn advanced_delivery(domains: &str, hosts: &str) -> String {
    format!(
        r#"[{{"Name":"PhishSimOverrideRule","Identity":"PhishSimOverrideRule","Domains":[{domains}],"SenderIpRanges":[{hosts}],"Policy":"03d82aca-57dd-4d13-bf48-c70b868c7a9c","Mode":"Enforce","State":"Enabled"}}]"#
    )
}

fn connection_filter(allowed: &str) -> String {
    format!(
        r#"[{{"Name":"Default","Identity":"Default","IsDefault":true,"IPAllowList":[{allowed}],"IPBlockList":[],"EnableSafeList":false,"DirectoryBasedEdgeBlockMode":"Default"}}]"#
    )
}

/// Rules in order: name and what else is said of each.
fn rules(rules: &[(&str, &str)]) -> String {
    let rules = rules.iter().enumerate();
    let rules: Vec<String> = rules
        .map(|(at, (name, rest))| {
            format!(r#"{{"Name":{name:?},"Priority":{at},"State":"Enabled","Mode":"Enforce",{rest}}}"#)
        })
        .collect();
    format!("[{}]", rules.join(",\n"))
}

/// A tenant in a folder: a whole set of exports in which acme's mail gets through, and nothing else does.
fn tenant(bench: &Bench, folder: &str) {
    let exports = root().join("examples/clean/contoso/exports");
    let to = bench.path().join(folder);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let copied = Command::new("cp").arg("-r").arg(&exports).arg(&to).status().unwrap();
    assert!(copied.success());
    bench
        .write(
            &format!("{folder}/Get-ExoPhishSimOverrideRule.json"),
            advanced_delivery("\"acme.example\"", "\"192.0.2.0/28\""),
        )
        .write(
            &format!("{folder}/Get-HostedConnectionFilterPolicy.json"),
            connection_filter(""),
        )
        .write(&format!("{folder}/Get-TransportRule.json"), "[]");
}

/// Two tenants that are the same, with a tenant file on the old side only.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("acme.toml", PACK);
    tenant(&bench, "old");
    tenant(&bench, "new");
    bench.write("old/allowaudit.toml", TENANT);
    bench
}

fn diff(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[&["diff", "old", "new", "--pack", "acme.toml", "--now", NOW], more].concat())
}

/// The report, and the exit code.
fn json(bench: &Bench) -> (Value, Option<i32>) {
    let ran = diff(bench, &["--format", "json"]);
    assert_eq!(ran.err, "");
    (ran.json(), ran.code)
}

/// What came of the only stream.
fn stream(report: &Value) -> &Value {
    let streams = report["tenants"][0]["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 1, "{report}");
    &streams[0]
}

fn fates(report: &Value) -> (&str, &str) {
    let stream = stream(report);
    (stream["old"].as_str().unwrap(), stream["new"].as_str().unwrap())
}

fn strangers(report: &Value) -> Vec<&str> {
    let changes = report["tenants"][0]["strangers"]["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| change["direction"].as_str().unwrap())
        .collect()
}

/// What `why` says of a message on one side.
fn why(bench: &Bench, side: &str, witness: &Value) -> Value {
    let mut arguments = vec!["why", side, "--now", NOW, "--format", "json", "--pack", "acme.toml"];
    for (option, field) in [
        ("--ip", "ip"),
        ("--mail-from", "mail_from"),
        ("--from", "from"),
        ("--to", "to"),
    ] {
        arguments.extend([option, witness[field].as_str().unwrap()]);
    }
    let auth: Vec<&str> = witness["auth"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for result in &auth {
        arguments.extend(["--auth", result]);
    }
    bench.run(&arguments).json()
}

/// Every witness fares on either side as the report says.
fn confirmed(bench: &Bench, changes: &Value) {
    let changes = changes.as_array().unwrap();
    assert!(!changes.is_empty());
    for change in changes {
        for (side, field) in [("old", "from"), ("new", "to")] {
            let journey = why(bench, side, &change["witness"]);
            let said = change[field].as_str().unwrap();
            for concern in change["concerns"].as_array().unwrap() {
                let concern = concern.as_str().unwrap();
                let mut stages = journey["stages"].as_array().unwrap().iter();
                if concern == "routing" {
                    let verdict = journey["verdict"].as_str().unwrap();
                    let ended = matches!(said, "rejected" | "quarantined" | "dropped" | "redirected");
                    assert!(!ended || verdict == said, "{change}");
                    continue;
                }
                let found = stages.find_map(|stage| stage["concerns"][concern].as_str());
                let expected = match said {
                    "cleared" | "not-applicable" | "unknown" => Some(said),
                    "rejected" => None,
                    _ => Some("raised"),
                };
                assert_eq!(found, expected, "{concern}: {change}");
            }
        }
    }
}

#[test]
fn two_that_are_the_same() {
    let bench = bench();
    let (report, code) = json(&bench);
    assert_eq!(code, Some(0));
    assert_eq!(report["tenants"][0]["outcome"], "same");
    assert_eq!(fates(&report), ("gets-through", "gets-through"));
    assert!(strangers(&report).is_empty());
    assert_eq!(report["tenants"][0]["everybody"]["changes"], serde_json::json!([]));
    assert_eq!(diff(&bench, &["-q"]).out, "");
}

#[test]
fn an_entry_in_other_words_changes_nothing() {
    let bench = bench();
    bench.write(
        "new/Get-ExoPhishSimOverrideRule.json",
        advanced_delivery("\"ACME.example\"", "\"192.0.2.8/29\", \"192.0.2.0/29\""),
    );
    let (report, code) = json(&bench);
    assert_eq!(
        (code, &report["tenants"][0]["outcome"]),
        (Some(0), &Value::from("same"))
    );
}

#[test]
fn half_of_the_addresses_gone() {
    let bench = bench();
    bench.write(
        "new/Get-ExoPhishSimOverrideRule.json",
        advanced_delivery("\"acme.example\"", "\"192.0.2.0/29\""),
    );
    let (report, code) = json(&bench);
    assert_eq!(code, Some(1));
    assert_eq!(fates(&report), ("gets-through", "stops"));
    assert_eq!(
        stream(&report)["moves"][0]["set"]["products"][0]["ip"][0],
        "192.0.2.8/29"
    );
    assert!(strangers(&report).is_empty(), "the vendor's hosts are nobody's else");
    confirmed(&bench, &stream(&report)["changes"]);
    snapshot("diff-entry-gone", &diff(&bench, &[]).out);
    // The other way round it is for the better.
    bench.write(
        "old/Get-ExoPhishSimOverrideRule.json",
        advanced_delivery("\"acme.example\"", "\"192.0.2.0/30\""),
    );
    let (report, code) = json(&bench);
    assert_eq!(code, Some(0));
    assert_eq!(fates(&report), ("stops", "stops"));
    assert_eq!(stream(&report)["moves"][0]["to"], "gets-through");
    assert_eq!(
        stream(&report)["moves"][0]["set"]["products"][0]["ip"][0],
        "192.0.2.4/30"
    );
}

#[test]
fn a_wider_network_lets_strangers_in() {
    let bench = bench();
    bench
        .write(
            "old/Get-HostedConnectionFilterPolicy.json",
            connection_filter("\"192.0.2.0/28\""),
        )
        .write(
            "new/Get-HostedConnectionFilterPolicy.json",
            connection_filter("\"192.0.2.0/24\""),
        );
    let (report, code) = json(&bench);
    assert_eq!(code, Some(1));
    assert_eq!(fates(&report), ("gets-through", "gets-through"));
    assert!(strangers(&report).iter().all(|direction| *direction == "weaker"));
    confirmed(&bench, &report["tenants"][0]["strangers"]["changes"]);
    snapshot("diff-network-wider", &diff(&bench, &[]).out);
}

#[test]
fn a_narrower_network_keeps_strangers_out() {
    let bench = bench();
    bench
        .write(
            "old/Get-HostedConnectionFilterPolicy.json",
            connection_filter("\"192.0.2.0/24\""),
        )
        .write(
            "new/Get-HostedConnectionFilterPolicy.json",
            connection_filter("\"192.0.2.0/28\""),
        );
    let (report, code) = json(&bench);
    assert_eq!(
        (code, &report["tenants"][0]["outcome"]),
        (Some(0), &Value::from("changed"))
    );
    assert!(strangers(&report).iter().all(|direction| *direction == "stronger"));
    confirmed(&bench, &report["tenants"][0]["strangers"]["changes"]);
}

#[test]
fn a_missing_export_is_no_stop() {
    let bench = bench();
    bench.write("old/Get-HostedConnectionFilterPolicy.json", connection_filter(""));
    std::fs::remove_file(bench.path().join("new/Get-HostedConnectionFilterPolicy.json")).unwrap();
    let (report, code) = json(&bench);
    assert_eq!(code, Some(1));
    assert_eq!(fates(&report), ("gets-through", "unknown"));
    let changes = stream(&report)["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["to"] == "unknown"), "{changes:?}");
    assert_eq!(changes[0]["new"]["needs"][0]["key"], "export/connection-filter");
    assert!(
        strangers(&report)
            .iter()
            .all(|direction| direction.starts_with("may-be"))
    );
    snapshot("diff-export-missing", &diff(&bench, &[]).out);
}

const BYPASS: (&str, &str) = ("Bypass", r#""SenderIpRanges":["203.0.113.7"],"SetSCL":-1"#);
const STOP: (&str, &str) = (
    "Stop",
    r#""SenderIpRanges":["203.0.113.0/24"],"StopRuleProcessing":true"#,
);
const OTHER: (&str, &str) = ("Other", r#""SenderIpRanges":["198.51.100.7"],"SetSCL":-1"#);

#[test]
fn rules_in_another_order_with_and_without_effect() {
    let bench = bench();
    bench
        .write("old/Get-TransportRule.json", rules(&[OTHER, BYPASS, STOP]))
        .write("new/Get-TransportRule.json", rules(&[BYPASS, OTHER, STOP]));
    let (report, code) = json(&bench);
    assert_eq!(
        (code, &report["tenants"][0]["outcome"]),
        (Some(0), &Value::from("same"))
    );
    bench.write("new/Get-TransportRule.json", rules(&[OTHER, STOP, BYPASS]));
    let (report, code) = json(&bench);
    // Without DNS nobody knows what the DMARC policy comes to, on neither side.
    assert_eq!(
        (code, &report["tenants"][0]["outcome"]),
        (Some(1), &Value::from("worse"))
    );
    let directions = strangers(&report);
    assert_eq!(directions, ["may-be-weaker", "may-be-stronger", "stronger", "stronger"]);
    confirmed(&bench, &report["tenants"][0]["strangers"]["changes"]);
    snapshot("diff-rules-swapped", &diff(&bench, &[]).out);
}

#[test]
fn a_bypass_that_is_gone() {
    let bench = bench();
    bench.write("old/Get-TransportRule.json", rules(&[BYPASS]));
    let (report, code) = json(&bench);
    // What it may have done about the DMARC policy, it does not any more.
    assert_eq!(
        (code, &report["tenants"][0]["outcome"]),
        (Some(0), &Value::from("changed"))
    );
    let directions = strangers(&report);
    assert!(
        directions.contains(&"stronger") && directions.contains(&"may-be-stronger"),
        "{directions:?}"
    );
}

#[test]
fn a_rule_that_rejects_the_vendor() {
    let bench = bench();
    let reject = (
        "Reject",
        r#""SenderDomainIs":["acme.example"],"RejectMessageReasonText":"no""#,
    );
    bench.write("new/Get-TransportRule.json", rules(&[reject]));
    let (report, code) = json(&bench);
    assert_eq!((code, fates(&report)), (Some(1), ("gets-through", "stops")));
    let changes = &stream(&report)["changes"];
    assert_eq!(changes[0]["to"], "rejected");
    assert_eq!(changes[0]["new"]["object"], "transport-rule/Reject");
    confirmed(&bench, changes);
}

#[test]
fn a_vendor_that_only_one_side_declares() {
    let bench = bench();
    let none = "name = \"contoso\"\n";
    bench
        .write("new/allowaudit.toml", none)
        .write("new/Get-ExoPhishSimOverrideRule.json", "[]");
    let (report, code) = json(&bench);
    assert_eq!(stream(&report)["declared"], "old");
    assert_eq!(
        (code, fates(&report)),
        (Some(0), ("gets-through", "stops")),
        "nobody wants it any more"
    );
    bench
        .write("old/allowaudit.toml", none)
        .write("new/allowaudit.toml", TENANT)
        .write("old/Get-ExoPhishSimOverrideRule.json", "[]")
        .write(
            "new/Get-ExoPhishSimOverrideRule.json",
            advanced_delivery("\"acme.example\"", "\"192.0.2.0/28\""),
        );
    let (report, code) = json(&bench);
    assert_eq!(stream(&report)["declared"], "new");
    assert_eq!((code, fates(&report)), (Some(0), ("stops", "gets-through")));
    let changes = report["tenants"][0]["strangers"]["changes"].as_array().unwrap();
    assert!(
        !changes.is_empty() && changes.iter().all(|change| change["declared"] == true),
        "{changes:?}"
    );
}

#[test]
fn what_is_wrong_with_a_side() {
    let bench = bench();
    bench.write("empty/notes.txt", "nothing");
    let run = |old: &str, new: &str| bench.run(&["diff", old, new, "--pack", "acme.toml", "--now", NOW]);
    assert_eq!(run("old", "missing").code, Some(2));
    let ran = run("old", "empty");
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("could not be compared"), "{}", ran.out);
    assert_eq!(bench.run(&["diff", "old"]).code, Some(2));
}

#[test]
fn trees_of_tenants_are_matched_by_their_places() {
    let bench = Bench::new();
    bench.write("acme.toml", PACK);
    for folder in ["old/a", "old/b", "old/c", "new/a", "new/b", "new/d"] {
        tenant(&bench, folder);
    }
    for folder in ["old/a", "old/b", "old/c", "new/a", "new/d"] {
        let name = folder.replace('/', "-");
        bench.write(&format!("{folder}/allowaudit.toml"), TENANT.replace("contoso", &name));
    }
    let (report, code) = json(&bench);
    assert_eq!(code, Some(1), "a tenant is gone");
    let outcomes: Vec<(&str, &str)> = report["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tenant| (tenant["name"].as_str().unwrap(), tenant["outcome"].as_str().unwrap()))
        .collect();
    let expected = [
        ("new-a", "same"),
        ("old-b", "same"),
        ("old-c", "only-old"),
        ("new-d", "only-new"),
    ];
    assert_eq!(outcomes, expected);
    let ran = diff(&bench, &[]);
    assert!(ran.out.contains("only the old side has this tenant"), "{}", ran.out);
}

#[test]
fn names_from_exports_are_escaped() {
    let bench = bench();
    let name = "'; \u{1b}[31m \u{202e}Remove";
    let hostile = (name, r#""SenderIpRanges":["203.0.113.7"],"SetSCL":-1"#);
    let text = rules(&[hostile])
        .replace("\\u{1b}", "\\u001b")
        .replace("\\u{202e}", "\\u202e");
    bench.write("new/Get-TransportRule.json", text);
    for format in ["human", "json"] {
        let ran = diff(&bench, &["--format", format]);
        assert_eq!(ran.code, Some(1), "{}", ran.all());
        assert!(!ran.all().contains(['\u{1b}', '\u{202e}']), "{}", ran.all());
        assert!(ran.out.contains("Remove"), "{}", ran.out);
    }
}

#[test]
fn a_report_in_a_file() {
    let bench = bench();
    let ran = diff(&bench, &["--format", "json", "-o", "diff.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    let report: Value = serde_json::from_str(&bench.read("diff.json")).unwrap();
    assert_eq!(
        (&report["format"], &report["version"]),
        (&Value::from("allowaudit-diff"), &Value::from(1))
    );
    assert_eq!(diff(&bench, &["-o", "missing/diff.txt"]).code, Some(2));
}
