//! Domain names, what people write instead of them, and sets of them.

use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub use super::fused::fused;
use super::suffix::{Key, Node, SuffixMap};

/// A domain name: lower case, ASCII (international names in their `xn--` form), no final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(Arc<str>);

/// Why a text is not a domain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainError {
    /// Nothing is written.
    Empty,
    /// Two dots meet, or one leads.
    EmptyLabel(String),
    /// A character no domain name holds.
    Character {
        /// The character.
        character: char,
        /// The whole text.
        text: String,
    },
    /// A `*`: a pattern, not a name.
    Wildcard(String),
    /// An `@`: an address, not a name.
    At(String),
    /// A scheme or a path: a link, not a name.
    Url(String),
    /// Names joined by commas, semicolons or spaces.
    Several(Vec<String>),
    /// An IP address.
    IpAddress(String),
    /// A label of more than 63 characters.
    LongLabel(String),
    /// More than 253 characters in all.
    TooLong(String),
    /// International characters that do not form a name.
    International(String),
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the domain is empty"),
            Self::EmptyLabel(text) => write!(f, "`{text}` has an empty label"),
            Self::Character { character, text } => {
                let character = shown(*character);
                write!(f, "`{character}` is not allowed in the domain `{text}`")
            }
            Self::Wildcard(text) => write!(f, "`{text}` holds a `*`, which is not part of a domain name"),
            Self::At(text) => write!(f, "`{text}` holds an `@`: an address, not a domain"),
            Self::Url(text) => write!(f, "`{text}` is a link, not a domain"),
            Self::Several(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
                write!(f, "several domains in one entry: {}", parts.join(", "))
            }
            Self::IpAddress(text) => write!(f, "`{text}` is an IP address, not a domain"),
            Self::LongLabel(label) => write!(f, "label `{label}` is longer than 63 characters"),
            Self::TooLong(text) => write!(f, "`{text}` is longer than 253 characters"),
            Self::International(text) => write!(f, "`{text}` is not a valid international domain name"),
        }
    }
}

impl std::error::Error for DomainError {}

/// A character for a message; one that nobody can see is shown by its number.
pub(super) fn shown(c: char) -> String {
    let is_visible = c == ' ' || !(c.is_control() || c.is_whitespace());
    if is_visible {
        c.to_string()
    } else {
        c.escape_unicode().to_string()
    }
}

impl Domain {
    /// Reads a name; spaces around it and one final dot are dropped.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DomainError::Empty);
        }
        let own = || text.to_owned();
        let joined = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
        if text.contains(joined) {
            let parts = text.split(joined).filter(|part| !part.is_empty());
            return Err(DomainError::Several(parts.map(str::to_owned).collect()));
        }
        if text.contains("://") || text.contains('/') {
            return Err(DomainError::Url(own()));
        }
        if text.contains('@') {
            return Err(DomainError::At(own()));
        }
        if text.contains('*') {
            return Err(DomainError::Wildcard(own()));
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<IpAddr>().is_ok() {
            return Err(DomainError::IpAddress(own()));
        }
        let ascii = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(text).map_err(|_| DomainError::International(own()))?
        };
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if let Some(character) = name.chars().find(|c| !legal(*c)) {
            return Err(DomainError::Character { character, text: own() });
        }
        if name.split('.').any(str::is_empty) {
            return Err(DomainError::EmptyLabel(own()));
        }
        if let Some(label) = name.split('.').find(|label| label.len() > 63) {
            return Err(DomainError::LongLabel(label.to_owned()));
        }
        if name.len() > 253 {
            return Err(DomainError::TooLong(own()));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its first label, unless it has only one.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, parent)| Self(parent.into()))
    }

    /// Whether this is the other name or a name below it.
    pub fn is_under(&self, other: &Self) -> bool {
        let before = self.0.strip_suffix(&*other.0);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    /// The labels, from the left.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The name with one more label on the left, unless it becomes too long.
    pub fn child(&self, label: &str) -> Option<Self> {
        Self::parse(&format!("{label}.{}", self.0)).ok()
    }

    pub(super) fn key(&self) -> Key {
        Key::new(&self.0)
    }

    /// The name of a key, which was made of a domain.
    pub(super) fn of_key(key: &Key) -> Self {
        Self(key.name().into())
    }

    /// A name for witnesses that a predicate accepts, which refuses finitely many names and
    /// trees. Names reserved for documentation come first.
    pub(super) fn invented(accepts: impl Fn(&Self) -> bool) -> Self {
        let reserved = ["witness.example", "witness.test", "witness.invalid"].map(str::to_owned);
        let further = (1_u64..).map(|n| format!("witness.example-{n}"));
        let mut names = reserved.into_iter().chain(further).map(|name| Self(name.into()));
        // The names are endless and the predicate refuses finitely many of the further ones.
        names.find(accepts).unwrap_or_else(|| Self("witness.invalid".into()))
    }

    /// A name one label below this that a predicate accepts, which refuses finitely many.
    pub(super) fn invented_below(&self, accepts: impl Fn(&Self) -> bool) -> Option<Self> {
        invented_words().map_while(|label| self.child(&label)).find(accepts)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Domain {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        Self::parse(text)
    }
}

/// `a` to `z`, then `a1`, `a2` and so on.
pub(super) fn invented_words() -> impl Iterator<Item = String> {
    let letters = ('a'..='z').map(String::from);
    letters.chain((1_u64..).map(|n| format!("a{n}")))
}

/// The part of a name that somebody registered: the public suffix and one label more.
/// `None` when the name is a public suffix or its suffix is unknown.
pub fn registrable(domain: &Domain) -> Option<&str> {
    let known = psl::suffix(domain.0.as_bytes()).is_some_and(|suffix| suffix.is_known());
    known.then(|| psl::domain_str(&domain.0)).flatten()
}

/// The part of a name that is the public suffix and one label more, where the list takes a top-level label that it does
/// not know for a suffix. `None` when the name is a suffix.
pub fn below_suffix(domain: &Domain) -> Option<&str> {
    psl::domain_str(&domain.0)
}

/// Whether a name is a known public suffix, such as `com`, `co.uk` or `github.io`.
pub fn is_public_suffix(domain: &Domain) -> bool {
    let suffix = psl::suffix(domain.0.as_bytes());
    suffix.is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == domain.0.as_bytes())
}

/// A set of domain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainSet(SuffixMap<bool>);

impl DomainSet {
    /// No name.
    pub fn empty() -> Self {
        Self(SuffixMap::constant(false))
    }

    /// Every name.
    pub fn all() -> Self {
        Self(SuffixMap::constant(true))
    }

    /// One name.
    pub fn exact(domain: &Domain) -> Self {
        Self(SuffixMap::single(domain.key(), true, false, false))
    }

    /// The names below a name, without the name itself.
    pub fn subs_of(domain: &Domain) -> Self {
        Self(SuffixMap::single(domain.key(), false, has_room(domain), false))
    }

    /// A name and the names below it.
    pub fn with_subs(domain: &Domain) -> Self {
        Self(SuffixMap::single(domain.key(), true, has_room(domain), false))
    }

    /// All of the names, in O(n log n).
    pub fn all_exact<'a>(domains: impl IntoIterator<Item = &'a Domain>) -> Self {
        Self::gather(domains.into_iter().map(|domain| (domain, true, false)))
    }

    /// All of the names and the names below them, in O(n log n).
    pub fn all_with_subs<'a>(domains: impl IntoIterator<Item = &'a Domain>) -> Self {
        Self::gather(domains.into_iter().map(|domain| (domain, true, true)))
    }

    /// The union of names, each with whether the name itself and the names below it are meant.
    pub fn gather<'a>(given: impl IntoIterator<Item = (&'a Domain, bool, bool)>) -> Self {
        let given = given.into_iter().map(|(domain, exact, below)| Node {
            key: domain.key(),
            exact,
            below: below && has_room(domain),
        });
        Self(SuffixMap::gather(given.collect(), false, |a, b| *a || *b))
    }

    /// The union of any number of sets, in O(n log n).
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        balanced(sets.into_iter().cloned().collect(), Self::union).unwrap_or_else(Self::empty)
    }

    /// Names in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self(self.0.zip(&other.0, |a| *a, |b| *b, |a, b| *a || *b))
    }

    /// Names in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self(self.0.zip(&other.0, |a| !a, |b| !b, |a, b| *a && *b))
    }

    /// Names in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(self.0.zip(&other.0, |a| !a, |b| *b, |a, b| *a && !*b))
    }

    /// Names not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self(self.0.map_injective(|value| !value))
    }

    /// Whether there is no name in the set.
    pub fn is_empty(&self) -> bool {
        !self.0.rest() && self.0.nodes().is_empty()
    }

    /// Whether every name is in the set.
    pub fn is_all(&self) -> bool {
        *self.0.rest() && self.0.nodes().is_empty()
    }

    /// Whether all but some named trees and names are in the set.
    pub fn is_open(&self) -> bool {
        *self.0.rest()
    }

    /// Whether a name is in the set.
    pub fn contains(&self, domain: &Domain) -> bool {
        *self.0.get(&domain.key())
    }

    /// Whether every name of the other set is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        !self.0.any(&other.0, |a| *a, |b| !b, |a, b| *b && !*a)
    }

    /// Whether some name is in both sets.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.any(&other.0, |a| !a, |b| !b, |a, b| *a && *b)
    }

    /// A name of the set, in a fixed order: for a set that holds almost every name a reserved
    /// name, otherwise the first name it names, otherwise an invented name below one.
    pub fn smallest(&self) -> Option<Domain> {
        if *self.0.rest() {
            return Some(Domain::invented(|domain| self.contains(domain)));
        }
        let mut nodes = self.0.nodes().iter();
        if let Some(node) = nodes.clone().find(|node| node.exact) {
            return Some(Domain::of_key(&node.key));
        }
        nodes
            .find(|node| node.below)
            .and_then(|node| Domain::of_key(&node.key).invented_below(|domain| self.contains(domain)))
    }

    /// The names the set is described by: each with whether the name itself and the names
    /// below it are in. Says nothing of names that are only cut out, nor of an open rest.
    pub fn positive(&self) -> impl Iterator<Item = (Domain, bool, bool)> {
        let nodes = self.0.nodes().iter().filter(|node| node.exact || node.below);
        nodes.map(|node| (Domain::of_key(&node.key), node.exact, node.below))
    }

    pub(super) fn map(&self) -> &SuffixMap<bool> {
        &self.0
    }

    pub(super) fn of_map(map: SuffixMap<bool>) -> Self {
        Self(map)
    }
}

impl FromIterator<Domain> for DomainSet {
    fn from_iter<I: IntoIterator<Item = Domain>>(domains: I) -> Self {
        let domains: Vec<Domain> = domains.into_iter().collect();
        Self::all_exact(&domains)
    }
}

/// Whether any name fits below a name: a label and a dot need two characters.
pub(super) fn has_room(domain: &Domain) -> bool {
    domain.0.len() <= 251
}

/// Joins sets pairwise, so that n joins of linear cost take O(n log n).
pub(super) fn balanced<S>(mut sets: Vec<S>, join: impl Fn(&S, &S) -> S) -> Option<S> {
    while sets.len() > 1 {
        let mut halved = Vec::with_capacity(sets.len().div_ceil(2));
        let mut left = sets.into_iter();
        while let Some(first) = left.next() {
            halved.push(match left.next() {
                Some(second) => join(&first, &second),
                None => first,
            });
        }
        sets = halved;
    }
    sets.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    #[test]
    fn forms() {
        for (text, shown) in [
            (" Example.TEST. ", "example.test"),
            ("_spf.example.test", "_spf.example.test"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(domain(text).as_str(), shown, "{text}");
        }
    }

    #[test]
    fn errors() {
        let long = "a".repeat(64);
        for (text, message) in [
            ("", "the domain is empty"),
            ("a..test", "`a..test` has an empty label"),
            (".example.test", "`.example.test` has an empty label"),
            ("a!b.test", "`!` is not allowed in the domain `a!b.test`"),
            (
                "*.example.test",
                "`*.example.test` holds a `*`, which is not part of a domain name",
            ),
            (
                "bob@example.test",
                "`bob@example.test` holds an `@`: an address, not a domain",
            ),
            ("https://example.test", "`https://example.test` is a link, not a domain"),
            ("example.test/path", "`example.test/path` is a link, not a domain"),
            ("a.test, b.test", "several domains in one entry: `a.test`, `b.test`"),
            ("a.test b.test", "several domains in one entry: `a.test`, `b.test`"),
            ("192.0.2.1", "`192.0.2.1` is an IP address, not a domain"),
            ("[2001:db8::1]", "`[2001:db8::1]` is an IP address, not a domain"),
            (&long, &format!("label `{long}` is longer than 63 characters")),
        ] {
            assert_eq!(Domain::parse(text).unwrap_err().to_string(), message, "{text}");
        }
        assert!(Domain::parse(&"a.".repeat(127)).is_ok());
        assert!(matches!(Domain::parse(&"ab.".repeat(90)), Err(DomainError::TooLong(_))));
        assert!(matches!(
            Domain::parse("\u{fffd}.test"),
            Err(DomainError::International(_))
        ));
    }

    #[test]
    fn family() {
        let mail = domain("mail.example.test");
        assert_eq!(mail.parent(), Some(domain("example.test")));
        assert!(mail.is_under(&domain("example.test")) && mail.is_under(&mail));
        assert!(!domain("notexample.test").is_under(&domain("example.test")));
        assert_eq!(mail.labels().collect::<Vec<_>>(), ["mail", "example", "test"]);
    }

    #[test]
    fn public_suffixes() {
        assert_eq!(registrable(&domain("a.b.Example.co.uk")), Some("example.co.uk"));
        assert_eq!(registrable(&domain("co.uk")), None);
        assert_eq!(registrable(&domain("a.nosuchsuffix")), None);
        assert!(is_public_suffix(&domain("github.io")));
        assert!(!is_public_suffix(&domain("example.com")));
    }

    #[test]
    fn witnesses() {
        let acme = DomainSet::with_subs(&domain("acme.test"));
        assert_eq!(acme.smallest(), Some(domain("acme.test")));
        assert_eq!(
            DomainSet::subs_of(&domain("acme.test")).smallest(),
            Some(domain("a.acme.test"))
        );
        assert_eq!(acme.complement().smallest(), Some(domain("witness.example")));
        let reserved = [domain("example"), domain("test"), domain("invalid")];
        let set = DomainSet::all_with_subs(&reserved).complement();
        assert_eq!(set.smallest(), Some(domain("witness.example-1")));
        assert_eq!(DomainSet::empty().smallest(), None);
    }

    #[test]
    fn a_set_is_one_form() {
        let acme = domain("acme.test");
        let both = DomainSet::exact(&acme).union(&DomainSet::subs_of(&acme));
        assert_eq!(both, DomainSet::with_subs(&acme));
        let mail = DomainSet::with_subs(&domain("mail.acme.test"));
        assert_eq!(both.union(&mail), both);
        assert_eq!(both.minus(&mail).union(&mail), both);
    }
}
