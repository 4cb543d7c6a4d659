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
    let cut = list.unreadable.first();
    Skipped {
        last: false,
        hosts: networks("EFSkipIPs", &list, record.span(), false, true).hosts,
        lost: cut.map(|span| bench.lost(Kind::InboundConnector, "EFSkipIPs", *span)),
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

/// Whether authentication looks past a filter in front that connects from `egress`.
pub(in super::super) fn skips(bundle: &Bundle<'_>, egress: &IpSet, bench: &mut Bench) -> Skip {
    let mut perhaps = None;
    for &record in bundle.records(Kind::InboundConnector) {
        let enabled = Flag::of(record.get("Enabled"));
        if enabled == Flag::Off {
            continue;
        }
        let skipped = skipped(record, bench);
        let covered = skipped.last || !skipped.hosts.is_empty() && skipped.hosts.covers(egress);
        if !covered && skipped.lost.is_none() {
            continue;
        }
        // Skip listing for some recipients only counts when every recipient of the message is listed.
        let users = field::list(record.get("EFUsers"));
        if !users.items.is_empty() {
            continue;
        }
        let doubt = match (users.unreadable.first(), enabled) {
            (Some(span), _) => Some(bench.lost(Kind::InboundConnector, "EFUsers", *span)),
            (None, Flag::Unreadable(span)) => Some(super::unreadable(span, bench)),
            (None, _) => skipped.lost.filter(|_| !covered),
        };
        match doubt {
            None => return Skip::Yes,
            Some(need) => perhaps = perhaps.or(Some(need)),
        }
    }
    perhaps.map_or(Skip::No, Skip::Perhaps)
}
