//! What a platform is: a static table row that can recognise exports, read them and build its part of the mail path.
//!
//! A platform's own types never leave its module; what it hands on is a [`Reading`].
//! The table of all platforms is `platforms`.

pub mod change;
pub mod mend;
pub mod quote;

use jiff::civil::Date;

use self::change::{Applied, Change, Writer};
use self::mend::{MendInput, Mending};
use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::document::Document;
use crate::path::MailPath;
use crate::problem::Problem;
use crate::source::{SourceId, Span, Spanned};

/// One platform.
pub struct Platform {
    /// The id of contract section 5.
    pub id: &'static str,
    /// Its name as the vendor spells it.
    pub name: &'static str,
    /// What it can read, in the order in which an admin would export it.
    pub exports: fn() -> Vec<ExportSpec>,
    /// Reads what it recognises among the files.
    pub read: fn(&ReadInput<'_>) -> Reading,
    /// Answers checks that ask for remedies.
    pub mend: fn(&MendInput<'_>) -> Vec<Mending>,
    /// Applies changes to what it read, so that they can be judged by reading again.
    pub apply: fn(&ReadInput<'_>, &[Change]) -> Applied,
    /// Languages in which changes can be written, the recommended one first.
    pub writers: &'static [&'static Writer],
    /// The advice vocabulary it understands.
    pub controls: &'static [&'static str],
    /// Ends of the names that its customers' MX records point to.
    pub mx_suffixes: &'static [&'static str],
    /// Parts of its mail path that this version does not judge, for `check` to say.
    pub not_judged: &'static [&'static str],
}

/// One export that a platform reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSpec {
    /// Report word, such as `transport-rule`.
    pub kind: &'static str,
    /// The command that makes it.
    pub command: String,
    /// Whether an audit without it is undecided.
    pub needed: bool,
}

/// One decoded and parsed file.
pub struct File<'a> {
    /// Its source.
    pub source: SourceId,
    /// Its name without folder and extension.
    pub stem: &'a str,
    /// Its path relative to the tenant.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Its tree.
    pub document: &'a Document,
}

/// What the tenant file says of one export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Path relative to the tenant.
    pub file: String,
    /// Report word of the kind.
    pub kind: Option<String>,
    /// Whether the cmdlet ran and returned nothing.
    pub empty: bool,
    /// One list of the tenant allow/block list.
    pub list: Option<String>,
}

/// What a platform is given.
pub struct ReadInput<'a> {
    /// The files of the tenant.
    pub files: &'a [File<'a>],
    /// What the tenant file says of exports.
    pub declared: &'a [Declared],
    /// The tenant's domains, where the tenant file names them.
    pub domains: &'a [Spanned<Domain>],
    /// Filters in front, outermost first: platform id and addresses they hand mail on from.
    pub hops: &'a [(String, IpSet)],
    /// The day of the audit.
    pub now: Date,
    /// Whether exports that are not there count as supplied and empty; only for examples in pages and specs.
    pub assume_empty: bool,
}

/// Rows of one kind read from one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Index into [`ReadInput::files`].
    pub file: usize,
    /// Report word of the kind.
    pub kind: &'static str,
    /// How many objects.
    pub objects: usize,
    /// Whether the file says that there are no more.
    pub complete: bool,
}

/// A key that the reader does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Report word of the kind.
    pub kind: &'static str,
    /// The key.
    pub key: String,
    /// Where it stands first.
    pub span: Span,
    /// How many objects have it with a value.
    pub count: usize,
    /// Whether it is a condition of a rule rather than a setting.
    pub condition: bool,
}

/// What a platform makes of the files.
pub struct Reading {
    /// What was recognised.
    pub reads: Vec<Read>,
    /// The path from the platform's edge to the mailbox.
    pub path: MailPath,
    /// Domains that the platform accepts mail for, if an export says.
    pub domains: Option<Vec<Spanned<Domain>>>,
    /// Recipients: all addresses in those domains.
    pub recipients: AddressSet,
    /// What is wrong with the exports.
    pub problems: Vec<Problem>,
    /// Keys nobody reads.
    pub unread: Vec<Unread>,
    /// What no export shows.
    pub residual: Vec<String>,
    /// Whether anything was recognised.
    pub recognised: bool,
}
