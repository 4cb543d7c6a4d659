//! What a pack could say instead, as a unified diff of its file: values that no record lets send become `legacy`, and
//! addresses that are new get rows of their own. Where a value loses only some of its addresses, a person decides.

use std::fmt::Write as _;

use similar::TextDiff;

use super::compare::Compared;
use crate::message::Identity;
use crate::pack::{Pack, Value};
use crate::source::Sources;

/// The most new rows that are proposed; a record that lets more networks send is none to copy from unseen.
const MOST_ROWS: usize = 64;

/// The diff, if there is anything to propose.
pub(super) fn diff(pack: &Pack, streams: &[Compared<'_>], sources: &Sources) -> Option<String> {
    let source = sources.get(pack.source);
    let mut edits: Vec<Edit> = Vec::new();
    for stream in streams.iter().filter(|stream| stream.is_readable) {
        let gone = stream.refused.iter().filter(|row| row.is_whole).map(|row| row.value);
        let own = gone.filter(|value| value.file.is_none() && value.span.source == pack.source);
        edits.extend(own.map(|value| retire(value, source.text())));
        edits.extend(additions(pack, stream, source.text()));
    }
    // From the back, so that places before an edit hold.
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.start));
    let mut text = source.text().to_owned();
    for edit in edits {
        text.replace_range(edit.start..edit.end, &edit.text);
    }
    if text == source.text() {
        return None;
    }
    let diff = TextDiff::from_lines(source.text(), text.as_str());
    Some(
        diff.unified_diff()
            .context_radius(3)
            .header(&source.name, &source.name)
            .to_string(),
    )
}

/// A text in place of another.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edit {
    fn insert(at: usize, text: String) -> Self {
        Self {
            start: at,
            end: at,
            text,
        }
    }
}

/// Makes a value `legacy`.
fn retire(value: &Value, text: &str) -> Edit {
    let span = value.status.span;
    if span == value.span {
        return Edit::insert(end_of_row(text, start(value)), "status = \"legacy\"\n".to_owned());
    }
    let (start, end) = (at(span.start), at(span.end));
    let is_quoted = text
        .get(start..end)
        .is_some_and(|written| written.starts_with(['"', '\'']));
    Edit {
        start,
        end,
        text: if is_quoted { "\"legacy\"" } else { "legacy" }.to_owned(),
    }
}

/// Rows for what the pack lacks, behind the last address of the stream or behind the name of the record.
fn additions(pack: &Pack, stream: &Compared<'_>, text: &str) -> Option<Edit> {
    let nets = stream.lacking.nets();
    let is_own = |value: &&Value| value.span.source == pack.source && value.file.is_none();
    let (record, _) = stream.records.iter().find(|(value, _)| is_own(value))?;
    if nets.is_empty() || nets.len() > MOST_ROWS {
        return None;
    }
    let mut addresses = pack
        .values
        .iter()
        .filter(is_own)
        .filter(|value| value.identity.value == Identity::ConnectingIp && value.stream.value == stream.stream);
    let last = addresses.next_back().unwrap_or(record);
    let cited: Vec<String> = record
        .sources
        .iter()
        .map(|source| format!("\"{}\"", source.value))
        .collect();
    let cited = match cited.as_slice() {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let mut rows = String::new();
    for net in nets {
        let written = if net.prefix_len() == net.max_prefix_len() {
            net.addr().to_string()
        } else {
            net.to_string()
        };
        let _ = write!(
            rows,
            "\n[[value]]\nstream = \"{}\"\nidentity = \"connecting-ip\"\nvalue = \"{written}\"\nstatus = \"current\"\nsource = {cited}\n",
            stream.stream.as_str(),
        );
    }
    let place = end_of_row(text, start(last));
    let is_complete = text.get(..place).is_some_and(|before| before.ends_with('\n'));
    Some(Edit::insert(
        place,
        if is_complete { rows } else { format!("\n{rows}") },
    ))
}

/// Where a row ends: before the first empty line, or the next row.
fn end_of_row(text: &str, start: usize) -> usize {
    let mut end = start;
    for (nth, line) in text.get(start..).unwrap_or_default().split_inclusive('\n').enumerate() {
        let is_over = line.trim().is_empty() || line.trim_start().starts_with('[');
        if nth > 0 && is_over {
            break;
        }
        end += line.len();
    }
    end
}

fn start(value: &Value) -> usize {
    at(value.span.start)
}

fn at(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
