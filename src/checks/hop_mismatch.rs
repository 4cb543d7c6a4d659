//! `hop-mismatch`: the tenant file and MX disagree about what takes mail first.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "hop-mismatch",
    summary: "the tenant file and MX disagree about which filter takes mail first",
    page: include_str!("hop-mismatch.md"),
    group: Group::Dns,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for mismatch in &evidence.facts.dns.mismatches {
        let (declared, domain) = (&mismatch.platform.value, &mismatch.domain.value);
        let shown = match mismatch.shown {
            Some(product) if mismatch.later => {
                format!("{} first, which the tenant file has further behind", product.name)
            }
            Some(product) => format!("{}, which the tenant file does not have in front", product.name),
            None => "the mailboxes' own hosts".to_owned(),
        };
        let help = match mismatch.shown {
            Some(product) => format!(
                "declare `[[hop]]` outermost first, with `platform = \"{}\"` where it stands, or change the MX record",
                product.id
            ),
            None => "take the `[[hop]]` out of the tenant file, or let the MX record lead to the filter".to_owned(),
        };
        findings.push(Draft {
            message: format!("mail for `{domain}` should come by `{declared}`, and MX leads to {shown}"),
            help,
            stage: Some("hop/gateway"),
            object: Some(format!("hop/{declared}")),
            value: mismatch
                .shown
                .map_or(domain.to_string(), |product| product.id.to_owned()),
            labels: vec![
                Label::new(mismatch.platform.span, "declared as the outermost filter"),
                Label::new(mismatch.record, "the answer of DNS"),
            ],
            ..Draft::default()
        });
    }
}
