//! The sample tenants: each says what the program prints about it.

use allowaudit::source;
use serde_json::Value;

use crate::program::{self, Run, compare, root, run};

/// Folder and exit code of every sample tenant, sorted.
const EXAMPLES: &[(&str, i32)] = &[
    ("clean", 0),
    ("missing-export", 1),
    ("msp-mistakes", 1),
    ("two-ways", 1),
];

/// The day on which all samples are audited.
const NOW: &str = "2026-11-21";

#[test]
fn the_table_of_examples_is_complete() {
    let (files, failed) = source::walk(&root().join("examples"));
    assert!(failed.is_empty(), "{failed:?}");
    let mut found: Vec<String> = files
        .iter()
        .filter_map(|file| file.strip_prefix(root().join("examples")).ok()?.components().next())
        .map(|folder| folder.as_os_str().to_string_lossy().into_owned())
        .collect();
    found.dedup();
    let listed: Vec<&str> = EXAMPLES.iter().map(|&(name, _)| name).collect();
    assert_eq!(found, listed);
}

#[test]
fn examples_give_the_reports_that_lie_beside_them() {
    for &(name, code) in EXAMPLES {
        let folder = format!("examples/{name}");
        let human = run(&["check", &folder, "--now", NOW]);
        assert_eq!((human.code, human.err.as_str()), (code, ""), "{name}");
        compare(&format!("{folder}/report.txt"), &human.out);
        let json = run(&["check", &folder, "--now", NOW, "--format", "json"]);
        assert_eq!((json.code, json.err.as_str()), (code, ""), "{name}");
        compare(&format!("{folder}/report.json"), &json.out);
    }
}

#[test]
fn the_fix_of_a_sample_tenant_lies_beside_it() {
    let (ran, folder) = program::fixed();
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    compare(&format!("{}/fix.txt", program::FIXED), &ran.out);
    let script = program::read(&folder.join("exchange.ps1"));
    compare(&format!("{}/fix.ps1", program::FIXED), &script);
}

/// The commands that pages of examples and the README tell readers to run on sample tenants.
#[test]
fn commands_quoted_in_pages_of_examples_run() {
    for &(name, _) in EXAMPLES {
        let page = program::read(&root().join(format!("examples/{name}/README.md")));
        let command = format!("check examples/{name} --now {NOW}");
        assert!(
            page.contains(&command),
            "examples/{name}/README.md does not show `{command}`"
        );
        for line in page
            .lines()
            .filter_map(|line| line.strip_prefix("cargo run --release -- "))
        {
            let arguments = words(line);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = run(&arguments);
            assert!(
                (0..=1).contains(&ran.code),
                "`{line}` ends with {}: {}",
                ran.code,
                ran.err
            );
        }
    }
}

/// Two evaluators, one truth: what a safety finding says slips through, does so when it is walked through the path.
#[test]
fn why_confirms_the_witnesses_of_safety_findings() {
    let mut confirmed = 0;
    for &(name, _) in EXAMPLES {
        let folder = format!("examples/{name}");
        let report = run(&["check", &folder, "--now", NOW, "--format", "json"]);
        let report: Value = serde_json::from_str(&report.out).unwrap();
        for finding in report["tenants"][0]["findings"].as_array().unwrap() {
            if finding["group"] != "safety" || finding["witness"].is_null() {
                continue;
            }
            let ran = why(&folder, &finding["witness"]);
            let journey: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
            assert_eq!(journey["skips_spam_filter"], true, "{}", finding["message"]);
            confirmed += 1;
        }
    }
    assert!(confirmed > 0);
}

fn why(folder: &str, witness: &Value) -> Run {
    let mut arguments = vec!["why", folder, "--now", NOW, "--format", "json"];
    for (option, field) in [
        ("--ip", "ip"),
        ("--mail-from", "mail_from"),
        ("--from", "from"),
        ("--to", "to"),
    ] {
        if let Some(value) = witness[field].as_str() {
            arguments.extend([option, value]);
        }
    }
    let headers: Vec<String> = witness["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
        .collect();
    arguments.extend(headers.iter().flat_map(|header| ["--header", header.as_str()]));
    for (option, field) in [("--dkim", "dkim"), ("--auth", "auth")] {
        let values = witness[field].as_array().into_iter().flatten();
        arguments.extend(values.flat_map(|value| [option, value.as_str().unwrap()]));
    }
    run(&arguments)
}

/// Splits a command at spaces outside single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
