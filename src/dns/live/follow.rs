//! Follows aliases from name to name until there are records, or none (RFC 1034, section 3.6.2).
//!
//! It sends nothing: it says which name to ask for next.

use super::message::{Data, Reply};
use crate::dns::{Answer, Failure, Name, Outcome};

/// The most aliases that are followed. Standards name no number; resolvers stop at 8 to 16.
const MOST_ALIASES: usize = 16;

/// The way from the name asked for to the one that has the records.
#[derive(Debug)]
pub(super) struct Trail {
    start: Name,
    aliases: Vec<Name>,
    ttl: Option<u32>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for [`Trail::name`].
    Ask,
    /// This became of the question.
    Done(Outcome),
}

impl Trail {
    /// At its start.
    pub(super) fn new(start: Name) -> Self {
        Self {
            start,
            aliases: Vec::new(),
            ttl: None,
        }
    }

    /// The name that was reached.
    pub(super) fn name(&self) -> &Name {
        self.aliases.last().unwrap_or(&self.start)
    }

    /// The answer, with what was met on the way.
    pub(super) fn answer(self, outcome: Outcome) -> Answer {
        Answer {
            outcome,
            aliases: self.aliases,
            ttl: self.ttl,
        }
    }

    /// Goes on by a reply to the name that was reached. Records of other names in it count for nothing.
    pub(super) fn step(&mut self, reply: &Reply) -> Step {
        let (held, exists, negative_ttl) = match reply {
            Reply::Failed(failure) => return Step::Done(Outcome::Failed(failure.clone())),
            Reply::Answered {
                held,
                exists,
                negative_ttl,
            } => (held, *exists, *negative_ttl),
        };
        let asked = self.aliases.len();
        loop {
            let mut records = Vec::new();
            let mut alias = None;
            for entry in held.iter().filter(|entry| entry.owner == *self.name()) {
                match &entry.data {
                    Data::Record(record) => records.push((record.clone(), entry.ttl)),
                    Data::Alias(target) => alias = Some((target.clone(), entry.ttl)),
                }
            }
            if !records.is_empty() {
                self.note(records.iter().map(|&(_, ttl)| ttl));
                let mut records: Vec<_> = records.into_iter().map(|(record, _)| record).collect();
                // Servers turn the order of records round; without one, snapshots would differ for no reason.
                records.sort();
                return Step::Done(Outcome::Found(records));
            }
            let Some((target, ttl)) = alias else { break };
            self.note([ttl]);
            let seen = target == self.start || self.aliases.contains(&target);
            self.aliases.push(target);
            if seen || self.aliases.len() > MOST_ALIASES {
                return Step::Done(Outcome::Failed(Failure::AliasLoop));
            }
        }
        // NXDOMAIN is about the last name of a chain (RFC 6604, section 3).
        if !exists {
            self.note(negative_ttl);
            return Step::Done(Outcome::NoName);
        }
        if self.aliases.len() > asked {
            // The server may only not know what the last alias stands for.
            return Step::Ask;
        }
        self.note(negative_ttl);
        Step::Done(Outcome::NoData)
    }

    fn note(&mut self, ttls: impl IntoIterator<Item = u32>) {
        self.ttl = self.ttl.into_iter().chain(ttls).min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Record;
    use crate::dns::live::message::Held;

    fn name(text: &str) -> Name {
        Name::parse(text.as_bytes()).unwrap()
    }

    fn alias(owner: &str, target: &str, ttl: u32) -> Held {
        let (owner, data) = (name(owner), Data::Alias(name(target)));
        Held { owner, ttl, data }
    }

    fn address(owner: &str, last: u8, ttl: u32) -> Held {
        let data = Data::Record(Record::A([192, 0, 2, last].into()));
        Held {
            owner: name(owner),
            ttl,
            data,
        }
    }

    fn reply(held: Vec<Held>, exists: bool) -> Reply {
        Reply::Answered {
            held,
            exists,
            negative_ttl: Some(7),
        }
    }

    #[test]
    fn a_chain_in_any_order_with_records_of_others() {
        let held = vec![
            address("other.test", 9, 1),
            address("c.test", 2, 30),
            alias("b.test", "c.test", 20),
            address("c.test", 1, 30),
            alias("a.test", "b.test", 40),
        ];
        let mut trail = Trail::new(name("a.test"));
        let step = trail.step(&reply(held, true));
        let records = [1, 2].map(|last| Record::A([192, 0, 2, last].into())).to_vec();
        assert_eq!(step, Step::Done(Outcome::Found(records)));
        let answer = trail.answer(Outcome::NoData);
        assert_eq!(
            (answer.aliases, answer.ttl),
            (vec![name("b.test"), name("c.test")], Some(20))
        );
    }

    #[test]
    fn what_an_alias_stands_for_is_asked_when_it_is_not_told() {
        let mut trail = Trail::new(name("a.test"));
        assert_eq!(trail.step(&reply(vec![alias("a.test", "b.test", 5)], true)), Step::Ask);
        assert_eq!(trail.name(), &name("b.test"));
        assert_eq!(trail.step(&reply(Vec::new(), true)), Step::Done(Outcome::NoData));
        assert_eq!(trail.answer(Outcome::NoData).ttl, Some(5));
        let mut trail = Trail::new(name("a.test"));
        let step = trail.step(&reply(vec![alias("a.test", "b.test", 50)], false));
        assert_eq!(step, Step::Done(Outcome::NoName));
        let answer = trail.answer(Outcome::NoName);
        assert_eq!((answer.aliases, answer.ttl), (vec![name("b.test")], Some(7)));
    }

    #[test]
    fn circles_and_chains_without_an_end() {
        let endless = Step::Done(Outcome::Failed(Failure::AliasLoop));
        let circle = vec![alias("a.test", "b.test", 5), alias("b.test", "A.test", 5)];
        assert_eq!(Trail::new(name("a.test")).step(&reply(circle, true)), endless);
        let own = vec![alias("a.test", "a.test", 5)];
        assert_eq!(Trail::new(name("a.test")).step(&reply(own, true)), endless);
        let mut long: Vec<Held> = (0..MOST_ALIASES)
            .map(|n| alias(&format!("{n}.test"), &format!("{}.test", n + 1), 5))
            .collect();
        long.push(address(&format!("{MOST_ALIASES}.test"), 1, 5));
        let step = Trail::new(name("0.test")).step(&reply(long.clone(), true));
        assert!(matches!(step, Step::Done(Outcome::Found(_))), "{step:?}");
        long.insert(0, alias("start.test", "0.test", 5));
        assert_eq!(Trail::new(name("start.test")).step(&reply(long, true)), endless);
    }
}
