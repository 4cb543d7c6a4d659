//! DMARC records as published: every tag with its place, and every mistake with its own (RFC 9989, section 4.7).
//!
//! Only the version must be right. What else is wrong is passed over, as the RFC wants it, with the default in its
//! place; of tags that repeat, the first counts. RFC 7489 wants `p` in every policy record and does not know `np`,
//! `psd` and `t`; RFC 9989 has dropped `pct`, `rf` and `ri`, which are unknown tags here.

use std::fmt;

use super::{Method, Mode, Policy};
use crate::dns::spf::Extent;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DmarcRecord {
    /// The record: the strings of the text joined.
    pub octets: Vec<u8>,
    /// The tags that have a name and a value, in order.
    pub tags: Vec<Tag>,
    /// The mistakes, in order.
    pub mistakes: Vec<Mistake>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Name and value.
    pub extent: Extent,
    /// What stands before the equals sign, in lower case.
    pub name: String,
    /// What stands behind it.
    pub value: Extent,
}

/// Which of its policies a record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyTag {
    /// `p`: the domain itself.
    Own,
    /// `sp`: names below it.
    Below,
    /// `np`: names below it that do not exist.
    Missing,
}

impl PolicyTag {
    const ALL: [Self; 3] = [Self::Own, Self::Below, Self::Missing];

    /// As records write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "p",
            Self::Below => "sp",
            Self::Missing => "np",
        }
    }
}

/// Whether a name is one below which others register (`psd`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuffixMark {
    /// `psd=y`: it is.
    Suffix,
    /// `psd=n`: it is not, and it is an organisation of its own.
    Organization,
}

/// A mistake in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub extent: Extent,
    /// Which.
    pub slip: Slip,
}

/// Which mistake. Shown in words: lower-case start, no final stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// Something between semicolons that is no tag.
    NoTag,
    /// A tag that was there before, at this place.
    Duplicate(Extent),
    /// A value that the tag does not take, with those it takes.
    Value(&'static str),
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTag => f.write_str("a tag is a name, an equals sign and a value"),
            Self::Duplicate(_) => f.write_str("the tag stands twice, and the first counts"),
            Self::Value(choices) => write!(f, "the value is one of {choices}"),
        }
    }
}

const VERSION: &[u8] = b"DMARC1";

/// Whether a text is a DMARC record: its first tag says so, exactly.
pub fn is_dmarc(text: &[u8]) -> bool {
    let first = text.split(|octet| *octet == b';').next().unwrap_or_default();
    let mut parts = first.splitn(2, |octet| *octet == b'=');
    let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
        return false;
    };
    // NOTE: no blank may stand before the name, and the name may be of either case, as the grammar has it.
    name.trim_ascii_end().eq_ignore_ascii_case(b"v") && value.trim_ascii() == VERSION
}

impl DmarcRecord {
    /// Reads a record that [`is_dmarc`] found. Places count octets of the record.
    pub fn parse(octets: Vec<u8>) -> Self {
        let mut record = Self {
            octets: Vec::new(),
            tags: Vec::new(),
            mistakes: Vec::new(),
        };
        let mut at = 0;
        for text in octets.split(|octet| *octet == b';') {
            let extent = trimmed(&octets, Extent::new(at, at + text.len()));
            at += text.len() + 1;
            if extent.start < extent.end {
                record.take(&octets, extent);
            }
        }
        record.octets = octets;
        record
    }

    fn take(&mut self, octets: &[u8], extent: Extent) {
        let text = extent.of(octets);
        let equals = text.iter().position(|octet| *octet == b'=');
        let name = text
            .get(..equals.unwrap_or_default())
            .unwrap_or_default()
            .trim_ascii_end();
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_');
        let Some(equals) = equals.filter(|_| is_name) else {
            return self.wrong(extent, Slip::NoTag);
        };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let value = trimmed(octets, Extent::new(extent.start + equals + 1, extent.end));
        if let Some(first) = self.tag(&name) {
            let first = first.extent;
            return self.wrong(extent, Slip::Duplicate(first));
        }
        if let Some(choices) = misfit(&name, value.of(octets)) {
            self.wrong(value, Slip::Value(choices));
        }
        self.tags.push(Tag { extent, name, value });
    }

    fn wrong(&mut self, extent: Extent, slip: Slip) {
        self.mistakes.push(Mistake { extent, slip });
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

    /// The tag of a name in lower case.
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = self.tag(name)?.value.of(&self.octets);
        Some(String::from_utf8_lossy(value).to_ascii_lowercase())
    }

    /// A policy as written; `None` where there is no such tag, or its value is no policy.
    pub fn written(&self, tag: PolicyTag) -> Option<Policy> {
        policy(&self.value(tag.as_str())?)
    }

    /// The policy for a domain, with the tag that says it. RFC 7489 does not know `np`.
    ///
    /// Without a right `p`, or with another policy that is wrong, the record says `none` if it asks for reports, which
    /// no tag says; if it does not, DMARC is not applied, and there is no policy.
    pub fn policy_for(&self, asked: PolicyTag, method: Method) -> Option<(Policy, Option<PolicyTag>)> {
        let known = PolicyTag::ALL.into_iter().filter(|tag| match method {
            Method::TreeWalk => true,
            Method::SuffixList => *tag != PolicyTag::Missing,
        });
        let is_wrong = |tag: PolicyTag| self.tag(tag.as_str()).is_some() && self.written(tag).is_none();
        if self.written(PolicyTag::Own).is_none() || known.clone().any(is_wrong) {
            return self.wants_reports().then_some((Policy::None, None));
        }
        let said = known.filter(|tag| *tag <= asked);
        said.filter_map(|tag| Some((self.written(tag)?, Some(tag)))).next_back()
    }

    /// How alike the domain of a DKIM signature must be (`adkim`).
    pub fn dkim_mode(&self) -> Mode {
        self.mode("adkim")
    }

    /// How alike the domain of the envelope sender must be (`aspf`).
    pub fn spf_mode(&self) -> Mode {
        self.mode("aspf")
    }

    fn mode(&self, name: &str) -> Mode {
        match self.value(name).as_deref() {
            Some("s") => Mode::Strict,
            _ => Mode::Relaxed,
        }
    }

    /// Whether others register below the name; `None` where the record leaves it to the walk.
    pub fn suffix_mark(&self) -> Option<SuffixMark> {
        match self.value("psd")?.as_str() {
            "y" => Some(SuffixMark::Suffix),
            "n" => Some(SuffixMark::Organization),
            _ => None,
        }
    }

    /// Whether the policy is only tried out (`t=y`): a receiving host does the next milder thing.
    pub fn is_test(&self) -> bool {
        self.value("t").as_deref() == Some("y")
    }

    /// Whether reports are wanted at an address that could be one (`rua`).
    fn wants_reports(&self) -> bool {
        let has_scheme = |uri: &str| {
            let scheme = uri.trim().split_once(':').filter(|(_, rest)| !rest.is_empty());
            scheme.is_some_and(|(scheme, _)| {
                let mut letters = scheme.chars();
                letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                    && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            })
        };
        self.value("rua").is_some_and(|uris| uris.split(',').any(has_scheme))
    }
}

fn policy(value: &str) -> Option<Policy> {
    Policy::ALL.into_iter().find(|policy| policy.as_str() == value)
}

/// What a tag takes instead of its value, where it does not take that.
fn misfit(name: &str, value: &[u8]) -> Option<&'static str> {
    let (choices, shown): (&[&str], _) = match name {
        "p" | "sp" | "np" => (&["none", "quarantine", "reject"], "`none`, `quarantine` and `reject`"),
        "adkim" | "aspf" => (&["r", "s"], "`r` and `s`"),
        "psd" => (&["y", "n", "u"], "`y`, `n` and `u`"),
        "t" => (&["y", "n"], "`y` and `n`"),
        _ => return None,
    };
    let fits = choices
        .iter()
        .any(|choice| choice.as_bytes().eq_ignore_ascii_case(value));
    (!fits).then_some(shown)
}

fn trimmed(octets: &[u8], extent: Extent) -> Extent {
    let text = extent.of(octets);
    let start = extent.start + text.len() - text.trim_ascii_start().len();
    Extent::new(start, start + text.trim_ascii().len())
}
