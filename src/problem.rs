//! What is wrong, where, and how much it matters: the vocabulary every layer speaks.
//!
//! A [`Problem`] is about a *source* (an export, a pack, a policy, a tenant file).
//! It knows nothing of mail, checks or rendering.

use crate::source::Span;

/// How much a problem or a finding matters. Ordered: `Allow < Note < Warn < Deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Switched off; never shown.
    Allow,
    /// Worth knowing.
    Note,
    /// Should be looked at.
    Warn,
    /// Fails the audit under the default `--fail-on deny`.
    Deny,
}

impl Level {
    /// The word used in policies, options and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    /// Reads the word of [`Level::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Allow, Self::Note, Self::Warn, Self::Deny]
            .into_iter()
            .find(|level| level.as_str() == word)
    }
}

/// A place in a source and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The underlined text.
    pub span: Span,
    /// Said beside the underline; lower-case start, no final stop.
    pub text: String,
}

impl Label {
    /// A label.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }
}

/// Something wrong with a source, with every place that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How much it matters.
    pub level: Level,
    /// What kind of trouble, for those who sort problems.
    pub kind: ProblemKind,
    /// One sentence: lower-case start, no final stop, user text in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The primary label first, then any number of others, in any source.
    pub labels: Vec<Label>,
}

/// The kinds of trouble a reader meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The text cannot be read as what it should be: syntax, encoding, size, depth.
    Unreadable,
    /// A value that cannot be used: wrong type, impossible, given twice.
    BadValue,
    /// The export was cut off.
    Truncated,
    /// A key the reader does not know; only an error in files of our own.
    UnknownKey,
    /// Anything that is merely worth knowing.
    Notice,
}

impl Problem {
    /// A problem of `level` at one place.
    pub fn at(
        level: Level,
        kind: ProblemKind,
        span: Span,
        message: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            level,
            kind,
            message: message.into(),
            help: None,
            labels: vec![Label::new(span, text)],
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further label.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label::new(span, text));
        self
    }
}

/// The candidate nearest to `word` by edit distance, if it is near enough to be a slip.
///
/// Near enough is a third of the word's length, at least one edit.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}
