//! JSON pointers (RFC 6901), and where a value stands in its document.

use super::super::node::{Key, Node};
use super::super::tape::Kind;
use super::Conflict;
use crate::source::Span;

/// A place in a list or a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At<'a> {
    /// An element, counted from zero.
    Element(usize),
    /// A member.
    Member(Key<'a>),
}

/// The list or table a value stands in, and its place there; none for the outermost value, and for values of another
/// document.
pub fn parent<'a>(root: Node<'a>, value: Node<'a>) -> Option<(Node<'a>, At<'a>)> {
    trail(root, value)?.pop()
}

/// The value that is written at a span.
pub fn at<'a>(root: Node<'a>, span: Span) -> Option<Node<'a>> {
    let mut node = root;
    while node.span() != span {
        let holds = |child: &Node<'a>| child.span().start <= span.start && span.end <= child.span().end;
        let mut children = node.items().chain(node.entries().map(|(_, value)| value));
        node = children.find(holds)?;
    }
    Some(node)
}

/// The pointer of a value: empty for the outermost one.
///
/// A name that stands twice in one table is a conflict: readers differ in which of the two they take.
pub fn of<'a>(root: Node<'a>, value: Node<'a>) -> Result<String, Conflict> {
    let mut pointer = String::new();
    for (container, at) in trail(root, value).ok_or(Conflict::Shape)? {
        match at {
            At::Element(at) => step(&mut pointer, &at.to_string()),
            At::Member(key) => {
                let twice = container.entries().filter(|(other, _)| other.name == key.name).nth(1);
                if container.is_doubled() && twice.is_some() {
                    return Err(Conflict::Doubled);
                }
                step(&mut pointer, &key.name);
            }
        }
    }
    Ok(pointer)
}

/// Appends one step to a pointer.
pub(super) fn step(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The lists and tables around a value, outermost first.
fn trail<'a>(root: Node<'a>, value: Node<'a>) -> Option<Vec<(Node<'a>, At<'a>)>> {
    let wanted = value.reach().start;
    let mut trail = Vec::new();
    let mut node = root;
    while node.reach().start != wanted {
        let holds = |child: &Node<'a>| child.reach().contains(&wanted);
        let (at, child) = if node.kind() == Kind::List {
            let (at, child) = node.items().enumerate().find(|(_, child)| holds(child))?;
            (At::Element(at), child)
        } else {
            let (key, child) = node.entries().find(|(_, child)| holds(child))?;
            (At::Member(key), child)
        };
        trail.push((node, at));
        node = child;
    }
    Some(trail)
}
