//! What README quotes from the program: the table of checks and a report.

use std::fmt::Write as _;
use std::path::PathBuf;

use allowaudit::check::Group;
use allowaudit::checks::CHECKS;
use allowaudit::platforms::PLATFORMS;
use allowaudit::problem::Level;
use allowaudit::source;

use crate::program::{self, compare, read, root, run};

#[test]
fn readme_quotes_the_program() {
    let readme = read(&root().join("README.md"));
    let report = run(&["check", "examples/msp-mistakes", "--now", "2026-11-21"]).out;
    let readme = put(&readme, "checks", &checks());
    let readme = put(&readme, "exports", &exports());
    let readme = put(&readme, "report", &quoted(&report));
    let readme = put(&readme, "fix", &fixed());
    let readme = put(&readme, "spf", &tree());
    compare("README.md", &readme);
}

/// Replaces what stands between the two markers of a part.
fn put(text: &str, part: &str, content: &str) -> String {
    let (open, close) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = text
        .split_once(&open)
        .unwrap_or_else(|| panic!("README has no `{}`", open.trim()));
    let (_, after) = rest
        .split_once(&close)
        .unwrap_or_else(|| panic!("README has no `{close}`"));
    format!("{before}{open}{content}{close}{after}")
}

fn checks() -> String {
    let mut text = String::from("| check | level | finds |\n|---|---|---|\n");
    for group in Group::ALL {
        let rows: Vec<_> = CHECKS.iter().filter(|check| check.group == group).collect();
        if rows.is_empty() {
            continue;
        }
        writeln!(text, "| **{}** | | |", group.as_str()).unwrap();
        for check in rows {
            let level = match check.level {
                Level::Deny => "deny",
                Level::Warn => "warn",
                Level::Note => "note",
                Level::Allow => "allow",
            };
            writeln!(text, "| `{}` | {level} | {} |", check.id, check.summary).unwrap();
        }
    }
    text
}

/// The commands by which an administrator exports everything that is needed.
fn exports() -> String {
    let mut text = String::from("```powershell\nConnect-ExchangeOnline\n");
    for platform in PLATFORMS {
        for export in (platform.exports)().iter().filter(|export| export.needed) {
            writeln!(text, "{}", export.command).unwrap();
        }
    }
    text.push_str("```\n\nThese let the audit say more:\n\n```powershell\n");
    for platform in PLATFORMS {
        for export in (platform.exports)().iter().filter(|export| !export.needed) {
            writeln!(text, "{}", export.command).unwrap();
        }
    }
    text.push_str("```\n");
    text
}

/// A step of a fix, the proof and the counts; what is left out is marked.
fn fixed() -> String {
    let (ran, _) = program::fixed();
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let mut text = format!("```text\n$ allowaudit {}\n", program::FIX);
    let chosen = |block: &str| block.starts_with("step 1 of") || block.starts_with("proved by");
    let mut left_out = false;
    for block in ran.out.split("\n\n") {
        let counts = block.starts_with(|letter: char| letter.is_ascii_digit());
        if chosen(block) || counts {
            text.push_str(block.trim_end());
            text.push_str("\n\n");
        } else if !left_out {
            text.push_str("…\n\n");
        }
        left_out = !chosen(block);
    }
    format!("{}\n```\n", text.trim_end())
}

/// A command and what it prints.
fn tree() -> String {
    let arguments = ["spf", "contoso.example", "--dns", "tests/data/spf.toml"];
    let ran = run(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    format!("```text\n$ allowaudit {}\n{}```\n", arguments.join(" "), ran.out)
}

/// The verdicts and chosen findings of a report, in its own words; what is left out is marked.
fn quoted(report: &str) -> String {
    let blocks: Vec<&str> = report.split("\n\n").collect();
    let mut text = String::from("```text\n");
    let mut left_out = false;
    for (at, block) in blocks.iter().enumerate() {
        let counts = block.starts_with(|letter: char| letter.is_ascii_digit());
        let chosen = at == 0
            || counts
            || QUOTED
                .iter()
                .any(|(head, part)| block.starts_with(head) && block.contains(part));
        if !chosen {
            if !left_out {
                text.push_str("…\n\n");
            }
            left_out = true;
            continue;
        }
        left_out = false;
        // The counts stand alone; what follows them has its own place in this file.
        let block = if counts {
            block.lines().next().unwrap_or_default()
        } else {
            block
        };
        text.push_str(block.trim_end());
        text.push_str("\n\n");
    }
    while text.ends_with(['\n', ' ', '…']) {
        text.pop();
    }
    text.push_str("\n```\n");
    text
}

/// The findings that README shows: how the block starts and what it speaks of.
const QUOTED: &[(&str, &str)] = &[
    ("deny[mail-not-cleared]", "`18.205.140.116` is not in"),
    ("deny[forgeable-allow]", "Phishing simulations by header"),
    ("warn[mail-not-cleared]", "`electronic-hr.com` is not in"),
];

/// The tenant file that README shows is one: nothing in it is unknown or misspelt.
#[test]
fn the_tenant_file_of_readme_is_read() {
    let readme = read(&root().join("README.md"));
    let blocks: Vec<String> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(str::to_owned)
        .collect();
    assert_eq!(blocks.len(), 2, "the tenant file and the exception");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readme");
    std::fs::create_dir_all(&folder).unwrap();
    source::write(&folder.join("allowaudit.toml"), blocks.join("\n").as_bytes()).unwrap();
    let export = source::read(&root().join("examples/clean/contoso/exports/Get-AcceptedDomain.json")).unwrap();
    source::write(&folder.join("Get-AcceptedDomain.json"), &export).unwrap();
    let ran = run(&[
        "check",
        folder.to_str().unwrap(),
        "--now",
        "2026-11-21",
        "--format",
        "json",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["tenants"][0]["problems"], serde_json::json!([]));
}

/// Whatever README tells readers to type is a command the program knows.
#[test]
fn commands_of_readme_exist() {
    let readme = read(&root().join("README.md"));
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `allowaudit "));
    let commands: Vec<&str> = rows.filter_map(|row| row.split([' ', '`']).next()).collect();
    assert!(commands.contains(&"check"), "{commands:?}");
    for command in commands {
        assert_eq!(run(&[command, "--help"]).code, 0, "{command}");
    }
    for command in ["list", "show", "lint", "verify", "new"] {
        assert_eq!(run(&["pack", command, "--help"]).code, 0, "pack {command}");
    }
    for of in ["pack", "tenant", "policy", "dns"] {
        assert_eq!(run(&["schema", of]).code, 0, "schema {of}");
    }
}
