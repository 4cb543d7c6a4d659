//! `spf-drift`: a vendor's SPF record and its pack disagree.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::dns::Drifted;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "spf-drift",
    summary: "a vendor's SPF record no longer authorises what its pack says, or more than it says",
    page: include_str!("spf-drift.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

/// How many addresses a message names.
const N_NAMED: usize = 3;

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for drift in &evidence.facts.dns.drifts {
        let (vendor, record) = (&drift.vendor, &drift.record);
        let (message, help, value, text) = match &drift.what {
            Drifted::Lacks(value) => (
                format!("the SPF record `{record}` of `{vendor}` does not authorise `{value}`, which the pack names"),
                "ask the vendor whether it still sends from there, and take a newer pack".to_owned(),
                value.clone(),
                "named here",
            ),
            Drifted::More(hosts) => {
                let nets = hosts.nets();
                let named: Vec<String> = nets.iter().take(N_NAMED).map(|net| format!("`{net}`")).collect();
                let others = nets.len().saturating_sub(N_NAMED);
                let rest = if others > 0 {
                    format!(" and {others} more")
                } else {
                    String::new()
                };
                (
                    format!(
                        "the SPF record `{record}` of `{vendor}` authorises {}{rest}, which the pack does not know",
                        named.join(", ")
                    ),
                    "ask the vendor whether simulations come from there too, and take a newer pack".to_owned(),
                    nets.first().map(ToString::to_string).unwrap_or_default(),
                    "the pack names this record",
                )
            }
        };
        findings.push(Draft {
            message,
            help,
            vendor: Some(vendor.clone()),
            stream: Some(drift.stream.to_owned()),
            value,
            labels: vec![
                Label::new(drift.answer, "the answer of DNS"),
                Label::new(drift.value, text),
            ],
            ..Draft::default()
        });
    }
}
