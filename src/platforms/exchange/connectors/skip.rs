//! Enhanced filtering: whose address authentication looks past.
//!
//! <https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/enhanced-filtering-for-connectors>.

use crate::allow::ip::IpSet;
use crate::document::Node;
use crate::path::{NeedId, Skip};

use super::super::build::Bench;
use super::super::bundle::Bundle;
use super::super::field;
use super::super::hosts::networks;
use super::super::kind::Kind;
use super::{Connectors, Flag};

/// What one connector looks past, as far as it can be read.
struct Skipped {
    /// The last host, whoever it is.
    last: bool,
    /// These hosts.
    hosts: IpSet,
    /// What would decide whom else.
    lost: Option<NeedId>,
}

fn skipped(record: Node<'_>, bench: &mut Bench) -> Skipped {
    if Flag::of(record.get("EFSkipLastIP")).span().is_some() {
        return Skipped {
            last: true,
            hosts: IpSet::empty(),
            lost: None,
        };
    }
    let list = field::list(record.get("EFSkipIPs"));
    Skipped {
        last: false,
        hosts: networks("EFSkipIPs", &list, record.span(), false, true).hosts,
        lost: bench.lost_of(Kind::InboundConnector, "EFSkipIPs", &list),
    }
}

/// Takes in what one connector looks past; `hosts` are those whose mail comes through it.
pub(super) fn gather(record: Node<'_>, hosts: &IpSet, bench: &mut Bench, into: &mut Connectors) {
    let skipped = skipped(record, bench);
    let past = if skipped.last { hosts } else { &skipped.hosts };
    into.skipped = into.skipped.union(past);
    if let Some(lost) = skipped.lost {
        into.skipped = IpSet::all();
        into.skipped_unread.get_or_insert(lost);
    }
}

/// Whether mail from hosts comes through a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Through {
    Yes,
    No,
    Perhaps(NeedId),
}

/// Whether what a filter in front hands on comes through a connector that looks past the last host, whoever it is.
fn comes_through(record: Node<'_>, egress: &IpSet, bench: &mut Bench) -> Through {
    let list = field::list(record.get("SenderIPAddresses"));
    let hosts = networks("SenderIPAddresses", &list, record.span(), false, false).hosts;
    if hosts.is_empty() && list.unreadable.is_empty() || hosts.covers(egress) {
        return Through::Yes;
    }
    let by_address = Flag::of(record.get("RestrictDomainsToIPAddresses")).span().is_some();
    if by_address && list.unreadable.is_empty() && !hosts.overlaps(egress) {
        return Through::No;
    }
    let name = super::super::build::name(record);
    Through::Perhaps(bench.unsaid(
        format!("skip-listing/through/{}", name.value.to_ascii_lowercase()),
        format!(
            "connector `{}` looks past the last host, and whether the mail of the filter in front comes through it is not known",
            name.value
        ),
        Some(name.span),
    ))
}

/// Whether authentication looks past a filter in front that connects from `egress`.
pub(in super::super) fn skips(bundle: &Bundle<'_>, egress: &IpSet, bench: &mut Bench) -> Skip {
    let mut perhaps = None;
    for &record in bundle.records(Kind::InboundConnector) {
        let enabled = Flag::of(record.get("Enabled"));
        if enabled == Flag::Off {
            continue;
        }
        let skipped = skipped(record, bench);
        let through = if skipped.last {
            comes_through(record, egress, bench)
        } else {
            Through::Yes
        };
        let covered = skipped.last || !skipped.hosts.is_empty() && skipped.hosts.covers(egress);
        if !covered && skipped.lost.is_none() || through == Through::No {
            continue;
        }
        // Skip listing for some recipients only counts when every recipient of the message is listed.
        let users = field::list(record.get("EFUsers"));
        if !users.items.is_empty() {
            continue;
        }
        let doubt = match (
            bench.lost_of(Kind::InboundConnector, "EFUsers", &users),
            enabled,
            through,
        ) {
            (Some(need), ..) => Some(need),
            (None, Flag::Unreadable(span), _) => Some(super::unreadable(span, bench)),
            (None, _, Through::Perhaps(need)) => Some(need),
            (None, ..) => skipped.lost.filter(|_| !covered),
        };
        match doubt {
            None => return Skip::Yes,
            Some(need) => perhaps = perhaps.or(Some(need)),
        }
    }
    perhaps.map_or(Skip::No, Skip::Perhaps)
}
