//! What was made of two long lists of senders, kept so that it is not made again.
//!
//! Streams and concerns ask the same of the same lists, and a list is shared by all sets it is in: two addresses in
//! memory tell whether a question is an old one. Packages for decision diagrams do the same.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::local::LocalSet;
use super::suffix::SuffixMap;

type Map = SuffixMap<LocalSet>;

/// What is made of two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Made {
    /// What is in both.
    Both,
    /// What is in either.
    Either,
    /// What is in the first alone.
    Without,
}

/// Shorter lists are sooner made than looked up.
const LONG: usize = 48;

/// Answers that are kept by one thread; a later one takes the place of an earlier one.
const N_KEPT: u64 = 2048;

/// Names in all answers that are kept by one thread, which bounds the memory they hold.
const MAX_NAMES: usize = 1 << 19;

/// Answers that share a list, as a rule.
const N_SHARING: usize = 16;

/// A question with its answer. It holds the lists, so that no other comes to stand at their addresses.
struct Kept<T> {
    what: Made,
    one: Map,
    other: Map,
    answer: T,
}

struct Memo<T> {
    kept: Vec<Option<Kept<T>>>,
    n_names: usize,
}

impl<T: Clone> Memo<T> {
    const fn new() -> Self {
        Self {
            kept: Vec::new(),
            n_names: 0,
        }
    }

    fn get(&self, slot: usize, what: Made, one: &Map, other: &Map) -> Option<T> {
        let kept = self.kept.get(slot)?.as_ref()?;
        let same = kept.what == what && kept.one.is_same(one) && kept.other.is_same(other);
        same.then(|| kept.answer.clone())
    }

    fn keep(&mut self, slot: usize, n_names: usize, kept: Kept<T>) {
        self.n_names += n_names;
        if self.n_names > MAX_NAMES || self.kept.is_empty() {
            self.kept.clear();
            self.kept
                .resize_with(usize::try_from(N_KEPT).unwrap_or_default(), || None);
            self.n_names = n_names;
        }
        if let Some(place) = self.kept.get_mut(slot) {
            *place = Some(kept);
        }
    }
}

thread_local! {
    static LISTS: RefCell<Memo<Map>> = const { RefCell::new(Memo::new()) };
    static ANSWERS: RefCell<Memo<bool>> = const { RefCell::new(Memo::new()) };
}

/// A list made of two.
pub(super) fn list(what: Made, one: &Map, other: &Map, make: impl FnOnce() -> Map) -> Map {
    let Some(slot) = slot(what, one, other) else {
        return make();
    };
    if let Some(known) = LISTS.with_borrow(|memo| memo.get(slot, what, one, other)) {
        return known;
    }
    let answer = make();
    let kept = Kept {
        what,
        one: one.clone(),
        other: other.clone(),
        answer: answer.clone(),
    };
    LISTS.with_borrow_mut(|memo| memo.keep(slot, answer.nodes().len(), kept));
    answer
}

/// Whether there is anything in the list that would be made of two.
pub(super) fn is_any(what: Made, one: &Map, other: &Map, ask: impl FnOnce() -> bool) -> bool {
    let Some(slot) = slot(what, one, other) else {
        return ask();
    };
    if let Some(known) = ANSWERS.with_borrow(|memo| memo.get(slot, what, one, other)) {
        return known;
    }
    let answer = ask();
    let kept = Kept {
        what,
        one: one.clone(),
        other: other.clone(),
        answer,
    };
    // Most answers are about lists that others are about too.
    let n_names = (one.nodes().len() + other.nodes().len()) / N_SHARING;
    ANSWERS.with_borrow_mut(|memo| memo.keep(slot, n_names, kept));
    answer
}

fn slot(what: Made, one: &Map, other: &Map) -> Option<usize> {
    if one.nodes().len() + other.nodes().len() < LONG {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    (what, one.nodes().as_ptr().addr(), other.nodes().as_ptr().addr()).hash(&mut hasher);
    usize::try_from(hasher.finish() % N_KEPT).ok()
}
