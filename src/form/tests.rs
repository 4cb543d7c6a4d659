//! Every shape against every kind of value.

use super::*;
use crate::document::toml;
use crate::source::Sources;

static ROW: Form = Form {
    title: "[[row]]",
    about: "A row.",
    keys: &[
        required("id", Shape::Id, "The id."),
        optional("day", Shape::Date, "A day."),
    ],
};

static FORM: Form = Form {
    title: "form",
    about: "A form.",
    keys: &[
        optional("text", Shape::Text, "A text."),
        optional("line", Shape::Line, "A line."),
        optional("flag", Shape::Flag, "A flag."),
        optional("number", Shape::Number(1, 9), "A number."),
        optional("word", Shape::Word(&["red", "green"]), "A word."),
        optional("words", Shape::OneOrMore(&Shape::Word(&["red", "green"])), "Words."),
        optional("list", Shape::List(&Shape::Text), "A list."),
        optional("map", Shape::Map(&Shape::Flag), "A map."),
        optional("either", Shape::AnyOf(&[Shape::Flag, Shape::Table(&ROW)]), "Either."),
        optional("row", Shape::Tables(&ROW), "Rows."),
    ],
};

fn messages(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let id = sources.add_text("x", text.to_owned());
    let (document, problems) = toml::parse(id, text);
    let mut log = Log::new(problems, document.is_complete());
    let fields = Fields::read(&FORM, document.root(text), &mut log);
    fields.tables("row", &mut log);
    fields.table("either", &mut log);
    log.finish().into_iter().map(|problem| problem.message).collect()
}

#[test]
fn what_fits_is_no_problem() {
    let text = "text = 'x'\nline = ' '\nflag = true\nnumber = 9\nword = 'red'\nwords = ['red', 'green']\nlist = []\n\
                map = { a = true }\n\
                either.id = 'x'\n[[row]]\nid = 'a-1'\nday = 2026-11-21\n";
    assert_eq!(messages(text), [""; 0]);
    assert_eq!(messages("words = 'red'\neither = false"), [""; 0]);
}

#[test]
fn what_does_not_fit_is_one_problem_each() {
    for (text, message) in [
        ("text = ''", "`text` is empty"),
        ("text = 3", "`text` takes a string, not a number"),
        ("line = 3", "`line` takes a string, not a number"),
        ("flag = 'true'", "`flag` takes `true` or `false`, not a string"),
        ("number = 10", "`number` is a whole number from 1 to 9"),
        ("number = 1.5", "`number` is a whole number from 1 to 9"),
        ("word = 'gren'", "`gren` is no known `word`"),
        ("words = ['red', 'gren']", "`gren` is no known `words`"),
        ("words = 3", "`words` takes a string or a list, not a number"),
        ("list = 'x'", "`list` takes a list, each a string, not a string"),
        ("list = ['x', 3]", "`list` takes a string, not a number"),
        ("map = { a = 3 }", "`a` takes `true` or `false`, not a number"),
        (
            "either = 3",
            "`either` takes `true` or `false` or tables written `[[row]]`, not a number",
        ),
        ("either.idd = 'x'", "`[[row]]` has no key `idd`"),
        ("row = 3", "`row` takes tables written `[[row]]`, not a number"),
        ("[[row]]", "`[[row]]` lacks the key `id`"),
        ("[[row]]\nid = 'A'", "`A` cannot be a name"),
        ("[[row]]\nid = 'a'\nday = 10:00:00", "`day` takes a day"),
        ("Text = 'x'", "`form` has no key `Text`"),
    ] {
        assert_eq!(messages(text), [message], "{text}");
    }
}

#[test]
fn the_schema_has_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&schema(&FORM)).unwrap();
    for key in FORM.keys {
        assert_eq!(schema["properties"][key.name]["description"], key.about);
    }
    assert_eq!(
        schema["properties"]["row"]["items"]["required"],
        serde_json::json!(["id"])
    );
    assert_eq!(schema["properties"]["number"]["maximum"], 9);
}
