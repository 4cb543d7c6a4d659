//! Reads a recording whose keys were compared with its form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::Recorded;
use super::forms::{ANSWER, Rcode};
use crate::dns::presentation::{parse_name, parse_record, unescape};
use crate::dns::{Answer, Failure, Name, Outcome, Question, Record, RecordType};
use crate::document::{Kind, Node};
use crate::form::{Fields, Log, bad};
use crate::source::Span;

/// Reads a recording.
pub(super) fn recording(fields: &Fields<'_>, log: &mut Log) -> Recorded {
    let mut answers = BTreeMap::new();
    let mut places: BTreeMap<Question, Span> = BTreeMap::new();
    let rows = fields.node("answer").into_iter().flat_map(Node::items);
    for row in rows.filter(|row| row.kind() == Kind::Table) {
        let mistakes = log.problems.len();
        let fields = Fields::read(&ANSWER, row, log);
        let Some(question) = question(&fields, log) else {
            continue;
        };
        let answer = answer(&fields, question.kind, mistakes, log);
        match places.entry(question.clone()) {
            Entry::Occupied(first) => {
                let problem = bad(fields.span(), format!("`{question}` is answered twice"), "again");
                log.push(problem.also(*first.get(), "first here"));
            }
            Entry::Vacant(place) => {
                place.insert(fields.span());
                // Half an answer is another answer: a key that was mistyped may have held the records.
                if let Some(answer) = answer.filter(|_| log.problems.len() == mistakes) {
                    answers.insert(question, Arc::new(answer));
                }
            }
        }
    }
    Recorded {
        recorded: fields.date("recorded"),
        answers,
    }
}

fn question(row: &Fields<'_>, log: &mut Log) -> Option<Question> {
    let name = row.node("name").and_then(|node| name(node, log));
    let kind = row.word("type", RecordType::parse)?;
    Some(Question::new(name?, kind.value))
}

fn answer(row: &Fields<'_>, kind: RecordType, mistakes: usize, log: &mut Log) -> Option<Answer> {
    let rcode = match row.node("rcode") {
        Some(node) => Rcode::parse(&node.as_str()?)?,
        None => Rcode::NoError,
    };
    let records = items(row, "records");
    let records: Option<Vec<Record>> = records.map(|node| record(kind, node, log)).collect();
    let aliases: Option<Vec<Name>> = items(row, "aliases").map(|node| name(node, log)).collect();
    let (records, aliases) = (records?, aliases?);
    if let Some(node) = row
        .node("records")
        .filter(|_| rcode != Rcode::NoError && !records.is_empty())
    {
        let message = format!("an answer with `{}` has no records", rcode.as_str());
        log.bad(node.span(), message, "records all the same");
    }
    // A key that was mistyped is one mistake, not two.
    if rcode == Rcode::NoError && !row.has("records") && log.problems.len() == mistakes {
        let message = "an answer with `NOERROR` says which records there are";
        let problem = bad(row.span(), message, "`records` is missing here");
        log.push(problem.help("write `records = []` if the name exists and has none of the type"));
    }
    let why = row.node("why");
    if let Some(node) = why.filter(|_| rcode != Rcode::Failed) {
        log.bad(node.span(), "a reason belongs to `FAILED` alone", "a reason");
    }
    let outcome = match rcode {
        Rcode::NoError if records.is_empty() => Outcome::NoData,
        Rcode::NoError => Outcome::Found(records),
        Rcode::NxDomain => Outcome::NoName,
        Rcode::ServFail => Outcome::Failed(Failure::ServerFailed),
        Rcode::Refused => Outcome::Failed(Failure::Refused),
        Rcode::Timeout => Outcome::Failed(Failure::Timeout),
        Rcode::AliasLoop => Outcome::Failed(Failure::AliasLoop),
        Rcode::Failed => {
            let why = why.and_then(Node::as_str).map(Cow::into_owned);
            Outcome::Failed(Failure::Other(
                why.unwrap_or_else(|| "a failure that was recorded".to_owned()),
            ))
        }
    };
    Some(Answer {
        outcome,
        aliases,
        ttl: row.number("ttl").map(|ttl| ttl.value),
    })
}

fn items<'a>(row: &Fields<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    row.node(key).into_iter().flat_map(Node::items)
}

/// `None` where the form, or this, found a mistake.
fn name(node: Node<'_>, log: &mut Log) -> Option<Name> {
    let text = node.as_str()?;
    let name = parse_name(&text);
    name.map_err(|why| log.bad(node.span(), format!("`{text}` is no name"), why))
        .ok()
}

fn record(kind: RecordType, node: Node<'_>, log: &mut Log) -> Option<Record> {
    if node.kind() != Kind::List {
        let text = node.as_str()?;
        let record = parse_record(kind, &text);
        let message = || format!("`{text}` is no {kind} record");
        return record.map_err(|why| log.bad(node.span(), message(), why)).ok();
    }
    if kind != RecordType::Txt {
        log.bad(
            node.span(),
            format!("a {kind} record is one string"),
            "a list of strings",
        );
        return None;
    }
    let strings = node.items().map(|part| {
        let text = part.as_str()?;
        let octets = unescape(&text);
        octets
            .map_err(|why| log.bad(part.span(), "a string that cannot be read", why))
            .ok()
    });
    strings.collect::<Option<_>>().map(Record::Txt)
}
