//! Strict JSON onto the tape, with a place for every mistake and a tree whatever happens.
//!
//! A mistake that leaves no doubt about the structure (a value that is lacking or misspelt, a wrong escape, a comma too
//! many) costs that value alone. At any other the reader stops, closes what is open and keeps what it has.
//! No mistake is let pass: a text without problems is one that every strict parser accepts.

mod scan;

mod parser;

mod mistakes;

use super::node::Document;
use crate::problem::Problem;
use crate::source::SourceId;

pub use parser::MAX_DEPTH;
use parser::Parser;

/// Reads a text as JSON. Never fails: the document holds what could be read, and its root is missing if nothing could.
pub fn parse(source: SourceId, text: &str) -> (Document, Vec<Problem>) {
    let mut parser = Parser::new(source, text);
    let complete = parser.read().is_ok();
    if !complete {
        parser.close_off();
    }
    let (tape, problems) = parser.finish();
    (Document::new(source, tape, complete), problems)
}

#[cfg(test)]
mod tests;
