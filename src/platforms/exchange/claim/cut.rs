//! Values that were cut off because the export was not deep enough.
//!
//! `ConvertTo-Json` writes what lies below its depth as text: `@{Address=…}`, `System.Object[]` or the name of a class
//! (export-formats T10). Such a value looks like an entry and is none.

use rayon::prelude::*;

use super::super::kind::{Kind, export_command};
use super::PART;
use super::error::quote;
use crate::document::{Kind as Shape, Node};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::Span;

/// Keys whose values are free text, or in which class names are normal (export-formats section 4).
const FREE: [&str; 19] = [
    "Actions",
    "AdminDisplayName",
    "ApplyHtmlDisclaimerText",
    "Comment",
    "Comments",
    "Conditions",
    "Description",
    "Exceptions",
    "ExchangeVersion",
    "Id",
    "Identity",
    "LogEventText",
    "Name",
    "Notes",
    "ObjectCategory",
    "ObjectClass",
    "OrganizationId",
    "RejectMessageReasonText",
    "RuleVersion",
];

/// Whether a text is what `ConvertTo-Json` leaves of an object or a list below its depth.
pub(in super::super) fn is_cut_text(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with("@{") && text.ends_with('}') && (text.contains('=') || text == "@{}"))
        || text.starts_with("System.Object[]")
        || text.starts_with("System.Collections.")
        || text.starts_with("System.Management.Automation.")
        || text.starts_with("Microsoft.Exchange.")
        || (text.starts_with("System.") && text.ends_with("[]"))
}

/// What is cut off in the values of records, one problem a key.
pub(super) fn problems(kind: Kind, records: &[Node<'_>]) -> Vec<Problem> {
    let parts: Vec<Cuts<'_>> = records
        .par_chunks(PART)
        .map(|part| {
            let mut cuts = Cuts::new(kind);
            for record in part {
                cuts.look(*record);
            }
            cuts
        })
        .collect();
    let mut cuts = Cuts::new(kind);
    for part in parts {
        cuts.absorb(part);
    }
    cuts.problems().collect()
}

/// The cut values of one key.
struct Cut<'a> {
    key: String,
    first: Node<'a>,
    count: usize,
}

/// Collects cut values, one entry a key.
struct Cuts<'a> {
    kind: Kind,
    found: Vec<Cut<'a>>,
}

impl<'a> Cuts<'a> {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            found: Vec::new(),
        }
    }

    /// Looks through the values of a record.
    fn look(&mut self, record: Node<'a>) {
        for (key, value) in record.entries() {
            let Some((first, count)) = cut_in(value, 0) else {
                continue;
            };
            let name = key.name.trim();
            if FREE.iter().any(|free| free.eq_ignore_ascii_case(name)) || name.contains('@') {
                continue;
            }
            match self.found.iter_mut().find(|cut| cut.key.eq_ignore_ascii_case(name)) {
                Some(cut) => cut.count += count,
                None => self.found.push(Cut {
                    key: name.to_owned(),
                    first,
                    count,
                }),
            }
        }
    }

    /// Takes what was found in later records.
    fn absorb(&mut self, later: Self) {
        for more in later.found {
            match self
                .found
                .iter_mut()
                .find(|cut| cut.key.eq_ignore_ascii_case(&more.key))
            {
                Some(cut) => cut.count += more.count,
                None => self.found.push(more),
            }
        }
    }

    /// One problem a key.
    fn problems(self) -> impl Iterator<Item = Problem> {
        let kind = self.kind;
        self.found.into_iter().map(move |cut| {
            let word = kind.as_str();
            let key = quote(&cut.key);
            let (values, their) = if cut.count == 1 {
                ("value", "its")
            } else {
                ("values", "their")
            };
            let message = format!(
                "the export of {word} was cut off: {} {values} of {key} lost {their} content",
                cut.count
            );
            let span: Span = cut.first.span();
            Problem::at(
                Level::Deny,
                ProblemKind::Truncated,
                span,
                message,
                "this is what is left of an object or a list",
            )
            .help(format!("re-export with `-Depth 10`: `{}`", export_command(kind, None)))
        })
    }
}

/// The first cut text in a value and how many there are. Lists and the objects in them are looked through.
fn cut_in(value: Node<'_>, depth: u8) -> Option<(Node<'_>, usize)> {
    const DEEP_ENOUGH: u8 = 3;
    match value.kind() {
        Shape::String => {
            // Cheap first: nearly no value starts like this.
            let starts = value
                .raw()
                .trim_start_matches('"')
                .starts_with(['@', 'S', 'M', '\\', ' ']);
            (starts && value.as_str().is_some_and(|text| is_cut_text(&text))).then_some((value, 1))
        }
        Shape::List if depth < DEEP_ENOUGH => join(value.items().filter_map(|item| cut_in(item, depth + 1))),
        Shape::Table if depth < DEEP_ENOUGH => join(value.entries().filter_map(|(_, item)| cut_in(item, depth + 1))),
        _ => None,
    }
}

fn join<'a>(found: impl Iterator<Item = (Node<'a>, usize)>) -> Option<(Node<'a>, usize)> {
    found.reduce(|(first, count), (_, more)| (first, count + more))
}
