//! `spf-too-broad`: a vendor's SPF record lets many more send than the vendor.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::dns::BroadWhy;
use crate::evidence::{Evidence, words};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "spf-too-broad",
    summary: "a vendor's SPF record lets many more send than the vendor",
    page: include_str!("spf-too-broad.md"),
    group: Group::Dns,
    level: Level::Note,
    since: "0.1.0",
    run,
};

/// How many terms a message names and a finding underlines.
const N_NAMED: usize = 3;

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for broad in &evidence.facts.dns.broad {
        let mut whom: Vec<String> = Vec::new();
        for term in &broad.terms {
            let named = match &term.why {
                BroadWhy::Provider(name) => format!("all customers behind `{name}`"),
                BroadWhy::Network(network) if network.prefix_len() == 0 => "everybody".to_owned(),
                BroadWhy::Network(network) => format!("`{network}`"),
            };
            if !whom.contains(&named) {
                whom.push(named);
            }
        }
        let others = whom.len().saturating_sub(N_NAMED);
        whom.truncate(N_NAMED);
        if others > 0 {
            whom.push(format!("{others} more"));
        }
        let mut labels: Vec<Label> = broad
            .terms
            .iter()
            .take(N_NAMED)
            .map(|term| {
                let text = match &term.why {
                    BroadWhy::Provider(_) => "its other customers can send from there too",
                    BroadWhy::Network(_) => "wider than what the pack knows of the vendor",
                };
                Label::new(term.answer, text)
            })
            .collect();
        labels.push(Label::new(broad.value, format!("`{}` sends by this", broad.vendor)));
        findings.push(Draft {
            message: format!(
                "the SPF record of `{}`, by which `{}` sends, lets {} send as well",
                broad.domain,
                broad.vendor,
                words::list(&whom)
            ),
            help: "do not let mail through because it passes SPF for this domain; ask for the vendor's addresses or its signature"
                .to_owned(),
            vendor: Some(broad.vendor.clone()),
            stream: Some(broad.stream.to_owned()),
            value: broad.domain.to_string(),
            labels,
            ..Draft::default()
        });
    }
}
