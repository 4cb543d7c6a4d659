//! What a tenant file says.

use jiff::civil::Date;

use crate::allow::address::Address;
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::form::words;
use crate::pack::{Delivery, Given, Parsed, StreamKind};
use crate::policy::Expect;
use crate::source::{SourceId, Span, Spanned};

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name; none means that of the folder.
    pub name: Option<Spanned<String>>,
    /// Domains of the recipients.
    pub domains: Vec<Spanned<Domain>>,
    /// A policy by name or path.
    pub policy: Option<Spanned<String>>,
    /// Vendors whose mail must get through.
    pub vendors: Vec<Vendor>,
    /// Former vendors.
    pub offboarded: Vec<Offboarded>,
    /// Hosts of our own.
    pub own: Vec<Own>,
    /// Filters in front, outermost first.
    pub hops: Vec<Hop>,
    /// What files do not say of themselves.
    pub exports: Vec<ExportNote>,
    /// Facts about recipients.
    pub mailboxes: Vec<Mailbox>,
    /// Invariants of the user.
    pub expects: Vec<Expect>,
    /// Findings that are accepted.
    pub exceptions: Vec<Exception>,
    /// Where it is written.
    pub source: SourceId,
}

/// A vendor whose mail must get through.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// The pack.
    pub pack: Spanned<String>,
    /// The streams in use; none named means all.
    pub streams: Vec<Spanned<StreamKind>>,
    /// How it is delivered.
    pub delivery: Deliveries,
    /// Regions; none named means any.
    pub regions: Vec<Spanned<String>>,
    /// Cohorts; none named means any.
    pub cohorts: Vec<Spanned<String>>,
    /// End of the contract.
    pub until: Option<Spanned<Date>>,
    /// Answers to parameters, by the id of the parameter.
    pub values: Vec<(Spanned<String>, Given)>,
    /// The row.
    pub span: Span,
}

/// How the mail of a vendor is delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// For streams that are not named.
    pub default: Option<Spanned<Delivery>>,
    /// For streams that are.
    pub by_stream: Vec<(StreamKind, Spanned<Delivery>)>,
}

impl Deliveries {
    /// What is chosen for a stream; none means the default of the pack.
    pub fn of(&self, stream: StreamKind) -> Option<Spanned<Delivery>> {
        let named = self.by_stream.iter().find(|(named, _)| *named == stream);
        named.map(|&(_, delivery)| delivery).or(self.default)
    }
}

/// A former vendor.
#[derive(Debug, Clone)]
pub struct Offboarded {
    /// The pack.
    pub pack: Spanned<String>,
    /// The row.
    pub span: Span,
}

/// Hosts of our own.
#[derive(Debug, Clone)]
pub struct Own {
    /// What they are.
    pub name: Spanned<String>,
    /// Their networks.
    pub networks: Vec<Spanned<IpSet>>,
    /// The row.
    pub span: Span,
}

/// A filter in front.
#[derive(Debug, Clone)]
pub struct Hop {
    /// What it is.
    pub platform: Spanned<String>,
    /// The addresses it sends on from.
    pub egress: Vec<Spanned<IpSet>>,
    /// The row.
    pub span: Span,
}

/// What a file does not say of itself.
#[derive(Debug, Clone)]
pub struct ExportNote {
    /// The file, from the folder of the tenant file, with `/` between folders.
    pub file: Spanned<String>,
    /// What it holds, as `<platform>/<kind>`.
    pub kind: Option<Spanned<String>>,
    /// When it was exported.
    pub taken: Option<Spanned<Date>>,
    /// Whether the command ran and returned nothing.
    pub empty: bool,
    /// Which tenant list the rows are of.
    pub list: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

words! {
    /// What is behind an address.
    MailboxKind {
        /// A mailbox in the cloud.
        Real = "real",
        /// A group or distribution list.
        Group = "group",
        /// A shared mailbox.
        Shared = "shared",
        /// A mailbox on a server of our own.
        OnPremises = "on-premises",
    }
}

/// A fact about a recipient.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// The address.
    pub address: Spanned<Address>,
    /// What is behind it.
    pub kind: Spanned<MailboxKind>,
    /// The row.
    pub span: Span,
}

/// Findings that are accepted.
#[derive(Debug, Clone)]
pub struct Exception {
    /// The check.
    pub check: Spanned<String>,
    /// The objects, with `*` for any text; none means everywhere.
    pub where_glob: Option<Spanned<String>>,
    /// Why.
    pub reason: Spanned<String>,
    /// The last day on which it works.
    pub expires: Option<Spanned<Date>>,
    /// The row.
    pub span: Span,
}

impl Exception {
    /// Whether it still works on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.expires.is_none_or(|expires| expires.value >= day)
    }

    /// Whether it is about a finding of this check at this object.
    pub fn covers(&self, check: &str, object: Option<&str>) -> bool {
        self.check.value == check
            && self
                .where_glob
                .as_ref()
                .is_none_or(|glob| object.is_some_and(|object| matches_glob(&glob.value, object)))
    }
}

/// `*` stands for any text.
fn matches_glob(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(first) = parts.next() else {
        return text.is_empty();
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.find(middle) {
                Some(at) => rest = rest.get(at + middle.len()..).unwrap_or(""),
                None => return false,
            }
        }
    }
    match last {
        Some(end) => rest.ends_with(end),
        None => rest.is_empty(),
    }
}

/// What is known of one parameter of a pack.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The parameter, where the pack declares it.
    pub parameter: Spanned<String>,
    /// Who answered.
    pub by: AnsweredBy,
    /// The values, as written and as understood. None for flags, and where nobody answered.
    pub values: Vec<(Spanned<String>, Parsed)>,
    /// The answer to a flag.
    pub flag: Option<Spanned<bool>>,
}

impl Answer {
    /// Whether a condition on this parameter holds: the flag is set, or there are values.
    pub fn holds(&self) -> bool {
        self.flag.is_some_and(|flag| flag.value) || !self.values.is_empty()
    }
}

/// Who answered a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnsweredBy {
    /// The tenant file.
    Tenant,
    /// The pack, by its default.
    Pack,
    /// Nobody: what depends on it cannot be checked.
    Nobody,
}

#[cfg(test)]
mod tests {
    use super::matches_glob;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches_glob("transport-rule/*", "transport-rule/Scanner"));
        assert!(matches_glob("*/Scan*r", "transport-rule/Scanner"));
        assert!(matches_glob("a", "a"));
        assert!(!matches_glob("a", "ab"));
        assert!(!matches_glob("*b*b", "ab"));
    }
}
