//! Headers that rules write or take away, and what later rules find of them.

use crate::allow::header::HeaderName;
use crate::path::Pred;
use crate::source::Span;

use super::super::build::Bench;
use super::super::field;
use super::{Does, Parts, Placed, is_unset};

/// A header that a rule writes or takes away before later rules look at it.
pub(super) struct Stamp {
    header: HeaderName,
    /// What is written; none if it is taken away.
    value: Option<String>,
}

/// The header that a rule writes or takes away. What the service itself reads is told by [`super::stamped`].
pub(super) fn stamp(parts: &Parts<'_>) -> Option<Stamp> {
    let text = |wanted: Does| {
        let found = parts
            .actions
            .iter()
            .find(|(_, does, value)| *does == wanted && !is_unset(*does, *value));
        found.and_then(|(.., value)| field::text(Some(*value)).into_value())
    };
    if let (Some(name), Some(value)) = (text(Does::HeaderName), text(Does::HeaderValue)) {
        let header = HeaderName::parse(name.trim()).ok()?;
        return Some(Stamp {
            header,
            value: Some(value.into_owned()),
        });
    }
    let header = HeaderName::parse(text(Does::RemovesHeader)?.trim()).ok()?;
    Some(Stamp { header, value: None })
}

/// More rules than these that write one header, and what it holds later is not followed any more.
const MAX_STAMPS: usize = 16;

/// Lets each rule look at headers as the rules before it left them.
///
/// A rule that is looked at all sees what every rule before it whose conditions hold has written: had one of them ended
/// the way or stopped the rules, it would not be looked at.
pub(super) fn stamp_in_turn(found: &mut [Placed], bench: &mut Bench) {
    let mut stamps: Vec<(Stamp, Pred)> = Vec::new();
    for Placed { rule, stamp, .. } in found {
        if !stamps.is_empty() {
            for pred in rule.guard.when.iter_mut().chain(&mut rule.guard.unless) {
                seen_after(pred, &stamps, bench, rule.origin);
            }
        }
        if let Some(stamp) = stamp.take()
            && rule.in_force()
        {
            let unless = rule.guard.unless.iter().map(|pred| Pred::Not(Box::new(pred.clone())));
            let written = Pred::All(rule.guard.when.iter().cloned().chain(unless).collect());
            stamps.push((*stamp, written));
        }
    }
}

/// A condition on headers, asked of what is left after the stamps.
fn seen_after(pred: &mut Pred, stamps: &[(Stamp, Pred)], bench: &mut Bench, origin: Span) {
    match pred {
        Pred::All(preds) | Pred::Any(preds) => {
            for pred in preds {
                seen_after(pred, stamps, bench, origin);
            }
        }
        Pred::Not(pred) => seen_after(pred, stamps, bench, origin),
        Pred::Between { surely, possibly, .. } => {
            seen_after(surely, stamps, bench, origin);
            seen_after(possibly, stamps, bench, origin);
        }
        Pred::Header(name, values) => {
            let met: Vec<&(Stamp, Pred)> = stamps.iter().filter(|(stamp, _)| stamp.header == *name).collect();
            if met.len() > MAX_STAMPS {
                let need = bench.unsaid(
                    format!("stamps/{}", name.as_str().to_ascii_lowercase()),
                    format!("very many rules write the header `{name}`, so what a later rule finds in it is not known"),
                    Some(origin),
                );
                *pred = Pred::Unknown(need);
                return;
            }
            let values = values.clone();
            for (stamp, written) in met {
                let before = std::mem::replace(pred, Pred::Never);
                let holds = stamp.value.as_ref().is_some_and(|value| values.contains(value));
                *pred = if holds {
                    Pred::Any(vec![written.clone(), before])
                } else {
                    Pred::All(vec![Pred::Not(Box::new(written.clone())), before])
                };
            }
        }
        _ => {}
    }
}
