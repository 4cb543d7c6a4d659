//! Spans of every way to write a table, and files with several mistakes.

use proptest::prelude::*;

use crate::document::{Cursor, Document, Node};
use crate::source::Sources;

use super::*;

fn read(text: &str) -> (Document, Vec<Problem>) {
    parse(Sources::new().add_text("x", ""), text)
}

fn clean(text: &str) -> Document {
    let (document, problems) = read(text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    document
}

/// Each problem as `text under the first label: message`.
fn problems(text: &str) -> Vec<String> {
    let tell = |problem: &Problem| {
        let span = problem.labels[0].span;
        format!("{}: {}", &text[span.start as usize..span.end as usize], problem.message)
    };
    read(text).1.iter().map(tell).collect()
}

#[test]
fn tables_have_the_spans_of_their_headers() {
    let text = "b = 1\n[z.\"y y\"]\na = { p = 'q', r.s = [1, 2] }\n\n[[list]]\nn = 1\n[[list]]\nn = 2\n";
    let document = clean(text);
    let root = document.root(text);
    assert_eq!(root.raw(), text);
    let keys: Vec<_> = root.entries().map(|(key, _)| key.name).collect();
    assert_eq!(keys, ["b", "z", "list"]);
    let (key, table) = root.get("z").unwrap().entries().next().unwrap();
    assert_eq!((&*key.name, key.span.start, key.span.end), ("y y", 9, 14));
    assert_eq!(table.raw(), "[z.\"y y\"]");
    let inline = table.get("a").unwrap();
    assert_eq!(
        (inline.kind(), inline.raw()),
        (Kind::Table, "{ p = 'q', r.s = [1, 2] }")
    );
    assert_eq!(inline.get("p").unwrap().raw(), "'q'");
    assert_eq!(inline.get("r").unwrap().get("s").unwrap().raw(), "[1, 2]");
    let list = root.get("list").unwrap();
    assert_eq!(list.kind(), Kind::List);
    let spans: Vec<_> = list.items().map(|item| (item.raw(), item.span().start)).collect();
    assert_eq!(spans, [("[[list]]", 47), ("[[list]]", 62)]);
    let numbers: Vec<_> = list.items().map(|item| item.get("n").and_then(Node::as_i64)).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
}

#[test]
fn strings_in_all_spellings() {
    let text =
        "a = \"x\\ty\"\nb = 'c:\\d'\nc = \"\"\"\nl\n\"\"\"\nd = '''it's'''\n\"e\\u00e9\" = \"\"\n'f g' = \"plain\"\n";
    let document = clean(text);
    let values: Vec<_> = document
        .root(text)
        .entries()
        .map(|(key, node)| (key.name.into_owned(), node.as_str().unwrap().into_owned(), node.raw()))
        .collect();
    let told: Vec<_> = values
        .iter()
        .map(|(key, value, raw)| (key.as_str(), value.as_str(), *raw))
        .collect();
    assert_eq!(
        told,
        [
            ("a", "x\ty", "\"x\\ty\""),
            ("b", "c:\\d", "'c:\\d'"),
            ("c", "l\n", "\"\"\"\nl\n\"\"\""),
            ("d", "it's", "'''it's'''"),
            ("eé", "", "\"\""),
            ("f g", "plain", "\"plain\""),
        ]
    );
}

#[test]
fn numbers_and_dates_are_kinds_of_their_own() {
    let text = "a = 0xff\nb = 1_000\nc = -0.5\nd = 2026-02-28\ne = 2026-02-28T23:59:59-08:00\nf = 07:32:00\ng = +7\nh = 0b11\n";
    let document = clean(text);
    let get = |name| document.root(text).get(name).unwrap();
    let numbers: Vec<_> = ["a", "b", "c", "g", "h"]
        .iter()
        .map(|&name| get(name).as_i64())
        .collect();
    assert_eq!(numbers, [Some(255), Some(1000), None, Some(7), Some(3)]);
    assert_eq!(get("d").kind(), Kind::Date);
    assert_eq!(get("d").as_date(), Some(jiff::civil::date(2026, 2, 28)));
    assert_eq!(get("e").as_date(), Some(jiff::civil::date(2026, 2, 28)));
    assert_eq!(get("f").as_date(), None);
}

#[test]
fn every_mistake_of_a_file_is_told() {
    let text = "a = \nb = 1\nb = 2\nc = [1, 2\nd = \"x\n[t]\ne = tru\nf = 3\n";
    let found = problems(text);
    assert!(found.len() >= 4, "{found:#?}");
    assert!(found.contains(&"b: duplicate key".to_owned()), "{found:#?}");
    let (document, problems) = read(text);
    assert!(!document.is_complete());
    assert!(
        problems
            .iter()
            .all(|problem| problem.level == Level::Deny && problem.kind == ProblemKind::Unreadable)
    );
    assert!(problems.is_sorted_by_key(|problem| problem.labels[0].span));
}

#[test]
fn what_is_read_beside_a_mistake_stays() {
    let text = "a = yes\nb = 1\n[t]\nc = 2026-13-01\nd = 'ok'\n";
    assert_eq!(problems(text).len(), 2);
    let (document, _) = read(text);
    let root = document.root(text);
    assert_eq!(root.get("b").and_then(Node::as_i64), Some(1));
    let table = root.get("t").unwrap();
    assert_eq!(table.get("d").unwrap().as_str().unwrap(), "ok");
    let kinds: Vec<_> = [root.get("a"), table.get("c")]
        .iter()
        .map(|node| node.unwrap().kind())
        .collect();
    assert_eq!(kinds, [Kind::Missing, Kind::Missing]);
}

#[test]
fn keys_that_a_look_up_takes_for_one_are_told() {
    let (_, problems) = read("Name = 1\nname = 2\n");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].message,
        "keys `Name` and `name` differ only in case or white space"
    );
}

#[test]
fn a_cursor_reads_it_like_any_table() {
    let text = "name = \"acme\"\n[[stream]]\nips = []\nextra = 1\n";
    let document = clean(text);
    let mut cursor = Cursor::new(document.root(text));
    assert_eq!(cursor.take("name").unwrap().as_str().unwrap(), "acme");
    let mut stream = Cursor::new(cursor.take("stream").unwrap().items().next().unwrap());
    stream.ignore("ips");
    let left: Vec<_> = stream.leftovers().map(|(key, node)| (&*key.name, node.raw())).collect();
    assert_eq!(left, [("extra", "1")]);
}

#[test]
fn empty_files_are_empty_tables() {
    for text in ["", "\n# nothing\n"] {
        let document = clean(text);
        assert_eq!(
            (document.root(text).kind(), document.root(text).len()),
            (Kind::Table, 0)
        );
    }
}

#[test]
fn depth_is_no_danger() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("[a{}]", ".a".repeat(100_000)),
        format!(
            "a = {}1{}",
            format!("{{{} = ", ["a"; 70].join(".")).repeat(70),
            "}".repeat(70)
        ),
    ] {
        let _ = read(&text);
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in prop_oneof![
        "(\\[|\\]|\\{|\\}|a|b|\\.| = |=|,|\n|\"|'|\"\"\"|1|true|2026-01-01|x y|#|\\\\u00e9|é){0,30}",
        "((\\[a\\]|\\[\\[a\\]\\]|\\[a\\.b\\]|\\[\\[a\\.b\\]\\]|a = 1|a\\.b = 1|b = \\{\\}|a = \\[\\]|a\\.b\\.c = 2)\n){0,8}",
        any::<String>(),
    ]) {
        let (document, problems) = read(&text);
        prop_assert_eq!(
            problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable),
            toml::from_str::<toml::Table>(&text).is_err()
        );
        let mut open = vec![document.root(&text)];
        while let Some(node) = open.pop() {
            prop_assert!(text.get(node.span().start as usize..node.span().end as usize).is_some());
            open.extend(node.items());
            open.extend(node.entries().map(|(_, member)| member));
        }
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            prop_assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
        }
    }
}
