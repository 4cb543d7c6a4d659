//! Which settings of a rule decided about one message: the entries that it meets.

use crate::message::{Identity, Message};

use super::{Entry, List, Meaning, Rule};

impl List {
    /// The first entry that a message meets.
    pub fn met_by(&self, message: &Message) -> Option<&Entry> {
        self.entries.iter().find(|entry| match &entry.meaning {
            Meaning::Networks(hosts) => hosts.contains(message.ip),
            Meaning::Malformed { meant: Some(hosts), .. } => hosts.contains(message.ip),
            Meaning::Senders(senders) => {
                let asks = |identity| self.identities.contains(&identity);
                asks(Identity::HeaderFrom) && senders.contains_sender(&message.from)
                    || asks(Identity::MailFrom) && senders.contains_sender(&message.mail_from)
            }
            Meaning::Text => message.headers.values().any(|value| value.contains(&entry.text)),
            Meaning::Names(_) | Meaning::Malformed { .. } => false,
        })
    }
}

impl Rule {
    /// The entries of its conditions that a message meets, one of each list.
    pub fn met_by(&self, message: &Message) -> impl Iterator<Item = (&List, &Entry)> {
        let conditions = self.lists.iter().filter(|list| !list.exception);
        conditions.filter_map(|list| Some((list, list.met_by(message)?)))
    }
}
