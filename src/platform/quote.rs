//! Text in the languages of those who carry changes out, so that it means itself and nothing more.
//!
//! Names and values come from exports and are hostile: a rule may be called `'; Remove-Mailbox *`. Whatever is not
//! plainly readable is written as a code, so that nothing hides, turns around or ends a line, and is still exact.

use std::fmt::Write as _;

/// Whether a character is what it looks like, everywhere: a printable one of ASCII, or a letter or digit of another
/// script. Marks, controls, spaces of other widths and what turns the direction around are not.
fn is_plain(c: char) -> bool {
    // Letters that show nothing: the fillers of Hangul.
    const BLANK: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];
    c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && c.is_alphanumeric() && !BLANK.contains(&c))
}

/// A string of `PowerShell`: in single quotes, in which only quotes mean anything.
///
/// `PowerShell` takes U+2018 to U+201B for single quotes too, and Windows `PowerShell` reads a file without a mark in
/// the code page of the country. So all that is not printable ASCII is a code: `('a' + [char]0x202E + 'b')`.
pub fn powershell(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return single_quoted(text);
    }
    // The first term is a string, whatever comes, so that all that is added to it is text.
    let mut terms = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        if c.is_ascii_graphic() || c == ' ' {
            plain.push(c);
            continue;
        }
        if !plain.is_empty() || terms.is_empty() {
            terms.push(single_quoted(&plain));
            plain.clear();
        }
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units);
        terms.extend(units.iter().map(|unit| format!("[char]0x{unit:X}")));
    }
    if !plain.is_empty() {
        terms.push(single_quoted(&plain));
    }
    format!("({})", terms.join(" + "))
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A comment of a line that starts with `#`: one line of printable ASCII, whatever the text is. It is for reading only.
pub fn comment(text: &str) -> String {
    let mut out = String::from("# ");
    for c in text.chars() {
        if c.is_ascii_graphic() || c == ' ' {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    out
}

/// A word of a POSIX shell: in single quotes, in which nothing means anything. None if it holds a NUL, which no argument
/// of a program can.
pub fn shell(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| format!("'{}'", text.replace('\'', r"'\''")))
}

/// A string of JSON with its quotes; what is not plainly readable is escaped.
pub fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_plain(c) => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// Text of XML, also between the quotes of an attribute. None if it holds what XML 1.0 has no way to write.
pub fn xml(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if is_plain(c) => out.push(c),
            // XML 1.0, production 2: of the controls below the space only these.
            c if (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}') => return None,
            c => {
                let _ = write!(out, "&#x{:X};", u32::from(c));
            }
        }
    }
    Some(out)
}

/// A row of CSV with its line end (RFC 4180), safe to open in a spreadsheet.
pub fn csv_row<'t>(cells: impl IntoIterator<Item = &'t str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(csv_cell).collect();
    // A row of one empty cell would be an empty line, and a reader passes over it.
    if cells == [""] {
        return "\"\"\r\n".to_owned();
    }
    format!("{}\r\n", cells.join(","))
}

fn csv_cell(text: &str) -> String {
    let guarded = if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    let quoted = guarded.contains(['"', ',', '\r', '\n']) || guarded.starts_with(' ') || guarded.ends_with(' ');
    if quoted {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// The value of a cell that [`csv_row`] wrote, from what a reader of CSV makes of it.
///
/// A spreadsheet takes a cell that starts with `=`, `+`, `-`, `@`, a tab or a line end for a formula, unless it is a
/// number. Such a cell gets an apostrophe in front; so does one that starts with apostrophes before such a character, so
/// that taking one apostrophe away gives back every value there is.
pub fn csv_value(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(value) if is_formula(value) => value,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    let inner = text.trim_start_matches('\'');
    let starts = inner.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    starts && inner.parse::<i64>().is_err()
}

#[cfg(test)]
mod tests;
