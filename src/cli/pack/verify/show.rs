//! What `allowaudit pack verify` prints.

use std::fmt::Write as _;

use serde::Serialize;

use super::Verified;
use super::compare::{Compared, State};
use crate::allow::ip::IpSet;
use crate::report::escape::line;

/// The most networks that people are shown of a set.
const MOST_SHOWN: usize = 12;

/// For people.
pub(super) fn human(packs: &[Verified<'_>]) -> String {
    let mut text = String::new();
    for one in packs {
        let id = line(&one.pack.id.value);
        if one.streams.is_empty() && one.keys.is_empty() {
            let _ = writeln!(text, "{id}: names no record");
        }
        for stream in &one.streams {
            let word = match stream.state() {
                State::Agrees => "agrees with",
                State::Drift => "has drifted from",
                State::Unknown => "could not be compared with all of",
            };
            let names: Vec<String> = stream.records.iter().map(|(_, domain)| format!("`{domain}`")).collect();
            let _ = writeln!(text, "{id}: `{}` {word} {}", stream.stream.as_str(), names.join(", "));
            rows(stream, &mut text);
        }
        for key in &one.keys {
            let name = line(&format!("{}._domainkey.{}", key.selector, key.domain)).into_owned();
            let _ = writeln!(text, "{id}: the key `{name}` {}", key.words());
        }
        if let Some(diff) = &one.diff {
            text.push('\n');
            text.extend(diff.lines().flat_map(|row| [line(row).into_owned(), "\n".to_owned()]));
            text.push('\n');
        }
    }
    text
}

fn rows(stream: &Compared<'_>, text: &mut String) {
    for row in &stream.refused {
        let of = if row.is_whole {
            String::new()
        } else {
            format!(" of `{}`", line(&row.value.value.value))
        };
        let _ = writeln!(text, "  not let send: {}{of}", shown(&row.addresses));
    }
    for (title, set) in [
        ("not let send, and shared or of another setting", &stream.aside),
        ("let send, and not in the pack", &stream.lacking),
        (
            "let send through a shared provider, and not in the pack",
            &stream.shared,
        ),
        ("unknown", &stream.undecided),
    ] {
        if !set.is_empty() {
            let _ = writeln!(text, "  {title}: {}", shown(set));
        }
    }
    for remark in &stream.remarks {
        let _ = writeln!(text, "  {}", line(remark));
    }
    for question in &stream.unanswered {
        let _ = writeln!(text, "  not answered: {}", line(&question.to_string()));
    }
}

fn shown(set: &IpSet) -> String {
    let nets = written(set);
    let mut text = nets
        .iter()
        .take(MOST_SHOWN)
        .cloned()
        .collect::<Vec<String>>()
        .join(", ");
    if nets.len() > MOST_SHOWN {
        let _ = write!(text, " and {} more", nets.len() - MOST_SHOWN);
    }
    text
}

fn written(set: &IpSet) -> Vec<String> {
    let nets = set.nets().into_iter();
    nets.map(|net| IpSet::net(net).to_string()).collect()
}

#[derive(Serialize)]
struct WirePack<'a> {
    pack: &'a str,
    names_record: bool,
    streams: Vec<WireStream<'a>>,
    keys: Vec<WireKey<'a>>,
    diff: Option<&'a str>,
}

#[derive(Serialize)]
struct WireKey<'a> {
    selector: &'a str,
    domain: &'a str,
    state: &'static str,
    found: String,
}

#[derive(Serialize)]
struct WireStream<'a> {
    stream: &'a str,
    state: &'static str,
    records: Vec<&'a str>,
    refused: Vec<WireRefused<'a>>,
    aside: Vec<String>,
    lacking: Vec<String>,
    shared: Vec<String>,
    unknown: Vec<String>,
    unanswered: Vec<String>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct WireRefused<'a> {
    value: &'a str,
    networks: Vec<String>,
    whole: bool,
}

/// For programs.
pub(super) fn json(packs: &[Verified<'_>]) -> String {
    let wire: Vec<WirePack<'_>> = packs.iter().map(wire).collect();
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_default();
    text.push('\n');
    text
}

const fn word(state: State) -> &'static str {
    match state {
        State::Agrees => "agrees",
        State::Drift => "drift",
        State::Unknown => "unknown",
    }
}

fn wire<'a>(one: &'a Verified<'a>) -> WirePack<'a> {
    let streams = one.streams.iter().map(|stream| WireStream {
        stream: stream.stream.as_str(),
        state: word(stream.state()),
        records: stream.records.iter().map(|(_, domain)| domain.as_str()).collect(),
        refused: stream
            .refused
            .iter()
            .map(|row| WireRefused {
                value: &row.value.value.value,
                networks: written(&row.addresses),
                whole: row.is_whole,
            })
            .collect(),
        aside: written(&stream.aside),
        lacking: written(&stream.lacking),
        shared: written(&stream.shared),
        unknown: written(&stream.undecided),
        unanswered: stream.unanswered.iter().map(ToString::to_string).collect(),
        remarks: &stream.remarks,
    });
    let keys = one.keys.iter().map(|key| WireKey {
        selector: key.selector,
        domain: key.domain,
        state: word(key.state()),
        found: key.words(),
    });
    WirePack {
        pack: &one.pack.id.value,
        names_record: !one.streams.is_empty(),
        streams: streams.collect(),
        keys: keys.collect(),
        diff: one.diff.as_deref(),
    }
}
