//! Reads what an instruction needs: identities combined by `all`, `any`, `one` and `pairs`.

use super::forms::IDENTITIES;
use super::model::Needs;
use crate::document::{Key, Kind, Node};
use crate::form::{Log, bad};
use crate::message::Identity;
use crate::source::Spanned;

const OPERATORS: &[&str] = &["all", "any", "one", "pairs"];

/// Deeper than this is a mistake, not an instruction.
const MAX_DEPTH: usize = 16;

/// Reads an expression. What cannot be read is noted.
pub(super) fn parse(node: Node<'_>, log: &mut Log) -> Option<Needs> {
    expression(node, 0, log)
}

fn expression(node: Node<'_>, depth: usize, log: &mut Log) -> Option<Needs> {
    if depth > MAX_DEPTH {
        log.bad(node.span(), "`needs` is nested too deeply", "too deep");
        return None;
    }
    match node.kind() {
        Kind::String => leaf(node, log),
        Kind::Table => operation(node, depth, log),
        Kind::Missing => None,
        _ => {
            log.bad(
                node.span(),
                "`needs` is made of identities and operators",
                "neither a string nor a table",
            );
            None
        }
    }
}

fn leaf(node: Node<'_>, log: &mut Log) -> Option<Needs> {
    let word = node.as_str()?.into_owned();
    let named = |name: &str| Spanned::new(name.to_owned(), node.span());
    match word.split_once(':') {
        Some(("param", name)) if !name.is_empty() => return Some(Needs::Param(named(name))),
        Some(("group", name)) if !name.is_empty() => return Some(Needs::Group(named(name))),
        _ => {}
    }
    let Some(identity) = Identity::parse(&word) else {
        log.unknown_word(node.span(), "identity", &word, IDENTITIES);
        return None;
    };
    Some(Needs::Identity(Spanned::new(identity, node.span())))
}

fn operation(node: Node<'_>, depth: usize, log: &mut Log) -> Option<Needs> {
    let mut entries = node.entries();
    let Some((operator, list)) = entries.next() else {
        log.bad(
            node.span(),
            "`needs` is empty",
            "needs one of `all`, `any`, `one`, `pairs`",
        );
        return None;
    };
    if let Some((second, _)) = entries.next() {
        let problem = bad(second.span, "`needs` takes one operator at a time", "a second operator");
        log.push(
            problem
                .also(operator.span, "the first")
                .help("nest them: `{ all = [{ any = [...] }, ...] }`"),
        );
    }
    let parts = operands(&operator, list, depth, log)?;
    match &*operator.name {
        "all" => Some(Needs::All(parts)),
        "any" => Some(Needs::Any(parts)),
        "one" => Some(Needs::One(parts)),
        "pairs" => Some(Needs::Pairs(parts)),
        _ => None,
    }
}

fn operands(operator: &Key<'_>, list: Node<'_>, depth: usize, log: &mut Log) -> Option<Vec<Needs>> {
    let known = OPERATORS.contains(&&*operator.name);
    if !known {
        log.unknown_word(operator.span, "operator of `needs`", &operator.name, OPERATORS);
    }
    if list.kind() != Kind::List {
        if known && list.kind() != Kind::Missing {
            log.bad(list.span(), format!("`{}` takes a list", operator.name), "not a list");
        }
        return None;
    }
    let parts: Vec<Needs> = list
        .items()
        .filter_map(|item| expression(item, depth + 1, log))
        .collect();
    let least = if operator.name == "pairs" { 2 } else { 1 };
    if known && list.items().count() < least {
        log.bad(
            list.span(),
            format!("`{}` takes at least {least}", operator.name),
            "too few",
        );
    }
    (!parts.is_empty()).then_some(parts)
}
