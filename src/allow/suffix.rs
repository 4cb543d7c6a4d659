//! A function over all domain names, given by finitely many of them: the tree under the sets
//! of domains and of addresses.
//!
//! A node says what holds for exactly its name and what holds for every name below it. What
//! no node speaks of has the value `rest`. Nodes are sorted by their labels from the right,
//! so that a name and all names below it are one contiguous run, found by binary search.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

mod builder;

use builder::Builder;

/// A domain name with its labels reversed and separated by spaces, which sort below every
/// character of a label: byte order is then tree order.
///
/// The first bytes are kept beside the text, so that a search seldom leaves the list of nodes.
// INVARIANT: `head` comes from `text` and sorts as its first bytes do, so the order is that of the texts.
#[derive(Debug, Clone)]
pub(super) struct Key {
    head: [u64; 2],
    text: Arc<str>,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        // Lists that were made of one another share their texts.
        let texts = || {
            if Arc::ptr_eq(&self.text, &other.text) {
                Ordering::Equal
            } else {
                self.text.cmp(&other.text)
            }
        };
        self.head.cmp(&other.head).then_with(texts)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl Key {
    /// The key of a dotted name.
    pub(super) fn new(name: &str) -> Self {
        let mut key = String::with_capacity(name.len());
        for label in name.rsplit('.') {
            if !key.is_empty() {
                key.push(' ');
            }
            key.push_str(label);
        }
        Self {
            head: head(&key),
            text: key.into(),
        }
    }

    /// The dotted name again.
    pub(super) fn name(&self) -> String {
        let mut name = String::with_capacity(self.text.len());
        for label in self.text.rsplit(' ') {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(label);
        }
        name
    }

    /// Whether this is the other name or below it.
    fn is_under(&self, other: &Self) -> bool {
        let rest = self.text.strip_prefix(&*other.text);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// How this compares with a text that has this head.
    fn cmp_text(&self, head: &[u64; 2], text: &str) -> Ordering {
        self.head.cmp(head).then_with(|| (*self.text).cmp(text))
    }

    /// The labels, counted from the right of the name, that this shares with another.
    fn shared(&self, other: &Self) -> &str {
        let mut n_shared = 0;
        let mut labels = other.text.split(' ');
        for label in self.text.split(' ') {
            if labels.next() != Some(label) {
                break;
            }
            n_shared += label.len() + 1;
        }
        self.text.get(..n_shared.saturating_sub(1)).unwrap_or_default()
    }
}

/// The first bytes of a text as numbers that sort as they do; a text that ends before has zeros, which no text has.
fn head(text: &str) -> [u64; 2] {
    let mut bytes = text.bytes();
    let mut eight = || (0..8).fold(0, |number, _| number << 8 | u64::from(bytes.next().unwrap_or(0)));
    [eight(), eight()]
}

/// What holds at one name and below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node<T> {
    pub(super) key: Key,
    pub(super) exact: T,
    pub(super) below: T,
}

/// A value for every domain name.
// INVARIANT: nodes are sorted, and none says only what would hold without it. This makes the
// form canonical, as the value below a name is the value of all but finitely many names there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SuffixMap<T> {
    nodes: Arc<[Node<T>]>,
    rest: T,
}

impl<T: Clone + Eq> SuffixMap<T> {
    /// The same value everywhere.
    pub(super) fn constant(rest: T) -> Self {
        Self {
            nodes: Arc::from([]),
            rest,
        }
    }

    /// One value at a name, another below it and a third elsewhere.
    pub(super) fn single(key: Key, exact: T, below: T, rest: T) -> Self {
        let mut builder = Builder::new(rest);
        builder.push(key, exact, below);
        builder.finish()
    }

    /// The sum of contributions in any order, each at a name and below it, in O(n log n).
    pub(super) fn gather(mut given: Vec<Node<T>>, rest: T, add: impl Fn(&T, &T) -> T) -> Self {
        given.sort_by(|a, b| a.key.cmp(&b.key));
        let mut builder = Builder::new(rest);
        let mut given = given.into_iter().peekable();
        while let Some(mut node) = given.next() {
            while let Some(same) = given.next_if(|next| next.key == node.key) {
                node.exact = add(&node.exact, &same.exact);
                node.below = add(&node.below, &same.below);
            }
            let inherited = builder.inherited(&node.key);
            let (exact, below) = (add(inherited, &node.exact), add(inherited, &node.below));
            builder.push(node.key, exact, below);
        }
        builder.finish()
    }

    pub(super) fn nodes(&self) -> &[Node<T>] {
        &self.nodes
    }

    pub(super) fn rest(&self) -> &T {
        &self.rest
    }

    /// Whether this is plainly the other map: a copy of one list. False also means "not known".
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.nodes, &other.nodes) && self.rest == other.rest
    }

    /// The value at a name.
    pub(super) fn get(&self, key: &Key) -> &T {
        self.at(key).0
    }

    /// Applies a function everywhere; it must be one-to-one to keep the form canonical.
    pub(super) fn map_injective<U>(&self, map: impl Fn(&T) -> U) -> SuffixMap<U> {
        let nodes = self.nodes.iter().map(|node| Node {
            key: node.key.clone(),
            exact: map(&node.exact),
            below: map(&node.below),
        });
        SuffixMap {
            nodes: nodes.collect(),
            rest: map(&self.rest),
        }
    }

    /// Combines two maps name by name. `dead_left` tells of a left value that the right value
    /// does not matter to, `dead_right` the reverse; see [`walk`].
    pub(super) fn zip<U: Clone + Eq, V: Clone + Eq>(
        &self,
        other: &SuffixMap<U>,
        dead_left: impl Fn(&T) -> bool,
        dead_right: impl Fn(&U) -> bool,
        combine: impl Fn(&T, &U) -> V,
    ) -> SuffixMap<V> {
        let few = self.nodes.len().min(other.nodes.len());
        let mut builder = Builder::with_room(combine(&self.rest, &other.rest), few);
        let _ = walk(self, other, dead_left, dead_right, |key, exact, below| {
            builder.push(key.clone(), combine(exact.0, exact.1), combine(below.0, below.1));
            ControlFlow::Continue(())
        });
        builder.finish()
    }

    /// Whether a relation holds for the values at some name; stops at the first.
    pub(super) fn any<U: Clone + Eq>(
        &self,
        other: &SuffixMap<U>,
        dead_left: impl Fn(&T) -> bool,
        dead_right: impl Fn(&U) -> bool,
        relation: impl Fn(&T, &U) -> bool,
    ) -> bool {
        relation(&self.rest, &other.rest)
            || walk(self, other, dead_left, dead_right, |_, exact, below| {
                if relation(exact.0, exact.1) || relation(below.0, below.1) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .is_break()
    }

    /// The values at a name and below it.
    fn at(&self, key: &Key) -> (&T, &T) {
        self.at_index(key, self.nodes.partition_point(|node| node.key < *key))
    }

    /// How many nodes sort before a name before which `from` do already. The nearer, the sooner found.
    fn n_before(&self, key: &Key, from: usize) -> usize {
        let nodes = self.nodes.get(from..).unwrap_or_default();
        let mut step = 1;
        if from > 0 {
            while nodes.get(step - 1).is_some_and(|node| node.key < *key) {
                step *= 2;
            }
        } else {
            step = nodes.len();
        }
        let window = nodes.get(..step.min(nodes.len())).unwrap_or_default();
        from + window.partition_point(|node| node.key < *key)
    }

    /// The values at a name and below it, when `n_before` nodes sort before it.
    fn at_index(&self, key: &Key, n_before: usize) -> (&T, &T) {
        if let Some(node) = self.nodes.get(n_before).filter(|node| node.key == *key) {
            return (&node.exact, &node.below);
        }
        let inherited = self.inherited_after(key, n_before);
        (inherited, inherited)
    }

    /// The value a name has from the names above it.
    fn inherited(&self, key: &Key) -> &T {
        self.inherited_after(key, self.nodes.partition_point(|node| node.key < *key))
    }

    /// The same, when `n_before` nodes sort before the name.
    fn inherited_after(&self, key: &Key, n_before: usize) -> &T {
        let before = self.nodes.get(..n_before).unwrap_or_default();
        // A name and all below it are one run: what is above the key is, or is above, the last node before it.
        let Some(last) = before.last() else { return &self.rest };
        let mut above = key.shared(&last.key);
        if above.len() == last.key.text.len() {
            return &last.below;
        }
        while !above.is_empty() {
            let head = head(above);
            // What is above a name sorts before it: often before all that is here.
            if before
                .first()
                .is_some_and(|first| first.key.cmp_text(&head, above).is_gt())
            {
                break;
            }
            let found = before.binary_search_by(|node| node.key.cmp_text(&head, above));
            if let Some(node) = found.ok().and_then(|index| before.get(index)) {
                return &node.below;
            }
            above = above.rsplit_once(' ').map_or("", |(parent, _)| parent);
        }
        &self.rest
    }

    /// The nodes at a name and below it.
    fn subtree(&self, key: &Key) -> &[Node<T>] {
        let from = self.nodes.partition_point(|node| node.key < *key);
        let nodes = self.nodes.get(from..).unwrap_or_default();
        let to = nodes.partition_point(|node| node.key.is_under(key));
        nodes.get(..to).unwrap_or_default()
    }
}

/// Visits the names where either map has a node with the values of both, in order, save where
/// the outcome is sure to be that of both `rest` values.
///
/// When one side is much the smaller and its `rest` is dead, only the surroundings of its own
/// nodes are looked up in the other: O(small · log big + visited). Otherwise a linear merge.
fn walk<T: Clone + Eq, U: Clone + Eq>(
    left: &SuffixMap<T>,
    right: &SuffixMap<U>,
    dead_left: impl Fn(&T) -> bool,
    dead_right: impl Fn(&U) -> bool,
    mut visit: impl FnMut(&Key, (&T, &U), (&T, &U)) -> ControlFlow<()>,
) -> ControlFlow<()> {
    const MUCH: usize = 8;
    if dead_left(&left.rest) && left.nodes.len() * MUCH <= right.nodes.len() {
        return lead(left, right, dead_left, visit);
    }
    if dead_right(&right.rest) && right.nodes.len() * MUCH <= left.nodes.len() {
        return lead(right, left, dead_right, |key, exact, below| {
            visit(key, (exact.1, exact.0), (below.1, below.0))
        });
    }
    merge((&left.nodes, &left.rest), (&right.nodes, &right.rest), &mut visit)
}

fn lead<T: Clone + Eq, U: Clone + Eq>(
    small: &SuffixMap<T>,
    big: &SuffixMap<U>,
    dead: impl Fn(&T) -> bool,
    mut visit: impl FnMut(&Key, (&T, &U), (&T, &U)) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut todo: &[Node<T>] = &small.nodes;
    let mut n_before = 0;
    while let Some((node, later)) = todo.split_first() {
        if dead(&node.below) {
            n_before = big.n_before(&node.key, n_before);
            let (exact, below) = big.at_index(&node.key, n_before);
            visit(&node.key, (&node.exact, exact), (&node.below, below))?;
            todo = later;
        } else {
            let n_under = todo.partition_point(|other| other.key.is_under(&node.key));
            let under = todo.get(..n_under).unwrap_or_default();
            let inherited = big.inherited(&node.key);
            merge((under, &small.rest), (big.subtree(&node.key), inherited), &mut visit)?;
            todo = todo.get(n_under..).unwrap_or_default();
        }
    }
    ControlFlow::Continue(())
}

fn merge<T: Eq, U: Eq>(
    (mut left, left_rest): (&[Node<T>], &T),
    (mut right, right_rest): (&[Node<U>], &U),
    visit: &mut impl FnMut(&Key, (&T, &U), (&T, &U)) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut above_left = Vec::new();
    let mut above_right = Vec::new();
    loop {
        let (key, order) = match (left.first(), right.first()) {
            (Some(a), Some(b)) => {
                let order = a.key.cmp(&b.key);
                (if order.is_le() { &a.key } else { &b.key }, order)
            }
            (Some(a), None) => (&a.key, Ordering::Less),
            (None, Some(b)) => (&b.key, Ordering::Greater),
            (None, None) => return ControlFlow::Continue(()),
        };
        let a = step(&mut left, &mut above_left, left_rest, key, order.is_le());
        let b = step(&mut right, &mut above_right, right_rest, key, order.is_ge());
        visit(key, (a.0, b.0), (a.1, b.1))?;
    }
}

/// The values of one side at `key` and below it; takes the node when it is that of `key`, which is next.
fn step<'a, T: Eq>(
    nodes: &mut &'a [Node<T>],
    above: &mut Vec<&'a Node<T>>,
    rest: &'a T,
    key: &Key,
    is_next: bool,
) -> (&'a T, &'a T) {
    while above.pop_if(|node| !key.is_under(&node.key)).is_some() {}
    let inherited = above.last().map_or(rest, |node| &node.below);
    let Some((node, later)) = nodes.split_first().filter(|_| is_next) else {
        return (inherited, inherited);
    };
    *nodes = later;
    // Below most names holds what holds around them: nobody has to ask what is below these.
    if node.below != *inherited {
        above.push(node);
    }
    (&node.exact, &node.below)
}
