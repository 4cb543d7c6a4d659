//! What a key takes, and whether a value is that.

use super::keys::Form;
use super::log::Log;
use crate::document::{Kind, Node};

/// What a key takes.
#[derive(Debug)]
pub enum Shape {
    /// A text that is not empty.
    Text,
    /// A text that may be blank.
    Line,
    /// A name made of lower-case letters, digits, `-` and `_`.
    Id,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Number(u32, u32),
    /// A day.
    Date,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any number of values.
    List(&'static Shape),
    /// One value or more, always written as a list.
    Several(&'static Shape),
    /// One value or a list of them.
    OneOrMore(&'static Shape),
    /// A table written `[name]` or in place.
    Table(&'static Form),
    /// Tables written `[[name]]`.
    Tables(&'static Form),
    /// A table whose keys are free.
    Map(&'static Shape),
    /// Any of these.
    AnyOf(&'static [Shape]),
    /// An expression that has a reader of its own.
    Expression {
        /// What it is, after "takes".
        wants: &'static str,
        /// Its JSON Schema, which may refer to itself as `#/$defs/<name of the key>`.
        schema: &'static str,
    },
}

impl Shape {
    /// Notes what is wrong with a value. Tables are left to those who read them.
    pub(super) fn check(&self, name: &str, node: Node<'_>, log: &mut Log) {
        if node.kind() == Kind::Missing {
            return;
        }
        if !self.takes(node.kind()) {
            let (wants, is) = (self.wants(), describe(node.kind()));
            log.bad(node.span(), format!("`{name}` takes {wants}, not {is}"), is);
            return;
        }
        match self {
            Self::Text if node.as_str().is_some_and(|text| text.trim().is_empty()) => {
                log.bad(node.span(), format!("`{name}` is empty"), "nothing is written here");
            }
            Self::Id => {
                let id = node.as_str().unwrap_or_default();
                if !is_id(&id) {
                    let message = format!("`{id}` cannot be a name");
                    log.bad(node.span(), message, "lower-case letters, digits, `-` and `_` only");
                }
            }
            Self::Number(low, high) => {
                let number = node.as_i64();
                if !number.is_some_and(|number| (i64::from(*low)..=i64::from(*high)).contains(&number)) {
                    let message = format!("`{name}` is a whole number from {low} to {high}");
                    log.bad(node.span(), message, "outside of that");
                }
            }
            Self::Date if node.as_date().is_none() => {
                log.bad(node.span(), format!("`{name}` takes a day"), "not a day");
            }
            Self::Word(words) => {
                let word = node.as_str().unwrap_or_default();
                if !words.contains(&&*word) {
                    log.unknown_word(node.span(), &format!("`{name}`"), &word, words);
                }
            }
            Self::Several(_) if node.items().next().is_none() => {
                log.bad(node.span(), format!("`{name}` takes at least one value"), "none");
            }
            Self::List(each) | Self::Several(each) => node.items().for_each(|item| each.check(name, item, log)),
            Self::OneOrMore(each) if node.kind() == Kind::List => {
                node.items().for_each(|item| each.check(name, item, log));
            }
            Self::OneOrMore(each) => each.check(name, node, log),
            Self::Tables(_) => {
                for item in node
                    .items()
                    .filter(|item| item.kind() != Kind::Table && item.kind() != Kind::Missing)
                {
                    let is = describe(item.kind());
                    log.bad(item.span(), format!("`{name}` takes {}, not {is}", self.wants()), is);
                }
            }
            Self::Map(each) => node
                .entries()
                .for_each(|(key, value)| each.check(&key.name, value, log)),
            Self::AnyOf(shapes) => {
                if let Some(shape) = shapes.iter().find(|shape| shape.takes(node.kind())) {
                    shape.check(name, node, log);
                }
            }
            _ => {}
        }
    }

    fn takes(&self, kind: Kind) -> bool {
        match self {
            Self::Text | Self::Line | Self::Id | Self::Word(_) => kind == Kind::String,
            Self::Flag => kind == Kind::Bool,
            Self::Number(..) => kind == Kind::Number,
            Self::Date => kind == Kind::Date,
            Self::List(_) | Self::Several(_) | Self::Tables(_) => kind == Kind::List,
            Self::OneOrMore(each) => kind == Kind::List || each.takes(kind),
            Self::Table(_) | Self::Map(_) => kind == Kind::Table,
            Self::AnyOf(shapes) => shapes.iter().any(|shape| shape.takes(kind)),
            Self::Expression { .. } => matches!(kind, Kind::Table | Kind::String),
        }
    }

    fn wants(&self) -> String {
        match self {
            Self::Text | Self::Line | Self::Id | Self::Word(_) => "a string".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Number(..) => "a whole number".to_owned(),
            Self::Date => "a day such as 2026-11-21, without quotes".to_owned(),
            Self::List(each) | Self::Several(each) => format!("a list, each {}", each.wants()),
            Self::OneOrMore(each) => format!("{} or a list", each.wants()),
            Self::Table(form) | Self::Tables(form) => format!("tables written `{}`", form.title),
            Self::Map(_) => "a table".to_owned(),
            Self::AnyOf(shapes) => {
                let wants: Vec<String> = shapes.iter().map(Self::wants).collect();
                wants.join(" or ")
            }
            Self::Expression { wants, .. } => (*wants).to_owned(),
        }
    }
}

/// What a value is, in words.
fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "true or false",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Date => "a date",
        Kind::List => "a list",
        Kind::Table => "a table",
        Kind::Missing => "nothing",
    }
}

fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'_') && text.bytes().next().is_some_and(plain)
}
