//! TOML onto the tape: packs, policies and tenant files, with every mistake of a file at once.
//!
//! Parsing is the `toml` crate's; here its tree becomes ours. What it could not read is [`Kind::Missing`].

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::builder::Builder;
use super::node::Document;
use super::tape::{Kind, at};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::{SourceId, Span};

/// Reads a text as TOML. Never fails: the document holds the members that could be read.
pub fn parse(source: SourceId, text: &str) -> (Document, Vec<Problem>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors.iter().map(|error| problem(source, text, error)).collect();
    problems.sort_by_key(place);
    let broken = Broken::new(&problems);
    let complete = problems.is_empty();
    let mut builder = Builder::new(source, text);
    builder.open(Kind::Table, 0, at(text.len()));
    write(&mut builder, root.into_inner(), &broken);
    let (tape, duplicates) = builder.finish();
    problems.extend(duplicates);
    (Document::new(source, tape, complete), problems)
}

/// What is still to be written of the tables and lists around a value.
enum Rest<'t> {
    Members(std::vec::IntoIter<(Spanned<Cow<'t, str>>, Spanned<DeValue<'t>>)>),
    Elements(std::vec::IntoIter<Spanned<DeValue<'t>>>),
}

/// Takes the tree apart level by level: dotted keys inside of inline tables nest deeper than a stack should, be it for
/// walking the tree or for dropping it.
fn write(builder: &mut Builder<'_>, root: DeTable<'_>, broken: &Broken) {
    let mut open = vec![members(root)];
    while let Some(rest) = open.last_mut() {
        let value = match rest {
            Rest::Members(members) => members.next().map(|(key, value)| {
                let span = key.span();
                builder.key(at(span.start), at(span.end), key.get_ref());
                value
            }),
            Rest::Elements(elements) => elements.next(),
        };
        let Some(value) = value else {
            builder.close();
            open.pop();
            continue;
        };
        let (start, end) = (at(value.span().start), at(value.span().end));
        let kind = match value.into_inner() {
            DeValue::Table(table) => {
                builder.open(Kind::Table, start, end);
                open.push(members(table));
                continue;
            }
            DeValue::Array(array) => {
                builder.open(Kind::List, start, end);
                open.push(Rest::Elements(array.into_iter()));
                continue;
            }
            _ if broken.touches(start, end) => Kind::Missing,
            DeValue::String(string) => {
                builder.string(start, end, &string);
                continue;
            }
            DeValue::Integer(_) | DeValue::Float(_) => Kind::Number,
            DeValue::Boolean(_) => Kind::Bool,
            DeValue::Datetime(_) => Kind::Date,
        };
        builder.value(kind, start, end);
    }
}

/// The members of a table in the order of the file, which the crate does not keep.
fn members(table: DeTable<'_>) -> Rest<'_> {
    let mut members: Vec<_> = table.into_iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    Rest::Members(members.into_iter())
}

/// Where the mistakes are: the start of each, ascending, and the furthest end up to it.
struct Broken(Vec<(u32, u32)>);

impl Broken {
    fn new(problems: &[Problem]) -> Self {
        let furthest = |far: &mut u32, (from, to): (u32, u32)| {
            *far = to.max(*far);
            Some((from, *far))
        };
        Self(problems.iter().filter_map(place).scan(0, furthest).collect())
    }

    fn touches(&self, start: u32, end: u32) -> bool {
        let n_before = self.0.partition_point(|&(from, _)| from <= end);
        let last = n_before.checked_sub(1).and_then(|last| self.0.get(last));
        last.is_some_and(|&(_, to)| to >= start)
    }
}

fn problem(source: SourceId, text: &str, error: &Error) -> Problem {
    let range = error.span().unwrap_or(text.len()..text.len());
    let span = Span::new(source, at(range.start), at(range.end));
    let message = error.message().replace('\n', ", ");
    Problem::at(Level::Deny, ProblemKind::Unreadable, span, message, "here")
}

fn place(problem: &Problem) -> Option<(u32, u32)> {
    problem.labels.first().map(|label| (label.span.start, label.span.end))
}

#[cfg(test)]
mod tests;
