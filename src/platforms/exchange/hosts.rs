//! Lists of addresses of hosts: what their entries surely mean, and what they may mean.

use crate::allow::ip::{IpEntryKind, IpSet, parse_entry};
use crate::message::Identity;
use crate::path::{List, Meaning, Need, NeedId, Pred};
use crate::problem::Level;
use crate::source::Span;

use super::build::{Bench, between, entry};
use super::field;

/// What a list of addresses of hosts says.
pub(super) struct Networks {
    /// The list.
    pub list: List,
    /// The hosts that its entries surely mean.
    pub hosts: IpSet,
    /// Hosts that entries mean if the product reads them as one of several programs do.
    pub doubtful: IpSet,
}

/// Reads a list of addresses of hosts.
pub(super) fn networks(
    name: &'static str,
    list: &field::List<'_>,
    here: Span,
    exception: bool,
    ipv6: bool,
) -> Networks {
    let mut sets = Vec::new();
    let mut doubtful = Vec::new();
    let entries = list
        .items
        .iter()
        .map(|item| {
            let meaning = match parse_entry(&item.value) {
                Ok(entry) if !ipv6 && entry.set.has_v6() => Meaning::Malformed {
                    why: "is IPv6, which this list does not take".to_owned(),
                    meant: None,
                },
                // Programs differ on `010`: ten to some, eight to others. No page of the product says.
                Ok(entry) if entry.leading_zero => {
                    doubtful.push(entry.set.clone());
                    doubtful.extend(octal(&item.value));
                    Meaning::Malformed {
                        why: "has a leading zero, which some programs read as an octal number".to_owned(),
                        meant: Some(entry.set),
                    }
                }
                Ok(entry) => {
                    sets.push(entry.set.clone());
                    if entry.host_bits && matches!(entry.kind, IpEntryKind::Cidr(_)) {
                        Meaning::Malformed {
                            why: format!("has host bits set: it stands for `{}`", entry.set),
                            meant: Some(entry.set),
                        }
                    } else {
                        Meaning::Networks(entry.set)
                    }
                }
                Err(error) => Meaning::Malformed {
                    why: format!("is no entry of this list: {error}"),
                    meant: None,
                },
            };
            entry(item, meaning)
        })
        .collect();
    let list = List {
        name,
        span: list.span.unwrap_or(here),
        identities: &[Identity::ConnectingIp],
        exception,
        entries,
    };
    Networks {
        list,
        hosts: IpSet::union_all(&sets),
        doubtful: IpSet::union_all(&doubtful),
    }
}

/// The hosts of an entry if numbers with a leading zero are octal.
fn octal(text: &str) -> Option<IpSet> {
    let mut read = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
        let rest = piece.get(digits.len()..).unwrap_or_default();
        if digits.len() > 1 && digits.starts_with('0') {
            read.push_str(&u32::from_str_radix(digits, 8).ok()?.to_string());
        } else {
            read.push_str(digits);
        }
        read.push_str(rest);
    }
    parse_entry(&read).ok().map(|entry| entry.set)
}

impl Bench {
    /// A condition on hosts whose list holds IPv6: what the lists' pages describe is IPv4, ranges of IPv6 are refused by the
    /// cmdlet, and whether a single address works is unconfirmed
    /// (<https://learn.microsoft.com/defender-office-365/connection-filter-policies-configure>,
    /// <https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/conditions-and-exceptions>).
    pub fn sure_of_ipv4(&mut self, hosts: &IpSet, key: &str, origin: Option<Span>, pred: Pred) -> Pred {
        if !hosts.has_v6() {
            return pred;
        }
        let need = self.unsaid(
            format!("ipv6/{key}"),
            format!("no source says whether IPv6 addresses in `{key}` count"),
            origin,
        );
        let v4 = Pred::Ip(IpSet::all().v4_only());
        between(Pred::All(vec![pred.clone(), v4]), pred, need)
    }

    /// A condition on the hosts of a list, made of a set of them: sure only of those that entries surely mean.
    pub fn surely_meant(&mut self, key: &str, read: &Networks, make: impl Fn(IpSet) -> Pred) -> Pred {
        let pred = make(read.hosts.clone());
        if read.doubtful.is_empty() {
            return pred;
        }
        let need = self.path.need(Need {
            key: format!("leading-zero/{key}"),
            text: format!(
                "an address in `{key}` has a leading zero, and whether the product reads it as octal is not known"
            ),
            help: "write the address without leading zeros".to_owned(),
            level: Level::Warn,
            origin: Some(read.list.span),
            // The entry has a finding of its own.
            told: true,
        });
        between(pred, make(read.hosts.union(&read.doubtful)), need)
    }
}

/// Hosts of which it is not known whether the last one or the one before it is looked at.
pub(super) fn either(hosts: IpSet, need: NeedId) -> Pred {
    let both = vec![Pred::Ip(hosts.clone()), Pred::AuthIp(hosts)];
    between(Pred::All(both.clone()), Pred::Any(both), need)
}
