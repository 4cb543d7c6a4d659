//! What a fix looks like in every form, and names that are chosen to break each of them.

use std::path::Path;

use super::folder::files;
use super::script::Way;
use super::*;
use crate::check::{Finding, Group};
use crate::document::json::parse;
use crate::document::patch::{Json, Patch};
use crate::platform::change::{Deed, Edit, Value};
use crate::platform::quote::csv_value;
use crate::problem::{Label, Level};
use crate::report::fixtures::{finding, span, tenant};
use crate::report::human::HumanOptions;
use crate::report::{Outcome, escape};
use crate::source::Sources;

const VERSION: &str = "0.1.0";

const PLAIN: HumanOptions = HumanOptions {
    color: false,
    unicode: true,
    width: 100,
    quiet: false,
    verbose: false,
};

/// Names of rules that somebody chose.
const HOSTILE: &[&str] = &[
    "'; Remove-Mailbox *",
    "a\nRemove-Mailbox *\r\n# ",
    "$(Remove-Mailbox *) `n` \"x\"",
    "``` `` `",
    "`",
    "\u{2019}; Remove-Mailbox *; \u{2018}",
    "\u{1b}[31m\u{202e}evil\u{2069}\u{200b}\u{0}",
    "=cmd|'/c calc'!A1",
    "+1,\"2\"",
    "<# #> ; # SIG # Begin signature block",
    "<script>alert(1)</script> [x](https://evil.example) @everyone #1 **x** | y",
    "](javascript:x) ![a](b) &amp; <!-- ",
    "--% & calc",
    "-1",
    " ",
    "\u{e0041}\u{3164}Über 漢字",
];

/// A fix in which a rule, an entry and the tenant bear this name, and findings speak of it.
fn named(name: &str) -> Fix {
    let written = serde_json::to_string(name).unwrap();
    let before =
        format!("[\n  {{\n    \"Name\": {written},\n    \"SenderIpRanges\": [\n      \"192.0.2.1\"\n    ]\n  }}\n]\n");
    let mut sources = Sources::new();
    let rules = sources.add_text("exports/rules.json", before.clone());
    let labels = || vec![Label::new(span(&sources, rules, "\"192.0.2.1\""), "here")];
    let missing = Finding {
        group: Group::Delivery,
        help: format!("add `192.0.2.7` to `{name}`"),
        vendor: Some("acme".to_owned()),
        stream: Some("phishing".to_owned()),
        object: Some(format!("transport-rule/{name}")),
        value: "192.0.2.7".to_owned(),
        ..finding(
            "mail-not-cleared",
            Level::Deny,
            &format!("`192.0.2.7` is not in `SenderIpRanges` of `{name}`"),
            labels(),
        )
    };
    let broad = Finding {
        object: Some(format!("tenant-list/{name}")),
        value: name.to_owned(),
        ..finding(
            "broad-allow",
            Level::Warn,
            &format!("`{name}` skips the spam filter"),
            labels(),
        )
    };
    let unexplained = Finding {
        object: Some(format!("transport-rule/{name}")),
        value: "unexplained".to_owned(),
        ..finding(
            "unexplained-allow",
            Level::Warn,
            &format!("nobody who is declared explains `{name}`"),
            labels(),
        )
    };
    let (document, _) = parse(rules, &before);
    let root = document.root(&before);
    let list = root.items().next().unwrap().get("SenderIpRanges").unwrap();
    let mut patch = Patch::new(&before, root).unwrap();
    patch.append(list, Json::String("192.0.2.7".to_owned())).unwrap();
    let patched = patch.finish();
    let came = finding("old-export", Level::Note, &format!("`{name}` is still there"), labels());
    let mut sources_after = Sources::new();
    sources_after.add_text("exports/rules.json", patched.text.clone());
    let mut before_report = tenant(sources, vec![missing, broad, unexplained]);
    before_report.name = name.to_owned();
    let step = |kind, name: &str, deed, findings: &[usize]| Step {
        change: Change {
            kind,
            name: name.to_owned(),
            deed,
        },
        findings: findings.to_vec(),
        reasons: vec![format!("nothing else of `{name}` changes")],
    };
    let row = vec![
        ("ListType", Value::Text("Sender".to_owned())),
        ("Action", Value::Text("Allow".to_owned())),
    ];
    Fix {
        steps: vec![
            step(
                "transport-rule",
                name,
                Deed::Edit(vec![
                    Edit::Add {
                        setting: "ExceptIfSenderIpRanges",
                        values: vec!["192.0.2.7".to_owned()],
                    },
                    Edit::Set {
                        setting: "SubjectContainsWords",
                        before: Value::Texts(vec![name.to_owned(), "b".to_owned()]),
                        after: Value::Texts(vec!["b".to_owned(), format!("{name}{name}")]),
                    },
                    Edit::Set {
                        setting: "State",
                        before: Value::Text("Disabled".to_owned()),
                        after: Value::Text("Enabled".to_owned()),
                    },
                ]),
                &[0],
            ),
            step("tenant-list", name, Deed::Delete(row), &[1]),
            step(
                "transport-rule",
                &format!("{name}2"),
                Deed::Create(vec![
                    ("SenderIpRanges", Value::Texts(vec!["192.0.2.9".to_owned()])),
                    ("SetSCL", Value::Number(-1)),
                ]),
                &[0, 1],
            ),
            step("no-such-kind", name, Deed::Delete(Vec::new()), &[]),
        ],
        advice: vec![Advice {
            finding: 2,
            reason: format!("whose `{name}` is, the exports do not say"),
        }],
        after: Some(tenant(sources_after, vec![came])),
        files: vec![FixedFile {
            path: "exports/rules.json".to_owned(),
            before,
            after: patched.text,
            operations: patched.operations,
        }],
        proof: Proof {
            gone: vec![0, 1],
            came: vec![0],
            streams: vec![
                StreamProof {
                    vendor: "acme".to_owned(),
                    stream: "phishing".to_owned(),
                    before: Some(false),
                    after: Some(true),
                },
                StreamProof {
                    vendor: "acme".to_owned(),
                    stream: "training".to_owned(),
                    before: None,
                    after: None,
                },
            ],
            shut: vec![("spam filtering".to_owned(), None)],
        },
        ..Fix::nothing("exchange", before_report)
    }
}

fn powershell(fix: &Fix, way: Way) -> String {
    let writer = fix.writers().iter().find(|writer| writer.id == "powershell").unwrap();
    script::render(fix, writer, way, VERSION)
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(format!("fix_{name}"), text));
}

/// All forms of a fix.
fn forms(fix: &Fix) -> Vec<(&'static str, String)> {
    let all = std::slice::from_ref(fix);
    let ascii = HumanOptions {
        unicode: false,
        quiet: true,
        ..PLAIN
    };
    vec![
        ("human", human::render(all, &PLAIN, true)),
        ("human_quiet", human::render(all, &ascii, false)),
        ("powershell", powershell(fix, Way::Forth)),
        ("powershell_back", powershell(fix, Way::Back)),
        ("csv", table::render(all)),
        ("json", json::render(all, VERSION)),
        ("markdown", markdown::render(all, VERSION, true)),
    ]
}

#[test]
fn every_form_of_an_ordinary_fix() {
    for (name, text) in forms(&named("Scanner")) {
        snapshot(name, &text);
    }
}

#[test]
fn names_chosen_to_break_the_forms() {
    let mut text = String::new();
    for name in HOSTILE {
        let fix = named(name);
        let all = std::slice::from_ref(&fix);
        let options = HumanOptions { quiet: true, ..PLAIN };
        text.push_str(&human::render(all, &options, false));
        text.push_str(&markdown::render(all, VERSION, false));
    }
    snapshot("hostile_names", &text);
}

#[test]
fn nothing_acts_on_a_terminal() {
    for name in HOSTILE {
        for (form, text) in forms(&named(name)) {
            let csv = |c: char| form == "csv" && c == '\r';
            let bad = text.chars().find(|&c| c != '\n' && !csv(c) && escape::is_hazardous(c));
            assert_eq!(bad, None, "{form} of {name:?}: {text}");
        }
    }
}

#[test]
fn scripts_hold_names_in_strings_and_comments_only() {
    let plain: Vec<Vec<String>> = [Way::Forth, Way::Back]
        .map(|way| shape(&powershell(&named("n"), way)))
        .into();
    for name in HOSTILE.iter().filter(|name| !name.trim().is_empty()) {
        for (way, plain) in [Way::Forth, Way::Back].into_iter().zip(&plain) {
            let script = powershell(&named(name), way);
            assert_eq!(&shape(&script), plain, "{name:?}: {script}");
        }
    }
}

/// The commands and parameters of a script, and what kind of thing each argument is.
fn shape(script: &str) -> Vec<String> {
    let mut parser = tree_sitter::Parser::new();
    let language = tree_sitter_powershell::LANGUAGE.into();
    parser.set_language(&language).unwrap();
    let tree = parser.parse(script, None).unwrap();
    assert!(
        !tree.root_node().has_error(),
        "{}\n{script}",
        tree.root_node().to_sexp()
    );
    let mut found = Vec::new();
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        let text = script.get(node.byte_range()).unwrap();
        match node.kind() {
            "command_name" | "command_parameter" | "variable" => found.push(text.to_owned()),
            "comment" => {}
            _ => {
                let mut cursor = node.walk();
                let children: Vec<_> = node.children(&mut cursor).collect();
                open.extend(children.into_iter().rev());
            }
        }
    }
    found
}

#[test]
fn a_script_changes_nothing_unless_told_to() {
    let script = powershell(&named("Scanner"), Way::Forth);
    let code: Vec<&str> = script.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(code.first(), Some(&"param([switch] $Apply)"));
    let (preview, run) = script.split_once("\nif ($Apply) {\n").unwrap();
    let (_, preview) = preview.split_once("\nif (-not $Apply) {\n").unwrap();
    for line in preview.lines().filter(|line| line.contains("-TransportRule")) {
        assert!(line.ends_with(" -WhatIf"), "{line}");
    }
    assert!(!run.contains("-WhatIf"));
    assert!(run.contains("Write-Warning 'Step 4 has no command here"));
    let back = powershell(&named("Scanner"), Way::Back);
    let (first, last) = (back.find("Step 3 of 4").unwrap(), back.find("Step 1 of 4").unwrap());
    assert!(first < last, "the last change is undone first");
}

#[test]
fn tables_are_read_back() {
    for name in HOSTILE {
        let fix = named(name);
        let text = table::render(std::slice::from_ref(&fix));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let width = reader.headers().unwrap().len();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let column = |row: &csv::StringRecord, at: usize| csv_value(row.get(at).unwrap()).to_owned();
        assert!(rows.iter().all(|row| row.len() == width));
        let actions: Vec<String> = rows.iter().map(|row| column(row, 5)).collect();
        let expected = [
            "add", "set", "set", "set", "delete", "gone", "gone", "create", "set", "set", "delete",
        ];
        assert_eq!(actions, expected);
        let shown = escape::line(name);
        assert!(rows.iter().all(|row| column(row, 0) == shown), "{text}");
        assert_eq!(column(&rows[0], 3), format!("transport-rule/{shown}"));
        assert_eq!(column(&rows[2], 6), format!("{shown}{shown}"));
        let formula = |cell: &str| cell.starts_with(['=', '+', '@', '\t', '\r']);
        assert!(!rows.iter().flat_map(csv::StringRecord::iter).any(formula), "{text}");
    }
}

#[test]
fn json_is_exact() {
    for name in HOSTILE {
        let fix = named(name);
        let value: serde_json::Value =
            serde_json::from_str(&json::render(std::slice::from_ref(&fix), VERSION)).unwrap();
        let told = &value["tenants"][0];
        assert_eq!(told["name"], *name);
        assert_eq!(told["steps"][0]["id"], "s1");
        assert_eq!(told["steps"][0]["name"], *name);
        assert_eq!(told["steps"][0]["edits"][1]["after"][1], format!("{name}{name}"));
        assert_eq!(told["steps"][0]["findings"][0], told["findings"][0]["fingerprint"]);
        assert_eq!(told["files"][0]["operations"][0]["op"], "add");
        assert_eq!(told["files"][0]["operations"][0]["path"], "/0/SenderIpRanges/-");
        assert_eq!(told["advice"][0]["finding"], told["findings"][2]["fingerprint"]);
    }
}

/// Outside of code spans and fences a ticket has only words of ours.
#[test]
fn tickets_hold_names_in_code_only() {
    for name in HOSTILE {
        let ticket = markdown::render(&[named(name)], VERSION, true);
        let outside = without_code(&ticket);
        for mark in ["evil", "Remove-Mailbox", "<", "&", "javascript", "@", "calc", "漢字"] {
            assert!(!outside.contains(mark), "{name:?}: `{mark}` in {outside}\n{ticket}");
        }
    }
}

/// What is left of a text without its code: fences of at least three backticks, then spans, by the rules of `CommonMark`.
fn without_code(text: &str) -> String {
    let mut lines = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let run = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) => {
                if run >= open && line.trim_start_matches('`').trim().is_empty() {
                    fence = None;
                }
            }
            None if run >= 3 && !line.trim_start_matches('`').contains('`') => fence = Some(run),
            None => {
                lines.push_str(line);
                lines.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "{text}");
    let mut out = String::new();
    for line in lines.lines() {
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            out.push_str(&rest[..at]);
            let after = rest[at..].trim_start_matches('`');
            let run = rest.len() - at - after.len();
            rest = close(after, run).unwrap_or_else(|| panic!("an open span: {line}"));
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// What stands behind the run of exactly so many backticks.
fn close(mut text: &str, run: usize) -> Option<&str> {
    loop {
        let at = text.find('`')?;
        let after = text[at..].trim_start_matches('`');
        if text.len() - at - after.len() == run {
            return Some(after);
        }
        text = after;
    }
}

#[test]
fn a_folder_holds_what_it_says() {
    let written = files(&[named("Scanner")], VERSION);
    let paths: Vec<String> = written.iter().map(|(path, _)| folder::slashed(path)).collect();
    assert_eq!(
        paths,
        [
            "exchange.ps1",
            "exchange-rollback.ps1",
            "patched/exports/rules.json",
            "README.md",
            "proof.json"
        ]
    );
    let proof: serde_json::Value = serde_json::from_str(&written[4].1).unwrap();
    let listed: Vec<&str> = proof["written"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap())
        .collect();
    let mut sorted: Vec<&str> = paths.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
    snapshot("readme", &written[3].1);
}

#[test]
fn no_file_leads_out_of_the_folder() {
    let mut fix = named("../..");
    for path in ["../../etc/passwd", "/etc/passwd", "etc/passwd", "..", "", "a/../../b"] {
        let mut file = fix.files[0].clone();
        file.path = path.to_owned();
        fix.files.push(file);
    }
    let written = files(
        &[
            fix,
            named("CON"),
            named(""),
            named("con"),
            named("README.md"),
            named("proof.json"),
        ],
        VERSION,
    );
    let mut seen: Vec<String> = Vec::new();
    for (path, _) in &written {
        let shown = folder::slashed(path);
        assert!(
            path.components()
                .all(|part| matches!(part, std::path::Component::Normal(_))),
            "{shown}"
        );
        assert!(!seen.contains(&shown.to_ascii_lowercase()), "{shown} twice");
        seen.push(shown.to_ascii_lowercase());
    }
    for path in [
        "tenant/patched/etc/passwd",
        "tenant/patched/etc/passwd.2",
        "tenant/patched/etc/passwd.3",
        "tenant/patched/export",
    ] {
        assert!(
            written.iter().any(|(known, _)| known == Path::new(path)),
            "{path}: {seen:?}"
        );
    }
}

#[test]
fn nothing_to_change_is_said() {
    let mut report = named("Scanner").before;
    report.findings.clear();
    let fix = Fix::nothing("exchange", report);
    let all = std::slice::from_ref(&fix);
    assert_eq!(human::render(all, &PLAIN, true), "nothing to change\n");
    assert!(markdown::render(all, VERSION, true).contains("nothing to change"));
    assert!(powershell(&fix, Way::Forth).lines().all(|line| line.starts_with("# ")));
    assert_eq!(table::render(all).lines().count(), 1);
    let mut failed = fix;
    failed.before.outcome = Outcome::Failed;
    assert!(human::render(&[failed], &PLAIN, true).starts_with("could not be audited"));
}

#[test]
fn an_export_in_one_line_is_told_by_its_operations() {
    let mut fix = named("Scanner");
    let file = &mut fix.files[0];
    let filler = "x".repeat(5000);
    file.before = format!("[{{\"Name\":\"{filler}\"}}]");
    file.after = format!("[{{\"Name\":\"{filler}\",\"y\":1}}]");
    let text = human::render(&[fix], &PLAIN, false);
    assert!(!text.contains(&filler));
    assert!(text.contains("+add /0/SenderIpRanges/- \"192.0.2.7\""), "{text}");
}
