//! The order of mail flow rules: the product puts a rule where it is told and moves the others by one.

use crate::document::Node;
use crate::platform::change::Value;

use super::super::bundle::Bundle;
use super::super::field;
use super::super::kind::Kind;

/// The rules in the order of evaluation, as the changes so far make it.
#[derive(Clone)]
pub(super) struct Order<'a> {
    rules: Vec<Rule<'a>>,
    /// The numbers in use, ascending.
    numbers: Vec<i64>,
    /// The changes that moved rules.
    by: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Rule<'a> {
    is: Is<'a>,
    /// The number so far; none if the export has none.
    number: Option<i64>,
}

#[derive(Clone, Copy)]
enum Is<'a> {
    Old(Node<'a>),
    /// Index of what is created.
    New(usize),
}

/// The numbers that come out.
#[derive(Default)]
pub(super) struct Settled<'a> {
    /// Records whose number changes.
    pub(super) moved: Vec<(Node<'a>, i64)>,
    /// What is created, by index.
    pub(super) new: Vec<(usize, i64)>,
}

/// The priority that a new rule is to have.
pub(super) fn wanted(settings: &[(&'static str, Value)]) -> Option<i64> {
    settings.iter().find_map(|(setting, value)| match value {
        Value::Number(number) if setting.eq_ignore_ascii_case("Priority") => Some(*number),
        _ => None,
    })
}

impl<'a> Order<'a> {
    pub(super) fn of(bundle: &Bundle<'a>) -> Self {
        let mut rules: Vec<Rule<'a>> = bundle
            .records(Kind::TransportRule)
            .iter()
            .map(|record| Rule {
                is: Is::Old(*record),
                number: field::integer(record.get("Priority")).into_value(),
            })
            .collect();
        // As they are evaluated: those without a number last.
        rules.sort_by_key(|rule| rule.number.unwrap_or(i64::MAX));
        let numbers = rules.iter().filter_map(|rule| rule.number).collect();
        Self {
            rules,
            numbers,
            by: Vec::new(),
        }
    }

    /// Moves a rule to a priority.
    pub(super) fn place(&mut self, by: usize, record: Node<'a>, priority: i64) {
        let Some(at) = self.position(record) else { return };
        self.by.push(by);
        let mut rule = self.rules.remove(at);
        if rule.number.is_none() {
            let end = self.numbers.last().map_or(0, |last| last + 1);
            self.numbers.push(end);
            rule.number = Some(end);
        }
        let to = self.before(priority);
        self.rules.insert(to, rule);
    }

    /// Takes a rule out; those behind it close up.
    pub(super) fn delete(&mut self, by: usize, record: Node<'a>) {
        let Some(at) = self.position(record) else { return };
        self.by.push(by);
        if self.rules.remove(at).number.is_some() {
            self.numbers.pop();
        }
    }

    /// Puts a new rule where it is wanted, else behind all others: a rule is created with the number of rules there are
    /// (exchange-semantics 2.1).
    pub(super) fn create(&mut self, by: usize, index: usize, wanted: Option<i64>) {
        self.by.push(by);
        let end = self.numbers.last().map_or(0, |last| last + 1);
        let to = wanted.map_or(self.numbers.len(), |priority| self.before(priority));
        self.numbers.push(end);
        let rule = Rule {
            is: Is::New(index),
            number: Some(end),
        };
        self.rules.insert(to.min(self.rules.len()), rule);
    }

    /// The numbers of all rules.
    pub(super) fn settled(&self) -> Settled<'a> {
        let mut settled = Settled::default();
        let numbered = self.rules.iter().filter(|rule| rule.number.is_some());
        for (rule, number) in numbered.zip(&self.numbers) {
            match rule.is {
                Is::New(index) => settled.new.push((index, *number)),
                Is::Old(record) => {
                    if field::integer(record.get("Priority")).into_value() != Some(*number) {
                        settled.moved.push((record, *number));
                    }
                }
            }
        }
        settled
    }

    /// The changes that moved rules.
    pub(super) fn by(&self) -> &[usize] {
        &self.by
    }

    fn position(&self, record: Node<'a>) -> Option<usize> {
        let same = |rule: &Rule<'a>| matches!(rule.is, Is::Old(known) if known.span() == record.span());
        self.rules.iter().position(same)
    }

    /// The place of the rule that has this number or a higher one now.
    fn before(&self, priority: i64) -> usize {
        let place = self.numbers.iter().position(|number| *number >= priority);
        let end = self.rules.iter().filter(|rule| rule.number.is_some()).count();
        place.unwrap_or(end).min(end)
    }
}
