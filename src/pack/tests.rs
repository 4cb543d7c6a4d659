//! Mistakes of packs, each where it stands; and every shipped pack.

use super::*;
use crate::problem::{Level, Problem};
use crate::spelling::SenderSpec;

/// The smallest pack without a mistake; tests add rows.
const HEAD: &str = r#"
id = "acme"
name = "Acme"
checked = 2026-11-21
[[source]]
id = "help"
url = "https://help.acme.example/"
seen = 2026-11-21
grade = "vendor"
[[stream]]
id = "phishing"
summary = "Simulated phishing mail"
deliveries = ["smtp", "graph"]
clears = "everything"
source = "help"
"#;

fn read_text(text: &str) -> (Sources, Option<Pack>, Vec<Problem>) {
    let mut sources = Sources::new();
    let id = sources.add_text("pack.toml", text.to_owned());
    let (pack, problems) = read(&sources, id);
    (sources, pack, problems)
}

/// Each problem as what is underlined and what is said.
fn said(sources: &Sources, problems: &[Problem]) -> Vec<(String, String)> {
    let said = |problem: &Problem| (sources.text(problem.labels[0].span).to_owned(), problem.message.clone());
    problems.iter().map(said).collect()
}

fn mistakes(text: &str) -> Vec<(String, String)> {
    let (sources, _, problems) = read_text(text);
    said(&sources, &problems)
}

fn with(rows: &str) -> (Pack, Vec<(String, String)>) {
    let (sources, pack, problems) = read_text(&format!("{HEAD}{rows}"));
    (pack.unwrap(), said(&sources, &problems))
}

#[track_caller]
fn one_mistake(rows: &str, underlined: &str, message: &str) {
    let (_, mistakes) = with(rows);
    assert_eq!(mistakes, [(underlined.to_owned(), message.to_owned())]);
}

#[test]
fn twenty_mistakes_are_twenty_problems() {
    let text = r#"
id = "acme"
nmae = "Acme"
checked = "2026-11-21"
aliases = ["Acme Old"]

[[source]]
id = "help"
url = "https://help.acme.example/"
seen = 2026-11-21
grade = "vendr"

[[source]]
id = "page"
url = "https://www.acme.example/"
seen = 2026-11-21
grade = "vendor"

[[source]]
id = "page"
url = "https://www.acme.example/again"
seen = 2026-11-21
grade = "vendor"

[[stream]]
id = "phishing"
summary = "Simulated phishing mail"
deliveries = ["smtp", "grahp"]
clears = "everything"

[[value]]
stream = "phising"
identity = "connecting-ip"
value = "192.0.2.1"
source = "page"

[[value]]
stream = "training"
identity = "connecting-ip"
value = "192.0.2.2"
source = "page"

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "192.0.2.300"
source = "page"

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "192.0.2.1/24"
source = "page"

[[value]]
stream = "phishing"
identity = "mail-from"
value = "a..example"
source = "page"

[[value]]
stream = "phishing"
identity = "mail-from"
value = "bounce@"
source = "page"

[[value]]
stream = "phishing"
identity = "dkim"
value = "acme.example"
source = "pages"

[[value]]
stream = "phishing"
identity = "dkim"
value = "acme.example"
source = "page"

[[value]]
stream = "phishing"
identity = "header"
match = "contains"
value = "x"
source = "page"

[[value]]
stream = "phishing"
identity = "link"
source = "page"

[[value]]
stream = "phishing"
identity = "ptr"
value = "mx.acme.example"
status = "announced"
source = "page"

[[parameter]]
id = "ips"
stream = "phishing"
identity = "connecting-ip"
type = "networks"
required = false
default = true

[[advice]]
id = "m365"
stream = "phishing"
platform = "exchnage"
control = "advanced-delivery"
when = "no-gatewy"
strength = "required"
needs = { al = ["dkim"] }
conflicts = ["m366"]
source = "page"
"#;
    let expected = [
        ("nmae", "`pack` has no key `nmae`"),
        (
            "\"2026-11-21\"",
            "`checked` takes a day such as 2026-11-21, without quotes, not a string",
        ),
        ("\"Acme Old\"", "`Acme Old` cannot be a name"),
        ("\"vendr\"", "`vendr` is no known `grade`"),
        ("\"page\"", "source `page` is given twice"),
        ("\"grahp\"", "`grahp` is no known `deliveries`"),
        ("\"phising\"", "`phising` is no known `stream`"),
        ("\"training\"", "`training` is no known stream of this pack"),
        ("\"192.0.2.300\"", "octet `300` is above 255"),
        ("\"192.0.2.1/24\"", "`192.0.2.1/24` has host bits set"),
        ("\"a..example\"", "`a..example` has an empty label"),
        ("\"bounce@\"", "the domain is empty"),
        ("\"pages\"", "`pages` is no known source"),
        ("\"acme.example\"", "dkim `acme.example` of `phishing` is given twice"),
        ("[[value]]", "`[[value]]` lacks the key `name`"),
        ("[[value]]", "`[[value]]` lacks the key `value`"),
        ("\"announced\"", "`[[value]]` lacks the key `since`"),
        ("true", "`ips` takes networks, not true or false"),
        ("\"exchnage\"", "`exchnage` is no known `platform`"),
        ("\"no-gatewy\"", "`no-gatewy` is no condition"),
        ("al", "`al` is no known operator of `needs`"),
        ("\"m366\"", "`m366` is no known advice of this pack"),
    ];
    let found = mistakes(text);
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_row_with_a_mistake_may_still_be_cited() {
    let text = HEAD
        .replace("\"vendor\"", "\"vendr\"")
        .replace("\"everything\"", "\"all\"");
    let rows = "[[value]]\nstream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"acme.example\"\nsource = \"help\"\n";
    let found = mistakes(&format!("{text}{rows}"));
    let underlined: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(underlined, ["\"vendr\"", "\"all\""]);
}

#[test]
fn mistyped_words_come_with_what_was_meant() {
    let (_, _, problems) = read_text("idd = \"acme\"\nname = \"Acme\"\nchecked = 2026-11-21\n[[Stream]]\n");
    let labels: Vec<&str> = problems.iter().map(|problem| problem.labels[0].text.as_str()).collect();
    assert_eq!(labels, ["did you mean `id`?", "did you mean `stream`?"]);
    let (_, _, problems) = read_text(&format!(
        "{HEAD}[[value]]\nstream = \"phishing\"\nidentity = \"mail_from\"\nvalue = \"@any\"\n"
    ));
    assert_eq!(problems[0].labels[0].text, "did you mean `mail-from`?");
    assert!(
        problems[0]
            .help
            .as_deref()
            .unwrap()
            .starts_with("one of `connecting-ip`")
    );
}

#[test]
fn several_slips_of_syntax_are_all_told_and_nothing_is_made_of_what_they_hide() {
    let text = format!(
        "{HEAD}[[value]]\nstream = phishing\nidentity = \"dkim\"\nvalue = \"acme.example\nsource = \"help\"\n\
                [[advice]\nid = 1x\n"
    );
    let (_, pack, problems) = read_text(&text);
    assert!(pack.is_some());
    assert!(problems.len() >= 3, "{problems:#?}");
    let unread = |problem: &Problem| problem.kind == crate::problem::ProblemKind::Unreadable;
    assert!(problems.iter().all(unread), "{problems:#?}");
}

#[test]
fn what_is_no_pack_at_all_is_no_pack() {
    for text in ["", "]", "id = 3", "[[id]]"] {
        let (_, pack, problems) = read_text(text);
        assert!(pack.is_none() && !problems.is_empty(), "{text:?}");
    }
}

#[test]
fn a_pack_cut_off_anywhere_still_reads() {
    let text = include_str!("tests/everything.toml");
    for end in (0..text.len()).filter(|end| end % 41 == 0 && text.is_char_boundary(*end)) {
        read_text(&text[..end]);
    }
    let (_, _, problems) = read_text(&format!("{HEAD}x = {}", "[".repeat(100_000)));
    assert!(!problems.is_empty());
}

#[test]
fn what_the_whole_file_lacks_is_told_at_its_first_line() {
    let (sources, _, problems) = read_text("\n[[source]]\nid = 'help'\n");
    assert_eq!(sources.text(problems[0].labels[0].span), "[[source]]");
    assert_eq!(problems[0].message, "`pack` lacks the key `id`");
}

#[test]
fn one_table_where_many_belong() {
    let (_, found) = with("[value]\nstream = \"phishing\"\n");
    assert_eq!(found[0].1, "`value` takes tables written `[[value]]`, not a table");
    assert_eq!(found.len(), 1);
}

#[test]
fn values_are_understood() {
    let row = |identity: &str, value: &str| {
        let rows = format!("[[value]]\nstream = \"phishing\"\nidentity = \"{identity}\"\n{value}\nsource = \"help\"\n");
        let (mut pack, found) = with(&rows);
        assert_eq!(found, [], "{identity} {value}");
        pack.values.pop().unwrap()
    };
    assert!(matches!(
        row("connecting-ip", "value = \"192.0.2.1-192.0.2.9\"").parsed,
        Parsed::Networks(_)
    ));
    assert!(matches!(
        row("mail-from", "value = \"a@acme.example\"").parsed,
        Parsed::Sender(SenderSpec::Exact(_))
    ));
    assert!(matches!(
        row("header-from", "value = \"*.acme.example\"").parsed,
        Parsed::Sender(SenderSpec::SubDomains(_))
    ));
    assert_eq!(
        row("header-from", "value = \"@same-as-mail-from\"").parsed,
        Parsed::Sender(SenderSpec::SameAsMailFrom)
    );
    assert!(matches!(
        row("link", "value = \"*.acme.example\"").parsed,
        Parsed::Domain(_)
    ));
    assert!(matches!(
        row("subject", "value = \"x\"\nmatch = \"contains\"").parsed,
        Parsed::Subject(_)
    ));
    let present = row("header", "name = \"X-Acme\"\nmatch = \"present\"");
    assert_eq!(present.value.value, "X-Acme");
    assert_eq!(present.grade, Grade::Vendor);
    let oldest = row(
        "header",
        "name = \"Received\"\nmatch = \"contains\"\nvalue = \"acme.example\"\nat = \"oldest:2\"",
    );
    let Parsed::Header(test) = oldest.parsed else {
        panic!("no header")
    };
    assert_eq!(test.at, Some(crate::spelling::Position::Oldest(2)));
}

#[test]
fn values_that_cannot_be() {
    let row = |identity: &str, value: &str| {
        format!("[[value]]\nstream = \"phishing\"\nidentity = \"{identity}\"\n{value}\nsource = \"help\"\n")
    };
    one_mistake(
        &row("mail-from", "value = \"@tennant\""),
        "\"@tennant\"",
        "`@tennant` is no sender",
    );
    one_mistake(
        &row("sender-domain", "value = \"@any\""),
        "\"@any\"",
        "`@any` says nothing about `sender-domain`",
    );
    one_mistake(
        &row("mail-from", "value = \"@same-as-mail-from\""),
        "\"@same-as-mail-from\"",
        "`@same-as-mail-from` says nothing about `mail-from`",
    );
    one_mistake(
        &row("dkim", "value = \"com\""),
        "\"com\"",
        "`com` is no full domain name",
    );
    one_mistake(
        &row("dkim", "value = \"acme.example\"\nname = \"X\""),
        "name",
        "`name` says nothing about `dkim`",
    );
    one_mistake(
        &row("header", "name = \"X Y\"\nvalue = \"x\""),
        "\"X Y\"",
        "` ` is not allowed in the header name `X Y`",
    );
    one_mistake(
        &row("header", "name = \"X-A\"\nvalue = \"x\"\nat = \"last:2\""),
        "\"last:2\"",
        "`last:2` is no position",
    );
    one_mistake(
        &row(
            "dkim",
            "value = \"acme.example\"\nsince = 2026-02-01\nuntil = 2026-01-01",
        ),
        "2026-01-01",
        "it ends before it begins",
    );
    one_mistake(
        &row("dkim", "value = \"acme.example\"\nwhen = \"param:nobody\""),
        "\"param:nobody\"",
        "`nobody` is no known parameter of this pack",
    );
    one_mistake(
        &row("dkim", "value = \"acme.example\"\nwhen = \"delivery:ews\""),
        "\"delivery:ews\"",
        "`ews` is no known delivery of the stream",
    );
}

#[test]
fn a_value_without_a_source_is_a_hint() {
    let rows = "[[value]]\nstream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"acme.example\"\n";
    let (_, pack, problems) = read_text(&format!("{HEAD}{rows}"));
    assert_eq!(
        problems.iter().map(|problem| problem.level).collect::<Vec<_>>(),
        [Level::Warn]
    );
    assert_eq!(pack.unwrap().values[0].grade, Grade::Inferred);
}

#[test]
fn the_same_value_for_other_customers_is_not_given_twice() {
    let row = |region: &str| {
        format!(
            "[[value]]\nstream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"acme.example\"\n\
                region = \"{region}\"\nsource = \"help\"\n"
        )
    };
    let (_, found) = with(&format!("{}{}", row("us"), row("eu")));
    assert_eq!(found, []);
    let (_, found) = with(&format!("{}{}", row("us"), row("us")));
    assert_eq!(found.len(), 1);
}

#[test]
fn needs_nest() {
    let advice = |needs: &str| {
        let values =
            "[[value]]\nstream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"acme.example\"\nsource = \"help\"\n";
        let text = format!(
            "{HEAD}{values}[[advice]]\nid = \"a\"\nstream = \"phishing\"\nplatform = \"exchange\"\n\
                control = \"x\"\nstrength = \"required\"\nneeds = {needs}\n"
        );
        let (sources, pack, problems) = read_text(&text);
        (
            pack.unwrap().advice.pop().and_then(|advice| advice.needs),
            said(&sources, &problems),
        )
    };
    let (needs, found) = advice("{ all = [{ one = [\"dkim\", { pairs = [\"dkim\", \"dkim\"] }] }, \"dkim\"] }");
    assert_eq!(found, []);
    assert_eq!(needs.unwrap().leaves().len(), 4);
    let mistake = |needs: &str| advice(needs).1.remove(0);
    assert_eq!(mistake("{ all = [] }"), ("[]".into(), "`all` takes at least 1".into()));
    assert_eq!(
        mistake("{ pairs = [\"dkim\"] }"),
        ("[\"dkim\"]".into(), "`pairs` takes at least 2".into())
    );
    assert_eq!(
        mistake("{ all = \"dkim\" }"),
        ("\"dkim\"".into(), "`all` takes a list".into())
    );
    assert_eq!(
        mistake("{ any = [\"dkin\"] }"),
        ("\"dkin\"".into(), "`dkin` is no known identity".into())
    );
    assert_eq!(mistake("{ any = [3] }").0, "3");
    assert_eq!(
        mistake("3").1,
        "`needs` takes an identity or a table with one of `all`, `any`, `one`, `pairs`, not a number"
    );
    assert_eq!(
        mistake("{ all = [\"dkim\"], any = [\"dkim\"] }"),
        ("any".into(), "`needs` takes one operator at a time".into())
    );
    assert_eq!(mistake("{ all = [\"link\"] }").1, "`phishing` has no values of `link`");
    assert_eq!(mistake("\"param:x\"").1, "`x` is no known parameter of this pack");
    assert_eq!(mistake("\"group:x\"").1, "`x` is no known group of this pack");
}

#[test]
fn parameters_and_their_defaults_agree() {
    let row = |rest: &str| format!("[[parameter]]\nid = \"p\"\nstream = \"phishing\"\nrequired = false\n{rest}\n");
    let header = "identity = \"header\"\nname = \"X-A\"\ntype = \"text\"\nmax_len = 3\ndefault = \"abcd\"";
    one_mistake(
        &row(header),
        "\"abcd\"",
        "the answer to `p` is longer than 3 characters",
    );
    one_mistake(
        &row("type = \"flag\"\ndefault = \"yes\""),
        "\"yes\"",
        "`p` takes true or false",
    );
    one_mistake(
        &row("type = \"text\""),
        "[[parameter]]",
        "`[[parameter]]` lacks the key `identity`",
    );
    one_mistake(
        &row("type = \"domains\"\nidentity = \"connecting-ip\""),
        "\"domains\"",
        "`domains` are nothing to compare with `connecting-ip`",
    );
    one_mistake(
        &row("type = \"domains\"\nidentity = \"mail-from\"\ndefault = [\"acme.example\", \"a@acme.example\"]"),
        "\"a@acme.example\"",
        "`p` takes domains",
    );
}

#[test]
fn side_files_become_rows() {
    let rows = "[[value]]\nstream = \"phishing\"\nidentity = \"link\"\nfile = \"links.txt\"\npick = \"some\"\n\
                max_items = 30\nsource = \"help\"\n";
    let mut sources = Sources::new();
    let id = sources.add_text("pack.toml", format!("{HEAD}{rows}"));
    let (pack, problems) = read(&sources, id);
    assert_eq!(problems, []);
    let mut pack = pack.unwrap();
    let named: Vec<String> = pack.side_files().into_iter().map(|file| file.value).collect();
    assert_eq!(named, ["links.txt"]);
    let list = sources.add_text(
        "links.txt",
        "# ours\nacme.example # old\r\n\n  *.acme.test\nhttps://x\nacme.example",
    );
    let problems = attach(&mut pack, "links.txt", &sources, list);
    let found = said(&sources, &problems);
    assert_eq!(
        found.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
        ["https://x", "acme.example"]
    );
    let values: Vec<&str> = pack.values.iter().map(|value| sources.text(value.span)).collect();
    assert_eq!(values, ["acme.example", "*.acme.test", "acme.example"]);
    assert!(pack.values.iter().all(|value| value.pick.unwrap().value == Pick::Some));
    assert!(pack.side_files().is_empty());
}

#[test]
fn an_extending_pack_has_the_rows_of_both() {
    let mut sources = Sources::new();
    let parent = sources.add_text(
        "acme.toml",
        format!(
            "{HEAD}[[value]]\nstream = \"phishing\"\n\
                identity = \"dkim\"\nvalue = \"acme.example\"\nsource = \"help\"\n[[value]]\n\
                stream = \"phishing\"\nidentity = \"link\"\nvalue = \"acme.example\"\nsource = \"help\"\n"
        ),
    );
    let child = sources.add_text(
        "white.toml",
        "id = \"white\"\nname = \"White\"\nchecked = 2026-11-21\nextends = \"acme\"\n[[value]]\n\
                stream = \"phishing\"\nidentity = \"dkim\"\nvalue = \"white.example\"\nsource = \"help\"\n",
    );
    let (parent, _) = read(&sources, parent);
    let parent = parent.unwrap();
    let (child, problems) = read(&sources, child);
    assert_eq!(problems, []);
    let (child, problems) = resolve(child.unwrap(), &|id| parent.answers_to(id).then_some(&parent));
    assert_eq!(problems, []);
    let values: Vec<&str> = child.values.iter().map(|value| value.value.value.as_str()).collect();
    assert_eq!(values, ["white.example", "acme.example"]);
    assert_eq!(child.values[0].grade, Grade::Vendor);
    assert!(child.stream(StreamKind::Phishing).is_some());
}

#[test]
fn packs_that_extend_in_a_circle_or_nothing() {
    let text = "id = \"a\"\nname = \"A\"\nchecked = 2026-11-21\nextends = \"b\"\n";
    let (sources, a, _) = read_text(text);
    let a = a.unwrap();
    let (_, problems) = resolve(a.clone(), &|_| None);
    assert_eq!(
        said(&sources, &problems),
        [("\"b\"".to_owned(), "`b` is no known pack".to_owned())]
    );
    let (_, problems) = resolve(a.clone(), &|_| Some(&a));
    assert_eq!(problems[0].message, "packs extend one another in a circle: a, a");
}

#[test]
fn every_shipped_pack_reads_without_a_problem() {
    let mut sources = Sources::new();
    let (packs, problems) = embedded(&mut sources);
    let told: Vec<_> = said(&sources, &problems);
    assert_eq!(told, []);
    assert_eq!(packs.len(), PACKS.len());
    for (pack, (file, _)) in packs.iter().zip(PACKS) {
        assert_eq!(format!("{}.toml", pack.id.value), *file);
        assert!(!pack.values.is_empty() && !pack.streams.is_empty());
    }
}

#[test]
fn the_words_of_identities_are_all_there() {
    let words: Vec<&str> = crate::message::Identity::IN_PACKS
        .iter()
        .map(|identity| identity.as_str())
        .collect();
    assert_eq!(words, forms::IDENTITIES);
}

/// One pack with all that real vendors were seen to need.
#[test]
fn what_vendors_need_can_be_said() {
    let (_, pack, problems) = read_text(include_str!("tests/everything.toml"));
    assert_eq!(problems, []);
    let pack = pack.unwrap();
    assert_eq!(pack.streams.len(), 3);
    assert_eq!(pack.companions.len(), 2);
    assert_eq!(pack.grants.len(), 2);
    assert_eq!(pack.logs[0].statuses.len(), 4);
    assert_eq!(pack.side_files().len(), 1);
    assert_eq!(form::asked::never(&forms::PACK), [""; 0]);
}

#[test]
fn the_schema_is_what_the_reader_takes() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["id", "name", "checked"]));
    let identity = &schema["properties"]["value"]["items"]["properties"]["identity"]["enum"];
    assert_eq!(identity.as_array().unwrap().len(), 12);
    let words = schema["$defs"]["needs"]["anyOf"][0]["enum"].as_array().unwrap();
    assert_eq!(
        words.iter().filter_map(|word| word.as_str()).collect::<Vec<_>>(),
        forms::IDENTITIES
    );
    assert!(schema["properties"]["stream"]["description"].is_string());
}
