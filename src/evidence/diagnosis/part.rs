//! The messages a diagnosis is about, worked out when somebody looks at them.
//!
//! Most questions about what is undecided are only counted: one of them is shown, and to work out the messages of each
//! would be most of the work of a diagnosis.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::message::MessageSet;

/// Messages, less those that a surer fault keeps back.
#[derive(Debug, Clone)]
pub struct Part(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    wholes: Vec<MessageSet>,
    held: Arc<MessageSet>,
    exact: OnceLock<MessageSet>,
}

impl From<MessageSet> for Part {
    fn from(set: MessageSet) -> Self {
        Self(Arc::new(Inner {
            wholes: Vec::new(),
            held: Arc::default(),
            exact: OnceLock::from(set),
        }))
    }
}

impl Deref for Part {
    type Target = MessageSet;
    fn deref(&self) -> &MessageSet {
        self.0.exact.get_or_init(|| {
            let mut parts = self.0.wholes.iter().map(|whole| whole.minus(&self.0.held));
            let mut all = parts.next().unwrap_or_default();
            parts.for_each(|part| all.absorb(part));
            all
        })
    }
}

impl Part {
    /// What of this nothing surer keeps back.
    pub(super) fn less(&self, held: &Arc<MessageSet>) -> Self {
        Self(Arc::new(Inner {
            wholes: vec![(**self).clone()],
            held: Arc::clone(held),
            exact: OnceLock::new(),
        }))
    }

    /// Whether there is no message. One message outside of what is held back answers it for all.
    pub fn is_empty(&self) -> bool {
        let is_open = |whole: &MessageSet| {
            let message = whole.witness().map(|mut message| {
                // What is not known of a message is known of none that is sent.
                for bits in [&mut message.dmarc, &mut message.spf, &mut message.compauth] {
                    *bits &= bits.wrapping_neg();
                }
                message
            });
            message.is_some_and(|message| !self.0.held.contains(&message))
        };
        let plainly_not = self.0.exact.get().is_none() && self.0.wholes.iter().any(is_open);
        !plainly_not && MessageSet::is_empty(self)
    }

    /// Takes in another part.
    pub(super) fn absorb(&mut self, other: &Self) {
        let is_open = |part: &Self| part.0.exact.get().is_none();
        if is_open(self) && is_open(other) && Arc::ptr_eq(&self.0.held, &other.0.held) {
            Arc::make_mut(&mut self.0).wholes.extend(other.0.wholes.iter().cloned());
            return;
        }
        let mut all = (**self).clone();
        all.absorb((**other).clone());
        *self = all.into();
    }
}
