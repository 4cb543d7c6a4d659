//! Errors that were saved as if they were data (export-formats C7). They claim nothing: the export is lacking.

use super::super::kind::{Kind, export_command};
use super::cut::is_cut_text;
use super::{Place, Reading};
use crate::document::{Kind as Shape, Node};
use crate::problem::{Level, Problem, ProblemKind};

impl<'a> Reading<'a> {
    /// A text instead of objects: the error of a shell, if it is ours at all.
    pub(super) fn text(&mut self, node: Node<'a>, place: Place) {
        let text = node.as_str().unwrap_or_default();
        if is_cut_text(&text) {
            self.lost(node, place);
        } else if place.named.is_some() && !text.trim().is_empty() || is_shell_error(&text) {
            self.error(node, place);
        }
    }

    /// Objects that were cut off whole: the export was so shallow that nothing of them is left (export-formats T10).
    pub(super) fn lost(&mut self, node: Node<'a>, place: Place) {
        let Some(named) = place.named else { return };
        let command = export_command(named.kind, named.list);
        self.claimed.problems.push(
            Problem::at(
                Level::Deny,
                ProblemKind::Truncated,
                node.span(),
                format!(
                    "the export of {} was cut off: its objects lost their content",
                    named.kind.as_str()
                ),
                "this is what is left of an object",
            )
            .help(format!("re-export with `-Depth 10`: `{command}`")),
        );
        self.claimed.failed_commands.push((named.kind, node.span()));
    }

    /// An error that was saved as if it were data (export-formats C7).
    pub(super) fn error(&mut self, message: Node<'a>, place: Place) {
        let text = message.as_str().unwrap_or_default();
        let known = text.contains("Microsoft.Exchange") || text.contains("Exchange Online") || is_shell_error(&text);
        if place.named.is_none() && !known || place.ran == Some(false) {
            return;
        }
        let said = quote(&text);
        let problem = Problem::at(
            Level::Deny,
            ProblemKind::Unreadable,
            message.span(),
            format!("an error was saved instead of the export: {said}"),
            "the service or the shell answered this",
        );
        let problem = match place.named {
            Some(named) => {
                self.claimed.failed_commands.push((named.kind, message.span()));
                problem.help(format!("export it again: `{}`", export_command(named.kind, named.list)))
            }
            None => problem.help("export it again, and look at the error the cmdlet shows"),
        };
        self.claimed.problems.push(problem);
    }
}

/// The message of an error that was saved as data: of the admin API (export-formats C7), of `OData`, or an error
/// record of PowerShell.
pub(super) fn error_in(table: Node<'_>) -> Option<Node<'_>> {
    if let Some(exception) = table.get("Exception")
        && (table.get("FullyQualifiedErrorId").is_some() || table.get("CategoryInfo").is_some())
    {
        return Some(message_of(exception).unwrap_or(exception));
    }
    let error = table.get("error").or_else(|| table.get("odata.error"))?;
    match error.kind() {
        Shape::String => Some(error),
        Shape::Table if error.get("code").is_some() || error.get("message").is_some() => {
            // The inner error names the class of the fault, which tells whose it is.
            let inner = error.get("innererror").and_then(message_of);
            inner.or_else(|| message_of(error)).or(Some(error))
        }
        _ => None,
    }
}

fn message_of(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        Shape::String => Some(node),
        Shape::Table => {
            let message = node.get("message")?;
            // OData v3 wraps it with its language.
            if message.kind() == Shape::Table {
                message.get("value")
            } else {
                Some(message)
            }
        }
        _ => None,
    }
}

/// How PowerShell begins the text of an error about a cmdlet of ours.
fn is_shell_error(text: &str) -> bool {
    let Some((command, rest)) = text.trim_start().split_once(':') else {
        return false;
    };
    Kind::of_cmdlet(command.trim()).is_some() && !rest.trim().is_empty()
}

/// A text of an export as it may stand in a message: one line, clipped, in backticks, and nothing in it that a
/// terminal would obey.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.trim().lines().next().unwrap_or_default();
    let mut quoted = String::from("`");
    for (at, letter) in line.chars().enumerate() {
        if at == LONGEST {
            quoted.push('…');
            break;
        }
        match letter {
            '`' => quoted.push('\''),
            // Bidirectional controls change what is read, not what is written.
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                quoted.extend(letter.escape_unicode());
            }
            _ if letter.is_control() => quoted.extend(letter.escape_default()),
            _ => quoted.push(letter),
        }
    }
    quoted.push('`');
    quoted
}
