//! Collects the mistakes of one file.

use crate::problem::{Level, Problem, ProblemKind, did_you_mean};
use crate::source::Span;

/// The mistakes found so far.
#[derive(Debug)]
pub struct Log {
    /// The mistakes.
    pub problems: Vec<Problem>,
    /// Whether the file was understood to its end. If not, what is absent may merely be unread.
    pub complete: bool,
}

impl Log {
    /// A log that starts with what the parser said.
    pub fn new(problems: Vec<Problem>, complete: bool) -> Self {
        Self { problems, complete }
    }

    /// Notes a mistake.
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// A value that cannot be used.
    pub fn bad(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.push(bad(span, message, label));
    }

    /// A text that cannot be read, with what to write instead.
    pub fn misspelt(&mut self, span: Span, message: String, help: Option<String>) {
        let mut problem = bad(span, message, "cannot be read");
        problem.help = help;
        self.push(problem);
    }

    /// Something that should be looked at.
    pub fn hint(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.push(Problem::at(Level::Warn, ProblemKind::Notice, span, message, label));
    }

    /// A key that may not be left out and was; `help` says what it is for. Silent where the file could not be read to
    /// its end.
    pub fn lacks(&mut self, span: Span, title: &str, key: &str, help: &str) {
        if self.complete {
            let message = format!("`{title}` lacks the key `{key}`");
            self.push(bad(span, message, format!("`{key}` is missing here")).help(help));
        }
    }

    /// A word that is none of those known; `what` is what it should have been.
    pub fn unknown_word(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        let problem = bad(span, format!("`{word}` is no known {what}"), suggestion(word, known));
        let mut each: Vec<&str> = Vec::new();
        for word in known {
            if !each.contains(word) {
                each.push(word);
            }
        }
        self.push(if each.is_empty() {
            problem
        } else {
            problem.help(format!("one of {}", quoted(&each)))
        });
    }

    /// A word that is none of too many to be listed.
    pub fn unknown_name(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        self.push(bad(
            span,
            format!("`{word}` is no known {what}"),
            suggestion(word, known),
        ));
    }

    /// A key that is none of those known.
    pub(super) fn unknown_key(&mut self, span: Span, title: &str, name: &str, known: &[&str]) {
        let message = format!("`{title}` has no key `{name}`");
        let problem = Problem::at(
            Level::Deny,
            ProblemKind::UnknownKey,
            span,
            message,
            suggestion(name, known),
        );
        self.push(problem.help(format!("its keys are {}", quoted(known))));
    }

    /// The mistakes in the order of the file, each once.
    pub fn finish(mut self) -> Vec<Problem> {
        self.problems
            .sort_by_key(|problem| problem.labels.first().map(|label| label.span));
        self.problems.dedup();
        self.problems
    }
}

/// A value that cannot be used.
pub fn bad(span: Span, message: impl Into<String>, label: impl Into<String>) -> Problem {
    Problem::at(Level::Deny, ProblemKind::BadValue, span, message, label)
}

fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "not known".to_owned(),
    }
}

/// The known word that was meant, if it can be told.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = word.trim().to_lowercase().replace(['_', ' '], "-");
    let same = known.iter().find(|known| known.replace('_', "-") == plain);
    same.copied().or_else(|| did_you_mean(word, known.iter().copied()))
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
