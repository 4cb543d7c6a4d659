//! The escapes of JSON strings: what one stands for and where it is wrong.

use std::borrow::Cow;

/// What an escape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// A character, and how many bytes the escape takes with its backslash.
    Char(char, usize),
    /// Half of a surrogate pair; the escape takes six bytes.
    Half,
    /// Nothing JSON knows.
    Unknown,
}

/// Reads the escape at the start of `rest`, which starts with a backslash.
pub(super) fn read(rest: &[u8]) -> Escape {
    let char = match rest.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return read_unicode(rest),
        _ => return Escape::Unknown,
    };
    Escape::Char(char, 2)
}

fn read_unicode(rest: &[u8]) -> Escape {
    let Some(unit) = unit(rest) else { return Escape::Unknown };
    if let Some(char) = char::from_u32(unit) {
        return Escape::Char(char, 6);
    }
    let low = rest
        .get(6..)
        .and_then(self::unit)
        .filter(|low| (0xDC00..0xE000).contains(low));
    match low {
        Some(low) if unit < 0xDC00 => {
            let char = char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            char.map_or(Escape::Half, |char| Escape::Char(char, 12))
        }
        _ => Escape::Half,
    }
}

/// The number of `\uXXXX`.
fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits
        .iter()
        .try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

/// The value of a string, given what stands between its quotes. Half a surrogate pair becomes U+FFFD and an unknown
/// escape stays as it is; the parser has reported either.
pub(super) fn unescape(inner: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Cow::Borrowed(inner);
    };
    let mut value = String::with_capacity(inner.len());
    let (plain, mut rest) = inner.split_at(first);
    value.push_str(plain);
    while !rest.is_empty() {
        let taken = match read(rest.as_bytes()) {
            Escape::Char(char, taken) => {
                value.push(char);
                taken
            }
            Escape::Half => {
                value.push(char::REPLACEMENT_CHARACTER);
                6
            }
            Escape::Unknown => {
                value.push('\\');
                1
            }
        };
        rest = rest.get(taken..).unwrap_or("");
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        value.push_str(rest.get(..plain).unwrap_or(""));
        rest = rest.get(plain..).unwrap_or("");
    }
    Cow::Owned(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_characters() {
        for (inner, value) in [
            ("plain", "plain"),
            (r"\/Date(1777880642000)\/", "/Date(1777880642000)/"),
            (r#"a\"b\\c\b\f\n\r\t"#, "a\"b\\c\u{8}\u{c}\n\r\t"),
            (r"u0027 \u0027\u00e9\u00E9", "u0027 'éé"),
            (r"\ud83d\ude00!", "😀!"),
        ] {
            assert_eq!(unescape(inner), value);
        }
    }

    #[test]
    fn wrong_escapes_lose_nothing_around_them() {
        for (inner, value) in [
            (r"a\ud83db", "a\u{FFFD}b"),
            (r"a\ude00\ud83d", "a\u{FFFD}\u{FFFD}"),
            (r"a\ud83d\ud83d\ude00", "a\u{FFFD}😀"),
            (r"a\qb\u12x", "a\\qb\\u12x"),
            (r"\ué€", "\\ué€"),
            ("\\", "\\"),
        ] {
            assert_eq!(unescape(inner), value);
        }
    }
}
