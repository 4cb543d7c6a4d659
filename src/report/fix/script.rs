//! All changes in the language of one writer, in a text that can be run or imported as it is, and the same backwards.
//!
//! Nothing that comes from an export stands in a comment: the commands name their objects, quoted by their writer.

use std::fmt::Write as _;

use crate::platform::change::{Change, Snippet, Writer};
use crate::platform::quote;

use super::{Fix, words};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Makes the changes.
    Forth,
    /// Undoes them, the last one first.
    Back,
}

/// One piece of a script: the number of its step, the kind of object, and the commands where the language has them.
struct Piece {
    number: usize,
    kind: &'static str,
    snippet: Option<Snippet>,
}

/// The text of a file for one writer.
pub fn render(fix: &Fix, writer: &Writer, way: Way, tool_version: &str) -> String {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    for (at, step) in fix.steps.iter().enumerate() {
        let snippet = (writer.write)(&step.change);
        let (change, snippet) = match way {
            Way::Forth => (step.change.clone(), snippet),
            Way::Back => (
                step.change.undone(),
                snippet.map(|snippet| backwards(writer, &step.change, snippet)),
            ),
        };
        changes.push(change);
        pieces.push(Piece {
            number: at + 1,
            kind: step.change.kind,
            snippet,
        });
    }
    if way == Way::Back {
        pieces.reverse();
        changes.reverse();
    }
    if writer.id == "powershell" {
        powershell(fix, writer, way, tool_version, &pieces, &changes)
    } else {
        let runs = pieces
            .iter()
            .filter_map(|piece| Some(piece.snippet.as_ref()?.run.as_str()));
        let mut out = (writer.head)(&changes);
        runs.for_each(|run| add(&mut out, run));
        out
    }
}

/// What undoes a change. It can be previewed where the writer would say it in these very words.
fn backwards(writer: &Writer, change: &Change, snippet: Snippet) -> Snippet {
    let undone = (writer.write)(&change.undone()).filter(|undone| undone.run.trim() == snippet.undo.trim());
    undone.unwrap_or_else(|| Snippet {
        preview: None,
        undo: snippet.run,
        run: snippet.undo,
        clicks: Vec::new(),
        caution: None,
    })
}

/// A script that shows what would happen, and makes the changes only when it is told to.
///
/// `-WhatIf` stands on each command that documents it. `$WhatIfPreference` is not used: no reference of these commands
/// says that they heed it.
fn powershell(
    fix: &Fix,
    writer: &Writer,
    way: Way,
    tool_version: &str,
    pieces: &[Piece],
    changes: &[Change],
) -> String {
    let mut out = String::new();
    let n_changes = words::count(pieces.len(), "change");
    let (what, does) = match way {
        Way::Forth => (n_changes, "makes the changes"),
        Way::Back => (format!("takes {n_changes} back"), "takes the changes back"),
    };
    let mut comment = |text: &str| {
        out.push_str(&quote::comment(text));
        out.push('\n');
    };
    comment(&format!("allowaudit {tool_version} fix, {}: {what}", fix.platform));
    comment(&format!(
        "Tenant: `{}`. Look whether the session is connected to it.",
        fix.before.name
    ));
    if pieces.is_empty() {
        comment("There is nothing to change.");
        return out;
    }
    comment(&format!(
        "Without a parameter it shows what would happen and changes nothing; with -Apply it {does}."
    ));
    out.push_str("param([switch] $Apply)\n\n");
    add(&mut out, &(writer.head)(changes));
    out.push_str("\nif (-not $Apply) {\n");
    for piece in pieces {
        let preview = piece.snippet.as_ref().and_then(|snippet| snippet.preview.as_deref());
        heading(&mut out, piece, pieces.len());
        match preview {
            Some(preview) => add(&mut out, preview),
            None => message(
                &mut out,
                "Write-Host",
                &format!("Step {} has no preview.", piece.number),
            ),
        }
    }
    out.push_str("}\n\nif ($Apply) {\n");
    for piece in pieces {
        heading(&mut out, piece, pieces.len());
        if let Some(snippet) = &piece.snippet {
            add(&mut out, &snippet.run);
        } else {
            let text = format!(
                "Step {} has no command here and is still to be done by hand.",
                piece.number
            );
            message(&mut out, "Write-Warning", &text);
        }
    }
    out.push_str("}\n");
    out
}

fn heading(out: &mut String, piece: &Piece, n_pieces: usize) {
    let text = format!("Step {} of {n_pieces}: {}", piece.number, piece.kind);
    out.push_str(&quote::comment(&text));
    out.push('\n');
}

fn message(out: &mut String, cmdlet: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{cmdlet} {}", quote::powershell(text));
}

/// Adds lines, the last one with its end.
fn add(out: &mut String, lines: &str) {
    out.push_str(lines);
    if !lines.is_empty() && !lines.ends_with('\n') {
        out.push('\n');
    }
}
