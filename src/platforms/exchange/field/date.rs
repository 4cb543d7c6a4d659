//! Dates as exports write them: seven forms, seen in public files (export-formats section 2).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Field, scalar};
use crate::document::{Kind as Shape, Node};
use crate::source::Spanned;

/// Reads a date. Those without a time zone are UTC, as the service writes them. A date in the style of the exporter's
/// country is read only where day and month cannot be taken for each other, also as UTC.
pub(crate) fn date(node: Option<Node<'_>>) -> Field<Timestamp> {
    let field = scalar(node, |node| {
        let written = match node.kind() {
            // `{"value": "/Date(…)/", "DisplayHint": 2, "DateTime": "…"}`: PowerShell before 7.2.
            Shape::Table => node.get("value")?,
            _ => node,
        };
        let text = written.as_str()?;
        let text = text.trim();
        if text.is_empty() {
            Some(None)
        } else {
            moment(text).map(Some)
        }
    });
    match field {
        Field::Absent => Field::Absent,
        Field::Null(span) => Field::Null(span),
        Field::Unreadable(span) => Field::Unreadable(span),
        Field::Set(Spanned { value: None, span }) => Field::Null(span),
        Field::Set(Spanned {
            value: Some(value),
            span,
        }) => Field::Set(Spanned::new(value, span)),
    }
}

/// Reads a date that is written as a text.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    if let Some(inside) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return of_millis(inside);
    }
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return to_utc(civil);
    }
    of_culture(text)
}

/// Milliseconds since 1970, in UTC; an offset behind them says only where the exporter stood.
fn of_millis(inside: &str) -> Option<Timestamp> {
    let sign = usize::from(inside.starts_with('-'));
    let digits = inside.get(sign..)?;
    let end = digits.find(['+', '-']).unwrap_or(digits.len());
    let millis: i64 = inside.get(..sign + end)?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}

fn to_utc(civil: DateTime) -> Option<Timestamp> {
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// `10/17/2022 9:24:27 AM`, `17.10.2022 09:24:27`.
fn of_culture(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "0:00:00"));
    let mut numbers = day.trim_end_matches(['.', ',']).split(['/', '.', '-']);
    let first: i8 = numbers.next()?.parse().ok()?;
    let second: i8 = numbers.next()?.parse().ok()?;
    let year = numbers.next()?;
    if numbers.next().is_some() || year.len() != 4 {
        return None;
    }
    let (day, month) = match (first, second) {
        (a, b) if a == b => (a, b),
        (13.., 1..=12) => (first, second),
        (1..=12, 13..) => (second, first),
        _ => return None,
    };
    let (clock, half) = match time.trim().split_once(' ') {
        Some((clock, half)) => (clock, Some(half.trim())),
        None => (time.trim(), None),
    };
    let mut parts = clock.split(':').map(str::parse::<i8>);
    let mut hour = parts.next()?.ok()?;
    let minute = parts.next()?.ok()?;
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    match half {
        None => {}
        Some(half) if half.eq_ignore_ascii_case("AM") => hour %= 12,
        Some(half) if half.eq_ignore_ascii_case("PM") => hour = hour % 12 + 12,
        Some(_) => return None,
    }
    to_utc(DateTime::new(year.parse().ok()?, month, day, hour, minute, second, 0).ok()?)
}
