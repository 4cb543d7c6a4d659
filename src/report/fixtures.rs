//! Reports to render in tests.

use std::sync::Arc;

use crate::check::{Excepted, Finding, Group, Witness};
use crate::problem::{Label, Level, Problem, ProblemKind};
use crate::report::{CoverageRow, Fate, Input, Outcome, Report, TenantReport, Verdict};
use crate::source::{SourceId, Sources, Span};

/// The span of the first `needle` in a source.
pub(super) fn span(sources: &Sources, id: SourceId, needle: &str) -> Span {
    let start = sources.get(id).text().find(needle).unwrap();
    at(id, start, start + needle.len())
}

pub(super) fn at(id: SourceId, start: usize, end: usize) -> Span {
    Span::new(id, u32::try_from(start).unwrap(), u32::try_from(end).unwrap())
}

/// A finding with the least that a check may give.
pub(super) fn finding(check: &'static str, level: Level, message: &str, labels: Vec<Label>) -> Finding {
    Finding {
        check,
        group: Group::Safety,
        level,
        message: message.to_owned(),
        help: "narrow it to what the vendor needs".to_owned(),
        vendor: None,
        stream: None,
        platform: Some("exchange"),
        stage: None,
        object: None,
        value: String::new(),
        labels,
        witness: None,
        remedies: Vec::new(),
        exception: None,
    }
}

pub(super) fn tenant(sources: Sources, findings: Vec<Finding>) -> TenantReport {
    TenantReport {
        name: "contoso".to_owned(),
        path: "tenants/contoso".to_owned(),
        outcome: Outcome::Findings,
        inputs: Vec::new(),
        verdicts: Vec::new(),
        coverage: Vec::new(),
        findings,
        problems: Vec::new(),
        residual: Vec::new(),
        sources: Arc::new(sources),
    }
}

pub(super) fn report(sources: Sources, findings: Vec<Finding>) -> Report {
    Report {
        tenants: vec![tenant(sources, findings)],
    }
}

/// An export that lacks what a pack asks for.
pub(super) fn two_sources() -> (Sources, Finding) {
    let mut sources = Sources::new();
    let export = sources.add_text(
        "exports/connection-filter.json",
        "{\r\n  \"Identity\": \"Default\",\r\n  \"IPAllowList\": [ \"198.51.100.7\" ]\r\n}\r\n",
    );
    let pack = sources.add_text(
        "vendors/acme.toml",
        "[[value]]\nstream = \"phishing\"\nvalue = \"192.0.2.0/24\"\nsource = \"help\"\n",
    );
    let labels = vec![
        Label::new(span(&sources, export, "[ \"198.51.100.7\" ]"), "no entry covers it"),
        Label::new(
            span(&sources, pack, "\"192.0.2.0/24\""),
            "asked for by the vendor for smtp delivery",
        ),
    ];
    let finding = Finding {
        group: Group::Delivery,
        help: "add the range to the list".to_owned(),
        vendor: Some("acme".to_owned()),
        stream: Some("phishing".to_owned()),
        stage: Some("exchange/connection-filter"),
        object: Some("connection-filter/Default".to_owned()),
        value: "192.0.2.0/24".to_owned(),
        witness: Some(Witness {
            ip: Some("192.0.2.7".to_owned()),
            mail_from: Some("x@acme.example".to_owned()),
            to: Some("a@contoso.example".to_owned()),
            ..Witness::default()
        }),
        ..finding(
            "sending-ip-not-cleared",
            Level::Deny,
            "`192.0.2.0/24` is not on the connection filter's allow list",
            labels,
        )
    };
    (sources, finding)
}

/// A tenant that has something of everything.
pub(super) fn everything() -> TenantReport {
    let (mut sources, missing) = two_sources();
    let export = missing.labels[0].span.source;
    let rules = sources.add_text(
        "exports/rules.json",
        "[\n  {\n    \"Name\": \"Scanner\",\n    \"SenderIpRanges\": [\n      \"203.0.113.0/24\",\n      \"198.51.100.0/28\"\n    ],\n    \"SetSCL\": -1\n  }\n]\n",
    );
    let policy = sources.add_text("allowaudit.toml", "name = \"contoso\"\npolciy = \"strict\"\n");
    let broad = Finding {
        object: Some("transport-rule/Scanner".to_owned()),
        value: "203.0.113.0/24".to_owned(),
        ..finding(
            "broad-allow",
            Level::Warn,
            "`203.0.113.0/24` skips the spam filter for 256 addresses, and no vendor nor host of the tenant needs any",
            vec![
                Label::new(span(&sources, rules, "\"203.0.113.0/24\""), "256 addresses"),
                Label::new(span(&sources, rules, "-1"), "the filter is skipped here"),
            ],
        )
    };
    let excepted = Finding {
        object: Some("transport-rule/Scanner".to_owned()),
        value: "198.51.100.0/28".to_owned(),
        exception: Some(Excepted {
            reason: "on-premises scanner, ticket 4711".to_owned(),
            expires: Some(jiff::civil::date(2027, 3, 1)),
        }),
        ..finding(
            "broad-allow",
            Level::Deny,
            "`198.51.100.0/28` skips the spam filter",
            vec![Label::new(span(&sources, rules, "\"198.51.100.0/28\""), "16 addresses")],
        )
    };
    let note = finding(
        "old-export",
        Level::Note,
        "the export is 120 days old",
        vec![Label::new(at(export, 0, 1), "taken on 2026-07-24")],
    );
    let problem = Problem::at(
        Level::Warn,
        ProblemKind::UnknownKey,
        span(&sources, policy, "polciy"),
        "unknown key `polciy`",
        "not a key of a tenant file",
    )
    .help("did you mean `policy`?");
    let verdict = |stream: &str, fate, why: &str| Verdict {
        vendor: "acme".to_owned(),
        stream: stream.to_owned(),
        fate,
        why: why.to_owned(),
    };
    let input = |path: &str, kind, objects, encoding, complete| Input {
        path: path.to_owned(),
        platform: Some("exchange"),
        kind,
        objects,
        encoding,
        complete,
    };
    TenantReport {
        verdicts: vec![
            verdict(
                "phishing",
                Fate::DoesNot,
                "the connection filter does not list `192.0.2.0/24`",
            ),
            verdict("training", Fate::GetsThrough, ""),
            verdict(
                "notice",
                Fate::CannotTell,
                "no export shows the mail flow rules of the gateway in front, and the tenant file does not say what it lets through",
            ),
        ],
        inputs: vec![
            input("exports/rules.json", "transport-rule", 1, "utf-8", true),
            input(
                "exports/connection-filter.json",
                "connection-filter",
                12,
                "utf-16le",
                false,
            ),
        ],
        coverage: vec![CoverageRow {
            vendor: "acme".to_owned(),
            stream: "notice".to_owned(),
            path: "direct".to_owned(),
            stage: "exchange/content-filter",
            concern: "spam",
            answer: "unknown",
        }],
        problems: vec![problem],
        residual: vec!["safe senders that people keep in their own mailbox".to_owned()],
        ..tenant(sources, vec![missing, excepted, broad, note])
    }
}
