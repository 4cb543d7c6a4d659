//! Literate specs: `tests/specs/<check-id>/*.md` and the examples in the pages of the checks.
//!
//! `BLESS=1` rewrites the expected blocks of specs instead of comparing them; `SPEC=words` runs the files whose path has
//! the words. An expected block marked `pending` says what should be reported where the program is known to disagree: it is
//! not rewritten, and the mark has to go once the program agrees. Pages state what they show in words, so nothing in them is rewritten.

mod case;
mod walked;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use allowaudit::audit::{self, Dns, Job, Library, PolicyChoice, Settings, TENANT_FILE};
use allowaudit::check::Finding;
use allowaudit::checks::CHECKS;
use allowaudit::problem::Level;
use allowaudit::report::TenantReport;
use allowaudit::source;

use case::{Case, Heads};

/// The day of every audit that does not name one.
const NOW: &str = "2026-11-21";

/// Stands in for a tenant file: every pack of the case, all streams.
const DOMAINS: &str = "domains = [\"contoso.example\"]\n";

#[test]
fn specs() {
    let mut failures = String::new();
    let mut cases = 0;
    for path in files("tests/specs", "md") {
        let text = text_of(&path);
        let file = path.display().to_string();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let check = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let mut told = Vec::new();
        for case in case::read(&text, Heads::First) {
            cases += 1;
            let known = failures.len();
            let report = run(&case, stem.starts_with("unknown-"), &mut failures);
            let found = report.findings.iter().any(|finding| finding.check == check);
            let misnamed = (stem.starts_with("fail-") && !found) || (stem.starts_with("pass-") && found);
            if misnamed && !case.pending {
                let _ = writeln!(failures, "the name of the file says otherwise about `{check}`");
            }
            if !case.pending {
                coverage(&case, &report, &mut failures);
                says(&case, &report, &mut failures);
            }
            let lines = told_in_lines(&report);
            if case.pending {
                if case.report.as_ref().is_some_and(|(expected, _)| *expected == lines) {
                    failures.push_str("this is what should be reported: take `pending` away\n");
                }
            } else if !blessing() {
                compare(&case, &lines, &mut failures);
            }
            if failures.len() > known {
                let _ = writeln!(failures, "  in {file}: {}\n", case.title);
            }
            told.push((case, lines));
        }
        assert!(!told.is_empty(), "{file} has no case");
        let new = case::blessed(&text, &told);
        if blessing() && new != text {
            source::write(&path, new.as_bytes()).unwrap();
        }
    }
    assert!(failures.is_empty(), "{cases} cases\n\n{failures}");
}

/// Under "Example" a page shows its own finding and no other above a note; under "Passing", none above a note.
#[test]
fn pages() {
    let mut failures = String::new();
    for check in CHECKS {
        let path = PathBuf::from("src/checks").join(format!("{}.md", check.id));
        let cases = case::read(check.page, Heads::Section);
        for section in ["Example", "Passing"] {
            let shown = cases
                .iter()
                .filter(|case| case.title.starts_with(section) && !case.exports.is_empty());
            let mut any = false;
            for case in shown {
                any = true;
                let known = failures.len();
                let report = run(case, false, &mut failures);
                let loud: Vec<&Finding> = report
                    .findings
                    .iter()
                    .filter(|finding| finding.level > Level::Note && finding.exception.is_none())
                    .collect();
                let fits = match section {
                    "Example" => {
                        report.findings.iter().any(|finding| finding.check == check.id)
                            && loud.iter().all(|finding| finding.check == check.id)
                    }
                    _ => loud.is_empty(),
                };
                if !fits {
                    let _ = writeln!(failures, "found:\n{}", told_in_lines(&report));
                }
                if failures.len() > known {
                    let _ = writeln!(failures, "  in {}: {}\n", path.display(), case.title);
                }
            }
            if !any {
                let _ = writeln!(failures, "{} shows nothing under `{section}`", path.display());
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Audits one case, walks the witnesses of what it finds, and looks at how that is said.
fn run(case: &Case, exports_may_be_missing: bool, failures: &mut String) -> TenantReport {
    let packs: Vec<(String, Vec<u8>)> = case
        .packs
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("pack-{}.toml", at + 1), text.clone().into_bytes()))
        .collect();
    let library = Library::load(&packs);
    let tenant = case.tenant.clone().unwrap_or_else(|| {
        let vendors = case.packs.iter().filter_map(|text| id_of(text));
        let rows: Vec<String> = vendors.map(|id| format!("[[vendor]]\npack = \"{id}\"\n")).collect();
        format!("{DOMAINS}{}", rows.concat())
    });
    let files = std::iter::once((TENANT_FILE, &tenant))
        .chain(case.exports.iter().map(|(name, text)| (name.as_str(), text)))
        .map(|(name, text)| (PathBuf::from(name), text.clone().into_bytes()))
        .collect();
    let job = Job::in_memory("case", files);
    let settings = Settings {
        vendors: Vec::new(),
        policy: case
            .policy
            .as_ref()
            .map(|text| PolicyChoice::File("policy.toml".to_owned(), text.clone().into_bytes())),
        levels: Vec::new(),
        dns: Dns::default(),
        now: case.now.unwrap_or_else(|| NOW.parse().unwrap()),
        assume_empty: !exports_may_be_missing,
    };
    let report = audit::audit(&job, &library, &settings);
    for problem in library.problems.iter().chain(&report.problems) {
        if problem.level > Level::Note {
            let _ = writeln!(failures, "{}: {}", problem.level.as_str(), problem.message);
        }
    }
    let prepared = audit::prepare(&job, &library, &settings);
    for finding in &report.findings {
        // What is found may be so on one way alone.
        let ways = prepared
            .ways
            .iter()
            .map(|way| walked::contradiction(&way.path, finding));
        let told: Option<Vec<String>> = ways.collect();
        if let Some(told) = told.and_then(|told| told.into_iter().next()) {
            let _ = writeln!(failures, "{}: {}\n  {told}", finding.check, finding.message);
        }
        for (what, text) in style(finding) {
            let _ = writeln!(failures, "{}: {what}: {text}", finding.check);
        }
    }
    report
}

/// The id of a pack, as its first line of that key says.
fn id_of(pack: &str) -> Option<&str> {
    let line = pack.lines().find_map(|line| line.strip_prefix("id = "))?;
    Some(line.trim().trim_matches('"'))
}

/// Sentences start in lower case, end without a stop and hold values in backticks.
fn style(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let labels = finding.labels.iter().map(|label| ("a label", label.text.as_str()));
    for (what, text) in labels.chain([("the message", finding.message.as_str())]) {
        let start = text.chars().next();
        let starts = start.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit() || c == '`');
        let ends = !text.ends_with(['.', '!', ' ', '\n']);
        let closed = text.matches('`').count() % 2 == 0;
        if !(starts && ends && closed) {
            wrong.push((what, text.to_owned()));
        }
    }
    if finding.labels.is_empty() {
        wrong.push(("no label", finding.message.clone()));
    }
    if finding.help.is_empty() || finding.help.ends_with('.') {
        wrong.push(("the help", finding.help.clone()));
    }
    wrong
}

/// One line a finding: level, check, object, underlined text.
fn told_in_lines(report: &TenantReport) -> String {
    let mut lines = String::new();
    for finding in &report.findings {
        let underlined = finding
            .labels
            .first()
            .map_or("", |label| report.sources.text(label.span));
        let _ = writeln!(
            lines,
            "{} {} {} | {}",
            finding.level.as_str(),
            finding.check,
            finding.object.as_deref().unwrap_or("-"),
            shortened(underlined)
        );
    }
    lines
}

fn shortened(text: &str) -> String {
    let escaped = text
        .escape_debug()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'");
    if escaped.chars().count() <= 80 {
        return escaped;
    }
    escaped.chars().take(79).chain(['…']).collect()
}

fn compare(case: &Case, found: &str, failures: &mut String) {
    let expected = case.report.as_ref().map_or("(no expected block)\n", |(text, _)| text);
    if expected == found {
        return;
    }
    for line in expected
        .lines()
        .filter(|line| !found.lines().any(|other| other == *line))
    {
        let _ = writeln!(failures, "- {line}");
    }
    for line in found
        .lines()
        .filter(|line| !expected.lines().any(|other| other == *line))
    {
        let _ = writeln!(failures, "+ {line}");
    }
    if expected.lines().count() == found.lines().count() {
        let _ = writeln!(failures, "found, in this order:\n{found}");
    }
}

/// Every line `concern answer` (or `stream concern answer`) of the block must be what the report says of all such rows.
fn coverage(case: &Case, report: &TenantReport, failures: &mut String) {
    for line in case.coverage.iter().flat_map(|text| text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (stream, concern, answer) = match words.as_slice() {
            [concern, answer] => (None, *concern, *answer),
            [stream, concern, answer] => (Some(*stream), *concern, *answer),
            _ => panic!("`{line}` is no line of coverage"),
        };
        // `concern@path` is about one way alone.
        let (concern, path) = match concern.split_once('@') {
            Some((concern, path)) => (concern, Some(path)),
            None => (concern, None),
        };
        let rows: Vec<&str> = report
            .coverage
            .iter()
            .filter(|row| row.concern == concern && stream.is_none_or(|stream| row.stream == stream))
            .filter(|row| path.is_none_or(|path| row.path == path))
            .map(|row| row.answer)
            .collect();
        if rows.is_empty() || rows.iter().any(|found| *found != answer) {
            let _ = writeln!(failures, "coverage: expected `{line}`, found {rows:?}");
        }
    }
}

/// Every line of the block must be in what some finding says.
fn says(case: &Case, report: &TenantReport, failures: &mut String) {
    for line in case.says.iter().flat_map(|text| text.lines()) {
        let said = |finding: &Finding| finding.message.contains(line) || finding.help.contains(line);
        if !report.findings.iter().any(said) {
            let _ = writeln!(failures, "no finding says `{line}`; they say:");
            for finding in &report.findings {
                let _ = writeln!(failures, "  {} ({})", finding.message, finding.help);
            }
        }
    }
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// The files of an ending under a folder, sorted.
fn files(root: &str, ending: &str) -> Vec<PathBuf> {
    let wanted = std::env::var_os("SPEC").map(|words| words.to_string_lossy().into_owned());
    let (found, closed) = source::walk(Path::new(root));
    assert!(closed.is_empty(), "{closed:?}");
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .filter(|path| {
            let shown = path.display().to_string();
            wanted.as_ref().is_none_or(|words| shown.contains(words.as_str()))
        })
        .collect()
}

fn text_of(path: &Path) -> String {
    String::from_utf8(source::read(path).unwrap()).unwrap()
}
