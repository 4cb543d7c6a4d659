//! Which keys readers asked for: a key of a form that no reader takes would be a promise nobody keeps.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::keys::Form;
use super::shape::Shape;

thread_local! {
    static ASKED: RefCell<BTreeSet<(String, String)>> = const { RefCell::new(BTreeSet::new()) };
}

/// Remembers that a key was asked for.
pub(super) fn note(title: &str, key: &str) {
    ASKED.with_borrow_mut(|asked| asked.insert((title.to_owned(), key.to_owned())));
}

/// The keys of a form, and of those below it, that nobody asked for in this thread.
pub(crate) fn never(form: &Form) -> Vec<String> {
    let asked = |key: &str| ASKED.with_borrow(|asked| asked.contains(&(form.title.to_owned(), key.to_owned())));
    let own = form
        .keys
        .iter()
        .filter(|key| !asked(key.name))
        .map(|key| format!("{} {}", form.title, key.name));
    own.chain(form.keys.iter().flat_map(|key| below(&key.shape))).collect()
}

fn below(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Table(form) | Shape::Tables(form) => never(form),
        Shape::AnyOf(shapes) => shapes.iter().flat_map(below).collect(),
        Shape::List(each) | Shape::OneOrMore(each) | Shape::Map(each) => below(each),
        _ => Vec::new(),
    }
}
