//! What DNS says about a tenant and about what it allows, asked before anything is judged.

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::spf::set::Sets;
use crate::platforms::products::Product;
use crate::source::{Span, Spanned};

/// A filter that the tenant's MX records show, and that nobody declared.
#[derive(Debug, Clone)]
pub struct SeenHop {
    /// The product.
    pub product: &'static Product,
    /// The domain whose mail it takes.
    pub domain: Spanned<Domain>,
    /// The MX record.
    pub record: Span,
}

/// A way in that the tenant file describes otherwise.
#[derive(Debug, Clone)]
pub struct HopMismatch {
    /// The filter that the tenant file has first.
    pub platform: Spanned<String>,
    /// What MX shows first; nothing where it is the mailboxes' own hosts.
    pub shown: Option<&'static Product>,
    /// Whether the tenant file has that further behind.
    pub later: bool,
    /// A domain whose mail comes that way.
    pub domain: Spanned<Domain>,
    /// The MX record.
    pub record: Span,
}

/// A name that nobody has registered.
#[derive(Debug, Clone)]
pub struct Unregistered {
    /// What could be registered.
    pub domain: Domain,
    /// The answer that says so.
    pub answer: Span,
}

/// A header sender whose policy mail of a vendor cannot meet.
#[derive(Debug, Clone)]
pub struct FailsDmarc {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The domain of the header sender.
    pub domain: Domain,
    /// What its owner asks receivers to do.
    pub policy: &'static str,
    /// The record.
    pub answer: Span,
    /// The value of the pack that names the domain.
    pub value: Span,
}

/// The answers that matter to checks.
#[derive(Debug, Clone, Default)]
pub struct DnsFacts {
    /// Filters that MX shows and that nobody declared.
    pub hops: Vec<SeenHop>,
    /// Where the declared filters are not those that MX shows first.
    pub mismatches: Vec<HopMismatch>,
    /// Names in allows that nobody has registered, sorted by name.
    pub unregistered: Vec<Unregistered>,
    /// Where packs and the records that must authorise them differ.
    pub drifts: Vec<Drift>,
    /// Records that end in an error for mail of a vendor in use.
    pub broken: Vec<BrokenSpf>,
    /// Records of vendors that let many more send than the vendor.
    pub broad: Vec<TooBroad>,
    /// The tenant's records that do not let a vendor send that writes as the tenant.
    pub lacking: Vec<OwnLacks>,
    /// Hosts of vendors that may connect over IPv6, and that no pack names.
    pub families: Vec<OtherFamily>,
    /// A host that takes the tenant's mail over IPv6 without a filter in front.
    pub takes_ipv6: Option<TakesIpv6>,
    /// Selectors that packs name, and under which there is no key that can be used.
    pub keys: Vec<LostKey>,
    /// Header senders whose policy mail of a vendor cannot meet.
    pub failing: Vec<FailsDmarc>,
    /// What SPF says of the hosts of envelope senders.
    pub spf: BTreeMap<Domain, Sets>,
    /// Vendor and stream of mail that passes authentication whatever it looks like.
    pub passing: Vec<(String, &'static str)>,
}

impl DnsFacts {
    /// Whether mail of a stream passes authentication, whatever it looks like.
    pub fn passes(&self, vendor: &str, stream: &str) -> bool {
        self.passing.iter().any(|(known, of)| known == vendor && *of == stream)
    }

    /// What says that a domain, or the one above it that would have to be registered, does not exist.
    pub fn unregistered(&self, domain: &Domain) -> Option<&Unregistered> {
        self.unregistered
            .iter()
            .find(|missing| domain == &missing.domain || domain.is_under(&missing.domain))
    }
}

/// A difference between a pack and the record that has to authorise its mail.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The name of the record.
    pub record: String,
    /// What differs.
    pub what: Drifted,
    /// The value of the pack: an address, or the name of the record.
    pub value: Span,
    /// The record, or the term of it.
    pub answer: Span,
}

/// What differs between a pack and a record.
#[derive(Debug, Clone)]
pub enum Drifted {
    /// The record authorises no more than a part of this value, or nothing of it.
    Lacks(String),
    /// The record authorises addresses that the pack does not know.
    More(IpSet),
}

/// A record that ends in an error for mail of a vendor.
#[derive(Debug, Clone)]
pub struct BrokenSpf {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The domain that publishes it.
    pub domain: Domain,
    /// Completes "the SPF record of `x` ...".
    pub why: String,
    /// The term, or the whole answer.
    pub answer: Span,
    /// The value of the pack that names the domain.
    pub value: Span,
}

/// A record of a vendor that lets many more send than the vendor.
#[derive(Debug, Clone)]
pub struct TooBroad {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The domain that publishes it.
    pub domain: Domain,
    /// The terms that let them send.
    pub terms: Vec<BroadTerm>,
    /// The value of the pack that names the domain.
    pub value: Span,
}

impl TooBroad {
    /// Hosts from which surely anybody can send: those of providers, and all hosts there are.
    pub fn lent(&self) -> IpSet {
        let lent = self.terms.iter().filter(|term| match &term.why {
            BroadWhy::Provider(_) => true,
            BroadWhy::Network(network) => network.prefix_len() == 0,
        });
        IpSet::union_all(lent.map(|term| &term.hosts))
    }
}

/// A term that lets many send.
#[derive(Debug, Clone)]
pub struct BroadTerm {
    /// Whom.
    pub why: BroadWhy,
    /// Those that are surely let send and that the pack does not know.
    pub hosts: IpSet,
    /// The term.
    pub answer: Span,
}

/// Whom a term lets send.
#[derive(Debug, Clone)]
pub enum BroadWhy {
    /// All customers of a provider.
    Provider(String),
    /// A wide network.
    Network(IpNet),
}

/// A record of the tenant that does not let a vendor send that writes as the tenant.
#[derive(Debug, Clone)]
pub struct OwnLacks {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The tenant's domain.
    pub domain: Domain,
    /// Hosts of the vendor that are not let send.
    pub hosts: IpSet,
    /// Completes "`x` ...": `publishes no SPF record`.
    pub what: String,
    /// The record of the vendor that the tenant's could include.
    pub include: Option<String>,
    /// The record.
    pub answer: Span,
    /// The value of the pack that says that the stream writes as the tenant.
    pub value: Span,
}

/// A selector that a pack names, and under which there is no key that can be used.
#[derive(Debug, Clone)]
pub struct LostKey {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The signing domain.
    pub domain: Domain,
    /// The selector.
    pub selector: String,
    /// Completes "the key `x` ...": `was revoked`.
    pub what: String,
    /// What DNS says instead.
    pub answer: Span,
    /// The value of the pack.
    pub value: Span,
}

/// Hosts of a vendor that its record lets send over IPv6, and that the pack does not name.
#[derive(Debug, Clone)]
pub struct OtherFamily {
    /// Pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: &'static str,
    /// The domain that publishes the record.
    pub domain: Domain,
    /// The hosts.
    pub hosts: IpSet,
    /// The term.
    pub answer: Span,
    /// The value of the pack that names the domain.
    pub value: Span,
}

/// A host that takes the tenant's mail over IPv6.
#[derive(Debug, Clone)]
pub struct TakesIpv6 {
    /// The domain whose mail it takes.
    pub domain: Domain,
    /// Its address.
    pub answer: Span,
}
