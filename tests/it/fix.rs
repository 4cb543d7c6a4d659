//! `fix` as users run it: what it prints, what it writes, and whether the exports it writes bear out its proof.

use std::path::Path;

use serde_json::Value;

use crate::bench::{Bench, NOW, Ran};
use crate::program::root;

/// The sample tenant that has it right, with three mistakes put into it.
fn tenant(bench: &Bench, folder: &str) {
    copy(bench, folder);
    edit(bench, &format!("{folder}/{RULE}"), "      \"breach-notice.com\",\n", "");
    edit(
        bench,
        &format!("{folder}/{FILTER}"),
        "\"EnableSafeList\": false",
        "\"EnableSafeList\": true",
    );
}

const RULE: &str = "exports/Get-ExoPhishSimOverrideRule.json";
const FILTER: &str = "exports/Get-HostedConnectionFilterPolicy.json";

fn copy(bench: &Bench, folder: &str) {
    let from = root().join("examples/clean/contoso");
    let (files, _) = allowaudit::source::walk(&from);
    for file in files {
        let name = file.strip_prefix(&from).unwrap().display().to_string();
        let bytes = allowaudit::source::read(&file).unwrap();
        bench.write(&format!("{folder}/{name}"), bytes);
    }
}

fn edit(bench: &Bench, file: &str, old: &str, new: &str) {
    let text = bench.read(file);
    assert!(text.contains(old), "{file} has no {old}");
    bench.write(file, text.replacen(old, new, 1));
}

fn fix(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[&["fix", "t", "--now", NOW], more].concat())
}

fn check(bench: &Bench, folder: &str) -> Value {
    bench.run(&["check", folder, "--now", NOW, "--format", "json"]).json()
}

fn prints(findings: &Value) -> Vec<String> {
    let findings = findings.as_array().unwrap().iter();
    findings
        .map(|finding| finding["fingerprint"].as_str().unwrap().to_owned())
        .collect()
}

fn texts(values: &Value) -> Vec<String> {
    let values = values.as_array().unwrap().iter();
    values.map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// Does what RFC 6902 says of the three operations there are.
fn patched(mut document: Value, operations: &Value) -> Value {
    for operation in operations.as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        if path.is_empty() {
            assert_eq!(operation["op"], "replace");
            document = operation["value"].clone();
            continue;
        }
        let (parent, last) = path.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        let value = operation.get("value").cloned();
        match (
            operation["op"].as_str().unwrap(),
            document.pointer_mut(parent).unwrap(),
            value,
        ) {
            ("add", Value::Array(items), Some(value)) if last == "-" => items.push(value),
            ("add", Value::Array(items), Some(value)) => items.insert(last.parse().unwrap(), value),
            ("add" | "replace", Value::Object(members), Some(value)) => {
                members.insert(last, value);
            }
            ("replace", Value::Array(items), Some(value)) => items[last.parse::<usize>().unwrap()] = value,
            ("remove", Value::Array(items), None) => {
                items.remove(last.parse().unwrap());
            }
            ("remove", Value::Object(members), None) => {
                assert!(members.remove(&last).is_some(), "{path}");
            }
            (other, ..) => panic!("{other} {path}"),
        }
    }
    document
}

#[test]
fn the_exports_it_writes_bear_out_its_proof() {
    let bench = Bench::new();
    tenant(&bench, "t");
    let before = check(&bench, "t");
    let ran = fix(&bench, &["--format", "json", "--output", "out"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let told = &ran.json()["tenants"][0];
    assert_eq!(told["outcome"], "changes");
    let gone = texts(&told["proof"]["gone"]);
    assert!(gone.len() >= 2, "{told}");
    // The operations and the texts say the same.
    for file in told["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let original: Value = serde_json::from_str(&bench.read(&format!("t/{path}"))).unwrap();
        let expected: Value = serde_json::from_str(&bench.read(&format!("out/patched/{path}"))).unwrap();
        assert_eq!(patched(original, &file["operations"]), expected, "{path}");
        bench.write(&format!("t/{path}"), bench.read(&format!("out/patched/{path}")));
    }
    // An audit of them says what was proved.
    let after = check(&bench, "t");
    let (was, is) = (
        prints(&before["tenants"][0]["findings"]),
        prints(&after["tenants"][0]["findings"]),
    );
    let mut missing: Vec<String> = was.iter().filter(|print| !is.contains(print)).cloned().collect();
    let mut came: Vec<String> = is.iter().filter(|print| !was.contains(print)).cloned().collect();
    let (mut gone, mut told_came) = (gone, prints(&told["proof"]["came"]));
    for list in [&mut missing, &mut came, &mut gone, &mut told_came] {
        list.sort();
    }
    assert_eq!((missing, came), (gone, told_came));
    for stream in told["proof"]["streams"].as_array().unwrap() {
        assert_ne!(stream["after"], false, "{stream}");
    }
    // And there is nothing left to change.
    let again = fix(&bench, &["--format", "json"]);
    assert_eq!(again.code, Some(0), "{}", again.all());
    assert_eq!(again.json()["tenants"][0]["outcome"], "nothing");
    // Findings and remedies bear the names that the report gives them.
    let reported = before["tenants"][0]["findings"].as_array().unwrap();
    for step in told["steps"].as_array().unwrap() {
        for print in texts(&step["findings"]) {
            let finding = reported
                .iter()
                .find(|finding| finding["fingerprint"] == print.as_str())
                .unwrap();
            for remedy in texts(&finding["remedies"]) {
                assert!(texts(&step["remedies"]).contains(&remedy), "{step}");
            }
        }
    }
}

#[test]
fn a_folder_is_written_and_written_again() {
    let bench = Bench::new();
    tenant(&bench, "t");
    assert_eq!(fix(&bench, &["--output", "out"]).code, Some(1));
    for file in ["exchange.ps1", "exchange-rollback.ps1", "README.md", "proof.json"] {
        assert!(!bench.read(&format!("out/{file}")).is_empty(), "{file}");
    }
    let proof: Value = serde_json::from_str(&bench.read("out/proof.json")).unwrap();
    assert_eq!(proof["format"], "allowaudit-fix");
    assert!(bench.path().join(format!("out/patched/{FILTER}")).exists());
    // A later run leaves nothing of the earlier one.
    let later = fix(&bench, &["--output", "out", "--only", "mail-not-cleared"]);
    assert_eq!((later.code, later.err.as_str()), (Some(1), ""));
    assert!(bench.path().join(format!("out/patched/{RULE}")).exists());
    assert!(!bench.path().join(format!("out/patched/{FILTER}")).exists());
    // What somebody else put there stays.
    bench.write("out/.notes", "mine");
    let refused = fix(&bench, &["--output", "out"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(
        refused.err.contains("`out` holds `.notes`, which `fix` did not write"),
        "{}",
        refused.err
    );
    assert_eq!(bench.read("out/.notes"), "mine");
    bench.write("file", "");
    assert!(fix(&bench, &["--output", "file"]).err.contains("`file` is no folder"));
    let all = allowaudit::source::contents(bench.path()).unwrap();
    let beside = all.iter().find(|file| file.to_string_lossy().starts_with(".out"));
    assert_eq!(beside, None, "nothing half-written stays");
}

#[test]
fn a_folder_among_the_exports_is_refused() {
    let bench = Bench::new();
    tenant(&bench, "t");
    for folder in ["t", "t/out", "t/exports", "t/a/b/../c"] {
        let ran = fix(&bench, &["--output", folder]);
        assert_eq!(ran.code, Some(2), "{folder}");
        assert!(ran.err.contains("among the exports"), "{folder}: {}", ran.err);
    }
    assert!(!bench.path().join("t/out").exists());
}

#[test]
fn several_tenants_have_a_folder_each_and_no_script_in_common() {
    let bench = Bench::new();
    tenant(&bench, "tree/a");
    tenant(&bench, "tree/b");
    let run = |more: &[&str]| bench.run(&[&["fix", "tree", "--now", NOW], more].concat());
    let script = run(&["--format", "powershell"]);
    assert_eq!(script.code, Some(2));
    assert!(
        script.err.contains("one script cannot change 2 tenants"),
        "{}",
        script.err
    );
    let ran = run(&["--output", "out"]);
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    // Both bear the same name.
    for file in [
        "contoso/exchange.ps1",
        "contoso-2/exchange.ps1",
        "contoso-2/README.md",
        "README.md",
        "proof.json",
    ] {
        assert!(Path::new(&bench.path().join("out").join(file)).exists(), "{file}");
    }
    assert_eq!(run(&["--output", "out"]).code, Some(1));
}

#[test]
fn one_can_choose_what_is_mended() {
    let bench = Bench::new();
    tenant(&bench, "t");
    let steps = |only: &str| {
        let ran = fix(&bench, &["--format", "json", "--only", only]);
        let steps = ran.json()["tenants"][0]["steps"].as_array().unwrap().clone();
        let objects: Vec<String> = steps
            .iter()
            .map(|step| step["kind"].as_str().unwrap().to_owned())
            .collect();
        (ran.code, objects)
    };
    assert_eq!(steps("safe-list-on"), (Some(1), vec!["connection-filter".to_owned()]));
    assert_eq!(
        steps("huntress-sat"),
        (Some(1), vec!["advanced-delivery-rule".to_owned()])
    );
    assert_eq!(steps("delivery"), (Some(1), vec!["advanced-delivery-rule".to_owned()]));
    assert_eq!(steps("infima"), (Some(0), Vec::new()));
    for (only, near) in [("safe-list-onn", "`safe-list-on`"), ("huntres-sat", "`huntress-sat`")] {
        let ran = fix(&bench, &["--only", only]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(&format!("did you mean {near}?")), "{}", ran.err);
    }
}

#[test]
fn what_cannot_be_audited_is_not_mended() {
    let bench = Bench::new();
    bench.write("t/readme.txt", "nothing");
    let ran = fix(&bench, &["--vendor", "infima"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert_eq!(bench.run(&["fix", "nowhere"]).code, Some(2));
    tenant(&bench, "u");
    edit(&bench, "u/allowaudit.toml", "pack = \"infima\"", "pack = \"infimaa\"");
    let ran = bench.run(&["fix", "u", "--now", NOW, "--output", "out"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(ran.out.contains("infimaa"), "{}", ran.all());
    let ran = bench.run(&["fix", "u", "--now", NOW, "--format", "csv"]);
    assert!(ran.err.contains("infimaa"), "{}", ran.all());
}

#[test]
fn every_form_is_printed() {
    let bench = Bench::new();
    tenant(&bench, "t");
    for (format, part) in [
        ("human", "proved by auditing the exports again"),
        ("powershell", "param([switch] $Apply)"),
        (
            "csv",
            "tenant,step,platform,object,setting,action,value,before,checks,findings\r\n",
        ),
        ("json", "\"allowaudit-fix\""),
        ("markdown", "```powershell\n"),
    ] {
        let ran = fix(&bench, &["--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{format}");
        assert!(ran.out.contains(part), "{format}: {}", ran.out);
        assert_eq!(
            fix(&bench, &["--format", format]).out,
            ran.out,
            "the same input gives the same bytes"
        );
    }
    let explained = fix(&bench, &["--explain"]).out;
    assert!(explained.contains("smallest because:"), "{explained}");
    let quiet = fix(&bench, &["-q", "--color", "always"]).out;
    assert!(
        quiet.contains('\u{1b}') && !quiet.contains("before and after"),
        "{quiet}"
    );
}
