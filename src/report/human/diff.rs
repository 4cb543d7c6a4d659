//! The comparison for people: a line per stream and one for strangers, then each change with a message that shows it and
//! the settings that decide on either side.

use std::fmt::Write as _;

use miette::ThemeStyles;

use crate::difference::{AttackerChange, Change, Declared, Difference, Direction, Entry, StreamDifference, Through};
use crate::evidence::witness::Witness;
use crate::problem::Level;
use crate::report::diff::words::{Piece, mail, sentence, verdict};
use crate::report::diff::{DiffOutcome, DiffReport, TenantDiff};
use crate::report::place::Places;
use crate::report::{Fate, escape};

use super::{HumanOptions, Look, add_block, diagnostics, draw, problem_block, severity, witness_line};

/// Changes shown of one stream, or of strangers.
const MAX_SHOWN: usize = 50;

/// The report as text; empty if there is nothing to say.
pub fn render(report: &DiffReport, options: &HumanOptions) -> String {
    let look = Look::new(options);
    let mut out = String::new();
    for tenant in &report.tenants {
        let blocks = tenant_blocks(&look, tenant);
        if report.tenants.len() > 1 && !(options.quiet && blocks.is_empty()) {
            add_block(&mut out, &heading(&look, tenant));
            out.push_str(&blocks);
        } else {
            add_block(&mut out, &blocks);
        }
    }
    if !options.quiet {
        add_block(&mut out, &summary(&look, report));
    }
    out
}

fn heading(look: &Look, tenant: &TenantDiff) -> String {
    let rule = if look.options.unicode { "━━" } else { "==" };
    let name = look.name(&tenant.name);
    let path = look.name(tenant.path());
    let title = if name == path { name } else { format!("{name} ({path})") };
    format!("{}\n", look.bold(&format!("{rule} {title} {rule}")))
}

/// The texts of both sides, under names that tell them apart.
struct Both<'a> {
    old: Places<'a>,
    new: Places<'a>,
}

fn tenant_blocks(look: &Look, tenant: &TenantDiff) -> String {
    let mut out = String::new();
    match tenant.outcome() {
        DiffOutcome::Failed => {
            let _ = writeln!(out, "{}", look.level(Level::Deny, "could not be compared"));
        }
        DiffOutcome::OnlyOld => {
            let line = "only the old side has this tenant: what becomes of its mail cannot be told";
            let _ = writeln!(out, "{}", look.level(Level::Warn, line));
        }
        DiffOutcome::OnlyNew if !look.options.quiet => {
            out.push_str("only the new side has this tenant: there is nothing to compare it with\n");
        }
        _ => {}
    }
    if let (Some(difference), Some(old), Some(new)) = (&tenant.difference, &tenant.old, &tenant.new) {
        let mut both = Both {
            old: Places::named(&old.sources, "old: "),
            new: Places::named(&new.sources, "new: "),
        };
        out.push_str(&lines(look, difference));
        changes(look, &mut both, difference, &mut out);
    }
    for (name, side) in tenant.sides() {
        let title = format!("{name}: ");
        let mut places = Places::named(&side.sources, &title);
        for problem in side.problems.iter().filter(|problem| problem.level > Level::Allow) {
            add_block(&mut out, &problem_block(look, &mut places, problem));
        }
    }
    out
}

/// What came of each stream, and of strangers.
fn lines(look: &Look, difference: &Difference) -> String {
    let mut rows: Vec<(String, Fate, String)> = Vec::new();
    for stream in &difference.streams {
        let (fate, words) = verdict(stream);
        let is_bad = stream.is_for_the_worse();
        if !look.options.quiet || is_bad {
            let name = look.name(&format!("{}/{}", stream.vendor, stream.stream));
            let restated = if stream.restated {
                ", by what is now known of its mail"
            } else {
                ""
            };
            rows.push((name, fate, format!("{words}{restated}")));
        }
    }
    let (fate, words) = strangers(difference);
    if !look.options.quiet || fate != Fate::GetsThrough {
        rows.push(("strangers".to_owned(), fate, words.to_owned()));
    }
    let widest = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, fate, words) in rows {
        let (sign, style) = match (fate, look.options.unicode) {
            (Fate::GetsThrough, unicode) => {
                let green = if look.options.color {
                    ThemeStyles::none().error.green()
                } else {
                    look.styles.error
                };
                (if unicode { "✓" } else { "+" }, green)
            }
            (Fate::DoesNot, true) => ("×", look.styles.error),
            (Fate::DoesNot, false) => ("x", look.styles.error),
            (Fate::CannotTell, _) => ("?", look.styles.warning),
        };
        let _ = writeln!(out, "{} {name:widest$}  {}", style.style(sign), style.style(&words));
    }
    out
}

fn strangers(difference: &Difference) -> (Fate, &'static str) {
    let attacker = &difference.attacker;
    let gains = |direction: Direction| {
        let mut theirs = attacker.changes.iter().filter(|change| !change.declared);
        theirs.any(|change| change.direction == direction)
    };
    if gains(Direction::Weaker) {
        (Fate::DoesNot, "get in where they did not")
    } else if attacker.grants.iter().any(|grant| grant.gained) {
        (Fate::DoesNot, "may use a setting that grants more than an allow does")
    } else if gains(Direction::MayBeWeaker) {
        (Fate::CannotTell, "may get in where they did not")
    } else if attacker.changes.is_empty() {
        (Fate::GetsThrough, "fare as before")
    } else {
        (Fate::GetsThrough, "get in nowhere where they did not")
    }
}

/// Changes by the same settings: one block, however many concerns and streams they are about.
struct Group<'a> {
    level: Level,
    /// Vendors and streams; none for mail that is nobody's.
    streams: Vec<(&'a str, &'a str)>,
    pieces: Vec<Piece>,
    first: &'a Change,
}

impl Group<'_> {
    fn is_about(&self, change: &Change, level: Level) -> bool {
        let first = self.first;
        self.level == level
            && first.entry == change.entry
            && first.capped == change.capped
            && first.old.labels == change.old.labels
            && first.new.labels == change.new.labels
    }

    fn add(&mut self, change: &Change) {
        let same = self
            .pieces
            .iter_mut()
            .find(|(_, from, to)| (*from, *to) == (change.from, change.to));
        match same {
            Some((concerns, ..)) => *concerns = concerns.and(change.concerns),
            None => self.pieces.push((change.concerns, change.from, change.to)),
        }
    }
}

/// Groups of changes, from worst to best.
fn grouped<'a>(all: impl Iterator<Item = (Level, Option<(&'a str, &'a str)>, &'a Change)>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (level, stream, change) in all {
        match groups.iter_mut().find(|group| group.is_about(change, level)) {
            Some(group) => {
                group.add(change);
                if let Some(stream) = stream.filter(|stream| !group.streams.contains(stream)) {
                    group.streams.push(stream);
                }
            }
            None => groups.push(Group {
                level,
                streams: stream.into_iter().collect(),
                pieces: vec![(change.concerns, change.from, change.to)],
                first: change,
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.level));
    groups
}

fn changes(look: &Look, both: &mut Both<'_>, difference: &Difference, out: &mut String) {
    let of_streams = difference.streams.iter().flat_map(|stream| {
        let name = Some((stream.vendor.as_str(), stream.stream.as_str()));
        let changes = stream.changes.iter();
        changes.map(move |change| (weight(stream, change), name, change))
    });
    groups(look, both, &grouped(of_streams), "", out);
    let of_strangers = |declared: bool| {
        let theirs = difference.attacker.changes.iter();
        let theirs = theirs.filter(move |change| change.declared == declared);
        grouped(theirs.map(|change| (level(change), None, &change.change)))
    };
    groups(look, both, &of_strangers(false), "mail of strangers", out);
    let whose = "mail of senders whom only the new side declares";
    groups(look, both, &of_strangers(true), whose, out);
    for grant in &difference.attacker.grants {
        let (level, places, word) = if grant.gained {
            (Level::Deny, &mut both.new, "worse")
        } else {
            (Level::Note, &mut both.old, "changed: gone is")
        };
        if level == Level::Note && look.options.quiet {
            continue;
        }
        let mut text = format!("{} {}\n", look.bold(&look.level(level, word)), look.name(&grant.object));
        let labels = [grant.label.clone()];
        diagnostics(look, places, level, &grant.message, &labels, &mut text);
        text.push_str(&look.field("help", &format!("see `allowaudit explain {}`", grant.check)));
        add_block(out, &text);
    }
    let told = difference.attacker.changes.len()
        + difference
            .streams
            .iter()
            .map(|stream| stream.changes.len())
            .sum::<usize>();
    if told == 0 || look.options.verbose {
        let others = difference.others.iter().map(|change| (Level::Note, None, change));
        groups(look, both, &grouped(others), "mail of hosts that both sides trust", out);
    }
}

fn groups(look: &Look, both: &mut Both<'_>, groups: &[Group<'_>], whose: &str, out: &mut String) {
    let told = |group: &&Group<'_>| !look.options.quiet || group.level > Level::Note;
    let all: Vec<&Group<'_>> = groups.iter().filter(told).collect();
    for group in all.iter().take(MAX_SHOWN) {
        let whose = if group.streams.is_empty() {
            whose.to_owned()
        } else {
            mail(&group.streams)
        };
        add_block(out, &block(look, both, group, &whose));
    }
    if all.len() > MAX_SHOWN {
        let line = look.level(Level::Warn, &format!("and {} more changes", all.len() - MAX_SHOWN));
        add_block(out, &format!("{line}\n"));
    }
}

/// How much a change matters: what keeps mail from getting through that did.
fn weight(stream: &StreamDifference, change: &Change) -> Level {
    if stream.declared == Declared::Old {
        return Level::Note;
    }
    let worse = |to: Through| {
        let mut moves = stream.moves.iter().filter(|one| one.to == to && one.from < to);
        moves.any(|one| one.set.overlaps(&change.set))
    };
    let grows = match (change.from.strength(), change.to.strength()) {
        (Some(before), Some(after)) => after > before,
        (Some(0), None) | (None, Some(1..) | None) => true,
        _ => false,
    };
    if grows && worse(Through::No) {
        Level::Deny
    } else if grows && worse(Through::Unknown) || change.capped {
        Level::Warn
    } else {
        Level::Note
    }
}

fn level(change: &AttackerChange) -> Level {
    match change.direction {
        _ if change.declared => Level::Note,
        Direction::Weaker => Level::Deny,
        Direction::MayBeWeaker => Level::Warn,
        Direction::Other | Direction::MayBeStronger | Direction::Stronger => Level::Note,
    }
}

fn block(look: &Look, both: &mut Both<'_>, group: &Group<'_>, whose: &str) -> String {
    let (level, change) = (group.level, group.first);
    let word = match level {
        Level::Deny => "worse",
        Level::Warn => "perhaps worse",
        Level::Note | Level::Allow => "changed",
    };
    let text = &sentence(&group.pieces, whose, change.capped);
    let mut out = look.bold(&look.level(level, word));
    let objects = [&change.new.object, &change.old.object];
    if let Some(object) = objects.into_iter().flatten().next() {
        out.push(' ');
        out.push_str(&look.name(object));
    }
    out.push('\n');
    // The sentence stands above the first excerpt; the other side follows with a title of its own.
    if change.old.labels.is_empty() && change.new.labels.is_empty() {
        draw(look, severity(level), text, None, &mut out);
    } else if change.old.labels.is_empty() {
        diagnostics(look, &mut both.new, level, text, &change.new.labels, &mut out);
    } else {
        diagnostics(look, &mut both.old, level, text, &change.old.labels, &mut out);
        if !change.new.labels.is_empty() {
            diagnostics(look, &mut both.new, Level::Note, "now", &change.new.labels, &mut out);
        }
    }
    if let Some(message) = &change.witness {
        let mut line = witness_line(&Witness::of(message));
        if change.entry != Entry::Smtp {
            let _ = write!(line, ", by {}", change.entry.as_str());
        }
        out.push_str(&look.field("witness", &escape::line(&line)));
    }
    for (name, decided) in [("before", &change.old), ("now", &change.new)] {
        for asked in &decided.asked {
            let line = format!("{name}: {}; {}", asked.text, asked.help);
            out.push_str(&look.field("open", &escape::line(&line)));
        }
    }
    out
}

fn summary(look: &Look, report: &DiffReport) -> String {
    let n = |outcome: DiffOutcome| report.count(outcome);
    if let [tenant] = report.tenants.as_slice() {
        let text = match tenant.outcome() {
            DiffOutcome::Same => "no message changed its fate",
            DiffOutcome::Changed => "nothing changed for the worse",
            DiffOutcome::Worse => "something changed for the worse, or may have",
            DiffOutcome::OnlyNew | DiffOutcome::OnlyOld | DiffOutcome::Failed => "nothing was compared",
        };
        let level = if tenant.outcome() >= DiffOutcome::OnlyOld {
            Level::Deny
        } else {
            Level::Note
        };
        let text = if level == Level::Deny {
            look.level(level, text)
        } else {
            text.to_owned()
        };
        return format!("{text}\n");
    }
    let words = [
        (DiffOutcome::Failed, "could not be compared"),
        (DiffOutcome::Worse, "for the worse"),
        (DiffOutcome::OnlyOld, "only on the old side"),
        (DiffOutcome::OnlyNew, "only on the new side"),
        (DiffOutcome::Changed, "otherwise"),
        (DiffOutcome::Same, "as before"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(outcome, _)| n(*outcome) > 0)
        .map(|(outcome, word)| format!("{} {word}", n(outcome)))
        .collect();
    format!("{} tenants: {}\n", report.tenants.len(), parts.join(", "))
}
