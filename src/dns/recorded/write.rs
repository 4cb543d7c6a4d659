//! Writes a recording so that two of them can be compared line by line: sorted, one record a line, nothing left to
//! chance.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;

use super::forms::Rcode;
use crate::dns::presentation::{escape, record};
use crate::dns::{Answer, Failure, Outcome, Question, Record};

/// The text of a recording. Questions that were put to nobody are left out: they are unknown without being written.
pub fn write(recorded: Date, answers: &BTreeMap<Question, Arc<Answer>>) -> String {
    let mut text = format!("# Answers of DNS, for replay. What is not among them is unknown.\nrecorded = {recorded}\n");
    for (question, answer) in answers {
        let Some(rcode) = rcode(&answer.outcome) else { continue };
        let (name, kind) = (string(&question.name.to_string()), question.kind);
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[[answer]]\nname = {name}\ntype = \"{kind}\"\n");
        if let Some(ttl) = answer.ttl {
            let _ = writeln!(text, "ttl = {ttl}");
        }
        if !answer.aliases.is_empty() {
            let aliases = answer.aliases.iter().map(|alias| string(&alias.to_string()));
            let _ = writeln!(text, "aliases = [{}]", joined(aliases));
        }
        if let Outcome::Failed(Failure::Other(why)) = &answer.outcome {
            let _ = writeln!(text, "why = {}", string(why));
        }
        // The outcome stands last, and none is left out: a file that was cut off has whole answers or none.
        let _ = writeln!(text, "rcode = \"{}\"", rcode.as_str());
        match &answer.outcome {
            Outcome::NoData => text.push_str("records = []\n"),
            Outcome::Found(records) => {
                text.push_str("records = [\n");
                for record in records {
                    let _ = writeln!(text, "  {},", value(record));
                }
                text.push_str("]\n");
            }
            _ => {}
        }
    }
    text
}

fn rcode(outcome: &Outcome) -> Option<Rcode> {
    Some(match outcome {
        Outcome::Found(_) | Outcome::NoData => Rcode::NoError,
        Outcome::NoName => Rcode::NxDomain,
        Outcome::Failed(Failure::ServerFailed) => Rcode::ServFail,
        Outcome::Failed(Failure::Refused) => Rcode::Refused,
        Outcome::Failed(Failure::Timeout) => Rcode::Timeout,
        Outcome::Failed(Failure::AliasLoop) => Rcode::AliasLoop,
        Outcome::Failed(Failure::Other(_)) => Rcode::Failed,
        Outcome::Unknown => return None,
    })
}

fn value(found: &Record) -> String {
    match found {
        Record::Txt(strings) if strings.len() != 1 => {
            format!("[{}]", joined(strings.iter().map(|octets| string(&escape(octets)))))
        }
        _ => string(&record(found)),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// A string of TOML, without escapes of its own where that is possible: `\DDD` stays readable between single quotes.
fn string(text: &str) -> String {
    if text.contains(|c: char| c.is_control()) || text.contains(['\\', '"']) && text.contains('\'') {
        return escaped(text);
    }
    let quote = if text.contains(['\\', '"']) { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

fn escaped(text: &str) -> String {
    let mut found = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => found.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(found, "\\u{:04X}", u32::from(c));
            }
            c => found.push(c),
        }
    }
    found.push('"');
    found
}
