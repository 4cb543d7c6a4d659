//! Names and records as zone files write them: octets that are no printable ASCII stand as `\DDD` (RFC 1035, section
//! 5.1).
//!
//! It differs from zone files in one thing: a text stands without quotes, since whoever uses this puts it between
//! delimiters of its own. It knows nothing of files.

use std::fmt::Write as _;

use super::name::{Name, NameError};
use super::{Record, RecordType};

/// Whether an octet of a text stands for itself.
pub fn is_plain(octet: u8) -> bool {
    (octet.is_ascii_graphic() || octet == b' ') && octet != b'\\'
}

/// A text of any octets in printable ASCII.
pub fn escape(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for &octet in octets {
        if is_plain(octet) {
            text.push(char::from(octet));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{octet:03}");
        }
    }
    text
}

/// The octets of a text, each with whether it was escaped. What is no ASCII stands for its octets in UTF-8.
fn octets(text: &str) -> Result<Vec<(u8, bool)>, String> {
    let mut found = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [octet, after @ ..] = rest {
        rest = after;
        if *octet != b'\\' {
            found.push((*octet, false));
            continue;
        }
        match after {
            [first @ b'0'..=b'9', tail @ ..] => {
                let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
                let number = digits.and_then(|digits| digits.parse::<u8>().ok());
                let Some(number) = number else {
                    let shown: String = std::iter::once(first)
                        .chain(tail)
                        .take(3)
                        .map(|&o| char::from(o))
                        .collect();
                    return Err(format!(
                        "`\\{shown}` is no octet: three digits up to 255 follow a backslash"
                    ));
                };
                found.push((number, true));
                rest = after.get(3..).unwrap_or_default();
            }
            [other, tail @ ..] => {
                found.push((*other, true));
                rest = tail;
            }
            [] => return Err("the last backslash escapes nothing".to_owned()),
        }
    }
    Ok(found)
}

/// The octets that a text stands for. `\DDD` is one octet, a backslash before anything else is that itself.
///
/// # Errors
/// What is wrong with an escape.
pub fn unescape(text: &str) -> Result<Vec<u8>, String> {
    Ok(octets(text)?.into_iter().map(|(octet, _)| octet).collect())
}

/// Reads a name as [`Name`] is displayed: a dot that is escaped does not part labels.
///
/// # Errors
/// What is wrong with an escape, or why it is no name.
pub fn parse_name(text: &str) -> Result<Name, String> {
    let mut octets = octets(text)?;
    if octets.last() == Some(&(b'.', false)) {
        octets.pop();
    }
    if octets.is_empty() {
        return if text == "." {
            Ok(Name::root())
        } else {
            Err("the name is empty; the root is written `.`".to_owned())
        };
    }
    let labels: Vec<Box<[u8]>> = octets
        .split(|&part| part == (b'.', false))
        .map(|label| label.iter().map(|&(octet, _)| octet).collect())
        .collect();
    Name::of_written(labels).map_err(|error: NameError| error.to_string())
}

/// A record without its name and its type. The strings of a text stand joined.
pub fn record(record: &Record) -> String {
    match record {
        Record::A(ip) => ip.to_string(),
        Record::Aaaa(ip) => ip.to_string(),
        Record::Mx { preference, exchange } => {
            let exchange = exchange.to_string();
            // A space in front of the host would be read as one between both.
            let spaces = exchange.len() - exchange.trim_start_matches(' ').len();
            let rest = exchange.get(spaces..).unwrap_or_default();
            format!("{preference} {}{rest}", "\\032".repeat(spaces))
        }
        Record::Ptr(name) => name.to_string(),
        Record::Txt(strings) => escape(&strings.concat()),
    }
}

/// Reads a record of a type, a text as one of one string.
///
/// # Errors
/// What is wrong with it: lower-case start, no final stop.
pub fn parse_record(kind: RecordType, text: &str) -> Result<Record, String> {
    match kind {
        RecordType::A => match text.parse() {
            Ok(ip) => Ok(Record::A(ip)),
            Err(_) => Err("no IPv4 address".to_owned()),
        },
        RecordType::Aaaa => match text.parse() {
            Ok(ip) => Ok(Record::Aaaa(ip)),
            Err(_) => Err("no IPv6 address".to_owned()),
        },
        RecordType::Mx => {
            let (preference, exchange) = text.split_once(' ').unwrap_or((text, ""));
            let Ok(preference) = preference.parse() else {
                return Err("no preference and host, such as `10 mx.example.test`".to_owned());
            };
            let exchange = parse_name(exchange.trim_start())?;
            Ok(Record::Mx { preference, exchange })
        }
        RecordType::Ptr => parse_name(text).map(Record::Ptr),
        RecordType::Txt => Ok(Record::Txt(vec![unescape(text)?])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(escape(&all).bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        assert_eq!(unescape(&escape(&all)).unwrap(), all);
        let name = Name::of_labels([all[..63].into(), b"a.b".as_slice().into()]);
        assert_eq!(parse_name(&name.to_string()).unwrap(), name);
    }

    #[test]
    fn escapes_as_people_write_them() {
        assert_eq!(unescape(r#"a\"b\\c\046\.é"#).unwrap(), "a\"b\\c..é".as_bytes());
        for (wrong, why) in [
            (
                r"a\256",
                "`\\256` is no octet: three digits up to 255 follow a backslash",
            ),
            (r"a\1", "`\\1` is no octet: three digits up to 255 follow a backslash"),
            ("a\\", "the last backslash escapes nothing"),
        ] {
            assert_eq!(unescape(wrong), Err(why.to_owned()));
        }
    }

    #[test]
    fn names_with_a_dot_inside_of_a_label() {
        let name = parse_name(r"a\.b.Test.").unwrap();
        assert_eq!(name.labels().collect::<Vec<_>>(), [b"a.b".as_slice(), b"test"]);
        assert_eq!(name.to_string(), r"a\046b.test");
        assert!(parse_name(".").unwrap().is_root());
        assert_eq!(
            parse_name(""),
            Err("the name is empty; the root is written `.`".to_owned())
        );
        assert_eq!(parse_name("a..b"), Err("a label of the name is empty".to_owned()));
    }

    #[test]
    fn records() {
        for (kind, text) in [
            (RecordType::A, "192.0.2.1"),
            (RecordType::Aaaa, "2001:db8::1"),
            (RecordType::Mx, "10 mx.example.test"),
            (RecordType::Mx, "0 ."),
            (RecordType::Ptr, "mx.example.test"),
            (RecordType::Txt, "v=spf1 \\255 -all"),
        ] {
            assert_eq!(record(&parse_record(kind, text).unwrap()), text);
        }
        for (kind, text) in [
            (RecordType::A, "2001:db8::1"),
            (RecordType::Aaaa, "192.0.2.1"),
            (RecordType::Mx, "mx.example.test"),
            (RecordType::Mx, "10"),
            (RecordType::Mx, "65536 mx.example.test"),
            (RecordType::Ptr, ""),
        ] {
            assert!(parse_record(kind, text).is_err(), "{kind} {text}");
        }
    }
}
