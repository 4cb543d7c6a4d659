//! Sender addresses and sets of them.
//!
//! A set holds, for each domain, some local parts: none, all, a few or all but a few. The null
//! sender `<>` has no domain and is in or out by itself.

use std::borrow::Cow;
use std::fmt;

use super::domain::{Domain, DomainError, DomainSet, balanced, has_room, shown};
use super::local::LocalSet;
use super::memo::{self, Made};
use super::suffix::{Node, SuffixMap};

/// A mail address; the local part is compared without regard to case and kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// What stands before the `@`.
    pub local: String,
    /// What stands after it.
    pub domain: Domain,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing is written.
    Empty,
    /// There is no `@`.
    NoAt(String),
    /// There is more than one `@`.
    ManyAts(String),
    /// Nothing stands before the `@`.
    NoLocal(String),
    /// A `*`: a pattern, not an address.
    Wildcard(String),
    /// Addresses joined by commas, semicolons or spaces.
    Several(Vec<String>),
    /// A character no unquoted local part holds.
    Character {
        /// The character.
        character: char,
        /// The whole text.
        text: String,
    },
    /// The part after the `@` is not a domain.
    Domain(DomainError),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the address is empty"),
            Self::NoAt(text) => write!(f, "`{text}` has no `@`"),
            Self::ManyAts(text) => write!(f, "`{text}` has more than one `@`"),
            Self::NoLocal(text) => write!(f, "`{text}` has nothing before the `@`"),
            Self::Wildcard(text) => write!(f, "`{text}` holds a `*`, which is not a wildcard in an address"),
            Self::Several(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
                write!(f, "several addresses in one entry: {}", parts.join(", "))
            }
            Self::Character { character, text } => {
                let character = shown(*character);
                write!(f, "`{character}` is not allowed before the `@` of `{text}`")
            }
            Self::Domain(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// Reads an address; spaces and angle brackets around it and quotes around the local part
    /// are dropped.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = text
            .strip_prefix('<')
            .and_then(|inner| inner.strip_suffix('>'))
            .unwrap_or(text)
            .trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let own = || text.to_owned();
        if let Some((local, domain)) = text.strip_prefix('"').and_then(|inner| inner.rsplit_once("\"@")) {
            return Self::of_parts(&unescaped(local), domain, text);
        }
        let joined = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
        if text.contains(joined) {
            let parts = text.split(joined).filter(|part| !part.is_empty());
            return Err(AddressError::Several(parts.map(str::to_owned).collect()));
        }
        let (local, domain) = text.split_once('@').ok_or_else(|| AddressError::NoAt(own()))?;
        if domain.contains('@') {
            return Err(AddressError::ManyAts(own()));
        }
        // A `*` is a legal character of a local part, but nobody who writes one means that.
        if local.contains('*') {
            return Err(AddressError::Wildcard(own()));
        }
        let illegal = |c: &char| c.is_control() || matches!(c, '"' | '(' | ')' | '<' | '>' | '[' | ']' | '\\' | ':');
        if let Some(character) = local.chars().find(illegal) {
            return Err(AddressError::Character { character, text: own() });
        }
        Self::of_parts(local, domain, text)
    }

    fn of_parts(local: &str, domain: &str, text: &str) -> Result<Self, AddressError> {
        if local.is_empty() {
            return Err(AddressError::NoLocal(text.to_owned()));
        }
        Ok(Self {
            local: local.to_lowercase(),
            domain: Domain::parse(domain).map_err(AddressError::Domain)?,
        })
    }
}

/// Takes the backslashes out of a quoted local part.
fn unescaped(quoted: &str) -> String {
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "\"(),:;<>@[\\]".contains(c);
        if !self.local.contains(odd) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        let escaped = self.local.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{escaped}\"@{}", self.domain)
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

/// Who a message says it is from: nobody or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// The null sender `<>` of bounces.
    Null,
    /// An address.
    Address(Address),
}

impl Sender {
    /// Reads an address or `<>`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.trim() == "<>" {
            return Ok(Self::Null);
        }
        Address::parse(text).map(Self::Address)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// How many names are searched for a written address. A witness is asked for once for every entry of a list: long sets are
/// not searched to their end for it.
const N_NEAR: usize = 64;

/// A set of senders.
///
/// What is all but a few senders is kept as the few, so that a set and what it leaves share one list, and taking one
/// from the other is seen at once.
// INVARIANT: `map` holds at most some of the addresses of the names it does not speak of. This makes the form canonical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressSet {
    map: SuffixMap<LocalSet>,
    /// Whether the addresses are all but those of the map.
    flipped: bool,
    null: bool,
}

impl AddressSet {
    /// No sender.
    pub fn empty() -> Self {
        Self::of_map(SuffixMap::constant(LocalSet::None))
    }

    /// Every sender, the null sender included.
    pub fn all() -> Self {
        Self {
            null: true,
            ..Self::all_addresses()
        }
    }

    /// Every address, without the null sender.
    pub fn all_addresses() -> Self {
        Self::of_map(SuffixMap::constant(LocalSet::All))
    }

    /// The null sender.
    pub fn null_sender() -> Self {
        Self {
            null: true,
            ..Self::empty()
        }
    }

    /// One address.
    pub fn exact(address: &Address) -> Self {
        let local = LocalSet::only(vec![address.local.as_str().into()]);
        Self::of_map(SuffixMap::single(
            address.domain.key(),
            local,
            LocalSet::None,
            LocalSet::None,
        ))
    }

    /// One sender.
    pub fn sender(sender: &Sender) -> Self {
        match sender {
            Sender::Null => Self::null_sender(),
            Sender::Address(address) => Self::exact(address),
        }
    }

    /// The addresses at a domain.
    pub fn domain(domain: &Domain) -> Self {
        Self::domains(&DomainSet::exact(domain))
    }

    /// The addresses at domains below a domain.
    pub fn subs_of(domain: &Domain) -> Self {
        Self::domains(&DomainSet::subs_of(domain))
    }

    /// The addresses at a domain and below it.
    pub fn with_subs(domain: &Domain) -> Self {
        Self::domains(&DomainSet::with_subs(domain))
    }

    /// The addresses at any of the domains.
    pub fn domains(domains: &DomainSet) -> Self {
        Self::of_map(domains.map().map_injective(|whole| LocalSet::whole(*whole)))
    }

    /// All of the addresses, in O(n log n).
    pub fn all_exact<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        Self::gather(addresses, [])
    }

    /// The addresses, and everything at the domains: each with whether the name itself and the
    /// names below it are meant. In O(n log n).
    pub fn gather<'a>(
        addresses: impl IntoIterator<Item = &'a Address>,
        domains: impl IntoIterator<Item = (&'a Domain, bool, bool)>,
    ) -> Self {
        let mut sorted: Vec<&Address> = addresses.into_iter().collect();
        sorted.sort_unstable_by(|a, b| (&a.domain, &a.local).cmp(&(&b.domain, &b.local)));
        sorted.dedup();
        let mut given: Vec<Node<LocalSet>> = Vec::new();
        for same in sorted.chunk_by(|a, b| a.domain == b.domain) {
            let locals = same.iter().map(|address| address.local.as_str().into());
            given.extend(same.first().map(|first| Node {
                key: first.domain.key(),
                exact: LocalSet::only(locals.collect()),
                below: LocalSet::None,
            }));
        }
        given.extend(domains.into_iter().map(|(domain, exact, below)| Node {
            key: domain.key(),
            exact: LocalSet::whole(exact),
            below: LocalSet::whole(below && has_room(domain)),
        }));
        Self::of_map(SuffixMap::gather(given, LocalSet::None, LocalSet::union))
    }

    /// The union of any number of sets, in O(n log n).
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        balanced(sets.into_iter().cloned().collect(), Self::union).unwrap_or_else(Self::empty)
    }

    fn of_map(map: SuffixMap<LocalSet>) -> Self {
        let flipped = matches!(map.rest(), LocalSet::All | LocalSet::Except(_));
        let map = if flipped {
            map.map_injective(LocalSet::complement)
        } else {
            map
        };
        Self {
            map,
            flipped,
            null: false,
        }
    }

    /// What holds at every name, whichever way it is kept.
    fn spelled_out(&self) -> Cow<'_, SuffixMap<LocalSet>> {
        if self.flipped {
            Cow::Owned(self.map.map_injective(LocalSet::complement))
        } else {
            Cow::Borrowed(&self.map)
        }
    }

    /// The local parts that a value of the map stands for.
    fn meant<'l>(&self, locals: &'l LocalSet) -> Cow<'l, LocalSet> {
        if self.flipped {
            Cow::Owned(locals.complement())
        } else {
            Cow::Borrowed(locals)
        }
    }

    /// Senders in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.complement().intersect(&other.complement()).complement()
    }

    /// Senders in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let map = match (self.flipped, other.flipped) {
            (false, false) => both(&self.map, &other.map),
            (false, true) => without(&self.map, &other.map),
            (true, false) => without(&other.map, &self.map),
            (true, true) => either(&self.map, &other.map),
        };
        Self {
            map,
            flipped: self.flipped && other.flipped,
            null: self.null && other.null,
        }
    }

    /// Senders in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    /// Senders not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self {
            map: self.map.clone(),
            flipped: !self.flipped,
            null: !self.null,
        }
    }

    /// The senders of the set whose domain is one of these; never the null sender.
    #[must_use]
    pub fn restrict_to(&self, domains: &DomainSet) -> Self {
        let keep = |locals: &LocalSet, whole: &bool| if *whole { locals.clone() } else { LocalSet::None };
        let map = self.spelled_out();
        Self::of_map(map.zip(domains.map(), LocalSet::is_none, |whole| !whole, keep))
    }

    /// The domains at which some address is in the set.
    pub fn domains_touched(&self) -> DomainSet {
        let nothing = SuffixMap::constant(());
        let touched = |locals: &LocalSet, (): &()| !self.meant(locals).is_none();
        DomainSet::of_map(self.map.zip(&nothing, |_| false, |()| false, touched))
    }

    fn has_no_address(&self) -> bool {
        !self.flipped && is_blank(&self.map)
    }

    /// Whether there is no sender in the set.
    pub fn is_empty(&self) -> bool {
        !self.null && self.has_no_address()
    }

    /// Whether every sender is in the set, the null sender included.
    pub fn is_all(&self) -> bool {
        self.null && self.flipped && is_blank(&self.map)
    }

    /// Whether the set also reaches domains it does not name.
    pub fn is_open(&self) -> bool {
        !self.meant(self.map.rest()).is_none()
    }

    /// Whether the domain alone decides if an address is in the set, and the null sender is out.
    pub fn is_only_domains(&self) -> bool {
        let whole = |locals: &LocalSet| locals.is_none() || locals.is_all();
        let mut nodes = self.map.nodes().iter();
        !self.null && whole(self.map.rest()) && nodes.all(|node| whole(&node.exact) && whole(&node.below))
    }

    /// Whether an address is in the set.
    pub fn contains(&self, address: &Address) -> bool {
        self.map.get(&address.domain.key()).contains(&address.local) != self.flipped
    }

    /// Whether the null sender is in the set.
    pub fn contains_null(&self) -> bool {
        self.null
    }

    /// Whether a sender is in the set.
    pub fn contains_sender(&self, sender: &Sender) -> bool {
        match sender {
            Sender::Null => self.null,
            Sender::Address(address) => self.contains(address),
        }
    }

    /// Whether every sender of the other set is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        !other.overlaps(&self.complement())
    }

    /// Whether some sender is in both sets.
    pub fn overlaps(&self, other: &Self) -> bool {
        let address = || match (self.flipped, other.flipped) {
            (false, false) => share(&self.map, &other.map),
            (false, true) => is_more(&self.map, &other.map),
            (true, false) => is_more(&other.map, &self.map),
            // Neither leaves out all addresses of the names it does not speak of, and of these there are always more.
            (true, true) => true,
        };
        (self.null && other.null) || address()
    }

    /// A sender of the set, in a fixed order: for a set open to domains it does not name one at
    /// a reserved domain, otherwise an address it names near its beginning, then one invented at
    /// the first domain it names, then one below; the null sender last.
    pub fn smallest(&self) -> Option<Sender> {
        self.smallest_address()
            .map(Sender::Address)
            .or_else(|| self.null.then_some(Sender::Null))
    }

    fn smallest_address(&self) -> Option<Address> {
        let contains = |local: &str, domain: &Domain| self.map.get(&domain.key()).contains(local) != self.flipped;
        if let Some(local) = self.meant(self.map.rest()).smallest() {
            let domain = Domain::invented(|domain| contains(&local, domain));
            return Some(Address { local, domain });
        }
        if let Some(address) = self.members_of(self.map.nodes().iter().take(N_NEAR)).next() {
            return Some(address);
        }
        let at = |domain: Domain, locals: &LocalSet| locals.smallest().map(|local| Address { local, domain });
        let nodes = self.map.nodes();
        if let Some(node) = nodes.iter().find(|node| !self.meant(&node.exact).is_none()) {
            return at(Domain::of_key(&node.key), &self.meant(&node.exact));
        }
        let node = nodes.iter().find(|node| !self.meant(&node.below).is_none())?;
        let local = self.meant(&node.below).smallest()?;
        let above = Domain::of_key(&node.key);
        let domain = above.invented_below(|domain| contains(&local, domain))?;
        Some(Address { local, domain })
    }

    /// The domains the set names with some address: each with whether there is one at the name
    /// itself and below it. Says nothing of the domains an open set does not name.
    pub fn positive_domains(&self) -> impl Iterator<Item = (Domain, bool, bool)> {
        self.map.nodes().iter().filter_map(|node| {
            let (exact, below) = (!self.meant(&node.exact).is_none(), !self.meant(&node.below).is_none());
            (exact || below).then(|| (Domain::of_key(&node.key), exact, below))
        })
    }

    /// The addresses the set names one by one.
    pub fn exact_members(&self) -> impl Iterator<Item = Address> {
        self.members_of(self.map.nodes().iter())
    }

    fn members_of<'s>(
        &'s self,
        nodes: impl Iterator<Item = &'s Node<LocalSet>> + 's,
    ) -> impl Iterator<Item = Address> + 's {
        nodes.flat_map(|node| {
            let locals = match (&node.exact, self.flipped) {
                (LocalSet::Only(locals), false) | (LocalSet::Except(locals), true) => &**locals,
                _ => &[],
            };
            locals.iter().map(|local| Address {
                local: (**local).to_owned(),
                domain: Domain::of_key(&node.key),
            })
        })
    }
}

type Map = SuffixMap<LocalSet>;

fn is_blank(map: &Map) -> bool {
    map.rest().is_none() && map.nodes().is_empty()
}

fn both(one: &Map, other: &Map) -> Map {
    if one.is_same(other) || is_blank(one) {
        return one.clone();
    }
    if is_blank(other) {
        return other.clone();
    }
    memo::list(Made::Both, one, other, || {
        one.zip(other, LocalSet::is_none, LocalSet::is_none, LocalSet::intersect)
    })
}

fn either(one: &Map, other: &Map) -> Map {
    if one.is_same(other) || is_blank(other) {
        return one.clone();
    }
    if is_blank(one) {
        return other.clone();
    }
    memo::list(Made::Either, one, other, || {
        one.zip(other, LocalSet::is_all, LocalSet::is_all, LocalSet::union)
    })
}

fn without(one: &Map, other: &Map) -> Map {
    if one.is_same(other) {
        return SuffixMap::constant(LocalSet::None);
    }
    if is_blank(one) || is_blank(other) {
        return one.clone();
    }
    let minus = |a: &LocalSet, b: &LocalSet| a.intersect(&b.complement());
    memo::list(Made::Without, one, other, || {
        one.zip(other, LocalSet::is_none, LocalSet::is_all, minus)
    })
}

fn share(one: &Map, other: &Map) -> bool {
    if one.is_same(other) {
        return !is_blank(one);
    }
    memo::is_any(Made::Both, one, other, || {
        one.any(other, LocalSet::is_none, LocalSet::is_none, LocalSet::overlaps)
    })
}

/// Whether one has an address that the other has not.
fn is_more(one: &Map, other: &Map) -> bool {
    let more = |a: &LocalSet, b: &LocalSet| a.overlaps(&b.complement());
    let ask = || one.any(other, LocalSet::is_none, LocalSet::is_all, more);
    !one.is_same(other) && memo::is_any(Made::Without, one, other, ask)
}

impl FromIterator<Address> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Address>>(addresses: I) -> Self {
        let addresses: Vec<Address> = addresses.into_iter().collect();
        Self::all_exact(&addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    #[test]
    fn forms() {
        for (text, shown) in [
            ("Bob@Example.TEST", "bob@example.test"),
            (" <bob@example.test> ", "bob@example.test"),
            ("\"bob\"@example.test", "bob@example.test"),
            ("\"Bob Ross\"@example.test", "\"bob ross\"@example.test"),
            ("\"a\\\"@b\"@example.test", "\"a\\\"@b\"@example.test"),
            ("bob+tag@example.test", "bob+tag@example.test"),
        ] {
            assert_eq!(address(text).to_string(), shown, "{text}");
            assert_eq!(address(shown), address(text), "{text}");
        }
        assert_eq!(Sender::parse("<>"), Ok(Sender::Null));
        assert_eq!(Sender::parse("<>").unwrap().to_string(), "<>");
    }

    #[test]
    fn errors() {
        for (text, message) in [
            (" ", "the address is empty"),
            ("example.test", "`example.test` has no `@`"),
            ("a@b@example.test", "`a@b@example.test` has more than one `@`"),
            ("@example.test", "`@example.test` has nothing before the `@`"),
            (
                "*@example.test",
                "`*@example.test` holds a `*`, which is not a wildcard in an address",
            ),
            (
                "a@b.test;c@d.test",
                "several addresses in one entry: `a@b.test`, `c@d.test`",
            ),
            (
                "a:b@example.test",
                "`:` is not allowed before the `@` of `a:b@example.test`",
            ),
            (
                "a@*.example.test",
                "`*.example.test` holds a `*`, which is not part of a domain name",
            ),
        ] {
            assert_eq!(Address::parse(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn witnesses() {
        let smallest = |set: &AddressSet| set.smallest().unwrap().to_string();
        let acme = AddressSet::with_subs(&domain("acme.test"));
        let bob = AddressSet::exact(&address("bob@zeta.test"));
        assert_eq!(smallest(&acme), "a@acme.test");
        assert_eq!(smallest(&acme.union(&bob)), "bob@zeta.test");
        assert_eq!(smallest(&AddressSet::subs_of(&domain("acme.test"))), "a@a.acme.test");
        assert_eq!(smallest(&acme.complement()), "a@witness.example");
        assert_eq!(
            smallest(&acme.minus(&AddressSet::exact(&address("a@acme.test")))),
            "b@acme.test"
        );
        assert_eq!(smallest(&AddressSet::all()), "a@witness.example");
        let reserved = AddressSet::with_subs(&domain("example"));
        assert_eq!(smallest(&reserved.complement()), "a@witness.test");
        assert_eq!(AddressSet::null_sender().smallest(), Some(Sender::Null));
    }

    #[test]
    fn a_set_tells_what_it_names() {
        let bob = address("bob@b.acme.test");
        let acme = domain("acme.test");
        let set = AddressSet::gather([&bob], [(&acme, true, false)]);
        let named: Vec<_> = set.positive_domains().collect();
        assert_eq!(
            named,
            [(acme.clone(), true, false), (domain("b.acme.test"), true, false)]
        );
        assert_eq!(set.exact_members().collect::<Vec<_>>(), [bob]);
        assert!(!set.is_only_domains());
        assert!(AddressSet::with_subs(&acme).is_only_domains());
        assert!(!AddressSet::all().is_only_domains() && AddressSet::all_addresses().is_only_domains());
    }

    #[test]
    fn one_sender_among_thousands() {
        let many: AddressSet = (0..5_000)
            .map(|n| address(&format!("user{n}@shop{}.test", n / 2)))
            .collect();
        let one = AddressSet::exact(&address("user77@shop38.test"));
        assert_eq!(one.intersect(&many), one);
        assert_eq!(many.intersect(&one), one);
        assert!(many.covers(&one) && !one.covers(&many) && one.overlaps(&many));
        assert!(!many.minus(&one).overlaps(&one));
    }
}
