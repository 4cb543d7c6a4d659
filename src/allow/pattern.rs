//! Patterns: a small dialect of regular expressions, read by a parser of our own.
//!
//! The dialect is `\S \s \D \d \w \W | * + ? ( ) . ^ $ [ ] {n} {n,m}` and escaped punctuation;
//! a pattern is searched for anywhere in a text, without regard to case. What other engines
//! know beyond that is refused rather than guessed at, since the same characters mean
//! different things in different engines.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::header::{fold, folded};

/// A pattern of the dialect.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    pub(super) branches: Arc<[Vec<Piece>]>,
    regex: Regex,
}

/// Why a pattern is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// What stands in the way; a clause without a final stop.
    pub reason: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unsupported {}

fn unsupported<T>(reason: impl Into<String>) -> Result<T, Unsupported> {
    Err(Unsupported { reason: reason.into() })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Start,
    End,
    Literal(char),
    /// A dot.
    Any,
    /// `\S` and its kin; the letter.
    Kind(char),
    Class {
        negated: bool,
        items: Vec<Item>,
    },
    Group(Vec<Vec<Piece>>),
    Repeat {
        piece: Box<Piece>,
        least: u32,
        most: Option<u32>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Range(char, char),
    Kind(char),
}

impl Pattern {
    /// Longer patterns are refused.
    pub const MAX_CHARS: usize = 1_024;
    const MAX_REPEAT: u32 = 256;
    const MAX_DEPTH: usize = 32;

    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, Unsupported> {
        if text.chars().count() > Self::MAX_CHARS {
            return unsupported(format!("the pattern is longer than {} characters", Self::MAX_CHARS));
        }
        let mut chars = text.chars().peekable();
        let branches = parse_branches(&mut chars, 0)?;
        if chars.next().is_some() {
            return unsupported("a `)` has no `(`");
        }
        let mut translated = String::new();
        write_branches(&branches, &mut translated);
        let regex = RegexBuilder::new(&translated)
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
            .map_err(|_| Unsupported {
                reason: "the pattern is too large to evaluate".to_owned(),
            })?;
        Ok(Self {
            text: text.to_owned(),
            branches: branches.into(),
            regex,
        })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern is found in a text.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(&folded(text))
    }

    /// Whether a match inside a part of a text is a match of the text.
    pub(super) fn is_free(&self) -> bool {
        self.has_none(&[Piece::Start, Piece::End])
    }

    /// Whether a match inside the end of a text is a match of the text.
    pub(super) fn is_free_before(&self) -> bool {
        self.has_none(&[Piece::Start])
    }

    fn has_none(&self, bounds: &[Piece]) -> bool {
        fn lacks(piece: &Piece, bounds: &[Piece]) -> bool {
            match piece {
                Piece::Group(branches) => branches.iter().flatten().all(|piece| lacks(piece, bounds)),
                Piece::Repeat { piece, .. } => lacks(piece, bounds),
                _ => !bounds.contains(piece),
            }
        }
        self.branches.iter().flatten().all(|piece| lacks(piece, bounds))
    }

    /// Literal texts, in lower case, that each match contains.
    pub(super) fn literal_runs(&self) -> Vec<String> {
        let [pieces] = &*self.branches else { return Vec::new() };
        let mut runs = vec![String::new()];
        for piece in pieces {
            match (piece, runs.last_mut()) {
                (Piece::Literal(c), Some(run)) => run.push(fold(*c)),
                _ => runs.push(String::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    /// A few texts that match, shortest choices first.
    pub(super) fn samples(&self) -> Vec<String> {
        const N_TRIES: usize = 8;
        let mut samples = Vec::new();
        for choice in 0..N_TRIES {
            let mut sample = String::new();
            sample_branches(&self.branches, choice, &mut sample);
            if self.matches(&sample) && !samples.contains(&sample) {
                samples.push(sample);
            }
        }
        samples
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse_branches(chars: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Vec<Vec<Piece>>, Unsupported> {
    if depth > Pattern::MAX_DEPTH {
        return unsupported("groups are nested too deep");
    }
    let mut branches = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    while let Some(c) = chars.next_if(|c| *c != ')') {
        let piece = match c {
            '|' => {
                branches.push(std::mem::take(&mut pieces));
                continue;
            }
            '^' => Piece::Start,
            '$' => Piece::End,
            '.' => Piece::Any,
            '(' => parse_group(chars, depth)?,
            '[' => parse_class(chars)?,
            '\\' => match parse_escape(chars.next())? {
                Item::Kind(letter) => Piece::Kind(letter),
                Item::Range(c, _) => Piece::Literal(c),
            },
            '*' | '+' | '?' | '{' => {
                let (least, most) = parse_count(c, chars)?;
                match pieces.pop() {
                    None | Some(Piece::Start | Piece::End) => {
                        return unsupported(format!("nothing stands before `{c}`"));
                    }
                    Some(Piece::Repeat { .. }) if c == '?' => return unsupported("a lazy quantifier is used"),
                    Some(Piece::Repeat { .. }) => return unsupported("a quantifier follows a quantifier"),
                    Some(piece) => Piece::Repeat {
                        piece: Box::new(piece),
                        least,
                        most,
                    },
                }
            }
            _ => Piece::Literal(c),
        };
        pieces.push(piece);
    }
    branches.push(pieces);
    Ok(branches)
}

fn parse_group(chars: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Piece, Unsupported> {
    if chars.next_if_eq(&'?').is_some() {
        return unsupported("a `(?` group is used, such as look-around or an option");
    }
    let branches = parse_branches(chars, depth + 1)?;
    match chars.next() {
        Some(_) => Ok(Piece::Group(branches)),
        None => unsupported("a `(` is not closed"),
    }
}

fn parse_escape(c: Option<char>) -> Result<Item, Unsupported> {
    match c {
        None => unsupported("the pattern ends in a `\\`"),
        Some(c @ ('s' | 'S' | 'd' | 'D' | 'w' | 'W')) => Ok(Item::Kind(c)),
        Some(c @ '1'..='9') => unsupported(format!("a backreference `\\{c}` is used")),
        Some(c) if c.is_alphanumeric() => unsupported(format!("the escape `\\{c}` is used")),
        Some(c) => Ok(Item::Range(c, c)),
    }
}

fn parse_class(chars: &mut Peekable<Chars<'_>>) -> Result<Piece, Unsupported> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut items = Vec::new();
    loop {
        let item = match chars.next() {
            None => return unsupported("a `[` is not closed"),
            Some(']') if items.is_empty() => return unsupported("a class is empty or starts with `]`"),
            Some(']') => return Ok(Piece::Class { negated, items }),
            Some('\\') => parse_escape(chars.next())?,
            Some('-') if chars.peek() == Some(&'[') => {
                return unsupported("a class is subtracted from a class");
            }
            Some('[') if matches!(chars.peek(), Some(':' | '.' | '=')) => {
                return unsupported("a named class is used");
            }
            Some(c) => Item::Range(c, c),
        };
        let Item::Range(first, _) = item else {
            items.push(item);
            continue;
        };
        // A dash is a range unless it is the last character of the class.
        let mut ahead = chars.clone();
        if ahead.next() != Some('-') || matches!(ahead.peek(), None | Some(']')) {
            items.push(item);
            continue;
        }
        chars.next();
        let last = match chars.next() {
            Some('[') => return unsupported("a class is subtracted from a class"),
            Some('\\') => match parse_escape(chars.next())? {
                Item::Range(c, _) => c,
                Item::Kind(_) => return unsupported("a range ends in a class"),
            },
            Some(c) => c,
            None => return unsupported("a `[` is not closed"),
        };
        if first > last {
            return unsupported(format!("the range `{first}-{last}` is reversed"));
        }
        items.push(Item::Range(first, last));
    }
}

fn parse_count(c: char, chars: &mut Peekable<Chars<'_>>) -> Result<(u32, Option<u32>), Unsupported> {
    match c {
        '*' => return Ok((0, None)),
        '+' => return Ok((1, None)),
        '?' => return Ok((0, Some(1))),
        _ => {}
    }
    let mut inner = String::new();
    loop {
        match chars.next() {
            Some('}') => break,
            Some(c) if c.is_ascii_digit() || c == ',' => inner.push(c),
            _ => return unsupported("a `{` does not start a count"),
        }
    }
    let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
    match (least.parse::<u32>(), most.parse::<u32>()) {
        (Ok(least), Ok(most)) if least <= most && most <= Pattern::MAX_REPEAT => Ok((least, Some(most))),
        _ => unsupported(format!("the count `{{{inner}}}` is not evaluated")),
    }
}

fn write_branches(branches: &[Vec<Piece>], out: &mut String) {
    for (n, pieces) in branches.iter().enumerate() {
        if n > 0 {
            out.push('|');
        }
        for piece in pieces {
            write_piece(piece, out);
        }
    }
}

fn write_piece(piece: &Piece, out: &mut String) {
    match piece {
        Piece::Start => out.push('^'),
        Piece::End => out.push('$'),
        Piece::Literal(c) => write_literal(fold(*c), out),
        Piece::Any => out.push('.'),
        Piece::Kind(letter) => out.extend(['\\', *letter]),
        Piece::Class { negated, items } => {
            out.push_str(if *negated { "[^" } else { "[" });
            for item in items {
                match item {
                    Item::Kind(letter) => out.extend(['\\', *letter]),
                    Item::Range(c, last) if c == last => write_literal(fold(*c), out),
                    Item::Range(first, last) => {
                        write_literal(*first, out);
                        out.push('-');
                        write_literal(*last, out);
                    }
                }
            }
            out.push(']');
        }
        Piece::Group(branches) => {
            out.push_str("(?:");
            write_branches(branches, out);
            out.push(')');
        }
        Piece::Repeat { piece, least, most } => {
            write_piece(piece, out);
            let most = most.map_or(String::new(), |most| most.to_string());
            out.extend(["{", &least.to_string(), ",", &most, "}"]);
        }
    }
}

fn write_literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

fn sample_branches(branches: &[Vec<Piece>], choice: usize, out: &mut String) {
    let pieces = branches.get(choice % branches.len().max(1));
    for piece in pieces.into_iter().flatten() {
        sample_piece(piece, choice, out);
    }
}

fn sample_piece(piece: &Piece, choice: usize, out: &mut String) {
    /// What a class is tried on, in order of how well it reads.
    const TRIED: &str = "abcdefghijklmnopqrstuvwxyz0123456789 -_.@:;,/+=()[]<>!?#$%&*'\"\\|~^`{}";
    let mut try_class = |fits: &dyn Fn(char) -> bool| {
        let fitting: Vec<char> = TRIED.chars().filter(|c| fits(*c)).take(choice + 1).collect();
        out.extend(fitting.last());
    };
    match piece {
        Piece::Start | Piece::End => {}
        Piece::Literal(c) => out.push(*c),
        Piece::Any => try_class(&|_| true),
        Piece::Kind(letter) => try_class(&|c| is_kind(*letter, c)),
        Piece::Class { negated, items } => {
            let holds = |item: &Item, c: char| match item {
                Item::Range(first, last) => {
                    (*first..=*last).contains(&c) || (*first..=*last).contains(&c.to_ascii_uppercase())
                }
                Item::Kind(letter) => is_kind(*letter, c),
            };
            // A class of other characters than those tried is represented by its first.
            match items.first() {
                Some(Item::Range(first, _))
                    if !negated && !TRIED.chars().any(|c| items.iter().any(|item| holds(item, c))) =>
                {
                    out.push(*first);
                }
                _ => try_class(&|c| items.iter().any(|item| holds(item, c)) != *negated),
            }
        }
        Piece::Group(branches) => sample_branches(branches, choice, out),
        Piece::Repeat { piece, least, most } => {
            let wished = least.saturating_add(u32::try_from(choice % 3).unwrap_or(0));
            for _ in 0..most.map_or(wished, |most| most.min(wished)) {
                sample_piece(piece, choice, out);
            }
        }
    }
}

fn is_kind(letter: char, c: char) -> bool {
    let holds = match letter.to_ascii_lowercase() {
        's' => c.is_whitespace(),
        'd' => c.is_ascii_digit(),
        _ => c.is_alphanumeric() || c == '_',
    };
    holds == letter.is_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn matching() {
        for (text, value, found) in [
            (r"acme\.com$", "Bob@ACME.com", true),
            (r"acme\.com$", "bob@acme.com.evil.test", false),
            (r"acme\.com", "bob@acme.com.evil.test", true),
            (r"^(a|b)+\d{2}$", "abba07", true),
            (r"^[a-c\d_.-]*$", "a-1_.", true),
            (r"[^a-z]", "abc", false),
            (r"a{2,3}b", "ab", false),
            (r"^[[&&]+$", "&[&", true),
            (r"\S\s\D\w\W", "a bc!", true),
            ("", "anything", true),
        ] {
            assert_eq!(pattern(text).matches(value), found, "{text} in {value}");
        }
    }

    #[test]
    fn refusals() {
        let deep = "(".repeat(40);
        let long = "a".repeat(Pattern::MAX_CHARS + 1);
        for (text, reason) in [
            ("(?=a)", "a `(?` group is used, such as look-around or an option"),
            ("(?i)a", "a `(?` group is used, such as look-around or an option"),
            (r"(a)\1", r"a backreference `\1` is used"),
            (r"\bacme", r"the escape `\b` is used"),
            ("a+?", "a lazy quantifier is used"),
            ("a++", "a quantifier follows a quantifier"),
            ("[a-z-[aeiou]]", "a class is subtracted from a class"),
            ("[[:alpha:]]", "a named class is used"),
            ("[]a]", "a class is empty or starts with `]`"),
            ("[z-a]", "the range `z-a` is reversed"),
            ("[a", "a `[` is not closed"),
            ("a{2,}", "the count `{2,}` is not evaluated"),
            ("a{x}", "a `{` does not start a count"),
            ("*.acme.com", "nothing stands before `*`"),
            ("(a", "a `(` is not closed"),
            ("a)", "a `)` has no `(`"),
            ("a\\", "the pattern ends in a `\\`"),
            (&deep, "groups are nested too deep"),
            (&long, "the pattern is longer than 1024 characters"),
            ("((a{200}){200}){200}", "the pattern is too large to evaluate"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn samples_match() {
        for text in [
            r"^\d{3}-[^a-z]$",
            r"(a|b)c*$",
            r"[A-C]+\.",
            r"\S+@\S+",
            "\u{e9}[\u{e0}-\u{e9}]",
        ] {
            let pattern = pattern(text);
            assert!(!pattern.samples().is_empty(), "{text}");
            assert!(pattern.samples().iter().all(|sample| pattern.matches(sample)), "{text}");
        }
    }
}
