//! Words within one edit of others, found without comparing each with each.
//!
//! Two words are one edit apart only if some letter can be taken from one, the other or both to make them equal, so every
//! word is filed under itself and under each word that is one letter shorter, each as a number; what meets there is then
//! measured.

use std::collections::HashMap;

/// Words to be near to.
pub(super) struct Near<T> {
    words: Vec<(String, T)>,
    filed: HashMap<u64, Vec<u32>>,
}

impl<T> Near<T> {
    /// Files words. Short ones are near to too much and left out.
    pub fn of(words: impl IntoIterator<Item = (String, T)>, shortest: usize) -> Self {
        let mut near = Self {
            words: Vec::new(),
            filed: HashMap::new(),
        };
        for (word, what) in words {
            let Ok(at) = u32::try_from(near.words.len()) else { break };
            if word.chars().count() < shortest {
                continue;
            }
            for short in shorter(&word) {
                near.filed.entry(short).or_default().push(at);
            }
            near.words.push((word, what));
        }
        near
    }

    /// The words that one letter put in, taken out, changed or swapped with its neighbour turns this one into, and this
    /// word itself. In the order in which they were filed.
    pub fn to(&self, word: &str) -> Vec<(&str, &T)> {
        let mut found: Vec<u32> = shorter(word)
            .iter()
            .filter_map(|short| self.filed.get(short))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter_map(|at| self.words.get(at as usize))
            .filter(|(known, _)| strsim::damerau_levenshtein(known, word) <= 1)
            .map(|(known, what)| (known.as_str(), what))
            .collect()
    }
}

/// The word and what is left of it without one letter, as numbers: each letter counts by its distance from the end.
fn shorter(word: &str) -> Vec<u64> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    // What stands behind a letter, and the weight of a letter before it.
    let behind = word.chars().rev().scan((0_u64, 1_u64), |(sum, weight), letter| {
        let here = (*sum, *weight, letter);
        *sum = sum.wrapping_add(weight.wrapping_mul(u64::from(letter) + 1));
        *weight = weight.wrapping_mul(BASE);
        Some(here)
    });
    let behind: Vec<(u64, u64, char)> = behind.collect();
    let mut before = 0_u64;
    let mut all = Vec::with_capacity(behind.len() + 1);
    for (sum, weight, letter) in behind.into_iter().rev() {
        all.push(before.wrapping_mul(weight).wrapping_add(sum));
        before = before.wrapping_mul(BASE).wrapping_add(u64::from(letter) + 1);
    }
    all.push(before);
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_of_any_kind_is_near() {
        let near = Near::of([("acme.test".to_owned(), ()), ("a.io".to_owned(), ())], 6);
        for word in ["acme.test", "acm.test", "accme.test", "acne.test", "amce.test"] {
            assert_eq!(near.to(word).len(), 1, "{word}");
        }
        for word in ["am.test", "acme.example", "b.io"] {
            assert!(near.to(word).is_empty(), "{word}");
        }
    }
}
