//! Reads the rows of a pack. Whether they fit together is asked elsewhere.

use super::model::{
    Advice, Companion, Given, Grant, Pack, PackSource, Parameter, Parsed, Scope, SendLog, Stream, Value,
};
use super::needs;
use super::values::{self, How};
use super::words::{
    Clears, Delivery, Grade, GrantKind, LogColumn, LogStatus, ParameterType, Pick, Sharing, SmtpWhenApi, Status,
    StreamKind, Strength, Window,
};
use crate::allow::domain::Domain;
use crate::document::{Kind, Node};
use crate::form::{Fields, Log, bad};
use crate::message::Identity;
use crate::source::Spanned;
use crate::spelling::Match;

/// Reads a pack whose keys were compared with its form.
pub(super) fn pack(fields: &Fields<'_>, log: &mut Log) -> Option<Pack> {
    let rows = |name: &str, log: &mut Log| fields.tables(name, log);
    let sources = rows("source", log).iter().filter_map(source).collect();
    let streams = rows("stream", log).iter().filter_map(stream).collect();
    let values = rows("value", log).iter().filter_map(|row| value(row, log)).collect();
    let parameters = rows("parameter", log)
        .iter()
        .filter_map(|row| parameter(row, log))
        .collect();
    let advice = rows("advice", log).iter().filter_map(|row| advice(row, log)).collect();
    let companions = rows("companion", log)
        .iter()
        .filter_map(|row| companion(row, log))
        .collect();
    let grants = rows("grant", log).iter().filter_map(|row| grant(row, log)).collect();
    let logs = rows("log", log).iter().filter_map(|row| send_log(row, log)).collect();
    let id = fields.text("id")?;
    Some(Pack {
        name: fields.text("name").unwrap_or_else(|| id.clone()),
        aliases: fields.texts("aliases"),
        checked: fields.date("checked"),
        extends: fields.text("extends"),
        source: id.span.source,
        id,
        sources,
        streams,
        values,
        parameters,
        advice,
        companions,
        grants,
        logs,
        note: fields.text("note"),
    })
}

fn source(row: &Fields<'_>) -> Option<PackSource> {
    Some(PackSource {
        id: row.text("id")?,
        url: row.text("url")?,
        seen: row.date("seen")?,
        grade: row.word("grade", Grade::parse)?,
        note: row.text("note"),
        span: row.span(),
    })
}

fn stream(row: &Fields<'_>) -> Option<Stream> {
    Some(Stream {
        id: row.word("id", StreamKind::parse)?,
        summary: row.text("summary")?,
        deliveries: row.words("deliveries", Delivery::parse),
        smtp_when_api: row
            .word("smtp_when_api", SmtpWhenApi::parse)
            .unwrap_or(Spanned::new(SmtpWhenApi::Fallback, row.span())),
        clears: row.word("clears", Clears::parse)?,
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    })
}

fn value(row: &Fields<'_>, log: &mut Log) -> Option<Value> {
    let identity = row.word("identity", Identity::parse);
    let how = how(row, identity, log);
    let scope = scope(row, log);
    let status = row
        .word("status", Status::parse)
        .unwrap_or(Spanned::new(Status::Current, row.span()));
    days(row, status, log);
    let identity = identity?;
    let stream = row.word("stream", StreamKind::parse);
    let text = written(row, identity, &how, log);
    let file = row.text("file");
    let parsed = match (&text, &file) {
        (Some(text), _) => values::parse(identity.value, text, &how, log),
        (None, Some(file)) => lies_beside(file, log).then_some(Parsed::SideFile),
        (None, None) => None,
    };
    Some(Value {
        stream: stream?,
        identity,
        value: text.or_else(|| file.clone())?,
        parsed: parsed?,
        selectors: selectors(row, identity, log),
        status,
        since: row.date("since"),
        until: row.date("until"),
        sharing: row
            .word("sharing", Sharing::parse)
            .unwrap_or(Spanned::new(Sharing::Unknown, row.span())),
        scope,
        pick: row.word("pick", Pick::parse),
        max_items: row.number("max_items"),
        window: row.word("window", Window::parse),
        file,
        sources: row.texts("source"),
        grade: Grade::Inferred,
        note: row.text("note"),
        span: row.span(),
    })
}

/// The selectors of a signing domain: names below `_domainkey`.
fn selectors(row: &Fields<'_>, identity: Spanned<Identity>, log: &mut Log) -> Vec<Spanned<String>> {
    if let (Some(key), false) = (row.key("selector"), identity.value == Identity::Dkim) {
        let message = format!("`selector` says nothing about `{}`", identity.value.as_str());
        log.push(bad(key, message, "only for `dkim`").also(identity.span, "this is something else"));
        return Vec::new();
    }
    let mut selectors = row.texts("selector");
    selectors.retain(|selector| {
        let is_name = Domain::parse(&format!("{}.example", selector.value)).is_ok();
        if !is_name {
            log.bad(
                selector.span,
                format!("`{}` is no selector", selector.value),
                "no part of a name",
            );
        }
        is_name
    });
    selectors
}

/// Whether a side file lies in the folder of the pack. A pack is a file from somebody else, so it may name no other.
fn lies_beside(file: &Spanned<String>, log: &mut Log) -> bool {
    let mut parts = file.value.split(['/', '\\']);
    let outside = parts.any(|part| part.is_empty() || part == ".." || part.contains(':'));
    if outside {
        log.bad(file.span, "a side file lies in the folder of the pack", "outside of it");
    }
    !outside
}

/// The text of a value: what is written, or the name of a header that must merely be present.
fn written(row: &Fields<'_>, identity: Spanned<Identity>, how: &How, log: &mut Log) -> Option<Spanned<String>> {
    let text = row.text("value");
    if identity.value == Identity::Header && how.matching == Some(Match::Present) {
        if let Some(text) = &text {
            log.bad(
                text.span,
                "a header that is merely `present` has no value",
                "not compared with anything",
            );
        }
        return how.header.clone();
    }
    match (row.key("value"), row.key("file")) {
        (Some(value), Some(file)) => {
            log.push(bad(file, "a value stands here or in a file, not both", "the file").also(value, "the value"));
        }
        (None, None) => log.lacks(
            row.span(),
            row.title(),
            "value",
            "write `value`, or `file` for a list in a side file",
        ),
        (None, Some(file)) if matches!(identity.value, Identity::Header | Identity::Subject) => {
            log.bad(
                file,
                "side files list names and addresses, not texts",
                "not for this identity",
            );
        }
        _ => {}
    }
    text
}

/// How a header or subject is compared, and whether that was asked of something else.
fn how(row: &Fields<'_>, identity: Option<Spanned<Identity>>, log: &mut Log) -> How {
    let how = How {
        header: row.text("name"),
        matching: row.word("match", Match::parse).map(|word| word.value),
        at: values::position(row.text("at"), log),
    };
    let Some(identity) = identity else { return how };
    let is_header = identity.value == Identity::Header;
    if is_header && !row.has("name") {
        log.lacks(row.span(), row.title(), "name", "which header is meant");
    }
    for (key, fits) in [
        ("name", is_header),
        ("at", is_header),
        ("match", is_header || identity.value == Identity::Subject),
    ] {
        if let (Some(span), false) = (row.key(key), fits) {
            let message = format!("`{key}` says nothing about `{}`", identity.value.as_str());
            log.push(bad(span, message, "only for headers").also(identity.span, "this is something else"));
        }
    }
    how
}

fn days(row: &Fields<'_>, status: Spanned<Status>, log: &mut Log) {
    if status.value == Status::Announced && !row.has("since") {
        log.lacks(status.span, row.title(), "since", "the day from which it counts");
    }
    if let (Some(since), Some(until)) = (row.date("since"), row.date("until"))
        && until.value < since.value
    {
        log.push(bad(until.span, "it ends before it begins", "the last day").also(since.span, "the first day"));
    }
}

fn scope(row: &Fields<'_>, log: &mut Log) -> Scope {
    Scope {
        regions: row.texts("region"),
        cohorts: row.texts("cohort"),
        group: row.text("group"),
        when: values::whens(&row.texts("when"), log),
    }
}

fn parameter(row: &Fields<'_>, log: &mut Log) -> Option<Parameter> {
    let identity = row.word("identity", Identity::parse);
    let kind = row.word("type", ParameterType::parse);
    let how = how(row, identity, log);
    let scope = scope(row, log);
    if let Some(kind) = kind {
        suits(row, kind, identity, log);
    }
    let parameter = Parameter {
        id: row.text("id")?,
        stream: row.word("stream", StreamKind::parse)?,
        identity,
        kind: kind?,
        header: how.header,
        matching: how.matching.unwrap_or(Match::Equals),
        at: how.at,
        required: row.flag("required").is_some_and(|flag| flag.value),
        secret: row.flag("secret").is_some_and(|flag| flag.value),
        max_len: row.number("max_len"),
        max_items: row.number("max_items"),
        default: row.node("default").and_then(given),
        place: row.text("where"),
        scope,
        pick: row.word("pick", Pick::parse),
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    };
    if let Some(default) = &parameter.default {
        super::answer::parse(&parameter, default, log);
    }
    Some(parameter)
}

/// Whether what a parameter takes can be compared with its identity.
fn suits(row: &Fields<'_>, kind: Spanned<ParameterType>, identity: Option<Spanned<Identity>>, log: &mut Log) {
    let Some(identity) = identity else {
        if !row.has("identity") && kind.value != ParameterType::Flag {
            log.lacks(
                row.span(),
                row.title(),
                "identity",
                "only a flag is compared with nothing",
            );
        }
        return;
    };
    let suits = match identity.value {
        Identity::ConnectingIp => kind.value == ParameterType::Networks,
        Identity::MailFrom | Identity::HeaderFrom | Identity::SenderDomain => {
            matches!(kind.value, ParameterType::Domains | ParameterType::Addresses)
        }
        Identity::Header | Identity::Subject => kind.value == ParameterType::Text,
        _ => kind.value == ParameterType::Domains,
    };
    if !suits {
        let message = format!(
            "`{}` are nothing to compare with `{}`",
            kind.value.as_str(),
            identity.value.as_str()
        );
        log.push(bad(kind.span, message, "this type").also(identity.span, "this identity"));
    }
}

/// What a tenant or a pack gives for a parameter.
pub(super) fn given(node: Node<'_>) -> Option<Given> {
    let text = |node: Node<'_>| Some(Spanned::new(node.as_str()?.into_owned(), node.span()));
    match node.kind() {
        Kind::Bool => Some(Given::Flag(Spanned::new(node.as_bool()?, node.span()))),
        Kind::List => Some(Given::Texts(node.items().filter_map(text).collect())),
        _ => Some(Given::Texts(vec![text(node)?])),
    }
}

fn advice(row: &Fields<'_>, log: &mut Log) -> Option<Advice> {
    let needs = row.node("needs").and_then(|node| needs::parse(node, log));
    let when = values::whens(&row.texts("when"), log);
    let spelling = row.text("spelling");
    if let Some(spelling) = &spelling
        && !spelling.value.contains("{value}")
    {
        log.bad(
            spelling.span,
            "`spelling` has no place for the value",
            "lacks `{value}`",
        );
    }
    Some(Advice {
        id: row.text("id")?,
        stream: row.word("stream", StreamKind::parse)?,
        platform: row.text("platform")?,
        control: row.text("control")?,
        when,
        strength: row.word("strength", Strength::parse)?,
        needs,
        conflicts: row.texts("conflicts"),
        options: row.texts("options"),
        spelling,
        max_items: row.number("max_items"),
        window: row.word("window", Window::parse),
        reason: row.text("reason"),
        warned_by: row.texts("warned_by"),
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    })
}

fn companion(row: &Fields<'_>, log: &mut Log) -> Option<Companion> {
    let header = companion_header(row, log);
    let when = values::whens(&row.texts("when"), log);
    Some(Companion {
        id: row.text("id")?,
        stream: row.word("stream", StreamKind::parse)?,
        platform: row.text("platform")?,
        control: row.text("control")?,
        summary: row.text("summary")?,
        header,
        when,
        strength: row.word("strength", Strength::parse)?,
        options: row.texts("options"),
        reason: row.text("reason"),
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    })
}

fn companion_header(row: &Fields<'_>, log: &mut Log) -> Option<Spanned<crate::spelling::HeaderTest>> {
    let at = values::position(row.text("at"), log);
    let matching = row.word("match", Match::parse).map(|word| word.value);
    let Some(name) = row.text("name") else {
        for key in ["match", "value", "at"].into_iter().filter_map(|key| row.key(key)) {
            log.bad(key, "no header is named that this is about", "needs `name`");
        }
        return None;
    };
    let text = match row.text("value") {
        Some(text) => text,
        None if matching == Some(Match::Present) => name.clone(),
        None => {
            log.lacks(
                row.span(),
                row.title(),
                "value",
                "what the header has; or `match = \"present\"`",
            );
            return None;
        }
    };
    let how = How {
        header: Some(name),
        matching,
        at,
    };
    Some(Spanned::new(values::header(&text, &how, log)?, text.span))
}

fn grant(row: &Fields<'_>, log: &mut Log) -> Option<Grant> {
    let delivery = row.word("delivery", Delivery::parse);
    if let Some(delivery) = delivery.filter(|delivery| !delivery.value.is_api()) {
        log.bad(delivery.span, "no right is granted for SMTP", "not an API");
    }
    if !row.has("id") && !row.has("name") {
        log.lacks(
            row.span(),
            row.title(),
            "id",
            "the application or client id; or at least its `name`",
        );
    }
    Some(Grant {
        delivery: delivery?,
        platform: row.text("platform")?,
        kind: row.word("kind", GrantKind::parse)?,
        id: row.text("id"),
        name: row.text("name"),
        scopes: row.texts("scopes"),
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    })
}

fn send_log(row: &Fields<'_>, log: &mut Log) -> Option<SendLog> {
    let columns = words_of(row, "columns", LogColumn::WORDS, LogColumn::parse, log);
    let statuses = words_of(row, "statuses", LogStatus::WORDS, LogStatus::parse, log);
    let deliveries = words_of(row, "deliveries", Delivery::WORDS, Delivery::parse, log);
    Some(SendLog {
        id: row.text("id")?,
        streams: row.words("stream", StreamKind::parse),
        place: row.text("where"),
        columns,
        statuses,
        deliveries,
        zone: row.text("zone"),
        sources: row.texts("source"),
        note: row.text("note"),
        span: row.span(),
    })
}

/// A table from our words to those of the vendor.
fn words_of<T>(
    row: &Fields<'_>,
    key: &str,
    words: &[&str],
    parse: impl Fn(&str) -> Option<T>,
    log: &mut Log,
) -> Vec<(T, Spanned<String>)> {
    let Some(table) = row.table(key, log) else {
        return Vec::new();
    };
    let pairs = words
        .iter()
        .flat_map(|word| table.texts(word).into_iter().map(move |text| (word, text)));
    pairs.filter_map(|(word, text)| Some((parse(word)?, text))).collect()
}
