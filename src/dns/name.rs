//! Names as DNS has them: labels of any octets, compared without regard to case.
//!
//! A name made by a macro of SPF may hold spaces, colons or percent signs, which no domain of a mail address does, so
//! this is not [`crate::allow::domain::Domain`].

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::allow::domain::Domain;

/// A name: labels from the left, in lower case. Without labels it is the root.
///
/// INVARIANT: each label stands behind an octet with its length, as in a packet, so that names are equal where these
/// octets are, and a name takes one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(Arc<[u8]>);

/// Why a text is no name that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Two dots follow each other, or one stands first.
    EmptyLabel,
    /// A label has more than 63 octets.
    LongLabel,
    /// The name has more than 253 octets.
    Long,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "a label of the name is empty",
            Self::LongLabel => "a label of the name has more than 63 octets",
            Self::Long => "the name has more than 253 octets",
        })
    }
}

impl std::error::Error for NameError {}

impl Name {
    /// The most octets of a name, dots included (RFC 1035, section 2.3.4, without the length octets).
    pub const MAX: usize = 253;
    const MAX_LABEL: usize = 63;

    /// The root.
    pub fn root() -> Self {
        Self(Arc::default())
    }

    /// Reads a name of any octets, with or without a dot at its end. A single dot is the root.
    pub fn parse(text: &[u8]) -> Result<Self, NameError> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        if text.is_empty() {
            return Ok(Self::root());
        }
        if text.len() > Self::MAX {
            return Err(NameError::Long);
        }
        let mut octets = Vec::with_capacity(text.len() + 1);
        for label in text.split(|octet| *octet == b'.') {
            match label.len() {
                0 => return Err(NameError::EmptyLabel),
                1..=Self::MAX_LABEL => push(&mut octets, label),
                _ => return Err(NameError::LongLabel),
            }
        }
        Ok(Self(octets.into()))
    }

    /// A name of labels that somebody wrote.
    ///
    /// # Errors
    /// Labels or a name of a length that no packet can have.
    pub(super) fn of_written(labels: Vec<Box<[u8]>>) -> Result<Self, NameError> {
        if labels.iter().any(|label| label.is_empty()) {
            return Err(NameError::EmptyLabel);
        }
        if labels.iter().any(|label| label.len() > Self::MAX_LABEL) {
            return Err(NameError::LongLabel);
        }
        let dots = labels.len().saturating_sub(1);
        if labels.iter().map(|label| label.len()).sum::<usize>() + dots > Self::MAX {
            return Err(NameError::Long);
        }
        Ok(Self::of_labels(labels))
    }

    /// A name of labels as a packet has them.
    pub fn of_labels(labels: impl IntoIterator<Item = Box<[u8]>>) -> Self {
        let mut octets = Vec::new();
        for label in labels {
            push(&mut octets, &label);
        }
        Self(octets.into())
    }

    /// The labels, from the left.
    pub fn labels(&self) -> Labels<'_> {
        Labels { rest: &self.0 }
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the other name or below it.
    pub fn is_under(&self, other: &Self) -> bool {
        let mut labels = self.labels();
        while labels.rest.len() > other.0.len() {
            labels.next();
        }
        *labels.rest == *other.0
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let mut labels = self.labels();
        labels.next()?;
        Some(Self(labels.rest.into()))
    }

    /// The name as a domain of mail addresses, if it is one.
    pub fn to_domain(&self) -> Option<Domain> {
        Domain::parse(&self.to_string()).ok()
    }
}

/// Adds a label. Longer ones than a packet holds are cut, which nothing that is read from one has.
fn push(octets: &mut Vec<u8>, label: &[u8]) {
    let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
    octets.push(length);
    octets.extend(label.iter().take(length.into()).map(u8::to_ascii_lowercase));
}

/// The labels of a name, from the left.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, behind) = self.rest.split_first()?;
        let (label, rest) = behind.split_at_checked(usize::from(*length))?;
        self.rest = rest;
        Some(label)
    }
}

impl Ord for Name {
    /// Label by label, so that `a.test` stands before `aa.test`.
    fn cmp(&self, other: &Self) -> Ordering {
        self.labels().cmp(other.labels())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&Domain> for Name {
    fn from(domain: &Domain) -> Self {
        Self::of_labels(domain.labels().map(|label| label.as_bytes().into()))
    }
}

impl fmt::Display for Name {
    /// Without a dot at the end; octets that are no printable ASCII, dots and backslashes inside a label as `\DDD`
    /// (RFC 1035, section 5.1). The root is `.`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (at, label) in self.labels().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            for octet in label {
                if octet.is_ascii_graphic() && !matches!(octet, b'.' | b'\\' | b'"') || *octet == b' ' {
                    write!(f, "{}", char::from(*octet))?;
                } else {
                    write!(f, "\\{octet:03}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let name = Name::parse(b"_SPF.Example.Test.").unwrap();
        assert_eq!(name, Name::parse(b"_spf.example.test").unwrap());
        assert_eq!(name.to_string(), "_spf.example.test");
        assert_eq!(name.parent().unwrap().to_string(), "example.test");
        assert!(name.is_under(&Name::parse(b"test").unwrap()) && !name.is_under(&Name::parse(b"est").unwrap()));
        assert_eq!(Name::parse(b".").unwrap(), Name::root());
        assert_eq!(Name::root().to_string(), ".");
        assert_eq!(Name::root().parent(), None);
        assert_eq!(Name::parse(b"a b\xff.test").unwrap().to_string(), "a b\\255.test");
        assert_eq!(
            Name::from(&Domain::parse("example.test").unwrap()),
            Name::parse(b"example.test").unwrap()
        );
    }

    #[test]
    fn what_is_no_name() {
        assert_eq!(Name::parse(b"a..test"), Err(NameError::EmptyLabel));
        assert_eq!(Name::parse(&[b'a'; 64]), Err(NameError::LongLabel));
        let long = [b"a.".repeat(126), b"aa".to_vec()].concat();
        assert_eq!(Name::parse(&long), Err(NameError::Long));
    }
}
