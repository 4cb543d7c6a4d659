//! What is said about mistakes, and which of them cost only themselves.

use super::parser::{MAX_DEPTH, Parser, Stop};
use crate::document::tape::{Kind, Slot, at};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::Span;

/// More mistakes than this are only counted.
const SHOWN: usize = 100;

const CUT_OFF: &str = "the file looks cut off; export it again";

impl Parser<'_> {
    /// Something like a word that is no value: it costs this value alone, unless the text ends with it or is only it.
    #[cold]
    pub(super) fn bad_word(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let rest = self.text.get(start..).unwrap_or("");
        let len = rest.find(|char: char| !char.is_alphanumeric() && !"_+-.".contains(char));
        let len = len.unwrap_or(rest.len());
        let end = start + len;
        if end == self.bytes.len() && !self.open.is_empty() {
            // It may be the beginning of a longer one.
            self.pos = end;
            return Err(self.early_end());
        }
        let word = rest.get(..len).unwrap_or("");
        let message = format!("`{}` is no JSON value", shown(word));
        let help = match word.to_ascii_lowercase().as_str() {
            "true" | "false" | "null" => Some("JSON writes `true`, `false` and `null` in lower case"),
            "nan" | "infinity" | "-infinity" | "none" | "undefined" | "nil" => Some("JSON has only `null` for this"),
            _ if number_start(word) => {
                Some("JSON numbers have no leading zero or plus sign and a digit on both sides of a point")
            }
            _ => Some("text is written in double quotes"),
        };
        if self.open.is_empty() {
            return Err(self.stop(start, end, message, "here", Some("this file is not JSON")));
        }
        self.mistake(start, end, message, "here", help);
        self.pos = end;
        self.push(Kind::Missing, 0, start);
        Ok(())
    }

    /// What stands where a value is due is none.
    #[cold]
    pub(super) fn no_value(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let byte = self.peek();
        match (byte, self.in_table) {
            _ if start >= self.bytes.len() => Err(self.early_end()),
            _ if self.open.is_empty() => Err(self.not_json()),
            (b',' | b'}', true) => {
                let key = self.tape.slots.last().copied().unwrap_or(Slot::NOTHING);
                let name = shown(key.raw(self.text).trim_matches('"'));
                let message = format!("key `{name}` has no value");
                let help = "the export is broken here; what follows is read as usual";
                self.mistake(start, start + 1, message, "a value belongs before this", Some(help));
                self.push(Kind::Missing, 0, start);
                Ok(())
            }
            (b']', false) => {
                self.mistake(
                    start,
                    start + 1,
                    "a comma with nothing after it",
                    "expected a value",
                    None,
                );
                Ok(())
            }
            (b',', false) => {
                self.mistake(
                    start,
                    start + 1,
                    "a value is lacking between commas",
                    "expected a value",
                    None,
                );
                self.push(Kind::Missing, 0, start);
                Ok(())
            }
            _ if char::from(byte).is_ascii_alphanumeric() || b"+._".contains(&byte) => self.bad_word(),
            _ => {
                let (end, found) = self.found();
                let help = match byte {
                    b'\'' => Some("JSON strings take double quotes"),
                    b'/' | b'#' => Some("JSON has no comments"),
                    _ => None,
                };
                Err(self.stop(start, end, format!("expected a value, found `{found}`"), "here", help))
            }
        }
    }

    #[cold]
    pub(super) fn no_key(&mut self) -> Result<bool, Stop> {
        let start = self.pos;
        if start >= self.bytes.len() {
            return Err(self.early_end());
        }
        let follows_comma = self
            .open
            .last()
            .is_some_and(|&table| table as usize + 1 < self.tape.slots.len());
        if self.peek() == b'}' && follows_comma {
            self.mistake(
                start,
                start + 1,
                "a comma with nothing after it",
                "expected a key",
                None,
            );
            return Ok(false);
        }
        let (end, found) = self.found();
        let help = match self.peek() {
            b'/' | b'#' => "JSON has no comments",
            _ => "keys are written in double quotes",
        };
        Err(self.stop(
            start,
            end,
            format!("expected a key, found `{found}`"),
            "here",
            Some(help),
        ))
    }

    #[cold]
    pub(super) fn no_colon(&mut self, start: usize, end: usize) -> Stop {
        if self.pos >= self.bytes.len() {
            return self.early_end();
        }
        let (here, found) = self.found();
        let problem = unreadable(
            self.span(self.pos, here),
            format!("expected `:` after a key, found `{found}`"),
            "here",
        );
        self.problems.push(problem.also(self.span(start, end), "the key"));
        Stop
    }

    #[cold]
    pub(super) fn no_end_of_value(&mut self) -> Stop {
        if self.pos >= self.bytes.len() {
            return self.early_end();
        }
        let (what, close) = if self.in_table { ("table", '}') } else { ("list", ']') };
        let (end, found) = self.found();
        let message = format!("expected `,` or `{close}`, found `{found}`");
        let opened = self.opened();
        let problem = unreadable(self.span(self.pos, end), message, "here");
        self.problems.push(problem.also(opened, format!("in this {what}")));
        Stop
    }

    #[cold]
    pub(super) fn trailing(&mut self) -> Result<(), Stop> {
        self.skip_space();
        if self.pos >= self.bytes.len() {
            return Ok(());
        }
        let (end, found) = self.found();
        let message = format!("expected the end of the file, found `{found}`");
        let help = "one JSON file holds one value";
        Err(self.stop(self.pos, end, message, "the value ends before this", Some(help)))
    }

    #[cold]
    fn not_json(&mut self) -> Stop {
        let (end, found) = self.found();
        let message = format!("a JSON value does not start with `{found}`");
        self.stop(self.pos, end, message, "here", Some("this file is not JSON"))
    }

    /// The text ends where it must not.
    #[cold]
    pub(super) fn early_end(&mut self) -> Stop {
        let end = self.bytes.len();
        if self.open.is_empty() {
            let message = if end == 0 {
                "the file is empty"
            } else {
                "the file holds only white space"
            };
            return self.stop(0, end, message, "nothing to read", Some("export it again"));
        }
        let what = if self.in_table { "table" } else { "list" };
        let problem = unreadable(
            self.span(end, end),
            format!("the file ends inside a {what}"),
            "it ends here",
        );
        let opened = self.opened();
        self.problems.push(problem.also(opened, "opened here").help(CUT_OFF));
        Stop
    }

    #[cold]
    pub(super) fn unclosed(&mut self, start: usize) -> Stop {
        // An escape at the end may be right but for the cut; the longest takes 12 bytes.
        let cut = at(self.bytes.len().saturating_sub(11).max(start));
        while self
            .problems
            .pop_if(|last| last.labels.iter().all(|label| label.span.start >= cut))
            .is_some()
        {
            self.n_mistakes -= 1;
        }
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let line = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
        self.stop(
            start,
            start + line,
            "the file ends inside a string",
            "it starts here",
            Some(CUT_OFF),
        )
    }

    #[cold]
    pub(super) fn too_deep(&mut self) -> Stop {
        let message = format!("lists and tables are nested more than {MAX_DEPTH} deep");
        self.stop(self.pos, self.pos + 1, message, "this one is too deep", None)
    }

    #[cold]
    pub(super) fn half_escape(&mut self, pos: usize) {
        let message = "half of a surrogate pair in a string stands for no character";
        self.mistake(pos, pos + 6, message, "its other half is lacking", None);
    }

    #[cold]
    pub(super) fn unknown_escape(&mut self, pos: usize) {
        let end = self.after(pos + 1);
        let escape = shown(self.text.get(pos..end).unwrap_or(""));
        let message = format!("`{escape}` is no escape that JSON knows");
        let help = "a backslash itself is written `\\\\`";
        self.mistake(pos, end, message, "in this string", Some(help));
    }

    #[cold]
    pub(super) fn control(&mut self, pos: usize, byte: u8) {
        let (what, help) = match byte {
            b'\n' | b'\r' => (
                "a line break".to_owned(),
                "write it as `\\n`, or close the string before it",
            ),
            b'\t' => ("a tab".to_owned(), "write it as `\\t`"),
            _ => (format!("control character U+{byte:04X}"), "write it as an escape"),
        };
        self.mistake(pos, pos + 1, format!("{what} inside a string"), "here", Some(help));
    }

    /// The innermost open bracket.
    fn opened(&self) -> Span {
        let start = self.open.last().map_or(0, |&index| self.tape.slot(index).start);
        Span::new(self.source, start, start + 1)
    }

    /// The end of what stands at `pos`, and how to name it: a word, or one character.
    fn found(&self) -> (usize, String) {
        let rest = self.text.get(self.pos..).unwrap_or("");
        let word = rest
            .find(|char: char| !char.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let end = if word > 0 {
            self.pos + word
        } else {
            self.after(self.pos)
        };
        let text = self.text.get(self.pos..end).unwrap_or("");
        (end, shown(text))
    }

    /// The end of the character at `pos`.
    fn after(&self, pos: usize) -> usize {
        let char = self.text.get(pos..).and_then(|rest| rest.chars().next());
        pos + char.map_or(0, char::len_utf8)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, at(start), at(end.min(self.bytes.len())))
    }

    /// Reports what makes going on impossible.
    #[cold]
    fn stop(&mut self, start: usize, end: usize, message: impl Into<String>, text: &str, help: Option<&str>) -> Stop {
        let mut problem = unreadable(self.span(start, end), message, text);
        problem.help = help.map(str::to_owned);
        self.problems.push(problem);
        Stop
    }

    /// Reports what costs one value at most.
    #[cold]
    fn mistake(&mut self, start: usize, end: usize, message: impl Into<String>, text: &str, help: Option<&str>) {
        self.n_mistakes += 1;
        if self.n_mistakes <= SHOWN {
            let _ = self.stop(start, end, message, text, help);
        }
    }

    /// Tells how many mistakes were only counted.
    pub(super) fn count_unshown(&mut self) {
        if let Some(n_unshown @ 1..) = self.n_mistakes.checked_sub(SHOWN) {
            let end = self.span(self.bytes.len(), self.bytes.len());
            let message = format!("{n_unshown} more mistakes in this JSON");
            self.problems.push(unreadable(end, message, "up to here"));
        }
    }
}

fn unreadable(span: Span, message: impl Into<String>, text: &str) -> Problem {
    Problem::at(Level::Deny, ProblemKind::Unreadable, span, message, text)
}

/// User text for a message: short, and on one line.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    // Quotes stand inside backticks here, so they need no escape.
    shown.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\")
}

fn number_start(word: &str) -> bool {
    word.trim_start_matches(['+', '-', '.'])
        .starts_with(|char: char| char.is_ascii_digit())
}
