//! What DNS says about a tenant and about what it allows, asked before anything is judged.

use crate::allow::domain::Domain;
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

/// The answers that matter to checks.
#[derive(Debug, Clone, Default)]
pub struct DnsFacts {
    /// Filters in front that nobody declared.
    pub hops: Vec<SeenHop>,
    /// Names in allows that nobody has registered, sorted by name.
    pub unregistered: Vec<Unregistered>,
}

impl DnsFacts {
    /// What says that a domain, or the one above it that would have to be registered, does not exist.
    pub fn unregistered(&self, domain: &Domain) -> Option<&Unregistered> {
        self.unregistered
            .iter()
            .find(|missing| domain == &missing.domain || domain.is_under(&missing.domain))
    }
}
