//! The fix for programs: `allowaudit-fix` version 1.
//!
//! Wire types of its own, like the report's. Findings are named by the fingerprints and remedies by the ids that
//! `check --format json` gives them on the same exports.

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::check::{Finding, Witness};
use crate::path::remedy::Remedy;
use crate::platform::change::{Deed, Edit, Snippet, Value};
use crate::problem::Level;
use crate::report::json::{RemedyIds, WireTool, WireWitness, pretty, problems};
use crate::report::{Outcome, TenantReport, fingerprint};

use super::{Fix, FixedFile, Step};

/// Version of the format: goes up when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// All fixes as JSON with a final line feed; the same fixes give the same bytes.
pub fn render(fixes: &[Fix], tool_version: &str) -> String {
    render_with(fixes, tool_version, None)
}

/// The same, with the files that were written beside it.
pub(super) fn render_with(fixes: &[Fix], tool_version: &str, written: Option<&[String]>) -> String {
    pretty(&WireFixes {
        format: "allowaudit-fix",
        version: VERSION,
        tool: WireTool {
            name: "allowaudit",
            version: tool_version,
        },
        tenants: fixes.iter().map(WireFix::new).collect(),
        written,
        summary: WireSummary {
            tenants: fixes.len(),
            changes: fixes.iter().map(|fix| fix.steps.len()).sum(),
            gone: fixes.iter().map(|fix| fix.proof.gone.len()).sum(),
            came: fixes.iter().map(|fix| fix.proof.came.len()).sum(),
            advice: fixes.iter().map(|fix| fix.advice.len()).sum(),
        },
    })
}

#[derive(Serialize)]
struct WireFixes<'a> {
    format: &'static str,
    version: u32,
    tool: WireTool<'a>,
    tenants: Vec<WireFix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<&'a [String]>,
    summary: WireSummary,
}

#[derive(Serialize)]
struct WireSummary {
    tenants: usize,
    changes: usize,
    gone: usize,
    came: usize,
    advice: usize,
}

#[derive(Serialize)]
struct WireFix<'a> {
    name: &'a str,
    path: &'a str,
    /// `changes | nothing | failed`.
    outcome: &'static str,
    platform: &'static str,
    steps: Vec<WireStep<'a>>,
    files: Vec<WireFile<'a>>,
    proof: WireProof<'a>,
    advice: Vec<WireAdvice<'a>>,
    findings: Vec<WireFinding<'a>>,
    problems: WireProblems<'a>,
}

impl<'a> WireFix<'a> {
    fn new(fix: &'a Fix) -> Self {
        let ids = RemedyIds::of(&fix.before.findings);
        let outcome = match (fix.before.outcome, fix.steps.is_empty()) {
            (Outcome::Failed, _) => "failed",
            (_, true) => "nothing",
            (_, false) => "changes",
        };
        let told = fix
            .before
            .findings
            .iter()
            .filter(|finding| finding.level > Level::Allow);
        let name = fix.before.name.as_str();
        Self {
            name,
            path: &fix.before.path,
            outcome,
            platform: fix.platform,
            steps: fix
                .steps
                .iter()
                .enumerate()
                .map(|(at, step)| WireStep::new(fix, at, step, &ids))
                .collect(),
            files: fix.files.iter().map(WireFile::new).collect(),
            proof: WireProof::new(fix),
            advice: fix
                .advice
                .iter()
                .filter_map(|advice| {
                    let finding = fix.finding(advice.finding)?;
                    Some(WireAdvice {
                        finding: fingerprint::of(name, finding),
                        reason: &advice.reason,
                        help: &finding.help,
                        proved: false,
                    })
                })
                .collect(),
            findings: told.map(|finding| WireFinding::new(name, finding, &ids)).collect(),
            problems: WireProblems(&fix.before),
        }
    }
}

#[derive(Serialize)]
struct WireStep<'a> {
    id: String,
    object: String,
    kind: &'static str,
    name: &'a str,
    /// `edit | create | delete`.
    deed: &'static str,
    edits: Vec<WireEdit<'a>>,
    settings: Vec<WireSetting<'a>>,
    findings: Vec<String>,
    remedies: Vec<String>,
    reasons: &'a [String],
    snippets: Vec<WireSnippet>,
}

impl<'a> WireStep<'a> {
    fn new(fix: &'a Fix, at: usize, step: &'a Step, ids: &RemedyIds<'_>) -> Self {
        let change = &step.change;
        let setting = |(setting, value): &'a (&'static str, Value)| WireSetting {
            setting,
            value: wire_value(value),
        };
        let (deed, edits, settings) = match &change.deed {
            Deed::Edit(edits) => ("edit", edits.iter().map(WireEdit::new).collect(), Vec::new()),
            Deed::Create(settings) => ("create", Vec::new(), settings.iter().map(setting).collect()),
            Deed::Delete(settings) => ("delete", Vec::new(), settings.iter().map(setting).collect()),
        };
        let mut remedies: Vec<Remedy> = Vec::new();
        for remedy in fix.asking(step).flat_map(|finding| &finding.remedies) {
            if !remedies.contains(remedy) {
                remedies.push(remedy.clone());
            }
        }
        let snippets = fix.writers().iter().filter_map(|writer| {
            let snippet = (writer.write)(change)?;
            Some(WireSnippet::new(writer.id, snippet))
        });
        Self {
            id: format!("s{}", at + 1),
            object: change.object(),
            kind: change.kind,
            name: &change.name,
            deed,
            edits,
            settings,
            findings: fix
                .asking(step)
                .map(|finding| fingerprint::of(&fix.before.name, finding))
                .collect(),
            remedies: ids.among(&remedies),
            reasons: &step.reasons,
            snippets: snippets.collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum WireEdit<'a> {
    Add {
        setting: &'static str,
        values: &'a [String],
    },
    Remove {
        setting: &'static str,
        values: &'a [String],
    },
    Set {
        setting: &'static str,
        before: Json,
        after: Json,
    },
}

impl<'a> WireEdit<'a> {
    fn new(edit: &'a Edit) -> Self {
        match edit {
            Edit::Add { setting, values } => Self::Add { setting, values },
            Edit::Remove { setting, values } => Self::Remove { setting, values },
            Edit::Set { setting, before, after } => Self::Set {
                setting,
                before: wire_value(before),
                after: wire_value(after),
            },
        }
    }
}

#[derive(Serialize)]
struct WireSetting<'a> {
    setting: &'a str,
    value: Json,
}

fn wire_value(value: &Value) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Flag(on) => Json::Bool(*on),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Texts(texts) => Json::from(texts.as_slice()),
    }
}

#[derive(Serialize)]
struct WireSnippet {
    writer: &'static str,
    preview: Option<String>,
    run: String,
    undo: String,
    clicks: Vec<String>,
    caution: Option<String>,
}

impl WireSnippet {
    fn new(writer: &'static str, snippet: Snippet) -> Self {
        Self {
            writer,
            preview: snippet.preview,
            run: snippet.run,
            undo: snippet.undo,
            clicks: snippet.clicks,
            caution: snippet.caution,
        }
    }
}

#[derive(Serialize)]
struct WireFile<'a> {
    path: &'a str,
    operations: Vec<WireOperation<'a>>,
}

impl<'a> WireFile<'a> {
    fn new(file: &'a FixedFile) -> Self {
        let operations = file.operations.iter().map(|operation| WireOperation {
            op: operation.word(),
            path: operation.path(),
            value: operation.value(),
        });
        Self {
            path: &file.path,
            operations: operations.collect(),
        }
    }
}

#[derive(Serialize)]
struct WireOperation<'a> {
    op: &'static str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a Json>,
}

#[derive(Serialize)]
struct WireProof<'a> {
    gone: Vec<String>,
    came: Vec<WireFinding<'a>>,
    streams: Vec<WireStream<'a>>,
    shut: Vec<WireShut<'a>>,
}

impl<'a> WireProof<'a> {
    fn new(fix: &'a Fix) -> Self {
        let name = fix.before.name.as_str();
        let after = fix.after.as_ref();
        let ids = RemedyIds::of(after.map_or(&[], |after| after.findings.as_slice()));
        Self {
            gone: fix.gone().map(|finding| fingerprint::of(name, finding)).collect(),
            came: fix
                .came()
                .map(|finding| WireFinding::new(name, finding, &ids))
                .collect(),
            streams: fix
                .proof
                .streams
                .iter()
                .map(|stream| WireStream {
                    vendor: &stream.vendor,
                    stream: &stream.stream,
                    before: stream.before,
                    after: stream.after,
                })
                .collect(),
            shut: fix
                .proof
                .shut
                .iter()
                .map(|(skipped, message)| WireShut {
                    skipped,
                    witness: message.as_ref().map(|message| WireMessage(Witness::of(message))),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct WireStream<'a> {
    vendor: &'a str,
    stream: &'a str,
    /// Whether all of it got through; null where that is not known.
    before: Option<bool>,
    after: Option<bool>,
}

#[derive(Serialize)]
struct WireShut<'a> {
    skipped: &'a str,
    witness: Option<WireMessage>,
}

/// A message of our own, written as the report writes witnesses.
struct WireMessage(Witness);

impl Serialize for WireMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireWitness::new(&self.0).serialize(serializer)
    }
}

/// What is wrong with our own files, as the report has it.
struct WireProblems<'a>(&'a TenantReport);

impl Serialize for WireProblems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        problems(&self.0.sources, &self.0.problems).serialize(serializer)
    }
}

#[derive(Serialize)]
struct WireAdvice<'a> {
    finding: String,
    reason: &'a str,
    help: &'a str,
    proved: bool,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    fingerprint: String,
    check: &'static str,
    group: &'static str,
    level: &'static str,
    message: &'a str,
    vendor: Option<&'a str>,
    stream: Option<&'a str>,
    object: Option<&'a str>,
    remedies: Vec<String>,
}

impl<'a> WireFinding<'a> {
    fn new(tenant: &str, finding: &'a Finding, ids: &RemedyIds<'_>) -> Self {
        Self {
            fingerprint: fingerprint::of(tenant, finding),
            check: finding.check,
            group: finding.group.as_str(),
            level: finding.level.as_str(),
            message: &finding.message,
            vendor: finding.vendor.as_deref(),
            stream: finding.stream.as_deref(),
            object: finding.object.as_deref(),
            remedies: ids.among(&finding.remedies),
        }
    }
}
