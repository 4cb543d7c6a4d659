//! `spf-broken`: the SPF record of a vendor's sender ends in an error.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "spf-broken",
    summary: "the SPF record of a vendor's sender ends in an error for the vendor's own addresses",
    page: include_str!("spf-broken.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for broken in &evidence.facts.dns.broken {
        findings.push(Draft {
            message: format!("the SPF record of `{}` {}", broken.domain, broken.why),
            help: format!(
                "tell `{}`: until it is mended, this mail does not pass SPF anywhere",
                broken.vendor
            ),
            vendor: Some(broken.vendor.clone()),
            stream: Some(broken.stream.to_owned()),
            value: broken.domain.to_string(),
            labels: vec![
                Label::new(broken.answer, "this is what receivers find"),
                Label::new(broken.value, format!("`{}` sends as this", broken.vendor)),
            ],
            ..Draft::default()
        });
    }
}
