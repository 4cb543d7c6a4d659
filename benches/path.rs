//! A set of messages on its way through many rules, nearly all of which are about others.
//!
//! The figure that counts is the time per rule that does not match: it decides what a large tenant costs.

use std::sync::LazyLock;

use allowaudit::allow::address::AddressSet;
use allowaudit::allow::domain::{Domain, DomainSet};
use allowaudit::allow::ip::IpSet;
use allowaudit::message::{Concern, Concerns, Cube, Fields, Headers, MessageSet, Names};
use allowaudit::path::{Effect, Force, Guard, MailPath, Pred, Rule, Stage};
use allowaudit::source::{SourceId, Sources, Span};
use divan::Bencher;
use divan::counter::ItemsCount;

static SOURCE: LazyLock<SourceId> = LazyLock::new(|| Sources::new().add_text("bench.json", ""));

fn main() {
    divan::main();
}

/// The `n`th address of a scattered sequence outside the networks of the requirement.
fn host(n: u32) -> IpSet {
    let scattered = n.wrapping_mul(2_654_435_761) % 0x5000_0000;
    IpSet::addr(std::net::Ipv4Addr::from_bits(0x0b00_0000 + scattered).into())
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap_or_else(|error| unreachable!("{error}"))
}

fn ips(rule: u32, n_values: u32) -> Pred {
    let hosts: Vec<IpSet> = (0..n_values).map(|n| host(rule * n_values + n)).collect();
    Pred::Ip(IpSet::union_all(&hosts))
}

fn domains(rule: u32, n_values: u32) -> DomainSet {
    let names: Vec<Domain> = (0..n_values)
        .map(|n| {
            // Names begin with all letters, as real ones do.
            let n = (rule * n_values + n).wrapping_mul(2_654_435_761);
            let first = char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
            domain(&format!("mail.{first}{n}-customer.example"))
        })
        .collect();
    DomainSet::all_with_subs(&names)
}

/// Rules that match nothing of the requirement, and one in the middle that clears it.
fn path(n_rules: u32, pred: impl Fn(u32) -> Pred) -> MailPath {
    let span = Span::new(*SOURCE, 0, 0);
    let rule = |n: u32, pred: Pred| Rule {
        object: format!("transport-rule/{n}"),
        origin: span,
        control: "transport-rule",
        guard: Guard::when(pred),
        effects: vec![
            Effect::Clears(Concerns::of(&[Concern::Spam, Concern::Phish])),
            Effect::Stops,
        ],
        force: Force::InForce,
        lists: Vec::new(),
        expiry: None,
    };
    let mut rules: Vec<Rule> = (0..n_rules).map(|n| rule(n, pred(n))).collect();
    let sent = requirement();
    let ip = sent.cubes().first().map_or_else(IpSet::empty, |cube| cube.ip.clone());
    rules.insert(rules.len() / 2, rule(n_rules, Pred::Ip(ip)));
    let mut path = MailPath::new("direct", "bench");
    path.stages.push(Stage {
        id: "bench/rules",
        judges: Concerns::of(&[Concern::Spam, Concern::Phish]),
        rules,
    });
    path
}

/// One product, as a stream of a vendor is.
fn requirement() -> MessageSet {
    let nets = ["192.0.2.0/26", "198.51.100.8/29", "203.0.113.64/27"];
    let vendor = [domain("vendor.example"), domain("mail.vendor.example")];
    MessageSet::from(Cube {
        ip: IpSet::from_nets(nets.iter().filter_map(|net| net.parse().ok())),
        mail_from: AddressSet::domains(&DomainSet::all_exact(&vendor)),
        dkim: Names::only_in(DomainSet::exact(&vendor[0])),
        headers: Headers::none(),
        to: AddressSet::domain(&domain("tenant.example")),
        ..Cube::all()
    })
}

fn bench(bencher: Bencher<'_, '_>, path: &MailPath) {
    let sent = requirement();
    let n_rules = path.rules().count();
    assert_eq!(path.trace(&sent, Fields::default()).hits.len(), 1);
    bencher
        .counter(ItemsCount::new(n_rules))
        .bench_local(|| path.trace(&sent, Fields::default()).coverage(Concern::Spam));
}

#[divan::bench]
fn ips_300_rules_of_200(bencher: Bencher<'_, '_>) {
    bench(bencher, &path(300, |n| ips(n, 200)));
}

#[divan::bench]
fn senders_300_rules_of_200(bencher: Bencher<'_, '_>) {
    bench(
        bencher,
        &path(300, |n| Pred::MailFrom(AddressSet::domains(&domains(n, 200)))),
    );
}

#[divan::bench]
fn either_sender_300_rules_of_200(bencher: Bencher<'_, '_>) {
    let either = |n| {
        let senders = AddressSet::domains(&domains(n, 200));
        Pred::Any(vec![Pred::MailFrom(senders.clone()), Pred::Dkim(domains(n, 200))])
    };
    bench(bencher, &path(300, either));
}

#[divan::bench]
fn signatures_300_rules_of_200(bencher: Bencher<'_, '_>) {
    bench(bencher, &path(300, |n| Pred::Dkim(domains(n, 200))));
}

#[divan::bench(sample_count = 20)]
fn ips_100_000_rules_of_3(bencher: Bencher<'_, '_>) {
    bench(bencher, &path(100_000, |n| ips(n, 3)));
}

/// An attacker who is only kept from the vendor's own hosts, against rules each of which lets somebody in.
#[divan::bench(sample_count = 20)]
fn excess_of_300_rules_of_200(bencher: Bencher<'_, '_>) {
    let path = path(300, |n| {
        Pred::All(vec![Pred::MailFrom(AddressSet::domains(&domains(n, 200)))])
    });
    let vendor = requirement();
    let attacker = vendor.cubes().iter().map(|cube| Cube {
        ip: cube.ip.complement(),
        ..Cube::all()
    });
    let attacker: MessageSet = attacker.collect();
    bencher
        .counter(ItemsCount::new(300_u32))
        .bench_local(|| path.excess(Concern::Spam, &attacker));
}
