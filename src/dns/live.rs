//! Asks real servers: the only place of this crate where a packet is sent.
//!
//! What is asynchronous stays in here. It knows nothing of why something is asked, and follows aliases by itself,
//! because the resolver of hickory takes those that lead in a circle for a name without records.

mod follow;
mod message;
mod once;
mod servers;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use self::follow::{Step, Trail};
use self::message::Reply;
use self::once::Once;
use self::servers::Servers;
use super::{Answer, Failure, Outcome, Question, Resolver};

/// Whom to ask, and how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The servers, in the order in which they are tried; those of the system if there are none here.
    pub servers: Vec<SocketAddr>,
    /// How long to wait for one answer of one server. Within that time a question over UDP is repeated.
    pub timeout: Duration,
    /// How often each server is tried before there is no answer.
    pub attempts: usize,
    /// How long all questions together may take, from the first one on.
    pub limit: Duration,
    /// How many questions are under way at a time; 512 at most.
    pub side_by_side: usize,
}

impl Default for Settings {
    /// The servers of the system; three seconds twice for a question; two minutes in all.
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(3),
            attempts: 2,
            limit: Duration::from_mins(2),
            side_by_side: 64,
        }
    }
}

/// A resolver that asks servers, each question once: the answer stays for as long as this does.
///
/// Not to be used from inside of asynchronous code, which waiting would hold up.
#[derive(Debug)]
pub struct Live {
    runtime: Runtime,
    asking: Arc<Asking>,
}

/// What every question shares.
#[derive(Debug)]
struct Asking {
    servers: Servers,
    replies: Once<Reply>,
    answers: Once<Answer>,
}

impl Live {
    /// A resolver. Nothing is sent before something is asked.
    ///
    /// # Errors
    /// The system says of no servers, or has no threads left.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("dns")
            .enable_all()
            .build()?;
        let asking = Asking {
            servers: Servers::new(settings)?,
            replies: Once::new(),
            answers: Once::new(),
        };
        Ok(Self {
            runtime,
            asking: Arc::new(asking),
        })
    }
}

impl Resolver for Live {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let known = self.asking.answers.known(question);
        known.unwrap_or_else(|| self.runtime.block_on(self.asking.answer(question)))
    }

    fn ask_all(&self, questions: &[Question]) -> Vec<Arc<Answer>> {
        self.runtime.block_on(async {
            let start = |question: &Question| {
                let (asking, question) = (self.asking.clone(), question.clone());
                tokio::spawn(async move { asking.answer(&question).await })
            };
            let tasks: Vec<_> = questions.iter().map(start).collect();
            let mut answers = Vec::with_capacity(tasks.len());
            for task in tasks {
                answers.push(task.await.unwrap_or_else(|_| Arc::new(lost())));
            }
            answers
        })
    }

    fn waits(&self) -> bool {
        true
    }

    /// One sentence about it says more than the answers, each of which is only late.
    fn ran_out(&self) -> bool {
        self.asking.servers.ran_out()
    }
}

impl Asking {
    async fn answer(&self, question: &Question) -> Arc<Answer> {
        self.answers.get(question, self.follow(question)).await
    }

    /// Asks for the name and for whatever it stands for.
    async fn follow(&self, question: &Question) -> Answer {
        let mut trail = Trail::new(question.name.clone());
        loop {
            let asked = Question::new(trail.name().clone(), question.kind);
            let reply = self.replies.get(&asked, self.servers.ask(&asked)).await;
            match trail.step(&reply) {
                Step::Ask => {}
                Step::Done(outcome) => return trail.answer(outcome),
            }
        }
    }
}

/// The answer of a task that broke down.
fn lost() -> Answer {
    Answer::new(Outcome::Failed(Failure::Other("the question was given up".to_owned())))
}
