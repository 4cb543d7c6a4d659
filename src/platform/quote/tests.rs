//! Whatever the text is, a reader of the language gets it back, and sees nothing else.

use proptest::prelude::*;

use super::*;

/// Text that breaks things.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'; Remove-Mailbox *".to_owned()),
        Just("$(Get-Date)`n`\"".to_owned()),
        Just("\u{2018}\u{2019}\u{201a}\u{201b}".to_owned()),
        Just("\r\n# ".to_owned()),
        Just("\u{202e}moc\u{2069}\u{200b}\u{feff}".to_owned()),
        Just("-Force".to_owned()),
        Just("=cmd|'/c calc'!A1".to_owned()),
        Just("@'\n'@\"".to_owned()),
        Just("]]></a>&#x0;".to_owned()),
        Just("'".to_owned()),
        Just("\u{0}\u{1}\t\u{7f}\u{85}\u{2028}".to_owned()),
        Just("Über 漢字 😀 e\u{301}".to_owned()),
        "[ -~]{0,6}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// What `PowerShell` makes of an expression of ours.
fn evaluated(script: &str) -> String {
    let inner = script.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let mut units: Vec<u16> = Vec::new();
    let mut rest = inner.unwrap_or(script);
    let mut first = true;
    while !rest.is_empty() {
        if let Some(code) = rest.strip_prefix("[char]0x") {
            assert!(!first, "starts with a character: {script}");
            let end = code.find(' ').unwrap_or(code.len());
            units.push(u16::from_str_radix(&code[..end], 16).unwrap());
            rest = &code[end..];
        } else {
            let quoted = rest.strip_prefix('\'').unwrap();
            let mut at = 0;
            loop {
                let end = at + quoted[at..].find('\'').unwrap();
                units.extend(quoted[at..end].encode_utf16());
                at = end + 1;
                if !quoted[at..].starts_with('\'') {
                    break;
                }
                units.push(u16::from(b'\''));
                at += 1;
            }
            rest = &quoted[at..];
        }
        first = false;
        rest = rest.strip_prefix(" + ").unwrap_or(rest);
    }
    String::from_utf16(&units).unwrap()
}

/// What a shell makes of one word of ours.
fn word(script: &str) -> String {
    let mut word = String::new();
    let mut chars = script.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => word.extend(chars.by_ref().take_while(|c| *c != '\'')),
            '\\' => word.extend(chars.next()),
            c => panic!("`{c}` is bare in {script}"),
        }
    }
    word
}

fn unescaped(xml: &str) -> String {
    let mut text = String::new();
    let mut rest = xml;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let (name, after) = rest[at + 1..].split_once(';').unwrap();
        text.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            code => char::from_u32(u32::from_str_radix(code.strip_prefix("#x").unwrap(), 16).unwrap()).unwrap(),
        });
        rest = after;
    }
    text + rest
}

#[test]
fn strings_look_as_they_are() {
    for (text, script) in [
        ("", "''"),
        ("plain", "'plain'"),
        ("'; Remove-Mailbox *", "'''; Remove-Mailbox *'"),
        ("$(x) `n", "'$(x) `n'"),
        ("a\u{202e}b", "('a' + [char]0x202E + 'b')"),
        ("\u{2019}", "('' + [char]0x2019)"),
        ("\n\u{1f600}", "('' + [char]0xA + [char]0xD83D + [char]0xDE00)"),
    ] {
        assert_eq!(powershell(text), script);
    }
    assert_eq!(comment("a\n\u{202e}é"), "# a\\u{a}\\u{202e}\\u{e9}");
    assert_eq!(shell("a'b").unwrap(), r"'a'\''b'");
    assert_eq!(shell("\0"), None);
    assert_eq!(json("ü\u{202e}\"\n"), "\"ü\\u202e\\\"\\u000a\"");
    assert_eq!(
        xml("<a b='\u{202e}'>\n").unwrap(),
        "&lt;a b=&apos;&#x202E;&apos;&gt;&#xA;"
    );
    assert_eq!(xml("\u{1}"), None);
}

#[test]
fn cells_are_no_formulas_and_come_back() {
    for (value, cell) in [
        ("192.0.2.1", "192.0.2.1"),
        ("=1+1", "'=1+1"),
        ("@contoso.example", "'@contoso.example"),
        ("-1", "-1"),
        ("-1+cmd", "'-1+cmd"),
        ("'=1", "''=1"),
        ("'a", "'a"),
        ("a,\"b\"\n", "\"a,\"\"b\"\"\n\""),
    ] {
        assert_eq!(csv_cell(value), cell, "{value}");
    }
    assert_eq!(csv_row([""]), "\"\"\r\n");
}

proptest! {
    #[test]
    fn powershell_reads_it_back(text in hostile()) {
        let script = powershell(&text);
        prop_assert!(script.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(evaluated(&script), text);
    }

    #[test]
    fn a_comment_stays_a_comment(text in hostile()) {
        let line = comment(&text);
        prop_assert!(line.starts_with("# ") && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn a_shell_reads_it_back(text in hostile()) {
        match shell(&text) {
            Some(script) => prop_assert_eq!(word(&script), text),
            None => prop_assert!(text.contains('\0')),
        }
    }

    #[test]
    fn json_reads_it_back(text in hostile()) {
        prop_assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
    }

    #[test]
    fn xml_reads_it_back(text in hostile()) {
        if let Some(xml) = xml(&text) {
            let bare = xml.contains(['<', '>', '"', '\'', '\n', '\u{202e}']);
            prop_assert!(!bare, "{}", xml);
            prop_assert_eq!(unescaped(&xml), text);
        }
    }

    #[test]
    fn csv_reads_it_back(rows in proptest::collection::vec(proptest::collection::vec(hostile(), 1..4), 0..4)) {
        let table: String = rows.iter().map(|row| csv_row(row.iter().map(String::as_str))).collect();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(table.as_bytes());
        let read: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        for cell in read.iter().flatten() {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']) || cell.parse::<i64>().is_ok(), "{cell:?}");
        }
        let values: Vec<Vec<&str>> = read.iter().map(|row| row.iter().map(|cell| csv_value(cell)).collect()).collect();
        prop_assert_eq!(values, rows);
    }
}
