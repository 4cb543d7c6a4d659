//! `sender-fails-dmarc`: a vendor's mail shows a header sender whose DMARC policy it cannot meet.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "sender-fails-dmarc",
    summary: "a vendor's mail shows a header sender whose DMARC policy it cannot meet",
    page: include_str!("sender-fails-dmarc.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for fails in &evidence.facts.dns.failing {
        findings.push(Draft {
            message: format!(
                "`{}` asks receivers to {} mail that does not pass DMARC, and {} mail of `{}` as it does not",
                fails.domain, fails.policy, fails.stream, fails.vendor
            ),
            help: "clear the DMARC policy's action for it, by Advanced Delivery, or let the vendor sign as this domain"
                .to_owned(),
            vendor: Some(fails.vendor.clone()),
            stream: Some(fails.stream.to_owned()),
            value: fails.domain.to_string(),
            labels: vec![
                Label::new(fails.answer, "the policy"),
                Label::new(fails.value, format!("`{}` sends as this", fails.vendor)),
            ],
            ..Draft::default()
        });
    }
}
