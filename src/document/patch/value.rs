//! New values.

use super::super::node::Node;
use super::super::tape::Kind;

/// A value that is not in the text yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    String(String),
    /// Values in order.
    List(Vec<Self>),
    /// Values by name, in the order in which they are to be written.
    Table(Vec<(String, Self)>),
}

impl Json {
    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Whether a value that is there is the same already.
    pub fn is(&self, node: Node<'_>) -> bool {
        match self {
            Self::Null => node.is_null(),
            Self::Bool(value) => node.as_bool() == Some(*value),
            Self::Number(value) => node.as_i64() == Some(*value),
            Self::String(value) => node.as_str().is_some_and(|text| text == value.as_str()),
            Self::List(values) => {
                node.kind() == Kind::List
                    && node.len() == values.len()
                    && values.iter().zip(node.items()).all(|(value, item)| value.is(item))
            }
            Self::Table(_) => false,
        }
    }

    /// The same for `serde_json`.
    pub fn to_value(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(value) => (*value).into(),
            Self::String(text) => text.as_str().into(),
            Self::List(values) => values.iter().map(Self::to_value).collect(),
            Self::Table(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), value.to_value()))
                .collect(),
        }
    }
}

/// A text as a JSON string with its quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
