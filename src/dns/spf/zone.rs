//! A zone for tests: answers given line by line. Every other name does not exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dns::{Answer, Failure, Name, Outcome, Question, Record, RecordType, Resolver};

/// Answers to questions.
#[derive(Debug, Clone, Default)]
pub struct Zone(BTreeMap<Question, Outcome>);

impl Zone {
    /// Reads lines such as `example.test A 192.0.2.1`; the rest of the line is the value. Instead of a value there may
    /// be `!timeout`, `!failed`, `!loop` or `!unknown`.
    pub fn new(text: &str) -> Self {
        let mut zone = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, rest) = line.split_once(' ').unwrap();
            let (kind, value) = rest.split_once(' ').unwrap();
            zone.add(name, RecordType::parse(kind).unwrap(), value.trim());
        }
        zone
    }

    fn add(&mut self, name: &str, kind: RecordType, value: &str) {
        let to_name = |text: &str| Name::parse(text.as_bytes()).unwrap();
        let outcome = self
            .0
            .entry(Question::new(to_name(name), kind))
            .or_insert(Outcome::Found(Vec::new()));
        let record = match (value, kind) {
            ("!timeout", _) => return *outcome = Outcome::Failed(Failure::Timeout),
            ("!failed", _) => return *outcome = Outcome::Failed(Failure::ServerFailed),
            ("!loop", _) => return *outcome = Outcome::Failed(Failure::AliasLoop),
            ("!unknown", _) => return *outcome = Outcome::Unknown,
            (_, RecordType::A) => Record::A(value.parse().unwrap()),
            (_, RecordType::Aaaa) => Record::Aaaa(value.parse().unwrap()),
            (_, RecordType::Ptr) => Record::Ptr(to_name(value)),
            (_, RecordType::Txt) => Record::Txt(vec![value.as_bytes().to_vec()]),
            (_, RecordType::Mx) => {
                let (preference, exchange) = value.split_once(' ').unwrap();
                Record::Mx {
                    preference: preference.parse().unwrap(),
                    exchange: to_name(exchange),
                }
            }
        };
        if let Outcome::Found(records) = outcome {
            records.push(record);
        }
    }
}

impl Resolver for Zone {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let outcome = self.0.get(question).cloned().unwrap_or_else(|| {
            let has_name = self.0.keys().any(|known| known.name == question.name);
            if has_name { Outcome::NoData } else { Outcome::NoName }
        });
        Arc::new(Answer::new(outcome))
    }
}

/// A zone of which some answers are not known; which, a number says.
#[derive(Debug)]
pub struct Veiled<'a> {
    /// What would be answered.
    pub zone: &'a Zone,
    /// Which answers are not known.
    pub veil: u32,
}

impl Resolver for Veiled<'_> {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let octets = question.to_string().into_bytes();
        let mixed = octets.iter().fold(self.veil, |mixed, octet| {
            (mixed ^ u32::from(*octet)).wrapping_mul(16_777_619)
        });
        if (mixed >> 16).is_multiple_of(4) {
            return Arc::new(Answer::new(Outcome::Unknown));
        }
        self.zone.ask(question)
    }
}
