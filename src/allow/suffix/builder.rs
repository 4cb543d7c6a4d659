//! Builds maps node by node, and keeps them canonical.

use super::{Key, Node, SuffixMap};

/// Takes nodes in order and keeps those that say something.
pub(super) struct Builder<T> {
    nodes: Vec<Node<T>>,
    above: Vec<usize>,
    rest: T,
}

impl<T: Clone + Eq> Builder<T> {
    pub(super) fn new(rest: T) -> Self {
        Self::with_room(rest, 0)
    }

    /// With room for so many nodes.
    pub(super) fn with_room(rest: T, n_nodes: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(n_nodes),
            above: Vec::new(),
            rest,
        }
    }

    pub(super) fn inherited(&mut self, key: &Key) -> &T {
        while let Some(node) = self.above.last().and_then(|index| self.nodes.get(*index)) {
            if key.is_under(&node.key) {
                break;
            }
            self.above.pop();
        }
        let node = self.above.last().and_then(|index| self.nodes.get(*index));
        node.map_or(&self.rest, |node| &node.below)
    }

    pub(super) fn push(&mut self, key: Key, exact: T, below: T) {
        let inherited = self.inherited(&key);
        let as_around = below == *inherited;
        if exact == *inherited && as_around {
            return;
        }
        if !as_around {
            self.above.push(self.nodes.len());
        }
        self.nodes.push(Node { key, exact, below });
    }

    pub(super) fn finish(self) -> SuffixMap<T> {
        SuffixMap {
            nodes: self.nodes.into(),
            rest: self.rest,
        }
    }
}
