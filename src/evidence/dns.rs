//! What DNS says about a tenant and about what it allows, asked before anything is judged.

use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
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
    /// Filters in front that nobody declared.
    pub hops: Vec<SeenHop>,
    /// Names in allows that nobody has registered, sorted by name.
    pub unregistered: Vec<Unregistered>,
    /// Where packs and the records that must authorise them differ.
    pub drifts: Vec<Drift>,
    /// Records that end in an error for mail of a vendor in use.
    pub broken: Vec<BrokenSpf>,
    /// Header senders whose policy mail of a vendor cannot meet.
    pub failing: Vec<FailsDmarc>,
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
