//! What `Conditions`, `Exceptions` and `Actions` name, and whether another key of the export explains it.

use crate::document::Node;
use crate::source::Span;

use super::super::conditions::condition;
use super::{ACTIONS, ClassList, Does, Parts, is_unset};

/// A class named in `Conditions`, `Exceptions` or `Actions` that no key which is set explains.
///
/// A class matches by its last part without `Predicate` or `Action`, as the prefix of a key (export-formats, `TransportRule`);
/// one that is itself the name of a key only by that key.
pub(super) fn unread_class(parts: &Parts<'_>) -> Option<(ClassList, String, Span)> {
    unread_classes(parts)
        .next()
        .map(|(list, last, class)| (list, last, class.span()))
}

/// The classes that a rule would no longer explain if these keys, in lower case, were not set.
pub(in super::super) fn orphaned<'a>(record: Node<'a>, unset: &[String]) -> Vec<Node<'a>> {
    let mut parts = super::take(record);
    let before: Vec<Span> = unread_classes(&parts).map(|(_, _, class)| class.span()).collect();
    let stays = |key: &str| !unset.contains(&key.trim().to_ascii_lowercase());
    parts.conditions.retain(|(key, ..)| stays(key));
    parts.actions.retain(|(key, ..)| stays(key));
    unread_classes(&parts)
        .map(|(_, _, class)| class)
        .filter(|class| !before.contains(&class.span()))
        .collect()
}

fn unread_classes<'p, 'a>(parts: &'p Parts<'a>) -> impl Iterator<Item = (ClassList, String, Node<'a>)> + 'p {
    parts.classes.iter().filter_map(|(list, class)| {
        let text = class.as_str()?;
        let last = text.rsplit('.').next()?;
        let bare = last.strip_suffix("Predicate").or_else(|| last.strip_suffix("Action"))?;
        let lower = bare.to_ascii_lowercase();
        let explains =
            |key: &str, is_name: bool| key == lower || !is_name && (key.starts_with(&lower) || lower.starts_with(key));
        let known = match list {
            ClassList::Actions => {
                let is_name = ACTIONS.iter().any(|(known, _)| *known == lower);
                let mut set = parts.actions.iter().filter(|(_, does, value)| !is_unset(*does, *value));
                set.any(|(key, ..)| explains(&key.trim().to_ascii_lowercase(), is_name)) || is_harmless_action(&lower)
            }
            ClassList::Conditions | ClassList::Exceptions => {
                let is_name = condition(&lower).is_some();
                let wanted = *list == ClassList::Exceptions;
                let mut set = parts
                    .conditions
                    .iter()
                    .filter(|(_, _, exception, _)| *exception == wanted);
                set.any(|(key, ..)| {
                    let key = key.trim().to_ascii_lowercase();
                    explains(key.strip_prefix("exceptif").unwrap_or(&key), is_name)
                })
            }
        };
        (!known).then(|| (*list, last.to_owned(), *class))
    })
}

/// Whether an action's class is of a setting that does not decide where mail goes.
fn is_harmless_action(lower: &str) -> bool {
    ACTIONS.iter().any(|(known, does)| {
        matches!(does, Does::Nothing | Does::Alters) && (known.starts_with(lower) || lower.starts_with(known))
    })
}
