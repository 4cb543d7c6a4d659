//! What a check is, and what it finds.
//!
//! A check is data plus one total function over the evidence; the table of all checks is `checks`.
//! This file knows no particular check.

use std::collections::BTreeMap;

use crate::problem::{Label, Level};

/// The groups of checks, in the order reports show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The vendor's mail does not get through.
    Delivery,
    /// More gets through than the vendors need.
    Safety,
    /// What should be tidied.
    Hygiene,
    /// The world disagrees with the pack or the tenant.
    Dns,
    /// What the audit could not see.
    Evidence,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 5] = [Self::Delivery, Self::Safety, Self::Hygiene, Self::Dns, Self::Evidence];

    /// The word used in policies, options and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Safety => "safety",
            Self::Hygiene => "hygiene",
            Self::Dns => "dns",
            Self::Evidence => "evidence",
        }
    }
}

/// One message that shows a finding, in words a person can send, search for, or hand to `allowaudit why`.
/// A field that does not matter is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witness {
    /// Connecting IP.
    pub ip: Option<String>,
    /// Envelope sender; `<>` for the null sender.
    pub mail_from: Option<String>,
    /// Header sender.
    pub from: Option<String>,
    /// Recipient.
    pub to: Option<String>,
    /// Domains with a valid DKIM signature.
    pub dkim: Vec<String>,
    /// Headers with their values.
    pub headers: BTreeMap<String, String>,
    /// Authentication results, such as `dmarc=pass`.
    pub auth: Vec<String>,
}

/// One fault, with everything a report needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the check.
    pub check: &'static str,
    /// Its group.
    pub group: Group,
    /// Level after policy and options.
    pub level: Level,
    /// One sentence: lower-case start, no final stop, user values in backticks.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Vendor pack, where one is concerned.
    pub vendor: Option<String>,
    /// Stream of the vendor, where one is concerned.
    pub stream: Option<String>,
    /// Platform id, such as `exchange`.
    pub platform: Option<&'static str>,
    /// Stage id, such as `exchange/content-filter`.
    pub stage: Option<&'static str>,
    /// `<kind>/<Name, else Identity, else value>`.
    pub object: Option<String>,
    /// The value that is missing, wide, malformed and so on, normalised; part of the fingerprint.
    pub value: String,
    /// The primary label first. Never empty.
    pub labels: Vec<Label>,
    /// A message that shows the fault.
    pub witness: Option<Witness>,
    /// Set when an exception of the tenant file covers the finding: it stays visible and does not count.
    pub exception: Option<Excepted>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepted {
    /// The reason the tenant file gives.
    pub reason: String,
    /// Last day on which the exception holds.
    pub expires: Option<jiff::civil::Date>,
}
