//! Recorded answers, `dns.toml`: an audit that is replayed asks this file and nobody else.
//!
//! A question that the file does not have is unknown, never a name that does not exist; and a file with a mistake in
//! an answer does not have that answer. It knows nothing of who records and why.

mod forms;
mod read;
mod write;

pub use write::write;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Answer, Outcome, Question, Resolver};
use crate::document::toml;
use crate::form::{self, Fields, Log};
use crate::problem::Problem;
use crate::source::{SourceId, Sources, Spanned};

/// The answers of one file.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The day on which they were recorded; `None` where the file does not say it.
    pub recorded: Option<Spanned<Date>>,
    /// What was answered, by what was asked.
    pub answers: BTreeMap<Question, Arc<Answer>>,
}

impl Resolver for Recorded {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let known = self.answers.get(question).cloned();
        known.unwrap_or_else(|| Arc::new(Answer::new(Outcome::Unknown)))
    }
}

/// Reads one recording.
pub fn read(sources: &Sources, id: SourceId) -> (Recorded, Vec<Problem>) {
    let text = sources.get(id).text();
    let (document, problems) = toml::parse(id, text);
    let mut log = Log::new(problems, document.is_complete());
    let fields = Fields::read(&forms::RECORDING, document.root(text), &mut log);
    let mut recorded = read::recording(&fields, &mut log);
    if !log.complete {
        // What cannot be read to its end may lack a record, and an answer that lacks one is another answer.
        recorded.answers.clear();
    }
    (recorded, log.finish())
}

/// The keys of a recording as JSON Schema.
pub fn schema() -> String {
    form::schema(&forms::RECORDING)
}

#[cfg(test)]
mod tests;
