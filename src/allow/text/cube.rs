//! The texts that pass all of some questions and none of others, and how one of them is found.

use std::collections::HashSet;
use std::sync::Arc;

use crate::allow::header::Matcher;

/// The texts that pass all of some questions and none of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cube {
    // Both shared: long lists of exceptions go with every product that is taken apart by them.
    /// Each must match.
    pub all: Arc<[Matcher]>,
    /// None may match.
    pub none: Arc<[Matcher]>,
}

impl Cube {
    /// Whether a text is in the cube.
    pub fn contains(&self, text: &str) -> bool {
        self.all.iter().all(|matcher| matcher.matches(text)) && !self.none.iter().any(|matcher| matcher.matches(text))
    }

    pub(super) fn everything() -> Self {
        Self {
            all: Arc::default(),
            none: Arc::default(),
        }
    }

    pub(super) fn asking(all: Matcher) -> Self {
        Self {
            all: Arc::new([all]),
            none: Arc::default(),
        }
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            all: joined(&self.all, &other.all),
            none: joined(&self.none, &other.none),
        }
    }

    pub(super) fn is_surely_empty(&self) -> bool {
        let refused = |matcher: &Matcher| self.none.iter().any(|none| matcher.implies(none));
        self.none.iter().any(Matcher::is_certain) || self.all.iter().any(|m| m.is_hopeless() || refused(m))
    }

    /// Whether every text of the other cube is surely in this one.
    pub(super) fn surely_covers(&self, other: &Self) -> bool {
        let all = |matcher: &Matcher| other.all.iter().any(|theirs| theirs.implies(matcher));
        let none = |matcher: &Matcher| other.none.iter().any(|theirs| matcher.implies(theirs));
        self.all.iter().all(all) && self.none.iter().all(none)
    }

    /// The first candidate that is in the cube: what must match, joined in several ways, then
    /// the same with something before or after it.
    pub(super) fn witness(&self) -> Option<String> {
        let bases = self.bases();
        if let Some(text) = bases.iter().find(|text| self.contains(text)) {
            return Some(text.clone());
        }
        let fillers = ["a", "0", " ", "."];
        let filled = bases.iter().flat_map(|base| {
            let filled = move |filler| {
                [
                    format!("{base}{filler}"),
                    format!("{filler}{base}"),
                    format!("{filler}{base}{filler}"),
                ]
            };
            fillers.into_iter().flat_map(filled)
        });
        let numbered = self.numbered();
        let named = bases.iter().take(1).flat_map(|base| {
            let named = move |word| [format!("{base} {word}"), format!("{word} {base}")];
            numbered.clone().flat_map(named)
        });
        filled.chain(named).find(|text| self.contains(text))
    }

    /// More texts than there are exceptions, so that not all can be excluded by name.
    fn numbered(&self) -> impl Iterator<Item = String> + Clone {
        (0..=self.none.len()).map(|n| format!("witness-{n}"))
    }

    fn bases(&self) -> Vec<String> {
        const N_CHOICES: usize = 8;
        if self.all.is_empty() {
            let words = ["witness", "a", "0", "", " "].map(str::to_owned);
            return words.into_iter().chain(self.numbered()).collect();
        }
        let samples: Vec<Vec<String>> = self.all.iter().map(Matcher::samples).collect();
        let mut bases: Vec<String> = Vec::new();
        for choice in 0..N_CHOICES {
            let chosen = samples
                .iter()
                .filter_map(|texts| texts.get(choice % texts.len().max(1)));
            let chosen: Vec<&str> = chosen.map(String::as_str).collect();
            let alone = chosen.iter().map(|text| (*text).to_owned());
            let joined = orders(&chosen).into_iter().flat_map(|order| {
                let join = move |separator| order.join(separator);
                ["", " ", "-", ".", "a"].map(join)
            });
            for text in alone.chain(joined) {
                if !bases.contains(&text) {
                    bases.push(text);
                }
            }
        }
        bases
    }
}

/// The matchers of both lists, each once.
fn joined(one: &Arc<[Matcher]>, other: &Arc<[Matcher]>) -> Arc<[Matcher]> {
    if other.is_empty() || Arc::ptr_eq(one, other) {
        return Arc::clone(one);
    }
    if one.is_empty() {
        return Arc::clone(other);
    }
    let known: HashSet<(u8, String)> = one.iter().map(Matcher::key).collect();
    let more = other.iter().filter(|matcher| !known.contains(&matcher.key()));
    one.iter().chain(more).cloned().collect()
}

/// The orders worth trying: as given, reversed and each text moved to the front.
fn orders<'a>(texts: &[&'a str]) -> Vec<Vec<&'a str>> {
    const N_ROTATED: usize = 4;
    let mut orders = vec![texts.to_vec(), texts.iter().rev().copied().collect()];
    for n in 1..texts.len().min(N_ROTATED) {
        let mut order = texts.to_vec();
        order.rotate_left(n);
        orders.push(order);
    }
    orders
}
