//! One export in several files: the same again, the parts of one, or two that contradict each other.
//!
//! A file from last month beside the one of today is no more than that: which of them shows the tenant is not known, so
//! only what both say counts as read.

use std::collections::BTreeMap;

use super::claim::is_cut_text;
use super::field::{self, Field};
use super::kind::{Kind, is_boilerplate};
use crate::document::{Kind as Shape, Node};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::Span;

/// What one file holds of an export.
pub(super) struct Supply<'a> {
    /// Where it stands.
    pub span: Span,
    /// The objects.
    pub records: Vec<Node<'a>>,
    /// Whether only the name of the file says that there are none.
    pub implied: bool,
}

/// What all files together say.
pub(super) struct Settled<'a> {
    /// The objects, each once; where two files differ, only those on which they agree.
    pub records: Vec<Node<'a>>,
    /// Where two files differ, the later one first.
    pub differ: Option<(Span, Span)>,
}

/// Puts together what several files hold of one export.
pub(super) fn settle(kind: Kind, mut supplies: Vec<Supply<'_>>) -> Settled<'_> {
    // A name that stands for all lists yields to a file of one of them.
    if supplies.iter().any(|supply| !supply.implied) {
        supplies.retain(|supply| !supply.implied);
    }
    let mut rest = supplies.into_iter();
    let Some(first) = rest.next() else {
        return Settled {
            records: Vec::new(),
            differ: None,
        };
    };
    let mut settled = Settled {
        records: first.records,
        differ: None,
    };
    for next in rest {
        let met = meet(kind, &settled.records, &next.records);
        let one_is_empty = settled.records.is_empty() != next.records.is_empty();
        let some_again = !met.same.is_empty() && (met.same.len() < settled.records.len() || !met.other.is_empty());
        if let Some((here, there)) = met.changed {
            settled.differ.get_or_insert((here, there));
            settled.records = met.same;
        } else if one_is_empty || some_again {
            settled.differ.get_or_insert((next.span, first.span));
            settled.records = met.same;
        } else if met.same.is_empty() {
            // Nothing in common: parts of one export, such as pages.
            settled.records.extend(next.records);
        } else {
            settled.records = met.same;
        }
    }
    settled
}

/// What is wrong with an export that is there twice.
pub(super) fn problem(kind: Kind, (here, there): (Span, Span)) -> Problem {
    let message = format!("there are two exports of `{}`, and they differ", kind.cmdlet());
    Problem::at(Level::Deny, ProblemKind::Unreadable, here, message, "this one")
        .also(there, "and this one")
        .help("keep the newer one, and move the other out of the folder")
}

/// How the objects of two files meet.
struct Met<'a> {
    /// Objects that are in both.
    same: Vec<Node<'a>>,
    /// Objects that are only in the second.
    other: Vec<Node<'a>>,
    /// The first object that says something else in the second than in the first.
    changed: Option<(Span, Span)>,
}

fn meet<'a>(kind: Kind, first: &[Node<'a>], second: &[Node<'a>]) -> Met<'a> {
    let mut by_name: BTreeMap<String, Vec<Node<'a>>> = BTreeMap::new();
    for record in first {
        by_name.entry(identity(kind, *record)).or_default().push(*record);
    }
    let mut met = Met {
        same: Vec::new(),
        other: Vec::new(),
        changed: None,
    };
    for record in second {
        match by_name.get(&identity(kind, *record)).map(Vec::as_slice) {
            None | Some([]) => met.other.push(*record),
            Some(known @ [one, ..]) => match known.iter().find(|known| alike(**known, *record)) {
                // Exporters that choose properties leave others out.
                Some(known) if known.len() < record.len() => met.same.push(*record),
                Some(known) => met.same.push(*known),
                None => {
                    met.changed.get_or_insert((record.span(), one.span()));
                }
            },
        }
    }
    met
}

/// What tells an object from others of its kind.
fn identity(kind: Kind, record: Node<'_>) -> String {
    let keys: &[&str] = match kind {
        Kind::TenantList | Kind::AdvancedDeliveryUrl => &["Value", "ListSubType"],
        Kind::TenantListSpoof => &["SpoofedUser", "SendingInfrastructure", "SpoofType"],
        // A tenant has one, whatever it is called.
        Kind::OrganizationConfig => &[],
        _ => &["Name"],
    };
    let text = |key: &&str| match field::text(record.get(key)) {
        Field::Set(text) => text.value.trim().to_lowercase(),
        _ => String::new(),
    };
    let parts: Vec<String> = keys.iter().map(text).collect();
    if !keys.is_empty() && parts.iter().all(String::is_empty) {
        return field::name_of(record).map_or_else(String::new, |name| name.value.trim().to_lowercase());
    }
    parts.join("\n")
}

/// Keys that say nothing of what an object does.
const REMARKS: [&str; 12] = [
    "comment",
    "comments",
    "description",
    "notes",
    "ruleversion",
    "submissionid",
    "size",
    "lastuseddate",
    "lastmodifieddatetime",
    "lastmodifiedby",
    "modifiedby",
    "lastvalidationtimestamp",
];

/// Whether two objects say the same, however their exporters write it.
fn alike(one: Node<'_>, other: Node<'_>) -> bool {
    let within = |one: Node<'_>, other: Node<'_>| {
        one.entries().all(|(key, value)| {
            let name = key.name.trim();
            let remark = name.contains('@') || is_boilerplate(name) || REMARKS.contains(&name.to_lowercase().as_str());
            // What an exporter leaves out is no contradiction.
            remark || other.get(name).is_none_or(|there| same(value, there))
        })
    };
    within(one, other) && within(other, one)
}

fn same(one: Node<'_>, other: Node<'_>) -> bool {
    if is_unset(one) || is_unset(other) {
        return is_unset(one) && is_unset(other);
    }
    let (one, other) = (alone(one), alone(other));
    let is_cut = |node: Node<'_>| node.as_str().is_some_and(|text| is_cut_text(&text));
    if is_cut(one) || is_cut(other) {
        return true;
    }
    match (one.kind(), other.kind()) {
        (Shape::List, Shape::List) => {
            one.len() == other.len() && one.items().zip(other.items()).all(|(one, other)| same(one, other))
        }
        (Shape::Table, Shape::Table) => alike(one, other),
        _ => match (field::date(Some(one)), field::date(Some(other))) {
            (Field::Set(one), Field::Set(other)) => one.value == other.value,
            _ => plain(one) == plain(other),
        },
    }
}

/// A list of one may stand without its brackets (export-formats T11).
fn alone(node: Node<'_>) -> Node<'_> {
    match (node.kind(), node.len()) {
        (Shape::List, 1) => node.items().next().map_or(node, alone),
        _ => node,
    }
}

fn plain(node: Node<'_>) -> String {
    let text = node
        .as_str()
        .map_or_else(|| node.raw().to_owned(), std::borrow::Cow::into_owned);
    text.trim().to_lowercase()
}

/// Whether a value says nothing, or what it says where it is left out.
pub(super) fn is_unset(value: Node<'_>) -> bool {
    let empty = ["[]", "{}", "\"\"", "false"].contains(&value.raw());
    empty || value.is_null() || value.kind() == Shape::List && value.items().all(Node::is_null)
}
