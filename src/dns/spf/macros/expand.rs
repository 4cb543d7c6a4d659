//! What macros stand for, given a client and a sender (RFC 7208, sections 7.2 and 7.3).
//!
//! No question is asked here: whoever expands `%{p}` has looked the name up.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::super::Extent;
use super::{Letter, Macro, MacroString, Piece};
use crate::dns::Name;

/// Who connects, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The address of the client; one written inside IPv6 is IPv4 (RFC 7208, section 5).
    pub ip: IpAddr,
    /// The name given with HELO or EHLO.
    pub helo: Vec<u8>,
    /// The local part of the sender.
    pub local: Vec<u8>,
    /// The domain of the sender.
    pub domain: Vec<u8>,
    /// The name of the receiving host.
    pub receiver: Vec<u8>,
    /// The time of the check, in seconds since 1970.
    pub time: u64,
}

impl Subject {
    /// A subject of what a client says. An empty sender is `postmaster` at the name of HELO (RFC 7208, section 2.4),
    /// and a sender without local part is `postmaster` too (section 4.3).
    pub fn new(ip: IpAddr, helo: &[u8], sender: &[u8]) -> Self {
        let sender = if sender.is_empty() { helo } else { sender };
        let (local, domain) = match memchr::memrchr(b'@', sender) {
            Some(at) => (
                Extent::new(0, at).of(sender),
                Extent::new(at + 1, sender.len()).of(sender),
            ),
            None => (&b""[..], sender),
        };
        Self {
            ip: ip.to_canonical(),
            helo: helo.to_vec(),
            local: if local.is_empty() { b"postmaster" } else { local }.to_vec(),
            domain: domain.to_vec(),
            receiver: b"unknown".to_vec(),
            time: 0,
        }
    }
}

/// What the macros of one record may look at.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The client and the sender.
    pub subject: &'a Subject,
    /// The domain whose record it is.
    pub domain: &'a [u8],
    /// The validated name of the client, if it has one.
    pub validated: Option<&'a [u8]>,
}

/// The text that a text with macros stands for.
pub fn text(string: &MacroString, scope: Scope<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in &string.pieces {
        match piece {
            Piece::Literal(octets) => out.extend_from_slice(octets),
            Piece::Macro(found) => out.extend(value(found, scope)),
        }
    }
    out
}

/// The name that a text with macros stands for: without a dot at its end, and without the labels on the left that make
/// it longer than a name may be (RFC 7208, section 7.3).
pub fn name(string: &MacroString, scope: Scope<'_>) -> Vec<u8> {
    let whole = text(string, scope);
    let mut rest = whole.strip_suffix(b".").unwrap_or(&whole);
    while rest.len() > Name::MAX {
        let Some(dot) = memchr::memchr(b'.', rest) else { break };
        rest = rest.get(dot + 1..).unwrap_or_default();
    }
    rest.to_vec()
}

fn value(found: &Macro, scope: Scope<'_>) -> Vec<u8> {
    let whole = letter(found.letter, scope);
    let is_delimiter = |octet: &u8| match &*found.delimiters {
        [] => *octet == b'.',
        delimiters => delimiters.contains(octet),
    };
    let mut parts: Vec<&[u8]> = whole.split(is_delimiter).collect();
    if found.reversed {
        parts.reverse();
    }
    let dropped = found.keep.map_or(0, |keep| parts.len().saturating_sub(keep));
    let kept = parts.get(dropped..).unwrap_or_default().join(&b'.');
    if found.escaped { escape(&kept) } else { kept }
}

fn letter(letter: Letter, scope: Scope<'_>) -> Vec<u8> {
    let subject = scope.subject;
    match letter {
        Letter::Sender => [&*subject.local, &*subject.domain].join(&b'@'),
        Letter::Local => subject.local.clone(),
        Letter::Origin => subject.domain.clone(),
        Letter::Domain => scope.domain.to_vec(),
        Letter::Address => dotted(subject.ip).into_bytes(),
        Letter::Validated => scope.validated.unwrap_or(b"unknown").to_vec(),
        Letter::Family => family(subject.ip).to_vec(),
        Letter::Helo => subject.helo.clone(),
        Letter::Readable => subject.ip.to_string().into_bytes(),
        Letter::Receiver => subject.receiver.clone(),
        Letter::Time => subject.time.to_string().into_bytes(),
    }
}

const fn family(ip: IpAddr) -> &'static [u8] {
    match ip {
        IpAddr::V4(_) => b"in-addr",
        IpAddr::V6(_) => b"ip6",
    }
}

/// The address with a dot between its parts: octets of IPv4, single digits of IPv6.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let mut dotted = String::with_capacity(63);
            for (at, digit) in format!("{:032x}", ip.to_bits()).chars().enumerate() {
                dotted.extend((at > 0).then_some('.'));
                dotted.push(digit);
            }
            dotted
        }
    }
}

/// The name below which the names of an address are published.
pub fn reverse(ip: IpAddr) -> Option<Name> {
    let whole = dotted(ip);
    let mut parts: Vec<&[u8]> = whole.split('.').map(str::as_bytes).collect();
    parts.reverse();
    parts.extend([family(ip), b"arpa"]);
    Name::parse(&parts.join(&b'.')).ok()
}

/// Everything but the unreserved characters of RFC 3986, section 2.3, as `%` and two digits.
fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for octet in text {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(octet) {
            out.push(char::from(*octet));
        } else {
            // Writing to a text does not fail.
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out.into_bytes()
}
