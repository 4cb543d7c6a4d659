//! `cross-vendor-allow`: unpaired lists multiply, so one vendor's domain is taken from another vendor's address.

use crate::check::{Check, Draft, Findings, Group, Witness};
use crate::evidence::diagnosis::{compares, touches};
use crate::evidence::{Evidence, words};
use crate::message::Identity;
use crate::path::guard::Truth;
use crate::path::{List, Rule};
use crate::problem::{Label, Level};
use crate::requirement::Requirement;

/// The check.
pub static CHECK: Check = Check {
    id: "cross-vendor-allow",
    summary: "unpaired lists multiply: one vendor's domain is allowed from another vendor's address",
    page: include_str!("cross-vendor-allow.md"),
    group: Group::Safety,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for (at, _, rule) in evidence.facts.path.rules() {
        if !rule.in_force() || rule.clears().is_empty() {
            continue;
        }
        let hosts = rule
            .lists
            .iter()
            .find(|list| !list.exception && list.identities.contains(&Identity::ConnectingIp));
        let senders = rule.lists.iter().find(|list| {
            !list.exception
                && list
                    .identities
                    .iter()
                    .any(|identity| matches!(identity, Identity::MailFrom | Identity::HeaderFrom))
        });
        let (Some(hosts), Some(senders)) = (hosts, senders) else {
            continue;
        };
        let by_host = vendors(evidence, hosts);
        let by_sender = vendors(evidence, senders);
        let pair = by_sender
            .iter()
            .find_map(|sender| by_host.iter().find(|host| *host != sender).map(|host| (sender, host)));
        let Some((sender, host)) = pair else { continue };
        findings.push(Draft {
            message: format!(
                "{} takes the domains of `{sender}` from the addresses of `{host}` too: its lists are not paired",
                words::called(&rule.object),
            ),
            help: "nothing can be done about it in this control; know that each of these vendors can send as the other"
                .to_owned(),
            stage: Some(evidence.stage_id(at.stage)),
            object: Some(rule.object.clone()),
            value: format!("{sender},{host}"),
            labels: vec![
                Label::new(senders.span, format!("domains of {}", words::list(&quoted(&by_sender)))),
                Label::new(hosts.span, format!("addresses of {}", words::list(&quoted(&by_host)))),
            ],
            witness: witness(evidence, rule, senders, hosts, sender, host),
            ..Draft::default()
        });
    }
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// Declared vendors with a value in a list, sorted.
fn vendors(evidence: &Evidence<'_>, list: &List) -> Vec<String> {
    let has = |requirement: &&Requirement<'_>| {
        requirement
            .facts
            .iter()
            .any(|fact| compares(list, fact) && touches(list, fact))
    };
    let mut names: Vec<String> = evidence
        .facts
        .requirements
        .iter()
        .filter(has)
        .map(|requirement| requirement.vendor().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A message with a domain of one vendor from an address of the other.
fn witness(
    evidence: &Evidence<'_>,
    rule: &Rule,
    senders: &List,
    hosts: &List,
    sender: &str,
    host: &str,
) -> Option<Witness> {
    let fact = |vendor: &str, list: &List| {
        evidence
            .facts
            .requirements
            .iter()
            .filter(|requirement| requirement.vendor() == vendor)
            .flat_map(|requirement| &requirement.facts)
            .find(|fact| compares(list, fact) && touches(list, fact))
            .and_then(crate::evidence::diagnosis::shows)
    };
    let set = fact(sender, senders)?.intersect(&fact(host, hosts)?);
    let to = evidence.facts.recipients();
    let set = set.map(|cube| {
        Some(crate::message::Cube {
            to: to.clone(),
            ..cube.clone()
        })
    });
    let message = rule.guard.split(&set).sure.witness()?;
    let path = evidence.facts.path;
    let plain = rule.guard.test(&path.masked_message(&message)) == Truth::Yes;
    Some(Witness::of(&message).straight(!plain))
}
