//! Inbound connectors: whose mail they reject, and which hosts later stages look past.
//!
//! A connector allows nothing; a restricted one rejects mail of its domains that no connector matches
//! (<https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/set-up-connectors-for-secure-mail-flow-with-a-partner>).
//! What its keys mean is in <https://learn.microsoft.com/powershell/module/exchangepowershell/new-inboundconnector>.

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet, registrable};
use crate::allow::ip::IpSet;
use crate::document::{Cursor, Node};
use crate::path::{CERTIFICATE, Effect, Force, Grant, Guard, List, Need, NeedId, Pred, Rule, Verdict};
use crate::problem::{Label, Level};
use crate::source::{Span, Spanned};

use super::accepted::Accepted;
use super::build::{Bench, between};
use super::bundle::Bundle;
use super::edge::STAGE;
use super::field::{self, Field};
use super::hosts::{Networks, networks};
use super::kind::Kind;
use super::scope::recipient_domains;

mod skip;

pub(super) use skip::skips;

/// All enabled connectors.
pub(super) struct Connectors {
    /// Hosts whose address authentication looks past, and whether that is sure for every recipient.
    pub skipped: IpSet,
    /// What would decide whose address it looks past, where the export lost that.
    pub skipped_unread: Option<NeedId>,
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
    /// Whether it is enabled cannot be read.
    unsure: Option<NeedId>,
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

    /// Where it is on, or may be, if it is written.
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
        skipped_unread: None,
        found: Vec::new(),
    };
    for &record in bundle.records(Kind::InboundConnector) {
        let enabled = Flag::of(record.get("Enabled"));
        if enabled == Flag::Off {
            continue;
        }
        let mut connector = connector(record, bench, &mut connectors);
        if let Flag::Unreadable(span) = enabled {
            connector.unsure = Some(unreadable(span, bench));
        }
        connectors.found.push(connector);
    }
    connectors
}

impl Connectors {
    /// What keeps mail sent as the tenant from being rejected: a connector that matches it by address or certificate.
    pub fn for_direct_send(&self, bench: &mut Bench, accepted: &Accepted) -> Vec<Pred> {
        let mut preds = Vec::new();
        for connector in &self.found {
            // The portal makes such connectors for partners that are known by address, and no source says whether one is
            // enough here.
            let hosts = connector.doubted_addresses(bench).map_or_else(
                || connector.hosts.clone(),
                |need| between(Pred::Never, connector.hosts.clone(), need),
            );
            preds.push(connector.perhaps_matched(hosts, bench));
            if connector.asks_for_certificate()
                && let Some(certificate) = &connector.certificate
                && !accepted.owns(certificate)
            {
                preds.push(Pred::Unknown(shown(certificate, bench, connector.name.span)));
            }
        }
        preds
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
            } else if connector.by_address == Flag::Unsaid || connector.by_certificate == Flag::Unsaid {
                let mut rule = self.restriction(at, connector, connector.name.span, bench);
                rule.guard.when.push(Pred::Unknown(connector.narrowed(bench)));
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
        if connector.by_address != Flag::Off {
            unless.push(connector.hosts.clone());
        }
        let mut certificates: Vec<&Connector> = Vec::new();
        if connector.by_certificate != Flag::Off {
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
                when: connector.when(),
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

    /// Whose mail it is about, if it is enabled.
    fn when(&self) -> Vec<Pred> {
        let unsure = self.unsure.map(Pred::Unknown);
        self.scope.iter().cloned().chain(unsure).collect()
    }

    /// The hosts that it matches, as another restricted connector sees it.
    fn matched_by_address(&self, bench: &mut Bench) -> Option<Pred> {
        let hosts = match (self.kind, self.by_address) {
            (Type::OnPremises, _) | (_, Flag::On(_)) => self.hosts.clone(),
            // A partner's addresses are used only where `RestrictDomainsToIPAddresses` is on, as the page of the cmdlet says.
            (Type::Partner, Flag::Off) => return None,
            _ => {
                let need = self.doubted_addresses(bench)?;
                between(Pred::Never, self.hosts.clone(), need)
            }
        };
        Some(self.perhaps_matched(hosts, bench))
    }

    /// What its hosts match for sure: mail it is about, while it is enabled. Whether it is looked up by the address alone,
    /// whoever the sender is, no source says.
    fn perhaps_matched(&self, hosts: Pred, bench: &mut Bench) -> Pred {
        let mut pred = hosts;
        let about_all = self
            .scope
            .iter()
            .all(|scope| *scope == Pred::MailFrom(AddressSet::all()));
        if self.kind != Type::OnPremises && !about_all && pred != Pred::Never {
            let need = bench.unsaid(
                format!("connector-scope/{}", self.name.value.to_ascii_lowercase()),
                format!(
                    "connector `{}` lists addresses and is about other mail, so whether it counts for this mail is not known",
                    self.name.value
                ),
                Some(self.name.span),
            );
            pred = Pred::All(vec![between(Pred::All(self.scope.clone()), Pred::Always, need), pred]);
        }
        match self.unsure {
            Some(need) => between(Pred::Never, pred, need),
            None => pred,
        }
    }

    /// The export lacks settings that decide whose mail is rejected.
    fn narrowed(&self, bench: &mut Bench) -> NeedId {
        let settings = [
            ("`RestrictDomainsToIPAddresses`", self.by_address),
            ("`RestrictDomainsToCertificate`", self.by_certificate),
        ];
        let absent: Vec<&str> = settings
            .iter()
            .filter(|(_, flag)| *flag == Flag::Unsaid)
            .map(|(key, _)| *key)
            .collect();
        bench.path.need(Need {
            key: format!("connector-settings/{}", self.name.value.to_ascii_lowercase()),
            text: format!(
                "connector `{}` was exported without {}, so which mail it rejects is not known",
                self.name.value,
                absent.join(" and ")
            ),
            help: "export it whole, with `Get-InboundConnector`".to_owned(),
            level: Level::Warn,
            origin: Some(self.name.span),
            told: false,
        })
    }

    /// Whether the name of its certificate is used at all: a partner's is only where TLS or the certificate is asked for.
    fn asks_for_certificate(&self) -> bool {
        !(self.kind == Type::Partner && self.by_certificate == Flag::Off && self.tls == Flag::Off)
    }

    /// `RequireTls` rejects sessions without.
    fn plain_session(&self, bench: &mut Bench) -> Option<Rule> {
        let (tls, need) = match self.tls {
            Flag::On(span) => {
                let text = "a connector asks for TLS, and whether the sender uses it is not known";
                (span, bench.unsaid("tls", text, Some(span)))
            }
            Flag::Unreadable(span) => (span, unreadable(span, bench)),
            Flag::Unsaid | Flag::Off => return None,
        };
        let mut when = self.when();
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

/// A flag that holds something else.
fn unreadable(flag: Span, bench: &mut Bench) -> NeedId {
    let text = "whether a connector rejects other mail of its domains cannot be read";
    bench.unreadable("connector/restriction", text, flag)
}

fn rejects(need: Option<NeedId>) -> Vec<Effect> {
    vec![Effect::Ends {
        verdict: Verdict::Rejected,
        unless_cleared_by: &[],
        need,
    }]
}

fn connector(record: Node<'_>, bench: &mut Bench, connectors: &mut Connectors) -> Connector {
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
    let read = networks("SenderIPAddresses", &addresses, name.span, false, false);
    let listed = bench.surely_meant("SenderIPAddresses", &read, Pred::Ip);
    let Networks { list, hosts, .. } = read;
    let written = cursor.take("SenderDomains");
    let domains = field::list(written);
    let (senders, every) = senders(written.is_some(), &domains, &name, bench);
    let everywhere = IpSet::all();
    let all = !addresses.unreadable.is_empty() || hosts.is_empty() && every;
    skip::gather(record, if all { &everywhere } else { &hosts }, bench, connectors);
    let certificate = match field::text(cursor.take("TlsSenderCertificateName")) {
        Field::Set(name) if !name.value.trim().is_empty() => Some(name.value.trim().to_owned()),
        _ => None,
    };
    let types = [("OnPremises", Type::OnPremises), ("Partner", Type::Partner)];
    let (kind, unsure) = match field::enumerated(cursor.take("ConnectorType"), &types, &[]) {
        Field::Set(kind) => (kind.value, None),
        // Only partner connectors restrict.
        Field::Unreadable(span) => (Type::Unsaid, Some(unreadable(span, bench))),
        Field::Absent | Field::Null(_) => (Type::Unsaid, None),
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
        hosts: bench.as_far_as_read(Kind::InboundConnector, "SenderIPAddresses", &addresses, listed),
        lost: addresses.unreadable.first().copied(),
        addresses: hosts,
        certificate,
        unsure,
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
/// only had for a name one owns, so it may come with mail that its owner sends or signs and with no other.
fn carries(certificate: &str, bench: &mut Bench, origin: Span) -> Pred {
    let Some(owner) = owner(certificate) else {
        return Pred::Never;
    };
    let need = shown(certificate, bench, origin);
    let theirs = Pred::Any(vec![
        Pred::MailFrom(AddressSet::with_subs(&owner)),
        Pred::Dkim(DomainSet::with_subs(&owner)),
    ]);
    Pred::All(vec![theirs, Pred::Unknown(need)])
}

/// Whether the sender shows a certificate, which nobody said.
fn shown(certificate: &str, bench: &mut Bench, origin: Span) -> NeedId {
    bench.unsaid(
        format!("{CERTIFICATE}{certificate}"),
        format!("whether the sender shows the certificate `{certificate}` is not known"),
        Some(origin),
    )
}

/// The domain that a certificate's name is registered under.
pub(super) fn owner(certificate: &str) -> Option<Domain> {
    let domain = Domain::parse(certificate.trim_start_matches("*.")).ok()?;
    let owner = registrable(&domain).and_then(|name| Domain::parse(name).ok());
    Some(owner.unwrap_or_else(|| below_top(domain)))
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
