//! The check of one client, for people: the result, the terms that led to it, and what was asked.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::mistakes::reason;
use super::underline::term;
use crate::cli::table::aligned;
use crate::dns::presentation::escape;
use crate::dns::spf::evaluate::{Evaluation, Place};
use crate::dns::spf::{Limits, Verdict};
use crate::report;

/// What came of the check, and how.
pub(super) fn text(domain: &[u8], ip: IpAddr, found: &Evaluation, limits: Limits) -> String {
    let shown = escape(domain);
    let mut text = format!("{}: ", found.verdict.as_str());
    let _ = match (&found.cause, found.verdict) {
        (Some(cause), _) => writeln!(text, "{}", reason(&cause.why, domain)),
        (None, Verdict::None) if found.visits.is_empty() => writeln!(text, "`{shown}` is no domain to ask for"),
        (None, Verdict::None) => writeln!(text, "`{shown}` has no SPF record"),
        (None, Verdict::Neutral) if found.decided.is_empty() => writeln!(text, "no term of `{shown}` matches {ip}"),
        (None, verdict) => writeln!(text, "{ip} {} for `{shown}`", said(verdict)),
    };
    let steps: Vec<Vec<String>> = found.decided.iter().filter_map(|place| step(found, *place)).collect();
    if !steps.is_empty() {
        let _ = write!(text, "\n{}", aligned(&steps, 2));
    }
    let _ = writeln!(
        text,
        "\nlook-ups {} of {}, without answer {} of {}",
        found.lookups, limits.lookups, found.voids, limits.voids
    );
    if let Some(explanation) = &found.explanation {
        let _ = writeln!(text, "explanation: {}", report::escape::line(explanation));
    }
    text
}

const fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "may send",
        Verdict::Fail => "may not send",
        Verdict::SoftFail => "may probably not send",
        _ => "is neither allowed nor forbidden",
    }
}

/// A record on the way and its term.
fn step(found: &Evaluation, place: Place) -> Option<Vec<String>> {
    let visit = found.visits.get(place.visit)?;
    let written = term(visit.record.as_deref()?, place.extent);
    Some(vec![visit.domain.to_string(), written])
}
