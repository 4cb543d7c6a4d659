//! Exchange Online with Exchange Online Protection and Defender for Office 365.
//!
//! Reads exports of the cmdlets, puts them together into the stages of the mail path, and lets nothing of its own types out.
//! The order of the stages: <https://learn.microsoft.com/defender-office-365/eop-about>.

mod accepted;
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
mod hosts;
mod kind;
mod mend;
mod overrides;
mod rules;
mod scope;
mod simulation;
mod tenant_list;
mod tenant_rows;
mod twice;
mod write;

use crate::allow::ip::IpSet;
use crate::message::{Concern, Concerns};
use crate::path::{MailPath, Mask, Stage};
use crate::platform::{ExportSpec, Platform, ReadInput, Reading};
use crate::source::{SourceId, Span};

use super::unread_hop;

use build::Bench;
use bundle::Bundle;
use kind::{Importance, Kind, TenantList};

/// The table row.
pub static EXCHANGE: Platform = Platform {
    id: "exchange",
    name: "Exchange Online",
    exports,
    read,
    mend: mend::mend,
    apply: apply::apply,
    writers: &[&write::POWERSHELL],
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
        "what DNS says of MX and authentication, unless `--dns` or the tenant's `dns.toml` answers; DKIM keys are asked for where a pack names the selector",
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
    let mut bench = Bench {
        path: MailPath::new(&path_name(input), "exchange"),
        cut_off: bundle.cut_off(),
        differ: bundle.differ.clone(),
        failed: bundle.failed.clone(),
    };
    bench.path.mask = mask(input, &bundle, &mut bench);
    let accepted = accepted::read(&bundle, input.domains, &mut bench);
    bench.path.more_domains = accepted.more.filter(|_| !accepted.known.is_empty());
    if !input.hops.is_empty() {
        let stages: Vec<Stage> = input
            .hops
            .iter()
            .map(|(platform, _)| unread_hop(platform, &mut bench.path, nowhere))
            .collect();
        bench.path.stages.extend(stages);
    }
    let (edge_rules, connectors) = edge::rules(&bundle, &mut bench, &accepted, input.now, nowhere);
    let mut problems = std::mem::take(&mut bundle.problems);
    problems.extend(deciding::problems(&bundle));
    let (mail_flow, unread) = rayon::join(
        || rules::rules(&bundle, &mut bench, &accepted, input.now, nowhere, &mut problems),
        || bundle.unread(),
    );
    let mut content = simulation::rules(&bundle, &mut bench, &connectors, nowhere);
    let listed = tenant_list::rules(&bundle, &mut bench, &content, input.now, nowhere);
    content.extend(listed);
    content.extend(filter::rules(&bundle, &mut bench, &accepted, nowhere));
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
    Reading {
        recognised: !bundle.is_empty(),
        unread,
        residual: residual(&bundle),
        recipients: accepted.known,
        domains: accepted.exported,
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
fn mask(input: &ReadInput<'_>, bundle: &Bundle<'_>, bench: &mut Bench) -> Option<Mask> {
    let (_, egress) = input.hops.last()?;
    let egress = if egress.is_empty() {
        IpSet::all()
    } else {
        egress.clone()
    };
    let skipped = connectors::skips(bundle, &egress, bench);
    Some(Mask { egress, skipped })
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
