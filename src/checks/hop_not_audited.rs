//! `hop-not-audited`: MX shows a filter in front whose configuration was not supplied.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "hop-not-audited",
    summary: "a filter that MX shows in front of the mailboxes was not supplied",
    page: include_str!("hop-not-audited.md"),
    group: Group::Dns,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for hop in &evidence.facts.dns.hops {
        let (id, name) = (hop.product.id, hop.product.name);
        findings.push(Draft {
            message: format!(
                "mail for `{}` passes {name} first, whose configuration was not supplied",
                hop.domain.value
            ),
            help: format!(
                "declare it as `[[hop]]` with `platform = \"{id}\"`, and let the vendors' mail through there too"
            ),
            stage: Some("hop/gateway"),
            object: Some(format!("hop/{id}")),
            value: hop.domain.value.to_string(),
            labels: vec![
                Label::new(hop.record, format!("this host is {name}'s")),
                Label::new(hop.domain.span, "the tenant's domain"),
            ],
            ..Draft::default()
        });
    }
}
