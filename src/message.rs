//! Messages: one concrete message, sets of messages, and the concerns a filter may have about them.
//!
//! A [`MessageSet`] is a finite union of products of sets ([`Cube`]s), one factor per field of a message.
//! Union, intersection and difference are closed; a set that is not empty has a witness.
//! Fields and their meaning are those of SMTP and of the products; no product's settings are known here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use crate::allow::address::{Address, AddressSet, Sender};
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{Emptiness, HeaderName, TextSet};
use crate::allow::ip::IpSet;

/// What a filter may hold against a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Concern {
    /// What the product knows about the connecting IP.
    IpReputation,
    /// Temporary refusal of unknown senders.
    Greylisting,
    /// Too many messages.
    Rate,
    /// SPF, DKIM and their combination.
    Authentication,
    /// What the DMARC policy of the header sender's domain asks for.
    DmarcAction,
    /// A header sender that the connecting host may not use.
    Spoof,
    /// A header sender that looks like a protected person or domain.
    Impersonation,
    /// Mail in bulk.
    Bulk,
    /// Spam.
    Spam,
    /// Spam, surely.
    HighConfidenceSpam,
    /// Phishing.
    Phish,
    /// Phishing, surely.
    HighConfidencePhish,
    /// Malware.
    Malware,
    /// A file type that is not let in.
    AttachmentType,
    /// Attachments opened in a sandbox.
    AttachmentDetonation,
    /// Links followed before delivery.
    LinkScan,
    /// Links checked when clicked.
    LinkClick,
    /// Links wrapped.
    LinkRewriting,
    /// Subject or body changed.
    Alteration,
    /// Refused, deleted, held or sent elsewhere by a rule.
    Routing,
}

impl Concern {
    /// All concerns, in the order of reports.
    pub const ALL: [Self; 20] = [
        Self::IpReputation,
        Self::Greylisting,
        Self::Rate,
        Self::Authentication,
        Self::DmarcAction,
        Self::Spoof,
        Self::Impersonation,
        Self::Bulk,
        Self::Spam,
        Self::HighConfidenceSpam,
        Self::Phish,
        Self::HighConfidencePhish,
        Self::Malware,
        Self::AttachmentType,
        Self::AttachmentDetonation,
        Self::LinkScan,
        Self::LinkClick,
        Self::LinkRewriting,
        Self::Alteration,
        Self::Routing,
    ];

    /// The id used in reports and in `clears-<concern>` expectations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IpReputation => "ip-reputation",
            Self::Greylisting => "greylisting",
            Self::Rate => "rate",
            Self::Authentication => "authentication",
            Self::DmarcAction => "dmarc-action",
            Self::Spoof => "spoof",
            Self::Impersonation => "impersonation",
            Self::Bulk => "bulk",
            Self::Spam => "spam",
            Self::HighConfidenceSpam => "high-confidence-spam",
            Self::Phish => "phish",
            Self::HighConfidencePhish => "high-confidence-phish",
            Self::Malware => "malware",
            Self::AttachmentType => "attachment-type",
            Self::AttachmentDetonation => "attachment-detonation",
            Self::LinkScan => "link-scan",
            Self::LinkClick => "link-click",
            Self::LinkRewriting => "link-rewriting",
            Self::Alteration => "alteration",
            Self::Routing => "routing",
        }
    }

    /// Reads the id of [`Concern::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|concern| concern.as_str() == word)
    }
}

/// A set of concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Concerns(u32);

impl Concerns {
    /// No concern.
    pub const NONE: Self = Self(0);

    /// These concerns.
    pub const fn of(concerns: &[Concern]) -> Self {
        let mut bits = 0;
        let mut rest = concerns;
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first as u8);
            rest = tail;
        }
        Self(bits)
    }

    /// Whether `concern` is among them.
    pub const fn has(self, concern: Concern) -> bool {
        self.0 & (1 << (concern as u8)) != 0
    }

    /// Those of either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of this set that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether both sets share a concern.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The concerns, in the order of reports.
    pub fn iter(self) -> impl Iterator<Item = Concern> {
        Concern::ALL.into_iter().filter(move |&concern| self.has(concern))
    }
}

/// The fields of a message. Used to say which of them a sender leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Field {
    /// Address of the host that connected to the stage that asks.
    Ip,
    /// Address that authentication looks at, where it differs.
    AuthIp,
    /// Envelope sender.
    MailFrom,
    /// Header sender.
    From,
    /// Domains with a valid DKIM signature.
    Dkim,
    /// Results of SPF, DMARC and composite authentication.
    Auth,
    /// Named headers.
    Headers,
    /// The recipient.
    To,
    /// Hosts linked to.
    Links,
    /// Whether files are attached.
    Attachments,
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Fields(u16);

impl Fields {
    /// These fields.
    pub const fn of(fields: &[Field]) -> Self {
        let mut bits = 0;
        let mut rest = fields;
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first as u8);
            rest = tail;
        }
        Self(bits)
    }

    /// Whether `field` is among them.
    pub const fn has(self, field: Field) -> bool {
        self.0 & (1 << (field as u8)) != 0
    }

    /// With one more field.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | (1 << (field as u8)))
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What of a message a value can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Address of the connecting host.
    ConnectingIp,
    /// Envelope sender.
    MailFrom,
    /// Header sender.
    HeaderFrom,
    /// One of the two senders; the source does not say which.
    SenderDomain,
    /// Domain of a valid DKIM signature.
    Dkim,
    /// A named header.
    Header,
    /// A host that the message links to.
    Link,
    /// Reverse name of the connecting host.
    Ptr,
    /// Name the connecting host gives itself.
    Helo,
    /// Domain of the message id.
    MessageId,
    /// Subject.
    Subject,
    /// An SPF record that lists the connecting hosts.
    Spf,
    /// Recipient.
    To,
}

impl Identity {
    /// All that a pack may name.
    pub const IN_PACKS: [Self; 12] = [
        Self::ConnectingIp,
        Self::MailFrom,
        Self::HeaderFrom,
        Self::SenderDomain,
        Self::Dkim,
        Self::Header,
        Self::Link,
        Self::Ptr,
        Self::Helo,
        Self::MessageId,
        Self::Subject,
        Self::Spf,
    ];

    /// The word used in packs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectingIp => "connecting-ip",
            Self::MailFrom => "mail-from",
            Self::HeaderFrom => "header-from",
            Self::SenderDomain => "sender-domain",
            Self::Dkim => "dkim",
            Self::Header => "header",
            Self::Link => "link",
            Self::Ptr => "ptr",
            Self::Helo => "helo",
            Self::MessageId => "message-id",
            Self::Subject => "subject",
            Self::Spf => "spf",
            Self::To => "to",
        }
    }

    /// Reads the word of [`Identity::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::IN_PACKS.into_iter().find(|identity| identity.as_str() == word)
    }
}

/// Results of authentication, as one bit each, so that sets of results are numbers.
///
/// The words are those of `Authentication-Results` in Exchange Online
/// (<https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo>).
pub mod auth {
    /// Words of one result, in bit order.
    #[derive(Debug, Clone, Copy)]
    pub struct Words {
        /// The method, as written before the equals sign.
        pub method: &'static str,
        /// The results.
        pub results: &'static [&'static str],
    }

    /// DMARC.
    pub const DMARC: Words = Words {
        method: "dmarc",
        results: &["pass", "bestguesspass", "none", "fail", "permerror", "temperror"],
    };
    /// SPF.
    pub const SPF: Words = Words {
        method: "spf",
        results: &["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"],
    };
    /// Composite authentication.
    pub const COMPAUTH: Words = Words {
        method: "compauth",
        results: &["pass", "softpass", "fail", "none"],
    };

    impl Words {
        /// The bit of a result.
        pub fn bit(self, result: &str) -> Option<u8> {
            self.results
                .iter()
                .position(|word| word.eq_ignore_ascii_case(result))
                .map(|at| 1 << at)
        }

        /// All results.
        pub const fn all(self) -> u8 {
            ((1_u16 << self.results.len()) - 1) as u8
        }

        /// The first result of a set.
        pub fn first(self, set: u8) -> Option<&'static str> {
            self.results
                .iter()
                .enumerate()
                .find(|&(at, _)| set & (1 << at) != 0)
                .map(|(_, word)| *word)
        }
    }
}

/// One message to one recipient. `None` in a field means that nobody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Address of the connecting host.
    pub ip: IpAddr,
    /// Address that authentication looks at.
    pub auth_ip: IpAddr,
    /// Envelope sender.
    pub mail_from: Sender,
    /// Header sender.
    pub from: Sender,
    /// Domains with a valid DKIM signature.
    pub dkim: BTreeSet<Domain>,
    /// DMARC results that are possible: one bit if known.
    pub dmarc: u8,
    /// SPF results that are possible.
    pub spf: u8,
    /// Composite results that are possible.
    pub compauth: u8,
    /// Headers; a name that is not here is absent.
    pub headers: BTreeMap<HeaderName, String>,
    /// Recipient.
    pub to: Address,
    /// Hosts linked to, if known.
    pub links: Option<BTreeSet<Domain>>,
    /// Whether files are attached, if known.
    pub attachments: Option<bool>,
}

/// Sets of finite sets of names: "some in each of these, none in that".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    some: Vec<DomainSet>,
    none: DomainSet,
}

impl Names {
    /// Any names.
    pub fn all() -> Self {
        Self {
            some: Vec::new(),
            none: DomainSet::empty(),
        }
    }

    /// No name at all.
    pub fn no_name() -> Self {
        Self {
            some: Vec::new(),
            none: DomainSet::all(),
        }
    }

    /// At least one name in `set`.
    pub fn some_in(set: DomainSet) -> Self {
        Self {
            some: vec![set],
            none: DomainSet::empty(),
        }
    }

    /// At least one name, and every name in `set`.
    pub fn only_in(set: DomainSet) -> Self {
        Self {
            none: set.complement(),
            some: vec![set],
        }
    }

    /// No name in `set`.
    pub fn none_in(set: DomainSet) -> Self {
        Self {
            some: Vec::new(),
            none: set,
        }
    }

    /// Whether nothing is said about the names.
    pub fn is_all(&self) -> bool {
        self.some.is_empty() && self.none.is_empty()
    }

    fn intersect(&self, other: &Self) -> Self {
        let mut some = self.some.clone();
        some.extend(other.some.iter().filter(|set| !self.some.contains(set)).cloned());
        Self {
            some,
            none: self.none.union(&other.none),
        }
    }

    fn is_empty(&self) -> bool {
        self.some.iter().any(|set| self.none.covers(set))
    }

    /// Disjoint pieces whose union is everything that is not in `self`.
    fn complement(&self) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut met = Self::all();
        if !self.none.is_empty() {
            pieces.push(met.intersect(&Self::some_in(self.none.clone())));
            met = met.intersect(&Self::none_in(self.none.clone()));
        }
        for set in &self.some {
            pieces.push(met.intersect(&Self::none_in(set.clone())));
            met = met.intersect(&Self::some_in(set.clone()));
        }
        pieces
    }

    fn contains(&self, names: &BTreeSet<Domain>) -> bool {
        self.some.iter().all(|set| names.iter().any(|name| set.contains(name)))
            && !names.iter().any(|name| self.none.contains(name))
    }

    fn smallest(&self) -> Option<BTreeSet<Domain>> {
        self.some.iter().map(|set| set.minus(&self.none).smallest()).collect()
    }
}

/// What is known of one header: it may be absent, or have one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSet {
    /// Whether the header may be absent.
    pub absent: bool,
    /// Values it may have.
    pub values: TextSet,
}

impl HeaderSet {
    /// Nothing is known.
    pub fn any() -> Self {
        Self {
            absent: true,
            values: TextSet::all(),
        }
    }

    fn absent() -> Self {
        Self {
            absent: true,
            values: TextSet::empty(),
        }
    }

    fn intersect(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            values: self.values.intersect(&other.values),
        }
    }

    fn minus(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && !other.absent,
            values: self.values.minus(&other.values),
        }
    }

    fn is_empty(&self) -> bool {
        !self.absent && matches!(self.values.emptiness(), Emptiness::Empty)
    }
}

/// Named headers; names that are not listed are all absent, or all free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    free: bool,
    named: BTreeMap<HeaderName, HeaderSet>,
}

impl Headers {
    /// Any headers.
    pub fn all() -> Self {
        Self {
            free: true,
            named: BTreeMap::new(),
        }
    }

    /// No header beyond those that are set later.
    pub fn none() -> Self {
        Self {
            free: false,
            named: BTreeMap::new(),
        }
    }

    /// With one header constrained.
    #[must_use]
    pub fn with(mut self, name: HeaderName, set: HeaderSet) -> Self {
        self.named.insert(name, set);
        self
    }

    /// What is known of a header.
    pub fn get(&self, name: &HeaderName) -> HeaderSet {
        match self.named.get(name) {
            Some(set) => set.clone(),
            None if self.free => HeaderSet::any(),
            None => HeaderSet::absent(),
        }
    }

    /// The constrained headers.
    pub fn named(&self) -> impl Iterator<Item = (&HeaderName, &HeaderSet)> {
        self.named.iter()
    }

    fn intersect(&self, other: &Self) -> Self {
        let names: BTreeSet<&HeaderName> = self.named.keys().chain(other.named.keys()).collect();
        let named = names
            .into_iter()
            .map(|name| (name.clone(), self.get(name).intersect(&other.get(name))))
            .collect();
        Self {
            free: self.free && other.free,
            named,
        }
    }

    fn is_empty(&self) -> bool {
        self.named.values().any(HeaderSet::is_empty)
    }

    /// Disjoint pieces of `self` outside `other`.
    fn minus(&self, other: &Self) -> Vec<Self> {
        if self.free && !other.free {
            // NOTE: "some header nobody named" has no form here; keeping all of `self` errs toward "left".
            return vec![self.clone()];
        }
        let mut pieces = Vec::new();
        let mut met = self.clone();
        for name in other.named.keys() {
            let (mine, theirs) = (met.get(name), other.get(name));
            let outside = mine.minus(&theirs);
            if !outside.is_empty() {
                pieces.push(met.clone().with(name.clone(), outside));
            }
            met = met.with(name.clone(), mine.intersect(&theirs));
        }
        pieces
    }

    fn contains(&self, headers: &BTreeMap<HeaderName, String>) -> bool {
        let named = self.named.iter().all(|(name, set)| match headers.get(name) {
            Some(value) => set.values.contains(value),
            None => set.absent,
        });
        named && (self.free || headers.keys().all(|name| self.named.contains_key(name)))
    }
}

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
            || self.to.is_empty()
            || self.dmarc == 0
            || self.spf == 0
            || self.compauth == 0
            || self.attachments == 0
            || self.dkim.is_empty()
            || self.links.is_empty()
            || self.headers.is_empty()
    }

    /// Messages in both, or none.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let cube = Self {
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
        };
        (!cube.is_empty()).then_some(cube)
    }

    /// Disjoint cubes of the messages of `self` that are not in `other`.
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        if self.intersect(other).is_none() {
            return vec![self.clone()];
        }
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
        outside!(to);
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
        for (name, set) in &self.headers.named {
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

/// The address a witness uses: one reserved for documentation if the set has one, else the smallest that a host could have.
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
        if self.cubes.len() >= MAX_CUBES {
            self.overflowed = true;
        } else if !cube.is_empty() {
            self.cubes.push(cube);
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
                    both.push(cube);
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
        for cube in &other.cubes {
            if rest.cubes.is_empty() {
                break;
            }
            let before = std::mem::take(&mut rest.cubes);
            for mine in before {
                if rest.cubes.len() >= MAX_CUBES {
                    rest.overflowed = true;
                    break;
                }
                rest.cubes.extend(mine.minus(cube));
            }
        }
        rest
    }

    /// Whether every message of `other` is in `self`.
    pub fn covers(&self, other: &Self) -> bool {
        !self.overflowed && other.minus(self).is_empty()
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
        let mut mapped = Self {
            cubes: Vec::new(),
            overflowed: self.overflowed,
        };
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
