//! Whether a message is the own mail of the domain in its `From` header (RFC 9989, sections 4.10.2 and 5.3; RFC
//! 7489, sections 3.1 and 6.6.2).
//!
//! What SPF and DKIM say is given; no signature is verified here.

use super::discovery::{Applied, discover, organization};
use super::{Method, Mode, Unanswered};
use crate::allow::domain::Domain;
use crate::dns::Resolver;
use crate::dns::spf::Verdict;

/// What is known of a message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The domain of the `From` header.
    pub header_from: &'a Domain,
    /// What SPF says, and of which domain: that of the envelope sender, or of the greeting where there is none.
    pub spf: Option<(Verdict, &'a Domain)>,
    /// The domains of the signatures that hold.
    pub dkim: &'a [Domain],
}

/// What comes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgment {
    /// It is the domain's own.
    Pass {
        /// The record that applies.
        applied: Applied,
        /// What shows it: all that does.
        by: Vec<Proof>,
    },
    /// Nothing shows that it is the domain's own, and the policy is applied.
    Fail {
        /// The record that applies.
        applied: Applied,
    },
    /// No record applies, and nothing is done.
    NotApplied,
    /// It depends on what is not known.
    Unknown(Doubt),
}

impl Judgment {
    /// Whether it passes, fails, meets no record or is not known, and nothing else of it: what callers compare who tell
    /// where the methods differ. The policy that a fail meets belongs to it.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pass { .. }, Self::Pass { .. }) => true,
            (Self::Fail { applied }, Self::Fail { applied: other }) => applied.policy == other.policy,
            (Self::NotApplied, Self::NotApplied) | (Self::Unknown(_), Self::Unknown(_)) => true,
            _ => false,
        }
    }
}

/// What shows that a message is the domain's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// SPF passes for this domain.
    Spf(Domain),
    /// A signature of this domain holds.
    Dkim(Domain),
}

/// What a judgment depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// A question without answer.
    Dns(Unanswered),
    /// What SPF says is not known.
    Spf,
}

/// Judges a message as a receiving host does that goes by a method. Where [`Judgment::is_like`] tells the two apart,
/// it depends on the host what becomes of the message.
pub fn judge(resolver: &dyn Resolver, message: Message<'_>, method: Method) -> Judgment {
    let applied = match discover(resolver, message.header_from, method) {
        Ok(found) => found.applied,
        Err(unanswered) => return Judgment::Unknown(Doubt::Dns(unanswered)),
    };
    let Some(applied) = applied else {
        return Judgment::NotApplied;
    };
    let record = &applied.published.record;
    let (mut by, mut doubts) = (Vec::new(), Vec::new());
    let mut weigh = |domain: &Domain, mode, proof: Result<Proof, Doubt>| match aligned(
        resolver,
        message.header_from,
        domain,
        mode,
        method,
    ) {
        Ok(false) => {}
        Ok(true) => match proof {
            Ok(proof) => by.push(proof),
            Err(doubt) => doubts.push(doubt),
        },
        Err(unanswered) => doubts.push(Doubt::Dns(unanswered)),
    };
    match message.spf {
        Some((Verdict::Pass, domain)) => weigh(domain, record.spf_mode(), Ok(Proof::Spf(domain.clone()))),
        Some((Verdict::Undecided | Verdict::TempError, domain)) => weigh(domain, record.spf_mode(), Err(Doubt::Spf)),
        _ => {}
    }
    for domain in message.dkim {
        weigh(domain, record.dkim_mode(), Ok(Proof::Dkim(domain.clone())));
    }
    if !by.is_empty() {
        return Judgment::Pass { applied, by };
    }
    match doubts.into_iter().next() {
        Some(doubt) => Judgment::Unknown(doubt),
        None => Judgment::Fail { applied },
    }
}

/// Whether a domain that SPF or DKIM vouches for stands for the domain of a `From` header.
///
/// # Errors
/// A question without answer on which it depends.
pub fn aligned(
    resolver: &dyn Resolver,
    header_from: &Domain,
    other: &Domain,
    mode: Mode,
    method: Method,
) -> Result<bool, Unanswered> {
    if header_from == other {
        return Ok(true);
    }
    // An organisation is above both of its domains, or one of them, so they end in the same label.
    let can_be_one = header_from.labels().last() == other.labels().last();
    if mode == Mode::Strict || !can_be_one {
        return Ok(false);
    }
    let organization = |domain| organization(resolver, domain, method);
    Ok(organization(header_from)? == organization(other)?)
}
