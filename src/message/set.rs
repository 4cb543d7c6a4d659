//! Products of sets of messages' fields, and finite unions of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use crate::allow::address::{AddressSet, Sender};
use crate::allow::header::Emptiness;
use crate::allow::ip::IpSet;

use super::{Headers, Message, Names, auth};

/// A product of sets: the messages each of whose fields lies in the set of that field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cube {
    /// Address of the connecting host.
    pub ip: IpSet,
    /// Address that authentication looks at; constrained only behind a gateway with skip listing.
    pub auth_ip: IpSet,
    /// Envelope sender.
    pub mail_from: AddressSet,
    /// Header sender.
    pub from: AddressSet,
    /// Domains with a valid DKIM signature.
    pub dkim: Names,
    /// DMARC results.
    pub dmarc: u8,
    /// SPF results.
    pub spf: u8,
    /// Composite results.
    pub compauth: u8,
    /// Headers.
    pub headers: Headers,
    /// Recipient.
    pub to: AddressSet,
    /// Hosts linked to.
    pub links: Names,
    /// Bit 0: no file attached; bit 1: some.
    pub attachments: u8,
}

/// Bit of [`Cube::attachments`]: no file attached.
pub const NO_ATTACHMENT: u8 = 1;
/// Bit of [`Cube::attachments`]: some file attached.
pub const SOME_ATTACHMENT: u8 = 2;

impl Cube {
    /// Every message.
    pub fn all() -> Self {
        Self {
            ip: IpSet::all(),
            auth_ip: IpSet::all(),
            mail_from: AddressSet::all(),
            from: AddressSet::all(),
            dkim: Names::all(),
            dmarc: auth::DMARC.all(),
            spf: auth::SPF.all(),
            compauth: auth::COMPAUTH.all(),
            headers: Headers::all(),
            to: AddressSet::all(),
            links: Names::all(),
            attachments: NO_ATTACHMENT | SOME_ATTACHMENT,
        }
    }

    /// Whether no message lies in it. Where a header's values cannot be decided, it counts as not empty.
    pub fn is_empty(&self) -> bool {
        self.ip.is_empty()
            || self.auth_ip.is_empty()
            || self.mail_from.is_empty()
            || self.from.is_empty()
            || is_nobody(&self.to)
            || self.dmarc == 0
            || self.spf == 0
            || self.compauth == 0
            || self.attachments == 0
            || self.dkim.is_empty()
            || self.links.is_empty()
            || self.headers.is_empty()
    }

    /// The one factor in which the two differ, if it is one that can be united; equal cubes differ in any.
    fn differs_in(&self, other: &Self) -> Option<Factor> {
        let bits = |cube: &Self| (cube.dmarc, cube.spf, cube.compauth, cube.attachments);
        if bits(self) != bits(other) || self.dkim != other.dkim || self.links != other.links {
            return None;
        }
        let apart = [
            (Factor::Ip, self.ip != other.ip),
            (Factor::AuthIp, self.auth_ip != other.auth_ip),
            (Factor::MailFrom, self.mail_from != other.mail_from),
            (Factor::From, self.from != other.from),
            (Factor::To, self.to != other.to),
        ];
        let mut apart = apart.into_iter().filter(|(_, apart)| *apart);
        let one = apart.next().map_or(Factor::Ip, |(factor, _)| factor);
        (apart.next().is_none() && self.headers == other.headers).then_some(one)
    }

    /// Whether some message lies in both. Cheap where the two differ in a field that is cheap to compare.
    ///
    /// Where a header's values cannot be decided, they count as shared.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.dmarc & other.dmarc != 0
            && self.spf & other.spf != 0
            && self.compauth & other.compauth != 0
            && self.attachments & other.attachments != 0
            && self.ip.overlaps(&other.ip)
            && self.auth_ip.overlaps(&other.auth_ip)
            && self.mail_from.overlaps(&other.mail_from)
            && self.from.overlaps(&other.from)
            && share_somebody(&self.to, &other.to)
            && self.dkim.overlaps(&other.dkim)
            && self.links.overlaps(&other.links)
            && self.headers.overlaps(&other.headers)
    }

    /// Messages in both, or none.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        if !self.overlaps(other) {
            return None;
        }
        Some(Self {
            ip: self.ip.intersect(&other.ip),
            auth_ip: self.auth_ip.intersect(&other.auth_ip),
            mail_from: self.mail_from.intersect(&other.mail_from),
            from: self.from.intersect(&other.from),
            dkim: self.dkim.intersect(&other.dkim),
            dmarc: self.dmarc & other.dmarc,
            spf: self.spf & other.spf,
            compauth: self.compauth & other.compauth,
            headers: self.headers.intersect(&other.headers),
            to: self.to.intersect(&other.to),
            links: self.links.intersect(&other.links),
            attachments: self.attachments & other.attachments,
        })
    }

    /// Disjoint cubes of the messages of `self` that are not in `other`.
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        // Nothing taken away leaves everything.
        if self.overlaps(other) && !other.is_empty() {
            self.cut(other)
        } else {
            vec![self.clone()]
        }
    }

    /// [`Cube::minus`] of a cube that overlaps this one.
    fn cut(&self, other: &Self) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut met = self.clone();
        // One field after the other: what lies outside `other` in this field, inside it in all former ones.
        macro_rules! outside {
            ($field:ident) => {
                let outside = met.$field.minus(&other.$field);
                if !outside.is_empty() {
                    pieces.push(Self {
                        $field: outside,
                        ..met.clone()
                    });
                }
                met.$field = met.$field.intersect(&other.$field);
            };
            (bits $field:ident) => {
                let outside = met.$field & !other.$field;
                if outside != 0 {
                    pieces.push(Self {
                        $field: outside,
                        ..met.clone()
                    });
                }
                met.$field &= other.$field;
            };
            (names $field:ident) => {
                if !other.$field.is_all() {
                    for piece in other.$field.complement() {
                        let outside = met.$field.intersect(&piece);
                        if !outside.is_empty() {
                            pieces.push(Self {
                                $field: outside,
                                ..met.clone()
                            });
                        }
                    }
                    met.$field = met.$field.intersect(&other.$field);
                }
            };
        }
        outside!(ip);
        outside!(auth_ip);
        outside!(mail_from);
        outside!(from);
        let outside = met.to.minus(&other.to);
        if !is_nobody(&outside) {
            pieces.push(Self {
                to: outside,
                ..met.clone()
            });
        }
        met.to = met.to.intersect(&other.to);
        outside!(bits dmarc);
        outside!(bits spf);
        outside!(bits compauth);
        outside!(bits attachments);
        outside!(names dkim);
        outside!(names links);
        for outside in met.headers.minus(&other.headers) {
            pieces.push(Self {
                headers: outside,
                ..met.clone()
            });
        }
        pieces
    }

    /// Whether a message lies in it. A field nobody knows lies in the set only if the set is unconstrained there.
    pub fn contains(&self, message: &Message) -> bool {
        self.ip.contains(message.ip)
            && self.auth_ip.contains(message.auth_ip)
            && self.mail_from.contains_sender(&message.mail_from)
            && self.from.contains_sender(&message.from)
            && self.to.contains(&message.to)
            && self.dkim.contains(&message.dkim)
            && message.dmarc & !self.dmarc == 0
            && message.spf & !self.spf == 0
            && message.compauth & !self.compauth == 0
            && self.headers.contains(&message.headers)
            && message
                .links
                .as_ref()
                .map_or(self.links.is_all(), |links| self.links.contains(links))
            && message.attachments.map_or(self.attachments == 3, |some| {
                self.attachments & (if some { SOME_ATTACHMENT } else { NO_ATTACHMENT }) != 0
            })
    }

    /// The smallest message, in a fixed order, if one can be shown.
    pub fn witness(&self) -> Option<Message> {
        if self.is_empty() {
            return None;
        }
        let mut headers = BTreeMap::new();
        for (name, set) in self.headers.named() {
            if set.absent {
                continue;
            }
            match set.values.emptiness() {
                Emptiness::Inhabited(value) => headers.insert(name.clone(), value),
                Emptiness::Empty | Emptiness::Unknown => return None,
            };
        }
        let mail_from = self.mail_from.smallest()?;
        let from = match &mail_from {
            // The header sender is most telling when it can be the envelope sender.
            Sender::Address(address) if self.from.contains(address) => mail_from.clone(),
            _ => self.from.smallest()?,
        };
        let Sender::Address(to) = self.to.smallest()? else {
            return None;
        };
        let ip = witness_ip(&self.ip)?;
        let auth_ip = if self.auth_ip.contains(ip) {
            ip
        } else {
            witness_ip(&self.auth_ip)?
        };
        let first = |set: u8| set & set.wrapping_neg();
        Some(Message {
            ip,
            auth_ip,
            mail_from,
            from,
            dkim: self.dkim.smallest()?,
            dmarc: if self.dmarc == auth::DMARC.all() {
                self.dmarc
            } else {
                first(self.dmarc)
            },
            spf: if self.spf == auth::SPF.all() {
                self.spf
            } else {
                first(self.spf)
            },
            compauth: if self.compauth == auth::COMPAUTH.all() {
                self.compauth
            } else {
                first(self.compauth)
            },
            headers,
            to,
            links: Some(self.links.smallest()?),
            attachments: Some(self.attachments & NO_ATTACHMENT == 0),
        })
    }
}

/// The same messages in fewer cubes: those that differ in one factor become one.
///
/// Taking a hundred lists away one by one would copy what is left a hundred times.
fn merged(cubes: &[Cube]) -> Cow<'_, [Cube]> {
    /// Comparing with more groups than this does not pay.
    const N_GROUPS: usize = 8;
    const FEW: usize = 2;
    if cubes.len() < FEW {
        return Cow::Borrowed(cubes);
    }
    let mut groups: Vec<(Option<Factor>, Vec<&Cube>)> = Vec::new();
    for cube in cubes {
        let fits = groups.iter_mut().rev().take(N_GROUPS).find_map(|(factor, group)| {
            let apart = group.first()?.differs_in(cube)?;
            (factor.is_none() || *factor == Some(apart)).then_some((factor, group, apart))
        });
        match fits {
            Some((factor, group, apart)) => {
                *factor = Some(apart);
                group.push(cube);
            }
            None => groups.push((None, vec![cube])),
        }
    }
    let united = groups.into_iter().filter_map(|(factor, group)| {
        let first = (*group.first()?).clone();
        let ips = |of: fn(&Cube) -> &IpSet| IpSet::union_all(group.iter().map(|cube| of(cube)));
        let senders = |of: fn(&Cube) -> &AddressSet| AddressSet::union_all(group.iter().map(|cube| of(cube)));
        Some(match factor {
            None => first,
            Some(Factor::Ip) => Cube {
                ip: ips(|cube| &cube.ip),
                ..first
            },
            Some(Factor::AuthIp) => Cube {
                auth_ip: ips(|cube| &cube.auth_ip),
                ..first
            },
            Some(Factor::MailFrom) => Cube {
                mail_from: senders(|cube| &cube.mail_from),
                ..first
            },
            Some(Factor::From) => Cube {
                from: senders(|cube| &cube.from),
                ..first
            },
            Some(Factor::To) => Cube {
                to: senders(|cube| &cube.to),
                ..first
            },
        })
    });
    Cow::Owned(united.collect())
}

/// A factor in which long lists differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    Ip,
    AuthIp,
    MailFrom,
    From,
    To,
}

/// Whether a set of recipients holds no address. Nobody writes to the null sender.
fn is_nobody(to: &AddressSet) -> bool {
    static NULL: LazyLock<AddressSet> = LazyLock::new(AddressSet::null_sender);
    if to.contains_null() {
        NULL.covers(to)
    } else {
        to.is_empty()
    }
}

/// Whether a recipient is in both sets.
fn share_somebody(one: &AddressSet, two: &AddressSet) -> bool {
    if one.contains_null() && two.contains_null() {
        !is_nobody(&one.intersect(two))
    } else {
        one.overlaps(two)
    }
}

/// The address a witness uses: one reserved for documentation if the set is wide and has one, else the smallest.
fn witness_ip(set: &IpSet) -> Option<IpAddr> {
    let plausible = [
        Ipv4Addr::new(203, 0, 113, 66),
        Ipv4Addr::new(198, 51, 100, 66),
        Ipv4Addr::new(192, 0, 2, 66),
    ];
    let shown = plausible.into_iter().map(IpAddr::V4).find(|&ip| set.contains(ip));
    // A set as wide as half of all addresses says "anyone", and an address for documentation says that best.
    let anyone = set.count() > 1 << 30;
    if anyone && shown.is_some() {
        shown
    } else {
        set.smallest()
    }
}

/// A finite union of products of sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageSet {
    cubes: Vec<Cube>,
    overflowed: bool,
}

/// More cubes than this in one set, and the rest counts as undecided.
pub const MAX_CUBES: usize = 4096;

impl MessageSet {
    /// No message.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every message.
    pub fn all() -> Self {
        Self::from(Cube::all())
    }

    /// The cubes.
    pub fn cubes(&self) -> &[Cube] {
        &self.cubes
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.cubes.is_empty()
    }

    /// Whether the set grew past [`MAX_CUBES`] and is only part of the truth.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Adds a cube, unless it is empty.
    pub fn push(&mut self, cube: Cube) {
        if !cube.is_empty() {
            self.add(cube);
        }
    }

    /// Adds a cube that is known not to be empty.
    pub(crate) fn add(&mut self, cube: Cube) {
        if self.cubes.len() >= MAX_CUBES {
            self.overflowed = true;
        } else {
            self.cubes.push(cube);
        }
    }

    /// No message, and whether that is the whole truth of a part of `self`.
    pub(crate) fn part(&self) -> Self {
        Self {
            cubes: Vec::new(),
            overflowed: self.overflowed,
        }
    }

    /// Whether some message lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.cubes
            .iter()
            .any(|mine| other.cubes.iter().any(|theirs| mine.overlaps(theirs)))
    }

    /// The same messages in fewer cubes, where some differ in one factor only.
    pub(crate) fn merged(self) -> Self {
        match merged(&self.cubes) {
            Cow::Borrowed(_) => self,
            Cow::Owned(cubes) => Self { cubes, ..self },
        }
    }

    /// Messages in either.
    pub fn absorb(&mut self, other: Self) {
        self.overflowed |= other.overflowed;
        if self.cubes.is_empty() {
            self.cubes = other.cubes;
            return;
        }
        for cube in other.cubes {
            if self.cubes.len() >= MAX_CUBES {
                self.overflowed = true;
                return;
            }
            if !self.cubes.contains(&cube) {
                self.cubes.push(cube);
            }
        }
    }

    /// Messages in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.absorb(other.clone());
        union
    }

    /// Messages in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut both = Self {
            cubes: Vec::new(),
            overflowed: self.overflowed || other.overflowed,
        };
        for mine in &self.cubes {
            for theirs in &other.cubes {
                if let Some(cube) = mine.intersect(theirs) {
                    both.add(cube);
                }
            }
        }
        both
    }

    /// Messages in `self` and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.overflowed |= other.overflowed;
        for cube in merged(&other.cubes).iter() {
            // Most cubes of a long list touch nothing: then nothing is taken apart.
            if !rest.cubes.iter().any(|mine| mine.overlaps(cube)) {
                continue;
            }
            let before = std::mem::take(&mut rest.cubes);
            for mine in before {
                if rest.cubes.len() >= MAX_CUBES {
                    rest.overflowed = true;
                    break;
                }
                if mine.overlaps(cube) {
                    rest.cubes.extend(mine.cut(cube));
                } else {
                    rest.cubes.push(mine);
                }
            }
        }
        rest
    }

    /// Whether every message of `other` is in `self`.
    pub fn covers(&self, other: &Self) -> bool {
        !self.overflowed && !other.overflowed && other.minus(self).is_empty()
    }

    /// Whether a message lies in the set.
    pub fn contains(&self, message: &Message) -> bool {
        self.cubes.iter().any(|cube| cube.contains(message))
    }

    /// The first message that can be shown, cube by cube.
    pub fn witness(&self) -> Option<Message> {
        self.cubes.iter().find_map(Cube::witness)
    }

    /// The messages of the set after `change` of each product.
    #[must_use]
    pub fn map(&self, change: impl FnMut(&Cube) -> Option<Cube>) -> Self {
        let mut mapped = self.part();
        for cube in self.cubes.iter().filter_map(change) {
            mapped.push(cube);
        }
        mapped
    }
}

impl From<Cube> for MessageSet {
    fn from(cube: Cube) -> Self {
        let mut set = Self::empty();
        set.push(cube);
        set
    }
}

impl FromIterator<Cube> for MessageSet {
    fn from_iter<I: IntoIterator<Item = Cube>>(cubes: I) -> Self {
        let mut set = Self::empty();
        for cube in cubes {
            set.push(cube);
        }
        set
    }
}
