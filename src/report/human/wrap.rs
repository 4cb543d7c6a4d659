//! Breaking sentences into lines, at spaces only: a value in backticks can be copied in one piece.

/// Longest text shown of one message, help or label; exports may hold names of any length.
const MAX_TEXT: usize = 1000;

/// Longest quoted text that is kept on one line.
const MAX_QUOTED: usize = 60;

/// Cuts what is unreasonably long.
pub(super) fn clip(text: &str, max: usize, ellipsis: &str) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => [text.get(..at).unwrap_or_default(), ellipsis].concat(),
        None => text.to_owned(),
    }
}

/// Lines of at most `width` characters, unless a single word is longer.
pub(super) fn wrap(text: &str, width: usize, ellipsis: &str) -> Vec<String> {
    let text = clip(text.trim_end(), MAX_TEXT, ellipsis);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in words(paragraph) {
            let n_chars = word.chars().count();
            if used > 0 && used + 1 + n_chars > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += n_chars;
        }
        lines.push(line);
    }
    lines
}

/// Splits at spaces that do not stand between backticks.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            ('`', None) => quote = Some(at),
            ('`', Some(_)) => quote = None,
            (' ', Some(from)) if at - from <= MAX_QUOTED => {}
            (' ', _) => {
                quote = None;
                words.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(text.get(start..).unwrap_or_default());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_keeps_quotes_whole() {
        let text = "add the range; see `allowaudit explain broad-allow`";
        assert_eq!(
            wrap(text, 30, "…"),
            ["add the range; see", "`allowaudit explain broad-allow`"]
        );
        assert_eq!(wrap("one two", 80, "…"), ["one two"]);
        assert_eq!(wrap("a\nb", 80, "…"), ["a", "b"]);
        assert_eq!(wrap("", 80, "…"), [""]);
    }

    #[test]
    fn a_quote_that_never_ends_does_not_stop_the_breaking() {
        let text = format!("`{}", "word ".repeat(100));
        assert!(wrap(&text, 40, "…").iter().all(|line| line.len() <= 100));
    }

    #[test]
    fn no_text_is_endless() {
        assert_eq!(wrap(&"x".repeat(5000), 80, "…").concat().chars().count(), MAX_TEXT + 1);
    }
}
