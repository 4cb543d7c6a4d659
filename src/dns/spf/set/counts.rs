//! How much DNS a check asks: for whoever matches nothing, for each family, and for one address.

use std::net::IpAddr;

use super::super::{Extent, Limits};
use super::cohort::Ceiling;
use super::fold::Walk;
use super::{Asks, Entry, Matches, Opaque, Published, Tree};
use crate::allow::ip::IpSet;

/// How many terms of a record, and of those below it, ask DNS. A check stops at the limit; what is counted here is
/// what would be asked if it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// For an address that nothing matches.
    pub worst: u32,
    /// For the IPv4 address that asks most.
    pub v4: u32,
    /// For the IPv6 address that asks most.
    pub v6: u32,
    /// Whether there is no more to it: where the name of another record depends on the client, and where records are
    /// not known, these are the fewest.
    pub is_exact: bool,
}

/// The term that asks once too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaking<'a> {
    /// The record it stands in.
    pub tree: &'a Tree,
    /// The term.
    pub extent: Extent,
    /// The terms that lead to that record, from the first record on.
    pub path: Vec<(&'a Tree, Extent)>,
}

impl Tree {
    /// How many terms ask DNS.
    pub fn counts(&self) -> Counts {
        let most = |family| {
            let walk = Walk::all(self, family, Ceiling::NONE);
            walk.exits.iter().map(|exit| exit.cohort.lookups).max().unwrap_or(0)
        };
        Counts {
            worst: self.lookups(),
            v4: most(IpSet::all().v4_only()),
            v6: most(IpSet::all().v6_only()),
            is_exact: self.is_counted(),
        }
    }

    /// The fewest and the most terms that ask DNS in the check of one address, with the limits in force. The term that
    /// breaks the limit is counted.
    pub fn lookups_of(&self, ip: IpAddr, limits: Limits) -> (u32, u32) {
        let walk = Walk::all(self, IpSet::addr(ip), Ceiling::of(limits));
        let counts = || walk.exits.iter().map(|exit| exit.cohort.lookups);
        (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }

    /// The terms that ask DNS, here and below, for an address that nothing matches.
    pub fn lookups(&self) -> u32 {
        self.entries.iter().map(|entry| entry.lookups).sum()
    }

    /// The first term that asks when the limit is used up, for an address that nothing matches.
    pub fn breaking(&self, limits: Limits) -> Option<Breaking<'_>> {
        self.breaks_at(u32::from(limits.lookups) + 1, &mut Vec::new())
    }

    fn breaks_at<'a>(&'a self, ordinal: u32, path: &mut Vec<(&'a Self, Extent)>) -> Option<Breaking<'a>> {
        for entry in &self.entries {
            if entry.asks && entry.ordinal == ordinal {
                return Some(Breaking {
                    tree: self,
                    extent: entry.extent,
                    path: path.clone(),
                });
            }
            if let Matches::Child(child) = &entry.matches {
                path.push((self, entry.extent));
                let found = child.breaks_at(ordinal, path);
                path.pop();
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Whether every record that is asked for is known.
    fn is_counted(&self) -> bool {
        let is_known = |entry: &Entry| match &entry.matches {
            Matches::Loop(_) | Matches::Opaque(Opaque::Cut | Opaque::Macro(Asks::Record)) => false,
            Matches::Child(child) => child.is_counted(),
            Matches::Steps { .. } | Matches::Hosts(_) | Matches::Opaque(_) => true,
        };
        !matches!(self.published, Published::Unanswered(_)) && self.entries.iter().all(is_known)
    }

    /// Numbers the terms that ask DNS in the order in which a check comes by them.
    pub(super) fn number(&mut self) {
        self.number_from(0);
    }

    fn number_from(&mut self, mut asked: u32) -> u32 {
        for entry in &mut self.entries {
            let before = asked;
            asked += u32::from(entry.asks);
            entry.ordinal = asked;
            if let Matches::Child(child) = &mut entry.matches {
                asked = child.number_from(asked);
            }
            entry.lookups = asked - before;
        }
        asked
    }
}
