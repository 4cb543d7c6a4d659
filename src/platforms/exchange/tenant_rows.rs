//! Rows of the Tenant Allow/Block List: what each does, until when, and what of it the export lost.
//!
//! <https://learn.microsoft.com/powershell/module/exchangepowershell/new-tenantallowblocklistitems>.
//! What the values mean is for the lists.

use jiff::civil::Date;

use crate::document::Node;
use crate::path::{Entry, EntryDetail, Expiry, Force, Need, NeedId, Pred};
use crate::problem::{Label, Level};
use crate::source::Span;

use super::build::{Bench, between, day};
use super::bundle::Bundle;
use super::field::{self, Field};
use super::kind::{Kind, TenantList};

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It allows.
    Allow,
    /// It blocks.
    Block,
}

impl Action {
    /// The action of a row, if it can be read.
    pub fn of(record: Node<'_>) -> Field<Self> {
        let words = [("Allow", Self::Allow), ("Block", Self::Block)];
        field::enumerated(record.get("Action"), &words, &[])
    }
}

/// One row.
pub(super) struct Row<'a> {
    /// The record.
    pub record: Node<'a>,
    /// What it does; none if the export does not say.
    action: Option<Action>,
    /// Its values, usually one.
    pub values: field::List<'a>,
    /// What would decide whether it counts.
    doubt: Option<NeedId>,
    /// What would decide what it is about, where that is lost.
    pub lost: Option<NeedId>,
    /// The day it ended, if that is past.
    ended: Option<(Date, Span)>,
}

/// The rows of one list.
pub(super) fn read<'a>(bundle: &Bundle<'a>, bench: &mut Bench, list: TenantList, now: Date) -> Vec<Row<'a>> {
    let records = bundle.list_records(Kind::TenantList, Some(list));
    records.iter().map(|&record| row(record, bench, now)).collect()
}

fn row<'a>(record: Node<'a>, bench: &mut Bench, now: Date) -> Row<'a> {
    let values = field::list(record.get("Value"));
    let (action, unclear) = action(record, bench);
    let (mut ended, mut doubt) = (None, None);
    match field::date(record.get("ExpirationDate")) {
        Field::Set(date) if day(date.value) < now => ended = Some((day(date.value), date.span)),
        Field::Unreadable(span) => {
            doubt = Some(bench.unsaid(
                "tenant-list/end",
                "the end of an entry of the Tenant Allow/Block List cannot be read, so whether it still counts is not known",
                Some(span),
            ));
        }
        _ => {}
    }
    let lost = bench.lost_of(Kind::TenantList, "Value", &values).or_else(|| {
        values.items.is_empty().then(|| {
            bench.unsaid(
                "tenant-list/value",
                "a row of the Tenant Allow/Block List was exported without its `Value`",
                Some(record.span()),
            )
        })
    });
    Row {
        record,
        action,
        values,
        doubt: doubt.or(unclear),
        lost,
        ended,
    }
}

/// What a row does, or what would decide it.
pub(super) fn action(record: Node<'_>, bench: &mut Bench) -> (Option<Action>, Option<NeedId>) {
    let (span, told) = match Action::of(record) {
        Field::Set(action) => return (Some(action.value), None),
        // What is no action has a finding of its own.
        Field::Unreadable(span) => (span, true),
        Field::Absent | Field::Null(_) => (record.span(), false),
    };
    let need = bench.path.need(Need {
        key: if told {
            "tenant-list/bad-action"
        } else {
            "tenant-list/action"
        }
        .to_owned(),
        text: "a row of the Tenant Allow/Block List does not say whether it allows or blocks".to_owned(),
        help: "export it again with its `Action`".to_owned(),
        level: Level::Warn,
        origin: Some(span),
        told,
    });
    (None, Some(need))
}

impl Row<'_> {
    /// Whether it does this, surely or possibly, today.
    pub fn may(&self, action: Action) -> bool {
        self.ended.is_none() && self.action.is_none_or(|own| own == action)
    }

    /// Whether it did this until its end.
    pub fn did(&self, action: Action) -> bool {
        self.ended.is_some() && self.action == Some(action)
    }

    /// Why it takes no part, if it has ended.
    pub fn force(&self) -> Force {
        let Some((on, span)) = self.ended else {
            return Force::InForce;
        };
        Force::Dormant {
            check: "rule-not-in-force",
            reason: format!("ended on {on}"),
            label: Label::new(span, "over since this day"),
            help: "allow it again, or clear the mail by something that lasts: Advanced Delivery for simulations"
                .to_owned(),
        }
    }
}

/// What the rows of one action match, if each has this meaning: narrowly what is sure of each, widely what is possible.
pub(super) fn matched<S: Clone>(rows: &[(&Row<'_>, S)], of: impl Fn(&[S]) -> Pred) -> Pred {
    let all = |wanted: &dyn Fn(&Row<'_>) -> bool| -> Vec<S> {
        let rows = rows.iter().filter(|(row, _)| wanted(row));
        rows.map(|(_, set)| set.clone()).collect()
    };
    let mut pred = of(&all(&|row| row.doubt.is_none()));
    if let Some(need) = rows.iter().filter_map(|(row, _)| row.doubt).min() {
        pred = between(pred, of(&all(&|_| true)), need);
    }
    if let Some(need) = rows.iter().filter_map(|(row, _)| row.lost).min() {
        pred = between(pred, Pred::Always, need);
    }
    pred
}

/// A row is an object of its own, with its own end.
pub(super) fn detailed(mut entry: Entry, record: Node<'_>) -> Entry {
    let date = field::date(record.get("ExpirationDate"));
    let removed = field::integer(record.get("RemoveAfter"));
    let expiry = match (&date, &removed) {
        (Field::Set(date), _) => Some(Expiry {
            on: Some(day(date.value)),
            label: Label::new(date.span, "ends on this day"),
        }),
        (_, Field::Set(days)) => Some(Expiry {
            on: None,
            label: Label::new(days.span, format!("lapses {} days after its last use", days.value)),
        }),
        _ => None,
    };
    let known = record.get("ExpirationDate").is_some() && record.get("RemoveAfter").is_some();
    let readable = !date.is_unreadable() && !removed.is_unreadable();
    let allows = matches!(Action::of(record), Field::Set(action) if action.value == Action::Allow);
    entry.detail = Some(Box::new(EntryDetail {
        object: format!("tenant-list/{}", entry.text),
        standing: known && readable && expiry.is_none() && allows,
        expiry: expiry.filter(|_| allows),
    }));
    entry
}
