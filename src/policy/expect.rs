//! The user's own invariants: what must never, or always, become of some messages.

use crate::allow::ip::IpSet;
use crate::form::{Fields, Form, Key, Log, Shape, bad, optional, words};
use crate::message::Concern;
use crate::problem::did_you_mean;
use crate::source::{Span, Spanned};
use crate::spelling::{DomainSpec, HeaderTest, Match, Misspelt, SenderSpec, header_name, networks};

/// Messages and what must, or must not, become of them. A key that is not given holds any value.
#[derive(Debug, Clone)]
pub struct Expect {
    /// What the report calls it.
    pub name: Option<Spanned<String>>,
    /// Addresses of connecting hosts.
    pub ip: Vec<Spanned<IpSet>>,
    /// Envelope senders.
    pub mail_from: Vec<Spanned<SenderSpec>>,
    /// Header senders.
    pub from: Vec<Spanned<SenderSpec>>,
    /// Domains of valid DKIM signatures.
    pub dkim: Vec<Spanned<DomainSpec>>,
    /// Headers that are all there.
    pub headers: Vec<Spanned<HeaderTest>>,
    /// Recipients.
    pub to: Vec<Spanned<SenderSpec>>,
    /// Where it comes in.
    pub entry: Option<Spanned<EntryPoint>>,
    /// Who sends it.
    pub sender: ExpectSender,
    /// Where the sender is named.
    pub sender_span: Option<Span>,
    /// Whether the outcome must always be, or must never be.
    pub always: bool,
    /// The outcome.
    pub outcome: Spanned<Outcome>,
    /// The row.
    pub span: Span,
}

words! {
    /// Where a message comes in.
    EntryPoint {
        /// Along the way that MX tells.
        Smtp = "smtp",
        /// Straight to the mail server.
        SmtpDirect = "smtp-direct",
        /// Into the mailbox, past everything before it.
        Api = "api",
    }
}

/// Who sends a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectSender {
    /// Somebody who owns none of the hosts and domains that are trusted.
    Attacker,
    /// Anybody, the vendors included.
    Anyone,
    /// A vendor, by the id of its pack.
    Pack(String),
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is in the inbox.
    Delivered,
    /// It is refused.
    Rejected,
    /// It is held.
    Quarantined,
    /// It is in the junk folder.
    Junked,
    /// No spam filter looks at it.
    SkipsSpamFilter,
    /// A setting clears this concern.
    Clears(Concern),
}

/// The words of [`Outcome`].
pub const OUTCOMES: &[&str] = &[
    "delivered",
    "rejected",
    "quarantined",
    "junked",
    "skips-spam-filter",
    "clears-ip-reputation",
    "clears-greylisting",
    "clears-rate",
    "clears-authentication",
    "clears-dmarc-action",
    "clears-spoof",
    "clears-impersonation",
    "clears-bulk",
    "clears-spam",
    "clears-high-confidence-spam",
    "clears-phish",
    "clears-high-confidence-phish",
    "clears-malware",
    "clears-attachment-type",
    "clears-attachment-detonation",
    "clears-link-scan",
    "clears-link-click",
    "clears-link-rewriting",
    "clears-alteration",
    "clears-routing",
];

impl Outcome {
    /// Reads a word of [`OUTCOMES`].
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "delivered" => Self::Delivered,
            "rejected" => Self::Rejected,
            "quarantined" => Self::Quarantined,
            "junked" => Self::Junked,
            "skips-spam-filter" => Self::SkipsSpamFilter,
            _ => Self::Clears(Concern::parse(word.strip_prefix("clears-")?)?),
        })
    }

    /// The word used in files and reports.
    pub fn as_str(self) -> &'static str {
        let same = |word: &&&str| Self::parse(word) == Some(self);
        OUTCOMES.iter().find(same).copied().unwrap_or("clears-routing")
    }
}

const SENDERS: &str =
    "An address `a@d`, a domain `d`, its sub-domains `*.d`, `@tenant`, or a list of these; omitted, any.";

const KEYS: &[Key] = &[
    optional("name", Shape::Text, "What the report calls it."),
    optional(
        "ip",
        Shape::OneOrMore(&Shape::Text),
        "Addresses, networks or ranges of connecting hosts; omitted, any.",
    ),
    optional("mail_from", Shape::OneOrMore(&Shape::Text), SENDERS),
    optional("from", Shape::OneOrMore(&Shape::Text), SENDERS),
    optional(
        "dkim",
        Shape::OneOrMore(&Shape::Text),
        "Domains with a valid signature, `d` or `*.d`; omitted, any.",
    ),
    optional(
        "header",
        Shape::OneOrMore(&Shape::Text),
        "Headers that are all there, as `Name: value`, or `Name` with any value.",
    ),
    optional("to", Shape::OneOrMore(&Shape::Text), SENDERS),
    optional(
        "entry",
        Shape::Word(EntryPoint::WORDS),
        "Where it comes in; omitted, anywhere.",
    ),
    optional(
        "sender",
        Shape::Text,
        "`attacker` (if omitted), `anyone`, or the id of a pack.",
    ),
    optional(
        "never",
        Shape::Word(OUTCOMES),
        "What must not become of any such message.",
    ),
    optional(
        "always",
        Shape::Word(OUTCOMES),
        "What must become of every such message.",
    ),
];

/// The keys of an expectation.
pub static EXPECT: Form = Form {
    title: "[[expect]]",
    about: "An invariant of your own, proved like any check. Needs `never` or `always`.",
    keys: KEYS,
};

/// Reads an expectation. What cannot be read is noted.
pub fn expect(row: &Fields<'_>, log: &mut Log) -> Option<Expect> {
    let mut senders = |key: &str| each(row, key, SenderSpec::parse, log);
    let (mail_from, from, to) = (senders("mail_from"), senders("from"), senders("to"));
    let ip = each(row, "ip", networks, log);
    let dkim = each(row, "dkim", DomainSpec::parse, log);
    let headers = each(row, "header", header, log);
    for (spec, key) in mail_from
        .iter()
        .map(|spec| (spec, "mail_from"))
        .chain(to.iter().map(|spec| (spec, "to")))
    {
        if spec.value == SenderSpec::SameAsMailFrom {
            log.bad(
                spec.span,
                format!("`@same-as-mail-from` says nothing about `{key}`"),
                "only for `from`",
            );
        }
    }
    let named = row.text("sender");
    let sender = match named.as_ref().map(|sender| sender.value.as_str()) {
        None | Some("attacker") => ExpectSender::Attacker,
        Some("anyone") => ExpectSender::Anyone,
        Some(pack) => ExpectSender::Pack(pack.to_owned()),
    };
    match (row.key("never"), row.key("always")) {
        (Some(never), Some(always)) => {
            let problem = bad(always, "an expectation has `never` or `always`, not both", "the second");
            log.push(problem.also(never, "the first").help("write two expectations"));
        }
        (None, None) => log.lacks(
            row.span(),
            row.title(),
            "never",
            "write `never` or `always` and an outcome",
        ),
        _ => {}
    }
    let never = row.word("never", Outcome::parse);
    let outcome = never.or_else(|| row.word("always", Outcome::parse))?;
    Some(Expect {
        name: row.text("name"),
        ip,
        mail_from,
        from,
        dkim,
        headers,
        to,
        entry: row.word("entry", EntryPoint::parse),
        sender,
        sender_span: named.map(|sender| sender.span),
        always: never.is_none(),
        outcome,
        span: row.span(),
    })
}

impl Expect {
    /// Notes a sender that is no vendor: packs are only known to those who read them.
    pub fn check_sender(&self, packs: &[&str]) -> Option<crate::problem::Problem> {
        let (ExpectSender::Pack(id), Some(span)) = (&self.sender, self.sender_span) else {
            return None;
        };
        if packs.contains(&id.as_str()) {
            return None;
        }
        let near = did_you_mean(id, packs.iter().copied().chain(["attacker", "anyone"]));
        let label = near.map_or_else(|| "not known".to_owned(), |near| format!("did you mean `{near}`?"));
        Some(bad(span, format!("`{id}` is no known sender"), label).help("`attacker`, `anyone`, or the id of a pack"))
    }
}

fn each<T>(row: &Fields<'_>, key: &str, parse: impl Fn(&str) -> Result<T, Misspelt>, log: &mut Log) -> Vec<Spanned<T>> {
    let mut values = Vec::new();
    for text in row.texts(key) {
        match parse(&text.value) {
            Ok(value) => values.push(Spanned::new(value, text.span)),
            Err(misspelt) => log.misspelt(text.span, misspelt.message, misspelt.help),
        }
    }
    values
}

/// `Name: value`, or `Name`.
fn header(text: &str) -> Result<HeaderTest, Misspelt> {
    let (name, matcher) = match text.split_once(':') {
        Some((name, value)) => (name, Match::Equals.with(value.trim())?),
        None => (text, None),
    };
    Ok(HeaderTest {
        name: header_name(name.trim())?,
        matcher,
        at: None,
    })
}
