//! Messages: one concrete message, sets of messages, and the concerns a filter may have about them.
//!
//! A [`MessageSet`] is a finite union of products of sets ([`Cube`]s), one factor per field of a message.
//! Union, intersection and difference are closed; a set that is not empty has a witness.
//! Fields and their meaning are those of SMTP and of the products; no product's settings are known here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::allow::address::{Address, Sender};
use crate::allow::domain::Domain;
use crate::allow::header::HeaderName;

pub mod auth;
mod factor;
mod set;
pub(crate) mod union;

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod small;

pub use factor::{EVERY_MESSAGE_HAS, HeaderSet, Headers, Names};
pub use set::{Cube, MAX_CUBES, MessageSet, NO_ATTACHMENT, SOME_ATTACHMENT};

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
    /// The result of SPF.
    Spf,
    /// Results of DMARC and composite authentication.
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

    /// With one field less.
    #[must_use]
    pub const fn without(self, field: Field) -> Self {
        Self(self.0 & !(1 << (field as u8)))
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
