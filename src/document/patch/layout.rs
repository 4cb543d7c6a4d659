//! How a text is laid out, so that what is new looks like what is there.

use super::super::node::Node;
use super::super::tape::Kind;
use super::pointer::parent;
use super::value::{Json, quoted};

/// The habits of one text.
pub(super) struct Layout<'a> {
    text: &'a str,
    root: Node<'a>,
    newline: &'static str,
    unit: &'a str,
    colon: &'a str,
}

/// Where a value's lines start: none if it is to stand in one line.
pub(super) type Indent<'a> = Option<&'a str>;

impl<'a> Layout<'a> {
    pub(super) fn of(text: &'a str, root: Node<'a>) -> Self {
        Self {
            text,
            root,
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: unit(text, root, 0).unwrap_or("  "),
            colon: colon(text, root, 0).unwrap_or(": "),
        }
    }

    /// Whether the elements or members of a list or table stand in lines of their own; of an empty one, those of what it
    /// stands in.
    fn in_lines(&self, node: Node<'a>) -> bool {
        let mut node = node;
        loop {
            if let Some(first) = first(node) {
                return self.slice(node.span().start, first).contains('\n');
            }
            match parent(self.root, node) {
                Some((outer, _)) => node = outer,
                None => return true,
            }
        }
    }

    /// Where the lines of a new value in the place of this one start.
    pub(super) fn indent_in_place_of(&self, node: Node<'a>) -> Indent<'a> {
        let in_lines = match parent(self.root, node) {
            Some((outer, _)) => self.in_lines(outer),
            None => self.in_lines(node),
        };
        in_lines.then(|| indent(self.text, node.span().start))
    }

    /// What stands between two elements of a list or two members of a table that has some.
    pub(super) fn separator(&self, container: Node<'a>) -> String {
        let starts = starts(container);
        match starts.as_slice() {
            [.., (_, before), (last, _)] => self.slice(*before, *last).to_owned(),
            [(only, _)] => {
                let lead = self.slice(container.span().start + 1, *only);
                if lead.is_empty() && self.colon.ends_with(' ') {
                    ", ".to_owned()
                } else {
                    format!(",{lead}")
                }
            }
            [] => ",".to_owned(),
        }
    }

    /// Where the lines of what stands behind a separator start.
    pub(super) fn indent_behind(separator: &str) -> Indent<'_> {
        let (_, indent) = separator.rsplit_once('\n')?;
        Some(indent.rsplit(',').next().unwrap_or(indent))
    }

    /// Writes a value.
    pub(super) fn write(&self, out: &mut String, value: &Json, indent: Indent<'_>) {
        match value {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Number(value) => out.push_str(&value.to_string()),
            Json::String(text) => out.push_str(&quoted(text)),
            Json::List(values) => {
                self.write_all(out, ['[', ']'], values, indent, |out, value, inner| {
                    self.write(out, value, inner);
                });
            }
            Json::Table(members) => {
                self.write_all(out, ['{', '}'], members, indent, |out, (name, value), inner| {
                    out.push_str(&quoted(name));
                    out.push_str(self.colon);
                    self.write(out, value, inner);
                });
            }
        }
    }

    /// Writes what stands between brackets, each in its line where there are lines.
    pub(super) fn write_all<T>(
        &self,
        out: &mut String,
        [open, close]: [char; 2],
        values: &[T],
        indent: Indent<'_>,
        write: impl Fn(&mut String, &T, Indent<'_>),
    ) {
        out.push(open);
        let inner = indent.map(|indent| format!("{indent}{}", self.unit));
        for (at, value) in values.iter().enumerate() {
            match &inner {
                Some(inner) => {
                    out.push_str(if at == 0 { "" } else { "," });
                    self.line(out, inner);
                }
                None if at == 0 => {}
                None => out.push_str(if self.colon.ends_with(' ') { ", " } else { "," }),
            }
            write(out, value, inner.as_deref());
        }
        if let Some(indent) = indent.filter(|_| !values.is_empty()) {
            self.line(out, indent);
        }
        out.push(close);
    }

    /// What stands before and behind a single value that becomes the first of a list, and between it and the next.
    pub(super) fn around(&self, node: Node<'a>) -> (String, String, String) {
        let Some(outer) = self.indent_in_place_of(node) else {
            let comma = if self.colon.ends_with(' ') { ", " } else { "," };
            return ("[".to_owned(), comma.to_owned(), "]".to_owned());
        };
        // The lines of a table stay where they are, and so they set the indentation of what comes beside it.
        let unit = if node.kind() == Kind::Table { "" } else { self.unit };
        let line = |start: &str, unit: &str| format!("{start}{}{outer}{unit}", self.newline);
        (line("[", unit), line(",", unit), format!("{}]", line("", "")))
    }

    /// What stands between a name and its value.
    pub(super) fn colon(&self) -> &'a str {
        self.colon
    }

    fn line(&self, out: &mut String, indent: &str) {
        out.push_str(self.newline);
        out.push_str(indent);
    }

    pub(super) fn slice(&self, start: u32, end: u32) -> &'a str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }
}

/// Where the elements, or the members with their names, start and end.
pub(super) fn starts(container: Node<'_>) -> Vec<(u32, u32)> {
    let elements = container.items().map(|item| (item.span().start, item.span().end));
    let members = container
        .entries()
        .map(|(key, value)| (key.span.start, value.span().end));
    elements.chain(members).collect()
}

fn first(container: Node<'_>) -> Option<u32> {
    let element = container.items().next().map(|item| item.span().start);
    element.or_else(|| container.entries().next().map(|(key, _)| key.span.start))
}

fn children(container: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    container.items().chain(container.entries().map(|(_, value)| value))
}

/// The white space at the start of the line of a place.
fn indent(text: &str, at: u32) -> &str {
    let before = text.get(..at as usize).unwrap_or("");
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line..).unwrap_or("");
    let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..blank).unwrap_or("")
}

/// Values are looked into this deep and this far for a habit.
const DEEPEST: u8 = 4;
const FARTHEST: usize = 32;

/// By how much a line stands further in than that of what holds it.
fn unit<'a>(text: &'a str, node: Node<'a>, depth: u8) -> Option<&'a str> {
    let here = first(node).and_then(|first| {
        let between = text.get(node.span().start as usize..first as usize)?;
        let inner = between.rsplit_once('\n')?.1;
        inner
            .strip_prefix(indent(text, node.span().start))
            .filter(|unit| !unit.is_empty())
    });
    if here.is_some() || depth == DEEPEST {
        return here;
    }
    children(node)
        .take(FARTHEST)
        .find_map(|child| unit(text, child, depth + 1))
}

/// What stands between a name and its value.
fn colon<'a>(text: &'a str, node: Node<'a>, depth: u8) -> Option<&'a str> {
    let here = node.entries().next().and_then(|(key, value)| {
        let between = text.get(key.span.end as usize..value.span().start as usize)?;
        (!between.contains('\n')).then_some(between)
    });
    if here.is_some() || depth == DEEPEST {
        return here;
    }
    children(node)
        .take(FARTHEST)
        .find_map(|child| colon(text, child, depth + 1))
}
