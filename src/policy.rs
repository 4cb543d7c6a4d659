//! Policies: how much each fault matters, what is too large or too old, and what must hold.
//!
//! It knows the names of checks only as words it is given.

mod embedded;
mod expect;
mod model;

pub use embedded::POLICIES;
pub use expect::{EXPECT, EntryPoint, Expect, ExpectSender, OUTCOMES, Outcome, expect};
pub use model::{Limits, PlatformLimit, Policy};

use crate::document::{Kind, Node, toml};
use crate::form::{self, Fields, Form, Log, Shape, optional, required};
use crate::problem::{Level, Problem};
use crate::source::{SourceId, Sources, Spanned};
use crate::spelling::PLATFORMS;

const LEVEL_WORDS: &[&str] = &[
    Level::Allow.as_str(),
    Level::Note.as_str(),
    Level::Warn.as_str(),
    Level::Deny.as_str(),
];

static POLICY: Form = Form {
    title: "policy",
    about: "How much each fault matters, what is too large or too old, and what must hold.",
    keys: &[
        required("name", Shape::Id, "The name that tenant files and `--policy` use."),
        required("summary", Shape::Text, "What it is for."),
        optional(
            "extends",
            Shape::Text,
            "Another policy, by name or path; what is not said here holds as said there.",
        ),
        optional(
            "levels",
            Shape::Map(&Shape::Word(LEVEL_WORDS)),
            "A level for each check or group that is not to keep its own. A check beats its group.",
        ),
        optional(
            "limits",
            Shape::Table(&LIMITS),
            "What is too large, too old or too near. What is not given has no limit.",
        ),
        optional(
            "platform_limit",
            Shape::Tables(&PLATFORM_LIMIT),
            "Limits that platforms publish.",
        ),
        optional("expect", Shape::Tables(&EXPECT), "Invariants of your own."),
    ],
};

static LIMITS: Form = Form {
    title: "[limits]",
    about: "What is too large, too old or too near.",
    keys: &[
        optional(
            "largest_ipv4_prefix",
            Shape::Number(0, 32),
            "An IPv4 network with a shorter prefix is broad.",
        ),
        optional(
            "largest_ipv6_prefix",
            Shape::Number(0, 128),
            "An IPv6 network with a shorter prefix is broad.",
        ),
        optional("export_age_days", Shape::Number(0, 36500), "An older export is stale."),
        optional(
            "pack_age_days",
            Shape::Number(0, 36500),
            "A pack not checked for longer is stale.",
        ),
        optional(
            "near_limit_percent",
            Shape::Number(1, 100),
            "A list that is fuller is near its limit.",
        ),
        optional(
            "expiry_near_days",
            Shape::Number(0, 36500),
            "An expiry within as many days is near.",
        ),
    ],
};

static PLATFORM_LIMIT: Form = Form {
    title: "[[platform_limit]]",
    about: "A figure that somebody published about a list of a platform. Where texts differ, each has its row.",
    keys: &[
        required("platform", Shape::Word(PLATFORMS), "The platform."),
        required("control", Shape::Id, "The control, in the platform's vocabulary."),
        required("list", Shape::Text, "The list within the control, as exports call it."),
        optional(
            "max_entries",
            Shape::Number(0, 10_000_000),
            "The most entries in the list.",
        ),
        optional(
            "max_length",
            Shape::Number(1, 10_000_000),
            "The most characters of one entry.",
        ),
        optional(
            "min_prefix",
            Shape::Number(0, 128),
            "The shortest prefix of an IPv4 network it takes.",
        ),
        optional(
            "max_range",
            Shape::Number(1, u32::MAX),
            "The most addresses of one range it takes.",
        ),
        optional("ipv6", Shape::Flag, "`false`: it takes no IPv6."),
        optional("plan", Shape::Id, "The licence the figure belongs to."),
        required("as_of", Shape::Date, "The date of the text."),
        required("source", Shape::Text, "The page that says so."),
        optional(
            "disputed",
            Shape::Flag,
            "Whether another text says more; passing this figure alone is a warning.",
        ),
        optional("note", Shape::Text, "A remark."),
    ],
};

/// Reads one policy. `known` are the names of checks and groups; there is no policy if the text has no name.
pub fn read(sources: &Sources, id: SourceId, known: &[&str]) -> (Option<Policy>, Vec<Problem>) {
    let text = sources.get(id).text();
    let (document, problems) = toml::parse(id, text);
    let mut log = Log::new(problems, document.is_complete());
    let fields = Fields::read(&POLICY, document.root(text), &mut log);
    let levels = fields
        .node("levels")
        .map(|node| levels(node, known, &mut log))
        .unwrap_or_default();
    let limits = fields
        .table("limits", &mut log)
        .map(|table| limits(&table))
        .unwrap_or_default();
    let rows = fields.tables("platform_limit", &mut log);
    let platform_limits = rows.iter().filter_map(|row| platform_limit(row, &mut log)).collect();
    let rows = fields.tables("expect", &mut log);
    let expects = rows.iter().filter_map(|row| expect(row, &mut log)).collect();
    let policy = fields.text("name").map(|name| Policy {
        name,
        summary: fields.text("summary"),
        extends: fields.text("extends"),
        source: id,
        levels,
        limits,
        platform_limits,
        expects,
    });
    (policy, log.finish())
}

/// Puts a policy on top of those it extends, which `lookup` finds by name or path.
pub fn resolve(policy: Policy, lookup: &mut dyn FnMut(&Spanned<String>) -> Option<Policy>) -> (Policy, Vec<Problem>) {
    let mut log = Log::new(Vec::new(), true);
    let mut whole = policy;
    let mut met = vec![(whole.source, whole.name.value.clone())];
    let mut next = whole.extends.clone();
    while let Some(named) = next.take() {
        let Some(parent) = lookup(&named) else {
            let shipped: Vec<&str> = POLICIES
                .iter()
                .filter_map(|(file, _)| file.strip_suffix(".toml"))
                .collect();
            log.unknown_word(named.span, "policy", &named.value, &shipped);
            break;
        };
        let known = met
            .iter()
            .any(|(source, name)| *source == parent.source || *name == parent.name.value);
        met.push((parent.source, parent.name.value.clone()));
        if known {
            let names: Vec<&str> = met.iter().map(|(_, name)| name.as_str()).collect();
            let message = format!("policies extend one another in a circle: {}", names.join(", "));
            log.bad(named.span, message, "back to the start");
            break;
        }
        next.clone_from(&parent.extends);
        whole.over(parent);
    }
    (whole, log.finish())
}

/// Reads a policy that comes with the program, with those it extends.
pub fn embedded(sources: &mut Sources, name: &str, known: &[&str]) -> (Option<Policy>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut find = |name: &str| {
        let &(file, text) = POLICIES
            .iter()
            .find(|(file, _)| file.strip_suffix(".toml") == Some(name))?;
        let id = sources.add_text(format!("policies/{file}"), text);
        let (policy, found) = read(sources, id, known);
        problems.extend(found);
        policy
    };
    let Some(policy) = find(name) else {
        return (None, problems);
    };
    let (policy, found) = resolve(policy, &mut |name| find(&name.value));
    problems.extend(found);
    (Some(policy), problems)
}

/// The keys of a policy as JSON Schema.
pub fn schema() -> String {
    form::schema(&POLICY)
}

/// Groups come before checks, so that who applies them in order gives a check the last word.
fn levels(node: Node<'_>, known: &[&str], log: &mut Log) -> Vec<(Spanned<String>, Level)> {
    let mut levels = Vec::new();
    for (key, value) in node.entries() {
        let name = Spanned::new(key.name.into_owned(), key.span);
        if !known.contains(&name.value.as_str()) {
            log.unknown_name(name.span, "check or group", &name.value, known);
        } else if value.kind() == Kind::String
            && let Some(level) = value.as_str().and_then(|word| Level::parse(&word))
        {
            levels.push((name, level));
        }
    }
    levels.sort_by_key(|(name, _)| !model::GROUPS.contains(&name.value.as_str()));
    levels
}

fn limits(table: &Fields<'_>) -> Limits {
    Limits {
        largest_ipv4_prefix: table.number("largest_ipv4_prefix"),
        largest_ipv6_prefix: table.number("largest_ipv6_prefix"),
        export_age_days: table.number("export_age_days"),
        pack_age_days: table.number("pack_age_days"),
        near_limit_percent: table.number("near_limit_percent"),
        expiry_near_days: table.number("expiry_near_days"),
    }
}

fn platform_limit(row: &Fields<'_>, log: &mut Log) -> Option<PlatformLimit> {
    let figures = ["max_entries", "max_length", "min_prefix", "max_range", "ipv6"];
    if !figures.iter().any(|key| row.has(key)) {
        log.lacks(
            row.span(),
            row.title(),
            "max_entries",
            "or another figure: max_length, min_prefix, max_range, ipv6",
        );
    }
    Some(PlatformLimit {
        platform: row
            .text("platform")
            .filter(|platform| PLATFORMS.contains(&platform.value.as_str()))?,
        control: row.text("control")?,
        list: row.text("list")?,
        max_entries: row.number("max_entries"),
        max_length: row.number("max_length"),
        min_prefix: row.number("min_prefix"),
        max_range: row.number("max_range"),
        ipv6: row.flag("ipv6"),
        plan: row.text("plan"),
        as_of: row.date("as_of")?,
        source: row.text("source")?,
        disputed: row.flag("disputed").is_some_and(|flag| flag.value),
        note: row.text("note"),
        span: row.span(),
    })
}

#[cfg(test)]
mod tests;
