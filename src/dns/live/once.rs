//! Things that are found out once for a question, however many want to know them at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::dns::Question;

type Cell<V> = Arc<OnceCell<Arc<V>>>;

/// What is known so far.
#[derive(Debug)]
pub(super) struct Once<V>(Mutex<HashMap<Question, Cell<V>>>);

impl<V> Once<V> {
    /// Nothing is known.
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// What is known without asking.
    pub(super) fn known(&self, question: &Question) -> Option<Arc<V>> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(question)?.get().cloned()
    }

    /// What is known, or will be when whoever is finding it out is ready.
    pub(super) async fn get(&self, question: &Question, find: impl Future<Output = V>) -> Arc<V> {
        let cell = self.cell(question);
        let find = async { Arc::new(find.await) };
        cell.get_or_init(|| find).await.clone()
    }

    fn cell(&self, question: &Question) -> Cell<V> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(question) {
            return cell.clone();
        }
        cells.entry(question.clone()).or_default().clone()
    }
}
