//! One setting of one object: what the changes make of it, and how it is written in the form it has.

use crate::document::Node;
use crate::document::patch::{Conflict, Json, Patch};
use crate::platform::change::{Edit, Value};

use super::super::field;
use super::super::kind::Kind;
use super::Object;

/// A setting that changes.
#[derive(Clone)]
pub(super) struct Setting<'a> {
    /// The key, as the export spells it.
    pub(super) key: String,
    /// Its value; none if the export does not have the key.
    node: Option<Node<'a>>,
    now: Now<'a>,
    /// The change that set it as a whole.
    set_by: Option<usize>,
}

/// What it comes to: a value, or else a list.
#[derive(Clone)]
struct Now<'a> {
    value: Option<Value>,
    items: Vec<Item<'a>>,
}

/// An entry of a list: one that is there, or a new one.
#[derive(Clone)]
enum Item<'a> {
    Old(Node<'a>),
    New(String),
}

impl Item<'_> {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Old(node) => {
                field::entry_text(*node).is_some_and(|known| known.trim().eq_ignore_ascii_case(text.trim()))
            }
            Self::New(known) => known.trim().eq_ignore_ascii_case(text.trim()),
        }
    }
}

/// Other keys under which the export may have a setting: the older name of the domains of Advanced Delivery
/// (export-formats section 4), and the switch of a rule in templates and snapshots (export-formats T14).
fn keys(kind: Kind, setting: &str) -> Vec<&str> {
    match (kind, setting) {
        (Kind::AdvancedDeliveryRule, "Domains") => vec!["Domains", "SenderDomainIs"],
        (Kind::TransportRule, "State" | "Enabled") => vec!["State", "Enabled"],
        _ => vec![setting],
    }
}

/// Makes one edit.
pub(super) fn edit(object: &mut Object<'_>, change: usize, edit: &Edit) -> Result<(), String> {
    let kind = object.kind;
    let setting = setting(object, edit.setting())?;
    match edit {
        Edit::Add { values, .. } => {
            let items = setting.list();
            for value in values {
                if !items.iter().any(|item| item.is(value)) {
                    items.push(Item::New(value.clone()));
                }
            }
        }
        Edit::Remove { values, .. } => {
            let items = setting.list();
            for value in values {
                if !items.iter().any(|item| item.is(value)) {
                    return Err(format!("`{}` has no entry `{value}`", edit.setting()));
                }
                items.retain(|item| !item.is(value));
            }
        }
        Edit::Set { after, .. } => {
            let now = setting.set(kind, after);
            if setting.set_by.is_some_and(|by| by != change) && !now.is_same(&setting.now) {
                return Err("another change gives the same setting another value".to_owned());
            }
            setting.now = now;
            setting.set_by = Some(change);
        }
    }
    Ok(())
}

/// Writes a whole number in the form in which the key has it.
pub(super) fn write_number<'a>(
    patch: &mut Patch<'a>,
    record: Node<'a>,
    key: &str,
    number: i64,
) -> Result<(), Conflict> {
    match record.get(key) {
        Some(node) => write_value(patch, node, &Value::Number(number)),
        None => patch.insert(record, key, Json::Number(number)),
    }
}

fn setting<'o, 'a>(object: &'o mut Object<'a>, name: &str) -> Result<&'o mut Setting<'a>, String> {
    let record = object.record;
    let mut found: Vec<(String, Node<'a>)> = Vec::new();
    for wanted in keys(object.kind, name) {
        let of_this = record
            .entries()
            .filter(|(key, _)| key.name.trim().eq_ignore_ascii_case(wanted));
        found.extend(of_this.map(|(key, value)| (key.name.into_owned(), value)));
        if found.len() > 1 {
            return Err(format!("`{name}` stands twice in the object"));
        }
        if !found.is_empty() && object.kind == Kind::AdvancedDeliveryRule {
            // The newer key counts where both are there.
            break;
        }
    }
    let (key, node) = found
        .pop()
        .map_or_else(|| (name.to_owned(), None), |(key, node)| (key, Some(node)));
    let known = object.settings.iter().position(|setting| setting.key == key);
    let at = known.unwrap_or(object.settings.len());
    if known.is_none() {
        let old = node.map(|node| field::elements(node).into_iter().filter(|item| !is_blank(*item)));
        object.settings.push(Setting {
            key,
            node,
            now: Now::list(old.into_iter().flatten().map(Item::Old).collect()),
            set_by: None,
        });
    }
    object
        .settings
        .get_mut(at)
        .ok_or_else(|| format!("`{name}` is not there"))
}

/// Whether it stands for no entry at all.
fn is_blank(item: Node<'_>) -> bool {
    item.is_null() || item.as_str().is_some_and(|text| text.trim().is_empty())
}

impl<'a> Now<'a> {
    const fn list(items: Vec<Item<'a>>) -> Self {
        Self { value: None, items }
    }

    const fn value(value: Value) -> Self {
        Self {
            value: Some(value),
            items: Vec::new(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let same = |pair: (&Item<'_>, &Item<'_>)| match pair {
            (Item::Old(one), Item::Old(other)) => one.span() == other.span(),
            (Item::New(one), other) | (other, Item::New(one)) => other.is(one),
        };
        self.value == other.value
            && self.items.len() == other.items.len()
            && self.items.iter().zip(&other.items).all(same)
    }
}

impl<'a> Setting<'a> {
    /// The entries, of a value that is none as well.
    fn list(&mut self) -> &mut Vec<Item<'a>> {
        if let Some(value) = self.now.value.take() {
            self.now.items = match value {
                Value::Texts(texts) => texts.into_iter().map(Item::New).collect(),
                Value::Text(text) => vec![Item::New(text)],
                _ => Vec::new(),
            };
        }
        &mut self.now.items
    }

    /// A new value as this export would have it.
    fn set(&self, kind: Kind, after: &Value) -> Now<'a> {
        if let Value::Texts(texts) = after {
            let mut old: Vec<Node<'a>> = self.node.map(field::elements).unwrap_or_default();
            let items = texts.iter().map(|text| {
                let at = old.iter().position(|node| Item::Old(*node).is(text));
                at.map_or_else(|| Item::New(text.clone()), |at| Item::Old(old.remove(at)))
            });
            return Now::list(items.collect());
        }
        // A rule is on by a word, or by a switch.
        let is_switch = self.key.trim().eq_ignore_ascii_case("Enabled")
            || self
                .node
                .is_some_and(|node| field::boolean(Some(node)).into_value().is_some());
        Now::value(match after {
            Value::Text(word) if kind == Kind::TransportRule && is_switch => match word.as_str() {
                "Enabled" => Value::Flag(true),
                "Disabled" => Value::Flag(false),
                _ => after.clone(),
            },
            Value::Flag(on) if kind == Kind::TransportRule && self.key.trim().eq_ignore_ascii_case("State") => {
                Value::Text(if *on { "Enabled" } else { "Disabled" }.to_owned())
            }
            _ => after.clone(),
        })
    }

    /// Whether nothing is set any more.
    pub(super) fn is_unset(&self) -> bool {
        match &self.now.value {
            Some(value) => matches!(value, Value::Nothing | Value::Flag(false)),
            None => self.now.items.is_empty(),
        }
    }

    /// Writes what it came to.
    pub(super) fn write(&self, patch: &mut Patch<'a>, record: Node<'a>, kind: Kind) -> Result<(), Conflict> {
        let items = &self.now.items;
        match (&self.now.value, self.node) {
            (Some(value), Some(node)) => write_value(patch, node, value),
            (Some(Value::Nothing), None) => Ok(()),
            (Some(value), None) => patch.insert(record, &self.key, json(value)),
            (None, Some(node)) => write_list(patch, node, items, kind),
            (None, None) if items.is_empty() => Ok(()),
            (None, None) => {
                let values = items.iter().filter_map(|item| match item {
                    Item::New(text) => Some(Json::string(text)),
                    Item::Old(_) => None,
                });
                patch.insert(record, &self.key, Json::List(values.collect()))
            }
        }
    }
}

/// A value without a form to follow.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Flag(on) => Json::Bool(*on),
        Value::Number(number) => Json::Number(*number),
        Value::Text(text) => Json::string(text),
        Value::Texts(texts) => Json::List(texts.iter().map(Json::string).collect()),
    }
}

fn write_value<'a>(patch: &mut Patch<'a>, node: Node<'a>, value: &Value) -> Result<(), Conflict> {
    // The only element of a list counts as the value.
    let mut items = node.items();
    let node = match (items.next(), items.next()) {
        (Some(only), None) => only,
        _ => node,
    };
    let new = match (value, node.as_str()) {
        (Value::Flag(on), Some(written)) => {
            let written = written.trim();
            let dollar = if written.starts_with('$') { "$" } else { "" };
            let lower = written
                .trim_start_matches('$')
                .starts_with(|c: char| c.is_ascii_lowercase());
            let word = match (on, lower) {
                (true, true) => "true",
                (true, false) => "True",
                (false, true) => "false",
                (false, false) => "False",
            };
            Json::String(format!("{dollar}{word}"))
        }
        (Value::Number(number), Some(_)) => Json::String(number.to_string()),
        _ => json(value),
    };
    patch.replace(node, new)
}

fn write_list<'a>(patch: &mut Patch<'a>, node: Node<'a>, items: &[Item<'a>], kind: Kind) -> Result<(), Conflict> {
    let old = field::elements(node);
    let entries: Vec<Node<'a>> = old.iter().copied().filter(|item| !is_blank(*item)).collect();
    let kept: Vec<Node<'a>> = items
        .iter()
        .filter_map(|item| match item {
            Item::Old(node) => Some(*node),
            Item::New(_) => None,
        })
        .collect();
    if items.is_empty() {
        if entries.is_empty() {
            return Ok(());
        }
        // Rules write null for what is not set, policies an empty list (export-formats T15, exchange-semantics 2.8).
        if kind == Kind::TransportRule {
            return patch.replace(node, Json::Null);
        }
    }
    let new_from = items.iter().position(|item| matches!(item, Item::New(_)));
    let in_order = kept.is_sorted_by_key(|node| node.span().start) && new_from.is_none_or(|at| at == kept.len());
    let form = |text: &str| {
        entries
            .first()
            .map_or_else(|| Json::string(text), |first| field::in_the_form_of(*first, text))
    };
    if !in_order {
        let all = items.iter().map(|item| match item {
            Item::Old(node) => form(&field::entry_text(*node).unwrap_or_default()),
            Item::New(text) => form(text),
        });
        return patch.replace(node, Json::List(all.collect()));
    }
    for entry in old {
        let stays = kept.iter().any(|node| node.span() == entry.span());
        let is_none = entry.span() == node.span() && is_blank(entry);
        if !stays && !is_none {
            patch.remove(entry)?;
        }
    }
    for item in items {
        if let Item::New(text) = item {
            patch.append(node, form(text))?;
        }
    }
    Ok(())
}
