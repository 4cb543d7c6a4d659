//! What is wrong with the records of a tree, and why the check of one client ended as it did.

use super::underline::{Underline, term};
use crate::allow::ip::IpSet;
use crate::dns::presentation::escape;
use crate::dns::spf::evaluate::{Evaluation, Place, Why};
use crate::dns::spf::set::{Action, Entry, Matches, Published, Step, Tree};
use crate::dns::spf::{Extent, Limits, Qualifier};
use crate::problem::{Label, Level};
use crate::source::{SourceId, Span};

/// Mistakes told of one record.
const MOST_MISTAKES: usize = 20;

/// Terms without answer in the whole tree, for an address that nothing matches.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Voids {
    pub(super) v4: u32,
    pub(super) v6: u32,
}

/// Tells everything that is wrong with a tree.
pub(super) fn tell(underline: &mut Underline<'_>, tree: &Tree, limits: Limits) -> Voids {
    let mut voids = Voids::default();
    of_tree(underline, tree, &[], limits, &mut voids);
    if let Some(breaking) = tree.breaking(limits) {
        let most = limits.lookups;
        let mut labels = vec![label(
            underline,
            breaking.tree,
            breaking.extent,
            format!("look-up number {}", u32::from(most) + 1),
        )];
        for (above, extent) in breaking.path.iter().rev() {
            labels.push(label(underline, above, *extent, "reached from here".to_owned()));
        }
        let message = format!(
            "more than {most} terms ask DNS, {} in all: the check of whoever gets here ends in an error",
            tree.lookups()
        );
        underline.say(Level::Deny, message, labels);
    }
    voids
}

fn of_tree(underline: &mut Underline<'_>, tree: &Tree, above: &[Label], limits: Limits, voids: &mut Voids) {
    let shown = escape(&tree.domain);
    match (&tree.published, tree.name()) {
        (Published::Several(n), Some(name)) => {
            let labels = [underline.several(&name), above.to_vec()].concat();
            let message = format!("`{shown}` has {n} SPF records, and none of them counts");
            underline.say(Level::Deny, message, labels);
        }
        (Published::Unanswered(question), _) => {
            let (head, what) = underline.unanswered(question);
            let labels = [vec![Label::new(head, what)], above.to_vec()].concat();
            underline.say(Level::Deny, format!("there is no answer to `{question}`"), labels);
        }
        (Published::Nothing | Published::Several(_), _) => {
            let mut labels = above.to_vec();
            // Without a term above, it is the domain that was asked about, and its result says so.
            if let Some(first) = labels.first_mut() {
                "leads to no record".clone_into(&mut first.text);
                let message = format!("`{shown}` has no SPF record: whoever gets here meets an error");
                underline.say(Level::Deny, message, labels);
            }
        }
        (Published::Record(_), _) => {}
    }
    for mistake in tree.mistakes().iter().take(MOST_MISTAKES) {
        let first = label(underline, tree, mistake.extent, mistake.slip.to_string());
        let labels = [vec![first], above.to_vec()].concat();
        let message = format!("the record of `{shown}` has a mistake, so none of it counts");
        underline.say(Level::Deny, message, labels);
    }
    for entry in &tree.entries {
        of_entry(underline, tree, entry, limits, voids);
    }
}

fn of_entry(underline: &mut Underline<'_>, tree: &Tree, entry: &Entry, limits: Limits, voids: &mut Voids) {
    let mut at = |text: &str| label(underline, tree, entry.extent, text.to_owned());
    match &entry.matches {
        Matches::Child(child) => {
            let here = at("reached from here");
            of_tree(underline, child, &[here], limits, voids);
        }
        Matches::Loop(domain) => {
            let here = at("leads back");
            let message = format!(
                "`{}` leads round in a circle until the limit ends the check",
                escape(domain)
            );
            underline.say(Level::Deny, message, vec![here]);
        }
        Matches::Hosts(n) => {
            let here = at("an `mx` term may have 10");
            let message = format!("`mx` has {n} mail hosts: whoever gets here meets an error");
            underline.say(Level::Deny, message, vec![here]);
        }
        Matches::Steps { v4, v6 } => {
            for step in v4.iter().chain(v6) {
                let Step::Unanswered(question) = step else { continue };
                let (head, what) = underline.unanswered(question);
                let here = label(underline, tree, entry.extent, "asked by this".to_owned());
                let labels = vec![Label::new(head, what), here];
                underline.say(Level::Deny, format!("there is no answer to `{question}`"), labels);
            }
            of_voids(underline, tree, entry, limits, voids);
            let is_all = |step: &Step| *step == Step::Match(IpSet::all());
            if !entry.asks && entry.action == Action::Directive(Qualifier::Pass) && v4.iter().any(is_all) {
                let here = label(underline, tree, entry.extent, "this matches every address".to_owned());
                underline.say(Level::Warn, "anyone may send".to_owned(), vec![here]);
            }
        }
        Matches::Opaque(_) => {}
    }
}

/// A term counts once, in each family, however many of its questions have no answer.
fn of_voids(underline: &mut Underline<'_>, tree: &Tree, entry: &Entry, limits: Limits, voids: &mut Voids) {
    let (v4, v6) = void(entry);
    voids.v4 += u32::from(v4);
    voids.v6 += u32::from(v6);
    let most = u32::from(limits.voids);
    let broken = |is_void: bool, n: u32| is_void && n == most + 1;
    let whom = match (broken(v4, voids.v4), broken(v6, voids.v6)) {
        (true, true) => Some((Level::Deny, "whoever gets here")),
        (true, false) => Some((Level::Deny, "an IPv4 client that gets here")),
        (false, true) => Some((Level::Warn, "an IPv6 client that gets here")),
        (false, false) => None,
    };
    if let Some((level, whom)) = whom {
        let here = label(underline, tree, entry.extent, format!("number {}", most + 1));
        let message = format!("more than {most} terms have no answer: {whom} meets an error");
        underline.say(level, message, vec![here]);
    } else if v4 && v6 {
        let here = label(
            underline,
            tree,
            entry.extent,
            format!("counts as one of the {most} that may"),
        );
        let message = format!("`{}` has no answer", shown(tree, entry.extent));
        underline.say(Level::Warn, message, vec![here]);
    }
}

/// Whether DNS has no answer to a term, for IPv4 and for IPv6 clients.
pub(super) fn void(entry: &Entry) -> (bool, bool) {
    match &entry.matches {
        Matches::Steps { v4, v6 } => (v4.contains(&Step::Void), v6.contains(&Step::Void)),
        _ => (false, false),
    }
}

/// A term as written.
pub(super) fn shown(tree: &Tree, extent: Extent) -> String {
    tree.record().map_or_else(String::new, |record| term(record, extent))
}

fn label(underline: &mut Underline<'_>, tree: &Tree, extent: Extent, text: String) -> Label {
    let span = match (tree.name(), tree.record()) {
        (Some(name), Some(record)) => underline.span(&name, record, extent),
        _ => Span::new(SourceId::NOWHERE, 0, 0),
    };
    Label::new(span, text)
}

/// Tells which term decided about one client, or what went wrong.
pub(super) fn tell_one(underline: &mut Underline<'_>, domain: &[u8], found: &Evaluation) {
    let mut labels = Vec::new();
    for (at, place) in found.decided.iter().rev().enumerate() {
        let text = if at == 0 { "this decides" } else { "reached from here" };
        labels.extend(visited(underline, found, *place, text));
    }
    if !labels.is_empty() {
        let message = format!("the result is {}", found.verdict.as_str());
        underline.say(Level::Note, message, labels);
    }
    let Some(cause) = &found.cause else { return };
    let (first, text) = match &cause.why {
        Why::Mistake(slip) => (Vec::new(), slip.to_string()),
        Why::SeveralRecords(name, _) => (underline.several(name), "reached from here".to_owned()),
        Why::Failed(question, _) | Why::Unasked(question) => {
            let (head, what) = underline.unanswered(question);
            (vec![Label::new(head, what)], "asked by this".to_owned())
        }
        Why::Lookups(most) => (Vec::new(), format!("look-up number {}", u32::from(*most) + 1)),
        Why::Voids(most) => (Vec::new(), format!("number {}", u32::from(*most) + 1)),
        Why::NoRecord(_) | Why::Hosts(_) => (Vec::new(), "here".to_owned()),
    };
    let mut labels = first;
    let mut at = cause.place;
    let mut text = text;
    while let Some(place) = at {
        let label = visited(underline, found, place, &text);
        // A circle comes by the same term again and again.
        labels.extend(label.filter(|label| labels.iter().all(|other: &Label| other.span != label.span)));
        "reached from here".clone_into(&mut text);
        at = found.visits.get(place.visit).and_then(|visit| visit.from);
    }
    underline.say(Level::Deny, reason(&cause.why, domain), labels);
}

fn visited(underline: &mut Underline<'_>, found: &Evaluation, place: Place, text: &str) -> Option<Label> {
    let visit = found.visits.get(place.visit)?;
    let span = underline.span(&visit.domain, visit.record.as_deref()?, place.extent);
    Some(Label::new(span, text))
}

/// Why there is an error, in one sentence.
pub(super) fn reason(why: &Why, domain: &[u8]) -> String {
    match why {
        Why::Mistake(_) => format!("a record that `{}` leads to has a mistake", escape(domain)),
        Why::SeveralRecords(name, n) => format!("`{name}` has {n} SPF records, and none of them counts"),
        Why::NoRecord(name) => format!("`{}` has no SPF record", escape(name)),
        Why::Lookups(most) => format!("more than {most} terms ask DNS"),
        Why::Voids(most) => format!("more than {most} terms have no answer"),
        Why::Hosts(n) => format!("`mx` has {n} mail hosts, and may have 10"),
        Why::Failed(question, _) | Why::Unasked(question) => format!("there is no answer to `{question}`"),
    }
}
