//! Sets of texts: named ones, and all that pass some questions and fail others.
//!
//! Membership is exact. Whether such a set is empty is decided where a proof or a witness is
//! found, and otherwise said to be unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::header::{Matcher, folded};

mod cube;

pub use cube::Cube;

/// Whether a set holds a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emptiness {
    /// Surely none.
    Empty,
    /// This one.
    Inhabited(String),
    /// Neither a witness nor a proof was found.
    Unknown,
}

/// A set of texts, compared without regard to case.
///
/// `==` compares descriptions: equal ones are equal sets, different ones may be.
#[derive(Debug, Clone, Eq)]
pub struct TextSet {
    // Both shared: products of sets are copied far more often than their texts change.
    /// The named texts as given, by their folded form.
    only: Arc<BTreeMap<String, String>>,
    cubes: Arc<Vec<Cube>>,
}

impl PartialEq for TextSet {
    fn eq(&self, other: &Self) -> bool {
        self.only.keys().eq(other.only.keys()) && self.cubes == other.cubes
    }
}

impl TextSet {
    /// Longer unions keep cubes that others cover.
    const N_TIDY: usize = 32;

    /// No text.
    pub fn empty() -> Self {
        Self {
            only: Arc::default(),
            cubes: Arc::default(),
        }
    }

    /// Every text.
    pub fn all() -> Self {
        Self::of_cubes([Cube::everything()])
    }

    /// These texts.
    pub fn only(texts: impl IntoIterator<Item = String>) -> Self {
        let mut only = BTreeMap::new();
        for text in texts {
            only.entry(folded(&text)).or_insert(text);
        }
        Self {
            only: Arc::new(only),
            ..Self::empty()
        }
    }

    /// The texts that pass a question.
    pub fn matching(matcher: Matcher) -> Self {
        Self::of_cubes([Cube::asking(matcher)])
    }

    /// The texts that pass any of the questions; for long lists, as it compares them no more
    /// than it must.
    pub fn any_of(matchers: impl IntoIterator<Item = Matcher>) -> Self {
        let mut set = Self::empty();
        let mut named = Vec::new();
        for matcher in matchers {
            match matcher {
                Matcher::Equals(text) => named.push(text),
                _ => set.add(Cube::asking(matcher)),
            }
        }
        for text in &named {
            set.add_text(text);
        }
        set
    }

    fn failing(matchers: Vec<Matcher>) -> Self {
        Self::of_cubes([Cube {
            all: Arc::default(),
            none: matchers.into(),
        }])
    }

    /// A union of cubes. Those that can hold one text only become named texts, and those that
    /// are surely empty or covered by another are dropped.
    fn of_cubes(cubes: impl IntoIterator<Item = Cube>) -> Self {
        let mut set = Self::empty();
        for cube in cubes {
            set.add(cube);
        }
        set
    }

    fn add(&mut self, cube: Cube) {
        let named = cube.all.iter().find_map(|matcher| match matcher {
            Matcher::Equals(text) => Some(text),
            _ => None,
        });
        if let Some(text) = named {
            if cube.contains(text) {
                self.add_text(text);
            }
            return;
        }
        if self.cubes.contains(&cube) || cube.is_surely_empty() {
            return;
        }
        // Dropping what is covered only tidies, and is not worth its cost in a long union.
        if self.cubes.len() <= Self::N_TIDY {
            if self.cubes.iter().any(|other| other.surely_covers(&cube)) {
                return;
            }
            Arc::make_mut(&mut self.cubes).retain(|other| !cube.surely_covers(other));
        }
        if self.only.values().any(|text| cube.contains(text)) {
            Arc::make_mut(&mut self.only).retain(|_, text| !cube.contains(text));
        }
        Arc::make_mut(&mut self.cubes).push(cube);
    }

    fn add_text(&mut self, text: &str) {
        if !self.contains(text) {
            Arc::make_mut(&mut self.only).insert(folded(text), text.to_owned());
        }
    }

    /// Whether this is plainly the other set: a copy of it. False also means "not known".
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.only, &other.only) && Arc::ptr_eq(&self.cubes, &other.cubes)
    }

    /// Texts in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_same(other) || self.is_all() || other.is_surely_empty() {
            return self.clone();
        }
        let mut union = self.clone();
        other.cubes.iter().for_each(|cube| union.add(cube.clone()));
        other.only.values().for_each(|text| union.add_text(text));
        union
    }

    /// Texts in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if self.is_same(other) || other.is_all() || self.is_surely_empty() {
            return self.clone();
        }
        if self.is_all() || other.is_surely_empty() {
            return other.clone();
        }
        let mut both = Self::empty();
        for cube in self.cubes.iter() {
            other.cubes.iter().for_each(|theirs| both.add(cube.and(theirs)));
        }
        self.only
            .values()
            .filter(|text| other.contains(text))
            .for_each(|text| both.add_text(text));
        other
            .only
            .values()
            .filter(|text| self.contains(text))
            .for_each(|text| both.add_text(text));
        both
    }

    /// Texts in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        if other.is_surely_empty() || self.is_surely_empty() {
            return self.clone();
        }
        if self.is_same(other) || other.is_all() {
            return Self::empty();
        }
        // To fail a single question is one cube, so a union of them goes in one step.
        let (single, compound): (Vec<&Cube>, Vec<&Cube>) = other
            .cubes
            .iter()
            .partition(|cube| cube.all.len() + cube.none.len() == 1);
        let mut left = self.intersect(&Self::of_cubes([Cube {
            all: single.iter().flat_map(|cube| cube.none.iter().cloned()).collect(),
            none: single.iter().flat_map(|cube| cube.all.iter().cloned()).collect(),
        }]));
        for cube in compound {
            left = left.intersect(&outside(cube));
        }
        // A text is cut out of the cubes that hold it, and no other.
        let mut cut = Self::empty();
        for mut cube in Arc::unwrap_or_clone(left.cubes) {
            let held = other.only.values().filter(|text| cube.contains(text));
            let held: Vec<Matcher> = held.cloned().map(Matcher::Equals).collect();
            if !held.is_empty() {
                cube.none = cube.none.iter().cloned().chain(held).collect();
            }
            cut.add(cube);
        }
        left.only
            .values()
            .filter(|text| !other.contains(text))
            .for_each(|text| cut.add_text(text));
        cut
    }

    /// Texts not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().minus(self)
    }

    /// Whether a text is in the set.
    pub fn contains(&self, text: &str) -> bool {
        self.only.contains_key(&folded(text)) || self.cubes.iter().any(|cube| cube.contains(text))
    }

    /// Whether there is surely no text in the set. Looks for no witness, as [`TextSet::emptiness`] does.
    pub fn is_surely_empty(&self) -> bool {
        // Surely empty cubes are never kept.
        self.only.is_empty() && self.cubes.is_empty()
    }

    /// Whether the set holds a text, with the first one found.
    pub fn emptiness(&self) -> Emptiness {
        if let Some(text) = self.only.values().next() {
            return Emptiness::Inhabited(text.clone());
        }
        if let Some(text) = self.cubes.iter().find_map(Cube::witness) {
            return Emptiness::Inhabited(text);
        }
        if self.is_surely_empty() {
            Emptiness::Empty
        } else {
            Emptiness::Unknown
        }
    }

    /// Whether every text of the other set is in this one, if that can be told.
    pub fn covers(&self, other: &Self) -> Option<bool> {
        match other.minus(self).emptiness() {
            Emptiness::Empty => Some(true),
            Emptiness::Inhabited(_) => Some(false),
            Emptiness::Unknown => None,
        }
    }

    /// Whether some text is in both sets, if that can be told.
    pub fn overlaps(&self, other: &Self) -> Option<bool> {
        match self.intersect(other).emptiness() {
            Emptiness::Empty => Some(false),
            Emptiness::Inhabited(_) => Some(true),
            Emptiness::Unknown => None,
        }
    }

    /// The texts named one by one, as given.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.only.values().map(String::as_str)
    }

    /// The cubes besides the named texts.
    pub fn cubes(&self) -> &[Cube] {
        &self.cubes
    }

    /// Whether the set is described as every text.
    pub fn is_all(&self) -> bool {
        self.cubes
            .iter()
            .any(|cube| cube.all.is_empty() && cube.none.is_empty())
    }
}

/// The texts not in a cube.
fn outside(cube: &Cube) -> TextSet {
    let failing = cube.all.iter().map(|matcher| TextSet::failing(vec![matcher.clone()]));
    let passing = cube.none.iter().cloned().map(TextSet::matching);
    failing
        .chain(passing)
        .fold(TextSet::empty(), |sum, set| sum.union(&set))
}

#[cfg(test)]
mod tests;
