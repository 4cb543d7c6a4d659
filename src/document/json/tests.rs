//! The tape against `serde_json`, against cuts at every byte, and mistake by mistake.

use proptest::prelude::*;
use serde_json::Value;

use crate::document::{Document, Kind, Node};
use crate::problem::{Level, ProblemKind};
use crate::source::Sources;

use super::*;

fn read(text: &str) -> (Document, Vec<Problem>) {
    parse(Sources::new().add_text("x", ""), text)
}

fn clean(text: &str) -> Document {
    let (document, problems) = read(text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    assert!(document.is_complete());
    document
}

/// Each problem as `start..end message`.
fn problems(text: &str) -> Vec<String> {
    let tell = |problem: &Problem| {
        let span = problem.labels[0].span;
        format!("{}..{} {}", span.start, span.end, problem.message)
    };
    read(text).1.iter().map(tell).collect()
}

fn value(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(node.as_bool().unwrap()),
        Kind::Number => serde_json::from_str(node.raw()).unwrap(),
        Kind::String => Value::String(node.as_str().unwrap().into_owned()),
        Kind::List => Value::Array(node.items().map(value).collect()),
        Kind::Table => Value::Object(
            node.entries()
                .map(|(key, node)| (key.name.into_owned(), value(node)))
                .collect(),
        ),
        Kind::Date | Kind::Missing => panic!("{node:?}"),
    }
}

fn everything<'a>(node: Node<'a>, found: &mut Vec<Node<'a>>) {
    found.push(node);
    for item in node.items() {
        everything(item, found);
    }
    for (_, member) in node.entries() {
        everything(member, found);
    }
}

fn all(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    everything(root, &mut found);
    found
}

#[test]
fn keys_and_values_have_their_spans() {
    let text = "{ \"a\\u0041\" : [ 1, \"x\" ],\r\n\t\"b\":{} }";
    let document = clean(text);
    let root = document.root(text);
    assert_eq!(root.raw(), text);
    let entries: Vec<_> = root.entries().collect();
    assert_eq!(entries[0].0.name, "aA");
    assert_eq!((entries[0].0.span.start, entries[0].0.span.end), (2, 11));
    assert_eq!(entries[0].1.raw(), "[ 1, \"x\" ]");
    assert_eq!(entries[1].1.raw(), "{}");
    let items: Vec<_> = entries[0].1.items().map(Node::raw).collect();
    assert_eq!(items, ["1", "\"x\""]);
    assert_eq!((root.len(), entries[0].1.len(), entries[1].1.len()), (2, 2, 0));
    assert!(entries[1].1.is_empty() && !root.is_empty());
}

#[test]
fn values_are_read_as_what_they_are() {
    let text = r#"[null, true, false, -12, 1.5, "\/Date(0)\/", 99999999999999999999]"#;
    let document = clean(text);
    let items: Vec<_> = document.root(text).items().collect();
    assert!(items[0].is_null() && items[0].as_str().is_none());
    assert_eq!((items[1].as_bool(), items[2].as_bool()), (Some(true), Some(false)));
    assert_eq!(
        (items[3].as_i64(), items[4].as_i64(), items[6].as_i64()),
        (Some(-12), None, None)
    );
    assert_eq!(items[5].as_str().unwrap(), "/Date(0)/");
    assert!(items[5].as_date().is_none() && items[5].get("x").is_none());
}

#[test]
fn look_ups_prefer_the_exact_name() {
    let text = r#"{"Enabled ": 1, "STATE": 2, "State": 3, "caf\u00e9": 4}"#;
    let (document, _) = read(text);
    let get = |name| document.root(text).get(name).and_then(Node::as_i64);
    assert_eq!(get("enabled"), Some(1));
    assert_eq!(get("State"), Some(3));
    assert_eq!(get("state"), Some(2));
    assert_eq!(get("CAFé"), Some(4));
    assert_eq!(get("stat"), None);
}

#[test]
fn nothing_to_read_is_a_problem() {
    assert_eq!(problems(""), ["0..0 the file is empty"]);
    assert_eq!(problems(" \r\n"), ["0..3 the file holds only white space"]);
    assert_eq!(problems("<x/>"), ["0..1 a JSON value does not start with `<`"]);
    assert_eq!(problems("Name,State"), ["0..4 a JSON value does not start with `Name`"]);
    for text in ["", "  ", "<x/>", "nul", "é"] {
        assert_eq!(read(text).0.root(text).kind(), Kind::Missing);
    }
}

#[test]
fn a_missing_value_costs_only_itself() {
    let text = "{\"a\": , \"b\": [1,,2], \"c\": }";
    assert_eq!(
        problems(text),
        [
            "6..7 key `a` has no value",
            "16..17 a value is lacking between commas",
            "26..27 key `c` has no value"
        ]
    );
    let (document, _) = read(text);
    assert!(document.is_complete());
    let root = document.root(text);
    let a = root.get("a").unwrap();
    assert_eq!((a.kind(), a.is_null(), a.raw()), (Kind::Missing, false, ""));
    let b: Vec<_> = root.get("b").unwrap().items().map(Node::as_i64).collect();
    assert_eq!(b, [Some(1), None, Some(2)]);
    assert_eq!(root.get("c").unwrap().kind(), Kind::Missing);
}

#[test]
fn a_misspelt_value_costs_only_itself() {
    for (text, found) in [
        ("[True, 7]", "1..5 `True` is no JSON value"),
        ("[01, 7]", "1..3 `01` is no JSON value"),
        ("[1., 7]", "1..3 `1.` is no JSON value"),
        ("[+1, 7]", "1..3 `+1` is no JSON value"),
        ("[nulls, 7]", "1..6 `nulls` is no JSON value"),
        ("[-, 7]", "1..2 `-` is no JSON value"),
    ] {
        assert_eq!(problems(text), [found]);
        let (document, _) = read(text);
        let items: Vec<_> = document.root(text).items().collect();
        assert_eq!((items[0].kind(), items[1].as_i64()), (Kind::Missing, Some(7)));
    }
}

#[test]
fn commas_too_many_cost_nothing() {
    let text = "{\"a\": [1, ], }";
    assert_eq!(problems(text).len(), 2);
    let (document, _) = read(text);
    assert_eq!(document.root(text).get("a").unwrap().len(), 1);
    assert_eq!(document.root(text).len(), 1);
}

#[test]
fn mistakes_in_strings_are_told_and_read_past() {
    for (text, found, value) in [
        ("[\"a\\qb\"]", "3..5 `\\q` is no escape that JSON knows", "a\\qb"),
        (
            "[\"\\ud83d\"]",
            "2..8 half of a surrogate pair in a string stands for no character",
            "\u{FFFD}",
        ),
        ("[\"a\nb\"]", "3..4 a line break inside a string", "a\nb"),
        ("[\"\u{1}\"]", "2..3 control character U+0001 inside a string", "\u{1}"),
    ] {
        assert_eq!(problems(text), [found]);
        assert_eq!(read(text).0.root(text).items().next().unwrap().as_str().unwrap(), value);
    }
    assert!(problems("[\"\u{7f}\u{2028}\"]").is_empty());
}

#[test]
fn what_is_read_before_a_mistake_stays() {
    for (text, found) in [
        ("[{\"a\": 1}, {\"b\": 2 \"c\"", "19..20 expected `,` or `}`, found `\"`"),
        ("[{\"a\": 1}, {\"b\" 2", "16..17 expected `:` after a key, found `2`"),
        ("[{\"a\": 1}, {'b': 2", "12..13 expected a key, found `'`"),
        ("[{\"a\": 1}, {\"b\": /*", "17..18 expected a value, found `/`"),
        ("[{\"a\": 1}, {\"b\": [2}", "19..20 expected `,` or `]`, found `}`"),
        ("[{\"a\": 1}, {\"b\": [2", "19..19 the file ends inside a list"),
        ("[{\"a\": 1}, {\"b\": \"x\r\n", "17..19 the file ends inside a string"),
        ("[{\"a\": 1}, {\"b\": fal", "20..20 the file ends inside a table"),
    ] {
        let first = problems(text).pop().unwrap();
        assert_eq!(first, found, "{text}");
        let (document, _) = read(text);
        assert!(!document.is_complete());
        let root = document.root(text);
        let items: Vec<_> = root.items().collect();
        assert_eq!(items.len(), 2, "{text}");
        assert_eq!((items[0].raw(), items[0].is_cut()), ("{\"a\": 1}", false));
        assert!(items[1].is_cut() && root.is_cut());
    }
    let (document, problems) = read("[1] x");
    assert_eq!(problems[0].message, "expected the end of the file, found `x`");
    assert_eq!(document.root("[1] x").raw(), "[1]");
}

#[test]
fn number_and_word_of_an_enumeration_are_no_mistake() {
    assert!(problems(r#"{"value": 2, "Value": "Enforce"}"#).is_empty());
    assert!(problems(r#"{"Value": "Enforce", "value": 2}"#).is_empty());
    assert_eq!(problems(r#"{"value": "Audit", "Value": "Enforce"}"#).len(), 1);
}

#[test]
fn keys_given_twice_are_told_with_both_places() {
    let text = r#"{"Name": 1, "x": {"a": 0, "A ": 0}, "N\u0061me": 2}"#;
    let (_, problems) = read(text);
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].level, Level::Note);
    assert_eq!(
        problems[0].message,
        "keys `a` and `A ` differ only in case or white space"
    );
    assert_eq!(
        (problems[1].level, problems[1].kind),
        (Level::Warn, ProblemKind::BadValue)
    );
    assert_eq!(problems[1].message, "key `Name` is given twice");
    let starts: Vec<_> = problems[1].labels.iter().map(|label| label.span.start).collect();
    assert_eq!(starts, [36, 1]);
    assert!(self::problems(r#"[{"a": 1, "X@odata.type": 2}, {"a": 1, "X": 2}]"#).is_empty());
}

#[test]
fn large_tables_are_checked_too_and_not_every_pair_is_told() {
    let member = |n: usize| format!("\"key number {n}\": {n}");
    for n_keys in [511, 512, 513, 514, 5000] {
        let mut members: Vec<_> = (0..n_keys).map(member).collect();
        assert!(problems(&format!("{{{}}}", members.join(", "))).is_empty());
        members.push("\"KEY number 3\": 3".to_owned());
        let found = problems(&format!("{{{}}}", members.join(", ")));
        assert_eq!(found.len(), 1, "{n_keys}");
        assert!(found[0].ends_with("keys `key number 3` and `KEY number 3` differ only in case or white space"));
    }
    let many = format!("{{{}\"b\": 0}}", "\"a\": 0, ".repeat(1000));
    let found = problems(&many);
    assert_eq!(found.len(), 101);
    assert!(
        found[100].ends_with("899 more keys in this file are given twice"),
        "{}",
        found[100]
    );
}

#[test]
fn mistakes_beyond_a_hundred_are_counted() {
    let found = problems(&format!("[{}0]", ",".repeat(1000)));
    assert_eq!(found.len(), 101);
    assert!(found[100].ends_with("900 more mistakes in this JSON"));
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    clean(&nested(MAX_DEPTH));
    let message = "512..513 lists and tables are nested more than 512 deep";
    assert_eq!(problems(&nested(MAX_DEPTH + 1)), [message]);
    assert_eq!(problems(&nested(200_000)), [message]);
    assert_eq!(problems(&"{\"a\":".repeat(200_000)).len(), 1);
}

#[test]
fn a_text_cut_at_any_byte_keeps_what_was_complete() {
    let text = "[ {\"Name\": \"é \\u00e9\\ud83d\\ude00\", \"n\": -1.5e3, \"l\": [null, true, {}]},\n  {\"Name\": \"b\", \"x\": {\"y\": [[]]}}, 12 ]";
    let whole = clean(text);
    let whole: Vec<_> = all(whole.root(text))
        .iter()
        .map(|node| (node.kind(), node.span()))
        .collect();
    for cut in (1..text.len()).filter(|&cut| text.is_char_boundary(cut)) {
        let part = &text[..cut];
        let (document, problems) = read(part);
        assert_eq!(problems.len(), 1, "{part}: {problems:?}");
        assert!(!document.is_complete() && document.root(part).is_cut());
        let kept: Vec<_> = all(document.root(part))
            .iter()
            .filter(|node| !node.is_cut() && node.kind() != Kind::Missing)
            .map(|node| (node.kind(), node.span()))
            .collect();
        let due: Vec<_> = whole
            .iter()
            .filter(|(_, span)| (span.end as usize) < cut)
            .copied()
            .collect();
        assert!(due.iter().all(|node| kept.contains(node)), "{part}");
        assert!(kept.iter().all(|node| whole.contains(node)), "{part}");
    }
}

#[test]
fn the_tape_is_small() {
    let rule =
        "  {\n    \"Identity\":  \"Phishing simulation\",\n    \"SenderIpRanges\":  [\n      \"192.0.2.1\"\n    ]\n  }";
    let text = format!("[\n{}\n]", vec![rule; 1000].join(",\n"));
    assert!(clean(&text).size() * 10 <= text.len() * 11);
}

/// A value, and a seed to write its strings by.
fn any_value() -> impl Strategy<Value = Value> {
    let string = prop_oneof![
        "[ -~]{0,12}",
        any::<String>(),
        "[\u{1F600}-\u{1F64F}\"\\\\/\u{0}-\u{1f}é]{0,9}"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        string.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((string.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The value as JSON with every other character of its strings written as `\u` escapes.
fn escaped(value: &Value) -> String {
    let string = |text: &str| {
        let units = text.encode_utf16();
        let plain = |unit: u16| char::from_u32(unit.into()).filter(char::is_ascii_alphanumeric);
        let write = |(n, unit): (usize, u16)| match plain(unit) {
            Some(char) if n % 2 == 0 => char.to_string(),
            _ => format!("\\u{unit:04x}"),
        };
        format!("\"{}\"", units.enumerate().map(write).collect::<String>())
    };
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(escaped).collect::<Vec<_>>().join(" ,")),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{} :\t{}", string(key), escaped(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn unreadable_by_us(text: &str) -> bool {
    read(text)
        .1
        .iter()
        .any(|problem| problem.kind == ProblemKind::Unreadable)
}

/// Whether `serde_json` refuses a text. Nothing if it stops where we need not: numbers are kept as written here, and the
/// limit of depth is another.
fn unreadable_by_serde(text: &str) -> Option<bool> {
    match serde_json::from_str::<Value>(text).map_err(|error| error.to_string()) {
        Ok(_) => Some(false),
        Err(error) if error.contains("number out of range") || error.contains("recursion limit") => None,
        Err(_) => Some(true),
    }
}

/// Fails unless both take the text for JSON or neither does.
fn agree(text: &str) -> Result<(), TestCaseError> {
    if let Some(unreadable) = unreadable_by_serde(text) {
        prop_assert_eq!(unreadable_by_us(text), unreadable, "{:?}", read(text).1);
    }
    Ok(())
}

proptest! {
    #[test]
    fn agrees_with_serde_on_values(given in any_value()) {
        for text in [
            serde_json::to_string(&given).unwrap(),
            serde_json::to_string_pretty(&given).unwrap(),
            escaped(&given),
        ] {
            prop_assert!(!unreadable_by_us(&text));
            let (document, _) = read(&text);
            let root = document.root(&text);
            // What `serde_json` reads, not what was written: floats may change on the way.
            prop_assert_eq!(value(root), serde_json::from_str::<Value>(&text).unwrap());
            for node in all(root) {
                prop_assert_eq!(value(node), serde_json::from_str::<Value>(node.raw()).unwrap());
            }
        }
    }

    #[test]
    fn agrees_with_serde_on_what_json_is(text in prop_oneof![
        "[\\[\\]{}\",:0-9truefalsn\\\\ud8\\n .eE+-]{0,30}",
        "(\\[|\\{|\\]|\\}|,|:|\"a\"|\"\\\\u[dD][89cC]0[0-9]\"|1|-0\\.5e|null|tru|\\n| ){0,20}",
        "-?[0-9]{0,3}\\.?[0-9]{0,2}[eE]?[+-]?[0-9]{0,2}",
        any::<String>(),
    ]) {
        agree(&text)?;
    }

    #[test]
    fn agrees_with_serde_on_damaged_json(given in any_value(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}\",:0a\\\\ \\n\u{0}]{0,2}", gone in 0_usize..3) {
        let mut chars: Vec<char> = serde_json::to_string_pretty(&given).unwrap().chars().collect();
        let from = at.index(chars.len());
        let to = (from + gone).min(chars.len());
        chars.splice(from..to, put.chars());
        let text: String = chars.into_iter().collect();
        agree(&text)?;
        // Whatever is damaged, spans lie in the text and inside one another.
        let (document, problems) = read(&text);
        for node in all(document.root(&text)) {
            prop_assert!(text.get(node.span().start as usize..node.span().end as usize).is_some());
        }
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            prop_assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
        }
    }

    #[test]
    fn finds_the_keys_that_are_doubled(keys in prop::collection::vec("[aAbB@`]{1,2} ?", 0..40)) {
        let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
        let folded: std::collections::HashSet<_> = keys.iter().map(|key| key.trim().to_ascii_lowercase()).collect();
        prop_assert_eq!(problems(&format!("{{{}}}", members.join(","))).len(), keys.len() - folded.len());
    }
}
