//! Every written form of a value.

use super::*;
use crate::document::json;
use crate::source::Sources;

/// Hands the value of `v` in a JSON object to a test, with the sources its spans point into.
fn with<T>(value: &str, check: impl FnOnce(Option<Node<'_>>, &Sources) -> T) -> T {
    let mut sources = Sources::new();
    let id = sources.add_text("x.json", format!("{{{value}}}"));
    let text = sources.get(id).text();
    let (document, problems) = json::parse(id, text);
    // That `value` and `Value` differ only in case is said by the document, and is how enumerations are written.
    assert!(
        problems
            .iter()
            .all(|problem| problem.message.contains("differ only in case")),
        "{value}"
    );
    check(document.root(text).get("v"), &sources)
}

fn listed(value: &str) -> (ListState, Vec<(String, String)>, usize) {
    with(value, |node, sources| {
        let list = list(node);
        let items = list.items.iter();
        let items = items.map(|item| (item.value.to_string(), sources.text(item.span).to_owned()));
        (list.state, items.collect(), list.unreadable.len())
    })
}

#[test]
fn absent_empty_and_listed_are_three_things() {
    assert_eq!(listed(""), (ListState::Absent, vec![], 0));
    for empty in [r#""v":null"#, r#""v":[]"#, r#""v":[null]"#, r#""V ":[]"#, r#""v":"""#] {
        assert_eq!(listed(empty), (ListState::Empty, vec![], 0), "{empty}");
    }
    let one = |value: &str, span: &str| (ListState::Listed, vec![(value.to_owned(), span.to_owned())], 0);
    assert_eq!(listed(r#""v":"a""#), one("a", r#""a""#));
    assert_eq!(listed(r#""v":["a",null]"#), one("a", r#""a""#));
    assert_eq!(listed(r#""v":[25]"#), one("25", "25"));
    assert_eq!(listed(r#""v":{"value":["a"],"Count":1}"#), one("a", r#""a""#));
}

#[test]
fn entries_may_be_objects() {
    for (item, value) in [
        (r#"{"Sender":{"Address":"a@b.example"}}"#, "a@b.example"),
        (r#"{"Sender":"a@b.example"}"#, "a@b.example"),
        (r#"{"Address":"a@b.example"}"#, "a@b.example"),
        (r#"{"Domain":"b.example"}"#, "b.example"),
        (r#"{"value":"x","Guid":"x"}"#, "x"),
        (r#"{"Value":"x"}"#, "x"),
        (r#"{"Guid":"x"}"#, "x"),
    ] {
        let expected = (ListState::Listed, vec![(value.to_owned(), item.to_owned())], 0);
        assert_eq!(listed(&format!(r#""v":[{item}]"#)), expected, "{item}");
    }
}

#[test]
fn entries_that_were_cut_off_are_no_entries() {
    for cut in [
        r#""@{Address=a@b.example}""#,
        r#""System.Object[]""#,
        r#""System.Collections.Hashtable""#,
        r#""Microsoft.Exchange.Data.SmtpDomain""#,
        r#"{"Sender":"@{Address=a@b.example}"}"#,
        "true",
        "{}",
        "[[1]]",
    ] {
        assert_eq!(
            listed(&format!(r#""v":[{cut}]"#)),
            (ListState::Listed, vec![], 1),
            "{cut}"
        );
    }
}

#[test]
fn booleans() {
    let read = |value: &str| with(value, |node, _| boolean(node));
    for (written, value) in [
        ("true", true),
        ("false", false),
        (r#""True""#, true),
        (r#""$false""#, false),
        ("[true]", true),
    ] {
        assert_eq!(
            read(&format!(r#""v":{written}"#)).into_value(),
            Some(value),
            "{written}"
        );
    }
    assert_eq!(read(""), Field::Absent);
    assert!(matches!(read(r#""v":null"#), Field::Null(_)));
    for written in ["1", r#""yes""#, "{}", "[true,false]"] {
        assert!(read(&format!(r#""v":{written}"#)).is_unreadable(), "{written}");
    }
}

#[test]
fn whole_numbers_may_be_texts() {
    let read = |value: &str| with(&format!(r#""v":{value}"#), |node, _| integer(node));
    for (written, value) in [("-1", -1), (r#""-1""#, -1), (r#"" 6 ""#, 6), (r#"{"value":5}"#, 5)] {
        assert_eq!(read(written).into_value(), Some(value), "{written}");
    }
    assert!(read(r#""Unlimited""#).is_unreadable());
    assert!(read("1.5").is_unreadable());
}

#[test]
fn enumerations_are_words_numbers_or_both() {
    const WORDS: &[(&str, char)] = &[("OnPremises", 'o'), ("Partner", 'p')];
    let read =
        |value: &str, ints: &[(i64, char)]| with(&format!(r#""v":{value}"#), |node, _| enumerated(node, WORDS, ints));
    let ints = [(1, 'o'), (2, 'p')];
    for written in [
        r#""partner""#,
        r#""Partner ""#,
        "2",
        r#""2""#,
        r#"{"value":2,"Value":"Partner"}"#,
        r#"{"value":2}"#,
    ] {
        assert_eq!(read(written, &ints).into_value(), Some('p'), "{written}");
    }
    assert!(read("2", &[]).is_unreadable());
    assert!(read("3", &ints).is_unreadable());
    assert!(read(r#""Else""#, &ints).is_unreadable());
}

#[test]
fn dates_in_seven_forms() {
    let read = |value: &str| with(&format!(r#""v":{value}"#), |node, _| date(node));
    let shown = |value: &str| read(value).into_value().map(|date| date.to_string());
    for (written, value) in [
        (r#""\/Date(1777880642000)\/""#, "2026-05-04T07:44:02Z"),
        (r#""/Date(1777880642000)/""#, "2026-05-04T07:44:02Z"),
        (r#""/Date(1777880642000+0200)/""#, "2026-05-04T07:44:02Z"),
        (r#""/Date(-62135596800000)/""#, "0001-01-01T00:00:00Z"),
        (r#""2026-07-01T10:11:12.1234567Z""#, "2026-07-01T10:11:12.1234567Z"),
        (r#""2026-07-01T10:11:12.1234567+02:00""#, "2026-07-01T08:11:12.1234567Z"),
        (r#""2022-09-05T18:10:13.4907658""#, "2022-09-05T18:10:13.4907658Z"),
        (r#""2021-10-21T12:49:09""#, "2021-10-21T12:49:09Z"),
        (r#""2021-10-21""#, "2021-10-21T00:00:00Z"),
        (r#""10/17/2022 9:24:27 AM""#, "2022-10-17T09:24:27Z"),
        (r#""10/17/2022 12:24:27 PM""#, "2022-10-17T12:24:27Z"),
        (r#""17.10.2022 21:24:27""#, "2022-10-17T21:24:27Z"),
        (r#""10/10/2022 12:00:00 AM""#, "2022-10-10T00:00:00Z"),
        (
            r#"{"value":"/Date(1777880642000)/","DisplayHint":2,"DateTime":"Monday, 4 May 2026"}"#,
            "2026-05-04T07:44:02Z",
        ),
    ] {
        assert_eq!(shown(written).as_deref(), Some(value), "{written}");
    }
    for ambiguous in [
        r#""10/11/2024 9:00:00 PM""#,
        r#""13/13/2024""#,
        r#""soon""#,
        "5",
        r#"{"DateTime":"x"}"#,
        r#""/Date(x)/""#,
    ] {
        assert!(read(ambiguous).is_unreadable(), "{ambiguous}");
    }
    assert!(matches!(read("null"), Field::Null(_)));
    assert!(matches!(read(r#""""#), Field::Null(_)));
}

#[test]
fn address_spaces_lose_their_type_and_cost() {
    for (written, domain, span) in [
        ("smtp:*;1", "*", "*"),
        ("smtp:test.example;1", "test.example", "test.example"),
        ("SMTP:*.test.example;10", "*.test.example", "*.test.example"),
        ("*.test.example", "*.test.example", "*.test.example"),
        ("test.example", "test.example", "test.example"),
        (" smtp: test.example ; 1", "test.example", "test.example"),
        (
            r"smtp:\u0074est.example;1",
            "test.example",
            r#""smtp:\u0074est.example;1""#,
        ),
    ] {
        with(&format!(r#""v":["{written}"]"#), |node, sources| {
            let list = list(node);
            let inner = address_space(&list.items[0]);
            assert_eq!(inner.value, domain, "{written}");
            assert_eq!(sources.text(inner.span), span, "{written}");
        });
    }
}

#[test]
fn the_name_of_an_object() {
    for (object, name) in [
        (r#""v":{"Identity":"i","Name":"n"}"#, Some("n")),
        (r#""v":{"Identity":"i","Name":null}"#, Some("i")),
        (r#""v":{"Name":"","DomainName":"a.example"}"#, Some("a.example")),
        (r#""v":{"value":"x"}"#, Some("x")),
        (r#""v":{}"#, None),
    ] {
        with(object, |node, _| {
            let found = name_of(node.unwrap()).map(|name| name.value.into_owned());
            assert_eq!(found.as_deref(), name, "{object}");
        });
    }
}
