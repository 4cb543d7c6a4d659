//! Wishes as they are tried: those that go together, what tells them apart, and why they do not hold.

use std::collections::BTreeSet;

use crate::path::MailPath;
use crate::path::remedy::Remedy;
use crate::platform::mend::Way;

use super::harm::Harm;

/// Wishes that go together, with the ways to fulfil them that are left to try.
#[derive(Clone)]
pub(super) struct Item {
    pub keys: Vec<String>,
    /// Whether it is to let mail in.
    pub admits: bool,
    pub prints: Vec<String>,
    /// Vendors of the findings; none where one spans several.
    pub vendors: Vec<Option<String>>,
    pub ways: Vec<Way>,
    pub otherwise: String,
}

/// Puts what has to go together with what is to be let in: an entry that was meant to be a vendor's value goes when the
/// value comes in, and not before.
pub(super) fn joined(items: Vec<Item>) -> Vec<Item> {
    let (mut joined, others): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.admits);
    for mut other in others {
        let shares = |item: &&mut Item| item.prints.iter().any(|print| other.prints.contains(print));
        match joined.iter_mut().filter(|item| item.admits).find(shares) {
            Some(item) => {
                let with = other.ways.pop();
                for way in &mut item.ways {
                    way.changes
                        .extend(with.iter().flat_map(|with| with.changes.iter().cloned()));
                }
                item.keys.extend(other.keys);
            }
            None => joined.push(other),
        }
    }
    joined
}

/// Why a batch does not hold.
pub(super) struct Failure {
    pub reason: String,
    /// Objects that have to do with it.
    pub objects: Vec<String>,
    /// Wishes that it is about.
    pub keys: BTreeSet<String>,
    /// Whether it would be the same with any other change.
    pub whatever: bool,
}

impl From<Harm> for Failure {
    fn from(harm: Harm) -> Self {
        Self {
            reason: harm.reason,
            objects: harm.objects,
            keys: BTreeSet::new(),
            whatever: harm.whatever,
        }
    }
}

impl Failure {
    pub(super) fn of(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            objects: Vec::new(),
            keys: BTreeSet::new(),
            whatever: false,
        }
    }

    /// Whether it is about an item.
    pub(super) fn is_surely_by(&self, item: &Item) -> bool {
        item.keys.iter().any(|key| self.keys.contains(key))
    }

    /// Whether an item has to do with it.
    pub(super) fn is_by(&self, item: &Item) -> bool {
        let changes = item.ways.last().map_or(&[][..], |way| way.changes.as_slice());
        changes.iter().any(|change| self.objects.contains(&change.object()))
    }
}

impl Remedy {
    /// Whether it is to let mail in rather than to keep others out.
    pub(super) fn admits(&self) -> bool {
        match self {
            Self::Admit { .. } | Self::Spare { .. } | Self::Enforce { .. } | Self::Precede { .. } => true,
            Self::Withdraw { .. } | Self::Confine { .. } | Self::Revoke { .. } => false,
        }
    }

    /// What tells this wish from others, in whatever state of the exports.
    pub(super) fn key(&self, path: &MailPath) -> String {
        let object = |at: &crate::path::RuleAt| path.rule(*at).map_or("", |rule| rule.object.as_str());
        match self {
            Self::Admit { vendor, stream, .. } => format!("admit {vendor}/{stream}"),
            Self::Spare { rule, vendor, stream } => format!("spare {vendor}/{stream} from {}", object(rule)),
            Self::Withdraw { rule, entry } => {
                let lists = path.rule(*rule).map_or(&[][..], |rule| rule.lists.as_slice());
                let found = lists.iter().find_map(|list| {
                    let at = list.entries.iter().position(|known| known.span == *entry)?;
                    let text = list.entries.get(at)?.text.as_str();
                    let earlier = list.entries.iter().take(at).filter(|known| known.text == text).count();
                    Some(format!("{} {text} {earlier}", list.name))
                });
                format!("withdraw from {} {}", object(rule), found.unwrap_or_default())
            }
            Self::Confine { rule, .. } => format!("confine {}", object(rule)),
            Self::Enforce { rule } => format!("enforce {}", object(rule)),
            Self::Precede { rule, before } => format!("{} before {}", object(rule), object(before)),
            Self::Revoke { grant } => {
                let grant = path.grants.get(*grant);
                format!("revoke {}", grant.map_or("", |grant| grant.object.as_str()))
            }
        }
    }
}
