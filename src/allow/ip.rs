//! Sets of IP addresses, and the entries people write them as.
//!
//! IPv4 and IPv6 are kept apart. An IPv4 address written inside IPv6 (`::ffff:192.0.2.1`) is
//! the IPv4 address: a host that connects that way connects by IPv4.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use super::interval::Intervals;

/// A set of IP addresses, as sorted disjoint intervals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpSet {
    v4: Intervals<u32>,
    v6: Intervals<u128>,
}

impl IpSet {
    /// No address.
    pub fn empty() -> Self {
        Self {
            v4: Intervals::empty(),
            v6: Intervals::empty(),
        }
    }

    /// Every address of both families.
    pub fn all() -> Self {
        Self {
            v4: Intervals::all(),
            v6: Intervals::all(),
        }
    }

    /// One address.
    pub fn addr(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::v4(ip.to_bits(), ip.to_bits()),
            IpAddr::V6(ip) => Self::v6(ip.to_bits(), ip.to_bits()),
        }
    }

    /// The addresses of a network; host bits are ignored.
    pub fn net(net: IpNet) -> Self {
        // Both ends of a mapped network are mapped, or neither is, unless it is wider than the
        // mapped block itself; then it is read as the IPv6 network it is written as.
        match net {
            IpNet::V4(net) => Self::v4(net.network().to_bits(), net.broadcast().to_bits()),
            IpNet::V6(net) => match (net.network().to_ipv4_mapped(), net.broadcast().to_ipv4_mapped()) {
                (Some(first), Some(last)) => Self::v4(first.to_bits(), last.to_bits()),
                _ => Self::v6(net.network().to_bits(), net.broadcast().to_bits()),
            },
        }
    }

    /// The addresses from `first` to `last`, both included.
    /// `None` when the range is reversed or mixes families.
    pub fn range(first: IpAddr, last: IpAddr) -> Option<Self> {
        match (first.to_canonical(), last.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => Some(Self::v4(first.to_bits(), last.to_bits())),
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => Some(Self::v6(first.to_bits(), last.to_bits())),
            _ => None,
        }
    }

    /// The union of networks.
    pub fn from_nets(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let sets: Vec<Self> = nets.into_iter().map(Self::net).collect();
        Self::union_all(&sets)
    }

    /// The union of any number of sets at once, in O(n log n).
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for set in sets {
            v4.extend_from_slice(set.v4.intervals());
            v6.extend_from_slice(set.v6.intervals());
        }
        Self {
            v4: Intervals::from_unsorted(v4),
            v6: Intervals::from_unsorted(v6),
        }
    }

    fn v4(first: u32, last: u32) -> Self {
        Self {
            v4: Intervals::one(first, last),
            v6: Intervals::empty(),
        }
    }

    fn v6(first: u128, last: u128) -> Self {
        Self {
            v4: Intervals::empty(),
            v6: Intervals::one(first, last),
        }
    }

    /// Addresses in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    /// Addresses in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.intersect(&other.v4),
            v6: self.v6.intersect(&other.v6),
        }
    }

    /// Addresses in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.minus(&other.v4),
            v6: self.v6.minus(&other.v6),
        }
    }

    /// Addresses not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self {
            v4: self.v4.complement(),
            v6: self.v6.complement(),
        }
    }

    /// Whether there is no address in the set.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether every address of both families is in the set.
    pub fn is_all(&self) -> bool {
        self.v4.is_all() && self.v6.is_all()
    }

    /// Whether an address is in the set.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.v4.contains(ip.to_bits()),
            IpAddr::V6(ip) => self.v6.contains(ip.to_bits()),
        }
    }

    /// Whether every address of the other set is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.v4.covers(&other.v4) && self.v6.covers(&other.v6)
    }

    /// Whether some address is in both sets.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.v4.overlaps(&other.v4) || self.v6.overlaps(&other.v6)
    }

    /// The first address; IPv4 comes before IPv6.
    pub fn smallest(&self) -> Option<IpAddr> {
        let v4 = self.v4.intervals().first();
        let v6 = self.v6.intervals().first();
        v4.map(|(first, _)| IpAddr::V4(Ipv4Addr::from_bits(*first)))
            .or_else(|| v6.map(|(first, _)| IpAddr::V6(Ipv6Addr::from_bits(*first))))
    }

    /// The IPv4 part of the set.
    #[must_use]
    pub fn v4_only(&self) -> Self {
        Self {
            v4: self.v4.clone(),
            v6: Intervals::empty(),
        }
    }

    /// The IPv6 part of the set.
    #[must_use]
    pub fn v6_only(&self) -> Self {
        Self {
            v4: Intervals::empty(),
            v6: self.v6.clone(),
        }
    }

    /// Whether an IPv6 address is in the set.
    pub fn has_v6(&self) -> bool {
        !self.v6.is_empty()
    }

    /// How many addresses there are, or `u128::MAX` when there are more than that.
    pub fn count(&self) -> u128 {
        let v4 = self.v4.intervals().iter();
        let v4 = v4.map(|(first, last)| u128::from(*last - *first) + 1);
        let v6 = self.v6.intervals().iter();
        let v6 = v6.map(|(first, last)| (*last - *first).saturating_add(1));
        v4.chain(v6).fold(0, u128::saturating_add)
    }

    /// The fewest networks that make up the set, in order.
    pub fn nets(&self) -> Vec<IpNet> {
        let v4 = self.v4.intervals().iter().flat_map(|(first, last)| {
            let nets = Ipv4Subnets::new(Ipv4Addr::from_bits(*first), Ipv4Addr::from_bits(*last), 0);
            nets.map(IpNet::V4)
        });
        let v6 = self.v6.intervals().iter().flat_map(|(first, last)| {
            let nets = Ipv6Subnets::new(Ipv6Addr::from_bits(*first), Ipv6Addr::from_bits(*last), 0);
            nets.map(IpNet::V6)
        });
        v4.chain(v6).collect()
    }
}

impl fmt::Display for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nets = self.nets();
        if nets.is_empty() {
            return f.write_str("none");
        }
        for (n, net) in nets.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            if net.prefix_len() == net.max_prefix_len() {
                write!(f, "{}", net.addr())?;
            } else {
                write!(f, "{net}")?;
            }
        }
        Ok(())
    }
}

/// How an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpEntryKind {
    /// One address.
    Single,
    /// An address and a prefix length or netmask.
    Cidr(u8),
    /// Two addresses.
    Range,
}

/// One entry of an address list, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpEntry {
    /// The addresses it stands for.
    pub set: IpSet,
    /// The form it is written in.
    pub kind: IpEntryKind,
    /// A network written with an address inside it, such as `192.0.2.1/24`; the set is the whole network.
    pub host_bits: bool,
    /// An octet has a leading zero, such as `192.0.2.010`; some readers take that for octal. Read as decimal.
    pub leading_zero: bool,
}

/// Why an entry is not an address, network or range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpError {
    /// Nothing is written.
    Empty,
    /// An octet is above 255.
    Octet(String),
    /// Values are joined by commas in one entry.
    Commas(Vec<String>),
    /// Values are joined by spaces, semicolons or line breaks in one entry.
    Several(Vec<String>),
    /// The range ends before it starts.
    Reversed {
        /// As written before the dash.
        first: String,
        /// As written after the dash.
        last: String,
    },
    /// The range starts in one family and ends in the other.
    MixedRange(String),
    /// What follows the slash is neither a prefix length of the family nor a netmask.
    Prefix(String),
    /// The text is something else.
    NotAnAddress(String),
}

impl fmt::Display for IpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the entry is empty"),
            Self::Octet(octet) => write!(f, "octet `{octet}` is above 255"),
            Self::Commas(parts) => write!(f, "several values joined by commas: {}", quoted(parts)),
            Self::Several(parts) => write!(f, "several values in one entry: {}", quoted(parts)),
            Self::Reversed { first, last } => write!(f, "the range is reversed: `{first}` is above `{last}`"),
            Self::MixedRange(text) => write!(f, "the range `{text}` mixes IPv4 and IPv6"),
            Self::Prefix(prefix) => write!(f, "`/{prefix}` is not a prefix length or netmask for this address"),
            Self::NotAnAddress(text) => write!(f, "`{text}` is not an IP address, network or range"),
        }
    }
}

impl std::error::Error for IpError {}

fn quoted(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
    parts.join(", ")
}

/// Reads one entry: an address, a network (`/24` or `/255.255.255.0`) or a range `first-last`.
pub fn parse_entry(text: &str) -> Result<IpEntry, IpError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IpError::Empty);
    }
    if text.contains(',') {
        return Err(IpError::Commas(parts(text, |c| c == ',')));
    }
    if text.contains([';', '\n', '\r']) {
        return Err(IpError::Several(parts(text, |c| matches!(c, ';' | '\n' | '\r'))));
    }
    let tight = tighten(text);
    if tight.contains(char::is_whitespace) {
        return Err(IpError::Several(parts(&tight, char::is_whitespace)));
    }
    let mut leading_zero = false;
    if let Some((first, last)) = tight.split_once('-') {
        let from = parse_addr(first, &mut leading_zero)?;
        let to = parse_addr(last, &mut leading_zero)?;
        if from.is_ipv4() != to.is_ipv4() {
            return Err(IpError::MixedRange(tight));
        }
        let set = IpSet::range(from, to).ok_or_else(|| IpError::Reversed {
            first: first.to_owned(),
            last: last.to_owned(),
        })?;
        return Ok(IpEntry {
            set,
            kind: IpEntryKind::Range,
            host_bits: false,
            leading_zero,
        });
    }
    if let Some((addr, prefix)) = tight.split_once('/') {
        let written = parse_written_addr(addr, &mut leading_zero)?;
        let net = parse_net(written, prefix).ok_or_else(|| IpError::Prefix(prefix.to_owned()))?;
        return Ok(IpEntry {
            set: IpSet::net(net),
            kind: IpEntryKind::Cidr(net.prefix_len()),
            host_bits: net.addr() != net.network(),
            leading_zero,
        });
    }
    let addr = parse_addr(&tight, &mut leading_zero)?;
    Ok(IpEntry {
        set: IpSet::addr(addr),
        kind: IpEntryKind::Single,
        host_bits: false,
        leading_zero,
    })
}

/// The hosts that an entry was probably meant to be which is none: several entries in one, or a range that is written from
/// its last address to its first.
pub fn parse_meant(text: &str) -> Option<IpSet> {
    let one = |text: &str| {
        let (last, first) = text.split_once('-').unwrap_or_default();
        let read = parse_entry(text).or_else(|_| parse_entry(&format!("{first}-{last}")));
        read.ok().map(|entry| entry.set)
    };
    match parse_entry(text) {
        Ok(_) => None,
        Err(IpError::Commas(parts) | IpError::Several(parts)) => {
            let sets: Option<Vec<IpSet>> = parts.iter().map(|part| one(part)).collect();
            sets.map(|sets| IpSet::union_all(&sets))
        }
        Err(_) => one(text),
    }
}

fn parts(text: &str, separator: impl Fn(char) -> bool) -> Vec<String> {
    let parts = text.split(separator).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Takes out the spaces around a dash or slash, which people write and readers accept.
fn tighten(text: &str) -> String {
    let mut tight = String::with_capacity(text.len());
    for piece in text.split_inclusive(['-', '/']) {
        match piece.char_indices().next_back() {
            Some((at, separator @ ('-' | '/'))) => {
                tight.push_str(piece.get(..at).unwrap_or_default().trim());
                tight.push(separator);
            }
            _ => tight.push_str(piece.trim()),
        }
    }
    tight
}

fn parse_addr(text: &str, leading_zero: &mut bool) -> Result<IpAddr, IpError> {
    parse_written_addr(text, leading_zero).map(|addr| addr.to_canonical())
}

fn parse_written_addr(text: &str, leading_zero: &mut bool) -> Result<IpAddr, IpError> {
    let bad = || IpError::NotAnAddress(text.to_owned());
    let octets: Vec<&str> = text.split('.').collect();
    let all_digits = octets
        .iter()
        .all(|octet| !octet.is_empty() && octet.bytes().all(|b| b.is_ascii_digit()));
    if octets.len() != 4 || !all_digits {
        return text.parse::<Ipv6Addr>().map(IpAddr::V6).map_err(|_| bad());
    }
    let mut bits = 0_u32;
    for octet in octets {
        let value: u8 = octet.parse().map_err(|_| IpError::Octet(octet.to_owned()))?;
        *leading_zero |= octet.len() > 1 && octet.starts_with('0');
        bits = bits << 8 | u32::from(value);
    }
    Ok(IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

fn parse_net(addr: IpAddr, prefix: &str) -> Option<IpNet> {
    let is_number = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    match addr {
        IpAddr::V4(addr) if is_number => Ipv4Net::new(addr, prefix.parse().ok()?).ok().map(IpNet::V4),
        IpAddr::V4(addr) => Ipv4Net::with_netmask(addr, prefix.parse().ok()?).ok().map(IpNet::V4),
        IpAddr::V6(addr) if is_number => {
            let prefix: u8 = prefix.parse().ok()?;
            match (addr.to_ipv4_mapped(), prefix.checked_sub(96)) {
                (Some(addr), Some(prefix)) => Ipv4Net::new(addr, prefix).ok().map(IpNet::V4),
                _ => Ipv6Net::new(addr, prefix).ok().map(IpNet::V6),
            }
        }
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> IpSet {
        parse_entry(text).unwrap().set
    }

    #[test]
    fn forms() {
        for (text, kind, shown) in [
            ("192.0.2.7", IpEntryKind::Single, "192.0.2.7"),
            (" 192.0.2.0/24 ", IpEntryKind::Cidr(24), "192.0.2.0/24"),
            ("192.0.2.0 / 24", IpEntryKind::Cidr(24), "192.0.2.0/24"),
            ("192.0.2.0/255.255.255.128", IpEntryKind::Cidr(25), "192.0.2.0/25"),
            (
                "192.0.2.1 - 192.0.2.4",
                IpEntryKind::Range,
                "192.0.2.1, 192.0.2.2/31, 192.0.2.4",
            ),
            ("2001:DB8::1", IpEntryKind::Single, "2001:db8::1"),
            ("2001:db8::/32", IpEntryKind::Cidr(32), "2001:db8::/32"),
            ("2001:db8::-2001:db8::3", IpEntryKind::Range, "2001:db8::/126"),
            ("::ffff:192.0.2.7", IpEntryKind::Single, "192.0.2.7"),
            ("::ffff:192.0.2.0/120", IpEntryKind::Cidr(24), "192.0.2.0/24"),
        ] {
            let entry = parse_entry(text).unwrap();
            assert_eq!(
                (entry.kind, entry.set.to_string(), entry.host_bits, entry.leading_zero),
                (kind, shown.to_owned(), false, false),
                "{text}"
            );
        }
    }

    #[test]
    fn oddities_are_read_and_reported() {
        let entry = parse_entry("192.0.2.1/24").unwrap();
        assert!(entry.host_bits);
        assert_eq!(entry.set, set("192.0.2.0/24"));
        let entry = parse_entry("192.0.2.010").unwrap();
        assert!(entry.leading_zero);
        assert_eq!(entry.set, set("192.0.2.10"));
    }

    #[test]
    fn errors() {
        for (text, message) in [
            ("  ", "the entry is empty"),
            ("192.0.2.256", "octet `256` is above 255"),
            (
                "192.0.2.1,192.0.2.2",
                "several values joined by commas: `192.0.2.1`, `192.0.2.2`",
            ),
            (
                "192.0.2.1 192.0.2.2",
                "several values in one entry: `192.0.2.1`, `192.0.2.2`",
            ),
            (
                "192.0.2.1;192.0.2.2",
                "several values in one entry: `192.0.2.1`, `192.0.2.2`",
            ),
            (
                "192.0.2.0/24\n192.0.3.0/24",
                "several values in one entry: `192.0.2.0/24`, `192.0.3.0/24`",
            ),
            (
                "192.0.2.9-192.0.2.1",
                "the range is reversed: `192.0.2.9` is above `192.0.2.1`",
            ),
            (
                "192.0.2.9-2001:db8::1",
                "the range `192.0.2.9-2001:db8::1` mixes IPv4 and IPv6",
            ),
            (
                "192.0.2.0/33",
                "`/33` is not a prefix length or netmask for this address",
            ),
            ("192.0.2.0/", "`/` is not a prefix length or netmask for this address"),
            (
                "192.0.2.0/255.0.255.0",
                "`/255.0.255.0` is not a prefix length or netmask for this address",
            ),
            ("192.0.2.1-9", "`9` is not an IP address, network or range"),
            (
                "mail.example.test",
                "`mail.example.test` is not an IP address, network or range",
            ),
            ("192.0.2", "`192.0.2` is not an IP address, network or range"),
        ] {
            assert_eq!(parse_entry(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn halves_make_a_whole() {
        let whole = IpSet::union_all(&[set("192.0.2.128/25"), set("192.0.2.0/25")]);
        assert_eq!(whole, set("192.0.2.0/24"));
        assert_eq!(whole.count(), 256);
        assert_eq!(IpSet::all().count(), u128::MAX);
        assert_eq!(IpSet::empty().to_string(), "none");
        assert!(IpSet::all().complement().is_empty());
        assert_eq!(IpSet::all().to_string(), "0.0.0.0/0, ::/0");
    }
}
