//! The suite over sockets: each scenario's zone on a server of its own, asked by the resolver that asks the network.
//!
//! Scenarios run side by side, each with a resolver that knows nothing of the other zones. Silence takes time to be
//! noticed: where a server is silent on purpose it is not waited for long, and longer only for what came out wrong,
//! since on a busy machine any answer may be late.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use allowaudit::dns::live::Settings;
use allowaudit::dns::spf::Limits;
use allowaudit::dns::spf::evaluate::check_host;
use allowaudit::dns::{Live, Name, RecordType};

use super::suite::{self, Case, Data, Scenario};
use super::{record, scenarios};
use crate::dns_server::{Fault, Server, Zone, settings};

/// How long a server is waited for that may be silent, in milliseconds.
const PATIENCE: [u64; 3] = [400, 3000, 10_000];

pub(super) fn zone(data: &suite::Zone, fault: &Fault) -> Zone {
    let mut zone = Zone::new();
    for (name, owner) in &data.owners {
        // What cannot be a name is never asked for.
        let Ok(name) = Name::parse(name) else { continue };
        let records = zone.records.entry(name.clone()).or_default();
        for data in &owner.records {
            if let Data::Cname(target) = data {
                zone.aliases.insert(name.clone(), Name::parse(target).unwrap());
            } else {
                records.extend(RecordType::ALL.into_iter().find_map(|kind| record(data, kind)));
            }
        }
        if owner.timeout {
            zone.faults_else.insert(name, fault.clone());
        }
    }
    zone
}

fn wrong(case: &Case, resolver: &Live) -> Option<String> {
    let found = check_host(resolver, &case.subject(), Limits::default());
    let compared = case.compare(found.verdict.as_str(), found.explanation.as_deref());
    let difference = compared.err()?;
    Some(format!("{}: {difference}: {:?}", case.name, found.cause))
}

/// How many tests are right; the others are told.
fn run_one(scenario: &Scenario, fault: &Fault) -> (usize, Vec<String>) {
    let server = Server::start(zone(&scenario.zone, fault));
    let is_silent = matches!(fault, Fault::Silence) && scenario.zone.owners.values().any(|owner| owner.timeout);
    let patience: &[u64] = if is_silent { &PATIENCE } else { &[20_000] };
    let mut left: Vec<&Case> = scenario.cases.iter().collect();
    let mut told = Vec::new();
    for &patience in patience {
        let resolver = Live::new(Settings {
            timeout: Duration::from_millis(patience),
            ..settings(&[&server])
        });
        let resolver = resolver.unwrap();
        told.clear();
        left.retain(|case| {
            let wrong = wrong(case, &resolver);
            let is_wrong = wrong.is_some();
            told.extend(wrong.map(|wrong| format!("{}, {wrong}", scenario.name)));
            is_wrong
        });
        if left.is_empty() {
            break;
        }
    }
    (scenario.cases.len() - left.len(), told)
}

fn run(fault: &Fault) -> Option<usize> {
    let scenarios = scenarios()?;
    let next = AtomicUsize::new(0);
    let found = Mutex::new((0, Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (right, wrong) = run_one(scenario, fault);
                    let mut found = found.lock().unwrap();
                    found.0 += right;
                    found.1.extend(wrong);
                }
            });
        }
    });
    let (right, wrong) = found.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    Some(right)
}

#[test]
fn every_test_is_right_where_servers_are_silent() {
    match run(&Fault::Silence) {
        Some(right) => {
            assert_eq!(right, 203);
            println!("spf-suite: {right} right over loopback");
        }
        None => println!("spf-suite: skipped over loopback"),
    }
}

#[test]
fn every_test_is_right_where_servers_fail() {
    match run(&Fault::Code(2)) {
        Some(right) => {
            assert_eq!(right, 203);
            println!("spf-suite: {right} right over loopback with servers that fail");
        }
        None => println!("spf-suite: skipped over loopback"),
    }
}
