//! Remembers what was asked, with the answers: a snapshot holds exactly what an audit needs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Answer, Question, Resolver};

/// A resolver that passes questions on and remembers them.
pub struct Recorder {
    inner: Arc<dyn Resolver + Send + Sync>,
    seen: Mutex<BTreeMap<Question, Arc<Answer>>>,
}

impl Recorder {
    /// A recorder in front of whoever answers.
    pub fn new(inner: Arc<dyn Resolver + Send + Sync>) -> Self {
        Self {
            inner,
            seen: Mutex::default(),
        }
    }

    /// Every question asked so far, with its answer; also those that are unknown.
    pub fn answers(&self) -> BTreeMap<Question, Arc<Answer>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember<'q>(&self, answers: impl IntoIterator<Item = (&'q Question, &'q Arc<Answer>)>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (question, answer) in answers {
            if !seen.contains_key(question) {
                seen.insert(question.clone(), answer.clone());
            }
        }
    }
}

impl Resolver for Recorder {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let answer = self.inner.ask(question);
        self.remember([(question, &answer)]);
        answer
    }

    fn ask_all(&self, questions: &[Question]) -> Vec<Arc<Answer>> {
        let answers = self.inner.ask_all(questions);
        self.remember(questions.iter().zip(&answers));
        answers
    }

    fn waits(&self) -> bool {
        self.inner.waits()
    }

    fn ran_out(&self) -> bool {
        self.inner.ran_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{Name, Off, Outcome, RecordType, Recorded};

    #[test]
    fn it_remembers_what_was_asked_and_nothing_else() {
        let question = |name: &str| Question::new(Name::parse(name.as_bytes()).unwrap(), RecordType::A);
        let [a, b, c] = ["a.test", "b.test", "c.test"].map(question);
        let gone = Arc::new(Answer::new(Outcome::NoName));
        let recorded = Recorded {
            recorded: None,
            answers: [(a.clone(), gone.clone()), (b.clone(), gone.clone())].into(),
        };
        let recorder = Recorder::new(Arc::new(recorded));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| recorder.ask_all(&[c.clone(), a.clone()]));
            }
        });
        assert_eq!(recorder.ask(&a), gone);
        let seen = recorder.answers();
        assert_eq!(seen.keys().collect::<Vec<_>>(), [&a, &c]);
        assert_eq!((&seen[&a], &seen[&c]), (&gone, &Off.ask(&c)));
    }
}
