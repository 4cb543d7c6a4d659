//! All exports of one tenant, sorted by kind, with what is there told apart from what is empty.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::document::Node;
use crate::platform::{Read, ReadInput, Unread};
use crate::problem::Problem;
use crate::source::Span;

use super::claim::{Claimed, claim};
use super::kind::{Importance, Kind, TenantList};
use super::twice::{Supply, is_unset, problem, settle};

/// The records of one kind.
#[derive(Default)]
pub(super) struct Export<'a> {
    /// Whether anything, be it empty, was supplied.
    pub supplied: bool,
    /// Whether every file of this kind says that there is no more.
    pub complete: bool,
    /// The records, in the order of the files.
    pub records: Vec<Node<'a>>,
    /// Where the export stands, for findings about what is not in it.
    pub span: Option<Span>,
    /// Where new objects would go, in the order of the files.
    pub homes: Vec<Home>,
    /// What each file holds of it, until it is settled what they say together.
    supplies: Vec<Supply<'a>>,
}

/// A list that holds objects of one kind, or the only object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    /// Index of the file.
    pub file: usize,
    /// Where it is written.
    pub span: Span,
    /// Whether it is a section of a file that holds several exports.
    pub is_section: bool,
}

/// All exports.
pub(super) struct Bundle<'a> {
    exports: BTreeMap<(Kind, Option<TenantList>), Export<'a>>,
    /// Rows for the report.
    pub reads: Vec<Read>,
    /// What is wrong with the files.
    pub problems: Vec<Problem>,
    /// Kinds whose export failed, and whether a problem with the export tells it.
    pub failed: BTreeMap<Kind, bool>,
    /// Exports of which two files say different things.
    pub differ: BTreeSet<(Kind, Option<TenantList>)>,
    assume_empty: bool,
}

impl<'a> Bundle<'a> {
    /// Sorts the files.
    pub fn gather(input: &ReadInput<'a>) -> Self {
        let mut bundle = Self {
            exports: BTreeMap::new(),
            reads: Vec::new(),
            problems: Vec::new(),
            failed: BTreeMap::new(),
            differ: BTreeSet::new(),
            assume_empty: input.assume_empty,
        };
        for (index, file) in input.files.iter().enumerate() {
            let declared = input.declared.iter().find(|declared| declared.file == file.path);
            let stem = declared
                .and_then(|declared| declared.kind.as_deref())
                .and_then(stem_of)
                .map_or_else(
                    || file.stem.to_owned(),
                    |kind| match declared.and_then(|declared| declared.list.as_deref()) {
                        Some(list) => format!("{}.{list}", kind.cmdlet()),
                        None => kind.cmdlet().to_owned(),
                    },
                );
            let root = file.document.root(file.text);
            if let Some(claimed) = claim(root, &stem) {
                bundle.take(index, claimed);
            }
        }
        bundle.settle();
        for declared in input.declared.iter().filter(|declared| declared.empty) {
            if let Some(kind) = declared.kind.as_deref().and_then(stem_of) {
                let lists: Vec<Option<TenantList>> = match (kind, declared.list.as_deref()) {
                    (Kind::TenantList, Some(list)) => vec![TenantList::parse(list)],
                    (Kind::TenantList, None) => TenantList::ALL.into_iter().map(Some).collect(),
                    _ => vec![None],
                };
                for list in lists {
                    let export = bundle.exports.entry((kind, list)).or_default();
                    export.complete = !export.supplied || export.complete;
                    export.supplied = true;
                }
            }
        }
        bundle
    }

    fn take(&mut self, file: usize, claimed: Claimed<'a>) {
        for (kind, span) in &claimed.failed_commands {
            let mut labels = claimed.problems.iter().flat_map(|problem| &problem.labels);
            *self.failed.entry(*kind).or_default() |= labels.any(|label| label.span == *span);
        }
        self.problems.extend(claimed.problems);
        for claim in claimed.claims {
            self.reads.push(Read {
                file,
                kind: claim.kind.as_str(),
                objects: claim.records.len(),
                complete: claim.complete,
            });
            let export = self.exports.entry((claim.kind, claim.list)).or_default();
            export.complete = claim.complete && (export.complete || !export.supplied);
            export.supplied = true;
            let span = claim.key.unwrap_or(claim.span);
            export.span = export.span.or(Some(span));
            export.homes.push(Home {
                file,
                span: claim.span,
                is_section: claim.key.is_some(),
            });
            export.supplies.push(Supply {
                span,
                implied: claim.implied,
                records: claim.records,
            });
        }
    }

    /// Puts together what several files hold of one export.
    fn settle(&mut self) {
        for (key, export) in &mut self.exports {
            let settled = settle(key.0, std::mem::take(&mut export.supplies));
            export.records = settled.records;
            if let Some(differ) = settled.differ {
                export.complete = false;
                self.problems.push(problem(key.0, differ));
                self.differ.insert(*key);
            }
        }
    }

    /// Whether nothing was recognised.
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.exports.values().all(|export| !export.supplied)
    }

    /// The records of a kind; empty if there are none.
    pub fn records(&self, kind: Kind) -> &[Node<'a>] {
        self.list_records(kind, None)
    }

    /// The records of one tenant list.
    pub fn list_records(&self, kind: Kind, list: Option<TenantList>) -> &[Node<'a>] {
        self.exports
            .get(&(kind, list))
            .map_or(&[], |export| export.records.as_slice())
    }

    /// The records of a kind, of whatever list.
    pub fn all_records(&self, kind: Kind) -> impl Iterator<Item = Node<'a>> + '_ {
        let of = self.exports.iter().filter(move |((found, _), _)| *found == kind);
        of.flat_map(|(_, export)| export.records.iter().copied())
    }

    /// Where new objects of a kind would go.
    pub fn homes(&self, kind: Kind, list: Option<TenantList>) -> &[Home] {
        self.exports
            .get(&(kind, list))
            .map_or(&[], |export| export.homes.as_slice())
    }

    /// Whether a kind was supplied and says that it is all there is.
    pub fn whole(&self, kind: Kind) -> bool {
        self.list_whole(kind, None)
    }

    /// Whether one tenant list was supplied and says that it is all there is.
    pub fn list_whole(&self, kind: Kind, list: Option<TenantList>) -> bool {
        self.exports
            .get(&(kind, list))
            .map_or(self.assume_empty, |export| export.complete)
    }

    /// Exports that are there and say that there is more.
    pub fn cut_off(&self) -> BTreeSet<(Kind, Option<TenantList>)> {
        let cut_off = self
            .exports
            .iter()
            .filter(|(_, export)| export.supplied && !export.complete);
        cut_off.map(|(key, _)| *key).collect()
    }

    /// Where a kind stands.
    pub fn span(&self, kind: Kind) -> Option<Span> {
        self.exports.get(&(kind, None)).and_then(|export| export.span)
    }

    /// The first place of any export, for what has no place of its own.
    pub fn anywhere(&self) -> Option<Span> {
        self.exports.values().filter_map(|export| export.span).min()
    }

    /// Optional exports that are not there.
    pub fn absent_optional(&self) -> Vec<&'static str> {
        let mut absent: Vec<&'static str> = super::kind::all()
            .filter(|kind| kind.importance() == Importance::Optional)
            .filter(|kind| !self.assume_empty && !self.exports.contains_key(&(*kind, None)))
            .map(Kind::as_str)
            .collect();
        absent.dedup();
        absent
    }

    /// Keys of records that no reader knows, with a value, one row per kind and key.
    pub fn unread(&self) -> Vec<Unread> {
        let mut found: Vec<Unread> = Vec::new();
        let mut at: BTreeMap<(Kind, String), usize> = BTreeMap::new();
        for ((kind, _), export) in &self.exports {
            if kind.importance() == Importance::Context || !kind.keys_are_complete() {
                continue;
            }
            // Records of one export have the same keys in the same order: what was known of a place is known of it again.
            let mut known: Vec<Cow<'_, str>> = Vec::new();
            for record in &export.records {
                for (place, (key, value)) in record.entries().enumerate() {
                    if known.get(place).is_some_and(|known| *known == key.name) {
                        continue;
                    }
                    if kind.knows(&key.name) {
                        if place >= known.len() {
                            known.resize(place + 1, Cow::Borrowed(""));
                        }
                        if let Some(known) = known.get_mut(place) {
                            *known = key.name;
                        }
                        continue;
                    }
                    if is_unset(value) {
                        continue;
                    }
                    let index = *at.entry((*kind, key.name.to_ascii_lowercase())).or_insert_with(|| {
                        found.push(Unread {
                            kind: kind.as_str(),
                            key: key.name.trim().to_owned(),
                            span: key.span,
                            count: 0,
                            condition: *kind == Kind::TransportRule,
                        });
                        found.len() - 1
                    });
                    if let Some(unread) = found.get_mut(index) {
                        unread.count += 1;
                    }
                }
            }
        }
        found
    }
}

fn stem_of(word: &str) -> Option<Kind> {
    Kind::parse(word.strip_prefix("exchange/").unwrap_or(word))
}
