//! The conventions by which Exchange exports write values: one-or-many lists, dates in seven forms, booleans and
//! enumerations as text, numbers or objects.
//!
//! Absent, null and unreadable stay apart: a reader that makes one of the others out of them invents a setting
//! (export-formats T1 to T3, T15). This module knows no object and no setting.

mod date;

use std::borrow::Cow;

use super::claim::is_cut_text;
use crate::document::patch::Json;
use crate::document::{Kind as Shape, Node};
use crate::source::{Span, Spanned};

pub(crate) use self::date::{date, moment};

/// One value of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field<T> {
    /// The key is not there: the exporter left it out or the product never had it.
    Absent,
    /// The key is there and says nothing.
    Null(Span),
    /// A value.
    Set(Spanned<T>),
    /// Something is there that cannot be read as what it should be.
    Unreadable(Span),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub(crate) fn into_value(self) -> Option<T> {
        match self {
            Self::Set(spanned) => Some(spanned.value),
            _ => None,
        }
    }

    /// Whether something is there that cannot be read.
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }
}

/// Whether a list is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListState {
    /// The key is not there.
    Absent,
    /// It is there and holds nothing: null, `[]` or `[null]` (export-formats T1, T15).
    Empty,
    /// It holds something, readable or not.
    Listed,
}

/// A list of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<'a> {
    /// Whether it is there.
    pub(crate) state: ListState,
    /// Where it is written.
    pub(crate) span: Option<Span>,
    /// The entries; each span is that of the whole item, quotes and braces included.
    pub(crate) items: Vec<Spanned<Cow<'a, str>>>,
    /// Items that are no texts or were cut off: the list holds more than was read.
    pub(crate) unreadable: Vec<Span>,
    /// The first of them that was not cut off and still is no text.
    pub(crate) odd: Option<Span>,
}

/// Reads a list. A single entry may stand without its brackets (export-formats T11); an entry may be a text, a number
/// or an object that holds its text (export-formats T12, section 2 for GUIDs).
pub(crate) fn list(node: Option<Node<'_>>) -> List<'_> {
    let mut list = List {
        state: ListState::Absent,
        span: None,
        items: Vec::new(),
        unreadable: Vec::new(),
        odd: None,
    };
    let Some(node) = node else { return list };
    list.state = ListState::Empty;
    list.span = Some(node.span());
    if let Some(wrapped) = wrapped_array(node) {
        wrapped.items().for_each(|item| add(&mut list, item));
    } else if node.kind() == Shape::List {
        node.items().for_each(|item| add(&mut list, item));
        if node.is_cut() {
            list.unreadable.push(node.span());
        }
    } else {
        add(&mut list, node);
    }
    if !list.items.is_empty() || !list.unreadable.is_empty() {
        list.state = ListState::Listed;
    }
    list
}

/// The keys under which objects in lists hold their text.
const ENTRY_KEYS: [&str; 5] = ["Sender", "Address", "Domain", "value", "Guid"];

/// `{"value": […], "Count": 2}`: how Windows PowerShell writes an array that is wrapped in an object.
fn wrapped_array(node: Node<'_>) -> Option<Node<'_>> {
    node.get("Count")?;
    node.get("value").filter(|value| value.kind() == Shape::List)
}

fn add<'a>(list: &mut List<'a>, item: Node<'a>) {
    if item.is_null() {
        return;
    }
    match entry(item, 0) {
        // Below its depth `ConvertTo-Json` writes text that looks like an entry (export-formats T10).
        Some(text) if is_cut_text(&text) => list.unreadable.push(item.span()),
        Some(text) if text.trim().is_empty() => {}
        Some(text) => list.items.push(Spanned::new(text, item.span())),
        None => {
            list.unreadable.push(item.span());
            list.odd = list.odd.or(Some(item.span()));
        }
    }
}

/// The text of one entry of a list.
pub(crate) fn entry_text(item: Node<'_>) -> Option<Cow<'_, str>> {
    entry(item, 0)
}

/// `written` in the form of an entry that is there: a text, or an object that holds one under the same key.
pub(crate) fn in_the_form_of(item: Node<'_>, written: &str) -> Json {
    let inner = ENTRY_KEYS.iter().find_map(|wanted| {
        let mut members = item.entries();
        members.find(|(key, value)| key.name.trim().eq_ignore_ascii_case(wanted) && entry(*value, 1).is_some())
    });
    match inner {
        Some((key, value)) => Json::Table(vec![(key.name.into_owned(), in_the_form_of(value, written))]),
        None => Json::string(written),
    }
}

/// The elements of what stands for a list: one, many, or wrapped in an object.
pub(crate) fn elements(node: Node<'_>) -> Vec<Node<'_>> {
    match wrapped_array(node) {
        Some(wrapped) => wrapped.items().collect(),
        None if node.kind() == Shape::List => node.items().collect(),
        None => vec![node],
    }
}

/// The text of an entry. The keys are those three programs read from allowed senders (export-formats T12), and those of
/// wrapped values and GUIDs (section 2).
fn entry(item: Node<'_>, depth: u8) -> Option<Cow<'_, str>> {
    match item.kind() {
        Shape::String => item.as_str(),
        Shape::Number => Some(Cow::Borrowed(item.raw())),
        Shape::Table if depth < 2 => {
            let mut inner = ENTRY_KEYS.iter().filter_map(|key| item.get(key));
            inner.find_map(|inner| entry(inner, depth + 1))
        }
        _ => None,
    }
}

/// Reads a value: the only element of a list counts as the value (export-formats T11, the other way round).
fn scalar<'a, T>(node: Option<Node<'a>>, read: impl Fn(Node<'a>) -> Option<T>) -> Field<T> {
    let Some(written) = node else { return Field::Absent };
    let span = written.span();
    let only = match written.kind() {
        Shape::List => {
            let mut items = written.items();
            match (items.next(), items.next()) {
                (None, _) => return Field::Null(span),
                (Some(only), None) => only,
                _ => return Field::Unreadable(span),
            }
        }
        _ => written,
    };
    if only.is_null() {
        return Field::Null(span);
    }
    match read(only) {
        Some(value) => Field::Set(Spanned::new(value, span)),
        None => Field::Unreadable(span),
    }
}

/// Reads a text. Numbers are texts too: a name may be one.
pub(crate) fn text(node: Option<Node<'_>>) -> Field<Cow<'_, str>> {
    scalar(node, |node| entry(node, 1))
}

/// Reads a boolean: `true`, `"True"`, `"$false"` (export-formats T14, T23).
pub(crate) fn boolean(node: Option<Node<'_>>) -> Field<bool> {
    scalar(node, |node| {
        node.as_bool().or_else(|| {
            let word = node.as_str()?;
            let word = word.trim();
            let word = word.strip_prefix('$').unwrap_or(word);
            if word.eq_ignore_ascii_case("true") {
                Some(true)
            } else if word.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                None
            }
        })
    })
}

/// Reads a whole number, perhaps written as text (export-formats T16).
pub(crate) fn integer(node: Option<Node<'_>>) -> Field<i64> {
    scalar(node, |node| {
        let number = node.as_i64();
        number.or_else(|| entry(node, 1)?.trim().parse().ok())
    })
}

/// Reads an enumeration: a word in any case; where `ints` says what the numbers mean, also a number or a text of
/// digits; or an object with both (export-formats section 2, exchange-semantics 15).
pub(crate) fn enumerated<T: Copy>(node: Option<Node<'_>>, words: &[(&str, T)], ints: &[(i64, T)]) -> Field<T> {
    let of_word = |word: &str| {
        let found = words.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|&(_, value)| value)
    };
    let of_int = |int: i64| ints.iter().find(|&&(number, _)| number == int).map(|&(_, value)| value);
    let read = |node: Node<'_>| match node.as_str() {
        Some(text) => of_word(text.trim()).or_else(|| of_int(text.trim().parse().ok()?)),
        None => of_int(node.as_i64()?),
    };
    scalar(node, |node| match node.kind() {
        Shape::Table => {
            // `value` and `Value` are two keys here, one with the number and one with the word.
            let both = || node.entries().map(|(_, value)| value);
            let by_word = both().find_map(|value| of_word(value.as_str()?.trim()));
            by_word.or_else(|| both().find_map(read))
        }
        _ => read(node),
    })
}

/// The domain of an entry of a connector's `SenderDomains`: `smtp:*;1` carries the type of the address space before
/// it and its cost after it (export-formats T4). The span becomes that of the domain alone where that can be told.
pub(crate) fn address_space<'a>(entry: &Spanned<Cow<'a, str>>) -> Spanned<Cow<'a, str>> {
    let whole = entry.value.as_ref();
    let trimmed = whole.trim_start();
    let has_type = trimmed
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("smtp:"));
    let start = whole.len() - trimmed.len() + if has_type { 5 } else { 0 };
    let rest = whole.get(start..).unwrap_or_default();
    let inner = match rest.rsplit_once(';') {
        Some((domain, cost)) if cost.trim().bytes().all(|byte| byte.is_ascii_digit()) => domain,
        _ => rest,
    };
    let start = start + inner.len() - inner.trim_start().len();
    let inner = inner.trim();
    let end = start + inner.len();
    let value = match &entry.value {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
        Cow::Owned(_) => Cow::Owned(inner.to_owned()),
    };
    Spanned::new(value, sub_span(entry, start, end).unwrap_or(entry.span))
}

/// The span of a part of a text, if the text is written as it is read: without escapes, in quotes or bare.
fn sub_span(entry: &Spanned<Cow<'_, str>>, start: usize, end: usize) -> Option<Span> {
    let length = u32::try_from(entry.value.len()).ok()?;
    let quote = match entry.span.len().checked_sub(length)? {
        0 => 0,
        2 => 1,
        _ => return None,
    };
    let at = |offset: usize| Some(entry.span.start + quote + u32::try_from(offset).ok()?);
    Some(Span::new(entry.span.source, at(start)?, at(end)?))
}

/// What an object is called in reports: its name, else its identity, else its value (contract section 6).
pub(crate) fn name_of(record: Node<'_>) -> Option<Spanned<Cow<'_, str>>> {
    ["Name", "Identity", "Value", "DomainName"]
        .into_iter()
        .find_map(|key| match text(record.get(key)) {
            Field::Set(name) if !name.value.trim().is_empty() => Some(name),
            _ => None,
        })
}

#[cfg(test)]
mod tests;
