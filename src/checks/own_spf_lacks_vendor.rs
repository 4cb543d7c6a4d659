//! `own-spf-lacks-vendor`: a vendor sends as the tenant, whose SPF record does not authorise it.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "own-spf-lacks-vendor",
    summary: "a vendor sends as the tenant, whose SPF record does not authorise it",
    page: include_str!("own-spf-lacks-vendor.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

/// How many networks a message names.
const N_NAMED: usize = 3;

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for lacks in &evidence.facts.dns.lacking {
        let nets = lacks.hosts.nets();
        let mut named: Vec<String> = nets.iter().take(N_NAMED).map(|net| format!("`{net}`")).collect();
        let others = nets.len().saturating_sub(N_NAMED);
        if others > 0 {
            named.push(format!("{others} more"));
        }
        let include = lacks
            .include
            .as_ref()
            .map_or_else(|| "the vendor's hosts".to_owned(), |name| format!("`include:{name}`"));
        findings.push(Draft {
            message: format!(
                "{} of `{}` comes from {} as `{}`, which {}",
                lacks.stream,
                lacks.vendor,
                words::list(&named),
                lacks.domain,
                lacks.what
            ),
            help: format!("add {include} to the record of `{}`, before its `all`", lacks.domain),
            vendor: Some(lacks.vendor.clone()),
            stream: Some(lacks.stream.to_owned()),
            value: lacks.domain.to_string(),
            labels: vec![
                Label::new(lacks.answer, "the answer of DNS"),
                Label::new(lacks.value, format!("`{}` sends as the tenant", lacks.vendor)),
            ],
            ..Draft::default()
        });
    }
}
