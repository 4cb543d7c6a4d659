//! Making untrusted text safe to show: what a terminal obeys or an eye cannot see becomes a visible escape.
//!
//! Every renderer sends messages, labels, object names and source text through here.
//! The escapes of a particular format (HTML, CSV, JSON) come on top and are not known here.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character could act on a terminal, reorder the text around it, or hide.
///
/// Controls (tab and line feed too), bidirectional marks, zero-width and invisible characters, separators of
/// lines and paragraphs, byte order marks, tags.
pub const fn is_hazardous(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Text for one line: tabs and line feeds are escaped too.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Text for several lines: tabs and line feeds stay, and the carriage return of a line end goes.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(escape(&text.replace("\r\n", "\n"), is_layout).into_owned())
    } else {
        escape(text, is_layout)
    }
}

/// Appends one character the way [`line()`] shows it.
pub fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hazardous(c) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

const fn is_layout(c: char) -> bool {
    matches!(c, '\n' | '\t')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_hazardous(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if keep(c) {
            out.push(c);
        } else {
            push(&mut out, c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_becomes_visible() {
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("x\u{9b}31m\u{7f}"), "x\\u{9b}31m\\u{7f}");
        assert_eq!(line("\u{202e}moc.live\u{2069}"), "\\u{202e}moc.live\\u{2069}");
        assert_eq!(line("a\u{200b}b\u{feff}\u{2028}"), "a\\u{200b}b\\u{feff}\\u{2028}");
        assert_eq!(line("a\tb\nc\r"), "a\\tb\\nc\\r");
        assert_eq!(line("\u{200e}\u{200f}\u{61c}"), "\\u{200e}\\u{200f}\\u{61c}");
    }

    #[test]
    fn the_rest_is_left_alone() {
        for plain in ["", "Über ✓ 漢字 🎣", "a \\ b", "e\u{301}"] {
            assert!(matches!(line(plain), Cow::Borrowed(same) if same == plain));
        }
    }

    #[test]
    fn several_lines_keep_their_layout() {
        assert_eq!(text("a\r\n\tb\rc\u{0}"), "a\n\tb\\rc\\u{0}");
    }

    #[test]
    fn nothing_hazardous_is_left() {
        for c in ('\u{0}'..=char::MAX).filter(|&c| is_hazardous(c)) {
            let shown = line(c.encode_utf8(&mut [0; 4])).into_owned();
            assert!(!shown.chars().any(is_hazardous), "{shown}");
        }
    }
}
