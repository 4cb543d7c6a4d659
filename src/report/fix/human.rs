//! The fix for people: steps with their commands, what the exports look like before and after, the proof, and what is left.
//!
//! Results of `write!` are dropped throughout: writing to a string cannot fail.

use std::fmt::Write as _;

use crate::check::{Finding, Witness};
use crate::platform::change::Snippet;
use crate::problem::Level;
use crate::report::human::{HumanOptions, Look, Tone, add_block, heading, problem_block, witness_line};
use crate::report::place::Places;
use crate::report::{Outcome, escape};

use super::diff::{self, Line};
use super::{Advice, Fix, Step, words};

/// Findings named below one step, and messages of strangers: more are counted.
const MAX_NAMED: usize = 10;

/// Lines of one diff; more are counted.
const MAX_LINES: usize = 400;

/// All fixes as text. With `explain` every step says why it is the smallest.
pub fn render(fixes: &[Fix], options: &HumanOptions, explain: bool) -> String {
    let look = Look::new(options);
    let mut out = String::new();
    for fix in fixes {
        let blocks = blocks(&look, fix, explain);
        if fixes.len() > 1 && !(options.quiet && blocks.is_empty()) {
            add_block(&mut out, &heading(&look, &fix.before));
            out.push_str(&blocks);
        } else {
            add_block(&mut out, &blocks);
        }
    }
    if !options.quiet {
        add_block(&mut out, &summary(&look, fixes));
    }
    out
}

fn blocks(look: &Look, fix: &Fix, explain: bool) -> String {
    let mut out = String::new();
    if fix.before.outcome == Outcome::Failed {
        out.push_str(&look.level(Level::Deny, "could not be audited"));
        out.push('\n');
    }
    let mut places = Places::new(&fix.before.sources);
    let problems = fix.before.problems.iter();
    for problem in problems.filter(|problem| problem.level > Level::Allow) {
        add_block(&mut out, &problem_block(look, &mut places, problem));
    }
    if !fix.steps.is_empty() && !look.options.quiet {
        let title = format!(
            "{}: {} in this order",
            fix.product(),
            words::count(fix.steps.len(), "change")
        );
        add_block(&mut out, &format!("{}\n", look.bold(&title)));
    }
    for (at, step) in fix.steps.iter().enumerate() {
        add_block(&mut out, &step_block(look, fix, at + 1, step, explain));
    }
    if look.options.quiet {
        return out;
    }
    add_block(&mut out, &diffs(look, fix));
    add_block(&mut out, &proof(look, fix));
    add_block(&mut out, &advice_blocks(look, fix));
    out
}

fn step_block(look: &Look, fix: &Fix, number: usize, step: &Step, explain: bool) -> String {
    let title = format!(
        "step {number} of {}: {}",
        fix.steps.len(),
        look.name(&step.change.object())
    );
    let mut out = look.bold(&title);
    out.push('\n');
    for sentence in words::sentences(&step.change) {
        out.push_str(&look.paragraph(2, &escape::line(&sentence)));
    }
    let asking: Vec<&Finding> = fix.asking(step).collect();
    for finding in asking.iter().take(MAX_NAMED) {
        out.push_str(&look.field("clears", &titled(finding)));
    }
    if asking.len() > MAX_NAMED {
        let _ = writeln!(out, "  and {} more", asking.len() - MAX_NAMED);
    }
    if explain {
        for reason in &step.reasons {
            out.push_str(&look.field("smallest because", &escape::line(reason)));
        }
    }
    let mut has_command = false;
    for writer in fix.writers() {
        let Some(snippet) = (writer.write)(&step.change) else {
            continue;
        };
        has_command = true;
        out.push_str(&commands(look, writer.id, &snippet));
    }
    if !has_command {
        out.push_str(&look.field(
            "careful",
            "no command for this is documented; it has to be done by hand",
        ));
    }
    out
}

fn commands(look: &Look, language: &str, snippet: &Snippet) -> String {
    let mut out = String::new();
    if let Some(caution) = &snippet.caution {
        out.push_str(&look.field("careful", &escape::line(caution)));
    }
    let mut code = |title: &str, text: &str| {
        let _ = writeln!(out, "  {}", look.title(title));
        for line in escape::text(text.trim_end()).lines() {
            let _ = writeln!(out, "    {line}");
        }
    };
    let preview = snippet.preview.as_deref().filter(|_| !look.options.quiet);
    if let Some(preview) = preview {
        code(&format!("preview ({language}):"), preview);
    }
    code(&format!("run ({language}):"), &snippet.run);
    if look.options.quiet {
        return out;
    }
    code(&format!("undo ({language}):"), &snippet.undo);
    if !snippet.clicks.is_empty() {
        let _ = writeln!(out, "  {}", look.title("by hand:"));
        for (at, click) in snippet.clicks.iter().enumerate() {
            let _ = writeln!(out, "    {}. {}", at + 1, look.name(click));
        }
    }
    out
}

fn titled(finding: &Finding) -> String {
    let level = finding.level.as_str();
    format!("{level}[{}] {}", finding.check, escape::line(&finding.message))
}

fn diffs(look: &Look, fix: &Fix) -> String {
    if fix.files.is_empty() {
        return String::new();
    }
    let mut out = look.bold("the exports before and after:");
    out.push('\n');
    for file in &fix.files {
        let lines = diff::lines(file);
        for line in lines.iter().take(MAX_LINES) {
            let tone = match line {
                Line::Head(_) => Tone::Help,
                Line::Same(_) => Tone::Plain,
                Line::Gone(_) => Tone::Bad,
                Line::New(_) => Tone::Good,
            };
            let _ = writeln!(out, "{}", look.toned(tone, &line.text()));
        }
        if lines.len() > MAX_LINES {
            let _ = writeln!(out, "and {} more lines", lines.len() - MAX_LINES);
        }
    }
    out
}

fn proof(look: &Look, fix: &Fix) -> String {
    if fix.steps.is_empty() {
        return String::new();
    }
    let mut out = look.bold("proved by auditing the exports again with all changes in place:");
    out.push('\n');
    let mut fact = |tone: Tone, text: &str| {
        let sign = match (tone, look.options.unicode) {
            (Tone::Good, true) => "✓",
            (Tone::Good, false) => "+",
            (Tone::Bad, true) => "×",
            (Tone::Bad, false) => "x",
            _ => "?",
        };
        let lines = look.paragraph(4, text);
        let _ = write!(out, "  {} {}", look.toned(tone, sign), lines.trim_start());
    };
    let (gone, came): (Vec<&Finding>, Vec<&Finding>) = (fix.gone().collect(), fix.came().collect());
    let is = if gone.len() == 1 { "is" } else { "are" };
    fact(
        Tone::Good,
        &format!(
            "{} {is} gone: {}",
            words::count(gone.len(), "finding"),
            words::by_check(gone.iter().copied())
        ),
    );
    if came.is_empty() {
        fact(Tone::Good, "none came");
    }
    for finding in came.iter().take(MAX_NAMED) {
        fact(Tone::Warn, &format!("came: {}", titled(finding)));
    }
    if came.len() > MAX_NAMED {
        fact(Tone::Warn, &format!("and {} more came", came.len() - MAX_NAMED));
    }
    let arrow = if look.options.unicode { "→" } else { "->" };
    for stream in &fix.proof.streams {
        let name = look.name(&format!("{}/{}", stream.vendor, stream.stream));
        let (before, after) = (words::fate(stream.before), words::fate(stream.after));
        let tone = match stream.after {
            Some(true) => Tone::Good,
            Some(false) => Tone::Bad,
            None => Tone::Warn,
        };
        if before == after {
            fact(tone, &format!("{name}: {after}, as before"));
        } else {
            fact(tone, &format!("{name}: {before} {arrow} {after}"));
        }
    }
    for (skipped, message) in fix.proof.shut.iter().take(MAX_NAMED) {
        let message = message.as_ref().map(Witness::of);
        let line = message.as_ref().map(witness_line).filter(|line| !line.is_empty());
        let instance = line
            .map(|line| format!(", for instance with {line}"))
            .unwrap_or_default();
        let text = format!("strangers can no longer skip {skipped}{instance}");
        fact(Tone::Good, &escape::line(&text));
    }
    if fix.proof.shut.len() > MAX_NAMED {
        let more = fix.proof.shut.len() - MAX_NAMED;
        fact(Tone::Good, &format!("and {more} more ways of strangers are shut"));
    }
    out
}

fn advice_blocks(look: &Look, fix: &Fix) -> String {
    if fix.advice.is_empty() {
        return String::new();
    }
    let mut out = look.bold("left to people, and not proved:");
    out.push('\n');
    for advice in &fix.advice {
        out.push_str(&advice_block(look, fix, advice));
    }
    out
}

fn advice_block(look: &Look, fix: &Fix, advice: &Advice) -> String {
    let Some(finding) = fix.finding(advice.finding) else {
        return String::new();
    };
    let object = finding
        .object
        .as_deref()
        .map(|object| format!(" {}", look.name(object)));
    let code = format!("{}[{}]", finding.level.as_str(), finding.check);
    let mut out = format!("{}{}\n", look.level(finding.level, &code), object.unwrap_or_default());
    out.push_str(&look.paragraph(2, &escape::line(&finding.message)));
    out.push_str(&look.field("no change because", &escape::line(&advice.reason)));
    let help = escape::text(finding.help.trim_end().trim_end_matches('.'));
    if !help.is_empty() {
        out.push_str(&look.field("help", &help));
    }
    out
}

fn summary(look: &Look, fixes: &[Fix]) -> String {
    let n_steps: usize = fixes.iter().map(|fix| fix.steps.len()).sum();
    let n_gone: usize = fixes.iter().map(|fix| fix.proof.gone.len()).sum();
    let n_left: usize = fixes.iter().map(|fix| fix.advice.len()).sum();
    let mut out = if n_steps == 0 {
        "nothing to change".to_owned()
    } else {
        let clear = if n_steps == 1 { "clears" } else { "clear" };
        format!(
            "{} {clear} {}",
            words::count(n_steps, "change"),
            words::count(n_gone, "finding")
        )
    };
    if n_left > 0 {
        let is = if n_left == 1 { "is" } else { "are" };
        let _ = write!(out, "; {} {is} left to people", words::count(n_left, "finding"));
    }
    if fixes.len() > 1 {
        let _ = write!(out, ", in {} tenants", fixes.len());
    }
    out.push('\n');
    if n_steps > 0 {
        out.push_str(&look.paragraph(
            0,
            "nothing was changed; what the audit does not judge is not proved either: `allowaudit check` says what that is",
        ));
    }
    out
}
