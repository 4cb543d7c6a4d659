//! The conformance suite of others for RFC 7208, run over answers in memory and over those of a server. It is no part of the project:
//! `ALLOWAUDIT_SPF_SUITE` says where its JSON lies, and without it nothing is run.

use std::path::PathBuf;
use std::sync::Arc;

use allowaudit::dns::spf::Limits;
use allowaudit::dns::spf::evaluate::check_host;
use allowaudit::dns::{Answer, Failure, Name, Outcome, Question, Record, RecordType, Resolver};

use crate::program::root;

#[cfg(unix)]
mod by_program;
mod loopback;
pub mod suite;

use suite::{Data, Scenario, Zone};

fn scenarios() -> Option<Vec<Scenario>> {
    let path = PathBuf::from(std::env::var_os("ALLOWAUDIT_SPF_SUITE")?);
    let path = if path.is_relative() { root().join(path) } else { path };
    Some(suite::read(&allowaudit::source::read(&path).unwrap()))
}

/// The zone as answers, without a server; `failure` stands for a server that says nothing.
struct InMemory<'a> {
    zone: &'a Zone,
    failure: Failure,
}

impl InMemory<'_> {
    fn outcome(&self, question: &Question) -> (Outcome, Vec<Name>) {
        let mut name = question.name.clone();
        let mut aliases = Vec::new();
        loop {
            let Some(owner) = self.zone.owner(&octets(&name)) else {
                return (Outcome::NoName, aliases);
            };
            let records: Vec<Record> = owner
                .records
                .iter()
                .filter_map(|data| record(data, question.kind))
                .collect();
            if !records.is_empty() {
                return (Outcome::Found(records), aliases);
            }
            let alias = owner.records.iter().find_map(|data| match data {
                Data::Cname(target) => Some(Name::parse(target).unwrap()),
                _ => None,
            });
            let Some(alias) = alias else {
                let silent = owner.timeout;
                let outcome = if silent {
                    Outcome::Failed(self.failure.clone())
                } else {
                    Outcome::NoData
                };
                return (outcome, aliases);
            };
            if aliases.contains(&alias) {
                return (Outcome::Failed(Failure::AliasLoop), aliases);
            }
            aliases.push(alias.clone());
            name = alias;
        }
    }
}

impl Resolver for InMemory<'_> {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let (outcome, aliases) = self.outcome(question);
        Arc::new(Answer {
            aliases,
            ..Answer::new(outcome)
        })
    }
}

fn octets(name: &Name) -> Vec<u8> {
    let labels: Vec<&[u8]> = name.labels().collect();
    labels.join(&b'.')
}

fn record(data: &Data, kind: RecordType) -> Option<Record> {
    let name = |octets: &[u8]| Name::parse(octets).unwrap();
    Some(match (data, kind) {
        (Data::A(ip), RecordType::A) => Record::A(*ip),
        (Data::Aaaa(ip), RecordType::Aaaa) => Record::Aaaa(*ip),
        (Data::Ptr(target), RecordType::Ptr) => Record::Ptr(name(target)),
        (Data::Txt(strings), RecordType::Txt) => Record::Txt(strings.clone()),
        (Data::Mx(preference, exchange), RecordType::Mx) => Record::Mx {
            preference: *preference,
            exchange: name(exchange),
        },
        _ => return None,
    })
}

fn run(failure: &Failure) -> Option<usize> {
    let mut right = 0;
    let mut wrong = Vec::new();
    for scenario in scenarios()? {
        let resolver = InMemory {
            zone: &scenario.zone,
            failure: failure.clone(),
        };
        for case in &scenario.cases {
            let found = check_host(&resolver, &case.subject(), Limits::default());
            match case.compare(found.verdict.as_str(), found.explanation.as_deref()) {
                Ok(()) => right += 1,
                Err(difference) => wrong.push(format!(
                    "{}, {}: {difference}: {:?}",
                    scenario.name, case.name, found.cause
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    Some(right)
}

#[test]
fn every_test_of_the_suite_is_right() {
    match run(&Failure::Timeout) {
        Some(right) => {
            assert_eq!(right, 203);
            println!("spf-suite: {right} right");
        }
        None => println!("spf-suite: skipped"),
    }
}

#[test]
fn a_server_that_fails_is_as_good_as_one_that_is_silent() {
    match run(&Failure::ServerFailed) {
        Some(right) => {
            assert_eq!(right, 203);
            println!("spf-suite: {right} right with servers that fail");
        }
        None => println!("spf-suite: skipped"),
    }
}
