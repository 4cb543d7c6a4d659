//! How the checks about ended mail tell: which rule, at which setting, and what to do.

use crate::check::Draft;
use crate::evidence::diagnosis::{Cause, Fault};
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::message::{Cube, Identity, MessageSet, Names};
use crate::path::{Entry, List, Meaning, Rule, Verdict};
use crate::problem::Label;

use super::{draft, mend};

/// Drafts of all ends at the edge, or of all others.
pub(super) fn drafts(evidence: &Evidence<'_>, at_edge: bool) -> Vec<Draft> {
    evidence
        .faults
        .iter()
        .filter_map(|fault| {
            let Cause::Ended { by, verdict } = fault.first.cause else {
                return None;
            };
            let rule = words::rule(evidence, by)?;
            let stream = words::first(evidence, fault)?;
            // An explicit block is a block wherever it stands.
            let blocks = rule.control == "ip-block" || rule.control == "tenant-block";
            let edge = evidence.stage_id(fault.first.stage).ends_with("/edge") && !blocks;
            (edge == at_edge).then(|| draft(evidence, stream, fault, rule, verdict))
        })
        .collect()
}

fn draft(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, fault: &Fault, rule: &Rule, verdict: Verdict) -> Draft {
    let caught_by = rule
        .lists
        .iter()
        .filter(|list| !list.exception)
        .find_map(|list| catching(list, &fault.first.part));
    let object = caught_by
        .and_then(|entry| entry.detail.as_ref())
        .map_or_else(|| rule.object.clone(), |detail| detail.object.clone());
    let mut labels = Vec::new();
    if let Some(entry) = caught_by {
        labels.push(Label::new(entry.span, format!("{} here", word(verdict))));
        if entry.span != rule.origin {
            labels.push(Label::new(rule.origin, "by this"));
        }
    } else {
        labels.push(Label::new(rule.origin, format!("{} here", word(verdict))));
        labels.extend(
            rule.lists
                .iter()
                .map(|list| Label::new(list.span, "nothing here lets it in")),
        );
    }
    labels.push(words::asked(stream));
    let name = words::called(&object);
    Draft {
        message: format!(
            "{} is {} by {name}",
            words::mail(evidence, &fault.streams),
            word(verdict)
        ),
        help: match rule.control {
            "inbound-connector" => {
                "add the vendor's addresses to a connector that takes its domains, or send through the filter in front"
                    .to_owned()
            }
            "reject-direct-send" => {
                "let the vendor use an envelope sender of its own, or add a connector for its addresses".to_owned()
            }
            "null-mx" => {
                "let the MX record lead to the mailboxes, or leave the domain out of the tenant file's `domains`"
                    .to_owned()
            }
            _ => format!("except the vendor's mail from {name}, or take the value out"),
        },
        value: caught_by
            .map(|entry| entry.text.to_ascii_lowercase())
            .unwrap_or_default(),
        object: Some(object),
        labels,
        remedies: mend::spare(evidence, fault),
        ..draft::of(evidence, fault)
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
pub(super) fn catching<'r>(list: &'r List, part: &MessageSet) -> Option<&'r Entry> {
    let catches = |cube: &Cube, meaning: &Meaning| match meaning {
        Meaning::Networks(hosts) | Meaning::Malformed { meant: Some(hosts), .. } => cube.ip.overlaps(hosts),
        Meaning::Senders(senders) => {
            (!cube.from.is_open() && cube.from.overlaps(senders))
                || (!cube.mail_from.is_open() && cube.mail_from.overlaps(senders))
        }
        _ => false,
    };
    let linked = |meaning: &Meaning| match meaning {
        Meaning::Names(hosts) if list.identities.contains(&Identity::Link) => {
            let links = MessageSet::from(Cube {
                links: Names::some_in(hosts.clone()),
                ..Cube::all()
            });
            !part.intersect(&links).is_empty()
        }
        _ => false,
    };
    let caught =
        |entry: &&Entry| linked(&entry.meaning) || part.cubes().iter().any(|cube| catches(cube, &entry.meaning));
    // A connector's list names who may come in, so no entry of it catches anything.
    (list.name != "SenderIPAddresses")
        .then(|| list.entries.iter().find(caught))
        .flatten()
}
