//! Guards: which messages a rule is about, with what cannot be decided kept apart.
//!
//! A predicate splits a set of messages into those it surely matches and those it may match.
//! Exceptions are predicates too; there the two change places.

use std::collections::BTreeSet;

use crate::allow::address::{AddressSet, Sender};
use crate::allow::domain::DomainSet;
use crate::allow::header::{HeaderName, TextSet};
use crate::allow::ip::IpSet;
use crate::message::{Cube, Message, MessageSet, NO_ATTACHMENT, SOME_ATTACHMENT};

use super::NeedId;

mod text;

#[cfg(test)]
mod laws;

pub use text::Texts;
use text::{by_text, text_matches};

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
    MailFromText(Texts, NeedId),
    /// The header sender, written out, matches one of these.
    FromText(Texts, NeedId),
    /// The recipient, written out, matches one of these.
    ToText(Texts, NeedId),
    /// Files are attached or not: the bits of [`Cube::attachments`].
    Attached(u8),
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

    /// Without needs that decide nothing.
    pub(super) fn tidied(mut self) -> Self {
        if self.unsure.is_empty() {
            self.needs.clear();
        }
        self
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
        // Most rules are not about the set at all, and say so before anything is copied.
        if !self.when.iter().all(|pred| pred.touches(set)) {
            return Split::default();
        }
        let mut split = split_all(&self.when, set);
        for exception in &self.unless {
            if split.is_empty() {
                return Split::default();
            }
            if let (Some(sure), Some(unsure)) = (exception.outside(&split.sure), exception.outside(&split.unsure)) {
                (split.sure, split.unsure) = (sure, unsure);
                continue;
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
        split.tidied()
    }

    /// Whether it plainly matches some message of a set: one condition that does, and no exception. Copies nothing.
    pub fn plainly_matches(&self, set: &MessageSet) -> bool {
        self.unless.is_empty() && self.when.len() <= 1 && self.when.iter().all(|pred| pred.touches(set))
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
    let Some((first, rest)) = preds.split_first() else {
        return Split::sure(set.clone());
    };
    let mut split = first.split(set);
    for pred in rest {
        if split.is_empty() {
            break;
        }
        let mut met = pred.split(&split.sure);
        if !split.unsure.is_empty() {
            let from_unsure = pred.split(&split.unsure);
            if !from_unsure.is_empty() {
                met.needs.append(&mut split.needs);
            }
            met.unsure.absorb(from_unsure.sure);
            met.unsure.absorb(from_unsure.unsure);
            met.needs.extend(from_unsure.needs);
        }
        split = met;
    }
    split.tidied()
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
        if let Some(sure) = self.part(set, true) {
            return Split::sure(sure);
        }
        match self {
            Self::MailFromText(matchers, need) => {
                by_text(set, matchers, *need, |cube| &cube.mail_from, |cube| &mut cube.mail_from)
            }
            Self::FromText(matchers, need) => by_text(set, matchers, *need, |cube| &cube.from, |cube| &mut cube.from),
            Self::ToText(matchers, need) => by_text(set, matchers, *need, |cube| &cube.to, |cube| &mut cube.to),
            Self::Attachment(need) => {
                let mut attached = set.part();
                for cube in set
                    .cubes()
                    .iter()
                    .filter(|cube| cube.attachments & SOME_ATTACHMENT != 0)
                {
                    attached.add(Cube {
                        attachments: SOME_ATTACHMENT,
                        ..cube.clone()
                    });
                }
                Split::unsure(attached, *need)
            }
            Self::All(preds) => split_all(preds, set),
            Self::Any(preds) => split_any(preds, set),
            Self::Between { surely, possibly, need } => {
                let sure = surely.split(set).sure;
                let wide = possibly.split(set);
                let mut needs = wide.needs;
                needs.insert(*need);
                let mut unsure = wide.sure;
                unsure.absorb(wide.unsure);
                Split {
                    unsure: surely.outside(&unsure).unwrap_or_else(|| unsure.minus(&sure)),
                    sure,
                    needs,
                }
                .tidied()
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
            _ => Split::default(),
        }
    }

    /// Whether some message of a set may match. Copies nothing; true also means "not known".
    fn touches(&self, set: &MessageSet) -> bool {
        let some = |touched: &dyn Fn(&Cube) -> bool| set.cubes().iter().any(touched);
        match self {
            Self::Never => false,
            Self::Ip(ips) => some(&|cube| cube.ip.overlaps(ips)),
            Self::AuthIp(ips) => some(&|cube| cube.auth_ip.overlaps(ips)),
            Self::MailFrom(senders) => some(&|cube| cube.mail_from.overlaps(senders)),
            Self::From(senders) => some(&|cube| cube.from.overlaps(senders)),
            Self::To(recipients) => some(&|cube| cube.to.overlaps(recipients)),
            Self::Dkim(names) => some(&|cube| cube.dkim.may_have(names)),
            Self::Link(names) => some(&|cube| cube.links.may_have(names)),
            Self::Dmarc(bits) => some(&|cube| cube.dmarc & bits != 0),
            Self::Spf(bits) => some(&|cube| cube.spf & bits != 0),
            Self::CompAuth(bits) => some(&|cube| cube.compauth & bits != 0),
            Self::Header(name, _) => some(&|cube| cube.headers.may_have(name)),
            Self::Attached(bits) => some(&|cube| cube.attachments & bits != 0),
            Self::Attachment(_) => some(&|cube| cube.attachments & SOME_ATTACHMENT != 0),
            Self::All(preds) => preds.iter().all(|pred| pred.touches(set)),
            Self::Any(preds) => preds.iter().any(|pred| pred.touches(set)),
            Self::Between { surely, possibly, .. } => possibly.touches(set) || surely.touches(set),
            Self::Always
            | Self::MailFromText(..)
            | Self::FromText(..)
            | Self::ToText(..)
            | Self::Not(_)
            | Self::Unknown(_) => !set.is_empty(),
        }
    }

    /// The part of a set that surely does not match, if the rest surely does.
    fn outside(&self, set: &MessageSet) -> Option<MessageSet> {
        self.part(set, false)
    }

    /// The part of a set inside or outside a condition that one field decides; `None` for other conditions.
    ///
    /// Outside, a cube stays one cube, which [`MessageSet::minus`] cannot promise.
    fn part(&self, set: &MessageSet, inside: bool) -> Option<MessageSet> {
        macro_rules! set_of {
            ($field:ident, $wanted:expr) => {
                cut(set, |cube| {
                    if inside && !cube.$field.overlaps($wanted) {
                        return None;
                    }
                    let $field = if inside {
                        cube.$field.intersect($wanted)
                    } else {
                        cube.$field.minus($wanted)
                    };
                    (!$field.is_empty()).then(|| Cube {
                        $field,
                        ..cube.clone()
                    })
                })
            };
        }
        macro_rules! bits_of {
            ($field:ident, $wanted:expr) => {
                cut(set, |cube| {
                    let $field = cube.$field & if inside { *$wanted } else { !*$wanted };
                    ($field != 0).then(|| Cube {
                        $field,
                        ..cube.clone()
                    })
                })
            };
        }
        macro_rules! names_of {
            ($field:ident, $wanted:expr) => {
                cut(set, |cube| {
                    let $field = cube.$field.asked($wanted, inside)?;
                    Some(Cube {
                        $field,
                        ..cube.clone()
                    })
                })
            };
        }
        let part = match self {
            Self::Always if inside => set.clone(),
            Self::Never if !inside => set.clone(),
            Self::Always | Self::Never => set.part(),
            Self::Ip(ips) => set_of!(ip, ips),
            Self::AuthIp(ips) => set_of!(auth_ip, ips),
            Self::MailFrom(senders) => set_of!(mail_from, senders),
            Self::From(senders) => set_of!(from, senders),
            Self::To(recipients) => {
                let mut part = set.part();
                for cube in set.cubes() {
                    let to = if inside {
                        cube.to.intersect(recipients)
                    } else {
                        cube.to.minus(recipients)
                    };
                    part.push(Cube { to, ..cube.clone() });
                }
                part
            }
            Self::Dkim(names) => names_of!(dkim, names),
            Self::Link(names) => names_of!(links, names),
            Self::Dmarc(bits) => bits_of!(dmarc, bits),
            Self::Spf(bits) => bits_of!(spf, bits),
            Self::CompAuth(bits) => bits_of!(compauth, bits),
            Self::Attached(bits) => bits_of!(attachments, bits),
            Self::Header(name, values) => cut(set, |cube| {
                let headers = cube.headers.asked(name, values, inside)?;
                Some(Cube {
                    headers,
                    ..cube.clone()
                })
            }),
            Self::Not(pred) => return pred.part(set, !inside),
            // In all of them, or out of any of them, is one after the other.
            Self::All(preds) if inside => return in_turn(preds, set, inside),
            Self::Any(preds) if !inside => return in_turn(preds, set, inside),
            _ => return None,
        };
        Some(part)
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
            Self::Attached(bits) => match message.attachments {
                Some(some) => Truth::of(bits & (if some { SOME_ATTACHMENT } else { NO_ATTACHMENT }) != 0),
                None => Truth::Unknown(BTreeSet::new()),
            },
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

/// The set of what `change` leaves of each cube; it must not leave an empty one.
fn cut(set: &MessageSet, change: impl Fn(&Cube) -> Option<Cube>) -> MessageSet {
    let mut part = set.part();
    for cube in set.cubes().iter().filter_map(change) {
        part.add(cube);
    }
    part
}

/// What is inside, or outside, of one condition after the other, if single fields decide each.
fn in_turn(preds: &[Pred], set: &MessageSet, inside: bool) -> Option<MessageSet> {
    let (first, later) = preds.split_first()?;
    let part = first.part(set, inside);
    later.iter().fold(part, |part, pred| pred.part(&part?, inside))
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
    met.tidied()
}
