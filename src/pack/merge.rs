//! Puts a pack together: the rows of its side files, and those of the pack it extends.

use super::consistency::{self, Declared};
use super::model::{Pack, Parsed, Value};
use super::values::{self, How};
use crate::form::Log;
use crate::problem::Problem;
use crate::source::{SourceId, Sources, Span, Spanned};

/// Replaces the rows that name a side file by one row for each of its lines.
pub fn attach(pack: &mut Pack, file: &str, sources: &Sources, id: SourceId) -> Vec<Problem> {
    let mut log = Log::new(Vec::new(), true);
    let mut values = Vec::new();
    for value in std::mem::take(&mut pack.values) {
        let here = value.parsed == Parsed::SideFile && value.file.as_ref().is_some_and(|named| named.value == file);
        if here {
            lines(&value, sources.get(id).text(), id, &mut values, &mut log);
        } else {
            values.push(value);
        }
    }
    pack.values = values;
    consistency::repeated_values(&pack.values, &mut log);
    log.finish()
}

fn lines(row: &Value, text: &str, id: SourceId, values: &mut Vec<Value>, log: &mut Log) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.split('#').next().unwrap_or_default();
        let indent = written.len() - written.trim_start().len();
        let written = written.trim();
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let span = Span::new(id, at(start + indent), at(start + indent + written.len()));
        start += line.len();
        if written.is_empty() {
            continue;
        }
        let value = Spanned::new(written.to_owned(), span);
        if let Some(parsed) = values::parse(row.identity.value, &value, &How::default(), log) {
            values.push(Value {
                value,
                parsed,
                span,
                ..row.clone()
            });
        }
    }
}

/// Puts a pack on top of those it extends, which `lookup` finds by id. Rows keep the place where they are written.
pub fn resolve<'p>(pack: Pack, lookup: &dyn Fn(&str) -> Option<&'p Pack>) -> (Pack, Vec<Problem>) {
    let mut log = Log::new(Vec::new(), true);
    let mut whole = pack;
    let mut next = whole.extends.clone();
    let mut met = vec![whole.id.value.clone()];
    while let Some(named) = next.take() {
        let Some(parent) = lookup(&named.value) else {
            log.unknown_word(named.span, "pack", &named.value, &[]);
            break;
        };
        if met.contains(&parent.id.value) {
            met.push(parent.id.value.clone());
            log.bad(
                named.span,
                format!("packs extend one another in a circle: {}", met.join(", ")),
                "back to the start",
            );
            break;
        }
        met.push(parent.id.value.clone());
        over(&mut whole, parent);
        next.clone_from(&parent.extends);
    }
    if met.len() > 1 {
        settle(&mut whole);
    }
    // What a pack that was not found would have brought cannot be missed.
    if met.len() > 1 && log.problems.is_empty() {
        consistency::references(&whole, &Declared::read(&whole), &mut log);
    }
    (whole, log.finish())
}

/// Adds what the pack does not state itself.
fn over(pack: &mut Pack, parent: &Pack) {
    macro_rules! by {
        ($rows:ident, $row:ident => $key:expr) => {
            let own: Vec<_> = pack.$rows.iter().map(|$row| $key).collect();
            let more: Vec<_> = parent
                .$rows
                .iter()
                .filter(|$row| !own.contains(&$key))
                .cloned()
                .collect();
            pack.$rows.extend(more);
        };
    }
    by!(sources, row => row.id.value.clone());
    by!(streams, row => row.id.value);
    by!(values, row => (row.stream.value, row.identity.value));
    by!(parameters, row => row.id.value.clone());
    by!(advice, row => row.id.value.clone());
    by!(companions, row => row.id.value.clone());
    by!(grants, row => (row.delivery.value, row.platform.value.clone()));
    by!(logs, row => row.id.value.clone());
}

/// Gives every value of the pack itself the grade of its sources; values of a parent keep theirs.
pub(super) fn settle(pack: &mut Pack) {
    let grades: Vec<_> = pack.values.iter().map(|value| pack.grade(&value.sources)).collect();
    for (value, grade) in pack.values.iter_mut().zip(grades) {
        if value.stream.span.source == pack.source {
            value.grade = grade;
        }
    }
}
