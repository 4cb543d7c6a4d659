//! The tenant's own domains: those that can be read, and whether there are more.

use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::document::Node;
use crate::path::{Need, NeedId, Pred};
use crate::problem::Level;
use crate::source::{Span, Spanned};

use super::build::{Bench, between};
use super::bundle::Bundle;
use super::claim::is_cut_text;
use super::connectors::owner;
use super::field::{self, Field};
use super::kind::Kind;

/// The tenant's domains.
pub(super) struct Accepted {
    /// Those of the export, if it has any.
    pub exported: Option<Vec<Spanned<Domain>>>,
    /// All addresses in the domains that are known, from the export or the tenant file.
    pub known: AddressSet,
    /// What would decide which others there are.
    pub more: Option<NeedId>,
}

/// Reads them. The tenant file may name domains that the export does not have, or stand for it.
pub(super) fn read(bundle: &Bundle<'_>, declared: &[Spanned<Domain>], bench: &mut Bench) -> Accepted {
    let kind = Kind::AcceptedDomain;
    let records = bundle.records(kind);
    let mut domains = Vec::new();
    let mut sets: Vec<AddressSet> = declared
        .iter()
        .map(|domain| AddressSet::domain(&domain.value))
        .collect();
    let mut more = None;
    for &record in records {
        let mut names =
            ["DomainName", "Name", "Identity"]
                .iter()
                .filter_map(|key| match field::text(record.get(key)) {
                    Field::Set(text) => Some(text),
                    _ => None,
                });
        let domain = names.find_map(|text| Some(Spanned::new(Domain::parse(&text.value).ok()?, text.span)));
        let Some(domain) = domain else {
            more = more.or_else(|| Some(unnamed(record, bench)));
            continue;
        };
        let with_subs = matches!(field::boolean(record.get("MatchSubDomains")), Field::Set(on) if on.value);
        sets.push(if with_subs {
            AddressSet::with_subs(&domain.value)
        } else {
            AddressSet::domain(&domain.value)
        });
        domains.push(domain);
    }
    let known = AddressSet::union_all(&sets);
    if !declared.is_empty() {
        // Whoever names the domains says which there are.
        more = None;
    } else if records.is_empty() {
        more = Some(bench.missing(kind, None));
    } else if !bundle.whole(kind) {
        more = more.or_else(|| Some(bench.missing(kind, None)));
    }
    Accepted {
        exported: (!records.is_empty()).then_some(domains),
        known,
        more,
    }
}

/// A domain whose name cannot be read.
fn unnamed(record: Node<'_>, bench: &mut Bench) -> NeedId {
    let written = ["DomainName", "Name", "Identity"]
        .iter()
        .find_map(|key| Some((*key, record.get(key)?)));
    let span: Span = written.map_or(record.span(), |(_, node)| node.span());
    let is_cut = |node: Node<'_>| node.as_str().is_some_and(|text| is_cut_text(&text));
    if written.is_some_and(|(key, node)| key == "DomainName" && is_cut(node)) {
        return bench.lost(Kind::AcceptedDomain, "DomainName", span);
    }
    bench.path.need(Need {
        key: "accepted-domain/name".to_owned(),
        text:
            "the name of an accepted domain cannot be read, so whether mail to everyone is treated alike is not known"
                .to_owned(),
        help: "export the domains again with `Get-AcceptedDomain`, or name them as `domains` in the tenant file"
            .to_owned(),
        level: Level::Deny,
        origin: Some(span),
        told: false,
    })
}

impl Accepted {
    /// Header senders that are the tenant's.
    pub fn from(&self) -> Pred {
        self.or_more(Pred::From(self.known.clone()))
    }

    /// Envelope senders that are the tenant's.
    pub fn mail_from(&self) -> Pred {
        self.or_more(Pred::MailFrom(self.known.clone()))
    }

    fn or_more(&self, pred: Pred) -> Pred {
        match self.more {
            Some(need) if self.known.is_empty() => Pred::Unknown(need),
            Some(need) => between(pred, Pred::Always, need),
            None => pred,
        }
    }

    /// Whether a certificate's name is of one of the tenant's own domains.
    pub fn owns(&self, certificate: &str) -> bool {
        owner(certificate).is_some_and(|owner| self.known.overlaps(&AddressSet::with_subs(&owner)))
    }
}
