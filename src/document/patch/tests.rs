//! Examples in the layouts of real exporters, and the law: the operations do what the text does.

use proptest::prelude::*;
use serde_json::Value;

use super::super::json;
use super::super::node::{Document, Node};
use super::*;
use crate::source::SourceId;

fn parse(text: &str) -> Document {
    let (document, problems) = json::parse(SourceId::NOWHERE, text);
    assert!(problems.is_empty(), "{text}");
    document
}

/// Edits a text, holds the law, and gives the new text and the operations as lines.
fn edited(text: &str, edits: impl for<'a> Fn(&mut Patch<'a>, Node<'a>)) -> (String, Vec<String>) {
    let document = parse(text);
    let root = document.root(text);
    let mut patch = Patch::new(text, root).unwrap();
    edits(&mut patch, root);
    let patched = patch.finish();
    hold(text, &patched);
    let show = |operation: &Operation| {
        let value = operation.value().map(|value| format!(" {value}")).unwrap_or_default();
        format!("{} {}{value}", operation.word(), operation.path())
    };
    (patched.text, patched.operations.iter().map(show).collect())
}

/// The operations, applied to the old values, give the values of the new text.
fn hold(old: &str, patched: &Patched) {
    let mut value: Value = serde_json::from_str(old).unwrap();
    for operation in &patched.operations {
        apply(&mut value, operation);
    }
    let new: Value = serde_json::from_str(&patched.text).unwrap_or_else(|error| panic!("{error}: {}", patched.text));
    assert_eq!(value, new, "{old}\n{}\n{:?}", patched.text, patched.operations);
}

/// RFC 6902, section 4, as far as the operations go.
fn apply(document: &mut Value, operation: &Operation) {
    let path = operation.path();
    if path.is_empty() {
        assert_eq!(operation.word(), "replace");
        *document = operation.value().unwrap().clone();
        return;
    }
    let (parent, last) = path.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    let value = operation.value().cloned();
    match (operation.word(), parent) {
        ("add", Value::Array(list)) if last == "-" => list.push(value.unwrap()),
        ("add", Value::Object(table)) => assert!(table.insert(last, value.unwrap()).is_none()),
        ("remove", Value::Array(list)) => drop(list.remove(last.parse::<usize>().unwrap())),
        ("replace", Value::Array(list)) => list[last.parse::<usize>().unwrap()] = value.unwrap(),
        ("replace", Value::Object(table)) => *table.get_mut(&last).unwrap() = value.unwrap(),
        (word, parent) => panic!("{word} in {parent}"),
    }
}

fn at<'a>(root: Node<'a>, path: &str) -> Node<'a> {
    path.split('/')
        .filter(|step| !step.is_empty())
        .fold(root, |node, step| match step.parse::<usize>() {
            Ok(at) => node.items().nth(at).unwrap(),
            Err(_) => node.get(step).unwrap(),
        })
}

fn text(text: &str) -> Json {
    Json::string(text)
}

#[test]
fn one_line_stays_one_line() {
    let (new, operations) = edited(r#"[{"A":["x","y"],"B":[],"C":null,"D":"d"}]"#, |patch, root| {
        patch.append(at(root, "0/A"), text("z")).unwrap();
        patch.append(at(root, "0/B"), text("b")).unwrap();
        patch.append(at(root, "0/C"), text("c")).unwrap();
        patch.append(at(root, "0/D"), text("e")).unwrap();
        patch.insert(at(root, "0"), "E", Json::Number(-1)).unwrap();
    });
    assert_eq!(new, r#"[{"A":["x","y","z"],"B":["b"],"C":["c"],"D":["d","e"],"E":-1}]"#);
    assert_eq!(
        operations,
        [
            r#"replace /0/D ["d","e"]"#,
            r#"replace /0/C ["c"]"#,
            r#"add /0/B/- "b""#,
            r#"add /0/A/- "z""#,
            "add /0/E -1",
        ]
    );
}

#[test]
fn spaces_behind_commas_are_kept() {
    let (new, _) = edited(r#"{ "A": ["x"], "B": "d" }"#, |patch, root| {
        patch.append(at(root, "A"), text("z")).unwrap();
        patch.append(at(root, "B"), text("e")).unwrap();
        patch.insert(root, "C", Json::List(vec![text("1"), text("2")])).unwrap();
    });
    assert_eq!(new, r#"{ "A": ["x", "z"], "B": ["d", "e"], "C": ["1", "2"] }"#);
}

#[test]
fn lines_follow_the_lines_around_them() {
    let old = "[\n  {\n    \"A\": [\n      \"x\"\n    ],\n    \"B\": [],\n    \"C\": \"d\"\n  }\n]\n";
    let (new, _) = edited(old, |patch, root| {
        patch.append(at(root, "0/A"), text("z")).unwrap();
        patch.append(at(root, "0/B"), text("b")).unwrap();
        patch.append(at(root, "0/C"), text("e")).unwrap();
        let table = Json::Table(vec![("A".to_owned(), Json::List(vec![text("1")]))]);
        patch.append(root, table).unwrap();
    });
    assert_eq!(
        new,
        "[\n  {\n    \"A\": [\n      \"x\",\n      \"z\"\n    ],\n    \"B\": [\n      \"b\"\n    ],\n    \"C\": [\n      \"d\",\n      \
         \"e\"\n    ]\n  },\n  {\n    \"A\": [\n      \"1\"\n    ]\n  }\n]\n"
    );
}

#[test]
fn windows_powershell_keeps_its_columns_and_line_ends() {
    let old = "[\r\n    {\r\n        \"A\":  [\r\n                  \"x\",\r\n                  \"y\"\r\n              \
               ],\r\n        \"B\":  [\r\n\r\n              ]\r\n    }\r\n]\r\n";
    let (new, _) = edited(old, |patch, root| {
        patch.append(at(root, "0/A"), text("z")).unwrap();
        patch.remove(at(root, "0/A/0")).unwrap();
        patch.append(at(root, "0/B"), text("b")).unwrap();
    });
    assert_eq!(
        new,
        "[\r\n    {\r\n        \"A\":  [\r\n                  \"y\",\r\n                  \"z\"\r\n              ],\r\n        \
         \"B\":  [\r\n            \"b\"\r\n        ]\r\n    }\r\n]\r\n"
    );
}

#[test]
fn a_wrapped_list_keeps_its_count() {
    let (new, operations) = edited(r#"{"A": {"value": ["x", "y"], "Count": 2}}"#, |patch, root| {
        patch.append(at(root, "A"), text("z")).unwrap();
        patch.append(at(root, "A"), text("w")).unwrap();
        patch.remove(at(root, "A/value/1")).unwrap();
    });
    assert_eq!(new, r#"{"A": {"value": ["x", "z", "w"], "Count": 3}}"#);
    assert_eq!(
        operations,
        [
            "replace /A/Count 3",
            "remove /A/value/1",
            r#"add /A/value/- "z""#,
            r#"add /A/value/- "w""#
        ]
    );
}

#[test]
fn what_leaves_takes_its_comma_along() {
    for (gone, new) in [
        (vec![0], "[ 2, 3 ]"),
        (vec![1], "[ 1, 3 ]"),
        (vec![2], "[ 1, 2 ]"),
        (vec![0, 1], "[ 3 ]"),
        (vec![0, 2], "[ 2 ]"),
        (vec![1, 2], "[ 1 ]"),
        (vec![0, 1, 2], "[]"),
    ] {
        let (text, _) = edited("[ 1, 2, 3 ]", |patch, root| {
            for at in gone.iter().rev() {
                patch.remove(root.items().nth(*at).unwrap()).unwrap();
            }
        });
        assert_eq!(text, new, "{gone:?}");
    }
}

#[test]
fn the_only_object_becomes_the_first_of_a_list() {
    let (new, operations) = edited("{\n  \"A\": \"x\"\n}\n", |patch, root| {
        patch.replace(at(root, "A"), text("y")).unwrap();
        patch
            .append(root, Json::Table(vec![("A".to_owned(), text("z"))]))
            .unwrap();
    });
    assert_eq!(new, "[\n{\n  \"A\": \"y\"\n},\n{\n  \"A\": \"z\"\n}\n]\n");
    assert_eq!(operations, [r#"replace  [{"A":"y"},{"A":"z"}]"#]);
    let (new, _) = edited("{\n  \"A\": \"x\"\n}\n", |patch, root| patch.remove(root).unwrap());
    assert_eq!(new, "[]\n");
    let (new, _) = edited("[]\n", |patch, root| {
        patch
            .append(root, Json::Table(vec![("A".to_owned(), text("z"))]))
            .unwrap();
    });
    assert_eq!(new, "[\n  {\n    \"A\": \"z\"\n  }\n]\n");
}

#[test]
fn what_cannot_be_is_said() {
    let text = r#"{"a/b": ["x"], "d": 1, "e": {"f": 1, "f": 2}, "g": {"h": [1]}}"#;
    let (document, _) = json::parse(SourceId::NOWHERE, text);
    let root = document.root(text);
    let mut patch = Patch::new(text, root).unwrap();
    assert_eq!(patch.replace(at(root, "e/f"), Json::Null), Err(Conflict::Doubled));
    assert_eq!(patch.insert(root, "D", Json::Null), Err(Conflict::Doubled));
    assert_eq!(patch.insert(at(root, "d"), "x", Json::Null), Err(Conflict::Shape));
    patch.replace(at(root, "d"), Json::Number(2)).unwrap();
    patch.replace(at(root, "d"), Json::Number(2)).unwrap();
    assert_eq!(patch.replace(at(root, "d"), Json::Number(3)), Err(Conflict::Overlap));
    assert_eq!(patch.append(at(root, "d"), Json::Number(3)), Err(Conflict::Overlap));
    patch.remove(at(root, "g/h/0")).unwrap();
    assert_eq!(patch.replace(at(root, "g"), Json::Null), Err(Conflict::Overlap));
    assert_eq!(patch.remove(at(root, "g/h")), Err(Conflict::Overlap));
    let text = "[1";
    let (document, _) = json::parse(SourceId::NOWHERE, text);
    assert_eq!(Patch::new(text, document.root(text)).err(), Some(Conflict::Broken));
}

#[test]
fn pointers_are_escaped() {
    let text = r#"{"a/b~": [{"": 1}]}"#;
    let document = parse(text);
    let root = document.root(text);
    let inner = root.entries().next().unwrap().1;
    let one = inner.items().next().unwrap().entries().next().unwrap().1;
    assert_eq!(pointer::of(root, one).unwrap(), "/a~1b~0/0/");
    assert_eq!(pointer::of(root, root).unwrap(), "");
}

/// A style of writing.
#[derive(Debug, Clone)]
struct Style {
    newline: &'static str,
    unit: &'static str,
    colon: &'static str,
}

fn style() -> impl Strategy<Value = Style> {
    let newline = prop_oneof![Just(""), Just("\n"), Just("\r\n")];
    let unit = prop_oneof![Just("  "), Just("    "), Just("\t")];
    let colon = prop_oneof![Just(":"), Just(": "), Just(":  ")];
    (newline, unit, colon).prop_map(|(newline, unit, colon)| Style { newline, unit, colon })
}

fn written(value: &Value, style: &Style, indent: &str, out: &mut String) {
    let inner = format!("{indent}{}", style.unit);
    let line = |out: &mut String, indent: &str| {
        if !style.newline.is_empty() {
            out.push_str(style.newline);
            out.push_str(indent);
        }
    };
    match value {
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                line(out, &inner);
                written(value, style, &inner, out);
            }
            line(out, indent);
            out.push(']');
        }
        Value::Object(table) => {
            out.push('{');
            for (at, (name, value)) in table.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                line(out, &inner);
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push_str(style.colon);
                written(value, style, &inner, out);
            }
            line(out, indent);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9i64..99).prop_map(Value::from),
        "[a\"\\\\é\n ]{0,3}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("value".to_owned()),
        Just("Count".to_owned()),
        Just("~/".to_owned()),
        "[a-c]{0,2}"
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[derive(Debug, Clone)]
enum Do {
    Append(Json),
    Remove,
    Replace(Json),
    Insert(String, Json),
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Do)> {
    let new = prop_oneof![
        Just(Json::Null),
        (0i64..9).prop_map(Json::Number),
        "[a-z']{0,3}".prop_map(Json::String),
        Just(Json::List(vec![Json::Bool(true), Json::string("ü")])),
        Just(Json::Table(vec![("n".to_owned(), Json::List(vec![]))])),
    ];
    let what = prop_oneof![
        new.clone().prop_map(Do::Append),
        Just(Do::Remove),
        new.clone().prop_map(Do::Replace),
        ("[n-p]", new).prop_map(|(name, value)| Do::Insert(name, value)),
    ];
    (any::<prop::sample::Index>(), what)
}

fn all<'a>(node: Node<'a>, out: &mut Vec<Node<'a>>) {
    out.push(node);
    node.items()
        .chain(node.entries().map(|(_, value)| value))
        .for_each(|child| all(child, out));
}

fn done<'a>(patch: &mut Patch<'a>, node: Node<'a>, what: &Do) -> Result<(), Conflict> {
    match what {
        Do::Append(value) => patch.append(node, value.clone()),
        Do::Remove => patch.remove(node),
        Do::Replace(value) => patch.replace(node, value.clone()),
        Do::Insert(name, value) => patch.insert(node, name, value.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn operations_and_text_agree(
        value in value(),
        style in style(),
        edits in proptest::collection::vec(edit(), 1..8),
    ) {
        let mut text = String::new();
        written(&value, &style, "", &mut text);
        let document = parse(&text);
        let root = document.root(&text);
        let mut nodes = Vec::new();
        all(root, &mut nodes);
        let mut patch = Patch::new(&text, root).unwrap();
        let mut made: Vec<(Node<'_>, &Do)> = Vec::new();
        for (index, what) in &edits {
            let node = *index.get(&nodes);
            if done(&mut patch, node, what).is_ok() {
                made.push((node, what));
            }
        }
        let patched = patch.finish();
        hold(&text, &patched);
        if style.newline.is_empty() && !nodes.iter().all(|node| node.is_empty()) {
            prop_assert!(!patched.text.contains('\n'), "{}", patched.text);
        }
        if style.newline == "\r\n" && text.contains('\n') {
            prop_assert!(!patched.text.replace("\r\n", "").contains('\n'), "{}", patched.text);
        }
        prop_assert_eq!(patch.is_empty(), patched.operations.is_empty());
        if patch.is_empty() {
            prop_assert_eq!(&patched.text, &text);
        }
        // The same edits the other way round, appends to one list in their order.
        let mut turned = Patch::new(&text, root).unwrap();
        // A wrapped list and the list in it are one list.
        let start = |node: &Node<'_>| wrapped(*node).unwrap_or(*node).reach().start;
        made.sort_by_key(|(node, what)| {
            let appends = matches!(what, Do::Append(_));
            (!appends, std::cmp::Reverse(if appends { start(node) } else { node.reach().start }))
        });
        for (node, what) in made {
            // Emptying a value and adding to it is a list of what was added, whichever came first.
            prop_assert!(done(&mut turned, node, what).is_ok());
        }
        prop_assert_eq!(turned.finish().text, patched.text);
    }

    #[test]
    fn one_edit_leaves_the_rest_alone(value in value(), style in style(), (index, what) in edit()) {
        let mut text = String::new();
        written(&value, &style, "", &mut text);
        let document = parse(&text);
        let root = document.root(&text);
        let mut nodes = Vec::new();
        all(root, &mut nodes);
        let node = *index.get(&nodes);
        let mut patch = Patch::new(&text, root).unwrap();
        prop_assume!(done(&mut patch, node, &what).is_ok());
        let new = patch.finish().text;
        // Whatever lies before the list or table that is edited, and behind it, is there byte for byte.
        let outer = parent(root, node).map_or(node, |(outer, _)| outer);
        let outer = parent(root, outer).map_or(outer, |(outer, _)| outer);
        let (start, end) = (outer.span().start as usize, outer.span().end as usize);
        prop_assert!(new.starts_with(&text[..start]));
        prop_assert!(new.ends_with(&text[end..]));
    }
}
