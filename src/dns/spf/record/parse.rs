//! The grammar of a record, term by term (RFC 7208, sections 4.6.1, 5, 6 and 12).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::macros::{MacroString, Usage};
use super::super::{Extent, Qualifier};
use super::{
    Directive, Mechanism, Mistake, Modifier, ModifierKind, Prefixes, Slip, SpfRecord, Term, TermKind, VERSION,
};

/// Reads a record, its version included.
pub(super) fn record(octets: Vec<u8>) -> SpfRecord {
    let spaces = memchr::memchr_iter(b' ', &octets).count();
    let mut terms: Vec<Term> = Vec::with_capacity(spaces);
    let mut mistakes = Vec::new();
    let mut at = VERSION.len();
    let body = octets.get(at..).unwrap_or_default();
    for text in body.split(|octet| *octet == b' ') {
        let extent = Extent::new(at, at + text.len());
        at = extent.end + 1;
        if text.is_empty() {
            continue;
        }
        let before = mistakes.len();
        let kind = Reader {
            octets: &octets,
            extent,
            mistakes: &mut mistakes,
        }
        .term();
        let Some(kind) = kind.filter(|_| mistakes.len() == before) else {
            continue;
        };
        if let Some((name, first)) = repeated(&terms, &kind) {
            mistakes.push(Mistake::new(extent, Slip::Duplicate(name, first)));
        }
        terms.push(Term { extent, kind });
    }
    SpfRecord {
        octets,
        terms,
        mistakes,
    }
}

/// The term that a modifier repeats although it may stand only once (RFC 7208, section 6).
fn repeated(terms: &[Term], kind: &TermKind) -> Option<(&'static str, Extent)> {
    let TermKind::Modifier(modifier) = kind else {
        return None;
    };
    let name = match modifier.kind {
        ModifierKind::Redirect => "redirect",
        ModifierKind::Explanation => "exp",
        ModifierKind::Unknown => return None,
    };
    let is_same = |term: &&Term| matches!(&term.kind, TermKind::Modifier(other) if other.kind == modifier.kind);
    let first = terms.iter().find(is_same)?;
    Some((name, first.extent))
}

/// Reads one term. Mistakes are noted where they stand.
struct Reader<'a> {
    octets: &'a [u8],
    extent: Extent,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&mut self, extent: Extent, slip: Slip) -> Option<T> {
        self.mistakes.push(Mistake::new(extent, slip));
        None
    }

    fn term(&mut self) -> Option<TermKind> {
        let text = self.extent.of(self.octets);
        if let Some(bad) = text.iter().position(|octet| !octet.is_ascii_graphic()) {
            let at = self.extent.start + bad;
            return self.wrong(Extent::new(at, at + 1), Slip::NotPrintable);
        }
        let qualifier = match text.first() {
            Some(b'+') => Some(Qualifier::Pass),
            Some(b'-') => Some(Qualifier::Fail),
            Some(b'~') => Some(Qualifier::SoftFail),
            Some(b'?') => Some(Qualifier::Neutral),
            _ => None,
        };
        let start = self.extent.start + usize::from(qualifier.is_some());
        let rest = Extent::new(start, self.extent.end).of(self.octets);
        let in_name = |octet: &&u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
        let length = rest.iter().take_while(in_name).count();
        let name = Extent::new(start, start + length);
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return self.wrong(self.extent, Slip::NoName);
        }
        if rest.get(length) == Some(&b'=') {
            return if qualifier.is_some() {
                self.wrong(self.extent, Slip::QualifiedModifier)
            } else {
                self.modifier(name).map(TermKind::Modifier)
            };
        }
        let mechanism = self.mechanism(name)?;
        Some(TermKind::Directive(Directive {
            qualifier: qualifier.unwrap_or_default(),
            name,
            mechanism,
        }))
    }

    fn modifier(&mut self, name: Extent) -> Option<Modifier> {
        let value = Extent::new(name.end + 1, self.extent.end);
        let written = name.of(self.octets);
        let (kind, value) = if written.eq_ignore_ascii_case(b"redirect") {
            (ModifierKind::Redirect, self.domain(value, "redirect")?)
        } else if written.eq_ignore_ascii_case(b"exp") {
            (ModifierKind::Explanation, self.domain(value, "exp")?)
        } else {
            (ModifierKind::Unknown, self.macros(value))
        };
        Some(Modifier { kind, name, value })
    }

    fn mechanism(&mut self, name: Extent) -> Option<Mechanism> {
        let rest = Extent::new(name.end, self.extent.end);
        let mut lower = [0; LONGEST];
        match lowered(name.of(self.octets), &mut lower) {
            b"all" => self.bare(rest, "all").map(|()| Mechanism::All),
            b"include" => self.named(rest, "include").map(Mechanism::Include),
            b"exists" => self.named(rest, "exists").map(Mechanism::Exists),
            b"ptr" => {
                let domain = self.behind_colon(rest).map(|domain| self.domain(domain, "ptr"));
                match domain {
                    Some(domain) => Some(Mechanism::Ptr(Some(domain?))),
                    None => self.bare(rest, "ptr").map(|()| Mechanism::Ptr(None)),
                }
            }
            b"a" => self
                .hosts(rest, "a")
                .map(|(name, prefixes)| Mechanism::A(name, prefixes)),
            b"mx" => self
                .hosts(rest, "mx")
                .map(|(name, prefixes)| Mechanism::Mx(name, prefixes)),
            b"ip4" => self.ip4(rest),
            b"ip6" => self.ip6(rest),
            other => {
                let shown = String::from_utf8_lossy(other).to_ascii_lowercase();
                self.wrong(name, Slip::UnknownMechanism(shown))
            }
        }
    }

    fn behind_colon(&self, rest: Extent) -> Option<Extent> {
        let has_colon = rest.of(self.octets).starts_with(b":");
        has_colon.then(|| Extent::new(rest.start + 1, rest.end))
    }

    fn bare(&mut self, rest: Extent, name: &'static str) -> Option<()> {
        match rest.of(self.octets) {
            [] => Some(()),
            _ => self.wrong(rest, Slip::Unwanted(name)),
        }
    }

    fn named(&mut self, rest: Extent, name: &'static str) -> Option<MacroString> {
        match self.behind_colon(rest) {
            Some(domain) => self.domain(domain, name),
            None => self.wrong(self.extent, Slip::NeedsName(name)),
        }
    }

    fn macros(&mut self, extent: Extent) -> MacroString {
        let text = extent.of(self.octets);
        MacroString::parse(text, extent.start, Usage::Record, self.mistakes)
    }

    /// A domain: any text with macros that ends in one, or in a top-level label (RFC 7208, section 7.1).
    fn domain(&mut self, extent: Extent, name: &'static str) -> Option<MacroString> {
        let text = extent.of(self.octets);
        if text.is_empty() {
            return self.wrong(self.extent, Slip::NeedsName(name));
        }
        let before = self.mistakes.len();
        let read = self.macros(extent);
        if self.mistakes.len() > before {
            return None;
        }
        if !read.ends_in_macro && !ends_in_top_label(text) {
            return self.wrong(extent, Slip::TopLabel);
        }
        Some(read)
    }

    /// What follows `a` and `mx`: a domain, prefix lengths, both or nothing.
    fn hosts(&mut self, rest: Extent, name: &'static str) -> Option<(Option<MacroString>, Prefixes)> {
        let text = rest.of(self.octets);
        let written = Extent::new(rest.start + text.len() - tail(text), rest.end);
        let before = Extent::new(rest.start, written.start);
        let prefixes = self.prefixes(written)?;
        match self.behind_colon(before) {
            Some(domain) => Some((Some(self.domain(domain, name)?), prefixes)),
            None => self.bare(before, name).map(|()| (None, prefixes)),
        }
    }

    fn prefixes(&mut self, written: Extent) -> Option<Prefixes> {
        let text = written.of(self.octets);
        let mut found = Prefixes {
            v4: 32,
            v6: 128,
            extent: (!text.is_empty()).then_some(written),
        };
        let slashes = memchr::memmem::find(text, b"//").unwrap_or(text.len());
        let (v4, v6) = text.split_at(slashes);
        if let Some(digits) = v4.strip_prefix(b"/") {
            let Some(length) = prefix(digits, 32) else {
                return self.wrong(written, Slip::Prefix);
            };
            found.v4 = length;
        }
        if let Some(digits) = v6.strip_prefix(b"//") {
            let Some(length) = prefix(digits, 128) else {
                return self.wrong(written, Slip::Prefix);
            };
            found.v6 = length;
        }
        Some(found)
    }

    fn ip4(&mut self, rest: Extent) -> Option<Mechanism> {
        let (address, length) = self.network(rest, 32, Slip::Address4)?;
        let address: Option<Ipv4Addr> = parsed(address.of(self.octets));
        match address {
            Some(address) => Some(Mechanism::Ip4(address, length)),
            None => self.wrong(rest, Slip::Address4),
        }
    }

    fn ip6(&mut self, rest: Extent) -> Option<Mechanism> {
        let (address, length) = self.network(rest, 128, Slip::Address6)?;
        let address: Option<Ipv6Addr> = parsed(address.of(self.octets));
        match address {
            Some(address) => Some(Mechanism::Ip6(address, length)),
            None => self.wrong(rest, Slip::Address6),
        }
    }

    fn network(&mut self, rest: Extent, most: u8, without: Slip) -> Option<(Extent, u8)> {
        let Some(value) = self.behind_colon(rest) else {
            return self.wrong(self.extent, without);
        };
        let text: &'a [u8] = value.of(self.octets);
        let Some(slash) = memchr::memchr(b'/', text) else {
            return Some((value, most));
        };
        let digits = Extent::new(value.start + slash + 1, value.end);
        let Some(length) = prefix(digits.of(self.octets), most) else {
            return self.wrong(Extent::new(digits.start - 1, digits.end), Slip::Prefix);
        };
        Some((Extent::new(value.start, value.start + slash), length))
    }
}

/// More octets than the name of any mechanism has.
const LONGEST: usize = 8;

/// A name in lower case, as far as it may be that of a mechanism; a longer one as it is.
fn lowered<'a>(name: &'a [u8], room: &'a mut [u8; LONGEST]) -> &'a [u8] {
    let Some(room) = room.get_mut(..name.len()) else {
        return name;
    };
    room.copy_from_slice(name);
    room.make_ascii_lowercase();
    room
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A prefix length: no leading zero, and not above what the family has.
fn prefix(digits: &[u8], most: u8) -> Option<u8> {
    let is_plain = match digits {
        [b'0'] => true,
        [b'0', ..] => false,
        _ => digits.iter().all(u8::is_ascii_digit),
    };
    parsed(digits).filter(|length| is_plain && *length <= most)
}

/// How many octets at the end of a text are slashes and digits that start with a slash.
/// NOTE: A domain may hold slashes, but its last label may not, so that what looks like a prefix length is one.
fn tail(text: &[u8]) -> usize {
    let in_tail = |octet: &&u8| octet.is_ascii_digit() || **octet == b'/';
    let length = text.iter().rev().take_while(in_tail).count();
    let found = text.get(text.len() - length..).unwrap_or_default();
    memchr::memchr(b'/', found).map_or(0, |at| length - at)
}

fn ends_in_top_label(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let Some(dot) = memchr::memrchr(b'.', text) else {
        return false;
    };
    let label = text.get(dot + 1..).unwrap_or_default();
    let is_label = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    label.iter().all(is_label)
        && !label.iter().all(u8::is_ascii_digit)
        && label.first() != Some(&b'-')
        && label.last() != Some(&b'-')
}
