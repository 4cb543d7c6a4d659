//! Packs compared with recorded SPF records: both ways, with proposals, and with what nobody could say.

use crate::bench::{Bench, Ran};

const PACK: &str = r#"id = "acme"
name = "Acme"
checked = 2026-11-21

[[source]]
id = "help"
url = "https://help.acme.example/"
seen = 2026-11-21
grade = "vendor"

[[stream]]
id = "phishing"
summary = "Simulated phishing mail"
deliveries = ["smtp"]
clears = "everything"
source = "help"

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "192.0.2.0/30"
status = "current"
source = "help"

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "198.51.100.7"
status = "current" # seen in May
source = "help"

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "198.51.100.9"
status = "legacy"
source = "help"

[[value]]
stream = "phishing"
identity = "spf"
value = "_spf.acme.example"
status = "current"
source = "help"
"#;

fn recording(answers: &[(&str, &str, &str)]) -> String {
    let rows = answers
        .iter()
        .map(|(name, kind, rest)| format!("\n[[answer]]\nname = '{name}'\ntype = '{kind}'\n{rest}\n"));
    std::iter::once("recorded = 2026-11-21\n".to_owned())
        .chain(rows)
        .collect()
}

fn verify(bench: &Bench, record: &str, more: &[(&str, &str, &str)], arguments: &[&str]) -> Ran {
    let record = format!("records = ['{record}']");
    let answers = [&[("_spf.acme.example", "TXT", record.as_str())], more].concat();
    bench.write("acme.toml", PACK).write("dns.toml", recording(&answers));
    let common = ["pack", "verify", "acme", "--pack", "acme.toml", "--dns", "dns.toml"];
    bench.run(&[&common, arguments].concat())
}

#[test]
fn what_agrees_is_clean() {
    let bench = Bench::new();
    // An address that the pack keeps as a leftover is not news.
    let ran = verify(
        &bench,
        "v=spf1 ip4:192.0.2.0/30 ip4:198.51.100.7 ip4:198.51.100.9 -all",
        &[],
        &[],
    );
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(0), "acme: `phishing` agrees with `_spf.acme.example`\n", "")
    );
}

#[test]
fn drift_is_told_both_ways_and_a_diff_proposed() {
    let bench = Bench::new();
    let ran = verify(&bench, "v=spf1 ip4:192.0.2.0/31 ip4:203.0.113.0/28 -all", &[], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let expected = r#"acme: `phishing` has drifted from `_spf.acme.example`
  not let send: 192.0.2.2/31 of `192.0.2.0/30`
  not let send: 198.51.100.7
  let send, and not in the pack: 203.0.113.0/28

--- acme.toml
+++ acme.toml
@@ -26,7 +26,7 @@
 stream = "phishing"
 identity = "connecting-ip"
 value = "198.51.100.7"
-status = "current" # seen in May
+status = "legacy" # seen in May
 source = "help"
 
 [[value]]
@@ -38,6 +38,13 @@
 
 [[value]]
 stream = "phishing"
+identity = "connecting-ip"
+value = "203.0.113.0/28"
+status = "current"
+source = "help"
+
+[[value]]
+stream = "phishing"
 identity = "spf"
 value = "_spf.acme.example"
 status = "current"

"#;
    assert_eq!(ran.out, expected);
    // Nothing was written.
    assert_eq!(bench.read("acme.toml"), PACK);
}

#[test]
fn what_cannot_be_listed_is_tried_with_each_address() {
    let bench = Bench::new();
    let found = "records = ['127.0.0.2']";
    let answers = [
        ("192.0.2.0._ip.acme.example", "A", found),
        ("192.0.2.1._ip.acme.example", "A", found),
        ("192.0.2.2._ip.acme.example", "A", "rcode = 'NXDOMAIN'"),
        ("198.51.100.7._ip.acme.example", "A", found),
    ];
    let ran = verify(&bench, "v=spf1 exists:%{i}._ip.acme.example -all", &answers, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    for part in [
        "  not let send: 192.0.2.2 of `192.0.2.0/30`\n",
        "  unknown: 192.0.2.3\n",
        "`exists:%{i}._ip.acme.example` of `_spf.acme.example` lets send cannot be listed",
        "  not answered: 192.0.2.3._ip.acme.example A\n",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(!ran.out.contains("---"), "{}", ran.out);
}

#[test]
fn no_answer_is_no_drift() {
    let bench = Bench::new();
    let include = "v=spf1 ip4:192.0.2.0/30 include:more.acme.example -all";
    for answers in [&[][..], &[("more.acme.example", "TXT", "rcode = 'TIMEOUT'")]] {
        let ran = verify(&bench, include, answers, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
        for part in [
            "could not be compared with all of",
            "unknown: 198.51.100.7",
            "not answered: more.acme.example TXT",
        ] {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
    }
}

#[test]
fn a_record_that_is_gone_is_drift() {
    let bench = Bench::new();
    bench.write("acme.toml", PACK).write(
        "dns.toml",
        recording(&[("_spf.acme.example", "TXT", "rcode = 'NXDOMAIN'")]),
    );
    let ran = bench.run(&["pack", "verify", "acme", "--pack", "acme.toml", "--dns", "dns.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains("`_spf.acme.example` publishes no SPF record"),
        "{}",
        ran.out
    );
    // Where the vendor's record is now, nobody said; that its addresses are out of use would be a guess.
    assert!(!ran.out.contains("---"), "{}", ran.out);
}

#[test]
fn a_record_that_leads_nowhere_retires_nothing() {
    let bench = Bench::new();
    let nowhere = [("more.acme.example", "TXT", "rcode = 'NXDOMAIN'")];
    let record = "v=spf1 ip4:192.0.2.0/30 include:more.acme.example -all";
    let ran = verify(&bench, record, &nowhere, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("  not let send: 198.51.100.7\n"), "{}", ran.out);
    assert!(ran.out.contains("  the check ends in a permanent error"), "{}", ran.out);
    assert!(!ran.out.contains("---"), "{}", ran.out);
}

#[test]
fn shared_providers_are_told_apart() {
    let bench = Bench::new();
    let answers = [("sendgrid.net", "TXT", "records = ['v=spf1 ip4:203.0.113.0/24 ~all']")];
    let record = "v=spf1 ip4:192.0.2.0/30 ip4:198.51.100.7 include:sendgrid.net -all";
    let ran = verify(&bench, record, &answers, &["--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let stream = &value[0]["streams"][0];
    assert_eq!(
        (&stream["state"], &stream["lacking"]),
        (&"agrees".into(), &serde_json::json!([]))
    );
    assert_eq!(stream["shared"], serde_json::json!(["203.0.113.0/24"]));
    assert_eq!(value[0]["diff"], serde_json::Value::Null);
}

#[test]
fn values_of_others_need_not_be_listed() {
    let bench = Bench::new();
    let shared = PACK.replace("# seen in May", "\nsharing = \"shared\"");
    bench.write("acme.toml", &shared).write(
        "dns.toml",
        recording(&[("_spf.acme.example", "TXT", "records = ['v=spf1 ip4:192.0.2.0/30 -all']")]),
    );
    let ran = bench.run(&["pack", "verify", "acme", "--pack", "acme.toml", "--dns", "dns.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let told = "acme: `phishing` agrees with `_spf.acme.example`\n  not let send, and shared or of another setting: 198.51.100.7\n";
    assert_eq!(ran.out, told);
}

#[test]
fn packs_without_records_and_wrong_usage() {
    let bench = Bench::new();
    bench.write("dns.toml", recording(&[]));
    let ran = bench.run(&["pack", "verify", "--dns", "dns.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("huntress-sat: names no record\n"), "{}", ran.out);
    assert!(
        ran.out.contains("not answered: _spf.psm.knowbe4.com TXT\n"),
        "{}",
        ran.out
    );
    for arguments in [
        &["acmee", "--dns", "dns.toml"][..],
        &["--dns", "off"],
        &["--dns", "missing.toml"],
        &["--pack", "missing.toml", "--dns", "dns.toml"],
        &["--dns", "dns.toml", "--format", "sarif"],
    ] {
        let ran = bench.run(&[&["pack", "verify"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn keys_that_a_pack_names() {
    let signed = |selector: &str| {
        format!(
            "{PACK}\n[[value]]\nstream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"acme.example\"\nselector = {selector}\nsource = \"help\"\n"
        )
    };
    let bench = Bench::new();
    let record = (
        "_spf.acme.example",
        "TXT",
        "records = ['v=spf1 ip4:192.0.2.0/30 ip4:198.51.100.7 -all']",
    );
    let key = |rest| ("s1._domainkey.acme.example", "TXT", rest);
    let arguments = ["pack", "verify", "acme", "--pack", "acme.toml", "--dns", "dns.toml"];
    let run = |selector: &str, answers: &[(&str, &str, &str)], more: &[&str]| {
        bench
            .write("acme.toml", signed(selector))
            .write("dns.toml", recording(answers));
        bench.run(&[&arguments, more].concat())
    };
    for (rest, code, said) in [
        ("records = ['v=DKIM1; p=AAAA']", 0, "is there"),
        ("records = ['v=DKIM1; p=']", 1, "was revoked"),
        ("rcode = 'NXDOMAIN'", 1, "does not exist"),
        ("rcode = 'TIMEOUT'", 0, "could not be asked for"),
    ] {
        let ran = run("\"s1\"", &[record, key(rest)], &[]);
        assert!(
            ran.out
                .contains(&format!("acme: the key `s1._domainkey.acme.example` {said}\n")),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(ran.code, Some(code), "{}", ran.out);
    }
    let ran = run(
        "[\"s1\", \"s2\"]",
        &[record, key("records = ['v=DKIM1; p=AAAA']")],
        &["--format", "json"],
    );
    let json = ran.json();
    assert_eq!(json[0]["keys"][0]["state"], "agrees");
    assert_eq!(
        (&json[0]["keys"][1]["selector"], &json[0]["keys"][1]["state"]),
        (&"s2".into(), &"unknown".into())
    );
    let ran = run("\"a b\"", &[record], &[]);
    assert!(ran.err.contains("`a b` is no selector"), "{}", ran.err);
}
