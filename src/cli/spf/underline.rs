//! Problems of records, each underlined in the answer of DNS that shows it.

use std::fmt::Write as _;

use crate::dns::presentation::escape;
use crate::dns::sources::DnsSources;
use crate::dns::spf::Extent;
use crate::dns::spf::record::{Selection, SpfRecord, select};
use crate::dns::{Name, Outcome, Question, Record, RecordType, Resolver};
use crate::problem::{Label, Level, Problem, ProblemKind};
use crate::report;
use crate::source::{Sources, Span};

/// Problems drawn in full; the rest is counted.
const MOST_DRAWN: usize = 20;

/// What is to be said, and the answers in which it is underlined.
pub(super) struct Underline<'a> {
    resolver: &'a dyn Resolver,
    dns: DnsSources,
    pub(super) sources: Sources,
    pub(super) problems: Vec<Problem>,
    /// Whether a question was put to nobody.
    pub(super) unasked: bool,
}

impl<'a> Underline<'a> {
    /// Nothing to say yet.
    pub(super) fn new(resolver: &'a dyn Resolver) -> Self {
        Self {
            resolver,
            dns: DnsSources::new(),
            sources: Sources::new(),
            problems: Vec::new(),
            unasked: false,
        }
    }

    /// The exit code: 2 where nobody could be asked, 1 for errors.
    pub(super) fn code(&self) -> u8 {
        let is_broken = self.problems.iter().any(|problem| problem.level == Level::Deny);
        if self.unasked { 2 } else { u8::from(is_broken) }
    }

    /// Everything that is to be said, as text.
    pub(super) fn drawn(&self) -> String {
        let drawn = self.problems.iter().take(MOST_DRAWN);
        let mut text: String = drawn
            .map(|problem| format!("\n{}", report::human::problem(problem, &self.sources).trim_end()) + "\n")
            .collect();
        let more = self.problems.len().saturating_sub(MOST_DRAWN);
        if more > 0 {
            let _ = writeln!(text, "\nand {more} more");
        }
        text
    }

    /// Says something, once.
    pub(super) fn say(&mut self, level: Level, message: String, labels: Vec<Label>) {
        let problem = Problem {
            level,
            kind: ProblemKind::Notice,
            message,
            help: None,
            labels,
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Where a part of a record stands.
    pub(super) fn span(&mut self, domain: &Name, record: &SpfRecord, extent: Extent) -> Span {
        let question = Question::new(domain.clone(), RecordType::Txt);
        let answer = self.resolver.ask(&question);
        let placed = self.dns.place(&mut self.sources, &question, &answer);
        let is_it = |found: &Record| found.text().is_some_and(|text| text == record.octets);
        let at = answer.records().iter().position(is_it);
        at.and_then(|at| placed.records.get(at))
            .map_or(placed.head, |place| place.span_of(extent.start..extent.end))
    }

    /// Where the records of a domain stand that has several.
    pub(super) fn several(&mut self, domain: &Name) -> Vec<Label> {
        let question = Question::new(domain.clone(), RecordType::Txt);
        let answer = self.resolver.ask(&question);
        let placed = self.dns.place(&mut self.sources, &question, &answer);
        let records = answer.records().iter().zip(&placed.records);
        let is_spf = |record: &Record| select(std::slice::from_ref(record)) != Selection::None;
        records
            .filter(|(record, _)| is_spf(record))
            .take(8)
            .map(|(_, place)| Label::new(place.span, "an SPF record"))
            .collect()
    }

    /// Where it stands that a question has no answer, and what to say of it.
    pub(super) fn unanswered(&mut self, question: &Question) -> (Span, &'static str) {
        let answer = self.resolver.ask(question);
        let head = self.dns.place(&mut self.sources, question, &answer).head;
        if answer.outcome == Outcome::Unknown {
            self.unasked = true;
            (head, "the recording does not have this answer")
        } else {
            (head, "this is a temporary error")
        }
    }
}

/// A term as written, in printable ASCII.
pub(super) fn term(record: &SpfRecord, extent: Extent) -> String {
    escape(extent.of(&record.octets))
}
