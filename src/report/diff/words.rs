//! The sentences of a comparison: what was, and what is.

use crate::difference::{Declared, Standing, StreamDifference};
use crate::evidence::words::{filters, list};
use crate::message::{Concern, Concerns};
use crate::path::Verdict;
use crate::report::Fate;

/// What became of a stream, and how to mark it.
pub fn verdict(stream: &StreamDifference) -> (Fate, &'static str) {
    let fate = match stream.new {
        Some(true) => Fate::GetsThrough,
        Some(false) => Fate::DoesNot,
        None => Fate::CannotTell,
    };
    let words = match (stream.declared, stream.old, stream.new) {
        (Declared::New, _, Some(true)) => "is new, and gets through",
        (Declared::New, _, Some(false)) => "is new, and does not get through",
        (Declared::New, _, None) => "is new, and whether it gets through cannot be told",
        (Declared::Old, _, Some(true)) => "is no longer declared, and still gets through",
        (Declared::Old, _, Some(false)) => "is no longer declared, and does not get through now",
        (Declared::Old, _, None) => "is no longer declared, and whether it gets through now cannot be told",
        (Declared::Both, Some(true), Some(true)) => "still gets through",
        (Declared::Both, Some(true), Some(false)) => "now stops",
        (Declared::Both, Some(true), None) => "now cannot be told",
        (Declared::Both, Some(false), Some(true)) => "now gets through",
        (Declared::Both, Some(false), Some(false)) if stream.moves.is_empty() => "still does not get through",
        (Declared::Both, Some(false), Some(false)) if stream.is_for_the_worse() => {
            "still does not get through, and more of it stops"
        }
        (Declared::Both, Some(false), Some(false)) => "still does not get through, and less of it stops",
        (Declared::Both, Some(false), None) => "did not get through, and now cannot be told",
        (Declared::Both, None, Some(true)) => "now surely gets through",
        (Declared::Both, None, Some(false)) => "now surely stops",
        (Declared::Both, None, None) if stream.is_for_the_worse() => {
            "cannot be told, as before, and less of it surely gets through"
        }
        (Declared::Both, None, None) => "cannot be told, as before",
    };
    (fate, words)
}

/// What changed for some mail, by the same settings: concerns, and what became of them.
pub type Piece = (Concerns, Standing, Standing);

/// Changes by the same settings in one sentence, of `whose` mail.
pub fn sentence(pieces: &[Piece], whose: &str, capped: bool) -> String {
    let told: Vec<String> = pieces.iter().copied().map(piece).collect();
    let perhaps = if capped {
        "; its sets grew past what is counted, so it may be more or less than that"
    } else {
        ""
    };
    format!("{whose} {}{perhaps}", told.join("; "))
}

fn piece((concerns, from, to): Piece) -> String {
    let rest = concerns.without(Concerns::of(&[Concern::Routing]));
    if rest.is_empty() {
        return way(from, to);
    }
    let them = if rest.iter().count() > 1 { "them" } else { "it" };
    judged(from, to, &filters(rest), them)
}

/// Mail of streams, vendor by vendor.
pub fn mail(streams: &[(&str, &str)]) -> String {
    const MAX_NAMED: usize = 3;
    let mut vendors: Vec<(&str, Vec<String>)> = Vec::new();
    for (vendor, stream) in streams {
        match vendors.iter_mut().find(|(known, _)| known == vendor) {
            Some((_, kinds)) => kinds.push((*stream).to_owned()),
            None => vendors.push((vendor, vec![(*stream).to_owned()])),
        }
    }
    let mut named: Vec<String> = vendors
        .iter()
        .take(MAX_NAMED)
        .map(|(vendor, kinds)| format!("{} mail of `{vendor}`", list(kinds)))
        .collect();
    if vendors.len() > MAX_NAMED {
        named.push(format!("mail of {} more vendors", vendors.len() - MAX_NAMED));
    }
    list(&named)
}

fn done(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "let in",
        Verdict::Junked => "sent to the junk folder",
        Verdict::Redirected => "redirected",
        Verdict::Quarantined => "quarantined",
        Verdict::Dropped => "dropped",
        Verdict::Rejected => "rejected",
    }
}

/// Whether a rule ends the way.
fn way(from: Standing, to: Standing) -> String {
    let was = match from {
        Standing::Ended(verdict) => format!("was {}", done(verdict)),
        Standing::Undecided => "may have been stopped by a rule".to_owned(),
        _ => "was stopped by no rule".to_owned(),
    };
    let is = match (from, to) {
        (_, Standing::Ended(verdict)) => format!("is now {}", done(verdict)),
        (Standing::Undecided, Standing::Undecided) => "still may be, for another reason".to_owned(),
        (_, Standing::Undecided) => "now may or may not be stopped by one".to_owned(),
        _ => "is now stopped by no rule".to_owned(),
    };
    format!("{was} and {is}")
}

/// What filters hold against it.
fn judged(from: Standing, to: Standing, by: &str, them: &str) -> String {
    let held = |action: Option<Verdict>| action.map_or("held back", done);
    let was = match from {
        Standing::Cleared => format!("was cleared of {by}"),
        Standing::Waived => format!("was not judged by {by}"),
        Standing::Held(action) => format!("was {} by {by}", held(action)),
        Standing::Ended(verdict) => format!("was {} before {by} judged it", done(verdict)),
        Standing::Undecided => format!("may have been held back by {by}"),
    };
    let is = match (from, to) {
        (_, Standing::Cleared) => format!("is now cleared of {them}"),
        (_, Standing::Waived) => format!("is now not judged by {them}"),
        (Standing::Held(_), Standing::Held(action)) => format!("is now {}", held(action)),
        (_, Standing::Held(action)) => format!("is now {} by {them}", held(action)),
        (_, Standing::Ended(verdict)) => format!("is now {} before", done(verdict)),
        (Standing::Undecided, Standing::Undecided) => "still may be, for another reason".to_owned(),
        (Standing::Cleared | Standing::Waived, Standing::Undecided) => "now may be held back".to_owned(),
        (_, Standing::Undecided) => "now may or may not be".to_owned(),
    };
    format!("{was} and {is}")
}
