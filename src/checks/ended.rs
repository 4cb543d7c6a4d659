//! How the checks about ended mail tell: which rule, at which setting, and what to do.

use crate::check::Draft;
use crate::evidence::diagnosis::{Cause, Diagnosis};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::message::Cube;
use crate::path::{List, Meaning, Rule, Verdict};
use crate::problem::Label;

/// Drafts of all ends of a stream at stages that `at_edge` picks.
pub(super) fn drafts(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, at_edge: bool) -> Vec<Draft> {
    stream
        .diagnoses
        .iter()
        .filter_map(|diagnosis| {
            let Cause::Ended { by, verdict } = diagnosis.cause else {
                return None;
            };
            let rule = words::rule(evidence, by)?;
            let edge = words::stage(evidence, diagnosis).ends_with("/edge")
                && rule.control != "ip-block"
                && rule.control != "tenant-block";
            (edge == at_edge).then(|| draft(evidence, stream, diagnosis, rule, verdict))
        })
        .collect()
}

fn draft(
    evidence: &Evidence<'_>,
    stream: &StreamEvidence<'_>,
    diagnosis: &Diagnosis,
    rule: &Rule,
    verdict: Verdict,
) -> Draft {
    let requirement = stream.requirement;
    let entry = rule
        .lists
        .iter()
        .filter(|list| !list.exception)
        .find_map(|list| blocking(list, diagnosis));
    let object = entry
        .as_ref()
        .and_then(|(_, object)| object.clone())
        .unwrap_or_else(|| rule.object.clone());
    let mut labels = Vec::new();
    if let Some((label, _)) = &entry {
        labels.push(Label {
            text: format!("{} here", word(verdict)),
            ..label.clone()
        });
        if label.span != rule.origin {
            labels.push(Label::new(rule.origin, "by this"));
        }
    } else {
        labels.push(Label::new(rule.origin, format!("{} here", word(verdict))));
    }
    labels.push(words::asked(stream));
    Draft {
        message: format!(
            "{} mail of `{}` is {} by `{}`",
            requirement.stream_id(),
            requirement.vendor(),
            word(verdict),
            words::bare(&object),
        ),
        help: match rule.control {
            "inbound-connector" => {
                "add the vendor's addresses to a connector that takes its domains, or send through the filter in front"
                    .to_owned()
            }
            "reject-direct-send" => {
                "let the vendor use an envelope sender of its own, or add a connector for its addresses".to_owned()
            }
            _ => format!(
                "except the vendor's mail from `{}`, or take the value out",
                words::bare(&object)
            ),
        },
        vendor: Some(requirement.vendor().to_owned()),
        stream: Some(requirement.stream_id().to_owned()),
        stage: Some(words::stage(evidence, diagnosis)),
        value: entry
            .map(|(label, _)| {
                evidence
                    .facts
                    .sources
                    .text(label.span)
                    .trim_matches('"')
                    .to_ascii_lowercase()
            })
            .unwrap_or_default(),
        object: Some(object),
        labels,
        witness: words::witness(&diagnosis.part),
        ..Draft::default()
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Redirected => "sent elsewhere or held for approval",
        Verdict::Dropped => "deleted",
        Verdict::Junked => "moved to junk",
        other => other.as_str(),
    }
}

/// The entry that catches the part.
fn blocking(list: &List, diagnosis: &Diagnosis) -> Option<(Label, Option<String>)> {
    let catches = |cube: &Cube, meaning: &Meaning| match meaning {
        Meaning::Networks(hosts) => cube.ip.overlaps(hosts),
        Meaning::Senders(senders) => {
            (!cube.from.is_open() && cube.from.overlaps(senders))
                || (!cube.mail_from.is_open() && cube.mail_from.overlaps(senders))
        }
        _ => false,
    };
    let entry = list
        .entries
        .iter()
        .find(|entry| diagnosis.part.cubes().iter().any(|cube| catches(cube, &entry.meaning)))?;
    Some((
        Label::new(entry.span, ""),
        entry.detail.as_ref().map(|detail| detail.object.clone()),
    ))
}
