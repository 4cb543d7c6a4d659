//! The tree of a record, for people: a term a line, with what it asks and whom it matches.

use std::fmt::Write as _;

use super::Background;
use super::mistakes::{Voids, shown, void};
use crate::allow::ip::IpSet;
use crate::cli::table::aligned;
use crate::dns::presentation::escape;
use crate::dns::spf::set::{Action, Bounds, Entry, Matches, Published, Step, Tree};
use crate::dns::spf::{Limits, Verdict};
use crate::evidence::shared::has_shared_hosts;

/// Longest term shown, and the most terms; records of others must not fill the terminal.
const MOST_LETTERS: usize = 80;
const MOST_ROWS: usize = 500;

/// The tree, below what holds for all of it.
pub(super) fn text(tree: &Tree, background: &Background, voids: Voids, unasked: bool) -> String {
    let limits = background.limits;
    let domain = escape(&tree.domain);
    let mut text = match &tree.published {
        Published::Record(_) if tree.mistakes().is_empty() => format!("{domain}\n\n"),
        published => return format!("{domain}: {}\n", told(published, unanswered(tree, unasked))),
    };
    let pass = tree.sets(limits).pass;
    let counts = tree.counts();
    let least = if counts.is_exact { "" } else { "at least " };
    let rows = [
        ("may send", both(&pass)),
        (
            "look-ups",
            format!("{least}{} of {} in the worst case", counts.worst, limits.lookups),
        ),
        (
            "without answer",
            format!("{} for IPv4, {} for IPv6, of {}", voids.v4, voids.v6, limits.voids),
        ),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    text.push_str(&aligned(&rows, 0));
    text.push('\n');
    let head = ["term", "result", "look-ups", "IPv4", "IPv6"]
        .map(str::to_owned)
        .to_vec();
    let mut rows = vec![head];
    below(&mut rows, tree, "", background);
    let more = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    text.push_str(&aligned(&rows, 0));
    if more > 0 {
        let _ = writeln!(text, "and {more} more; `--format json` has all");
    }
    text
}

/// What a domain publishes, in words.
fn told(published: &Published, unanswered: Option<Verdict>) -> String {
    match published {
        Published::Record(_) => "the record has a mistake, so the result is permerror".to_owned(),
        Published::Nothing => "no SPF record, so the result is none".to_owned(),
        Published::Several(n) => format!("{n} SPF records, so the result is permerror"),
        Published::Unanswered(_) => {
            let verdict = unanswered.map_or("unknown", Verdict::as_str);
            format!("no answer, so the result is {verdict}")
        }
    }
}

/// The result for everybody where there is no answer to the question for the record itself.
pub(super) fn unanswered(tree: &Tree, unasked: bool) -> Option<Verdict> {
    match (&tree.published, unasked) {
        (Published::Unanswered(_), true) => Some(Verdict::Undecided),
        (Published::Unanswered(_), false) => Some(Verdict::TempError),
        _ => None,
    }
}

fn below(rows: &mut Vec<Vec<String>>, tree: &Tree, indent: &str, background: &Background) {
    let mut left = tree.entries.len() + tree.idle.len();
    let mut lines = |extent| {
        left -= 1;
        let (branch, under) = if left == 0 {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let name = format!("{indent}{branch}{}", clipped(shown(tree, extent)));
        (name, format!("{indent}{under}"))
    };
    for entry in &tree.entries {
        let (name, indent) = lines(entry.extent);
        let matched = matched(entry, background.limits);
        let lookups = if entry.asks {
            entry.lookups.to_string()
        } else {
            "-".to_owned()
        };
        let mut row = vec![
            name,
            result(entry.action).to_owned(),
            lookups,
            matched.as_ref().map_or("?".to_owned(), |set| count(&set.v4_only())),
            matched.as_ref().map_or("?".to_owned(), |set| count(&set.v6_only())),
        ];
        let notes = notes(entry, background);
        if !notes.is_empty() {
            row.push(notes.join(", "));
        }
        rows.push(row);
        if let Matches::Child(child) = &entry.matches {
            below(rows, child, &indent, background);
        }
    }
    for &extent in &tree.idle {
        let (name, _) = lines(extent);
        let nothing = || "-".to_owned();
        rows.push(vec![
            name,
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            "never reached".to_owned(),
        ]);
    }
}

/// A term is ASCII, so that a letter is an octet.
fn clipped(mut term: String) -> String {
    if term.len() > MOST_LETTERS {
        term.truncate(MOST_LETTERS - 1);
        term.push('…');
    }
    term
}

const fn result(action: Action) -> &'static str {
    match action {
        Action::Directive(qualifier) => qualifier.verdict().as_str(),
        Action::Redirect => "as told",
    }
}

/// The addresses that certainly match a term by itself, or pass where it leads; `None` where only the client tells.
pub(super) fn matched(entry: &Entry, limits: Limits) -> Option<IpSet> {
    match &entry.matches {
        Matches::Steps { v4, v6 } => {
            let of = |steps: &[Step]| {
                let found = steps.iter().filter_map(|step| match step {
                    Step::Match(set) => Some(set),
                    Step::Void | Step::Unanswered(_) => None,
                });
                IpSet::union_all(found)
            };
            Some(of(v4).v4_only().union(&of(v6).v6_only()))
        }
        Matches::Child(child) => Some(child.sets(limits).pass.must),
        Matches::Loop(_) | Matches::Hosts(_) => Some(IpSet::empty()),
        Matches::Opaque(_) => None,
    }
}

/// What else there is to say of a term.
pub(super) fn notes(entry: &Entry, background: &Background) -> Vec<String> {
    let mut notes = Vec::new();
    match &entry.matches {
        Matches::Child(child) => {
            if has_shared_hosts(&escape(&child.domain).to_ascii_lowercase()) {
                notes.push("shared with other customers".to_owned());
            }
            match &child.published {
                Published::Record(_) if child.mistakes().is_empty() => {}
                Published::Record(_) => notes.push("the record has a mistake".to_owned()),
                Published::Nothing => notes.push("no SPF record".to_owned()),
                Published::Several(n) => notes.push(format!("{n} SPF records")),
                Published::Unanswered(_) => notes.push("no answer".to_owned()),
            }
        }
        Matches::Loop(_) => notes.push("leads back".to_owned()),
        Matches::Hosts(n) => notes.push(format!("{n} mail hosts")),
        Matches::Opaque(why) => notes.push(format!("opaque: {why}")),
        Matches::Steps { v4, v6 } => {
            if v4.iter().chain(v6).any(|step| matches!(step, Step::Unanswered(_))) {
                notes.push("no answer".to_owned());
            }
            for (pack, shared) in &background.shared {
                let is_found = |step: &Step| matches!(step, Step::Match(set) if !set.is_all() && set.overlaps(shared));
                if v4.iter().chain(v6).any(is_found) {
                    notes.push(format!("holds shared hosts, says the pack `{pack}`"));
                }
            }
            match void(entry) {
                (true, true) => notes.push("void".to_owned()),
                (true, false) => notes.push("void for IPv4".to_owned()),
                (false, true) => notes.push("void for IPv6".to_owned()),
                (false, false) => {}
            }
        }
    }
    notes
}

fn both(bounds: &Bounds) -> String {
    let of = |set: &IpSet| format!("{} IPv4, {} IPv6", count(&set.v4_only()), count(&set.v6_only()));
    let mut text = of(&bounds.must);
    if !bounds.is_exact() {
        let _ = write!(text, " for certain; {} at most", of(&bounds.may));
    }
    text
}

/// How many addresses of one family there are: short, and exact where it is short.
fn count(set: &IpSet) -> String {
    let n = set.count();
    let all = IpSet::all();
    if n > 0 && (*set == all.v4_only() || *set == all.v6_only()) {
        return "all".to_owned();
    }
    match n {
        0..=0xFFFF_FFFF => n.to_string(),
        n if n.is_power_of_two() => format!("2^{}", n.ilog2()),
        n => format!("over 2^{}", n.ilog2()),
    }
}
