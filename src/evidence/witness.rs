//! The message that shows a finding, in words.

use std::collections::BTreeMap;

use crate::message::{Message, auth};
use crate::path::{MailPath, Skip};

/// One message that shows a finding, in words a person can send, search for, or hand to `allowaudit why`.
/// A field that does not matter is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witness {
    /// Connecting IP.
    pub ip: Option<String>,
    /// Envelope sender; `<>` for the null sender.
    pub mail_from: Option<String>,
    /// Header sender.
    pub from: Option<String>,
    /// Recipient.
    pub to: Option<String>,
    /// Domains with a valid DKIM signature.
    pub dkim: Vec<String>,
    /// Headers with their values.
    pub headers: BTreeMap<String, String>,
    /// Authentication results, such as `dmarc=pass`.
    pub auth: Vec<String>,
    /// Where it comes in, if not along the way that MX tells: the word that `why --entry` takes.
    pub entry: Option<&'static str>,
}

/// Straight to the platform's own host, past a filter in front.
pub const SMTP_DIRECT: &str = "smtp-direct";

impl Witness {
    /// A message in words.
    pub fn of(message: &Message) -> Self {
        let known = |words: auth::Words, set: u8| {
            (set != words.all())
                .then(|| words.first(set))
                .flatten()
                .map(|result| format!("{}={result}", words.method))
        };
        Self {
            ip: Some(message.ip.to_string()),
            mail_from: Some(message.mail_from.to_string()),
            from: Some(message.from.to_string()),
            to: Some(message.to.to_string()),
            dkim: message.dkim.iter().map(ToString::to_string).collect(),
            headers: message
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
                .collect(),
            auth: [
                known(auth::DMARC, message.dmarc),
                known(auth::SPF, message.spf),
                known(auth::COMPAUTH, message.compauth),
            ]
            .into_iter()
            .flatten()
            .collect(),
            entry: None,
        }
    }

    /// A message as it is once a filter in front has had it: the address is that of whoever sent it to the filter, as far
    /// as the platform looks past the filter.
    pub fn behind(path: &MailPath, message: &Message) -> Self {
        let sender = match &path.mask {
            Some(mask) if mask.skipped != Skip::No => message.auth_ip,
            _ => message.ip,
        };
        Self {
            ip: Some(sender.to_string()),
            ..Self::of(message)
        }
    }

    /// The same, sent straight to the platform's own host.
    #[must_use]
    pub fn straight(self, is_straight: bool) -> Self {
        Self {
            entry: is_straight.then_some(SMTP_DIRECT),
            ..self
        }
    }
}
