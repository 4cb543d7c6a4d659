//! Answers as sources, so that a finding can underline the very term of a record.
//!
//! A source has one alias or record a line, as zone files write them; where there are none, one line says what became
//! of the question. It knows nothing of what a record means.

use std::collections::BTreeMap;
use std::ops::Range;

use super::presentation::{is_plain, record};
use super::{Answer, Failure, Outcome, Question, Record};
use crate::source::{SourceId, Sources, Span};

/// Where the answer to one question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The source.
    pub source: SourceId,
    /// The first line: what to underline where an answer lacks something.
    pub head: Span,
    /// The aliases, in their order.
    pub aliases: Vec<Span>,
    /// The records, in their order.
    pub records: Vec<Place>,
}

/// Where one record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The whole record.
    pub span: Span,
    /// Which octets of the text are escaped, ascending. An escape takes four bytes for one octet.
    escaped: Vec<u32>,
}

impl Place {
    /// Where an octet of the joined text of a TXT record starts in the source.
    pub fn offset(&self, octet: usize) -> u32 {
        let octet = to_u32(octet);
        let before = to_u32(self.escaped.partition_point(|&at| at < octet));
        let offset = self
            .span
            .start
            .saturating_add(octet)
            .saturating_add(before.saturating_mul(3));
        offset.min(self.span.end)
    }

    /// Where a range of octets of the joined text of a TXT record stands in the source.
    pub fn span_of(&self, octets: Range<usize>) -> Span {
        Span::new(self.span.source, self.offset(octets.start), self.offset(octets.end))
    }
}

/// The answers that were made into sources, each once.
#[derive(Debug, Default)]
pub struct DnsSources(BTreeMap<Question, Placed>);

impl DnsSources {
    /// No answers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where an answer stands; it becomes a source when it is placed for the first time.
    pub fn place(&mut self, sources: &mut Sources, question: &Question, answer: &Answer) -> &Placed {
        self.0
            .entry(question.clone())
            .or_insert_with(|| place(sources, question, answer))
    }

    /// Where the answer to a question stands, if it was placed.
    pub fn get(&self, question: &Question) -> Option<&Placed> {
        self.0.get(question)
    }
}

fn place(sources: &mut Sources, question: &Question, answer: &Answer) -> Placed {
    let mut lines: Vec<String> = answer.aliases.iter().map(|alias| format!("CNAME {alias}")).collect();
    let n_aliases = lines.len();
    match &answer.outcome {
        Outcome::Found(records) => lines.extend(records.iter().map(record)),
        outcome => lines.push(words(question, outcome)),
    }
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let source = sources.add_text(format!("dns: {question}"), text);
    let mut start = 0;
    let mut spans: Vec<Span> = Vec::with_capacity(lines.len());
    for line in &lines {
        let end = start + to_u32(line.len());
        spans.push(Span::new(source, start, end));
        start = end + 1;
    }
    let head = spans.first().copied().unwrap_or(Span::new(source, 0, 0));
    let mut found = spans.split_off(n_aliases.min(spans.len())).into_iter();
    let records = answer.records().iter().zip(&mut found);
    Placed {
        source,
        head,
        records: records
            .map(|(record, span)| Place {
                span,
                escaped: escaped(record),
            })
            .collect(),
        aliases: spans,
    }
}

fn escaped(record: &Record) -> Vec<u32> {
    let text = record.text().unwrap_or_default();
    let escaped = text.iter().enumerate().filter(|&(_, &octet)| !is_plain(octet));
    escaped.map(|(at, _)| to_u32(at)).collect()
}

/// What became of a question without records, as a line of its source.
fn words(question: &Question, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Found(_) | Outcome::NoData => format!("no {} record", question.kind),
        Outcome::NoName => "no such name (NXDOMAIN)".to_owned(),
        Outcome::Failed(Failure::Timeout) => "no answer in time".to_owned(),
        Outcome::Failed(Failure::ServerFailed) => "the server failed (SERVFAIL)".to_owned(),
        Outcome::Failed(Failure::Refused) => "the server refused (REFUSED)".to_owned(),
        Outcome::Failed(Failure::AliasLoop) => "aliases without an end".to_owned(),
        Outcome::Failed(Failure::Other(why)) => why.replace(['\n', '\r'], " "),
        Outcome::Unknown => "not asked".to_owned(),
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{Name, RecordType};

    fn question(kind: RecordType) -> Question {
        Question::new(Name::parse(b"_spf.example.test").unwrap(), kind)
    }

    #[test]
    fn a_term_behind_escapes_is_found() {
        let strings = vec![b"v=spf1 \xff\\ inc".to_vec(), b"lude:a.test\x07 -all".to_vec()];
        let mut answer = Answer::new(Outcome::Found(vec![
            Record::Txt(vec![b"x".to_vec()]),
            Record::Txt(strings),
        ]));
        answer.aliases.push(Name::parse(b"other.test").unwrap());
        let text = answer.records()[1].text().unwrap();
        let mut sources = Sources::new();
        let mut dns = DnsSources::new();
        let placed = dns.place(&mut sources, &question(RecordType::Txt), &answer).clone();
        assert_eq!(sources.get(placed.source).name, "dns: _spf.example.test TXT");
        assert_eq!(
            sources.get(placed.source).text(),
            "CNAME other.test\nx\nv=spf1 \\255\\092 include:a.test\\007 -all\n"
        );
        assert_eq!(sources.text(placed.aliases[0]), "CNAME other.test");
        assert_eq!(sources.text(placed.head), "CNAME other.test");
        assert_eq!(sources.text(placed.records[0].span), "x");
        let place = &placed.records[1];
        for (octets, shown) in [
            (b"include:a.test".as_slice(), "include:a.test"),
            (b"\xff\\", "\\255\\092"),
            (b"\x07 -all", "\\007 -all"),
            (&text, "v=spf1 \\255\\092 include:a.test\\007 -all"),
        ] {
            let at = text.windows(octets.len()).position(|window| window == octets).unwrap();
            assert_eq!(sources.text(place.span_of(at..at + octets.len())), shown);
        }
        // What lies past the end stays inside of the record.
        assert_eq!(place.offset(text.len() + 9), place.span.end);
    }

    #[test]
    fn an_answer_is_placed_once() {
        let (mut sources, mut dns) = (Sources::new(), DnsSources::new());
        let mx = question(RecordType::Mx);
        assert_eq!(dns.get(&mx), None);
        let answer = Answer::new(Outcome::NoName);
        let first = dns.place(&mut sources, &mx, &answer).clone();
        assert_eq!(dns.place(&mut sources, &mx, &answer), &first);
        assert_eq!((sources.len(), dns.get(&mx)), (1, Some(&first)));
    }

    #[test]
    fn what_has_no_records_has_a_line_to_underline() {
        for (outcome, line) in [
            (Outcome::NoData, "no MX record"),
            (Outcome::NoName, "no such name (NXDOMAIN)"),
            (Outcome::Failed(Failure::Other("a\nb".to_owned())), "a b"),
            (Outcome::Unknown, "not asked"),
        ] {
            let (mut sources, mut dns) = (Sources::new(), DnsSources::new());
            let placed = dns
                .place(&mut sources, &question(RecordType::Mx), &Answer::new(outcome))
                .clone();
            assert_eq!(sources.text(placed.head), line);
            assert!(placed.records.is_empty() && placed.aliases.is_empty());
        }
        let null = Record::Mx {
            preference: 0,
            exchange: Name::root(),
        };
        let (mut sources, mut dns) = (Sources::new(), DnsSources::new());
        let answer = Answer::new(Outcome::Found(vec![null]));
        let placed = dns.place(&mut sources, &question(RecordType::Mx), &answer).clone();
        assert_eq!(sources.text(placed.records[0].span), "0 .");
    }
}
