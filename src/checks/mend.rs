//! Which remedies the checks ask for.

use crate::evidence::Evidence;
use crate::evidence::diagnosis::{Cause, Fault};
use crate::evidence::entries::{Explained, Value};
use crate::evidence::holes::Question;
use crate::path::remedy::Remedy;

use super::opened::Opened;

/// All mail of the streams of a fault is to pass.
pub(super) fn admit(evidence: &Evidence<'_>, fault: &Fault) -> Vec<Remedy> {
    let by = match fault.first.cause {
        Cause::Lacks { rule, .. } | Cause::Garbled { rule, .. } | Cause::Partial { rule } => Some(rule),
        _ => None,
    };
    of_streams(evidence, fault, |vendor, stream| Remedy::Admit { vendor, stream, by })
}

/// The rule that ends the way is to let the streams of a fault pass.
pub(super) fn spare(evidence: &Evidence<'_>, fault: &Fault) -> Vec<Remedy> {
    let Cause::Ended { by: rule, .. } = fault.first.cause else {
        return Vec::new();
    };
    of_streams(evidence, fault, |vendor, stream| Remedy::Spare { rule, vendor, stream })
}

fn of_streams(evidence: &Evidence<'_>, fault: &Fault, remedy: impl Fn(String, String) -> Remedy) -> Vec<Remedy> {
    let streams = fault.streams.iter().filter_map(|index| evidence.streams.get(*index));
    streams
        .map(|stream| {
            let requirement = stream.requirement;
            remedy(requirement.vendor().to_owned(), requirement.stream_id().to_owned())
        })
        .collect()
}

/// An allow that others can use is to be narrowed: the entry goes, or the rule asks for more.
pub(super) fn narrow(opened: &Opened<'_>) -> Vec<Remedy> {
    let rule = opened.hole.rule;
    // Conditions of a rule hold together, so one more closes the hole; lists have no second condition.
    vec![match opened.entry {
        Some(entry) if opened.rule.control != "transport-rule" => Remedy::Withdraw {
            rule,
            entry: entry.span,
        },
        _ => Remedy::Confine {
            rule,
            own: opened.hole.question == Question::OwnDomain,
        },
    }]
}

/// An entry that others can use is to go.
pub(super) fn withdraw(opened: &Opened<'_>) -> Vec<Remedy> {
    match opened.entry {
        Some(entry) => vec![Remedy::Withdraw {
            rule: opened.hole.rule,
            entry: entry.span,
        }],
        None => narrow(opened),
    }
}

/// An entry of an allow is to go.
pub(super) fn take_out(found: &Explained<'_>) -> Remedy {
    Remedy::Withdraw {
        rule: found.at,
        entry: found.entry.span,
    }
}

/// Entries of an allow are to go.
pub(super) fn take_all_out(entries: &[(&Explained<'_>, &Value<'_>)]) -> Vec<Remedy> {
    entries.iter().map(|(found, _)| take_out(found)).collect()
}
