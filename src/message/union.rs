//! Unions that grow: of the sets of thousands of rules, without copying what is there for each.

use super::set::MessageSet;

/// A growing union, kept as unions of about 1, 2, 4, ... parts.
///
/// Adding to one big set, or taking from one, would copy it for every rule: a product of entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Union(Vec<(usize, MessageSet)>);

impl Union {
    /// Adds a part.
    pub(crate) fn add(&mut self, set: MessageSet) {
        if set.is_empty() && !set.overflowed() {
            return;
        }
        let (mut n_parts, mut sum) = (1, set);
        while let Some((n, more)) = self.0.pop_if(|(n, _)| *n <= n_parts) {
            n_parts += n;
            sum.absorb(more);
            sum = sum.merged();
        }
        self.0.push((n_parts, sum));
    }

    /// Whether some message may lie in both.
    pub(crate) fn overlaps(&self, set: &MessageSet) -> bool {
        self.0
            .iter()
            .any(|(_, level)| level.overflowed() || level.overlaps(set))
    }

    /// Sets that are the union together.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &MessageSet> {
        self.0.iter().map(|(_, level)| level)
    }

    /// What of a set is not in the union.
    pub(crate) fn taken_from(&self, set: MessageSet) -> MessageSet {
        // The small ones first: what is left grows by what is taken, and is copied each time.
        let levels = self.0.iter().rev().map(|(_, level)| level);
        levels
            .filter(|level| level.overflowed() || level.overlaps(&set))
            .fold(None, |rest: Option<MessageSet>, level| {
                Some(rest.as_ref().unwrap_or(&set).minus(level))
            })
            .unwrap_or(set)
    }

    /// All of it, in few products.
    pub(crate) fn into_set(self) -> MessageSet {
        let mut levels = self.0.into_iter().rev().map(|(_, level)| level);
        let mut all = levels.next().unwrap_or_default();
        for level in levels {
            all.absorb(level);
        }
        all.merged()
    }
}

impl FromIterator<MessageSet> for Union {
    fn from_iter<I: IntoIterator<Item = MessageSet>>(sets: I) -> Self {
        let mut union = Self::default();
        for set in sets {
            union.add(set);
        }
        union
    }
}
