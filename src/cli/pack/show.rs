//! `allowaudit pack show`: a pack for people.

use std::fmt::Write as _;

use super::super::table::{aligned, folded};
use crate::pack::{Needs, Pack, Parameter, Scope, Stream, Value, When};
use crate::report::escape::line;
use crate::source::Spanned;

/// Everything the pack says. Results of `write!` are dropped: writing to a string cannot fail.
pub(super) fn text(pack: &Pack, width: usize) -> String {
    let mut out = format!("{}: {}\n", pack.id.value, line(&pack.name.value));
    let mut facts = Vec::new();
    if !pack.aliases.is_empty() {
        facts.push(vec!["also known as".to_owned(), join(&pack.aliases)]);
    }
    if let Some(checked) = pack.checked {
        facts.push(vec!["checked".to_owned(), checked.value.to_string()]);
    }
    if let Some(extends) = &pack.extends {
        facts.push(vec!["extends".to_owned(), extends.value.clone()]);
    }
    out.push_str(&aligned(&facts, 2));
    note(&mut out, 2, width, pack.note.as_ref());
    out.push_str("\nstreams\n");
    for stream in &pack.streams {
        one_stream(&mut out, stream, width);
    }
    out.push_str("\nvalues\n");
    for stream in &pack.streams {
        values(&mut out, pack, stream);
    }
    if !pack.parameters.is_empty() {
        out.push_str("\nparameters, for `values` in the tenant file\n");
        for parameter in &pack.parameters {
            one_parameter(&mut out, parameter, width);
        }
    }
    if !pack.advice.is_empty() || !pack.companions.is_empty() {
        out.push_str("\nadvice\n");
        advice(&mut out, pack, width);
    }
    if !pack.grants.is_empty() {
        out.push_str("\ngrants that show API delivery\n");
        let rows: Vec<Vec<String>> = pack
            .grants
            .iter()
            .map(|grant| {
                vec![
                    grant.delivery.value.as_str().to_owned(),
                    grant.platform.value.clone(),
                    grant.kind.value.as_str().to_owned(),
                    grant
                        .id
                        .as_ref()
                        .or(grant.name.as_ref())
                        .map_or_else(|| "-".to_owned(), |id| line(&id.value).into_owned()),
                    join(&grant.scopes),
                ]
            })
            .collect();
        out.push_str(&aligned(&rows, 2));
    }
    if !pack.logs.is_empty() {
        out.push_str("\nsend logs\n");
        for log in &pack.logs {
            let place = log
                .place
                .as_ref()
                .map_or_else(String::new, |place| line(&place.value).into_owned());
            out.push_str(&aligned(&[vec![log.id.value.clone(), place]], 2));
        }
    }
    if !pack.sources.is_empty() {
        out.push_str("\nsources\n");
        let rows: Vec<Vec<String>> = pack
            .sources
            .iter()
            .map(|source| {
                vec![
                    source.id.value.clone(),
                    source.grade.value.as_str().to_owned(),
                    source.seen.value.to_string(),
                    line(&source.url.value).into_owned(),
                ]
            })
            .collect();
        out.push_str(&aligned(&rows, 2));
    }
    out
}

fn one_stream(out: &mut String, stream: &Stream, width: usize) {
    let _ = writeln!(out, "  {}: {}", stream.id.value.as_str(), line(&stream.summary.value));
    let deliveries: Vec<&str> = stream
        .deliveries
        .iter()
        .map(|delivery| delivery.value.as_str())
        .collect();
    let _ = writeln!(
        out,
        "    delivered by {}; must be spared {}",
        if deliveries.is_empty() {
            "smtp".to_owned()
        } else {
            deliveries.join(", ")
        },
        match stream.clears.value.as_str() {
            "everything" => "every filter",
            _ => "what keeps ordinary mail from the inbox",
        }
    );
    if stream.deliveries.iter().any(|delivery| delivery.value.is_api()) {
        let _ = writeln!(out, "    SMTP beside an API: {}", stream.smtp_when_api.value.as_str());
    }
    note(out, 4, width, stream.note.as_ref());
}

fn values(out: &mut String, pack: &Pack, stream: &Stream) {
    let of_stream: Vec<&Value> = pack
        .values
        .iter()
        .filter(|value| value.stream.value == stream.id.value)
        .collect();
    if of_stream.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {}", stream.id.value.as_str());
    let mut identities: Vec<&str> = Vec::new();
    for value in &of_stream {
        let identity = value.identity.value.as_str();
        if !identities.contains(&identity) {
            identities.push(identity);
        }
    }
    let rows_of = |identity: &str| -> Vec<Vec<String>> {
        let rows = of_stream
            .iter()
            .filter(|value| value.identity.value.as_str() == identity);
        rows.map(|value| row(value)).collect()
    };
    // One width for all identities of a stream.
    let all: Vec<Vec<String>> = identities.iter().flat_map(|identity| rows_of(identity)).collect();
    let table = aligned(&all, 6);
    let mut lines = table.lines();
    for identity in identities {
        let _ = writeln!(out, "    {identity}");
        for _ in rows_of(identity) {
            out.extend(lines.next().into_iter().flat_map(|line| [line, "\n"]));
        }
    }
}

fn row(value: &Value) -> Vec<String> {
    let mut more = Vec::new();
    if let Some(since) = value.since {
        more.push(format!("since {}", since.value));
    }
    if let Some(until) = value.until {
        more.push(format!("until {}", until.value));
    }
    if value.sharing.value.as_str() != "unknown" {
        more.push(value.sharing.value.as_str().to_owned());
    }
    more.extend(scope(&value.scope));
    vec![
        line(&value.value.value).into_owned(),
        value.status.value.as_str().to_owned(),
        value.grade.as_str().to_owned(),
        join(&value.sources),
        more.join(", "),
    ]
}

fn scope(scope: &Scope) -> Vec<String> {
    let mut words = Vec::new();
    if !scope.regions.is_empty() {
        words.push(format!("region {}", join(&scope.regions)));
    }
    if !scope.cohorts.is_empty() {
        words.push(format!("cohort {}", join(&scope.cohorts)));
    }
    if let Some(group) = &scope.group {
        words.push(format!("group {}", group.value));
    }
    if !scope.when.is_empty() {
        words.push(format!("when {}", conditions(&scope.when)));
    }
    words
}

fn conditions(when: &[Spanned<When>]) -> String {
    let words: Vec<String> = when
        .iter()
        .map(|when| match &when.value {
            When::Gateway => "gateway".to_owned(),
            When::NoGateway => "no-gateway".to_owned(),
            When::Delivery(delivery) => format!("delivery:{}", delivery.as_str()),
            When::Param(id) => format!("param:{id}"),
        })
        .collect();
    words.join(" and ")
}

fn one_parameter(out: &mut String, parameter: &Parameter, width: usize) {
    let mut words = vec![parameter.kind.value.as_str().to_owned()];
    if let Some(identity) = &parameter.identity {
        words.push(identity.value.as_str().to_owned());
    }
    if let Some(header) = &parameter.header {
        words.push(format!("header `{}`", line(&header.value)));
    }
    words.push(if parameter.required { "required" } else { "optional" }.to_owned());
    if parameter.secret {
        words.push("secret".to_owned());
    }
    words.extend(scope(&parameter.scope));
    let _ = writeln!(
        out,
        "  {} ({}): {}",
        parameter.id.value,
        parameter.stream.value.as_str(),
        words.join(", ")
    );
    if let Some(place) = &parameter.place {
        for text in folded(&format!("where: {}", line(&place.value)), width.saturating_sub(4)) {
            let _ = writeln!(out, "    {text}");
        }
    }
    note(out, 4, width, parameter.note.as_ref());
}

fn advice(out: &mut String, pack: &Pack, width: usize) {
    for row in &pack.advice {
        let when = if row.when.is_empty() {
            String::new()
        } else {
            format!(", when {}", conditions(&row.when))
        };
        let _ = writeln!(
            out,
            "  {} ({}): {} on {}, {}{when}",
            row.id.value,
            row.stream.value.as_str(),
            row.control.value,
            row.platform.value,
            row.strength.value.as_str(),
        );
        if let Some(needs) = &row.needs {
            let _ = writeln!(out, "    needs {}", words(needs));
        }
        note(out, 4, width, row.reason.as_ref());
    }
    for row in &pack.companions {
        let _ = writeln!(
            out,
            "  {} ({}): {} on {}, {}, beside the allow",
            row.id.value,
            row.stream.value.as_str(),
            row.control.value,
            row.platform.value,
            row.strength.value.as_str(),
        );
        note(out, 4, width, Some(&row.summary));
    }
}

fn words(needs: &Needs) -> String {
    let list = |word: &str, parts: &[Needs]| {
        let parts: Vec<String> = parts.iter().map(words).collect();
        format!("{word}({})", parts.join(", "))
    };
    match needs {
        Needs::Identity(identity) => identity.value.as_str().to_owned(),
        Needs::Param(id) => format!("param:{}", id.value),
        Needs::Group(name) => format!("group:{}", name.value),
        Needs::All(parts) => list("all", parts),
        Needs::Any(parts) => list("any", parts),
        Needs::One(parts) => list("one", parts),
        Needs::Pairs(parts) => list("pairs", parts),
    }
}

fn join(texts: &[Spanned<String>]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| line(&text.value)).collect();
    texts.join(", ")
}

fn note(out: &mut String, indent: usize, width: usize, note: Option<&Spanned<String>>) {
    let Some(note) = note else { return };
    for text in folded(&line(&note.value), width.saturating_sub(indent)) {
        let _ = writeln!(out, "{}{text}", " ".repeat(indent));
    }
}
