//! The edge: connection filter, mail sent as the tenant, blocked addresses; connectors that restrict are read beside it.
//!
//! Blocks here come before every filter and win over every allow but `IPAllowList`
//! (<https://learn.microsoft.com/defender-office-365/eop-about>).

use jiff::civil::Date;

use crate::allow::ip::IpSet;
use crate::document::Cursor;
use crate::message::{Concerns, Identity};
use crate::path::{Effect, Force, Grant, Guard, List, Pred, Rule, Verdict};
use crate::problem::Label;
use crate::source::Span;

use super::accepted::Accepted;
use super::build::Bench;
use super::bundle::Bundle;
use super::connectors::{self, Connectors};
use super::field::{self, Field, ListState};
use super::hosts::{Networks, networks};
use super::kind::{Kind, TenantList};
use super::overrides::IP_ALLOW;
use super::tenant_rows::{self, Action};

/// Stage id.
pub(super) const STAGE: &str = "exchange/edge";

/// The rules of the edge.
pub(super) fn rules(
    bundle: &Bundle<'_>,
    bench: &mut Bench,
    accepted: &Accepted,
    now: Date,
    nowhere: Span,
) -> (Vec<Rule>, Connectors) {
    let connectors = connectors::read(bundle, bench);
    let mut rules = connection_filter(bundle, bench, &connectors, nowhere);
    rules.extend(connectors.rules(bundle, bench, nowhere));
    rules.extend(direct_send(bundle, bench, &connectors, accepted, nowhere));
    rules.extend(blocked_ipv6(bundle, bench, now));
    (rules, connectors)
}

fn connection_filter(bundle: &Bundle<'_>, bench: &mut Bench, connectors: &Connectors, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    for &record in bundle.records(Kind::ConnectionFilter) {
        let mut cursor = Cursor::new(record);
        let name = super::build::name(record);
        let object = format!("connection-filter/{}", name.value);
        let allow = field::list(cursor.take("IPAllowList"));
        let block = field::list(cursor.take("IPBlockList"));
        let allowed = networks("IPAllowList", &allow, name.span, false, true);
        let blocked = networks("IPBlockList", &block, name.span, false, true);
        let on_allow = listed(bench, "IPAllowList", &allow, &allowed);
        let on_block = listed(bench, "IPBlockList", &block, &blocked);
        rules.push(Rule {
            object: object.clone(),
            origin: name.span,
            control: IP_ALLOW.control,
            guard: Guard::when(connectors.unless_on_premises(bench, &allowed.hosts, on_allow.clone())),
            effects: bench.effects(IP_ALLOW),
            force: Force::InForce,
            lists: vec![allowed.list],
            expiry: None,
        });
        // Where both lists name an address, the allow wins
        // (https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure).
        let used = allow.state != ListState::Empty;
        rules.push(Rule {
            object: object.clone(),
            origin: name.span,
            control: "ip-block",
            guard: Guard {
                when: vec![on_block],
                unless: used.then_some(on_allow).into_iter().collect(),
            },
            effects: vec![Effect::Ends {
                verdict: Verdict::Rejected,
                unless_cleared_by: &[],
                need: None,
            }],
            force: Force::InForce,
            lists: vec![blocked.list],
            expiry: None,
        });
        if let Field::Set(on) = field::boolean(cursor.take("EnableSafeList"))
            && on.value
        {
            bench.path.grants.push(Grant {
                check: "safe-list-on",
                object: object.clone(),
                stage: STAGE,
                message: "the safe list is on: senders on a list that Microsoft keeps skip the spam filter".to_owned(),
                help: format!(
                    "`Set-HostedConnectionFilterPolicy -Identity \"{}\" -EnableSafeList $false`",
                    name.value
                ),
                label: Label::new(on.span, "switched on here"),
            });
        }
    }
    if !bundle.whole(Kind::ConnectionFilter) {
        let need = bench.missing(Kind::ConnectionFilter, None);
        rules.push(bench.phantom(
            Kind::ConnectionFilter,
            None,
            "ip-block",
            nowhere,
            &[
                Effect::MayClear(IP_ALLOW.clears, need),
                Effect::Ends {
                    verdict: Verdict::Rejected,
                    unless_cleared_by: &[],
                    need: Some(need),
                },
            ],
        ));
    }
    rules
}

/// Hosts on a list of the connection filter.
fn listed(bench: &mut Bench, key: &'static str, list: &field::List<'_>, read: &Networks) -> Pred {
    let span = list
        .items
        .iter()
        .find(|item| item.value.contains(':'))
        .map(|item| item.span);
    if list.state == ListState::Absent {
        let need = bench.unsaid(
            format!("connection-filter/{key}"),
            format!("the connection filter was exported without its `{key}`"),
            Some(read.list.span),
        );
        return Pred::Unknown(need);
    }
    let pred = bench.surely_meant(key, read, Pred::Ip);
    let pred = bench.sure_of_ipv4(&read.hosts, key, span.or(list.span), pred);
    bench.as_far_as_read(Kind::ConnectionFilter, key, list, pred)
}

/// `RejectDirectSend`: anonymous mail whose envelope sender is in an accepted domain is rejected, unless a connector matches
/// it by address or certificate (<https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationconfig>).
fn direct_send(
    bundle: &Bundle<'_>,
    bench: &mut Bench,
    connectors: &Connectors,
    accepted: &Accepted,
    nowhere: Span,
) -> Vec<Rule> {
    let as_tenant = accepted.mail_from();
    let end = |need| {
        vec![Effect::Ends {
            verdict: Verdict::Rejected,
            unless_cleared_by: &[],
            need,
        }]
    };
    let mut rules = Vec::new();
    let mut said = false;
    let mut unread = None;
    for &record in bundle.records(Kind::OrganizationConfig) {
        let on = match field::boolean(record.get("RejectDirectSend")) {
            Field::Set(on) => on,
            Field::Unreadable(span) => {
                unread = Some(span);
                continue;
            }
            Field::Absent | Field::Null(_) => continue,
        };
        said = true;
        if on.value {
            let open = bench.unsaid(
                "envelope-sender",
                "mail sent as the tenant is rejected, and the pack does not say who the envelope sender is",
                Some(on.span),
            );
            rules.push(Rule {
                object: format!("organization-config/{}", super::build::name(record).value),
                origin: on.span,
                control: "reject-direct-send",
                guard: Guard {
                    when: vec![as_tenant.clone()],
                    unless: connectors.for_direct_send(bench, accepted),
                },
                effects: end(Some(open)),
                force: Force::InForce,
                lists: Vec::new(),
                expiry: None,
            });
        }
    }
    let none = bundle.whole(Kind::OrganizationConfig) && bundle.records(Kind::OrganizationConfig).is_empty();
    if !said && !none {
        // NOTE: exports narrowed to some keys are normal (export-formats, OrganizationConfig); absent is not false.
        let need = if bundle.records(Kind::OrganizationConfig).is_empty() {
            bench.missing(Kind::OrganizationConfig, None)
        } else if let Some(span) = unread {
            // What holds something else has a finding of its own.
            let text = "whether mail sent as the tenant is rejected cannot be read";
            bench.unreadable("organization-config/unreadable", text, span)
        } else {
            bench.unsaid(
                "organization-config/RejectDirectSend",
                "the organisation config was exported without `RejectDirectSend`, so whether mail sent as the tenant is rejected is not known",
                bundle.span(Kind::OrganizationConfig),
            )
        };
        rules.push(Rule {
            object: Kind::OrganizationConfig.as_str().to_owned(),
            origin: bundle.span(Kind::OrganizationConfig).unwrap_or(nowhere),
            control: "reject-direct-send",
            guard: Guard {
                when: vec![as_tenant, Pred::Unknown(need)],
                unless: connectors.for_direct_send(bench, accepted),
            },
            effects: end(Some(need)),
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        });
    }
    rules
}

/// Blocked addresses of the Tenant Allow/Block List: IPv6 only, dropped at the edge; allows there override only IP filters
/// (<https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-ip-addresses-configure>).
fn blocked_ipv6(bundle: &Bundle<'_>, bench: &mut Bench, now: Date) -> Option<Rule> {
    let records = tenant_rows::read(bundle, bench, TenantList::Ip, now);
    let mut blocked = Vec::new();
    let mut list: Option<List> = None;
    for row in records.iter().filter(|row| row.may(Action::Block)) {
        let Networks {
            list: mut read, hosts, ..
        } = networks("IP", &row.values, row.record.span(), false, true);
        blocked.push((row, hosts));
        let rows = std::mem::take(&mut read.entries).into_iter();
        list.get_or_insert(read)
            .entries
            .extend(rows.map(|entry| tenant_rows::detailed(entry, row.record)));
    }
    let list = list?;
    Some(Rule {
        object: "tenant-list".to_owned(),
        origin: list.span,
        control: "tenant-block",
        guard: Guard::when(tenant_rows::matched(&blocked, |sets| Pred::Ip(IpSet::union_all(sets)))),
        effects: vec![Effect::Ends {
            verdict: Verdict::Rejected,
            unless_cleared_by: &[],
            need: None,
        }],
        force: Force::InForce,
        lists: vec![List {
            identities: &[Identity::ConnectingIp],
            ..list
        }],
        expiry: None,
    })
}

/// Nothing is judged at the edge that an export shows: IP reputation is residual.
pub(super) const JUDGES: Concerns = Concerns::NONE;
