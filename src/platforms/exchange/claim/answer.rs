//! Answers of the admin API and of the portal: the rows, and beside them whether more exist.
//!
//! The shapes are C4 and C5 of export-formats, the signs that rows are lacking its T6.

use super::super::field;
use super::error::quote;
use super::{Place, Reading};
use crate::document::{Key, Kind as Shape, Node};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::Span;

impl<'a> Reading<'a> {
    /// An answer of the admin API: the rows, and beside them whether more exist (export-formats C4, C5, T6).
    pub(super) fn answer(&mut self, answer: Node<'a>, value: Node<'a>, place: Place, is_last: bool) {
        let (claims, problems) = (self.claimed.claims.len(), self.claimed.problems.len());
        let mut truncated = None;
        let mut notices = Vec::new();
        for (key, value) in answer.entries() {
            match sidecar(&key, value) {
                Some(Sidecar::More(span)) if is_last => truncated = truncated.or(Some(span)),
                Some(Sidecar::TooMany(span)) => truncated = truncated.or(Some(span)),
                Some(Sidecar::Warning(problem)) => notices.push(problem),
                _ => {}
            }
        }
        let counted = fewer_than_counted(answer, value);
        let complete = place.complete && truncated.is_none() && counted.is_none();
        self.visit(value, Place { complete, ..place });
        let ours = self.claimed.claims.len() > claims
            || self.claimed.problems.len() > problems
            || place.named.is_some()
            || place.depth > 0 && !self.claimed.claims.is_empty();
        if !ours {
            return;
        }
        self.claimed.problems.append(&mut notices);
        if let Some(span) = counted {
            let message = "the export holds fewer rows than it counts";
            self.claimed.problems.push(
                Problem::at(Level::Deny, ProblemKind::Truncated, span, message, "rows, it says")
                    .help("export it again, and do not shorten it by hand"),
            );
        }
        if let Some(span) = truncated {
            self.claimed.problems.push(
                Problem::at(
                    Level::Deny,
                    ProblemKind::Truncated,
                    span,
                    "the export holds only the first rows, more exist",
                    "says that more rows exist",
                )
                .help("export all pages, with `-ResultSize Unlimited` where the cmdlet has it"),
            );
        }
    }
}

/// The rows in an answer of the admin API or of the portal (export-formats C4, C5). Windows PowerShell writes a
/// wrapped array as `value` and `Count`, so only such neighbours are allowed.
pub(super) fn envelope(table: Node<'_>) -> Option<Node<'_>> {
    if let Some(page) = table.get("CurrentPage") {
        return Some(page);
    }
    let value = table.get("value")?;
    let holds = matches!(value.kind(), Shape::List | Shape::Table | Shape::Null);
    let only = table.entries().all(|(key, _)| {
        let name = key.name.trim();
        name.contains('@') || ["value", "count", "nextlink", "nextpagetoken"].contains(&&*name.to_ascii_lowercase())
    });
    (holds && only).then_some(value)
}

/// Where an answer counts more rows than it has. Windows PowerShell writes `Count` beside a wrapped array.
fn fewer_than_counted(answer: Node<'_>, value: Node<'_>) -> Option<Span> {
    let count = answer.get("Count").or_else(|| answer.get("@odata.count"))?;
    let rows = match value.kind() {
        Shape::List => value.len(),
        Shape::Null => 0,
        _ => 1,
    };
    let counted = usize::try_from(count.as_i64()?).ok()?;
    (counted > rows).then(|| count.span())
}

/// What stands beside the rows of an answer.
enum Sidecar {
    /// More rows are to be fetched from elsewhere.
    More(Span),
    /// More rows exist than were asked for.
    TooMany(Span),
    /// Anything else the service said.
    Warning(Problem),
}

fn sidecar(key: &Key<'_>, value: Node<'_>) -> Option<Sidecar> {
    let name = key.name.trim().to_ascii_lowercase();
    if name.ends_with("nextlink") || name == "nextpagetoken" {
        let given = value.as_str().is_some_and(|link| !link.is_empty());
        return given.then(|| Sidecar::More(value.span()));
    }
    if name != "@adminapi.warnings" {
        return None;
    }
    let warnings = field::list(Some(value)).items;
    // The two sentences of the cmdlets: "By default, only the first 1000 items are returned. Use the ResultSize
    // parameter…" and "There are more results available than are currently displayed…" (export-formats T6).
    let more = warnings.iter().find(|warning| {
        let text = warning.value.to_ascii_lowercase();
        ["more results", "more items", "only the first", "resultsize"]
            .iter()
            .any(|words| text.contains(words))
    });
    if let Some(warning) = more {
        return Some(Sidecar::TooMany(warning.span));
    }
    let first = warnings.first()?;
    let said = quote(&first.value);
    Some(Sidecar::Warning(Problem::at(
        Level::Note,
        ProblemKind::Notice,
        first.span,
        format!("the service warned while it exported: {said}"),
        "the warning",
    )))
}
