//! What is written is read again, and what is written by hand is told where it is wrong.

use proptest::prelude::*;

use super::*;
use crate::dns::{Failure, Name, Off, Record, RecordType};
use crate::form::asked;

fn parse(text: &str) -> (Recorded, Vec<String>) {
    let mut sources = Sources::new();
    let id = sources.add_text("dns.toml", text.to_owned());
    let (recorded, problems) = read(&sources, id);
    let told = problems.iter().map(|problem| {
        let label = &problem.labels[0];
        format!("{}: {}: {}", sources.text(label.span), problem.message, label.text)
    });
    (recorded, told.collect())
}

fn question(name: &str, kind: RecordType) -> Question {
    Question::new(Name::parse(name.as_bytes()).unwrap(), kind)
}

fn day() -> Date {
    Date::constant(2026, 11, 22)
}

#[test]
fn a_recording_by_hand() {
    let (recorded, problems) = parse(
        "recorded = 2026-11-22\n\
         [[answer]]\nname = 'Example.Test.'\ntype = 'TXT'\nttl = 300\naliases = ['a.test']\n\
         records = ['v=spf1 -all', ['a\\255', ' b']]\n\
         [[answer]]\nname = 'example.test'\ntype = 'MX'\nrecords = ['0 .']\n\
         [[answer]]\nname = 'none.test'\ntype = 'A'\nrcode = 'NXDOMAIN'\n\
         [[answer]]\nname = 'empty.test'\ntype = 'A'\nrecords = []\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(recorded.recorded.unwrap().value, day());
    let text = recorded.ask(&question("example.test", RecordType::Txt));
    let strings = |strings: &[&[u8]]| Record::Txt(strings.iter().map(|part| part.to_vec()).collect());
    assert_eq!(
        text.records(),
        [strings(&[b"v=spf1 -all"]), strings(&[b"a\xff", b" b"])]
    );
    assert_eq!((text.ttl, text.aliases.len()), (Some(300), 1));
    let null = Record::Mx {
        preference: 0,
        exchange: Name::root(),
    };
    assert_eq!(
        recorded.ask(&question("example.test", RecordType::Mx)).records(),
        [null]
    );
    let outcome = |name| recorded.ask(&question(name, RecordType::A)).outcome.clone();
    assert_eq!(outcome("none.test"), Outcome::NoName);
    assert_eq!(outcome("empty.test"), Outcome::NoData);
    // Nobody asked that, which is not the same as a name that does not exist.
    assert_eq!(outcome("other.test"), Outcome::Unknown);
    assert_eq!(outcome("example.test"), Outcome::Unknown);
    assert_eq!(asked::never(&forms::ANSWER), [""; 0]);
    assert_eq!(asked::never(&forms::RECORDING), [""; 0]);
}

#[test]
fn every_mistake_is_told_and_its_answer_is_unknown() {
    let row = |rest: &str| format!("recorded = 2026-11-22\n[[answer]]\nname = 'x.test'\ntype = 'A'\n{rest}");
    for (rest, told) in [
        (
            "record = ['192.0.2.1']",
            "record: `[[answer]]` has no key `record`: did you mean `records`?",
        ),
        (
            "records = ['192.0.2.256']",
            "'192.0.2.256': `192.0.2.256` is no A record: no IPv4 address",
        ),
        (
            "records = [3]",
            "3: `records` takes a string or a list, each a string, not a number: a number",
        ),
        (
            "records = [['a']]",
            "['a']: a A record is one string: a list of strings",
        ),
        (
            "records = []\naliases = ['a..b']",
            "'a..b': `a..b` is no name: a label of the name is empty",
        ),
        (
            "rcode = 'NXDOMIAN'",
            "'NXDOMIAN': `NXDOMIAN` is no known `rcode`: did you mean `NXDOMAIN`?",
        ),
        (
            "",
            "[[answer]]: an answer with `NOERROR` says which records there are: `records` is missing here",
        ),
        (
            "records = []\nwhy = 'x'",
            "'x': a reason belongs to `FAILED` alone: a reason",
        ),
        (
            "rcode = 'NXDOMAIN'\nrecords = ['192.0.2.1']",
            "['192.0.2.1']: an answer with `NXDOMAIN` has no records: records all the same",
        ),
        (
            "records = []\nttl = -1",
            "-1: `ttl` is a whole number from 0 to 4294967295: outside of that",
        ),
    ] {
        let (recorded, problems) = parse(&row(rest));
        assert_eq!(problems, [told], "{rest}");
        assert_eq!(
            recorded.ask(&question("x.test", RecordType::A)).outcome,
            Outcome::Unknown,
            "{rest}"
        );
    }
}

#[test]
fn the_form_has_every_type() {
    let types = RecordType::ALL.map(RecordType::as_str);
    assert_eq!(forms::TYPES, types);
}

#[test]
fn several_mistakes_of_one_file() {
    let (recorded, problems) = parse(
        "[[answer]]\nname = 'x.test'\ntype = 'txt'\n\
         [[answer]]\nname = 'x.test'\ntype = 'A'\nrecords = ['192.0.2.1']\n\
         [[answer]]\nname = 'X.test.'\ntype = 'A'\nrecords = ['192.0.2.2']\n\
         [[answer]]\nname = ''\ntype = 'TXT'\nrecords = ['a\\300']\n",
    );
    assert_eq!(
        problems,
        [
            "[[answer]]: `recording` lacks the key `recorded`: `recorded` is missing here",
            "'txt': `txt` is no known `type`: not known",
            "[[answer]]: `x.test A` is answered twice: again",
            "'': `` is no name: the name is empty; the root is written `.`",
        ]
    );
    let first = recorded.ask(&question("x.test", RecordType::A));
    assert_eq!(first.records(), [Record::A([192, 0, 2, 1].into())]);
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_has_no_answers() {
    let (recorded, problems) = parse("recorded = 2026-11-22\n[[answer]]\nname = 'x.test'\ntype = 'A'\nrecords = ['1.1");
    assert!(!problems.is_empty());
    assert!(recorded.answers.is_empty());
}

#[test]
fn the_form_of_what_is_written() {
    let txt = Outcome::Found(vec![
        Record::Txt(vec![b"it's \"x\"\\".to_vec()]),
        Record::Txt(vec![b"v=spf1 ".to_vec(), b"-all\xff".to_vec()]),
    ]);
    let answers = [
        (question("b.test", RecordType::Txt), Answer::new(txt)),
        (
            question("a b.test", RecordType::A),
            Answer {
                outcome: Outcome::Failed(Failure::Other("it\n\"broke\"".to_owned())),
                aliases: vec![Name::root(), Name::parse(b"b.test").unwrap()],
                ttl: Some(5),
            },
        ),
        (
            question("c.test", RecordType::A),
            (*Off.ask(&question("c.test", RecordType::A))).clone(),
        ),
    ];
    let answers = answers.map(|(question, answer)| (question, Arc::new(answer))).into();
    let expected = r#"# Answers of DNS, for replay. What is not among them is unknown.
recorded = 2026-11-22

[[answer]]
name = "a b.test"
type = "A"
ttl = 5
aliases = [".", "b.test"]
why = "it\u000A\"broke\""
rcode = "FAILED"

[[answer]]
name = "b.test"
type = "TXT"
rcode = "NOERROR"
records = [
  "it's \"x\"\\092",
  ["v=spf1 ", '-all\255'],
]
"#;
    assert_eq!(write(day(), &answers), expected);
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        any::<u8>(),
        Just(b'\''),
        Just(b'"'),
        Just(b'\\'),
        Just(b'.'),
        Just(b' ')
    ];
    prop::collection::vec(octet, 0..most)
}

fn names() -> impl Strategy<Value = Name> {
    let label = octets(9).prop_map(|mut label| {
        label.push(b'x');
        label.into_boxed_slice()
    });
    prop::collection::vec(label, 0..4).prop_map(Name::of_labels)
}

fn records(kind: RecordType) -> BoxedStrategy<Record> {
    match kind {
        RecordType::A => any::<[u8; 4]>().prop_map(|ip| Record::A(ip.into())).boxed(),
        RecordType::Aaaa => any::<[u8; 16]>().prop_map(|ip| Record::Aaaa(ip.into())).boxed(),
        RecordType::Mx => (any::<u16>(), names())
            .prop_map(|(preference, exchange)| Record::Mx { preference, exchange })
            .boxed(),
        RecordType::Ptr => names().prop_map(Record::Ptr).boxed(),
        RecordType::Txt => prop::collection::vec(octets(300), 0..4).prop_map(Record::Txt).boxed(),
    }
}

fn entries() -> impl Strategy<Value = (Question, Arc<Answer>)> {
    prop::sample::select(RecordType::ALL.as_slice()).prop_flat_map(|kind| {
        let failures = prop_oneof![
            Just(Failure::Timeout),
            Just(Failure::ServerFailed),
            Just(Failure::Refused),
            Just(Failure::AliasLoop),
            any::<String>().prop_map(Failure::Other),
        ];
        let outcomes = prop_oneof![
            4 => prop::collection::vec(records(kind), 1..4).prop_map(Outcome::Found),
            1 => Just(Outcome::NoData),
            1 => Just(Outcome::NoName),
            1 => failures.prop_map(Outcome::Failed),
        ];
        let rest = (prop::collection::vec(names(), 0..3), any::<Option<u32>>());
        (names(), outcomes, rest).prop_map(move |(name, outcome, (aliases, ttl))| {
            let answer = Answer { outcome, aliases, ttl };
            (Question::new(name, kind), Arc::new(answer))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_written_is_read(entries in prop::collection::vec(entries(), 0..5)) {
        let answers: BTreeMap<Question, Arc<Answer>> = entries.into_iter().collect();
        let text = write(day(), &answers);
        let (recorded, problems) = parse(&text);
        prop_assert_eq!(problems, [""; 0], "{}", text);
        prop_assert_eq!(&recorded.answers, &answers, "{}", text);
        prop_assert_eq!(write(day(), &recorded.answers), text);
    }

    #[test]
    fn what_was_cut_off_has_whole_answers_or_none(entries in prop::collection::vec(entries(), 1..4), at in 0..=1000_usize) {
        let answers: BTreeMap<Question, Arc<Answer>> = entries.into_iter().collect();
        let mut text = write(day(), &answers);
        text.truncate(text.floor_char_boundary(text.len() * at / 1000));
        let (recorded, _) = parse(&text);
        for (question, answer) in &recorded.answers {
            prop_assert_eq!(Some(answer), answers.get(question), "{}", text);
        }
    }
}
