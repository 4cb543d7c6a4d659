//! Guards: which messages a rule is about, with what cannot be decided kept apart.
//!
//! A predicate splits a set of messages into those it surely matches and those it may match.
//! Exceptions are predicates too; there the two change places.

use std::collections::BTreeSet;

use crate::allow::address::{Address, AddressSet, Sender};
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{AddressForm, HeaderName, Matcher, TextSet};
use crate::allow::ip::IpSet;
use crate::message::{Cube, HeaderSet, Message, MessageSet, Names, SOME_ATTACHMENT};

use super::NeedId;

/// A condition on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pred {
    /// Every message.
    Always,
    /// No message.
    Never,
    /// The connecting host is one of these.
    Ip(IpSet),
    /// The host that authentication looks at is one of these.
    AuthIp(IpSet),
    /// The envelope sender is one of these.
    MailFrom(AddressSet),
    /// The header sender is one of these.
    From(AddressSet),
    /// The recipient is one of these.
    To(AddressSet),
    /// A valid DKIM signature names one of these.
    Dkim(DomainSet),
    /// A link leads to one of these hosts.
    Link(DomainSet),
    /// The DMARC result is one of these bits.
    Dmarc(u8),
    /// The SPF result is one of these bits.
    Spf(u8),
    /// The composite result is one of these bits.
    CompAuth(u8),
    /// The header is there with one of these values.
    Header(HeaderName, TextSet),
    /// The envelope sender, written out, matches one of these; the need asks for what a pack does not say.
    MailFromText(Vec<Matcher>, NeedId),
    /// The header sender, written out, matches one of these.
    FromText(Vec<Matcher>, NeedId),
    /// The recipient, written out, matches one of these.
    ToText(Vec<Matcher>, NeedId),
    /// Files are attached, and something about them holds that only the files can tell.
    Attachment(NeedId),
    /// All of these.
    All(Vec<Pred>),
    /// One of these.
    Any(Vec<Pred>),
    /// Surely if `surely`, possibly if `possibly`; the need asks for what decides in between.
    Between {
        /// The narrow reading.
        surely: Box<Pred>,
        /// The wide reading; matches wherever `surely` does.
        possibly: Box<Pred>,
        /// What would decide.
        need: NeedId,
    },
    /// Not this.
    Not(Box<Pred>),
    /// Nobody can say without the need.
    Unknown(NeedId),
}

/// Conditions and exceptions of a rule: all of the former, none of the latter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// All of these must hold.
    pub when: Vec<Pred>,
    /// None of these may hold.
    pub unless: Vec<Pred>,
}

/// The part of a set that is matched: surely, or possibly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Surely matched.
    pub sure: MessageSet,
    /// Possibly matched; disjoint from `sure`.
    pub unsure: MessageSet,
    /// What would decide about `unsure`.
    pub needs: BTreeSet<NeedId>,
}

impl Split {
    fn sure(sure: MessageSet) -> Self {
        Self {
            sure,
            ..Self::default()
        }
    }

    fn unsure(unsure: MessageSet, need: NeedId) -> Self {
        let needs = if unsure.is_empty() {
            BTreeSet::new()
        } else {
            BTreeSet::from([need])
        };
        Self {
            sure: MessageSet::empty(),
            unsure,
            needs,
        }
    }

    /// Whether nothing is matched.
    pub fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.unsure.is_empty()
    }

    /// Everything that may be matched.
    pub fn possible(&self) -> MessageSet {
        self.sure.union(&self.unsure)
    }
}

/// Does it hold for one message?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Yes.
    Yes,
    /// No.
    No,
    /// It depends on these.
    Unknown(BTreeSet<NeedId>),
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn unknown(need: NeedId) -> Self {
        Self::Unknown(BTreeSet::from([need]))
    }

    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown(mut needs) => match other() {
                Self::No => Self::No,
                Self::Yes => Self::Unknown(needs),
                Self::Unknown(more) => {
                    needs.extend(more);
                    Self::Unknown(needs)
                }
            },
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown(needs) => Self::Unknown(needs),
        }
    }
}

impl Guard {
    /// Matches everything.
    pub fn always() -> Self {
        Self::default()
    }

    /// Matches what `pred` matches.
    pub fn when(pred: Pred) -> Self {
        Self {
            when: vec![pred],
            unless: Vec::new(),
        }
    }

    /// Splits a set.
    pub fn split(&self, set: &MessageSet) -> Split {
        let mut split = split_all(&self.when, set);
        for exception in &self.unless {
            if split.is_empty() {
                break;
            }
            let from_sure = exception.split(&split.sure);
            let from_unsure = exception.split(&split.unsure);
            if !from_sure.is_empty() {
                split.sure = split.sure.minus(&from_sure.sure).minus(&from_sure.unsure);
                split.unsure.absorb(from_sure.unsure);
                split.needs.extend(from_sure.needs);
            }
            if !from_unsure.sure.is_empty() {
                split.unsure = split.unsure.minus(&from_unsure.sure);
            }
            split.needs.extend(from_unsure.needs);
        }
        split
    }

    /// Does it match this message?
    pub fn test(&self, message: &Message) -> Truth {
        let when = test_all(&self.when, message);
        self.unless
            .iter()
            .fold(when, |truth, exception| truth.and(|| exception.test(message).not()))
    }
}

fn split_all(preds: &[Pred], set: &MessageSet) -> Split {
    let mut split = Split::sure(set.clone());
    for pred in preds {
        let mut met = pred.split(&split.sure);
        if !split.unsure.is_empty() {
            let from_unsure = pred.split(&split.unsure);
            met.unsure.absorb(from_unsure.sure);
            met.unsure.absorb(from_unsure.unsure);
            met.needs.extend(from_unsure.needs);
            met.needs.append(&mut split.needs);
        }
        if met.is_empty() {
            return Split::default();
        }
        split = met;
    }
    split
}

fn test_all(preds: &[Pred], message: &Message) -> Truth {
    preds
        .iter()
        .fold(Truth::Yes, |truth, pred| truth.and(|| pred.test(message)))
}

impl Pred {
    /// Splits a set into what is surely and what is possibly matched.
    pub fn split(&self, set: &MessageSet) -> Split {
        if set.is_empty() {
            return Split::default();
        }
        match self {
            Self::Always => Split::sure(set.clone()),
            Self::Never => Split::default(),
            Self::Ip(ips) => narrow(set, |cube| {
                let ip = cube.ip.intersect(ips);
                (!ip.is_empty()).then(|| Cube { ip, ..cube.clone() })
            }),
            Self::AuthIp(ips) => narrow(set, |cube| {
                let auth_ip = cube.auth_ip.intersect(ips);
                (!auth_ip.is_empty()).then(|| Cube {
                    auth_ip,
                    ..cube.clone()
                })
            }),
            Self::MailFrom(senders) => narrow(set, |cube| {
                let mail_from = cube.mail_from.intersect(senders);
                (!mail_from.is_empty()).then(|| Cube {
                    mail_from,
                    ..cube.clone()
                })
            }),
            Self::From(senders) => narrow(set, |cube| {
                let from = cube.from.intersect(senders);
                (!from.is_empty()).then(|| Cube { from, ..cube.clone() })
            }),
            Self::To(recipients) => narrow(set, |cube| {
                let to = cube.to.intersect(recipients);
                (!to.is_empty()).then(|| Cube { to, ..cube.clone() })
            }),
            Self::Dkim(names) => {
                let side = Cube {
                    dkim: Names::some_in(names.clone()),
                    ..Cube::all()
                };
                narrow(set, |cube| cube.intersect(&side))
            }
            Self::Link(names) => {
                let side = Cube {
                    links: Names::some_in(names.clone()),
                    ..Cube::all()
                };
                narrow(set, |cube| cube.intersect(&side))
            }
            Self::Dmarc(bits) => narrow(set, |cube| {
                Some(Cube {
                    dmarc: cube.dmarc & bits,
                    ..cube.clone()
                })
            }),
            Self::Spf(bits) => narrow(set, |cube| {
                Some(Cube {
                    spf: cube.spf & bits,
                    ..cube.clone()
                })
            }),
            Self::CompAuth(bits) => narrow(set, |cube| {
                Some(Cube {
                    compauth: cube.compauth & bits,
                    ..cube.clone()
                })
            }),
            Self::Header(name, values) => narrow(set, |cube| {
                let mine = cube.headers.get(name);
                let met = HeaderSet {
                    absent: false,
                    values: mine.values.intersect(values),
                };
                let headers = cube.headers.clone().with(name.clone(), met);
                let cube = Cube {
                    headers,
                    ..cube.clone()
                };
                (!cube.is_empty()).then_some(cube)
            }),
            Self::MailFromText(matchers, need) => by_text(set, matchers, *need, |cube| &mut cube.mail_from),
            Self::FromText(matchers, need) => by_text(set, matchers, *need, |cube| &mut cube.from),
            Self::ToText(matchers, need) => by_text(set, matchers, *need, |cube| &mut cube.to),
            Self::Attachment(need) => Split::unsure(
                set.map(|cube| {
                    Some(Cube {
                        attachments: cube.attachments & SOME_ATTACHMENT,
                        ..cube.clone()
                    })
                }),
                *need,
            ),
            Self::All(preds) => split_all(preds, set),
            Self::Any(preds) => split_any(preds, set),
            Self::Between { surely, possibly, need } => {
                let sure = surely.split(set);
                let wide = possibly.split(set).possible().minus(&sure.sure);
                let mut needs = sure.needs;
                if !wide.is_empty() {
                    needs.insert(*need);
                }
                Split {
                    sure: sure.sure,
                    unsure: wide,
                    needs,
                }
            }
            Self::Not(pred) => {
                let inner = pred.split(set);
                Split {
                    sure: set.minus(&inner.sure).minus(&inner.unsure),
                    unsure: inner.unsure,
                    needs: inner.needs,
                }
            }
            Self::Unknown(need) => Split::unsure(set.clone(), *need),
        }
    }

    /// Does it hold for this message?
    pub fn test(&self, message: &Message) -> Truth {
        match self {
            Self::Always => Truth::Yes,
            Self::Never => Truth::No,
            Self::Ip(ips) => Truth::of(ips.contains(message.ip)),
            Self::AuthIp(ips) => Truth::of(ips.contains(message.auth_ip)),
            Self::MailFrom(senders) => Truth::of(senders.contains_sender(&message.mail_from)),
            Self::From(senders) => Truth::of(senders.contains_sender(&message.from)),
            Self::To(recipients) => Truth::of(recipients.contains(&message.to)),
            Self::Dkim(names) => Truth::of(message.dkim.iter().any(|name| names.contains(name))),
            Self::Link(names) => match &message.links {
                Some(links) => Truth::of(links.iter().any(|name| names.contains(name))),
                None => Truth::Unknown(BTreeSet::new()),
            },
            Self::Dmarc(bits) => by_bits(message.dmarc, *bits),
            Self::Spf(bits) => by_bits(message.spf, *bits),
            Self::CompAuth(bits) => by_bits(message.compauth, *bits),
            Self::Header(name, values) => {
                Truth::of(message.headers.get(name).is_some_and(|value| values.contains(value)))
            }
            Self::MailFromText(matchers, _) => Truth::of(text_matches(matchers, &message.mail_from)),
            Self::FromText(matchers, _) => Truth::of(text_matches(matchers, &message.from)),
            Self::ToText(matchers, _) => Truth::of(text_matches(matchers, &Sender::Address(message.to.clone()))),
            Self::Attachment(need) => match message.attachments {
                Some(false) => Truth::No,
                Some(true) | None => Truth::unknown(*need),
            },
            Self::All(preds) => test_all(preds, message),
            Self::Any(preds) => {
                let none = preds
                    .iter()
                    .fold(Truth::Yes, |truth, pred| truth.and(|| pred.test(message).not()));
                none.not()
            }
            Self::Between { surely, possibly, need } => match surely.test(message) {
                Truth::Yes => Truth::Yes,
                _ => match possibly.test(message) {
                    Truth::No => Truth::No,
                    Truth::Yes => Truth::unknown(*need),
                    Truth::Unknown(mut needs) => {
                        needs.insert(*need);
                        Truth::Unknown(needs)
                    }
                },
            },
            Self::Not(pred) => pred.test(message).not(),
            Self::Unknown(need) => Truth::unknown(*need),
        }
    }
}

fn narrow(set: &MessageSet, change: impl FnMut(&Cube) -> Option<Cube>) -> Split {
    Split::sure(set.map(change))
}

fn by_bits(possible: u8, wanted: u8) -> Truth {
    if possible & wanted == 0 {
        Truth::No
    } else if possible & !wanted == 0 {
        Truth::Yes
    } else {
        Truth::Unknown(BTreeSet::new())
    }
}

fn split_any(preds: &[Pred], set: &MessageSet) -> Split {
    let mut met = Split::default();
    let mut rest = set.clone();
    for (at, pred) in preds.iter().enumerate() {
        let mut split = pred.split(&rest);
        if split.is_empty() {
            continue;
        }
        if !split.sure.is_empty() {
            if at + 1 < preds.len() {
                rest = rest.minus(&split.sure);
            }
            met.unsure = met.unsure.minus(&split.sure);
        }
        met.sure.absorb(split.sure);
        met.unsure = met.unsure.minus(&split.unsure);
        met.unsure.absorb(split.unsure);
        met.needs.append(&mut split.needs);
    }
    met
}

fn text_matches(matchers: &[Matcher], sender: &Sender) -> bool {
    match sender {
        // A pattern cannot match an empty sender (https://learn.microsoft.com/powershell/module/exchangepowershell/new-transportrule).
        Sender::Null => false,
        Sender::Address(address) => {
            let text = address.to_string();
            matchers.iter().any(|matcher| matcher.matches(&text))
        }
    }
}

/// Splits by texts compared with a whole address.
///
/// Sure are the domains and addresses that a matcher plainly names, and whole domains in whose name it is found.
/// An address of which only the domain is known may match in its local part.
fn by_text(
    set: &MessageSet,
    matchers: &[Matcher],
    need: NeedId,
    field: impl Fn(&mut Cube) -> &mut AddressSet,
) -> Split {
    let named = named_senders(matchers);
    let mut split = Split::default();
    for cube in set.cubes() {
        let mut known = cube.clone();
        let senders = field(&mut known).clone();
        let mut sure = senders.intersect(&named);
        let mut unsure = AddressSet::empty();
        match finite_domains(&senders) {
            Some(domains) => {
                for (domain, whole) in domains {
                    let here = senders.intersect(&whole);
                    if here.is_empty() || sure.covers(&here) {
                        continue;
                    }
                    // The text before the at sign is unknown: what matches without it matches with it.
                    let alone = format!("@{domain}");
                    if matchers
                        .iter()
                        .any(|matcher| !matches!(matcher, Matcher::Pattern(_)) && matcher.matches(&alone))
                    {
                        sure = sure.union(&here);
                        continue;
                    }
                    let members: Vec<Address> = here.exact_members().collect();
                    let listed = AddressSet::all_exact(&members);
                    for member in members {
                        let found = AddressSet::exact(&member);
                        if text_matches(matchers, &Sender::Address(member)) {
                            sure = sure.union(&found);
                        }
                    }
                    unsure = unsure.union(&here.minus(&listed).minus(&sure));
                }
            }
            None => unsure = senders.minus(&sure).minus(&AddressSet::null_sender()),
        }
        let with = |senders: AddressSet, into: &mut MessageSet| {
            let mut cube = cube.clone();
            *field(&mut cube) = senders;
            into.push(cube);
        };
        with(unsure.minus(&sure), &mut split.unsure);
        with(sure, &mut split.sure);
    }
    if !split.unsure.is_empty() {
        split.needs.insert(need);
    }
    split
}

/// The domains of a set, each with all its addresses, if they are finitely many and none stands for its sub-domains.
fn finite_domains(senders: &AddressSet) -> Option<Vec<(Domain, AddressSet)>> {
    if senders.is_open() {
        return None;
    }
    let mut domains = Vec::new();
    for (domain, _, below) in senders.positive_domains() {
        if below {
            return None;
        }
        let whole = AddressSet::domain(&domain);
        domains.push((domain, whole));
    }
    Some(domains)
}

/// Senders that a matcher plainly names: an address, a domain after an at sign, a domain with what is below it.
fn named_senders(matchers: &[Matcher]) -> AddressSet {
    let mut named = AddressSet::empty();
    for matcher in matchers {
        let senders = match matcher {
            Matcher::Equals(text) => Address::parse(text).map(|address| AddressSet::exact(&address)).ok(),
            Matcher::Word(text) | Matcher::Contains(text) => named_by_word(text, matches!(matcher, Matcher::Word(_))),
            Matcher::Pattern(pattern) => pattern.address_forms().map(|forms| {
                let sets: Vec<AddressSet> = forms.iter().map(named_by_form).collect();
                AddressSet::union_all(&sets)
            }),
        };
        // INVARIANT: what is named here is what the matcher finds in a written address, so that both evaluators agree.
        if let Some(senders) = senders.filter(|senders| finds(matcher, senders)) {
            named = named.union(&senders);
        }
    }
    named
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
