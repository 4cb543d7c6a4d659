//! Phrases that several checks use: lists of concerns, values and labels on both sides of a finding.

use jiff::civil::Date;

use crate::message::{Concern, Concerns, MessageSet};
use crate::pack::{Delivery, Grade, Pack};
use crate::path::{Rule, RuleAt};
use crate::problem::{Label, Level};
use crate::requirement::Fact;
use crate::source::Span;

use super::diagnosis::Fault;
use super::witness::Witness;
use super::{Evidence, StreamEvidence};

/// What holds these concerns against mail: `spoof detection, the spam filter and link scanning`.
pub fn filters(concerns: Concerns) -> String {
    // What every allow of mail clears goes by one name.
    let verdicts = Concerns::of(&[
        Concern::Bulk,
        Concern::Spam,
        Concern::HighConfidenceSpam,
        Concern::Phish,
    ]);
    let whole = verdicts.without(concerns).is_empty();
    let words: Vec<String> = concerns
        .iter()
        .filter(|concern| !whole || !verdicts.has(*concern) || *concern == Concern::Spam)
        .map(|concern| match concern {
            Concern::Spam if whole => "the spam filter".to_owned(),
            other => filter(other).to_owned(),
        })
        .collect();
    list(&words)
}

/// What holds a concern against mail.
fn filter(concern: Concern) -> &'static str {
    match concern {
        Concern::IpReputation => "IP reputation",
        Concern::Greylisting => "greylisting",
        Concern::Rate => "rate limits",
        Concern::Authentication => "authentication checks",
        Concern::DmarcAction => "the DMARC policy",
        Concern::Spoof => "spoof detection",
        Concern::Impersonation => "impersonation detection",
        Concern::Bulk => "bulk filtering",
        Concern::Spam => "spam filtering",
        Concern::HighConfidenceSpam => "high-confidence spam filtering",
        Concern::Phish => "phishing filtering",
        Concern::HighConfidencePhish => "high-confidence phishing filtering",
        Concern::Malware => "malware filtering",
        Concern::AttachmentType => "file-type blocking",
        Concern::AttachmentDetonation => "attachment detonation",
        Concern::LinkScan => "link scanning",
        Concern::LinkClick => "link checks at click",
        Concern::LinkRewriting => "link rewriting",
        Concern::Alteration => "alteration",
        Concern::Routing => "routing",
    }
}

/// `a, b and c`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A message of streams in words, as its sender sends it.
pub fn witness(evidence: &Evidence<'_>, streams: &[usize], set: &MessageSet) -> Option<Witness> {
    let message = set.witness()?;
    let path = evidence.facts.path;
    let first = streams.first().and_then(|index| evidence.streams.get(*index));
    let straight = first.is_some_and(|stream| stream.requirement.delivery == Delivery::SmtpDirect);
    Some(if straight {
        Witness::of(&message).straight(path.has_hops())
    } else {
        Witness::behind(path, &message)
    })
}

/// The name of an object without its kind.
pub fn bare(object: &str) -> &str {
    object.split_once('/').map_or(object, |(_, name)| name)
}

/// An object as sentences name it: in backticks, unless its name is one that the product made up.
pub fn called(object: &str) -> String {
    if object.starts_with("advanced-delivery-rule/") {
        return "the Advanced Delivery rule".to_owned();
    }
    if let Some(domain) = object.strip_prefix("mx/") {
        return format!("the MX record of `{domain}`, which takes no mail");
    }
    format!("`{}`", bare(object))
}

/// The rule of a place.
pub fn rule<'a>(evidence: &Evidence<'a>, at: RuleAt) -> Option<&'a Rule> {
    evidence.facts.path.rule(at)
}

/// Where a stream is asked for: its row in the pack.
pub fn asked(stream: &StreamEvidence<'_>) -> Label {
    let span = first_fact(stream).unwrap_or(stream.requirement.stream.id.span);
    Label::new(span, format!("asked for by `{}`", stream.requirement.vendor()))
}

fn first_fact(stream: &StreamEvidence<'_>) -> Option<Span> {
    stream
        .requirement
        .facts
        .iter()
        .find(|fact| fact.required)
        .map(|fact| fact.span)
}

/// The pack's value behind a missing entry.
pub fn asked_value(fact: &Fact) -> Label {
    let grade = if fact.grade == Grade::Vendor {
        String::new()
    } else {
        format!(" ({} source)", fact.grade.as_str())
    };
    Label::new(
        fact.span,
        format!("the vendor sends from here{grade}").replace("sends from here", verb(fact)),
    )
}

fn verb(fact: &Fact) -> &'static str {
    use crate::message::Identity;
    match fact.identity {
        Identity::ConnectingIp => "sends from here",
        Identity::Dkim => "signs as this",
        Identity::Link => "links to this",
        _ => "sends as this",
    }
}

/// A finding that rests on values below the vendor's own word is not certain enough to deny.
pub fn capped(level: Level, facts: &[&Fact]) -> Level {
    let unsure = !facts.is_empty() && facts.iter().all(|fact| fact.grade != Grade::Vendor);
    if unsure { level.min(Level::Warn) } else { level }
}

/// The first stream of a fault.
pub fn first<'e, 'a>(evidence: &'e Evidence<'a>, fault: &Fault) -> Option<&'e StreamEvidence<'a>> {
    fault.streams.first().and_then(|index| evidence.streams.get(*index))
}

/// The mail of streams: kinds of mail, then whose it is.
pub fn mail(evidence: &Evidence<'_>, streams: &[usize]) -> String {
    let mut vendors: Vec<(&str, Vec<String>)> = Vec::new();
    for stream in streams.iter().filter_map(|index| evidence.streams.get(*index)) {
        let name = stream.requirement.stream_id().to_owned();
        match vendors
            .iter_mut()
            .find(|(vendor, _)| *vendor == stream.requirement.vendor())
        {
            Some((_, names)) => names.push(name),
            None => vendors.push((stream.requirement.vendor(), vec![name])),
        }
    }
    let shown: Vec<String> = vendors
        .iter()
        .take(3)
        .map(|(vendor, names)| format!("{} mail of `{vendor}`", list(names)))
        .collect();
    if vendors.len() > 3 {
        return format!("{} and mail of {} more vendors", shown.join(", "), vendors.len() - 3);
    }
    list(&shown)
}

/// Vendor and stream of a finding: none where it spans several.
pub fn owner(evidence: &Evidence<'_>, streams: &[usize]) -> (Option<String>, Option<String>) {
    let mut of = streams.iter().filter_map(|index| evidence.streams.get(*index));
    let Some(first) = of.next() else { return (None, None) };
    let mut vendor = Some(first.requirement.vendor().to_owned());
    let mut stream = Some(first.requirement.stream_id().to_owned());
    for other in of {
        if other.requirement.vendor() != first.requirement.vendor() {
            vendor = None;
            stream = None;
        } else if other.requirement.stream_id() != first.requirement.stream_id() {
            stream = None;
        }
    }
    (vendor, stream)
}

/// How many days lie between two.
pub fn days_between(from: Date, until: Date) -> i64 {
    from.until(until).map_or(0, |span| i64::from(span.get_days()))
}

/// Where the tenant declares a vendor. A vendor that is only named on the command line is declared nowhere.
pub fn declared(evidence: &Evidence<'_>, pack: &Pack) -> Option<Span> {
    let tenant = evidence.facts.tenant;
    // What stands for a tenant file that is not there is named after the option.
    let written = !evidence.facts.sources.get(tenant.source).name.starts_with("--");
    let vendor = tenant
        .vendors
        .iter()
        .find(|vendor| written && pack.answers_to(&vendor.pack.value));
    vendor.map(|vendor| vendor.pack.span)
}
