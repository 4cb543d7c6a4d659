//! `dkim-key-missing`: a key that a vendor signs with, as its pack says, is not there any more.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "dkim-key-missing",
    summary: "a key that a vendor signs with, as its pack says, is gone or revoked",
    page: include_str!("dkim-key-missing.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for key in &evidence.facts.dns.keys {
        let name = format!("{}._domainkey.{}", key.selector, key.domain);
        findings.push(Draft {
            message: format!("the key `{name}`, by which `{}` signs, {}", key.vendor, key.what),
            help: format!(
                "ask `{}` with which key it signs now; until then, do not let its mail through by its signature alone",
                key.vendor
            ),
            vendor: Some(key.vendor.clone()),
            stream: Some(key.stream.to_owned()),
            value: name,
            labels: vec![
                Label::new(key.answer, "the answer of DNS"),
                Label::new(key.value, "the pack names it"),
            ],
            ..Draft::default()
        });
    }
}
