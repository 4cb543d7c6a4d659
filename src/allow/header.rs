//! Header names, and what is asked of a text.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::domain::shown;
pub use super::form::AddressForm;
pub use super::pattern::{Pattern, Unsupported};
pub use super::text::{Cube, Emptiness, TextSet};

/// The name of a header. Compared without regard to case, shown as written.
#[derive(Debug, Clone)]
pub struct HeaderName(String);

/// Why a text is not the name of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderNameError {
    /// Nothing is written.
    Empty,
    /// A colon, which ends the name and is not part of it.
    Colon(String),
    /// A character no header name holds.
    Character {
        /// The character.
        character: char,
        /// The whole text.
        text: String,
    },
}

impl fmt::Display for HeaderNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the header name is empty"),
            Self::Colon(text) => write!(f, "`{text}` holds a colon, which is not part of a header name"),
            Self::Character { character, text } => {
                let character = shown(*character);
                write!(f, "`{character}` is not allowed in the header name `{text}`")
            }
        }
    }
}

impl std::error::Error for HeaderNameError {}

impl HeaderName {
    /// Reads a name. Spaces around it are refused: a list that holds them never matches.
    pub fn parse(text: &str) -> Result<Self, HeaderNameError> {
        if text.is_empty() {
            return Err(HeaderNameError::Empty);
        }
        // The standard allows quotes, but a name with one is a value quoted too often.
        let illegal = |c: &char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | ':');
        match text.chars().find(illegal) {
            None => Ok(Self(text.to_owned())),
            Some(':') => Err(HeaderNameError::Colon(text.to_owned())),
            Some(character) => Err(HeaderNameError::Character {
                character,
                text: text.to_owned(),
            }),
        }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|b| b.to_ascii_lowercase())
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for HeaderName {}

impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|b| state.write_u8(b));
        state.write_u8(u8::MAX);
    }
}

/// One question to a text; case never matters.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// The text is this.
    Equals(String),
    /// The text holds this anywhere.
    Contains(String),
    /// The text holds this with a space, punctuation or an end of the text on either side.
    Word(String),
    /// The pattern is found in the text.
    Pattern(Pattern),
}

impl Matcher {
    /// Whether a text passes.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(value) => same(value, text),
            Self::Contains(part) => holds(text, part),
            Self::Word(word) => holds(text, word) && holds_word(&folded(text), &folded(word), true),
            Self::Pattern(pattern) => pattern.matches(text),
        }
    }

    /// Whether every text that passes this surely passes the other. False also means "not known".
    pub fn implies(&self, other: &Self) -> bool {
        if self == other || other.is_certain() {
            return true;
        }
        match (self, other) {
            (Self::Equals(value), _) => other.matches(value),
            (Self::Contains(part) | Self::Word(part), Self::Contains(_)) => other.matches(part),
            // The ends of a word are bounded in every text that holds it, those of a part are not.
            (Self::Word(part), Self::Word(_)) => other.matches(part),
            (Self::Contains(part), Self::Word(word)) => {
                holds(part, word) && holds_word(&folded(part), &folded(word), false)
            }
            (Self::Contains(part) | Self::Word(part), Self::Pattern(pattern)) => {
                pattern.is_free() && pattern.matches(part)
            }
            (Self::Pattern(pattern), _) => {
                let runs = pattern.literal_runs();
                runs.into_iter().any(|run| Self::Contains(run).implies(other))
            }
            (_, Self::Equals(_)) => false,
        }
    }

    /// Whether what is found at the end of a text is found in every text that ends so.
    pub fn is_free_before(&self) -> bool {
        match self {
            Self::Contains(_) => true,
            Self::Equals(_) | Self::Word(_) => false,
            Self::Pattern(pattern) => pattern.is_free_before(),
        }
    }

    /// Whether what is found in a part of a text is found in the text.
    pub fn is_free(&self) -> bool {
        match self {
            Self::Contains(_) | Self::Word(_) => true,
            Self::Equals(_) => false,
            Self::Pattern(pattern) => pattern.is_free(),
        }
    }

    /// The longest text, in the form in which texts are compared, that is found in every text that passes; `None` where
    /// none is known.
    pub fn held(&self) -> Option<String> {
        match self {
            Self::Equals(text) | Self::Contains(text) | Self::Word(text) => Some(folded(text)),
            Self::Pattern(pattern) => pattern.literal_runs().into_iter().max_by_key(String::len),
        }
    }

    /// The form in which texts are compared.
    pub fn folded(text: &str) -> String {
        folded(text)
    }

    /// Equal for equal matchers, and only for these.
    pub(super) fn key(&self) -> (u8, String) {
        match self {
            Self::Equals(text) => (0, folded(text)),
            Self::Contains(text) => (1, folded(text)),
            Self::Word(text) => (2, folded(text)),
            Self::Pattern(pattern) => (3, pattern.as_str().to_owned()),
        }
    }

    /// Whether every text surely passes.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Equals(_) | Self::Word(_) => false,
            Self::Contains(part) => part.is_empty(),
            Self::Pattern(pattern) => pattern.is_free() && pattern.matches(""),
        }
    }

    /// Whether surely no text passes.
    pub(super) fn is_hopeless(&self) -> bool {
        matches!(self, Self::Word(word) if word.is_empty())
    }

    /// A few texts that pass.
    pub(super) fn samples(&self) -> Vec<String> {
        match self {
            Self::Equals(text) | Self::Contains(text) | Self::Word(text) => vec![text.clone()],
            Self::Pattern(pattern) => pattern.samples(),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Equals(a), Self::Equals(b)) => same(a, b),
            (Self::Contains(a), Self::Contains(b)) => same(a, b),
            (Self::Word(a), Self::Word(b)) => same(a, b),
            (Self::Pattern(a), Self::Pattern(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(text) => write!(f, "is `{text}`"),
            Self::Contains(text) => write!(f, "contains `{text}`"),
            Self::Word(text) => write!(f, "contains the word `{text}`"),
            Self::Pattern(pattern) => write!(f, "matches `{pattern}`"),
        }
    }
}

/// The form in which texts are compared.
pub(super) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Folds a character to one character, whatever stands around it, so that the form of a part
/// of a text is a part of the form of the text.
pub(super) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(c)
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    first.filter(|_| chars.next().is_none())
}

fn same(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().map(fold).eq(b.chars().map(fold))
}

/// Whether a text holds a part. Nearly all texts are ASCII, and need not be copied to be folded.
fn holds(text: &str, part: &str) -> bool {
    if !text.is_ascii() || !part.is_ascii() {
        return folded(text).contains(&folded(part));
    }
    let Some(first) = part.as_bytes().first() else {
        return true;
    };
    let starts = |window: &[u8]| window.first().is_some_and(|byte| byte.eq_ignore_ascii_case(first));
    let mut windows = text.as_bytes().windows(part.len());
    windows.any(|window| starts(window) && window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a word stands in a text, bounded on both sides; the ends of the text count as
/// bounds when `ends_bound`.
fn holds_word(text: &str, word: &str, ends_bound: bool) -> bool {
    let bound = |c: Option<char>| c.map_or(ends_bound, |c| !c.is_alphanumeric());
    let Some(first) = word.chars().next() else { return false };
    let mut from = 0;
    // Occurrences may overlap, so the search goes on one character after each.
    while let Some((before, found)) = text.split_at_checked(from)
        && let Some(at) = found.find(word)
    {
        let (skipped, rest) = found.split_at_checked(at).unwrap_or((found, ""));
        let left = skipped.chars().next_back().or_else(|| before.chars().next_back());
        let right = rest.strip_prefix(word).and_then(|after| after.chars().next());
        if bound(left) && bound(right) {
            return true;
        }
        from += at + first.len_utf8();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let name = HeaderName::parse("X-PhishTest").unwrap();
        assert_eq!(name, HeaderName::parse("x-phishtest").unwrap());
        assert_eq!(name.to_string(), "X-PhishTest");
        assert!(name < HeaderName::parse("X-PHISHTESU").unwrap());
    }

    #[test]
    fn name_errors() {
        for (text, message) in [
            ("", "the header name is empty"),
            ("X-Test:", "`X-Test:` holds a colon, which is not part of a header name"),
            ("X Test", "` ` is not allowed in the header name `X Test`"),
            ("\"X-Test\"", "`\"` is not allowed in the header name `\"X-Test\"`"),
            (
                "X-T\u{e9}st",
                "`\u{e9}` is not allowed in the header name `X-T\u{e9}st`",
            ),
        ] {
            assert_eq!(HeaderName::parse(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn words() {
        let word = |word: &str, text: &str| Matcher::Word(word.to_owned()).matches(text);
        assert!(word("contoso", "by Contoso, Ltd"));
        assert!(word("vendor.com", "x@mail.vendor.com"));
        assert!(word("vendor.com", "x@vendor.com.evil.net"));
        assert!(!word("contoso", "Acontoso contosoa"));
        assert!(!word("vendorsim", "vendorsim1"));
        assert!(!word("vend*", "vendor"));
        assert!(word("a a", "xa a a"));
        assert!(!word("", "anything"));
    }

    #[test]
    fn implications() {
        let word = |text: &str| Matcher::Word(text.to_owned());
        let part = |text: &str| Matcher::Contains(text.to_owned());
        let pattern = |text: &str| Matcher::Pattern(Pattern::parse(text).unwrap());
        assert!(Matcher::Equals("red fox".to_owned()).implies(&word("FOX")));
        assert!(word("red fox").implies(&word("fox")));
        assert!(!word("red foxes").implies(&word("fox")));
        assert!(word("foxes").implies(&part("fox")));
        assert!(part("a fox b").implies(&word("fox")));
        assert!(!part("fox").implies(&word("fox")));
        assert!(part("foxes").implies(&pattern("fox+")));
        assert!(!part("foxes").implies(&pattern("^fox")));
        assert!(pattern("^foxes$").implies(&part("fox")));
        assert!(!pattern("fox|hen").implies(&part("fox")));
        assert!(word("fox").implies(&pattern(".*")));
    }
}
