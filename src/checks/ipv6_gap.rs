//! `ipv6-gap`: a vendor may connect over IPv6, and what lets its mail through takes only IPv4.

use crate::check::{Check, Draft, Findings, Group, Witness};
use crate::evidence::dns::OtherFamily;
use crate::evidence::{Evidence, StreamEvidence, words};
use crate::message::{Concern, Concerns, Cube, MessageSet};
use crate::pack::Delivery;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "ipv6-gap",
    summary: "a vendor may connect over IPv6, and what lets its mail through takes only IPv4",
    page: include_str!("ipv6-gap.md"),
    group: Group::Delivery,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let dns = &evidence.facts.dns;
    let Some(taking) = &dns.takes_ipv6 else { return };
    for stream in &evidence.streams {
        let requirement = stream.requirement;
        let is_of =
            |family: &&OtherFamily| family.vendor == requirement.vendor() && family.stream == requirement.stream_id();
        for family in dns.families.iter().filter(is_of) {
            let gap = gap(evidence, stream, family);
            let Some((witness, concerns)) = gap else { continue };
            let net = family.hosts.nets().first().map(ToString::to_string).unwrap_or_default();
            findings.push(Draft {
                message: format!(
                    "{} of `{}` may come from `{net}`, since the tenant's mail host takes IPv6, and nothing clears {} there",
                    requirement.stream_id(),
                    requirement.vendor(),
                    words::filters(concerns)
                ),
                help: "ask the vendor whether it sends over IPv6; let its mail through by its domain or signature too, or opt the domain out with `Disable-IPv6ForAcceptedDomain`"
                    .to_owned(),
                vendor: Some(family.vendor.clone()),
                stream: Some(family.stream.to_owned()),
                value: net,
                labels: vec![
                    Label::new(family.answer, "these hosts may send over IPv6"),
                    Label::new(taking.answer, format!("a host that takes mail for `{}`", taking.domain)),
                    Label::new(family.value, format!("`{}` sends by this", family.vendor)),
                ],
                witness: witness.witness().as_ref().map(Witness::of),
                ..Draft::default()
            });
        }
    }
}

/// What is not cleared of mail from these hosts, where the same mail from the hosts that the pack names is.
fn gap(evidence: &Evidence<'_>, stream: &StreamEvidence<'_>, family: &OtherFamily) -> Option<(MessageSet, Concerns)> {
    let requirement = stream.requirement;
    let path = evidence.facts.path;
    let over_ipv6 = requirement.narrow.map(|cube| {
        Some(Cube {
            ip: family.hosts.clone(),
            auth_ip: family.hosts.clone(),
            ..cube.clone()
        })
    });
    let open = requirement.open;
    let trace = match requirement.delivery {
        Delivery::SmtpDirect => path.trace_from(path.entry_past_hops(), &over_ipv6, open),
        _ => path.trace(&path.masked(&over_ipv6), open),
    };
    let asked = requirement.concerns.iter();
    let concerns: Vec<Concern> = asked.filter(|concern| stream.is_full(*concern)).collect();
    let mut left = MessageSet::empty();
    let mut open_concerns = Vec::new();
    for concern in concerns {
        let coverage = trace.coverage(concern);
        let mut held = coverage.left;
        held.absorb(coverage.undecided);
        if !held.is_empty() {
            left.absorb(held);
            open_concerns.push(concern);
        }
    }
    (!open_concerns.is_empty()).then(|| (left, Concerns::of(&open_concerns)))
}
