//! Exchange Online with Exchange Online Protection and Defender for Office 365.
//!
//! Reads exports of the cmdlets, puts them together into the stages of the mail path, and lets nothing of its own types out.
//! The order of the stages: <https://learn.microsoft.com/defender-office-365/eop-about>.

mod apply;
mod build;
mod bundle;
mod claim;
mod conditions;
mod connectors;
mod deciding;
mod edge;
mod field;
mod filter;
mod kind;
mod overrides;
mod rules;
mod scope;
mod simulation;
mod tenant_list;
mod tenant_rows;

use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::message::{Concern, Concerns};
use crate::path::{MailPath, Mask, Stage};
use crate::platform::{ExportSpec, Platform, ReadInput, Reading};
use crate::source::{SourceId, Span, Spanned};

use super::unread_hop;

use build::Bench;
use bundle::Bundle;
use field::Field;
use kind::{Importance, Kind, TenantList};

/// The table row.
pub static EXCHANGE: Platform = Platform {
    id: "exchange",
    name: "Exchange Online",
    exports,
    read,
    apply: apply::apply,
    controls: &[
        "advanced-delivery",
        "anti-phish-trusted",
        "anti-spam-allow",
        "api-delivery",
        "inbound-connector",
        "ip-allow",
        "safe-links-exclusion",
        "simulation-urls",
        "spoof-pairs",
        "tenant-allow",
        "transport-rule",
    ],
    mx_suffixes: &["mail.protection.outlook.com", "mx.microsoft"],
    not_judged: &[
        "IP reputation at the edge, and rules and junk settings of single mailboxes, which no export shows",
        "link rewriting, banners and subject tags, which change a simulation without stopping it",
        "what a declared filter in front does with the mail",
        "what DNS says of MX and authentication, unless `--dns` or the tenant's `dns.toml` answers; DKIM keys are not asked for",
    ],
};

fn exports() -> Vec<ExportSpec> {
    kind::all()
        .filter(|kind| kind.importance() != Importance::Context)
        .flat_map(|kind| -> Vec<ExportSpec> {
            let lists: Vec<Option<TenantList>> = if kind == Kind::TenantList {
                vec![Some(TenantList::Sender), Some(TenantList::Url), Some(TenantList::Ip)]
            } else {
                vec![None]
            };
            lists
                .into_iter()
                .map(|list| ExportSpec {
                    kind: kind.as_str(),
                    command: kind::export_command(kind, list),
                    needed: kind.importance() == Importance::Needed,
                })
                .collect()
        })
        .collect()
}

/// Reads the exports of a tenant.
fn read(input: &ReadInput<'_>) -> Reading {
    let mut bundle = Bundle::gather(input);
    let nowhere = bundle
        .anywhere()
        .or_else(|| input.files.first().map(|file| Span::new(file.source, 0, 0)))
        .unwrap_or(Span::new(SourceId::NOWHERE, 0, 0));
    let (domains, exported) = accepted_domains(&bundle);
    // The tenant file may name domains that the export does not have, or stand for it.
    let named: Vec<AddressSet> = input
        .domains
        .iter()
        .map(|domain| AddressSet::domain(&domain.value))
        .collect();
    let accepted = match (exported, named.is_empty()) {
        (Some(exported), _) => Some(exported.union(&AddressSet::union_all(&named))),
        (None, false) => Some(AddressSet::union_all(&named)),
        (None, true) => None,
    };
    let mut bench = Bench {
        path: MailPath::new(&path_name(input), "exchange"),
        cut_off: bundle.cut_off(),
        failed: bundle.failed.clone(),
    };
    bench.path.mask = mask(input, &bundle);
    if !input.hops.is_empty() {
        let stages: Vec<Stage> = input
            .hops
            .iter()
            .map(|(platform, _)| unread_hop(platform, &mut bench.path, nowhere))
            .collect();
        bench.path.stages.extend(stages);
    }
    let (edge_rules, connectors) = edge::rules(&bundle, &mut bench, accepted.as_ref(), input.now, nowhere);
    let mut problems = std::mem::take(&mut bundle.problems);
    problems.extend(deciding::problems(&bundle));
    let mail_flow = rules::rules(
        &bundle,
        &mut bench,
        accepted.as_ref(),
        input.now,
        nowhere,
        &mut problems,
    );
    let mut content = simulation::rules(&bundle, &mut bench, &connectors, nowhere);
    let listed = tenant_list::rules(&bundle, &mut bench, &content, input.now, nowhere);
    content.extend(listed);
    content.extend(filter::rules(&bundle, &mut bench, accepted.as_ref(), nowhere));
    let stage = |id, judges, rules| Stage { id, judges, rules };
    bench.path.stages.extend([
        stage(edge::STAGE, edge::JUDGES, edge_rules),
        stage(
            "exchange/malware",
            Concerns::of(&[Concern::Malware, Concern::AttachmentType]),
            Vec::new(),
        ),
        stage(rules::STAGE, rules::JUDGES, mail_flow),
        stage(filter::STAGE, filter::JUDGES, content),
        stage("exchange/mailbox", Concerns::NONE, Vec::new()),
        stage(
            "exchange/after-delivery",
            Concerns::of(&[Concern::LinkClick]),
            Vec::new(),
        ),
    ]);
    if domains.is_none() && input.domains.is_empty() {
        bench.missing(Kind::AcceptedDomain, None);
    }
    Reading {
        recognised: !bundle.is_empty(),
        unread: bundle.unread(),
        residual: residual(&bundle),
        recipients: accepted.unwrap_or_else(AddressSet::empty),
        domains,
        reads: bundle.reads,
        path: bench.path,
        problems,
    }
}

fn path_name(input: &ReadInput<'_>) -> String {
    match input.hops {
        [] => "direct".to_owned(),
        hops => hops
            .iter()
            .map(|(platform, _)| platform.as_str())
            .collect::<Vec<_>>()
            .join(" > "),
    }
}

/// The last filter in front hides the sender's address, unless a connector for its addresses is skip-listed for everybody.
fn mask(input: &ReadInput<'_>, bundle: &Bundle<'_>) -> Option<Mask> {
    let (_, egress) = input.hops.last()?;
    let egress = if egress.is_empty() {
        IpSet::all()
    } else {
        egress.clone()
    };
    let skipped = bundle.records(Kind::InboundConnector).iter().any(|record| {
        let enabled = !matches!(field::boolean(record.get("Enabled")), Field::Set(on) if !on.value);
        let last = matches!(field::boolean(record.get("EFSkipLastIP")), Field::Set(on) if on.value);
        let list = field::list(record.get("EFSkipIPs"));
        let (_, skip) = build::networks("EFSkipIPs", &list, record.span(), false, true);
        // Skip listing for some recipients only counts when every recipient of the message is listed.
        let everybody = field::list(record.get("EFUsers")).items.is_empty();
        enabled && everybody && (last || (!skip.is_empty() && skip.covers(&egress)))
    });
    Some(Mask { egress, skipped })
}

/// The tenant's domains and all addresses in them.
fn accepted_domains(bundle: &Bundle<'_>) -> (Option<Vec<Spanned<Domain>>>, Option<AddressSet>) {
    if bundle.records(Kind::AcceptedDomain).is_empty() {
        return (None, None);
    }
    let mut domains = Vec::new();
    let mut sets = Vec::new();
    for &record in bundle.records(Kind::AcceptedDomain) {
        let text = ["DomainName", "Name", "Identity"]
            .iter()
            .find_map(|key| match field::text(record.get(key)) {
                Field::Set(text) => Domain::parse(&text.value)
                    .ok()
                    .map(|domain| Spanned::new(domain, text.span)),
                _ => None,
            });
        let Some(domain) = text else { continue };
        let with_subs = matches!(field::boolean(record.get("MatchSubDomains")), Field::Set(on) if on.value);
        sets.push(if with_subs {
            AddressSet::with_subs(&domain.value)
        } else {
            AddressSet::domain(&domain.value)
        });
        domains.push(domain);
    }
    (Some(domains), Some(AddressSet::union_all(&sets)))
}

fn residual(bundle: &Bundle<'_>) -> Vec<String> {
    let absent = bundle.absent_optional();
    if absent.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "exports that can only change details were not supplied: {}",
        absent.join(", ")
    )]
}
