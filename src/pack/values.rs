//! From the text of a value to what it means.

use super::model::{Parsed, When};
use super::words::Delivery;
use crate::form::{Log, bad};
use crate::message::Identity;
use crate::problem::{Problem, did_you_mean};
use crate::source::Spanned;
use crate::spelling::{DomainSpec, HeaderTest, Match, Misspelt, Position, SenderSpec, domain, header_name, hosts};

/// How a text is to be compared, for the identities that are texts.
#[derive(Debug, Clone, Default)]
pub(super) struct How {
    pub(super) header: Option<Spanned<String>>,
    pub(super) matching: Option<Match>,
    pub(super) at: Option<Position>,
}

/// Reads the value of an identity. What cannot be read is noted.
pub(super) fn parse(identity: Identity, text: &Spanned<String>, how: &How, log: &mut Log) -> Option<Parsed> {
    let parsed = match identity {
        Identity::ConnectingIp => hosts(&text.value).map(Parsed::Networks),
        Identity::MailFrom | Identity::HeaderFrom | Identity::SenderDomain => sender(identity, &text.value),
        Identity::Spf => domain(&text.value).map(DomainSpec::Exact).map(Parsed::Domain),
        Identity::Dkim | Identity::Link | Identity::Ptr | Identity::Helo | Identity::MessageId => {
            DomainSpec::parse(&text.value).map(Parsed::Domain)
        }
        Identity::Subject => subject(&text.value, how),
        Identity::Header => return header(text, how, log).map(Parsed::Header),
        Identity::To => return None,
    };
    note(parsed, text, log)
}

/// Reads a question to a header. What cannot be read is noted.
pub(super) fn header(text: &Spanned<String>, how: &How, log: &mut Log) -> Option<HeaderTest> {
    let written = how.header.as_ref()?;
    let name = note(header_name(&written.value), written, log);
    let matcher = note(how.matching.unwrap_or(Match::Equals).with(&text.value), text, log);
    Some(HeaderTest {
        name: name?,
        matcher: matcher?,
        at: how.at,
    })
}

/// Reads a list of conditions. What cannot be read is noted.
pub(super) fn whens(texts: &[Spanned<String>], log: &mut Log) -> Vec<Spanned<When>> {
    let mut whens = Vec::new();
    for text in texts {
        let when = match text.value.split_once(':') {
            None if text.value == "gateway" => Some(When::Gateway),
            None if text.value == "no-gateway" => Some(When::NoGateway),
            Some(("delivery", way)) => {
                if Delivery::parse(way).is_none() {
                    log.unknown_word(text.span, "delivery", way, Delivery::WORDS);
                    continue;
                }
                Delivery::parse(way).map(When::Delivery)
            }
            Some(("param", id)) if !id.is_empty() => Some(When::Param(id.to_owned())),
            _ => None,
        };
        if let Some(when) = when {
            whens.push(Spanned::new(when, text.span));
        } else {
            log.push(no_condition(text));
        }
    }
    whens
}

fn no_condition(text: &Spanned<String>) -> Problem {
    const FORMS: [(&str, &str); 4] = [
        ("gateway", "gateway"),
        ("no-gateway", "no-gateway"),
        ("delivery", "delivery:…"),
        ("param", "param:…"),
    ];
    let word = text.value.split(':').next().unwrap_or_default();
    let near = did_you_mean(word, FORMS.map(|(word, _)| word));
    let near = FORMS.into_iter().find(|&(word, _)| Some(word) == near);
    let label = near.map_or_else(
        || "not a condition".to_owned(),
        |(_, form)| format!("did you mean `{form}`?"),
    );
    let problem = bad(text.span, format!("`{}` is no condition", text.value), label);
    problem.help("one of `gateway`, `no-gateway`, `delivery:<way>`, `param:<id>`")
}

/// Reads a position among headers. What cannot be read is noted.
pub(super) fn position(text: Option<Spanned<String>>, log: &mut Log) -> Option<Position> {
    let text = text?;
    note(Position::parse(&text.value), &text, log)
}

fn sender(identity: Identity, text: &str) -> Result<Parsed, Misspelt> {
    let spec = SenderSpec::parse(text)?;
    let fits = match spec {
        SenderSpec::SameAsMailFrom => identity == Identity::HeaderFrom,
        SenderSpec::Any | SenderSpec::Tenant => identity != Identity::SenderDomain,
        _ => true,
    };
    if fits {
        return Ok(Parsed::Sender(spec));
    }
    Err(Misspelt {
        message: format!("`{text}` says nothing about `{}`", identity.as_str()),
        help: None,
    })
}

fn subject(text: &str, how: &How) -> Result<Parsed, Misspelt> {
    match how.matching.unwrap_or(Match::Equals).with(text)? {
        Some(matcher) => Ok(Parsed::Subject(matcher)),
        None => Err(Misspelt {
            message: "a subject cannot merely be present".to_owned(),
            help: None,
        }),
    }
}

/// Notes what is wrong with a text.
pub(super) fn note<T>(parsed: Result<T, Misspelt>, text: &Spanned<String>, log: &mut Log) -> Option<T> {
    match parsed {
        Ok(parsed) => Some(parsed),
        Err(misspelt) => {
            log.misspelt(text.span, misspelt.message, misspelt.help);
            None
        }
    }
}
