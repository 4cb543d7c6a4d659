//! Entries pooled into one finding: by vendor and object, at most twenty of them underlined.

use std::collections::BTreeMap;

use crate::evidence::entries::{Explained, Value};
use crate::problem::Label;

/// More are counted, not shown.
pub(super) const SHOWN: usize = 20;

/// Entries of one object that are about one vendor.
pub(super) struct Pool<'e, 'a> {
    /// The first value that an entry is about.
    pub value: &'e Value<'a>,
    /// The entries, each with its value.
    pub entries: Vec<(&'e Explained<'a>, &'e Value<'a>)>,
}

impl Pool<'_, '_> {
    /// `` `a`, `b` and 3 more``.
    pub fn words(&self) -> String {
        let mut texts: Vec<&str> = self
            .entries
            .iter()
            .map(|(found, _)| found.entry.text.as_str())
            .collect();
        texts.dedup();
        let more = texts.len().saturating_sub(3);
        let mut words: Vec<String> = texts.iter().take(3).map(|text| format!("`{text}`")).collect();
        if more > 0 {
            words.push(format!("{more} more"));
        }
        crate::evidence::words::list(&words)
    }

    /// The entries, then the value of the first.
    pub fn labels(&self, text: &str, value: &str) -> Vec<Label> {
        let mut labels: Vec<Label> = self
            .entries
            .iter()
            .take(SHOWN)
            .map(|(found, _)| Label::new(found.entry.span, text))
            .collect();
        labels.push(Label::new(self.value.span, value));
        labels
    }
}

/// Pools by vendor and object.
pub(super) fn pools<'e, 'a>(
    picked: impl Iterator<Item = (&'e Explained<'a>, &'e Value<'a>)>,
) -> Vec<((String, String), Pool<'e, 'a>)>
where
    'a: 'e,
{
    let mut pools: BTreeMap<(String, String), Pool<'e, 'a>> = BTreeMap::new();
    for (found, value) in picked {
        let key = (value.pack.id.value.clone(), found.object());
        pools
            .entry(key)
            .or_insert_with(|| Pool {
                value,
                entries: Vec::new(),
            })
            .entries
            .push((found, value));
    }
    pools.into_iter().collect()
}
