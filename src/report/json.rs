//! The JSON report, `allowaudit-report` version 1: the promise to other programs.
//!
//! Wire types of its own, so that the model may change without it. Values are exact; what could act on a
//! terminal is written as a JSON escape.

pub mod diff;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use rayon::prelude::*;
use serde::Serialize;

use crate::check::{Excepted, Finding, Witness};
use crate::path::remedy::Remedy;
use crate::problem::{Label, Level, Problem};
use crate::report::place::Places;
use crate::report::{CoverageRow, Input, Report, Summary, TenantReport, escape, fingerprint};
use crate::source::Sources;

/// Version of the format: goes up when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Fewer findings are not worth a thread of their own, which has to find lines and columns for itself.
const MANY: usize = 1024;

/// The report as JSON with a final line feed; the same report gives the same bytes.
pub fn render(report: &Report, tool_version: &str) -> String {
    let mut tenants: Vec<&TenantReport> = report.tenants.iter().collect();
    tenants.sort_by_key(|tenant| (&tenant.path, &tenant.name));
    let wire = WireReport {
        format: "allowaudit-report",
        version: VERSION,
        tool: WireTool {
            name: "allowaudit",
            version: tool_version,
        },
        tenants: tenants.into_iter().map(WireTenant::new).collect(),
        summary: WireSummary::new(report.summary()),
    };
    pretty(&wire)
}

/// JSON with a final line feed, and nothing in it that could act on a terminal.
///
/// INVARIANT: the wire types hold strings, numbers and maps with string keys, which always serialise.
pub(crate) fn pretty(wire: &impl Serialize) -> String {
    let mut json = ascii_where_hazardous(serde_json::to_string_pretty(wire).unwrap_or_default());
    json.push('\n');
    json
}

/// Problems as the report has them, for the JSON of other commands.
pub(crate) fn problems<'a>(sources: &'a Sources, problems: &'a [Problem]) -> Vec<impl Serialize + use<'a>> {
    let mut places = Places::new(sources);
    let wire = problems.iter().map(|problem| WireProblem::new(&mut places, problem));
    wire.collect()
}

/// Such characters occur only inside strings; layout is the line feeds and spaces between them.
fn ascii_where_hazardous(json: String) -> String {
    // Nearly every report is plain, and then nothing is copied.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    let Some(first) = json.bytes().position(|byte| !is_plain(byte)) else {
        return json;
    };
    let mut out = String::with_capacity(json.len() + 16);
    let (plain, rest) = json.split_at(first);
    out.push_str(plain);
    for c in rest.chars() {
        if c != '\n' && escape::is_hazardous(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[derive(Serialize)]
struct WireReport<'a> {
    format: &'static str,
    version: u32,
    tool: WireTool<'a>,
    tenants: Vec<WireTenant<'a>>,
    summary: WireSummary,
}

/// Which program wrote it.
#[derive(Serialize)]
pub(super) struct WireTool<'a> {
    pub(super) name: &'static str,
    pub(super) version: &'a str,
}

#[derive(Serialize)]
struct WireTenant<'a> {
    name: &'a str,
    path: &'a str,
    outcome: &'static str,
    inputs: Vec<WireInput<'a>>,
    coverage: Vec<WireCoverage<'a>>,
    findings: Vec<WireFinding<'a>>,
    problems: Vec<WireProblem<'a>>,
    residual: &'a [String],
}

impl<'a> WireTenant<'a> {
    fn new(tenant: &'a TenantReport) -> Self {
        let mut places = Places::new(&tenant.sources);
        let mut inputs: Vec<&Input> = tenant.inputs.iter().collect();
        inputs.sort();
        let mut coverage: Vec<&CoverageRow> = tenant.coverage.iter().collect();
        coverage.sort();
        let shown = tenant.findings.iter().filter(|finding| finding.level > Level::Allow);
        let ids = RemedyIds::of(&tenant.findings);
        let shown: Vec<&Finding> = shown.collect();
        let share = shown.len().div_ceil(rayon::current_num_threads()).max(MANY);
        let mut findings: Vec<WireFinding<'a>> = shown
            .par_chunks(share)
            .flat_map_iter(|shown| {
                let mut places = Places::new(&tenant.sources);
                let wire = shown
                    .iter()
                    .map(|finding| WireFinding::new(&mut places, &tenant.name, finding, &ids));
                wire.collect::<Vec<_>>()
            })
            .collect();
        findings.par_sort_by(|a, b| a.key().cmp(&b.key()));
        let shown = tenant.problems.iter().filter(|problem| problem.level > Level::Allow);
        let mut problems: Vec<_> = shown.map(|problem| WireProblem::new(&mut places, problem)).collect();
        problems.sort_by(|a, b| a.key().cmp(&b.key()));
        Self {
            name: &tenant.name,
            path: &tenant.path,
            outcome: tenant.outcome.as_str(),
            inputs: inputs.into_iter().map(WireInput::new).collect(),
            coverage: coverage.into_iter().map(WireCoverage::new).collect(),
            findings,
            problems,
            residual: &tenant.residual,
        }
    }
}

#[derive(Serialize)]
struct WireInput<'a> {
    path: &'a str,
    platform: Option<&'static str>,
    kind: &'static str,
    objects: usize,
    encoding: &'static str,
    complete: bool,
}

impl<'a> WireInput<'a> {
    fn new(input: &'a Input) -> Self {
        Self {
            path: &input.path,
            platform: input.platform,
            kind: input.kind,
            objects: input.objects,
            encoding: input.encoding,
            complete: input.complete,
        }
    }
}

#[derive(Serialize)]
struct WireCoverage<'a> {
    vendor: &'a str,
    stream: &'a str,
    path: &'a str,
    stage: &'static str,
    concern: &'static str,
    answer: &'static str,
}

impl<'a> WireCoverage<'a> {
    fn new(row: &'a CoverageRow) -> Self {
        Self {
            vendor: &row.vendor,
            stream: &row.stream,
            path: &row.path,
            stage: row.stage,
            concern: row.concern,
            answer: row.answer,
        }
    }
}

/// The ids of remedies in one tenant's reports: the same wish of two findings is one remedy.
pub struct RemedyIds<'a>(HashMap<&'a Remedy, usize>);

impl<'a> RemedyIds<'a> {
    /// Numbers the remedies in the order of the findings.
    pub fn of(findings: &'a [Finding]) -> Self {
        let mut numbers = HashMap::new();
        for remedy in findings.iter().flat_map(|finding| &finding.remedies) {
            let next = numbers.len() + 1;
            numbers.entry(remedy).or_insert(next);
        }
        Self(numbers)
    }

    /// The ids of these remedies.
    pub fn among(&self, remedies: &[Remedy]) -> Vec<String> {
        let known = remedies.iter().filter_map(|remedy| self.0.get(remedy));
        known.map(|number| format!("r{number}")).collect()
    }
}

#[derive(Serialize)]
struct WireFinding<'a> {
    fingerprint: String,
    check: &'static str,
    group: &'static str,
    level: &'static str,
    message: &'a str,
    help: &'a str,
    vendor: Option<&'a str>,
    stream: Option<&'a str>,
    platform: Option<&'static str>,
    stage: Option<&'static str>,
    object: Option<&'a str>,
    labels: Vec<WireLabel<'a>>,
    witness: Option<WireWitness<'a>>,
    remedies: Vec<String>,
    exception: Option<WireException<'a>>,
}

impl<'a> WireFinding<'a> {
    fn new(places: &mut Places<'a>, tenant: &str, finding: &'a Finding, ids: &RemedyIds<'_>) -> Self {
        Self {
            fingerprint: fingerprint::of(tenant, finding),
            check: finding.check,
            group: finding.group.as_str(),
            level: finding.level.as_str(),
            message: &finding.message,
            help: &finding.help,
            vendor: finding.vendor.as_deref(),
            stream: finding.stream.as_deref(),
            platform: finding.platform,
            stage: finding.stage,
            object: finding.object.as_deref(),
            labels: wire_labels(places, &finding.labels),
            witness: finding.witness.as_ref().map(WireWitness::new),
            remedies: ids.among(&finding.remedies),
            exception: finding.exception.as_ref().map(WireException::new),
        }
    }

    /// Source, offset, check; then whatever tells two findings apart.
    fn key(&self) -> impl Ord + '_ {
        let place = self.labels.first().map(|label| (label.source, label.offset));
        (place, self.check, &self.fingerprint, self.message)
    }
}

#[derive(Serialize)]
struct WireLabel<'a> {
    role: &'static str,
    source: &'a str,
    offset: usize,
    length: usize,
    line: usize,
    column: usize,
    text: &'a str,
}

fn wire_labels<'a>(places: &mut Places<'a>, labels: &'a [Label]) -> Vec<WireLabel<'a>> {
    let mut wire = Vec::with_capacity(labels.len());
    for (index, label) in labels.iter().enumerate() {
        let source = places.sources.get(label.span.source);
        let offset = source.text().floor_char_boundary(label.span.start as usize);
        let end = source.text().ceil_char_boundary(label.span.end as usize);
        let (line, column) = places.line_column(label.span.source, offset);
        wire.push(WireLabel {
            role: if index == 0 { "primary" } else { "secondary" },
            source: &source.name,
            offset,
            length: end.saturating_sub(offset),
            line,
            column,
            text: &label.text,
        });
    }
    wire
}

/// One message.
#[derive(Serialize)]
pub(super) struct WireWitness<'a> {
    ip: Option<&'a str>,
    mail_from: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    headers: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dkim: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    auth: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
}

impl<'a> WireWitness<'a> {
    pub(super) fn new(witness: &'a Witness) -> Self {
        Self {
            ip: witness.ip.as_deref(),
            mail_from: witness.mail_from.as_deref(),
            from: witness.from.as_deref(),
            to: witness.to.as_deref(),
            headers: &witness.headers,
            dkim: &witness.dkim,
            auth: &witness.auth,
            entry: witness.entry,
        }
    }
}

#[derive(Serialize)]
struct WireException<'a> {
    reason: &'a str,
    expires: Option<String>,
}

impl<'a> WireException<'a> {
    fn new(exception: &'a Excepted) -> Self {
        Self {
            reason: &exception.reason,
            expires: exception.expires.map(|date| date.to_string()),
        }
    }
}

#[derive(Serialize)]
struct WireProblem<'a> {
    level: &'static str,
    message: &'a str,
    labels: Vec<WireLabel<'a>>,
}

impl<'a> WireProblem<'a> {
    fn new(places: &mut Places<'a>, problem: &'a Problem) -> Self {
        Self {
            level: problem.level.as_str(),
            message: &problem.message,
            labels: wire_labels(places, &problem.labels),
        }
    }

    fn key(&self) -> impl Ord + '_ {
        let place = self.labels.first().map(|label| (label.source, label.offset));
        (place, self.level, self.message)
    }
}

#[derive(Serialize)]
struct WireSummary {
    tenants: usize,
    deny: usize,
    warn: usize,
    note: usize,
    unknown: usize,
}

impl WireSummary {
    fn new(summary: Summary) -> Self {
        Self {
            tenants: summary.tenants,
            deny: summary.deny,
            warn: summary.warn,
            note: summary.note,
            unknown: summary.unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{at, everything, finding, report};

    #[test]
    fn a_whole_tenant() {
        let report = Report {
            tenants: vec![everything()],
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("json_whole_tenant", render(&report, "0.1.0")));
    }

    #[test]
    fn the_order_of_the_report_does_not_matter() {
        let mut other = everything();
        other.path = "tenants/a".to_owned();
        let one = Report {
            tenants: vec![everything(), other],
        };
        let mut other = everything();
        other.path = "tenants/a".to_owned();
        let mut turned = Report {
            tenants: vec![other, everything()],
        };
        for tenant in &mut turned.tenants {
            tenant.findings.reverse();
            tenant.inputs.reverse();
        }
        assert_eq!(render(&one, "1"), render(&turned, "1"));
    }

    #[test]
    fn values_are_exact_and_harmless() {
        let mut sources = Sources::new();
        let id = sources.add_text("x", "é\n\u{202e}🎣");
        let message = "\u{1b}[31m \u{202e} \u{7f} \u{e0041} é\n";
        let labels = vec![Label::new(at(id, 6, 999), "")];
        let text = render(&report(sources, vec![finding("c", Level::Note, message, labels)]), "1");
        assert!(!text.chars().any(|c| c != '\n' && escape::is_hazardous(c)), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let finding = &value["tenants"][0]["findings"][0];
        assert_eq!(finding["message"], message);
        let label = &finding["labels"][0];
        let numbers: Vec<_> = ["offset", "length", "line", "column"]
            .iter()
            .map(|key| label[key].as_u64())
            .collect();
        assert_eq!(numbers, [Some(6), Some(4), Some(2), Some(2)]);
        assert_eq!(finding["exception"], serde_json::Value::Null);
        assert_eq!(finding["witness"], serde_json::Value::Null);
    }

    #[test]
    fn nothing_at_all() {
        insta::assert_snapshot!(render(&Report::default(), "0.1.0"), @r#"
        {
          "format": "allowaudit-report",
          "version": 1,
          "tool": {
            "name": "allowaudit",
            "version": "0.1.0"
          },
          "tenants": [],
          "summary": {
            "tenants": 0,
            "deny": 0,
            "warn": 0,
            "note": 0,
            "unknown": 0
          }
        }
        "#);
    }
}
