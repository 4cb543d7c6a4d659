//! Texts compared with whole addresses: what they say of addresses of which only the domain is known.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::allow::address::{Address, AddressSet, Sender};
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{AddressForm, Matcher};
use crate::message::{Cube, MessageSet};

use super::super::NeedId;
use super::Split;

/// Texts that are compared with whole addresses, with what follows from them whatever they are compared with.
#[derive(Debug, Clone)]
pub struct Texts {
    matchers: Arc<[Matcher]>,
    derived: Arc<Derived>,
}

#[derive(Debug, Default)]
struct Derived {
    named: OnceLock<AddressSet>,
    runs: OnceLock<Option<HashSet<String>>>,
}

impl From<Vec<Matcher>> for Texts {
    fn from(matchers: Vec<Matcher>) -> Self {
        Self {
            matchers: matchers.into(),
            derived: Arc::default(),
        }
    }
}

impl FromIterator<Matcher> for Texts {
    fn from_iter<I: IntoIterator<Item = Matcher>>(matchers: I) -> Self {
        matchers.into_iter().collect::<Vec<_>>().into()
    }
}

impl Deref for Texts {
    type Target = [Matcher];
    fn deref(&self) -> &[Matcher] {
        &self.matchers
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.matchers == other.matchers
    }
}

impl Eq for Texts {}

impl Texts {
    /// Senders that are plainly named anywhere.
    fn named(&self) -> &AddressSet {
        self.derived.named.get_or_init(|| named_senders(self))
    }

    /// Whether it is plain that nothing of this is found in a domain. False also means "not known".
    ///
    /// A word that spells a domain name is found only where each run of letters and digits in it is a run of the domain,
    /// so of each word one is kept, and thousands of words need not be looked for one by one.
    fn are_strange_to(&self, domain: &Domain) -> bool {
        let known = self.derived.runs.get_or_init(|| {
            let run = |matcher: &Matcher| match matcher {
                Matcher::Word(word) if is_domain_name(word) => {
                    runs(word).max_by_key(|run| run.len()).map(str::to_ascii_lowercase)
                }
                _ => None,
            };
            self.iter().map(run).collect()
        });
        let Some(known) = known else { return false };
        !runs(domain.as_str()).any(|run| known.contains(run))
    }
}

/// The runs of letters and digits in a name.
fn runs(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| !run.is_empty())
}

pub(super) fn text_matches(matchers: &[Matcher], sender: &Sender) -> bool {
    match sender {
        // A pattern cannot match an empty sender
        // (https://learn.microsoft.com/powershell/module/exchangepowershell/new-transportrule).
        Sender::Null => false,
        Sender::Address(address) => {
            let text = address.to_string();
            let in_domain = |matcher: &Matcher| matcher.matches(address.domain.as_str());
            // What is found in the domain is found in the whole, so the few that are found at all are looked at again.
            matchers
                .iter()
                .filter(|matcher| matcher.matches(&text))
                .any(|matcher| !matches!(matcher, Matcher::Word(word) if is_domain_name(word)) || in_domain(matcher))
        }
    }
}

/// Whether a word spells a domain name. It is looked for in the domain of an address and not before the at sign, where
/// nobody writes whole domain names: else every list of foreign domains would leave every sender's mail undecided.
fn is_domain_name(word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    word.contains('.') && word.chars().all(is_name) && !word.starts_with('.') && !word.ends_with('.')
}

/// Splits by texts compared with a whole address.
///
/// Sure are the domains and addresses that a matcher plainly names, and whole domains in whose name it is found.
/// An address of which only the domain is known may match in its local part.
pub(super) fn by_text(
    set: &MessageSet,
    matchers: &Texts,
    need: NeedId,
    view: impl Fn(&Cube) -> &AddressSet,
    field: impl Fn(&mut Cube) -> &mut AddressSet,
) -> Split {
    let mut split = Split::default();
    for cube in set.cubes() {
        if matches_nobody(view(cube), matchers) {
            continue;
        }
        let senders = view(cube).clone();
        let (sure, unsure) = if let Some(domains) = finite_domains(&senders) {
            let (mut sure, mut unsure) = (Vec::new(), Vec::new());
            for domain in &domains {
                let here = senders.intersect(&AddressSet::domain(domain));
                let found = at_domain(domain, &here, matchers);
                sure.push(found.0);
                unsure.push(found.1);
            }
            (AddressSet::union_all(&sure), AddressSet::union_all(&unsure))
        } else {
            let sure = senders.intersect(matchers.named());
            let listed: Vec<Address> = senders.exact_members().collect();
            let (found, lost) = sorted(&listed, matchers);
            let sure = sure.union(&found);
            let unsure = senders.minus(&sure).minus(&lost).minus(&AddressSet::null_sender());
            (sure, unsure)
        };
        let with = |senders: AddressSet, into: &mut MessageSet| {
            let mut cube = cube.clone();
            *field(&mut cube) = senders;
            into.push(cube);
        };
        with(unsure, &mut split.unsure);
        with(sure, &mut split.sure);
    }
    // One cube may know the very address that another leaves open.
    if split.sure.overlaps(&split.unsure) {
        split.unsure = split.unsure.minus(&split.sure);
    }
    if !split.unsure.is_empty() {
        split.needs.insert(need);
    }
    split
}

/// Whether it is plain that no address of the set matches: most rules are about other senders.
fn matches_nobody(senders: &AddressSet, matchers: &Texts) -> bool {
    if senders.is_open() || senders.exact_members().next().is_some() {
        return false;
    }
    let names = |matcher: &Matcher| match matcher {
        Matcher::Equals(text) | Matcher::Contains(text) | Matcher::Word(text) => text.contains('@'),
        Matcher::Pattern(_) => false,
    };
    if matchers.iter().any(names) {
        return false;
    }
    senders.positive_domains().all(|(domain, _, below)| {
        !below
            && (matchers.are_strange_to(&domain)
                || matchers
                    .iter()
                    .all(|matcher| matches!(reach(matcher, &domain, ""), Reach::None)))
    })
}

/// The domains of a set, if they are finitely many and none stands for its sub-domains.
fn finite_domains(senders: &AddressSet) -> Option<Vec<Domain>> {
    if senders.is_open() {
        return None;
    }
    let domains = senders.positive_domains();
    domains.map(|(domain, _, below)| (!below).then_some(domain)).collect()
}

/// Written addresses that match and that do not.
fn sorted(addresses: &[Address], matchers: &[Matcher]) -> (AddressSet, AddressSet) {
    let (found, lost): (Vec<&Address>, Vec<&Address>) = addresses
        .iter()
        .partition(|address| text_matches(matchers, &Sender::Address((*address).clone())));
    (AddressSet::all_exact(found), AddressSet::all_exact(lost))
}

/// What surely and what possibly matches of `here`, which are addresses at one domain.
fn at_domain(domain: &Domain, here: &AddressSet, matchers: &[Matcher]) -> (AddressSet, AddressSet) {
    let members: Vec<Address> = here.exact_members().collect();
    let (found, lost) = sorted(&members, matchers);
    let rest = here.minus(&found).minus(&lost);
    if rest.is_empty() {
        return (found, rest);
    }
    let at = format!("@{domain}");
    let mut named = Vec::new();
    let mut possible = false;
    for matcher in matchers {
        match reach(matcher, domain, &at) {
            Reach::All => return (found.union(&rest), AddressSet::empty()),
            Reach::Some => possible = true,
            Reach::None => {}
        }
        if let Matcher::Equals(text) | Matcher::Contains(text) | Matcher::Word(text) = matcher
            && text.contains('@')
            && let Ok(address) = Address::parse(text)
            && address.domain == *domain
            && matcher.matches(&address.to_string())
        {
            named.push(address);
        }
    }
    let sure = rest.intersect(&AddressSet::all_exact(&named));
    let unsure = if possible {
        rest.minus(&sure)
    } else {
        AddressSet::empty()
    };
    (found.union(&sure), unsure)
}

/// How many of the addresses at a domain a matcher finds.
enum Reach {
    /// All, whatever stands before the at sign.
    All,
    /// It depends on what stands there.
    Some,
    /// None, save those it names.
    None,
}

/// `at` is the domain with its at sign.
///
/// An at sign before the at sign has to be quoted, which nobody's own addresses are: texts are not found across it.
fn reach(matcher: &Matcher, domain: &Domain, at: &str) -> Reach {
    let behind = |text: &str| text.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    match matcher {
        Matcher::Equals(_) => Reach::None,
        // What is found without the local part is found with it.
        Matcher::Contains(_) if matcher.matches(at) || matcher.matches(domain.as_str()) => Reach::All,
        // A word that begins at the at sign is bounded or not by what stands before it, one behind it always.
        Matcher::Word(_) if matcher.matches(domain.as_str()) => Reach::All,
        Matcher::Word(text) if is_domain_name(text) => Reach::None,
        Matcher::Contains(text) | Matcher::Word(text) => match behind(text) {
            Some(behind) if !domain.as_str().starts_with(&behind) => Reach::None,
            _ => Reach::Some,
        },
        Matcher::Pattern(_) if matcher.is_free_before() && matcher.matches(at) => Reach::All,
        Matcher::Pattern(pattern) => {
            let Some(forms) = pattern.address_forms() else {
                return Reach::Some;
            };
            let means = |form: &AddressForm| {
                let below = form.domain != *domain && domain.is_under(&form.domain);
                form.exact && form.domain == *domain || form.below && below
            };
            if forms.iter().any(|form| form.local.is_none() && means(form)) {
                return Reach::All;
            }
            // Several forms may have lost what lies between them, so only a single tight one says all.
            let tight = forms.len() == 1 && forms.iter().all(|form| form.is_tight() && !means(form));
            if tight { Reach::None } else { Reach::Some }
        }
    }
}

/// Senders that a matcher plainly names: an address, a domain after an at sign, a domain with what is below it.
fn named_senders(matchers: &[Matcher]) -> AddressSet {
    let named = matchers.iter().filter_map(|matcher| {
        let senders = match matcher {
            Matcher::Equals(text) => Address::parse(text).map(|address| AddressSet::exact(&address)).ok(),
            Matcher::Word(text) | Matcher::Contains(text) => named_by_word(text, matches!(matcher, Matcher::Word(_))),
            Matcher::Pattern(pattern) => pattern.address_forms().map(|forms| {
                let sets: Vec<AddressSet> = forms.iter().map(named_by_form).collect();
                AddressSet::union_all(&sets)
            }),
        };
        // INVARIANT: what is named here is what the matcher finds in a written address, so that both evaluators agree.
        senders.filter(|senders| finds(matcher, senders))
    });
    let named: Vec<AddressSet> = named.collect();
    AddressSet::union_all(&named)
}

fn finds(matcher: &Matcher, senders: &AddressSet) -> bool {
    match senders.smallest() {
        Some(Sender::Address(address)) => matcher.matches(&address.to_string()),
        _ => false,
    }
}

fn named_by_form(form: &AddressForm) -> AddressSet {
    if let Some(local) = &form.local {
        let address = Address {
            local: local.clone(),
            domain: form.domain.clone(),
        };
        return if form.exact {
            AddressSet::exact(&address)
        } else {
            AddressSet::empty()
        };
    }
    AddressSet::domains(&DomainSet::gather([(&form.domain, form.exact, form.below)]))
}

fn named_by_word(text: &str, bounded: bool) -> Option<AddressSet> {
    if let Some(domain) = text.strip_prefix('@') {
        return Domain::parse(domain).ok().map(|domain| AddressSet::domain(&domain));
    }
    if text.contains('@') {
        return Address::parse(text).ok().map(|address| AddressSet::exact(&address));
    }
    let domain = Domain::parse(text.trim_start_matches('.')).ok()?;
    // A word ends at punctuation, so a domain is found in its sub-domains too; a bare text is found in them anyway.
    let whole = if text.starts_with('.') {
        AddressSet::subs_of(&domain)
    } else {
        AddressSet::with_subs(&domain)
    };
    (bounded || text.contains('.')).then_some(whole)
}
