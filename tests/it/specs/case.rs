//! Literate cases: Markdown with fenced blocks, read into what an audit takes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use allowaudit::audit::DNS_FILE;
use allowaudit::dns::recorded::write;
use allowaudit::dns::{Answer, Failure, Name, Outcome, Question, RecordType, presentation};
use jiff::civil::Date;

/// One case of a file.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its headline.
    pub title: String,
    /// Packs, in order.
    pub packs: Vec<String>,
    /// The tenant file, if it shows one.
    pub tenant: Option<String>,
    /// The policy, if it shows one.
    pub policy: Option<String>,
    /// Exports: name and text.
    pub exports: Vec<(String, String)>,
    /// What must be reported, and the lines of the file that say so, without the fences.
    pub report: Option<(String, Range<usize>)>,
    /// Whether that is what should be reported and is not yet: see the head of `specs.rs`.
    pub pending: bool,
    /// Answers that must be among the coverage: `concern answer` a line.
    pub coverage: Option<String>,
    /// Words that must each be in the message or the help of a finding, one text a line.
    pub says: Option<String>,
    /// The day of the audit, if it says so.
    pub now: Option<Date>,
    /// The line after its last block: where an expected block is put that is not there yet.
    pub end: usize,
}

/// Headlines of a file that start a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heads {
    /// `# title`: a file of cases.
    First,
    /// `## title` and `### title`: the sections of a page.
    Section,
}

/// Reads the cases of a file.
///
/// # Panics
/// If a block is not understood: a spec that is not read must not pass.
pub fn read(text: &str, heads: Heads) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(title) = headline(line, heads, &mut section) {
            cases.push(Case {
                title,
                end: at + 1,
                ..Case::default()
            });
            continue;
        }
        if let Some(date) = line.strip_prefix("now: ") {
            let case = cases.last_mut().expect("a date stands before any headline");
            case.now = Some(date.trim().parse().expect("a date like 2026-11-21"));
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut body = String::new();
        let mut last = at;
        let mut closed = false;
        for (number, line) in lines.by_ref() {
            last = number;
            if line.trim_end() == "```" {
                closed = true;
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        assert!(closed, "line {}: the block is not closed", at + 1);
        let case = cases.last_mut().expect("a block stands before any headline");
        case.end = last + 1;
        take(case, info.trim(), body, at + 1..last);
    }
    // A case that shows no pack is about the packs of the case before it.
    let mut packs: Vec<String> = Vec::new();
    for case in &mut cases {
        if case.packs.is_empty() {
            case.packs.clone_from(&packs);
        }
        packs.clone_from(&case.packs);
    }
    cases
}

/// The recording that a few lines stand for: `name TYPE data`, where the data may be `SERVFAIL` or `NODATA`, or
/// `name NXDOMAIN`, which is said of every type.
fn recorded(zone: &str) -> String {
    let mut answers: BTreeMap<Question, Answer> = BTreeMap::new();
    for line in zone.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (name, kind, data) = (words.next().unwrap(), words.next().unwrap(), words.next());
        let name = Name::parse(name.as_bytes()).unwrap();
        if kind == "NXDOMAIN" {
            for kind in RecordType::ALL {
                answers.insert(Question::new(name.clone(), kind), Answer::new(Outcome::NoName));
            }
            continue;
        }
        let kind = RecordType::parse(kind).unwrap_or_else(|| panic!("no type of records: {line}"));
        let without = match data {
            Some("SERVFAIL") => Some(Outcome::Failed(Failure::ServerFailed)),
            Some("NODATA") => Some(Outcome::NoData),
            _ => None,
        };
        if let Some(outcome) = without {
            answers.insert(Question::new(name, kind), Answer::new(outcome));
            continue;
        }
        let record = presentation::parse_record(kind, data.unwrap_or_default().trim_matches('"'))
            .unwrap_or_else(|why| panic!("{why}: {line}"));
        let question = Question::new(name.clone(), kind);
        let known = answers.entry(question).or_insert_with(|| Answer::new(Outcome::NoData));
        match &mut known.outcome {
            Outcome::Found(records) => records.push(record),
            none => *none = Outcome::Found(vec![record]),
        }
        // A name that has one record exists, and what is not written there is not there.
        for kind in RecordType::ALL {
            let question = Question::new(name.clone(), kind);
            answers.entry(question).or_insert_with(|| Answer::new(Outcome::NoData));
        }
    }
    let answers = answers
        .into_iter()
        .map(|(question, answer)| (question, Arc::new(answer)));
    write(Date::constant(2026, 11, 21), &answers.collect())
}

fn headline(line: &str, heads: Heads, section: &mut String) -> Option<String> {
    match heads {
        Heads::First => line.strip_prefix("# ").map(str::to_owned),
        Heads::Section => {
            if let Some(title) = line.strip_prefix("## ") {
                title.clone_into(section);
                return Some(title.to_owned());
            }
            let title = line.strip_prefix("### ")?;
            Some(format!("{section}: {title}"))
        }
    }
}

fn take(case: &mut Case, info: &str, body: String, lines: Range<usize>) {
    let fresh = |slot: &mut Option<String>, body: String| {
        assert!(slot.is_none(), "line {}: a second `{info}` in one case", lines.start);
        *slot = Some(body);
    };
    match info.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["toml", "pack"] => case.packs.push(body),
        ["toml", "tenant"] => fresh(&mut case.tenant, body),
        ["toml", "policy"] => fresh(&mut case.policy, body),
        ["coverage"] => fresh(&mut case.coverage, body),
        ["says"] => fresh(&mut case.says, body),
        ["json", name] => {
            assert!(
                case.exports.iter().all(|(known, _)| known != name),
                "line {}: a second `{name}` in one case",
                lines.start
            );
            case.exports.push(((*name).to_owned(), body));
        }
        ["zone"] => case.exports.push((DNS_FILE.to_owned(), recorded(&body))),
        // What a person would type: part of the prose.
        ["powershell"] => {}
        ["report", rest @ ..] => {
            assert!(
                rest.is_empty() || *rest == ["pending"],
                "line {}: a report is there or `pending`",
                lines.start
            );
            case.pending = !rest.is_empty();
            assert!(
                case.report.is_none(),
                "line {}: a second report in one case",
                lines.start
            );
            case.report = Some((body, lines));
        }
        _ => panic!("line {}: nobody reads a block `{info}`", lines.start),
    }
}

/// The file with new expected blocks.
pub fn blessed(text: &str, cases: &[(Case, String)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (case, report) in cases.iter().rev().filter(|(case, _)| !case.pending) {
        let new: Vec<String> = report.lines().map(str::to_owned).collect();
        if let Some((_, range)) = &case.report {
            lines.splice(range.clone(), new);
        } else {
            let block = [vec!["```report".to_owned()], new, vec!["```".to_owned()]].concat();
            lines.splice(case.end..case.end, block);
        }
    }
    lines.join("\n") + "\n"
}
