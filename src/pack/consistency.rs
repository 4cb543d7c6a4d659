//! Whether the rows of a pack fit together: what is cited exists, nothing is said twice.

use std::collections::BTreeMap;

use super::model::{Needs, Pack, Parsed, Value, When};
use super::words::StreamKind;
use crate::form::{Fields, Log, bad};
use crate::message::Identity;
use crate::source::{Span, Spanned};

/// Notes ids given twice and values given twice. Holds for a pack by itself.
pub(super) fn repeated(pack: &Pack, log: &mut Log) {
    let ids = |ids: Vec<&Spanned<String>>, what: &str, log: &mut Log| {
        once(
            ids.into_iter().map(|id| (id.value.clone(), id.span)),
            |id| format!("{what} `{id}` is given twice"),
            log,
        );
    };
    ids(pack.sources.iter().map(|row| &row.id).collect(), "source", log);
    ids(pack.parameters.iter().map(|row| &row.id).collect(), "parameter", log);
    ids(pack.advice.iter().map(|row| &row.id).collect(), "advice", log);
    ids(pack.companions.iter().map(|row| &row.id).collect(), "companion", log);
    ids(pack.logs.iter().map(|row| &row.id).collect(), "log", log);
    ids(std::iter::once(&pack.id).chain(&pack.aliases).collect(), "id", log);
    let streams = pack
        .streams
        .iter()
        .map(|row| (row.id.value.as_str().to_owned(), row.id.span));
    once(streams, |id| format!("stream `{id}` is given twice"), log);
    for stream in &pack.streams {
        let ways = stream
            .deliveries
            .iter()
            .map(|way| (way.value.as_str().to_owned(), way.span));
        once(ways, |way| format!("delivery `{way}` is given twice"), log);
    }
    repeated_values(&pack.values, log);
}

/// Notes values given twice for the same customers.
pub(super) fn repeated_values(values: &[Value], log: &mut Log) {
    let sorted = |words: &[Spanned<String>]| {
        let mut words: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
        words.sort();
        words
    };
    let keys = values.iter().map(|value| {
        let header = match &value.parsed {
            Parsed::Header(test) => format!("{}: ", test.name.as_str().to_lowercase()),
            _ => String::new(),
        };
        let text = format!("{header}{}", value.value.value.trim().to_lowercase());
        let when: Vec<&When> = value.scope.when.iter().map(|when| &when.value).collect();
        let group = value.scope.group.as_ref().map(|group| group.value.clone());
        let scope = (
            sorted(&value.scope.regions),
            sorted(&value.scope.cohorts),
            group,
            format!("{when:?}"),
        );
        (
            (value.stream.value, value.identity.value, text, scope),
            value.value.span,
        )
    });
    once(
        keys,
        |(stream, identity, text, _)| format!("{} `{text}` of `{}` is given twice", identity.as_str(), stream.as_str()),
        log,
    );
}

/// The ids that may be cited: also those of rows that could not be read otherwise, so that one mistake stays one.
#[derive(Debug)]
pub(super) struct Declared {
    sources: Vec<String>,
    streams: Vec<String>,
    parameters: Vec<String>,
    advice: Vec<String>,
}

impl Declared {
    /// The ids of the rows as they are written.
    pub(super) fn written(fields: &Fields<'_>) -> Self {
        Self {
            sources: fields.ids("source"),
            streams: fields.ids("stream"),
            parameters: fields.ids("parameter"),
            advice: fields.ids("advice"),
        }
    }

    /// The ids of the rows of a pack.
    pub(super) fn read(pack: &Pack) -> Self {
        Self {
            sources: pack.sources.iter().map(|row| row.id.value.clone()).collect(),
            streams: pack
                .streams
                .iter()
                .map(|row| row.id.value.as_str().to_owned())
                .collect(),
            parameters: pack.parameters.iter().map(|row| row.id.value.clone()).collect(),
            advice: pack.advice.iter().map(|row| row.id.value.clone()).collect(),
        }
    }
}

/// Notes a word that is not among those declared.
fn cites(word: &str, span: Span, declared: &[String], what: &str, log: &mut Log) {
    if !declared.iter().any(|known| known == word) {
        let known: Vec<&str> = declared.iter().map(String::as_str).collect();
        log.unknown_word(span, what, word, &known);
    }
}

/// Notes what is cited and does not exist. Holds for a pack on top of what it extends.
pub(super) fn references(pack: &Pack, declared: &Declared, log: &mut Log) {
    if !log.complete {
        return;
    }
    if declared.streams.is_empty() {
        log.bad(pack.id.span, "the pack has no stream", "needs a `[[stream]]`");
    }
    cited_sources(pack, declared, log);
    streams(pack, declared, log);
    for value in &pack.values {
        whens(pack, declared, value.stream.value, &value.scope.when, log);
        if value.sources.is_empty() {
            log.hint(
                value.span,
                format!("`{}` has no source", value.value.value),
                "lacks `source`",
            );
        }
    }
    for parameter in &pack.parameters {
        whens(pack, declared, parameter.stream.value, &parameter.scope.when, log);
    }
    for companion in &pack.companions {
        whens(pack, declared, companion.stream.value, &companion.when, log);
    }
    advice(pack, declared, log);
}

fn cited_sources(pack: &Pack, declared: &Declared, log: &mut Log) {
    let cited = pack.streams.iter().flat_map(|row| &row.sources);
    let cited = cited.chain(pack.values.iter().flat_map(|row| &row.sources));
    let cited = cited.chain(pack.parameters.iter().flat_map(|row| &row.sources));
    let cited = cited.chain(
        pack.advice
            .iter()
            .flat_map(|row| row.sources.iter().chain(&row.warned_by)),
    );
    let cited = cited.chain(pack.companions.iter().flat_map(|row| &row.sources));
    let cited = cited.chain(pack.grants.iter().flat_map(|row| &row.sources));
    let cited: Vec<&Spanned<String>> = cited.chain(pack.logs.iter().flat_map(|row| &row.sources)).collect();
    for source in &cited {
        cites(&source.value, source.span, &declared.sources, "source", log);
    }
    for source in pack.sources.iter().filter(|source| source.span.source == pack.source) {
        if !cited.iter().any(|cited| cited.value == source.id.value) {
            log.hint(
                source.id.span,
                format!("no row cites the source `{}`", source.id.value),
                "never cited",
            );
        }
    }
}

fn streams(pack: &Pack, declared: &Declared, log: &mut Log) {
    let named = pack.values.iter().map(|row| row.stream);
    let named = named.chain(pack.parameters.iter().map(|row| row.stream));
    let named = named.chain(pack.advice.iter().map(|row| row.stream));
    let named = named.chain(pack.companions.iter().map(|row| row.stream));
    let named = named.chain(pack.logs.iter().flat_map(|row| row.streams.iter().copied()));
    for stream in named {
        cites(
            stream.value.as_str(),
            stream.span,
            &declared.streams,
            "stream of this pack",
            log,
        );
    }
}

fn whens(pack: &Pack, declared: &Declared, stream: StreamKind, whens: &[Spanned<When>], log: &mut Log) {
    for when in whens {
        match &when.value {
            When::Gateway | When::NoGateway => {}
            When::Param(id) => cites(id, when.span, &declared.parameters, PARAMETER, log),
            When::Delivery(way) => {
                let Some(stream) = pack.stream(stream) else { continue };
                let ways: Vec<&str> = stream.deliveries.iter().map(|way| way.value.as_str()).collect();
                if !ways.contains(&way.as_str()) {
                    log.unknown_word(when.span, "delivery of the stream", way.as_str(), &ways);
                }
            }
        }
    }
}

const PARAMETER: &str = "parameter of this pack";

fn advice(pack: &Pack, declared: &Declared, log: &mut Log) {
    let groups: Vec<String> = pack
        .values
        .iter()
        .map(|value| &value.scope)
        .chain(pack.parameters.iter().map(|parameter| &parameter.scope))
        .filter_map(|scope| scope.group.as_ref().map(|group| group.value.clone()))
        .collect();
    for advice in &pack.advice {
        whens(pack, declared, advice.stream.value, &advice.when, log);
        for other in &advice.conflicts {
            if other.value == advice.id.value {
                log.bad(other.span, "advice cannot exclude itself", "the same id");
            } else {
                cites(&other.value, other.span, &declared.advice, "advice of this pack", log);
            }
        }
        for leaf in advice.needs.iter().flat_map(Needs::leaves) {
            match leaf {
                Needs::Param(id) => cites(&id.value, id.span, &declared.parameters, PARAMETER, log),
                Needs::Group(name) => cites(&name.value, name.span, &groups, "group of this pack", log),
                _ => {}
            }
        }
        for identity in advice
            .needs
            .iter()
            .flat_map(|needs| without_values(pack, advice.stream.value, needs))
        {
            let message = format!(
                "`{}` has no values of `{}`",
                advice.stream.value.as_str(),
                identity.value.as_str()
            );
            log.hint(identity.span, message, "nothing to enter");
        }
    }
}

/// The identities for which there is nothing to enter, and no alternative either.
fn without_values(pack: &Pack, stream: StreamKind, needs: &Needs) -> Vec<Spanned<Identity>> {
    let of = |parts: &[Needs]| -> Vec<Vec<Spanned<Identity>>> {
        parts.iter().map(|part| without_values(pack, stream, part)).collect()
    };
    match needs {
        Needs::Identity(identity) if !has_values(pack, stream, identity.value) => vec![*identity],
        Needs::Identity(_) | Needs::Param(_) | Needs::Group(_) => Vec::new(),
        Needs::All(parts) | Needs::Pairs(parts) => of(parts).concat(),
        Needs::Any(parts) | Needs::One(parts) => {
            let missing = of(parts);
            if missing.iter().any(Vec::is_empty) {
                Vec::new()
            } else {
                missing.concat()
            }
        }
    }
}

fn has_values(pack: &Pack, stream: StreamKind, identity: Identity) -> bool {
    pack.values
        .iter()
        .any(|row| row.stream.value == stream && row.identity.value == identity)
        || pack
            .parameters
            .iter()
            .any(|row| row.stream.value == stream && row.identity.is_some_and(|given| given.value == identity))
}

fn once<K: Ord>(keys: impl IntoIterator<Item = (K, Span)>, say: impl Fn(&K) -> String, log: &mut Log) {
    let mut seen: BTreeMap<K, Span> = BTreeMap::new();
    for (key, span) in keys {
        if let Some(&first) = seen.get(&key) {
            log.push(bad(span, say(&key), "again").also(first, "first here"));
        } else {
            seen.insert(key, span);
        }
    }
}
