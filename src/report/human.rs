//! The report for people: a verdict per stream, then what is wrong, with the lines that show it.
//!
//! The only place that knows miette. A diagnostic of miette has one source, so the labels of further sources
//! follow as advice. Every text that comes from outside is escaped here or in `window`.
//! Results of `write!` are dropped throughout: writing to a string cannot fail.

pub mod diff;
mod window;
mod wrap;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode, ThemeStyles};

use crate::check::{Finding, Witness};
use crate::problem::{Label, Level, Problem};
use crate::report::place::Places;
use crate::report::{Fate, Outcome, Report, TenantReport, escape};
use crate::source::{SourceId, Sources};

use window::{Frame, View};
use wrap::{clip, wrap};

/// Findings shown of one check in one tenant.
const MAX_PER_CHECK: usize = 50;

/// Longest name shown in a heading or a table.
const MAX_NAME: usize = 100;

/// How the report is to look.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches of the command line"
)]
pub struct HumanOptions {
    /// Use ANSI colours.
    pub color: bool,
    /// Draw with Unicode characters rather than ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Only what is wrong: no good verdicts, no counts, no residual risks.
    pub quiet: bool,
    /// Inputs and excepted findings too.
    pub verbose: bool,
}

/// The report as text; empty if there is nothing to say.
pub fn render(report: &Report, options: &HumanOptions) -> String {
    let look = Look::new(options);
    let mut out = String::new();
    for tenant in &report.tenants {
        let blocks = tenant_blocks(&look, tenant);
        if report.tenants.len() > 1 && !(options.quiet && blocks.is_empty()) {
            add_block(&mut out, &heading(&look, tenant));
            // The heading and the verdicts belong together.
            out.push_str(&blocks);
        } else {
            add_block(&mut out, &blocks);
        }
    }
    if !options.quiet {
        add_block(&mut out, &summary(&look, report));
    }
    out
}

/// What a text says of itself by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    /// Nothing.
    Plain,
    /// It is well.
    Good,
    /// Look at it.
    Warn,
    /// It is wrong, or goes.
    Bad,
    /// It says where one is.
    Help,
}

/// The options, turned into what the parts below need.
pub(in crate::report) struct Look {
    /// As they were given.
    pub(in crate::report) options: HumanOptions,
    handler: GraphicalReportHandler,
    styles: ThemeStyles,
    frame: Frame,
    width: usize,
}

impl Look {
    pub(in crate::report) fn new(options: &HumanOptions) -> Self {
        // Lines longer than this are hard to read, shorter ones leave no room for the drawing.
        let width = options.width.clamp(40, 120);
        let theme = match (options.unicode, options.color) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, true) => GraphicalTheme::ascii(),
            (false, false) => GraphicalTheme::none(),
        };
        let styles = theme.styles.clone();
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(width)
            // Lines are broken by `wrap`; miette would break inside names.
            .with_wrap_lines(false)
            .with_context_lines(1)
            .without_syntax_highlighting();
        Self {
            options: *options,
            handler,
            styles,
            frame: Frame {
                budget: width - 10,
                ellipsis: if options.unicode { "…" } else { "..." },
            },
            width,
        }
    }

    pub(in crate::report) fn bold(&self, text: &str) -> String {
        if self.options.color {
            ThemeStyles::none().error.bold().style(text).to_string()
        } else {
            text.to_owned()
        }
    }

    pub(in crate::report) fn level(&self, level: Level, text: &str) -> String {
        let style = match severity(level) {
            Severity::Error => self.styles.error,
            Severity::Warning => self.styles.warning,
            Severity::Advice => self.styles.advice,
        };
        style.style(text).to_string()
    }

    /// A title before something.
    pub(in crate::report) fn title(&self, text: &str) -> String {
        self.styles.help.style(text).to_string()
    }

    /// Text in the colour of what it says.
    pub(in crate::report) fn toned(&self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Good if self.options.color => ThemeStyles::none().error.green(),
            Tone::Good | Tone::Plain => ThemeStyles::none().error,
            Tone::Warn => self.styles.warning,
            Tone::Bad => self.styles.error,
            Tone::Help => self.styles.help,
        };
        style.style(text).to_string()
    }

    /// Lines with the same room before each.
    pub(in crate::report) fn paragraph(&self, indent: usize, text: &str) -> String {
        let space = " ".repeat(indent);
        let lines = wrap(text, self.width.saturating_sub(indent), self.frame.ellipsis);
        format!("{space}{}\n", lines.join(&format!("\n{space}")))
    }

    /// Text from outside, for one line.
    pub(in crate::report) fn name(&self, text: &str) -> String {
        clip(&escape::line(text), MAX_NAME, self.frame.ellipsis)
    }

    /// `  title: text`, broken into lines that start below the text.
    pub(in crate::report) fn field(&self, title: &str, text: &str) -> String {
        let indent = title.len() + 4;
        let lines = wrap(text, self.width.saturating_sub(indent), self.frame.ellipsis);
        let mut out = format!("  {} ", self.styles.help.style(format_args!("{title}:")));
        out.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
        out.push('\n');
        out
    }
}

pub(in crate::report) fn add_block(out: &mut String, block: &str) {
    if !out.is_empty() && !block.is_empty() {
        out.push('\n');
    }
    out.push_str(block);
}

pub(in crate::report) fn heading(look: &Look, tenant: &TenantReport) -> String {
    let rule = if look.options.unicode { "━━" } else { "==" };
    let name = look.name(&tenant.name);
    let path = look.name(&tenant.path);
    let title = if name == path { name } else { format!("{name} ({path})") };
    format!("{}\n", look.bold(&format!("{rule} {title} {rule}")))
}

fn tenant_blocks(look: &Look, tenant: &TenantReport) -> String {
    let mut out = verdicts(look, tenant);
    let mut places = Places::new(&tenant.sources);
    findings(look, &mut places, tenant, &mut out);
    add_block(&mut out, &excepted(look, tenant));
    for problem in tenant.problems.iter().filter(|problem| problem.level > Level::Allow) {
        add_block(&mut out, &problem_block(look, &mut places, problem));
    }
    if !look.options.quiet {
        add_block(&mut out, &residual(look, tenant));
    }
    if look.options.verbose {
        add_block(&mut out, &inputs(look, tenant));
    }
    out
}

fn verdicts(look: &Look, tenant: &TenantReport) -> String {
    let mut out = String::new();
    if tenant.outcome == Outcome::Failed {
        out.push_str(&look.level(Level::Deny, "could not be audited"));
        out.push('\n');
    }
    let shown = tenant
        .verdicts
        .iter()
        .filter(|verdict| !(look.options.quiet && verdict.fate == Fate::GetsThrough));
    let rows: Vec<_> = shown
        .map(|verdict| (look.name(&format!("{}/{}", verdict.vendor, verdict.stream)), verdict))
        .collect();
    let widest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, verdict) in rows {
        let (sign, style) = match (verdict.fate, look.options.unicode) {
            (Fate::GetsThrough, unicode) => {
                let green = if look.options.color {
                    ThemeStyles::none().error.green()
                } else {
                    look.styles.error
                };
                (if unicode { "✓" } else { "+" }, green)
            }
            (Fate::DoesNot, true) => ("×", look.styles.error),
            (Fate::DoesNot, false) => ("x", look.styles.error),
            (Fate::CannotTell, _) => ("?", look.styles.warning),
        };
        let fate = verdict.fate.as_str();
        let _ = write!(out, "{} {name:widest$}  {}", style.style(sign), style.style(fate));
        if !verdict.why.is_empty() {
            let indent = widest + 4;
            let room = look.width.saturating_sub(indent + fate.len() + 2);
            let why = escape::line(&verdict.why);
            if why.chars().count() <= room {
                let _ = write!(out, ": {why}");
            } else {
                let lines = wrap(&why, look.width.saturating_sub(indent), look.frame.ellipsis);
                out.push(':');
                for line in lines {
                    let _ = write!(out, "\n{}{line}", " ".repeat(indent));
                }
            }
        }
        out.push('\n');
    }
    out
}

/// Deny first; within a level in the order of the report.
fn findings(look: &Look, places: &mut Places<'_>, tenant: &TenantReport, out: &mut String) {
    let mut n_shown: BTreeMap<&str, usize> = BTreeMap::new();
    for level in [Level::Deny, Level::Warn, Level::Note] {
        let mut n_more: BTreeMap<&str, usize> = BTreeMap::new();
        let counted = |finding: &&Finding| finding.level == level && finding.exception.is_none();
        for finding in tenant.findings.iter().filter(counted) {
            let n_shown = n_shown.entry(finding.check).or_default();
            if *n_shown < MAX_PER_CHECK {
                *n_shown += 1;
                add_block(out, &finding_block(look, places, finding));
            } else {
                *n_more.entry(finding.check).or_default() += 1;
            }
        }
        for (check, n) in n_more {
            let line = look.level(level, &format!("and {n} more of `{check}`"));
            add_block(out, &format!("{line}\n"));
        }
    }
}

/// One problem on its own, for standard error.
pub fn problem(problem: &Problem, sources: &Sources) -> String {
    let options = HumanOptions {
        color: false,
        unicode: true,
        width: 100,
        quiet: false,
        verbose: false,
    };
    let mut places = Places::new(sources);
    let mut text = problem_block(&Look::new(&options), &mut places, problem);
    text.push('\n');
    text
}

fn finding_block(look: &Look, places: &mut Places<'_>, finding: &Finding) -> String {
    let code = look.level(finding.level, &format!("{}[{}]", finding.level.as_str(), finding.check));
    let mut out = look.bold(&code);
    if let Some(object) = &finding.object {
        out.push(' ');
        out.push_str(&look.name(object));
    }
    out.push('\n');
    diagnostics(look, places, finding.level, &finding.message, &finding.labels, &mut out);
    if let Some(witness) = &finding.witness {
        let line = witness_line(witness);
        if !line.is_empty() {
            out.push_str(&look.field("witness", &escape::line(&line)));
        }
    }
    let help = escape::text(finding.help.trim_end().trim_end_matches('.'));
    let see = format!("see `allowaudit explain {}`", finding.check);
    let help = if help.is_empty() { see } else { format!("{help}; {see}") };
    out.push_str(&look.field("help", &help));
    out
}

pub(in crate::report) fn problem_block(look: &Look, places: &mut Places<'_>, problem: &Problem) -> String {
    let mut out = String::new();
    diagnostics(look, places, problem.level, &problem.message, &problem.labels, &mut out);
    if let Some(help) = &problem.help {
        out.push_str(&look.field("help", &escape::text(help)));
    }
    out
}

/// One diagnostic for the source of the primary label, and one piece of advice for each other source.
fn diagnostics(look: &Look, places: &mut Places<'_>, level: Level, message: &str, labels: &[Label], out: &mut String) {
    let mut groups: Vec<(SourceId, Vec<Label>)> = Vec::new();
    for label in labels {
        match groups.iter_mut().find(|(id, _)| *id == label.span.source) {
            Some((_, group)) => group.push(label.clone()),
            None => groups.push((label.span.source, vec![label.clone()])),
        }
    }
    let mut groups = groups.into_iter();
    let mut left_out = 0;
    let primary = groups
        .next()
        .map(|(id, group)| View::new(places, id, &group, true, look.frame));
    left_out += primary.as_ref().map_or(0, |view| view.left_out);
    draw(look, severity(level), message, primary, out);
    for (id, mut group) in groups {
        // What a single label says stands above it as the title; said twice it would only take room.
        let title = match group.as_mut_slice() {
            [only] => std::mem::take(&mut only.text),
            _ => String::new(),
        };
        let title = if title.is_empty() { "see also" } else { &title };
        let view = View::new(places, id, &group, false, look.frame);
        left_out += view.left_out;
        draw(look, Severity::Advice, title, Some(view), out);
    }
    if left_out > 0 {
        let places = if left_out == 1 { "place" } else { "places" };
        let _ = writeln!(out, "  and {left_out} more {places}");
    }
}

fn draw(look: &Look, severity: Severity, message: &str, view: Option<View>, out: &mut String) {
    let message = wrap(
        &escape::line(message),
        look.width.saturating_sub(4),
        look.frame.ellipsis,
    );
    let drawing = Drawing {
        message: message.join("\n"),
        severity,
        view,
    };
    // The view can read every span that it gave out itself.
    let _ = look.handler.render_report(out, &drawing);
}

const fn severity(level: Level) -> Severity {
    match level {
        Level::Deny => Severity::Error,
        Level::Warn => Severity::Warning,
        Level::Note | Level::Allow => Severity::Advice,
    }
}

/// What miette draws.
#[derive(Debug)]
struct Drawing {
    message: String,
    severity: Severity,
    view: Option<View>,
}

impl Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.view.as_ref().map(|view| view as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let view = self.view.as_ref()?;
        Some(Box::new(view.labels()))
    }
}

pub(in crate::report) fn witness_line(witness: &Witness) -> String {
    let addresses = [
        ("ip", &witness.ip),
        ("mail from", &witness.mail_from),
        ("from", &witness.from),
        ("to", &witness.to),
    ];
    let mut parts = Vec::new();
    for (word, value) in addresses {
        parts.extend(value.iter().map(|value| format!("{word} {value}")));
    }
    parts.extend(witness.dkim.iter().map(|domain| format!("dkim {domain}")));
    let headers = witness.headers.iter();
    parts.extend(headers.map(|(name, value)| format!("header `{name}: {value}`")));
    parts.extend(witness.auth.iter().cloned());
    parts.extend(witness.entry.map(|entry| format!("entry {entry}")));
    parts.join(", ")
}

/// Excepted findings in one line, or with `verbose` one line each.
fn excepted(look: &Look, tenant: &TenantReport) -> String {
    let mut out = String::new();
    let mut n = 0;
    for finding in tenant.findings.iter().filter(|finding| finding.level > Level::Allow) {
        let Some(exception) = &finding.exception else { continue };
        n += 1;
        let object = finding
            .object
            .as_deref()
            .map(|object| format!(" {}", look.name(object)));
        let until = exception.expires.map(|date| format!(" (until {date})"));
        let _ = writeln!(
            out,
            "  {}{}: {}{}",
            finding.check,
            object.unwrap_or_default(),
            escape::line(&exception.reason),
            until.unwrap_or_default(),
        );
    }
    match (n, look.options.quiet, look.options.verbose) {
        (0, _, _) | (_, true, _) => String::new(),
        (_, _, true) => format!("{}\n{out}", look.bold("excepted by the tenant file:")),
        (1, _, _) => "1 finding is excepted by the tenant file\n".to_owned(),
        (n, _, _) => format!("{n} findings are excepted by the tenant file\n"),
    }
}

fn residual(look: &Look, tenant: &TenantReport) -> String {
    if tenant.residual.is_empty() {
        return String::new();
    }
    let mut out = look.bold("not shown by any export:");
    out.push('\n');
    for line in &tenant.residual {
        let lines = wrap(&escape::line(line), look.width.saturating_sub(4), look.frame.ellipsis);
        let _ = writeln!(out, "  - {}", lines.join("\n    "));
    }
    out
}

fn inputs(look: &Look, tenant: &TenantReport) -> String {
    if tenant.inputs.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 5]> = tenant
        .inputs
        .iter()
        .map(|input| {
            let objects = if input.objects == 1 { "object" } else { "objects" };
            let end = if input.complete { "" } else { "  incomplete" };
            [
                look.name(&input.path),
                input.platform.unwrap_or("-").to_owned(),
                input.kind.to_owned(),
                input.objects.to_string(),
                format!("{objects:7}  {}{end}", input.encoding),
            ]
        })
        .collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (path_width, platform_width, kind_width, n_width) = (widest(0), widest(1), widest(2), widest(3));
    let mut out = look.bold("inputs:");
    out.push('\n');
    for [path, platform, kind, n_objects, rest] in &rows {
        let _ = writeln!(
            out,
            "  {path:path_width$}  {platform:platform_width$}  {kind:kind_width$}  {n_objects:>n_width$} {rest}"
        );
    }
    out
}

fn summary(look: &Look, report: &Report) -> String {
    let summary = report.summary();
    let mut parts = Vec::new();
    for (level, n) in [
        (Level::Deny, summary.deny),
        (Level::Warn, summary.warn),
        (Level::Note, summary.note),
    ] {
        let part = format!("{n} {}", level.as_str());
        parts.push(if n == 0 { part } else { look.level(level, &part) });
    }
    let mut out = if summary.deny + summary.warn + summary.note == 0 {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    };
    if summary.unknown > 0 {
        let _ = write!(out, ", {} undecided", summary.unknown);
    }
    if summary.tenants > 1 {
        let _ = write!(out, " in {} tenants", summary.tenants);
    }
    out.push('\n');
    out
}
