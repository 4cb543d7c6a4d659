//! The edge: connection filter, connectors that restrict, mail sent as the tenant.
//!
//! Blocks here come before every filter and win over every allow but `IPAllowList`
//! (<https://learn.microsoft.com/defender-office-365/eop-about>).

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, registrable};
use crate::allow::ip::IpSet;
use crate::document::{Cursor, Node};
use crate::message::{Concerns, Identity};
use crate::path::{Effect, Force, Grant, Guard, Pred, Rule, Verdict};
use crate::problem::Label;
use crate::source::Span;

use super::build::{Bench, between, networks};
use super::bundle::Bundle;
use super::field::{self, Field};
use super::kind::{Kind, TenantList};
use super::overrides::IP_ALLOW;

/// Stage id.
pub(super) const STAGE: &str = "exchange/edge";

/// What connectors mean for the stages after the edge.
pub(super) struct Connectors {
    /// Hosts whose address authentication looks past, and whether that is sure for every recipient.
    pub skipped: IpSet,
}

/// The rules of the edge.
pub(super) fn rules(
    bundle: &Bundle<'_>,
    bench: &mut Bench,
    accepted: Option<&AddressSet>,
    nowhere: Span,
) -> (Vec<Rule>, Connectors) {
    let mut rules = connection_filter(bundle, bench, nowhere);
    let (connectors, more) = inbound_connectors(bundle, bench, nowhere);
    rules.extend(more);
    rules.extend(direct_send(bundle, bench, accepted, nowhere));
    rules.extend(blocked_ipv6(bundle));
    (rules, connectors)
}

fn connection_filter(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    for &record in bundle.records(Kind::ConnectionFilter) {
        let mut cursor = Cursor::new(record);
        let name = super::build::name(record);
        let object = format!("connection-filter/{}", name.value);
        // IPv6 ranges are refused by the cmdlet, and whether single IPv6 addresses work is unconfirmed.
        let allow = field::list(cursor.take("IPAllowList"));
        let block = field::list(cursor.take("IPBlockList"));
        let (allow_list, allowed) = networks("IPAllowList", &allow, name.span, false, true);
        let (block_list, blocked) = networks("IPBlockList", &block, name.span, false, true);
        rules.push(Rule {
            object: object.clone(),
            origin: name.span,
            control: IP_ALLOW.control,
            guard: Guard::when(bench.as_far_as_read(
                Kind::ConnectionFilter,
                "IPAllowList",
                &allow,
                Pred::Ip(allowed.clone()),
            )),
            effects: bench.effects(IP_ALLOW),
            force: Force::InForce,
            lists: vec![allow_list],
            expiry: None,
        });
        // Where both lists name an address, the allow wins
        // (https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure).
        rules.push(Rule {
            object: object.clone(),
            origin: name.span,
            control: "ip-block",
            guard: Guard::when(bench.as_far_as_read(
                Kind::ConnectionFilter,
                "IPBlockList",
                &block,
                Pred::Ip(blocked.minus(&allowed)),
            )),
            effects: vec![Effect::Ends {
                verdict: Verdict::Rejected,
                unless_cleared_by: &[],
                need: None,
            }],
            force: Force::InForce,
            lists: vec![block_list],
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

struct Connector {
    object: String,
    name_span: Span,
    scope: AddressSet,
    scope_span: Span,
    /// One of the sender domains that is no domain name: whose mail it means is not known.
    unplain: Option<(String, Span)>,
    hosts: IpSet,
    certificate: Option<String>,
    by_address: bool,
    by_certificate: bool,
    tls: Option<Span>,
    partner: bool,
    lists: Vec<crate::path::List>,
    flag: Option<Span>,
}

fn inbound_connectors(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> (Connectors, Vec<Rule>) {
    let mut found = Vec::new();
    let mut facts = Connectors {
        skipped: IpSet::empty(),
    };
    for &record in bundle.records(Kind::InboundConnector) {
        if let Some(connector) = connector(record, bench, &mut facts) {
            found.push(connector);
        }
    }
    let mut rules = Vec::new();
    for (at, connector) in found.iter().enumerate() {
        if !connector.partner {
            continue;
        }
        let mut in_scope = Pred::MailFrom(connector.scope.clone());
        if let Some((text, span)) = &connector.unplain {
            let need = bench.unsaid(
                format!("sender-domains/{text}"),
                format!("`{text}` in the sender domains of a connector is no domain name"),
                Some(*span),
            );
            in_scope = between(in_scope, Pred::Always, need);
        }
        if connector.by_address || connector.by_certificate {
            // Neither this nor another enabled connector matches by address or certificate
            // (https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/set-up-connectors-for-secure-mail-flow-with-a-partner).
            let mut hosts = if connector.by_address {
                connector.hosts.clone()
            } else {
                IpSet::empty()
            };
            let mut certificates: Vec<&str> = Vec::new();
            if connector.by_certificate {
                certificates.extend(connector.certificate.as_deref());
            }
            for (other, body) in found.iter().enumerate() {
                if other != at {
                    hosts = hosts.union(&body.hosts);
                    certificates.extend(body.certificate.as_deref());
                }
            }
            let mut unless = vec![Pred::Ip(hosts)];
            for certificate in certificates {
                unless.push(carries(certificate, bench, connector.name_span));
            }
            rules.push(Rule {
                object: connector.object.clone(),
                origin: connector.flag.unwrap_or(connector.scope_span),
                control: "inbound-connector",
                guard: Guard {
                    when: vec![in_scope.clone()],
                    unless,
                },
                effects: vec![Effect::Ends {
                    verdict: Verdict::Rejected,
                    unless_cleared_by: &[],
                    need: None,
                }],
                force: Force::InForce,
                lists: connector.lists.clone(),
                expiry: None,
            });
        }
        if let Some(tls) = connector.tls {
            let need = bench.unsaid(
                "tls",
                "a connector asks for TLS, and whether the sender uses it is not known",
                Some(tls),
            );
            let mut when = vec![in_scope];
            if connector.by_address {
                when.push(Pred::Ip(connector.hosts.clone()));
            }
            when.push(Pred::Unknown(need));
            rules.push(Rule {
                object: connector.object.clone(),
                origin: tls,
                control: "inbound-connector",
                guard: Guard {
                    when,
                    unless: Vec::new(),
                },
                effects: vec![Effect::Ends {
                    verdict: Verdict::Rejected,
                    unless_cleared_by: &[],
                    need: Some(need),
                }],
                force: Force::InForce,
                lists: Vec::new(),
                expiry: None,
            });
        }
    }
    if !bundle.whole(Kind::InboundConnector) {
        let need = bench.missing(Kind::InboundConnector, None);
        rules.push(bench.phantom(
            Kind::InboundConnector,
            None,
            "inbound-connector",
            nowhere,
            &[Effect::Ends {
                verdict: Verdict::Rejected,
                unless_cleared_by: &[],
                need: Some(need),
            }],
        ));
    }
    (facts, rules)
}

fn connector(record: Node<'_>, bench: &mut Bench, facts: &mut Connectors) -> Option<Connector> {
    let mut cursor = Cursor::new(record);
    let name = super::build::name(record);
    let object = format!("inbound-connector/{}", name.value);
    if matches!(field::boolean(cursor.take("Enabled")), Field::Set(enabled) if !enabled.value) {
        return None;
    }
    let flag = |node: Option<Node<'_>>| match field::boolean(node) {
        Field::Set(set) if set.value => Some(set.span),
        _ => None,
    };
    if let Some(span) = flag(cursor.take("TreatMessagesAsInternal")) {
        bench.path.grants.push(Grant {
            check: "treated-as-internal",
            object: object.clone(),
            stage: STAGE,
            message: format!(
                "mail through connector `{}` counts as internal and skips the spam filter",
                name.value
            ),
            help: format!(
                "`Set-InboundConnector -Identity \"{}\" -TreatMessagesAsInternal $false`",
                name.value
            ),
            label: Label::new(span, "switched on here"),
        });
    }
    let (hosts_list, hosts) = networks(
        "SenderIPAddresses",
        &field::list(cursor.take("SenderIPAddresses")),
        name.span,
        false,
        false,
    );
    let domains = field::list(cursor.take("SenderDomains"));
    let mut scope = Vec::new();
    let mut unplain = domains.unreadable.first().map(|span| ("…".to_owned(), *span));
    for item in &domains.items {
        let inner = field::address_space(item);
        let text = inner.value.trim();
        if text == "*" {
            scope.push(AddressSet::all());
            continue;
        }
        let named = if let Some(rest) = text.strip_prefix("*.") {
            // `*.contoso.com` is the domain and what is below it
            // (https://learn.microsoft.com/powershell/module/exchangepowershell/new-inboundconnector).
            Domain::parse(rest).map(|domain| AddressSet::with_subs(&domain))
        } else {
            Domain::parse(text).map(|domain| AddressSet::domain(&domain))
        };
        match named {
            Ok(named) => scope.push(named),
            Err(_) => unplain = Some((text.to_owned(), item.span)),
        }
    }
    let skip_last = flag(cursor.take("EFSkipLastIP")).is_some();
    let (_, skip_list) = networks(
        "EFSkipIPs",
        &field::list(cursor.take("EFSkipIPs")),
        name.span,
        false,
        true,
    );
    let scope = AddressSet::union_all(&scope);
    if skip_last {
        let matched = if hosts.is_empty() && scope.is_all() {
            IpSet::all()
        } else {
            hosts.clone()
        };
        facts.skipped = facts.skipped.union(&matched);
    } else {
        facts.skipped = facts.skipped.union(&skip_list);
    }
    let certificate = match field::text(cursor.take("TlsSenderCertificateName")) {
        Field::Set(name) if !name.value.trim().is_empty() => Some(name.value.trim().to_owned()),
        _ => None,
    };
    let partner = match field::text(cursor.take("ConnectorType")) {
        Field::Set(kind) => !kind.value.eq_ignore_ascii_case("OnPremises"),
        _ => true,
    };
    let by_address = flag(cursor.take("RestrictDomainsToIPAddresses"));
    let by_certificate = flag(cursor.take("RestrictDomainsToCertificate"));
    Some(Connector {
        object,
        name_span: name.span,
        scope,
        scope_span: domains.span.unwrap_or(name.span),
        unplain,
        hosts,
        certificate,
        by_address: by_address.is_some(),
        by_certificate: by_certificate.is_some(),
        tls: flag(cursor.take("RequireTls")),
        partner,
        lists: vec![hosts_list],
        flag: by_address.or(by_certificate),
    })
}

/// Mail that may come with a certificate of this name: nobody said what the sender's TLS looks like, but a certificate is
/// only had for a name one owns, so it may come with mail of that name's own domain and with no other.
fn carries(certificate: &str, bench: &mut Bench, origin: Span) -> Pred {
    let bare = certificate.trim_start_matches("*.");
    let Ok(domain) = Domain::parse(bare) else {
        return Pred::Never;
    };
    let Some(owner) = registrable(&domain).and_then(|name| Domain::parse(name).ok()) else {
        return Pred::Never;
    };
    let need = bench.unsaid(
        format!("certificate/{certificate}"),
        format!("whether the sender shows the certificate `{certificate}` is not known"),
        Some(origin),
    );
    Pred::All(vec![Pred::MailFrom(AddressSet::with_subs(&owner)), Pred::Unknown(need)])
}

/// `RejectDirectSend`: anonymous mail whose envelope sender is in an accepted domain is rejected, unless a connector matches
/// it by address or certificate (<https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationconfig>).
fn direct_send(bundle: &Bundle<'_>, bench: &mut Bench, accepted: Option<&AddressSet>, nowhere: Span) -> Vec<Rule> {
    let mut hosts = IpSet::empty();
    for &record in bundle.records(Kind::InboundConnector) {
        if !matches!(field::boolean(record.get("Enabled")), Field::Set(enabled) if !enabled.value) {
            let list = field::list(record.get("SenderIPAddresses"));
            hosts = hosts.union(&networks("SenderIPAddresses", &list, nowhere, false, false).1);
        }
    }
    let as_tenant = match accepted {
        Some(accepted) => Pred::MailFrom(accepted.clone()),
        None => Pred::Unknown(bench.missing(Kind::AcceptedDomain, None)),
    };
    let end = |need| {
        vec![Effect::Ends {
            verdict: Verdict::Rejected,
            unless_cleared_by: &[],
            need,
        }]
    };
    let mut rules = Vec::new();
    let mut said = false;
    for &record in bundle.records(Kind::OrganizationConfig) {
        let Field::Set(on) = field::boolean(record.get("RejectDirectSend")) else {
            continue;
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
                    unless: vec![Pred::Ip(hosts.clone())],
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
                unless: vec![Pred::Ip(hosts)],
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
fn blocked_ipv6(bundle: &Bundle<'_>) -> Option<Rule> {
    let mut blocked = Vec::new();
    let mut list: Option<crate::path::List> = None;
    for &record in bundle.list_records(Kind::TenantList, Some(TenantList::Ip)) {
        if !super::tenant_list::is_action(record, "Block") {
            continue;
        }
        let (mut read, set) = networks("IP", &field::list(record.get("Value")), record.span(), false, true);
        blocked.push(set);
        let rows = std::mem::take(&mut read.entries).into_iter();
        list.get_or_insert(read)
            .entries
            .extend(rows.map(|entry| super::tenant_list::detailed(entry, record)));
    }
    let list = list?;
    Some(Rule {
        object: "tenant-list".to_owned(),
        origin: list.span,
        control: "tenant-block",
        guard: Guard::when(Pred::Ip(IpSet::union_all(&blocked))),
        effects: vec![Effect::Ends {
            verdict: Verdict::Rejected,
            unless_cleared_by: &[],
            need: None,
        }],
        force: Force::InForce,
        lists: vec![crate::path::List {
            identities: &[Identity::ConnectingIp],
            ..list
        }],
        expiry: None,
    })
}

/// Nothing is judged at the edge that an export shows: IP reputation is residual.
pub(super) const JUDGES: Concerns = Concerns::NONE;
