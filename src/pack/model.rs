//! What a pack says about a vendor's mail.
//!
//! Facts only, each with the place where it is written; what a platform's settings make of them is not known here.

use jiff::civil::Date;

use super::words::{
    Clears, Delivery, Grade, GrantKind, LogColumn, LogStatus, ParameterType, Pick, Sharing, SmtpWhenApi, Status,
    StreamKind, Strength, Window,
};
use crate::allow::ip::IpSet;
use crate::message::Identity;
use crate::source::{SourceId, Span, Spanned};
use crate::spelling::{DomainSpec, HeaderTest, Match, Position, SenderSpec};

use crate::allow::header::Matcher;

/// One vendor.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The id, which tenant files name.
    pub id: Spanned<String>,
    /// The vendor's name.
    pub name: Spanned<String>,
    /// Other ids the pack answers to.
    pub aliases: Vec<Spanned<String>>,
    /// When its values were last compared with the sources.
    pub checked: Option<Spanned<Date>>,
    /// The pack whose facts these come on top of.
    pub extends: Option<Spanned<String>>,
    /// Where the pack itself is written.
    pub source: SourceId,
    /// Where its facts are from.
    pub sources: Vec<PackSource>,
    /// The kinds of mail.
    pub streams: Vec<Stream>,
    /// What that mail looks like.
    pub values: Vec<Value>,
    /// Values only the customer can see.
    pub parameters: Vec<Parameter>,
    /// The vendor's instructions.
    pub advice: Vec<Advice>,
    /// Rules the vendor asks for beside the allows.
    pub companions: Vec<Companion>,
    /// Rights that show API delivery.
    pub grants: Vec<Grant>,
    /// Send logs the vendor exports.
    pub logs: Vec<SendLog>,
    /// A remark.
    pub note: Option<Spanned<String>>,
}

impl Value {
    /// Whether the SPF records that a pack names have to list a value: not where others send from there too, whose
    /// records say so, and not where it belongs to a setting of the tenant that no record belongs to, such as another
    /// product of the vendor.
    pub fn is_listed_by<'v>(&self, mut records: impl Iterator<Item = &'v Self>) -> bool {
        let conditions =
            |value: &Self| -> Vec<When> { value.scope.when.iter().map(|when| when.value.clone()).collect() };
        let own = conditions(self);
        self.sharing.value != Sharing::Shared && (own.is_empty() || records.any(|record| conditions(record) == own))
    }
}

impl Pack {
    /// Whether the pack answers to an id.
    pub fn answers_to(&self, id: &str) -> bool {
        self.id.value == id || self.aliases.iter().any(|alias| alias.value == id)
    }

    /// A stream.
    pub fn stream(&self, kind: StreamKind) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.id.value == kind)
    }

    /// The source with an id.
    pub fn source_of(&self, id: &str) -> Option<&PackSource> {
        self.sources.iter().find(|source| source.id.value == id)
    }

    /// The best grade among the sources of a fact; what has none is inferred.
    pub fn grade(&self, sources: &[Spanned<String>]) -> Grade {
        let grades = sources
            .iter()
            .filter_map(|source| self.source_of(&source.value))
            .map(|source| source.grade.value);
        grades.min().unwrap_or(Grade::Inferred)
    }

    /// Values that are kept in side files and were not read yet.
    pub fn side_files(&self) -> Vec<Spanned<String>> {
        let unread = self.values.iter().filter(|value| value.parsed == Parsed::SideFile);
        unread.filter_map(|value| value.file.clone()).collect()
    }
}

/// Where facts are from.
#[derive(Debug, Clone)]
pub struct PackSource {
    /// The id by which facts cite it.
    pub id: Spanned<String>,
    /// The page or file.
    pub url: Spanned<String>,
    /// The date of the text, or when it was read.
    pub seen: Spanned<Date>,
    /// How far it is to be trusted.
    pub grade: Spanned<Grade>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

/// One kind of mail of the vendor.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Which.
    pub id: Spanned<StreamKind>,
    /// In a few words.
    pub summary: Spanned<String>,
    /// The ways it is delivered; the first is the default.
    pub deliveries: Vec<Spanned<Delivery>>,
    /// Whether SMTP allowlists matter under API delivery.
    pub smtp_when_api: Spanned<SmtpWhenApi>,
    /// What it must be spared.
    pub clears: Spanned<Clears>,
    /// Where that is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

impl Stream {
    /// How it is delivered where a tenant says nothing.
    pub fn default_delivery(&self) -> Delivery {
        self.deliveries
            .first()
            .map_or(Delivery::Smtp, |delivery| delivery.value)
    }
}

/// A value that the vendor's mail shows.
#[derive(Debug, Clone)]
pub struct Value {
    /// The stream.
    pub stream: Spanned<StreamKind>,
    /// What of a message it is compared with.
    pub identity: Spanned<Identity>,
    /// As written; the name of the header where presence is all that counts.
    pub value: Spanned<String>,
    /// As understood.
    pub parsed: Parsed,
    /// Selectors of a signing domain.
    pub selectors: Vec<Spanned<String>>,
    /// Whether it is in use.
    pub status: Spanned<Status>,
    /// First day.
    pub since: Option<Spanned<Date>>,
    /// Last day.
    pub until: Option<Spanned<Date>>,
    /// Who else sends from there.
    pub sharing: Spanned<Sharing>,
    /// Who it applies to.
    pub scope: Scope,
    /// How many of these a customer needs.
    pub pick: Option<Spanned<Pick>>,
    /// The most entries the vendor wants chosen.
    pub max_items: Option<Spanned<u32>>,
    /// When an entry should be there.
    pub window: Option<Spanned<Window>>,
    /// The side file it was read from, or is to be read from.
    pub file: Option<Spanned<String>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// The best grade among those.
    pub grade: Grade,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row, or the line of the side file.
    pub span: Span,
}

/// To which customers a value applies; to all where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Regions.
    pub regions: Vec<Spanned<String>>,
    /// Cohorts: groups of customers that are no regions.
    pub cohorts: Vec<Spanned<String>>,
    /// Values of one group belong together.
    pub group: Option<Spanned<String>>,
    /// All of these must hold.
    pub when: Vec<Spanned<When>>,
}

/// A condition on the tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// A gateway stands in front.
    Gateway,
    /// None does.
    NoGateway,
    /// The stream is delivered this way.
    Delivery(Delivery),
    /// The flag of this parameter is set, or it has an answer.
    Param(String),
}

/// A value as understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// `connecting-ip`.
    Networks(IpSet),
    /// `mail-from`, `header-from`, `sender-domain`.
    Sender(SenderSpec),
    /// `dkim`, `link`, `ptr`, `helo`, `message-id`, `spf`.
    Domain(DomainSpec),
    /// `header`.
    Header(HeaderTest),
    /// `subject`.
    Subject(Matcher),
    /// A parameter without identity: plain text.
    Text,
    /// The side file was not read.
    SideFile,
}

/// A value only the customer can see.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The id, a key under `values` in tenant files.
    pub id: Spanned<String>,
    /// The stream it belongs to.
    pub stream: Spanned<StreamKind>,
    /// What of a message it is compared with; none for flags.
    pub identity: Option<Spanned<Identity>>,
    /// What it takes.
    pub kind: Spanned<ParameterType>,
    /// The header, where the identity is one.
    pub header: Option<Spanned<String>>,
    /// How a text is compared.
    pub matching: Match,
    /// Which of several headers.
    pub at: Option<Position>,
    /// Whether nothing can be checked without it.
    pub required: bool,
    /// Whether it must not appear in reports.
    pub secret: bool,
    /// The most characters it has.
    pub max_len: Option<Spanned<u32>>,
    /// The most entries it has.
    pub max_items: Option<Spanned<u32>>,
    /// What holds where the tenant says nothing.
    pub default: Option<Given>,
    /// Where the customer finds it.
    pub place: Option<Spanned<String>>,
    /// Who it applies to.
    pub scope: Scope,
    /// How many of its entries a customer needs.
    pub pick: Option<Spanned<Pick>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

/// What was given for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A flag.
    Flag(Spanned<bool>),
    /// One text or several.
    Texts(Vec<Spanned<String>>),
}

/// An instruction of the vendor for a platform.
#[derive(Debug, Clone)]
pub struct Advice {
    /// The id.
    pub id: Spanned<String>,
    /// The stream it serves.
    pub stream: Spanned<StreamKind>,
    /// The platform.
    pub platform: Spanned<String>,
    /// The control, in the platform's vocabulary.
    pub control: Spanned<String>,
    /// All of these must hold for it to apply.
    pub when: Vec<Spanned<When>>,
    /// How much the vendor insists.
    pub strength: Spanned<Strength>,
    /// Which values go in; a mere switch has none.
    pub needs: Option<Needs>,
    /// Advice that excludes this.
    pub conflicts: Vec<Spanned<String>>,
    /// Ways to set it up, in the platform's vocabulary.
    pub options: Vec<Spanned<String>>,
    /// How a value is written there, with `{value}` in its place.
    pub spelling: Option<Spanned<String>>,
    /// The most entries the vendor wants there.
    pub max_items: Option<Spanned<u32>>,
    /// When an entry should be there.
    pub window: Option<Spanned<Window>>,
    /// Why, or why not.
    pub reason: Option<Spanned<String>>,
    /// The source that warns of it.
    pub warned_by: Vec<Spanned<String>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

/// Which values an instruction is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// The values of an identity.
    Identity(Spanned<Identity>),
    /// The answer to a parameter: `param:<id>`.
    Param(Spanned<String>),
    /// The values of a group: `group:<name>`.
    Group(Spanned<String>),
    /// Each of these.
    All(Vec<Needs>),
    /// At least one of these.
    Any(Vec<Needs>),
    /// Exactly one of these.
    One(Vec<Needs>),
    /// Every combination of these.
    Pairs(Vec<Needs>),
}

impl Needs {
    /// The leaves, in order.
    pub fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) | Self::Any(parts) | Self::One(parts) | Self::Pairs(parts) => {
                parts.iter().flat_map(Self::leaves).collect()
            }
            leaf => vec![leaf],
        }
    }
}

/// A rule the vendor asks for beside the allows.
#[derive(Debug, Clone)]
pub struct Companion {
    /// The id.
    pub id: Spanned<String>,
    /// The stream it serves.
    pub stream: Spanned<StreamKind>,
    /// The platform.
    pub platform: Spanned<String>,
    /// The control, in the platform's vocabulary.
    pub control: Spanned<String>,
    /// What it does.
    pub summary: Spanned<String>,
    /// The header it looks at, if it does.
    pub header: Option<Spanned<HeaderTest>>,
    /// All of these must hold for it to apply.
    pub when: Vec<Spanned<When>>,
    /// How much the vendor insists.
    pub strength: Spanned<Strength>,
    /// Ways to set it up, in the platform's vocabulary.
    pub options: Vec<Spanned<String>>,
    /// Why.
    pub reason: Option<Spanned<String>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

/// A right that shows API delivery.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The delivery it shows.
    pub delivery: Spanned<Delivery>,
    /// The platform on which it is granted.
    pub platform: Spanned<String>,
    /// How.
    pub kind: Spanned<GrantKind>,
    /// Application or client id.
    pub id: Option<Spanned<String>>,
    /// The name it is shown by.
    pub name: Option<Spanned<String>>,
    /// Its scopes or permissions.
    pub scopes: Vec<Spanned<String>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}

/// A send log as the vendor exports it.
#[derive(Debug, Clone)]
pub struct SendLog {
    /// The id.
    pub id: Spanned<String>,
    /// The streams it lists; all if none is named.
    pub streams: Vec<Spanned<StreamKind>>,
    /// Where the customer gets it.
    pub place: Option<Spanned<String>>,
    /// Columns: what each holds and its heading.
    pub columns: Vec<(LogColumn, Spanned<String>)>,
    /// Statuses: what each means and the vendor's word.
    pub statuses: Vec<(LogStatus, Spanned<String>)>,
    /// Ways of delivery and the vendor's word for each.
    pub deliveries: Vec<(Delivery, Spanned<String>)>,
    /// Hours to add to its times to get UTC.
    pub zone: Option<Spanned<String>>,
    /// Where it is from.
    pub sources: Vec<Spanned<String>>,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}
