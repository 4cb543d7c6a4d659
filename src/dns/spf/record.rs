//! SPF records as published: every term with its place, and every mistake with its own (RFC 7208, section 12).
//!
//! A record with a mistake anywhere in it is no policy, whatever stands before the mistake (section 4.6). Reading goes
//! on behind a mistake, so that all of them are told at once.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::macros::MacroString;
use super::{Extent, Qualifier};
use crate::dns;

mod parse;
#[cfg(test)]
mod tests;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpfRecord {
    /// The record: the strings of the text joined.
    pub octets: Vec<u8>,
    /// The terms without mistakes, in order.
    pub terms: Vec<Term>,
    /// The mistakes, in order.
    pub mistakes: Vec<Mistake>,
}

impl SpfRecord {
    /// Reads a record that [`select`] found. Places count octets of the record.
    pub fn parse(octets: Vec<u8>) -> Self {
        parse::record(octets)
    }

    /// The record with one character for each octet, so that places hold; a question mark stands for whatever is no
    /// printable ASCII.
    pub fn text(&self) -> String {
        let shown = |octet: &u8| match octet {
            b' '..=b'~' => char::from(*octet),
            _ => '?',
        };
        self.octets.iter().map(shown).collect()
    }

    /// The directives, in order.
    pub fn directives(&self) -> impl Iterator<Item = (Extent, &Directive)> {
        self.terms.iter().filter_map(|term| match &term.kind {
            TermKind::Directive(directive) => Some((term.extent, directive)),
            TermKind::Modifier(_) => None,
        })
    }

    /// The record that goes on where nothing matches. Beside `all` it is ignored (RFC 7208, section 6.1).
    pub fn redirect(&self) -> Option<(Extent, &MacroString)> {
        let has_all = self.directives().any(|(_, term)| term.mechanism == Mechanism::All);
        self.written_redirect().filter(|_| !has_all)
    }

    /// The `redirect` of the record, be it of use or not.
    pub fn written_redirect(&self) -> Option<(Extent, &MacroString)> {
        self.modifier(ModifierKind::Redirect)
    }

    /// Where the explanation of a fail stands (RFC 7208, section 6.2).
    pub fn explanation(&self) -> Option<(Extent, &MacroString)> {
        self.modifier(ModifierKind::Explanation)
    }

    fn modifier(&self, kind: ModifierKind) -> Option<(Extent, &MacroString)> {
        self.terms.iter().find_map(|term| match &term.kind {
            TermKind::Modifier(modifier) if modifier.kind == kind => Some((term.extent, &modifier.value)),
            _ => None,
        })
    }
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it stands.
    pub extent: Extent,
    /// What it is.
    pub kind: TermKind,
}

/// What a term is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermKind {
    /// Matches clients.
    Directive(Directive),
    /// Says something beside.
    Modifier(Modifier),
}

/// A term that matches clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// What is said of the clients.
    pub qualifier: Qualifier,
    /// Where the name of the mechanism stands.
    pub name: Extent,
    /// Which clients.
    pub mechanism: Mechanism,
}

/// Which clients match (RFC 7208, section 5). A missing name is that of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// All.
    All,
    /// Those that pass by another record.
    Include(MacroString),
    /// The addresses of a name.
    A(Option<MacroString>, Prefixes),
    /// The addresses of mail hosts.
    Mx(Option<MacroString>, Prefixes),
    /// Clients whose validated name is below a name.
    Ptr(Option<MacroString>),
    /// A network.
    Ip4(Ipv4Addr, u8),
    /// A network.
    Ip6(Ipv6Addr, u8),
    /// All, where a name has an address.
    Exists(MacroString),
}

impl Mechanism {
    /// Whether DNS is asked, which counts against the limit (RFC 7208, section 4.6.4).
    pub const fn asks(&self) -> bool {
        !matches!(self, Self::All | Self::Ip4(..) | Self::Ip6(..))
    }
}

/// How much of an address must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefixes {
    /// Bits of an IPv4 address.
    pub v4: u8,
    /// Bits of an IPv6 address.
    pub v6: u8,
    /// Where they are written.
    pub extent: Option<Extent>,
}

/// A term beside the directives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modifier {
    /// Which.
    pub kind: ModifierKind,
    /// Where its name stands.
    pub name: Extent,
    /// What stands behind the equals sign.
    pub value: MacroString,
}

/// Which modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModifierKind {
    /// `redirect`.
    Redirect,
    /// `exp`.
    Explanation,
    /// One that the RFC does not have; it is ignored (RFC 7208, section 6).
    Unknown,
}

/// A mistake in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub extent: Extent,
    /// Which.
    pub slip: Slip,
}

impl Mistake {
    /// A mistake at a place.
    pub const fn new(extent: Extent, slip: Slip) -> Self {
        Self { extent, slip }
    }
}

/// Which mistake. Shown in words: lower-case start, no final stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slip {
    /// An octet that is no printable ASCII; only spaces separate terms.
    NotPrintable,
    /// Neither a mechanism nor a modifier.
    NoName,
    /// A mechanism nobody knows.
    UnknownMechanism(String),
    /// A modifier behind a qualifier.
    QualifiedModifier,
    /// The mechanism takes nothing behind its name.
    Unwanted(&'static str),
    /// The mechanism or modifier needs a name.
    NeedsName(&'static str),
    /// No IPv4 address.
    Address4,
    /// No IPv6 address.
    Address6,
    /// No prefix length, or one too long.
    Prefix,
    /// The name ends neither in a macro nor in a label that may stand last.
    TopLabel,
    /// A modifier that may stand once stands again.
    Duplicate(&'static str, Extent),
    /// A percent sign before nothing that it may stand before.
    StrayPercent,
    /// A macro without its closing brace.
    OpenMacro,
    /// A macro without a letter that the RFC has.
    MacroLetter,
    /// A macro that explanations alone may have.
    ExplanationLetter,
    /// A macro that keeps no part.
    MacroZero,
    /// A macro with something that does not delimit.
    MacroDelimiter,
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPrintable => f.write_str("a record is printable ASCII, and its terms are separated by spaces"),
            Self::NoName => f.write_str("a term starts with the name of a mechanism or modifier"),
            Self::UnknownMechanism(name) => write!(f, "there is no mechanism `{name}`"),
            Self::QualifiedModifier => f.write_str("a modifier takes no qualifier"),
            Self::Unwanted(name) => write!(f, "nothing may follow `{name}` like this"),
            Self::NeedsName(name) => write!(f, "`{name}` needs a domain"),
            Self::Address4 => f.write_str("this is no IPv4 address"),
            Self::Address6 => f.write_str("this is no IPv6 address"),
            Self::Prefix => f.write_str("this is no prefix length: `/0` to `/32` for IPv4, `//0` to `//128` for IPv6"),
            Self::TopLabel => f.write_str("a domain ends in a dot and a top-level label, or in a macro"),
            Self::Duplicate(name, _) => write!(f, "`{name}` may stand only once"),
            Self::StrayPercent => f.write_str("a percent sign starts a macro, or is written `%%`"),
            Self::OpenMacro => f.write_str("the macro has no closing brace"),
            Self::MacroLetter => f.write_str("there is no such macro"),
            Self::ExplanationLetter => f.write_str("this macro may stand in explanations only"),
            Self::MacroZero => f.write_str("a macro keeps one part or more"),
            Self::MacroDelimiter => f.write_str("only `. - + , / _ =` delimit the parts of a macro"),
        }
    }
}

/// The SPF records among texts (RFC 7208, section 4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// No text is one.
    None,
    /// One is.
    One(Vec<u8>),
    /// More than one is, be they equal or not.
    Several(Vec<Vec<u8>>),
}

/// Selects the texts that start with `v=spf1`, in either case, and then end or go on with a space.
pub fn select(records: &[dns::Record]) -> Selection {
    let may_be = |record: &&dns::Record| match record {
        // Texts of many strings that start otherwise need not be joined.
        dns::Record::Txt(strings) => strings
            .first()
            .is_none_or(|first| first.len() <= VERSION.len() || is_spf(first)),
        _ => false,
    };
    let texts = records.iter().filter(may_be).filter_map(dns::Record::text);
    let mut found: Vec<Vec<u8>> = texts.filter(|text| is_spf(text)).collect();
    match (found.pop(), found.is_empty()) {
        (None, _) => Selection::None,
        (Some(only), true) => Selection::One(only),
        (Some(last), false) => {
            found.push(last);
            Selection::Several(found)
        }
    }
}

const VERSION: &[u8] = b"v=spf1";

fn is_spf(text: &[u8]) -> bool {
    match text.split_at_checked(VERSION.len()) {
        Some((version, rest)) => version.eq_ignore_ascii_case(VERSION) && matches!(rest.first(), None | Some(b' ')),
        None => false,
    }
}
