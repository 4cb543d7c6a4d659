//! Inbound connectors: whose mail they reject, and which hosts later stages look past.
//!
//! A connector allows nothing; a restricted one rejects mail of its domains that no connector matches
//! (<https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/set-up-connectors-for-secure-mail-flow-with-a-partner>).
//! What its keys mean is in <https://learn.microsoft.com/powershell/module/exchangepowershell/new-inboundconnector>.

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, registrable};
use crate::allow::ip::IpSet;
use crate::document::{Cursor, Node};
use crate::path::{Effect, Force, Grant, Guard, List, Need, NeedId, Pred, Rule, Verdict};
use crate::problem::{Label, Level};
use crate::source::{Span, Spanned};

use super::build::{Bench, between, networks};
use super::bundle::Bundle;
use super::edge::STAGE;
use super::field::{self, Field};
use super::kind::Kind;
use super::scope::recipient_domains;

/// All enabled connectors.
pub(super) struct Connectors {
    /// Hosts whose address authentication looks past, and whether that is sure for every recipient.
    pub skipped: IpSet,
    found: Vec<Connector>,
}

struct Connector {
    object: String,
    name: Spanned<String>,
    /// Whose mail it is about: envelope senders, and recipients where it names some.
    scope: Vec<Pred>,
    /// The hosts it lists, as far as they were read.
    hosts: Pred,
    addresses: IpSet,
    /// Where it lost addresses.
    lost: Option<Span>,
    certificate: Option<String>,
    kind: Type,
    by_address: Flag,
    by_certificate: Flag,
    tls: Flag,
    list: List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Partner,
    OnPremises,
    Unsaid,
}

/// A setting that is on, off, not in the export, or something that it cannot mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    On(Span),
    Off,
    Unsaid,
    Unreadable(Span),
}

impl Flag {
    fn of(node: Option<Node<'_>>) -> Self {
        match field::boolean(node) {
            Field::Set(set) if set.value => Self::On(set.span),
            Field::Set(_) => Self::Off,
            Field::Unreadable(span) => Self::Unreadable(span),
            Field::Absent | Field::Null(_) => Self::Unsaid,
        }
    }

    fn span(self) -> Option<Span> {
        match self {
            Self::On(span) => Some(span),
            Self::Off | Self::Unsaid | Self::Unreadable(_) => None,
        }
    }

    /// Where it is on, or may be.
    fn perhaps(self) -> Option<Span> {
        match self {
            Self::On(span) | Self::Unreadable(span) => Some(span),
            Self::Off | Self::Unsaid => None,
        }
    }
}

/// Reads the connectors.
pub(super) fn read(bundle: &Bundle<'_>, bench: &mut Bench) -> Connectors {
    let mut connectors = Connectors {
        skipped: IpSet::empty(),
        found: Vec::new(),
    };
    for &record in bundle.records(Kind::InboundConnector) {
        if !matches!(field::boolean(record.get("Enabled")), Field::Set(enabled) if !enabled.value) {
            let connector = connector(record, bench, &mut connectors.skipped);
            connectors.found.push(connector);
        }
    }
    connectors
}

impl Connectors {
    /// What keeps mail sent as the tenant from being rejected: a connector that matches it by address.
    pub fn for_direct_send(&self, bench: &mut Bench) -> Vec<Pred> {
        let all = self.found.iter();
        all.map(|connector| {
            let Some(need) = connector.doubted_addresses(bench) else {
                return connector.hosts.clone();
            };
            // The portal makes such connectors for partners that are known by address, and no source says whether one is
            // enough here.
            between(Pred::Never, connector.hosts.clone(), need)
        })
        .collect()
    }

    /// Hosts that `IPAllowList` exempts: one that a connector for on-premises hosts lists too is still filtered, where both
    /// share a forest of data centres
    /// (<https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure>).
    pub fn unless_on_premises(&self, bench: &mut Bench, allowed: &IpSet, pred: Pred) -> Pred {
        let of_type = || self.found.iter().filter(|connector| connector.kind == Type::OnPremises);
        let need = if let Some(shared) = of_type().find(|connector| connector.addresses.overlaps(allowed)) {
            bench.unsaid(
                "ip-allow/on-premises",
                format!(
                    "connector `{}` for on-premises hosts lists addresses of `IPAllowList` too, and mail from them may still be filtered",
                    shared.name.value
                ),
                Some(shared.list.span),
            )
        } else if let Some(lost) = of_type()
            .find_map(|connector| connector.lost)
            .filter(|_| !allowed.is_empty())
        {
            bench.lost(Kind::InboundConnector, "SenderIPAddresses", lost)
        } else {
            return pred;
        };
        let elsewhere = of_type().map(|connector| Pred::Not(Box::new(connector.hosts.clone())));
        let apart = Pred::All(std::iter::once(pred.clone()).chain(elsewhere).collect());
        between(apart, pred, need)
    }

    /// The rules that reject.
    pub fn rules(&self, bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (at, connector) in self.found.iter().enumerate() {
            if connector.kind == Type::OnPremises {
                continue;
            }
            let sure = connector.by_address.span().or(connector.by_certificate.span());
            let perhaps = connector.by_address.perhaps().or(connector.by_certificate.perhaps());
            if let Some(flag) = sure {
                rules.push(self.restriction(at, connector, flag, bench));
            } else if let Some(flag) = perhaps {
                let mut rule = self.restriction(at, connector, flag, bench);
                rule.guard.when.push(Pred::Unknown(unreadable(flag, bench)));
                rules.push(rule);
            }
            rules.extend(connector.plain_session(bench));
        }
        if !bundle.whole(Kind::InboundConnector) {
            let need = bench.missing(Kind::InboundConnector, None);
            rules.push(bench.phantom(
                Kind::InboundConnector,
                None,
                "inbound-connector",
                nowhere,
                &rejects(Some(need)),
            ));
        }
        rules
    }

    /// Neither this nor another enabled connector matches by address or certificate.
    fn restriction(&self, at: usize, connector: &Connector, flag: Span, bench: &mut Bench) -> Rule {
        let mut unless = Vec::new();
        if connector.by_address.perhaps().is_some() {
            unless.push(connector.hosts.clone());
        }
        let mut certificates: Vec<&Connector> = Vec::new();
        if connector.by_certificate.perhaps().is_some() {
            certificates.push(connector);
        }
        for (other, body) in self.found.iter().enumerate() {
            if other != at {
                unless.extend(body.matched_by_address(bench));
                certificates.extend(body.asks_for_certificate().then_some(body));
            }
        }
        for body in certificates {
            let Some(certificate) = &body.certificate else { continue };
            unless.push(carries(certificate, bench, connector.name.span));
        }
        Rule {
            object: connector.object.clone(),
            origin: flag,
            control: "inbound-connector",
            guard: Guard {
                when: connector.scope.clone(),
                unless,
            },
            effects: rejects(None),
            force: Force::InForce,
            lists: vec![connector.list.clone()],
            expiry: None,
        }
    }
}

impl Connector {
    /// What would decide whether its addresses count, where they may not: a partner's do only if the connector is restricted to them.
    fn doubted_addresses(&self, bench: &mut Bench) -> Option<NeedId> {
        let unused = self.kind != Type::OnPremises && self.by_address.span().is_none();
        unused.then(|| {
            let name = &self.name;
            let restricted = if self.by_address == Flag::Off {
                "is not restricted to them"
            } else {
                "does not say whether it is restricted to them"
            };
            bench.unsaid(
                format!("connector-addresses/{}", name.value.to_ascii_lowercase()),
                format!(
                    "connector `{}` lists addresses and {restricted}, so whether they count is not known",
                    name.value
                ),
                Some(self.list.span),
            )
        })
    }

    /// The hosts that it matches, as another restricted connector sees it.
    fn matched_by_address(&self, bench: &mut Bench) -> Option<Pred> {
        match (self.kind, self.by_address) {
            (Type::OnPremises, _) | (_, Flag::On(_)) => Some(self.hosts.clone()),
            // A partner's addresses are used only where `RestrictDomainsToIPAddresses` is on, as the page of the cmdlet says.
            (Type::Partner, Flag::Off) => None,
            _ => {
                let need = self.doubted_addresses(bench)?;
                Some(between(Pred::Never, self.hosts.clone(), need))
            }
        }
    }

    /// Whether the name of its certificate is used at all: a partner's is only where TLS or the certificate is asked for.
    fn asks_for_certificate(&self) -> bool {
        !(self.kind == Type::Partner && self.by_certificate == Flag::Off && self.tls == Flag::Off)
    }

    /// `RequireTls` rejects sessions without.
    fn plain_session(&self, bench: &mut Bench) -> Option<Rule> {
        let tls = self.tls.span()?;
        let need = bench.unsaid(
            "tls",
            "a connector asks for TLS, and whether the sender uses it is not known",
            Some(tls),
        );
        let mut when = self.scope.clone();
        if self.by_address.span().is_some() {
            when.push(self.hosts.clone());
        }
        when.push(Pred::Unknown(need));
        Some(Rule {
            object: self.object.clone(),
            origin: tls,
            control: "inbound-connector",
            guard: Guard {
                when,
                unless: Vec::new(),
            },
            effects: rejects(Some(need)),
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        })
    }
}

/// A flag that holds something else has a finding of its own.
fn unreadable(flag: Span, bench: &mut Bench) -> NeedId {
    bench.path.need(Need {
        key: "connector/restriction".to_owned(),
        text: "whether a connector rejects other mail of its domains cannot be read".to_owned(),
        help: "export it again, with `ConvertTo-Json -Depth 10`".to_owned(),
        level: Level::Warn,
        origin: Some(flag),
        told: true,
    })
}

fn rejects(need: Option<NeedId>) -> Vec<Effect> {
    vec![Effect::Ends {
        verdict: Verdict::Rejected,
        unless_cleared_by: &[],
        need,
    }]
}

fn connector(record: Node<'_>, bench: &mut Bench, skipped: &mut IpSet) -> Connector {
    let mut cursor = Cursor::new(record);
    let name = super::build::name(record);
    let object = format!("inbound-connector/{}", name.value);
    if let Flag::On(span) = Flag::of(cursor.take("TreatMessagesAsInternal")) {
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
    let addresses = field::list(cursor.take("SenderIPAddresses"));
    let (list, hosts) = networks("SenderIPAddresses", &addresses, name.span, false, false);
    let written = cursor.take("SenderDomains");
    let domains = field::list(written);
    let (senders, every) = senders(written.is_some(), &domains, &name, bench);
    if Flag::of(cursor.take("EFSkipLastIP")).span().is_some() {
        let all = !addresses.unreadable.is_empty() || hosts.is_empty() && every;
        *skipped = skipped.union(&if all { IpSet::all() } else { hosts.clone() });
    } else {
        let list = field::list(cursor.take("EFSkipIPs"));
        *skipped = skipped.union(&networks("EFSkipIPs", &list, name.span, false, true).1);
    }
    let certificate = match field::text(cursor.take("TlsSenderCertificateName")) {
        Field::Set(name) if !name.value.trim().is_empty() => Some(name.value.trim().to_owned()),
        _ => None,
    };
    let kind = match field::text(cursor.take("ConnectorType")) {
        Field::Set(kind) if kind.value.eq_ignore_ascii_case("OnPremises") => Type::OnPremises,
        Field::Set(kind) if kind.value.eq_ignore_ascii_case("Partner") => Type::Partner,
        _ => Type::Unsaid,
    };
    let mut scope = vec![senders];
    // The connector is used for mail to these domains alone.
    let to = field::list(cursor.take("AssociatedAcceptedDomains"));
    if to.state == field::ListState::Listed {
        let pred = recipient_domains(&to, bench, &name.value);
        scope.push(bench.as_far_as_read(Kind::InboundConnector, "AssociatedAcceptedDomains", &to, pred));
    }
    Connector {
        object,
        scope,
        hosts: bench.as_far_as_read(
            Kind::InboundConnector,
            "SenderIPAddresses",
            &addresses,
            Pred::Ip(hosts.clone()),
        ),
        lost: addresses.unreadable.first().copied(),
        addresses: hosts,
        certificate,
        kind,
        by_address: Flag::of(cursor.take("RestrictDomainsToIPAddresses")),
        by_certificate: Flag::of(cursor.take("RestrictDomainsToCertificate")),
        tls: Flag::of(cursor.take("RequireTls")),
        list,
        name,
    }
}

/// The envelope senders of `SenderDomains`, and whether it names them all.
fn senders(is_written: bool, domains: &field::List<'_>, name: &Spanned<String>, bench: &mut Bench) -> (Pred, bool) {
    if !is_written {
        let need = bench.unsaid(
            format!("sender-domains-of/{}", name.value.to_ascii_lowercase()),
            format!(
                "connector `{}` was exported without its `SenderDomains`, so whose mail it is about is not known",
                name.value
            ),
            Some(name.span),
        );
        return (Pred::Unknown(need), false);
    }
    let mut scope = Vec::new();
    let mut unplain = None;
    for item in &domains.items {
        let inner = field::address_space(item);
        let text = inner.value.trim();
        if text == "*" {
            scope.push(AddressSet::all());
            continue;
        }
        let named = if let Some(rest) = text.strip_prefix("*.") {
            // `*.contoso.com` is the domain and what is below it.
            Domain::parse(rest).map(|domain| AddressSet::with_subs(&domain))
        } else {
            Domain::parse(text).map(|domain| AddressSet::domain(&domain))
        };
        match named {
            Ok(named) => scope.push(named),
            Err(_) => unplain = Some((text.to_owned(), item.span)),
        }
    }
    let scope = AddressSet::union_all(&scope);
    let every = scope.is_all();
    let mut pred = Pred::MailFrom(scope);
    if let Some((text, span)) = unplain {
        let need = bench.unsaid(
            format!("sender-domains/{text}"),
            format!("`{text}` in the sender domains of a connector is no domain name"),
            Some(span),
        );
        pred = between(pred, Pred::Always, need);
    }
    let pred = bench.as_far_as_read(Kind::InboundConnector, "SenderDomains", domains, pred);
    (pred, every)
}

/// Mail that may come with a certificate of this name: nobody said what the sender's TLS looks like, but a certificate is
/// only had for a name one owns, so it may come with mail of that name's own domain and with no other.
fn carries(certificate: &str, bench: &mut Bench, origin: Span) -> Pred {
    let bare = certificate.trim_start_matches("*.");
    let Ok(domain) = Domain::parse(bare) else {
        return Pred::Never;
    };
    let owner = registrable(&domain).and_then(|name| Domain::parse(name).ok());
    let owner = owner.unwrap_or_else(|| below_top(domain));
    let need = bench.unsaid(
        format!("certificate/{certificate}"),
        format!("whether the sender shows the certificate `{certificate}` is not known"),
        Some(origin),
    );
    Pred::All(vec![Pred::MailFrom(AddressSet::with_subs(&owner)), Pred::Unknown(need)])
}

/// The name right below the last label: what is registered under an ending that no list knows.
fn below_top(mut domain: Domain) -> Domain {
    while let Some(parent) = domain.parent() {
        if parent.parent().is_none() {
            break;
        }
        domain = parent;
    }
    domain
}
