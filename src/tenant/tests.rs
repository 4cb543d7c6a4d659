//! Tenant files: the one of the documentation, and mistakes.

use super::*;
use crate::pack::{Delivery, Pack, StreamKind, embedded};

const CHECKS: &[&str] = &["broad-allow", "cannot-tell"];

const CONTOSO: &str = include_str!("tests/contoso.toml");

fn read_text(text: &str) -> (Sources, Tenant, Vec<Problem>) {
    let mut sources = Sources::new();
    let id = sources.add_text("allowaudit.toml", text.to_owned());
    let (tenant, problems) = read(&sources, id, CHECKS);
    (sources, tenant, problems)
}

fn said(sources: &Sources, problems: &[Problem]) -> Vec<(String, String)> {
    let said = |problem: &Problem| (sources.text(problem.labels[0].span).to_owned(), problem.message.clone());
    problems.iter().map(said).collect()
}

fn packs(sources: &mut Sources) -> Vec<Pack> {
    embedded(sources).0
}

#[test]
fn the_documented_file_reads_without_a_problem() {
    let (sources, tenant, problems) = read_text(CONTOSO);
    assert_eq!(said(&sources, &problems), []);
    assert_eq!(
        tenant.vendors[0].delivery.of(StreamKind::Training).unwrap().value,
        Delivery::Smtp
    );
    assert_eq!(tenant.vendors[0].streams.len(), 2);
    assert_eq!(tenant.hops[0].egress.len(), 1);
    assert!(tenant.exports[0].empty);
    assert_eq!(
        tenant.exceptions[0].where_glob.as_ref().unwrap().value,
        "transport-rule/Scanner"
    );
}

#[test]
fn what_fits_the_packs_is_no_problem() {
    let text = "[[vendor]]\npack = \"infosec-iq\"\ndelivery = \"smtp\"\nvalues.email_stack_ips = [\"192.0.2.10/32\"]\n\
                [[vendor]]\npack = \"ksat\"\ndelivery.phishing = \"ews\"\nregion = \"us\"\n[[offboarded]]\n\
                pack = \"curricula\"\n";
    let (mut sources, tenant, problems) = read_text(text);
    assert_eq!(said(&sources, &problems), []);
    assert_eq!(
        tenant.vendors[1].delivery.of(StreamKind::Phishing).unwrap().value,
        Delivery::Ews
    );
    assert_eq!(tenant.vendors[1].delivery.of(StreamKind::Training), None);
    let packs = packs(&mut sources);
    assert_eq!(said(&sources, &packs_of(&tenant, &packs)), []);
    for vendor in &tenant.vendors {
        let pack = packs.iter().find(|pack| pack.answers_to(&vendor.pack.value)).unwrap();
        assert_eq!(said(&sources, &fits(pack, vendor)), []);
        assert_eq!(said(&sources, &answers(pack, vendor).1), []);
    }
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let text = r#"
nmae = "contoso"
domains = ["contoso..example", 3]
[[vendor]]
pack = "knowbe4"
streams = ["phising"]
delivery = "grap"
until = "2027-01-31"
[[vendor]]
pack = "infima"
delivery.phishin = "graph"
delivery.training = "grap"
[[vendor]]
pack = "infima"
values.x = [1]
[[offboarded]]
pack = "knowbe4"
[[own]]
name = "scanner"
networks = ["198.51.100.1/28", "198.51.100.900"]
[[hop]]
platform = "mimcast"
[[export]]
file = "../x.json"
kind = "connection-filter"
[[export]]
file = "y.json"
empty = true
[[mailbox]]
address = "all-staff"
kind = "grup"
[[expect]]
never = "delivred"
[[exception]]
check = "broad-alow"
"#;
    let (sources, _, problems) = read_text(text);
    let found = said(&sources, &problems);
    let expected = [
        ("nmae", "`tenant` has no key `nmae`"),
        ("\"contoso..example\"", "`contoso..example` has an empty label"),
        ("3", "`domains` takes a string, not a number"),
        ("\"phising\"", "`phising` is no known `streams`"),
        ("\"grap\"", "`grap` is no known `delivery`"),
        (
            "\"2027-01-31\"",
            "`until` takes a day such as 2026-11-21, without quotes, not a string",
        ),
        ("phishin", "`delivery` has no key `phishin`"),
        ("\"grap\"", "`grap` is no known `training`"),
        ("\"infima\"", "vendor `infima` is given twice"),
        ("1", "`x` takes a string, not a number"),
        ("\"knowbe4\"", "`knowbe4` is both a vendor and a former one"),
        ("\"198.51.100.1/28\"", "`198.51.100.1/28` has host bits set"),
        ("\"198.51.100.900\"", "octet `900` is above 255"),
        ("\"mimcast\"", "`mimcast` is no known `platform`"),
        ("\"../x.json\"", "an export lies in the folder of the tenant file"),
        (
            "\"connection-filter\"",
            "`connection-filter` does not name a kind of export",
        ),
        ("true", "an empty export does not say of what"),
        ("\"all-staff\"", "`all-staff` has no `@`"),
        ("\"grup\"", "`grup` is no known `kind`"),
        ("\"delivred\"", "`delivred` is no known `never`"),
        ("[[exception]]", "`[[exception]]` lacks the key `reason`"),
        ("\"broad-alow\"", "`broad-alow` is no known check"),
    ];
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_key_is_read() {
    read_text(CONTOSO);
    read_text("[[vendor]]\npack = \"infima\"\ndelivery = {}\n[[expect]]\nalways = \"delivered\"\n");
    assert_eq!(form::asked::never(&forms::TENANT), [""; 0]);
}

#[test]
fn slips_of_syntax_are_all_told() {
    let (_, _, problems) = read_text("name = contoso\n[[vendor]\npack = \"infima\"\n[[hop]]\nplatform = \n");
    assert!(problems.len() >= 3, "{problems:#?}");
}

#[test]
fn an_empty_file_is_a_tenant() {
    let (_, tenant, problems) = read_text("");
    assert_eq!(problems, []);
    assert!(tenant.vendors.is_empty() && tenant.name.is_none());
}

#[test]
fn answers_are_compared_with_the_parameters() {
    let text = "[[vendor]]\npack = \"infosec-iq\"\n[vendor.values]\nemail_stack_ips = \"192.0.2.300\"\n\
                email_stack_domain = \"a.example\"\n\
                phishy_domains = true\n";
    let (mut sources, tenant, problems) = read_text(text);
    assert_eq!(problems, []);
    let packs = packs(&mut sources);
    let pack = packs.iter().find(|pack| pack.answers_to("infosec-iq")).unwrap();
    let (answers, problems) = answers(pack, &tenant.vendors[0]);
    let found = said(&sources, &problems);
    let expected = [
        ("\"192.0.2.300\"", "octet `300` is above 255"),
        (
            "email_stack_domain",
            "`email_stack_domain` is no known parameter of `infosec-iq`",
        ),
        ("true", "`phishy_domains` takes domains, not true or false"),
    ];
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected);
    let by: Vec<AnsweredBy> = answers.iter().map(|answer| answer.by).collect();
    assert_eq!(by, [AnsweredBy::Tenant, AnsweredBy::Nobody, AnsweredBy::Tenant]);
}

#[test]
fn defaults_answer_where_the_tenant_does_not() {
    let (mut sources, tenant, _) = read_text("[[vendor]]\npack = \"knowbe4\"\nvalues.uses_defend = true\n");
    let packs = packs(&mut sources);
    let pack = packs.iter().find(|pack| pack.answers_to("ksat")).unwrap();
    let (answers, problems) = answers(pack, &tenant.vendors[0]);
    assert_eq!(problems, []);
    let of = |id: &str| answers.iter().find(|answer| answer.parameter.value == id).unwrap();
    assert!(of("uses_defend").holds() && of("header_value").holds());
    assert_eq!(of("header_value").by, AnsweredBy::Pack);
    assert!(!of("overwrites_return_path").holds());
    assert_eq!(of("eu_sending_ips").by, AnsweredBy::Nobody);
}

#[test]
fn what_the_pack_does_not_have_is_told() {
    let text = "[[vendor]]\npack = \"knowbe4\"\nstreams = [\"notice\"]\ndelivery.training = \"ews\"\nregion = \"su\"\n\
                cohort = \"defend-group-5\"\n[[vendor]]\npack = \"huntress-platform\"\ndelivery = \"graph\"\n\
                [[vendor]]\npack = \"knowb4\"\n\
                [[expect]]\nsender = \"atacker\"\nnever = \"delivered\"\n[[offboarded]]\npack = \"ksat\"\n";
    let (mut sources, tenant, problems) = read_text(text);
    assert_eq!(problems, []);
    let packs = packs(&mut sources);
    let of = |id: &str| packs.iter().find(|pack| pack.answers_to(id)).unwrap();
    let mut problems = fits(of("knowbe4"), &tenant.vendors[0]);
    problems.extend(fits(of("huntress-platform"), &tenant.vendors[1]));
    problems.extend(packs_of(&tenant, &packs));
    let found = said(&sources, &problems);
    let underlined: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
    let expected = [
        "\"notice\"",
        "\"ews\"",
        "\"su\"",
        "\"defend-group-5\"",
        "\"graph\"",
        "\"knowb4\"",
        "\"atacker\"",
        "\"ksat\"",
    ];
    assert_eq!(underlined, expected);
}

#[test]
fn the_schema_has_the_tables_of_the_file() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for key in [
        "vendor",
        "offboarded",
        "own",
        "hop",
        "export",
        "mailbox",
        "expect",
        "exception",
    ] {
        assert_eq!(schema["properties"][key]["type"], "array", "{key}");
    }
}
