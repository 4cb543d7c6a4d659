//! Edits as the operations of RFC 6902.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::tape::Kind;
use super::pointer::step;
use super::splice::{Splice, Work, value_after};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// A value comes into a list or a table.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// A value goes.
    Remove {
        /// Where.
        path: String,
    },
    /// Another value stands in the place of one.
    Replace {
        /// Where.
        path: String,
        /// The new one.
        value: Value,
    },
}

impl Operation {
    /// The word of the standard.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Remove { .. } => "remove",
            Self::Replace { .. } => "replace",
        }
    }

    /// The pointer.
    pub fn path(&self) -> &str {
        match self {
            Self::Add { path, .. } | Self::Remove { path } | Self::Replace { path, .. } => path,
        }
    }

    /// The value, if it has one.
    pub const fn value(&self) -> Option<&Value> {
        match self {
            Self::Add { value, .. } | Self::Replace { value, .. } => Some(value),
            Self::Remove { .. } => None,
        }
    }
}

/// The operations. The last value of the text comes first, so that no operation moves what a later one points to.
pub(super) fn operations(text: &str, works: &BTreeMap<u32, Work<'_>>, splices: &[Splice]) -> Vec<Operation> {
    let wrapped: Vec<_> = works.values().filter(|work| work.is_wrapped()).collect();
    let mut operations = Vec::new();
    for (index, work) in works.iter().rev() {
        let path = work.pointer.clone();
        // The value that is written around it carries it.
        let carried = |outer: &&&Work<'_>| {
            let reach = outer.node.reach();
            reach.start < *index && reach.contains(index)
        };
        if wrapped.iter().any(|outer| carried(&outer)) {
            continue;
        }
        if let Some(value) = work.instead() {
            let value = value.to_value();
            operations.push(Operation::Replace { path, value });
        } else if work.gone {
            operations.push(Operation::Remove { path });
        } else if work.is_wrapped() {
            let value = serde_json::from_str(&value_after(text, work.node, splices)).unwrap_or_default();
            operations.push(Operation::Replace { path, value });
        } else {
            for (name, value) in &work.members {
                let mut path = path.clone();
                step(&mut path, name);
                let value = value.to_value();
                operations.push(Operation::Add { path, value });
            }
            if work.node.kind() == Kind::List {
                for value in &work.more {
                    let path = format!("{path}/-");
                    let value = value.to_value();
                    operations.push(Operation::Add { path, value });
                }
            }
        }
    }
    operations
}
