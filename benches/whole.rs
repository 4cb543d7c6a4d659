//! Whole audits: of a very large export, of a usual tenant, of many rules, values, vendors and entries.
//!
//! `cargo bench --bench whole` measures in process, beside what `serde_json` needs to parse the same text or 20 MB.
//! `cargo bench --bench whole -- --processes` runs the program itself on folders that are taken away afterwards, and
//! tells time and peak memory as ratios.

#![expect(
    clippy::expect_used,
    reason = "a measurement that cannot be set up has nothing to say"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use allowaudit::audit::{Dns, Job, Library, Settings, audit};
use divan::Bencher;
use jiff::civil::date;
use serde_json::{Value, json};

mod processes {
    //! The program itself, measured from outside.

    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{ALL_VENDORS, Files, big, many, more_vendors, serde_json_on, twenty_megabytes, usual};

    /// Runs whole processes and prints what they take.
    #[expect(clippy::print_stdout, reason = "the figures are what was asked for")]
    pub fn compare() {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("whole");
        let twenty = twenty_megabytes();
        let parse = best(5, || serde_json_on(&twenty));
        println!("whole processes; `serde_json` parses 20 MB in {:.0} ms", millis(parse));
        drop(twenty);
        for shape in ["mixed", "allows", "stops", "ends", "raises"] {
            let files = big(100_000, shape);
            let text = files.iter().map(|(_, text)| text.len()).max().unwrap_or(0);
            let rules = files
                .iter()
                .max_by_key(|(_, text)| text.len())
                .expect("there are files");
            let value = best(3, || serde_json_on(&rules.1));
            let folder = write(&root, &files);
            let (time, peak) = run(&folder, &["huntress-sat"], None, 3);
            let memory = peak.map_or_else(String::new, |peak| {
                format!(", peak memory {:.2} times the file", to_f64(peak) / to_f64(text))
            });
            println!(
                "100,000 rules, {shape}, {:.0} MB: {:.2} times `serde_json`{memory}",
                to_f64(text) / 1e6,
                time.as_secs_f64() / value.as_secs_f64(),
            );
        }
        let packs = write(&root.with_file_name("packs"), &more_vendors());
        let twenty: Vec<String> = more_vendors()
            .into_iter()
            .map(|(name, _)| name.trim_end_matches(".toml").to_owned())
            .chain(ALL_VENDORS.iter().map(|vendor| (*vendor).to_owned()))
            .collect();
        let twenty: Vec<&str> = twenty.iter().map(String::as_str).collect();
        for (name, files, vendors) in [
            ("a usual tenant, five vendors", usual(), ALL_VENDORS),
            (
                "300 rules of 200 values, 5,000 entries, 20 vendors",
                many(300, 200, 5000),
                twenty.as_slice(),
            ),
            (
                "300 rules of 200 values, 5,000 entries, five vendors",
                many(300, 200, 5000),
                ALL_VENDORS,
            ),
            (
                "600 rules of 200 values, five vendors",
                many(600, 200, 5000),
                ALL_VENDORS,
            ),
            (
                "300 rules of 400 values, five vendors",
                many(300, 400, 5000),
                ALL_VENDORS,
            ),
            (
                "300 rules of 200 values, 10,000 entries, five vendors",
                many(300, 200, 10_000),
                ALL_VENDORS,
            ),
            ("100,000 entries, five vendors", many(10, 10, 100_000), ALL_VENDORS),
        ] {
            let folder = write(&root, &files);
            let (time, _) = run(&folder, vendors, Some(&packs), 7);
            println!(
                "{name}: {:.1} ms, {:.2} times `serde_json` on 20 MB",
                millis(time),
                time.as_secs_f64() / parse.as_secs_f64()
            );
        }
        drop(std::fs::remove_dir_all(&packs));
        drop(std::fs::remove_dir_all(&root));
    }

    #[expect(clippy::disallowed_methods, reason = "the program reads folders")]
    fn write(root: &Path, files: &Files) -> PathBuf {
        drop(std::fs::remove_dir_all(root));
        std::fs::create_dir_all(root).expect("the folder can be made");
        for (name, text) in files {
            std::fs::write(root.join(name), text).expect("the file can be written");
        }
        root.to_path_buf()
    }

    /// The best time of several runs, and the peak memory of one where `/usr/bin/time` can tell.
    fn run(folder: &Path, vendors: &[&str], packs: Option<&Path>, times: usize) -> (Duration, Option<usize>) {
        let program = env!("CARGO_BIN_EXE_allowaudit");
        let arguments = |command: &mut Command| {
            command.arg("check").arg(folder).args(["--format", "json"]);
            command.args(vendors.iter().flat_map(|vendor| ["--vendor", vendor]));
            if let Some(packs) = packs.filter(|_| vendors.len() > ALL_VENDORS.len()) {
                command.arg("--pack").arg(packs);
            }
            command.stdin(Stdio::null()).stdout(Stdio::null());
        };
        let time = best(times, || {
            let mut command = Command::new(program);
            arguments(&mut command);
            command.stderr(Stdio::null()).status().expect("the program runs")
        });
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "peak %M", program]);
        arguments(&mut command);
        let told = command.output().ok().and_then(|output| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let line = text.lines().rev().find_map(|line| line.strip_prefix("peak "))?;
            line.trim().parse::<usize>().ok()
        });
        (time, told.map(|kilobytes| kilobytes * 1024))
    }

    #[expect(clippy::disallowed_methods, reason = "time is what is measured")]
    fn best<T>(times: usize, mut work: impl FnMut() -> T) -> Duration {
        let one = || {
            let start = Instant::now();
            let result = work();
            let time = start.elapsed();
            drop(result);
            time
        };
        std::iter::repeat_with(one).take(times).min().unwrap_or_default()
    }

    fn millis(time: Duration) -> f64 {
        time.as_secs_f64() * 1e3
    }

    #[expect(clippy::cast_precision_loss, reason = "only ratios are told")]
    fn to_f64(n: usize) -> f64 {
        n as f64
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--processes") {
        processes::compare();
    } else {
        divan::main();
    }
}

/// Names of files and their texts.
type Files = Vec<(String, String)>;

const ALL_VENDORS: &[&str] = &["huntress-platform", "huntress-sat", "infima", "infosec-iq", "knowbe4"];

/// Packs of vendors that there are not: three of each of five packs, with hosts and domains of their own.
fn more_vendors() -> Files {
    const PACKS: [(&str, &str); 5] = [
        ("huntress-platform", include_str!("../vendors/huntress-platform.toml")),
        ("huntress-sat", include_str!("../vendors/huntress-sat.toml")),
        ("infima", include_str!("../vendors/infima.toml")),
        ("infosec-iq", include_str!("../vendors/infosec-iq.toml")),
        ("knowbe4", include_str!("../vendors/knowbe4.toml")),
    ];
    let pack = |id: &str, text: &str, number: u8| -> String {
        let line = |line: &str| {
            let Some(value) = line.strip_prefix("value = \"").and_then(|rest| rest.strip_suffix('"')) else {
                return match line {
                    _ if line == format!("id = \"{id}\"") => format!("id = \"{id}-{number}\"\n"),
                    _ if line.starts_with("aliases = ") || line.starts_with("extends = ") => String::new(),
                    _ => format!("{line}\n"),
                };
            };
            let own = match value.split_once('.') {
                Some((first, rest)) if first.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let first: u8 = first.parse().expect("an octet");
                    format!("{}.{rest}", 1 + first.wrapping_add(number * 37) % 220)
                }
                Some(_) if !value.contains(' ') => value
                    .rsplit_once('.')
                    .map(|(name, last)| format!("{name}-{number}.{last}"))
                    .unwrap_or_default(),
                _ => value.to_owned(),
            };
            format!("value = \"{own}\"\n")
        };
        text.lines().map(line).collect()
    };
    let numbers = 1..=3;
    numbers
        .flat_map(|number| PACKS.map(|(id, text)| (format!("{id}-{number}.toml"), pack(id, text, number))))
        .collect()
}

/// What the product writes about a rule beside its settings.
const DESCRIPTION: &str = "If the message:\r\n\tIs received from a sender in the domain list of the rule and the sender ip address belongs to one of these ranges\r\nTake the following actions:\r\n\tdo what the change record of the mail team says and do not forget to look at this rule again when the next quarter ends\r\nExcept if the message:\r\n\tIs sent to somebody who asked to be left out, as agreed with the people in charge of the mail flow at the time of writing";

/// One rule as it is exported: every key, most of them null.
fn rule(number: usize, set: &[(&str, Value)]) -> String {
    const NULLS: &[&str] = &[
        "From",
        "FromScope",
        "SentTo",
        "SentToMemberOf",
        "SenderDomainIs",
        "SenderIpRanges",
        "RecipientDomainIs",
        "HeaderContainsMessageHeader",
        "HeaderContainsWords",
        "FromAddressContainsWords",
        "SubjectContainsWords",
        "ExceptIfSenderDomainIs",
        "SetHeaderName",
        "SetHeaderValue",
        "ActivationDate",
        "ExpiryDate",
        "SetSCL",
        "PrependSubject",
        "RejectMessageReasonText",
    ];
    let mut members: Vec<(&str, Value)> = NULLS.iter().map(|name| (*name, Value::Null)).collect();
    members.extend([
        ("Name", json!(format!("Rule {number}"))),
        ("Identity", json!(format!("Rule {number}"))),
        ("Guid", json!(format!("00000000-0000-0000-0000-{number:012}"))),
        ("Priority", json!(number)),
        ("State", json!("Enabled")),
        ("Mode", json!("Enforce")),
        ("DeleteMessage", json!(false)),
        ("Quarantine", json!(false)),
        ("StopRuleProcessing", json!(false)),
        ("SenderAddressLocation", json!("Header")),
        ("Description", json!(DESCRIPTION)),
    ]);
    for (name, value) in set {
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value.clone(),
            None => members.push((name, value.clone())),
        }
    }
    let mut text = String::from("  {\n");
    for (at, (name, value)) in members.iter().enumerate() {
        let written = serde_json::to_string_pretty(value).expect("a value can be written");
        let end = if at + 1 < members.len() { "," } else { "" };
        writeln!(text, "    \"{name}\": {}{end}", written.replace('\n', "\n    ")).expect("a text can be written");
    }
    text.push_str("  }");
    text
}

/// `n` rules about other people's mail, each of a few values of its own.
fn big(n: usize, shape: &str) -> Files {
    let set = |number: usize| -> Vec<(&'static str, Value)> {
        let kind = match shape {
            "allows" => 0,
            "raises" => 1,
            "ends" => 2,
            "stops" => 6,
            _ => number % 8,
        };
        let (high, low) = (number >> 8 & 255, number & 255);
        let hosts = |count: usize| -> Vec<String> {
            let first = 11 + (number >> 16) % 80;
            (0..count)
                .map(|at| format!("{first}.{high}.{low}.{}", at * 4))
                .collect()
        };
        match kind {
            0 => vec![
                ("SenderIpRanges", json!(hosts(if shape == "allows" { 1 } else { 3 }))),
                ("SetSCL", json!(-1)),
            ],
            1 => vec![
                (
                    "SenderIpRanges",
                    json!([format!("10.{high}.{low}.0/28"), format!("10.{high}.{low}.32/28")]),
                ),
                ("SetSCL", json!(5)),
            ],
            2 => vec![
                (
                    "SenderDomainIs",
                    json!([format!("d{number}.example"), format!("e{number}.example")]),
                ),
                ("SenderAddressLocation", json!("Envelope")),
                ("DeleteMessage", json!(true)),
            ],
            3 => vec![
                (
                    "FromAddressContainsWords",
                    json!([format!("bad{number}.example"), format!("worse{number}")]),
                ),
                ("Quarantine", json!(true)),
            ],
            4 => vec![
                (
                    "SubjectContainsWords",
                    json!([format!("word{number}"), format!("lottery {number}")]),
                ),
                ("RejectMessageReasonText", json!("No.")),
            ],
            5 => vec![
                ("SubjectContainsWords", json!([format!("caution{number}")])),
                ("PrependSubject", json!("[x]")),
            ],
            6 => vec![
                ("SenderDomainIs", json!([format!("s{number}.example")])),
                ("StopRuleProcessing", json!(true)),
            ],
            _ => vec![
                ("HeaderContainsMessageHeader", json!("X-Mailer")),
                (
                    "HeaderContainsWords",
                    json!([format!("tool{number}"), format!("robot{number}")]),
                ),
                ("SetSCL", json!(9)),
            ],
        }
    };
    tenant((0..n).map(|number| rule(number, &set(number))), 0)
}

/// Fewer rules with many values each, and entries of the Tenant Allow/Block List.
fn many(rules: usize, values: usize, entries: usize) -> Files {
    let set = |number: usize| -> Vec<(&'static str, Value)> {
        let list = |make: &dyn Fn(usize) -> String| -> Value { (0..values).map(make).collect() };
        match number % 5 {
            0 => {
                let host = |at: usize| {
                    let n = number * values + at;
                    format!("{}.{}.{}.7", 20 + (n >> 16) % 100, n >> 8 & 255, n & 255)
                };
                vec![("SenderIpRanges", list(&host)), ("SetSCL", json!(-1))]
            }
            1 => vec![
                ("SenderDomainIs", list(&|at| format!("d{at}.x{number}.example"))),
                ("DeleteMessage", json!(true)),
            ],
            2 => vec![
                ("SubjectContainsWords", list(&|at| format!("word{number}x{at}"))),
                ("RejectMessageReasonText", json!("No.")),
            ],
            3 => vec![
                (
                    "FromAddressContainsWords",
                    list(&|at| format!("bad{at}.y{number}.example")),
                ),
                ("Quarantine", json!(true)),
            ],
            _ => vec![
                ("SenderDomainIs", list(&|at| format!("v{at}.z{number}.example"))),
                ("SetSCL", json!(-1)),
            ],
        }
    };
    tenant((0..rules).map(|number| rule(number, &set(number))), entries)
}

/// About a megabyte of exports.
fn usual() -> Files {
    let mut files = big(500, "mixed");
    files.retain(|(name, _)| !name.contains("AllowBlockListItems.Sender"));
    files.push(sender_entries(1000));
    files
}

fn sender_entries(entries: usize) -> (String, String) {
    let rows: Vec<Value> = (0..entries)
        .map(|at| {
            let value = if at % 2 == 0 {
                format!("user{at}@list.example")
            } else {
                format!("s{at}.list.example")
            };
            json!({
                "Value": value,
                "Action": if at % 3 == 0 { "Block" } else { "Allow" },
                "ListType": "Sender", "ListSubType": "Tenant", "Identity": format!("id{at}"), "Notes": "",
                "ExpirationDate": "2026-12-01T00:00:00Z", "LastModifiedDateTime": "2026-10-01T00:00:00Z",
                "LastUsedDate": null, "RemoveAfter": null, "SysManaged": false, "EntryValueHash": format!("h{at}"),
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&rows).expect("rows can be written");
    ("Get-TenantAllowBlockListItems.Sender.json".to_owned(), text)
}

/// The rules beside the other exports of a tenant.
fn tenant(rules: impl Iterator<Item = String>, entries: usize) -> Files {
    let rules: Vec<String> = rules.collect();
    let mut files = vec![
        (
            "Get-TransportRule.json".to_owned(),
            format!("[\n{}\n]\n", rules.join(",\n")),
        ),
        sender_entries(entries),
    ];
    let others = [
        (
            "Get-AcceptedDomain",
            json!([{ "DomainName": "contoso.example", "DomainType": "Authoritative", "MatchSubDomains": false, "Default": true, "InitialDomain": false, "Name": "contoso.example" }]),
        ),
        (
            "Get-OrganizationConfig",
            json!([{ "Name": "contoso.example", "RejectDirectSend": false, "Identity": "contoso.example" }]),
        ),
        (
            "Get-HostedConnectionFilterPolicy",
            json!([{ "Name": "Default", "Identity": "Default", "IsDefault": true, "IPAllowList": [], "IPBlockList": [], "EnableSafeList": false, "DirectoryBasedEdgeBlockMode": "Default" }]),
        ),
        (
            "Get-HostedContentFilterPolicy",
            json!([{ "Name": "Default", "Identity": "Default", "IsDefault": true, "SpamAction": "MoveToJmf", "HighConfidenceSpamAction": "MoveToJmf", "PhishSpamAction": "MoveToJmf", "HighConfidencePhishAction": "Quarantine", "BulkSpamAction": "MoveToJmf", "BulkThreshold": 7, "AllowedSenders": [], "AllowedSenderDomains": [], "BlockedSenders": [], "BlockedSenderDomains": [] }]),
        ),
        (
            "Get-PhishSimOverridePolicy",
            json!([{ "Name": "PhishSimOverridePolicy", "Identity": "PhishSimOverridePolicy", "Enabled": true, "Mode": "Enforce" }]),
        ),
        (
            "Get-ExoPhishSimOverrideRule",
            json!([{ "Name": "_Exe:PhishSimOverr:d71b7416", "Identity": "_Exe:PhishSimOverr:d71b7416", "Domains": ["phish.mycurricula.com", "mycurricula.com"], "SenderIpRanges": ["18.205.140.116", "168.245.36.66"], "Mode": "Enforce", "Policy": "8b1f2a70-62a1-4b6e-9e4e-5c6f5d3a1b11" }]),
        ),
        (
            "Get-AntiPhishPolicy",
            json!([{ "Name": "Office365 AntiPhish Default", "Identity": "Office365 AntiPhish Default", "Enabled": true, "IsDefault": true, "EnableSpoofIntelligence": true, "HonorDmarcPolicy": true, "ExcludedSenders": [], "ExcludedDomains": [], "PhishThresholdLevel": 1, "TargetedUsersToProtect": [] }]),
        ),
        (
            "Get-SafeLinksPolicy",
            json!([{ "Name": "Built-In Protection Policy", "Identity": "Built-In Protection Policy", "IsBuiltInProtection": true, "EnableSafeLinksForEmail": true, "ScanUrls": true, "DoNotRewriteUrls": [] }]),
        ),
        (
            "Get-SafeAttachmentPolicy",
            json!([{ "Name": "Built-In Protection Policy", "Identity": "Built-In Protection Policy", "IsBuiltInProtection": true, "Enable": true, "Action": "Block", "Redirect": false }]),
        ),
        (
            "Get-MalwareFilterPolicy",
            json!([{ "Name": "Default", "Identity": "Default", "IsDefault": true, "EnableFileFilter": true, "FileTypeAction": "Reject", "FileTypes": ["exe"], "ZapEnabled": true }]),
        ),
    ];
    files.extend(others.map(|(name, value)| (format!("{name}.json"), value.to_string())));
    let empty = [
        "Get-InboundConnector",
        "Get-HostedContentFilterRule",
        "Get-TenantAllowBlockListItems.Url",
        "Get-TenantAllowBlockListItems.FileHash",
        "Get-TenantAllowBlockListItems.IP",
        "Get-TenantAllowBlockListSpoofItems",
        "Get-EOPProtectionPolicyRule",
        "Get-ATPProtectionPolicyRule",
        "Get-AntiPhishRule",
        "Get-MalwareFilterRule",
        "Get-SafeLinksRule",
        "Get-SafeAttachmentRule",
    ];
    files.extend(empty.map(|name| (format!("{name}.json"), "[]".to_owned())));
    files
}

fn twenty_megabytes() -> String {
    let rules: Vec<String> = (0..15_000).map(|number| rule(number, &[])).collect();
    format!("[\n{}\n]\n", rules.join(",\n"))
}

fn serde_json_on(text: &str) -> Value {
    serde_json::from_str(text).expect("the export is valid")
}

fn settings(vendors: &[&str]) -> Settings {
    Settings {
        vendors: vendors.iter().map(|vendor| (*vendor).to_owned()).collect(),
        policy: None,
        levels: Vec::new(),
        dns: Dns::default(),
        now: date(2026, 6, 1),
        assume_empty: false,
    }
}

fn audited(bencher: Bencher<'_, '_>, files: Files, vendors: &[&str]) {
    let library = Library::load(&[]);
    let settings = settings(vendors);
    let given = files
        .into_iter()
        .map(|(name, text)| (PathBuf::from(name), text.into_bytes()))
        .collect();
    let job = Job::in_memory("tenant", given);
    bencher.bench(|| audit(&job, &library, &settings));
}

#[divan::bench(args = ["mixed", "allows", "stops"], sample_count = 5, sample_size = 1)]
fn audit_of_20_000_rules(bencher: Bencher<'_, '_>, shape: &str) {
    audited(bencher, big(20_000, shape), &["huntress-sat"]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn serde_json_on_20_000_rules(bencher: Bencher<'_, '_>) {
    let files = big(20_000, "mixed");
    let text = &files.first().expect("there are rules").1;
    bencher.bench(|| serde_json_on(text));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn audit_of_a_usual_tenant(bencher: Bencher<'_, '_>) {
    audited(bencher, usual(), ALL_VENDORS);
}

/// Rules, values, entries: the first row, then each of the three doubled.
#[divan::bench(args = [(300, 200, 5000), (600, 200, 5000), (300, 400, 5000), (300, 200, 10_000)], sample_count = 10, sample_size = 1)]
fn audit_of_rules_values_entries(bencher: Bencher<'_, '_>, (rules, values, entries): (usize, usize, usize)) {
    audited(bencher, many(rules, values, entries), ALL_VENDORS);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn serde_json_on_20_megabytes(bencher: Bencher<'_, '_>) {
    let text = twenty_megabytes();
    bencher.bench(|| serde_json_on(&text));
}
