//! One of the two sides that are compared: a path, the texts it was read from, and the way a message takes along it.

use crate::evidence::Evidence;
use crate::message::{Cube, Message, MessageSet};
use crate::path::trace::Trace;
use crate::path::walk::Journey;
use crate::path::{MailPath, NeedId, Skip};
use crate::source::Sources;

/// Where a message comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Along the way that MX tells.
    Smtp,
    /// Straight to the tenant's own host, past a filter in front.
    Direct,
}

impl Entry {
    /// The word that `allowaudit why --entry` takes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Direct => "smtp-direct",
        }
    }
}

/// A path with the texts it was read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'e> {
    /// The path.
    pub path: &'e MailPath,
    /// The texts.
    pub sources: &'e Sources,
}

impl<'e> Side<'e> {
    /// The side of an audit.
    pub fn of(evidence: &'e Evidence<'_>) -> Self {
        Self {
            path: evidence.facts.path,
            sources: evidence.facts.sources,
        }
    }

    /// What makes a need the same one on both sides: its key, and for a condition that no export decides what it says.
    pub fn asked(&self, need: NeedId) -> String {
        let Some(need) = self.path.needed(need) else {
            return String::new();
        };
        let written = need.origin.map_or("", |span| self.sources.text(span));
        match need.key.strip_prefix("rule/").and_then(|rest| rest.rsplit_once('/')) {
            // A rule may have got another name: what it asks for is the question.
            Some((_, condition)) => format!("rule/{condition}/{written}"),
            None => need.key.clone(),
        }
    }

    /// [`Side::asked`] of all needs, by their numbers.
    pub fn all_asked(&self) -> Vec<String> {
        self.path.need_ids().map(|need| self.asked(need)).collect()
    }

    /// Whether mail can be sent past something in front.
    pub fn has_front(&self) -> bool {
        self.path.mask.is_some() || self.path.entry_past_hops() > 0
    }

    /// The set as the platform sees it.
    pub fn seen(&self, entry: Entry, set: &MessageSet) -> MessageSet {
        match entry {
            Entry::Smtp => self.path.masked(set),
            Entry::Direct => set.clone(),
        }
    }

    /// The stage at which mail arrives.
    pub fn first_stage(&self, entry: Entry) -> usize {
        match entry {
            Entry::Smtp => 0,
            Entry::Direct => self.path.entry_past_hops(),
        }
    }

    /// What a set that the platform sees meets.
    pub fn pass(&self, entry: Entry, seen: &MessageSet) -> Trace<'e> {
        self.path.pass(self.first_stage(entry), seen)
    }

    /// The way of one message.
    pub fn walk(&self, entry: Entry, message: &Message) -> Journey {
        let first = self.first_stage(entry);
        match entry {
            Entry::Smtp => self.path.walk_from(first, &self.path.masked_message(message)),
            Entry::Direct => self.path.walk_from(first, message),
        }
    }

    /// Of the messages that were sent, those that the platform may see as one of a set.
    pub fn sent_as(&self, entry: Entry, seen: &MessageSet, sent: &MessageSet) -> MessageSet {
        let (Entry::Smtp, Some(mask)) = (entry, &self.path.mask) else {
            return seen.clone();
        };
        let before = seen.map(|cube| {
            let all = Cube::all();
            Some(Cube {
                ip: if mask.skipped == Skip::No {
                    all.ip
                } else {
                    cube.auth_ip.clone()
                },
                auth_ip: all.auth_ip,
                ..cube.clone()
            })
        });
        before.merged().intersect(sent)
    }

    /// Whether what is sent is seen as it is.
    pub fn sees_all(&self, entry: Entry) -> bool {
        entry == Entry::Direct || self.path.mask.is_none()
    }
}
