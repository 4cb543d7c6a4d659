//! `domain-unregistered`: an allowed domain does not exist.

use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::entries::{names_of_domains, names_of_senders};
use crate::message::{Cube, Identity};
use crate::path::{Entry, Meaning, Rule};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "domain-unregistered",
    summary: "an allowed domain does not exist: whoever registers it is allowlisted",
    page: include_str!("domain-unregistered.md"),
    group: Group::Dns,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let dns = &evidence.facts.dns;
    if dns.unregistered.is_empty() {
        return;
    }
    for found in evidence.entries.iter() {
        let Some(missing) = domains(found.entry).iter().find_map(|domain| dns.unregistered(domain)) else {
            continue;
        };
        let name = &missing.domain;
        // Where hosts are asked for too, registering the name is not enough.
        let alone = suffices(evidence, found.rule, name);
        let what = if found.entry.text.eq_ignore_ascii_case(name.as_str()) {
            format!("`{name}` is allowed and does not exist")
        } else {
            format!("`{}` is allowed, and `{name}` does not exist", found.entry.text)
        };
        findings.push(Draft {
            level: Some(if alone { Level::Deny } else { Level::Warn }),
            message: if alone {
                format!("{what}: whoever registers it is allowlisted")
            } else {
                format!("{what}: whoever registers it meets part of what this allow asks for")
            },
            help: "take the entry out, or correct its spelling".to_owned(),
            stage: Some(found.stage),
            object: Some(found.object()),
            value: found.entry.text.to_ascii_lowercase(),
            labels: vec![
                Label::new(found.entry.span, "nobody owns this name"),
                Label::new(missing.answer, "the answer of DNS"),
            ],
            ..Draft::default()
        });
    }
}

/// Whether the allow takes in what the owner of a name could send from anywhere.
fn suffices(evidence: &Evidence<'_>, rule: &Rule, name: &Domain) -> bool {
    let mut conditions = rule.lists.iter().filter(|list| !list.exception);
    if conditions.any(|list| list.identities.contains(&Identity::ConnectingIp)) {
        return false;
    }
    let senders = AddressSet::with_subs(name);
    let owned = evidence.attacker.set.map(|cube| {
        Some(Cube {
            ip: cube.ip.clone(),
            auth_ip: cube.auth_ip.clone(),
            to: cube.to.clone(),
            from: senders.clone(),
            mail_from: senders.clone(),
            ..Cube::all()
        })
    });
    !rule.guard.split(&owned).sure.is_empty()
}

/// The domains that an entry names.
fn domains(entry: &Entry) -> Vec<Domain> {
    let names = match &entry.meaning {
        Meaning::Senders(senders) => names_of_senders(senders),
        Meaning::Names(names) => names_of_domains(names),
        _ => Vec::new(),
    };
    names.into_iter().map(|name| name.domain).collect()
}
