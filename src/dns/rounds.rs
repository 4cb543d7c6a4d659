//! Asking in rounds: everything that is asked one after another is asked side by side, as far as one answer does not
//! wait for another.
//!
//! What asks is run again and again, and each time all questions that were new are asked together. So nobody has to
//! know beforehand what will be asked, and a tree of records takes as many round trips as it is deep.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Answer, Outcome, Question, Resolver};

/// After so many rounds what is left is asked one by one.
const ROUNDS: usize = 32;

/// Runs what asks, and gives what it comes to when everything it asks is answered. It may run several times, so it must
/// do nothing but ask; a question without an answer must not make it ask more.
pub fn in_rounds<T>(resolver: &dyn Resolver, run: impl Fn(&dyn Resolver) -> T) -> T {
    if !resolver.waits() {
        return run(resolver);
    }
    let ahead = Ahead::default();
    for _ in 0..ROUNDS {
        let result = run(&ahead);
        let missing = ahead.missing();
        if missing.is_empty() {
            return result;
        }
        ahead.learn(&missing, resolver.ask_all(&missing));
    }
    run(resolver)
}

/// What was answered in former rounds, and what was asked beyond that.
#[derive(Default)]
struct Ahead {
    known: Mutex<HashMap<Question, Arc<Answer>>>,
    missing: Mutex<BTreeSet<Question>>,
}

impl Ahead {
    fn missing(&self) -> Vec<Question> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *missing).into_iter().collect()
    }

    fn learn(&self, questions: &[Question], answers: Vec<Arc<Answer>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(questions.iter().cloned().zip(answers));
    }
}

impl Resolver for Ahead {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(question) {
            return answer.clone();
        }
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert(question.clone());
        Arc::new(Answer::new(Outcome::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::spf::set::Tree;
    use crate::dns::spf::zone::Zone;
    use crate::dns::{Name, RecordType};

    /// Counts how often it is asked, and for how much at a time.
    struct Slow {
        zone: Zone,
        asked: Mutex<Vec<usize>>,
    }

    impl Resolver for Slow {
        fn ask(&self, question: &Question) -> Arc<Answer> {
            self.asked.lock().unwrap().push(1);
            self.zone.ask(question)
        }

        fn ask_all(&self, questions: &[Question]) -> Vec<Arc<Answer>> {
            self.asked.lock().unwrap().push(questions.len());
            questions.iter().map(|question| self.zone.ask(question)).collect()
        }

        fn waits(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_tree_takes_as_many_rounds_as_it_is_deep() {
        let text = "a.test TXT v=spf1 include:b.test include:c.test a -all
             b.test TXT v=spf1 a:d.test mx -all
             c.test TXT v=spf1 ip4:192.0.2.1 -all
             b.test MX 10 e.test
             d.test A 192.0.2.4
             e.test A 192.0.2.5
             a.test A 192.0.2.6";
        let slow = Slow {
            zone: Zone::new(text),
            asked: Mutex::default(),
        };
        let name = Name::parse(b"a.test").unwrap();
        let tree = in_rounds(&slow, |resolver| Tree::gather(resolver, &name));
        assert_eq!(tree, Tree::gather(&slow.zone, &name));
        // The record; b and c and the addresses of a; those of d and the hosts of b; the addresses of e.
        assert_eq!(*slow.asked.lock().unwrap(), [1, 4, 3, 2]);
    }

    #[test]
    fn what_asks_on_without_an_end_is_asked_one_by_one() {
        let slow = Slow {
            zone: Zone::new(""),
            asked: Mutex::default(),
        };
        let asked = in_rounds(&slow, |resolver| {
            let names = (0..50).map(|n| Name::parse(format!("{n}.test").as_bytes()).unwrap());
            let mut questions = names.map(|name| Question::new(name, RecordType::A));
            questions.find(|question| resolver.ask(question).outcome == Outcome::Unknown)
        });
        assert_eq!(asked, None);
        assert_eq!(slow.asked.lock().unwrap().len(), 32 + 50);
    }
}
