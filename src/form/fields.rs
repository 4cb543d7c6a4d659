//! The values of one table, after its keys were compared with its form.

use jiff::civil::Date;

use super::keys::Form;
use super::log::{Log, nearest};
use super::shape::Shape;
use crate::document::{Kind, Node};
use crate::source::{Span, Spanned};

/// The members of a table that its form knows.
#[derive(Debug)]
pub struct Fields<'a> {
    form: &'static Form,
    node: Node<'a>,
    found: Vec<(&'static str, Span, Node<'a>)>,
}

impl<'a> Fields<'a> {
    /// Compares a table with its form: unknown keys, keys that lack, values of another shape.
    pub fn read(form: &'static Form, node: Node<'a>, log: &mut Log) -> Self {
        let names: Vec<&'static str> = form.keys.iter().map(|key| key.name).collect();
        let mut found = Vec::new();
        let mut meant = Vec::new();
        for (name, value) in node.entries() {
            if let Some(key) = form.keys.iter().find(|key| key.name == name.name) {
                key.shape.check(key.name, value, log);
                found.push((key.name, name.span, value));
            } else {
                log.unknown_key(name.span, form.title, &name.name, &names);
                meant.extend(nearest(&name.name, &names));
            }
        }
        for key in form.keys.iter().filter(|key| key.required) {
            // A key that was mistyped is one mistake, not two.
            if !meant.contains(&key.name) && !found.iter().any(|&(name, ..)| name == key.name) {
                log.lacks(head(node), form.title, key.name, key.about);
            }
        }
        Self { form, node, found }
    }

    /// Where the table is: its header, or the first of the file for the outermost.
    pub fn span(&self) -> Span {
        head(self.node)
    }

    /// What the table is called.
    pub fn title(&self) -> &'static str {
        self.form.title
    }

    /// Whether the key is written, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.node(name).is_some()
    }

    /// Where the name of a key is written.
    pub fn key(&self, name: &str) -> Option<Span> {
        self.entry(name).map(|(_, key, _)| key)
    }

    /// The value of a key.
    pub fn node(&self, name: &str) -> Option<Node<'a>> {
        self.entry(name).map(|(.., node)| node)
    }

    /// The value of a text.
    pub fn text(&self, name: &str) -> Option<Spanned<String>> {
        text(self.node(name)?)
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<Spanned<bool>> {
        let node = self.node(name)?;
        Some(Spanned::new(node.as_bool()?, node.span()))
    }

    /// The value of a number that is within its bounds.
    pub fn number(&self, name: &str) -> Option<Spanned<u32>> {
        let node = self.node(name)?;
        let number = u32::try_from(node.as_i64()?).ok()?;
        let key = self.form.keys.iter().find(|key| key.name == name)?;
        let fits = matches!(key.shape, Shape::Number(low, high) if (low..=high).contains(&number));
        fits.then(|| Spanned::new(number, node.span()))
    }

    /// The value of a date.
    pub fn date(&self, name: &str) -> Option<Spanned<Date>> {
        let node = self.node(name)?;
        Some(Spanned::new(node.as_date()?, node.span()))
    }

    /// The value of a word.
    pub fn word<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Spanned<T>> {
        let word = self.text(name)?;
        Some(Spanned::new(parse(&word.value)?, word.span))
    }

    /// The texts of a list, or the one that stands for a list.
    pub fn texts(&self, name: &str) -> Vec<Spanned<String>> {
        let Some(node) = self.node(name) else { return Vec::new() };
        if node.kind() == Kind::List {
            node.items().filter_map(text).collect()
        } else {
            text(node).into_iter().collect()
        }
    }

    /// The words of a list, or the one that stands for a list.
    pub fn words<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<Spanned<T>> {
        let words = self.texts(name).into_iter();
        words
            .filter_map(|word| Some(Spanned::new(parse(&word.value)?, word.span)))
            .collect()
    }

    /// The tables under a key, each compared with its form.
    pub fn tables(&self, name: &str, log: &mut Log) -> Vec<Self> {
        let (Some(node), Some(form)) = (self.node(name), self.form_of(name)) else {
            return Vec::new();
        };
        let tables = node.items().filter(|table| table.kind() == Kind::Table);
        tables.map(|table| Self::read(form, table, log)).collect()
    }

    /// The ids of the tables under a key, also of those that could not be read otherwise.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let tables = self.node(name).into_iter().flat_map(Node::items);
        tables
            .filter_map(|table| Some(table.get("id")?.as_str()?.into_owned()))
            .collect()
    }

    /// The table under a key, compared with its form.
    pub fn table(&self, name: &str, log: &mut Log) -> Option<Self> {
        let table = self.node(name).filter(|node| node.kind() == Kind::Table)?;
        Some(Self::read(self.form_of(name)?, table, log))
    }

    fn form_of(&self, name: &str) -> Option<&'static Form> {
        let key = self.form.keys.iter().find(|key| key.name == name)?;
        form_in(&key.shape)
    }

    /// Every look-up of a key passes here, so that tests can tell keys that nobody reads.
    fn entry(&self, name: &str) -> Option<(&'static str, Span, Node<'a>)> {
        debug_assert!(
            self.form.keys.iter().any(|key| key.name == name),
            "{} has no {name}",
            self.form.title
        );
        #[cfg(test)]
        super::asked::note(self.form.title, name);
        self.found
            .iter()
            .copied()
            .find(|&(found, _, node)| found == name && node.kind() != Kind::Missing)
    }
}

/// The form of the tables a key takes, if it takes any.
fn form_in(shape: &Shape) -> Option<&'static Form> {
    match shape {
        Shape::Table(form) | Shape::Tables(form) => Some(form),
        Shape::AnyOf(shapes) => shapes.iter().find_map(form_in),
        _ => None,
    }
}

/// A text with the place of its quotes.
fn text(node: Node<'_>) -> Option<Spanned<String>> {
    let text = node.as_str()?;
    (!text.trim().is_empty()).then(|| Spanned::new(text.into_owned(), node.span()))
}

/// The outermost table spans the whole file; its first line that is not blank stands for it.
fn head(node: Node<'_>) -> Span {
    let (span, raw) = (node.span(), node.raw());
    if span.start != 0 || !raw.contains('\n') {
        return span;
    }
    let blank = raw.len() - raw.trim_start().len();
    let line = raw.trim_start().lines().next().unwrap_or_default();
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(span.source, at(blank), at(blank + line.trim_end().len()))
}
