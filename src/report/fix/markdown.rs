//! The fix as a ticket, ready to paste.
//!
//! What comes from exports stands in code spans and fenced blocks, which no renderer of Markdown looks into: neither for
//! markup nor for names to mention or addresses to link. Results of `write!` are dropped: writing to a string cannot fail.

use std::fmt::Write as _;

use crate::check::Witness;
use crate::platform::change::Snippet;
use crate::report::human::witness_line;
use crate::report::{Outcome, escape};

use super::{Fix, Step, diff, words};

/// Messages of strangers that are named: more are counted.
const MAX_NAMED: usize = 10;

/// All fixes, one chapter a tenant.
pub fn render(fixes: &[Fix], tool_version: &str, explain: bool) -> String {
    let mut out = String::new();
    for fix in fixes {
        if !out.is_empty() {
            out.push('\n');
        }
        chapter(fix, tool_version, explain, &mut out);
    }
    out
}

fn chapter(fix: &Fix, tool_version: &str, explain: bool, out: &mut String) {
    let name = code(&fix.before.name);
    let n_steps = fix.steps.len();
    if fix.before.outcome == Outcome::Failed {
        let _ = writeln!(out, "# Mail allowlists of {name}: could not be audited");
        return;
    }
    if n_steps == 0 {
        let _ = writeln!(out, "# Mail allowlists of {name}: nothing to change");
    } else {
        let _ = writeln!(out, "# Mail allowlists of {name}: {}", words::count(n_steps, "change"));
        let _ = writeln!(
            out,
            "\nPlanned by allowaudit {tool_version} from exports of {}, and proved by auditing these exports again with all changes in place.",
            fix.product()
        );
        out.push_str("Nothing was changed. The order of the steps matters.\n\n## Steps\n");
    }
    for (at, step) in fix.steps.iter().enumerate() {
        one_step(fix, at + 1, step, explain, out);
    }
    if n_steps > 0 {
        proof(fix, out);
    }
    advice(fix, out);
    if !fix.files.is_empty() {
        out.push_str("\n## The exports before and after\n");
        for file in &fix.files {
            let lines: Vec<String> = diff::lines(file).iter().map(diff::Line::text).collect();
            out.push('\n');
            block("diff", &lines.join("\n"), out);
        }
    }
}

fn one_step(fix: &Fix, number: usize, step: &Step, explain: bool, out: &mut String) {
    let _ = writeln!(out, "\n### {number}. {}\n", code(&step.change.object()));
    for sentence in words::sentences(&step.change) {
        let _ = writeln!(out, "- [ ] {}", prose(&sentence));
    }
    let mut asking = fix.asking(step).peekable();
    if asking.peek().is_some() {
        out.push_str("\nClears:\n\n");
    }
    for finding in asking {
        let level = finding.level.as_str();
        let _ = writeln!(out, "- `{level}[{}]` {}", finding.check, prose(&finding.message));
    }
    if explain && !step.reasons.is_empty() {
        out.push_str("\nThe smallest because:\n\n");
        for reason in &step.reasons {
            let _ = writeln!(out, "- {}", prose(reason));
        }
    }
    let mut has_command = false;
    for writer in fix.writers() {
        if let Some(snippet) = (writer.write)(&step.change) {
            has_command = true;
            commands(writer.id, &snippet, out);
        }
    }
    if !has_command {
        out.push_str("\nNo command for this is documented; it has to be done by hand.\n");
    }
}

fn commands(language: &str, snippet: &Snippet, out: &mut String) {
    if let Some(caution) = &snippet.caution {
        let _ = writeln!(out, "\n**Careful:** {}", prose(caution));
    }
    let mut part = |title: &str, text: &str| {
        let _ = writeln!(out, "\n{title}:\n");
        block(language, text.trim_end(), out);
    };
    if let Some(preview) = &snippet.preview {
        part("Preview, which changes nothing", preview);
    }
    part("Run", &snippet.run);
    part("Undo", &snippet.undo);
    if !snippet.clicks.is_empty() {
        out.push_str("\nOr by hand:\n\n");
        for (at, click) in snippet.clicks.iter().enumerate() {
            let _ = writeln!(out, "{}. {}", at + 1, prose(click));
        }
    }
}

fn proof(fix: &Fix, out: &mut String) {
    out.push_str("\n## Proof\n\n");
    let gone: Vec<_> = fix.gone().collect();
    let is = if gone.len() == 1 { "is" } else { "are" };
    let _ = writeln!(
        out,
        "- {} {is} gone: {}",
        words::count(gone.len(), "finding"),
        words::by_check(gone.iter().copied())
    );
    let mut came = fix.came().peekable();
    if came.peek().is_none() {
        out.push_str("- none came\n");
    }
    for finding in came {
        let level = finding.level.as_str();
        let _ = writeln!(out, "- came: `{level}[{}]` {}", finding.check, prose(&finding.message));
    }
    for stream in &fix.proof.streams {
        let name = code(&format!("{}/{}", stream.vendor, stream.stream));
        let (before, after) = (words::fate(stream.before), words::fate(stream.after));
        if before == after {
            let _ = writeln!(out, "- {name}: {after}, as before");
        } else {
            let _ = writeln!(out, "- {name}: {before} → {after}");
        }
    }
    for (skipped, message) in fix.proof.shut.iter().take(MAX_NAMED) {
        let line = message.as_ref().map(|message| witness_line(&Witness::of(message)));
        let instance = line.map(|line| format!(", for instance with {}", code(&line)));
        let _ = writeln!(
            out,
            "- strangers can no longer skip {}{}",
            prose(skipped),
            instance.unwrap_or_default()
        );
    }
    if fix.proof.shut.len() > MAX_NAMED {
        let more = fix.proof.shut.len() - MAX_NAMED;
        let _ = writeln!(out, "- and {more} more ways of strangers are shut");
    }
}

fn advice(fix: &Fix, out: &mut String) {
    if fix.advice.is_empty() {
        return;
    }
    out.push_str("\n## Left to people, and not proved\n\n");
    for advice in &fix.advice {
        let Some(finding) = fix.finding(advice.finding) else {
            continue;
        };
        let level = finding.level.as_str();
        let _ = writeln!(out, "- `{level}[{}]` {}", finding.check, prose(&finding.message));
        let _ = writeln!(out, "  - no change because {}", prose(&advice.reason));
        if !finding.help.is_empty() {
            let _ = writeln!(out, "  - help: {}", prose(&finding.help));
        }
    }
}

/// A code span that ends where it should.
pub(super) fn code(text: &str) -> String {
    let text = escape::line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A span may not start or end with a backtick, nor be empty; one space at both ends is taken away (CommonMark 6.1).
    let is_bare = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty();
    let space = if is_bare { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A sentence of ours: what it has in backticks becomes code, the rest is escaped. A sentence that a value has broken is
/// code as a whole.
pub(super) fn prose(sentence: &str) -> String {
    let sentence = escape::line(sentence);
    let parts: Vec<&str> = sentence.split('`').collect();
    let own = |part: &&str| {
        let known = |c: char| c.is_ascii_alphanumeric() || " ,.;:'()-[]/%".contains(c);
        part.chars().all(known) && !part.contains("://") && !part.contains("www.")
    };
    let is_whole = parts.len() % 2 == 1 && !sentence.contains("``") && parts.iter().step_by(2).all(own);
    if !is_whole {
        return code(&sentence);
    }
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 {
            out.push_str(&code(part));
            continue;
        }
        for c in part.chars() {
            if matches!(c, '[' | ']' | '(' | ')') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// A fenced block that ends where it should.
fn block(language: &str, text: &str, out: &mut String) {
    let text = escape::text(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    let _ = writeln!(out, "{fence}{language}\n{text}\n{fence}");
}
