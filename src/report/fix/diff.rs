//! Exports before and after, line by line.

use similar::{ChangeTag, TextDiff};

use crate::report::escape;

use super::FixedFile;

/// Longest line that is compared as one: whole exports stand on one line, too, and a diff of such a line says nothing.
const MAX_LINE: usize = 1000;

/// One line of a unified diff, safe to show and without its end.
pub(super) enum Line {
    /// A heading of the file or of a place in it.
    Head(String),
    /// A line that stays.
    Same(String),
    /// A line that goes.
    Gone(String),
    /// A line that comes.
    New(String),
}

impl Line {
    /// As a unified diff has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Head(text) => text.clone(),
            Self::Same(text) => format!(" {text}"),
            Self::Gone(text) => format!("-{text}"),
            Self::New(text) => format!("+{text}"),
        }
    }
}

/// The unified diff of a file; where its lines are too long for that, the operations of the patch.
pub(super) fn lines(file: &FixedFile) -> Vec<Line> {
    let name = escape::line(&file.path);
    let mut all = vec![Line::Head(format!("--- {name}")), Line::Head(format!("+++ {name}"))];
    let diff = TextDiff::from_lines(file.before.as_str(), file.after.as_str());
    let changed = diff
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal);
    if changed.into_iter().any(|change| change.value().len() > MAX_LINE) {
        all.extend(file.operations.iter().map(|operation| {
            let value = operation.value().map(|value| format!(" {value}")).unwrap_or_default();
            let text = format!("{} {}{value}", operation.word(), operation.path());
            let text = shown(&text);
            match operation.word() {
                "remove" => Line::Gone(text),
                _ => Line::New(text),
            }
        }));
        return all;
    }
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        all.push(Line::Head(hunk.header().to_string().trim_end().to_owned()));
        for change in hunk.iter_changes() {
            let text = shown(change.value());
            all.push(match change.tag() {
                ChangeTag::Equal => Line::Same(text),
                ChangeTag::Delete => Line::Gone(text),
                ChangeTag::Insert => Line::New(text),
            });
        }
    }
    all
}

fn shown(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let line = line.replace('\t', "    ");
    let end = line.char_indices().nth(MAX_LINE).map_or(line.len(), |(at, _)| at);
    let kept = line.get(..end).unwrap_or_default();
    let dots = if end < line.len() { "…" } else { "" };
    format!("{}{dots}", escape::line(kept))
}
