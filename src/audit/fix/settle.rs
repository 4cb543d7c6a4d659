//! What holds of a batch of wishes, found by trying it as a whole and then in parts.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Finding;

use super::item::Item;
use super::search::{Search, State, Taken};

/// Takes what holds of a batch, by halves.
pub(super) struct Settle<'f, 's, 'e> {
    pub search: &'f Search<'s, 'e>,
    pub before: &'f BTreeMap<String, &'f Finding>,
    pub refused: &'f mut BTreeMap<String, String>,
    pub closed: &'f mut BTreeSet<String>,
    /// Wishes that the platform sees no way for as things stand, with the findings that have them.
    pub wayless: &'f mut Vec<(String, Vec<String>)>,
}

impl Settle<'_, '_, '_> {
    pub(super) fn batch(&mut self, state: Option<State>, mut items: Vec<Item>) -> Option<State> {
        // Where the platform sees no way there is nothing to try.
        items.retain(|item| {
            let hopeless = item.ways.is_empty();
            if hopeless {
                let keys = item.keys.iter().cloned();
                self.wayless.extend(keys.map(|key| (key, item.prints.clone())));
                self.refuse(item, &item.otherwise);
            }
            !hopeless
        });
        if items.is_empty() {
            return state;
        }
        let mut taken: Vec<Taken> = state.as_ref().map(|state| state.taken.clone()).unwrap_or_default();
        taken.extend(items.iter().filter_map(|item| {
            Some(Taken {
                way: item.ways.last()?.clone(),
                prints: item.prints.clone(),
            })
        }));
        let current = match &state {
            Some(state) => self.search.printed(&state.findings).map(|(print, _)| print).collect(),
            None => self.before.keys().cloned().collect(),
        };
        let attempt = self
            .search
            .attempt(taken, self.before, &current, &items, state.as_ref());
        let failure = match attempt {
            Ok(better) => {
                self.closed.extend(items.into_iter().flat_map(|item| item.keys));
                return Some(better);
            }
            Err(failure) => failure,
        };
        // Whoever is surely the cause tries the next way, or is out; whoever may be is tried after the others.
        if failure.whatever {
            for item in &items {
                self.refuse(item, &failure.reason);
            }
            return state;
        }
        let alone = items.len() == 1;
        if alone || items.iter().any(|item| failure.is_surely_by(item)) {
            for item in &mut items {
                if alone || failure.is_surely_by(item) {
                    item.ways.pop();
                    if item.ways.is_empty() {
                        self.refuse(item, &failure.reason);
                    }
                }
            }
            items.retain(|item| !item.ways.is_empty());
            return self.batch(state, items);
        }
        if items.iter().any(|item| failure.is_by(item)) && !items.iter().all(|item| failure.is_by(item)) {
            let (suspects, others) = items.into_iter().partition(|item| failure.is_by(item));
            let state = self.batch(state, others);
            return self.batch(state, suspects);
        }
        let other = items.split_off(items.len() / 2);
        let state = self.batch(state, items);
        self.batch(state, other)
    }

    fn refuse(&mut self, item: &Item, reason: &str) {
        self.closed.extend(item.keys.iter().cloned());
        for print in &item.prints {
            self.refused.entry(print.clone()).or_insert_with(|| reason.to_owned());
        }
    }
}
