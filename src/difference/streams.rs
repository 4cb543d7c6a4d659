//! What changes for the mail that is to get through, vendor by vendor and stream by stream.
//!
//! Both sides are asked about the same messages: those that the new side wants to get through, or the old side where the
//! new one does not know the stream any more.

use crate::evidence::{Evidence, Row, StreamEvidence};
use crate::message::union::Union;
use crate::message::{Concern, Concerns, Message, MessageSet};
use crate::pack::Delivery;
use crate::path::coverage::Answer;
use crate::requirement::Requirement;

use super::change::Change;
use super::parts::{Parts, Standing, held};
use super::shift::{Shift, add, between};
use super::shown;
use super::side::{Entry, Side};
use super::touched::{changed, questions, touched};

/// What changes for one stream.
#[derive(Debug, Clone)]
pub struct StreamDifference {
    /// Vendor pack id.
    pub vendor: String,
    /// Stream id.
    pub stream: String,
    /// Which side wants it to get through.
    pub declared: Declared,
    /// Whether all of it got through on the old side; `None` if that is undecided.
    pub old: Option<bool>,
    /// Whether all of it gets through on the new side.
    pub new: Option<bool>,
    /// Whether the sides do not say the same of what the stream's mail looks like.
    pub restated: bool,
    /// The messages that both sides were asked about.
    pub sent: MessageSet,
    /// Messages that fare otherwise, all concerns taken together.
    pub moves: Vec<Move>,
    /// Messages that fare otherwise, concern by concern.
    pub changes: Vec<Change>,
}

/// Which side declares a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Both.
    Both,
    /// Only the old one: nobody wants it to get through any more.
    Old,
    /// Only the new one.
    New,
}

/// Whether a message of a stream gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// Surely.
    Yes,
    /// Undecided.
    Unknown,
    /// Surely not.
    No,
}

impl Through {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "gets-through",
            Self::Unknown => "unknown",
            Self::No => "stops",
        }
    }
}

/// Messages of a stream that got through before and do not now, or the reverse, or of which one of both is undecided.
#[derive(Debug, Clone)]
pub struct Move {
    /// Before.
    pub from: Through,
    /// Now.
    pub to: Through,
    /// The messages, as they are sent.
    pub set: MessageSet,
    /// One of them, if one can be shown.
    pub witness: Option<Message>,
}

impl StreamDifference {
    /// Whether nothing is other than it was.
    pub fn is_empty(&self) -> bool {
        self.old == self.new && self.moves.is_empty() && self.changes.is_empty() && self.declared == Declared::Both
    }

    /// Messages that moved one way.
    pub fn moved(&self, from: Through, to: Through) -> MessageSet {
        let moves = self.moves.iter().filter(|one| (one.from, one.to) == (from, to));
        let all: Union = moves.map(|one| one.set.clone()).collect();
        all.into_set()
    }

    /// Messages that surely got through and surely do not now.
    pub fn lost(&self) -> MessageSet {
        self.moved(Through::Yes, Through::No)
    }

    /// Messages that surely did not get through and surely do now.
    pub fn gained(&self) -> MessageSet {
        self.moved(Through::No, Through::Yes)
    }

    pub(super) fn join(&mut self, other: Self) {
        self.old = worse(self.old, other.old);
        self.new = worse(self.new, other.new);
        self.restated |= other.restated;
        self.sent.absorb(other.sent);
        self.moves.extend(other.moves);
        for change in other.changes {
            if !self.changes.iter().any(|known| known.tells_the_same(&change)) {
                self.changes.push(change);
            }
        }
    }

    /// Whether mail that is to get through does so less surely than before.
    pub fn is_for_the_worse(&self) -> bool {
        if self.declared == Declared::Old {
            return false;
        }
        let rank = |through: Option<bool>| match through {
            Some(true) => Through::Yes,
            None => Through::Unknown,
            Some(false) => Through::No,
        };
        self.moves.iter().any(|one| one.to > one.from)
            || self.declared == Declared::Both && rank(self.new) > rank(self.old)
    }
}

/// Of two ways that mail takes, all of it gets through only where it does by both.
fn worse(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    }
}

/// What changes for every stream that either side declares.
pub(super) fn streams(old: &Evidence<'_>, new: &Evidence<'_>) -> Vec<StreamDifference> {
    let mut all: Vec<StreamDifference> = Vec::new();
    for stream in &new.streams {
        let before = find(old, stream.requirement);
        all.push(match before {
            Some(before) if is_same(before.requirement, stream.requirement) => {
                compare(old, new, before, stream, Declared::Both)
            }
            _ => {
                let asked = StreamEvidence::of(old.facts, stream.requirement);
                let declared = before.map_or(Declared::New, |_| Declared::Both);
                let mut difference = compare(old, new, &asked, stream, declared);
                if let Some(before) = before {
                    difference.old = before.gets_through();
                    difference.restated = true;
                }
                difference
            }
        });
    }
    for stream in &old.streams {
        if find(new, stream.requirement).is_none() {
            let asked = StreamEvidence::of(new.facts, stream.requirement);
            all.push(compare(old, new, stream, &asked, Declared::Old));
        }
    }
    all
}

fn find<'e, 'a>(evidence: &'e Evidence<'a>, wanted: &Requirement<'_>) -> Option<&'e StreamEvidence<'a>> {
    evidence.streams.iter().find(|stream| {
        let known = stream.requirement;
        known.vendor() == wanted.vendor() && known.stream_id() == wanted.stream_id()
    })
}

/// Whether both ask for the same messages.
fn is_same(one: &Requirement<'_>, other: &Requirement<'_>) -> bool {
    let unset = |requirement: &Requirement<'_>| {
        let required = requirement.unset.iter().filter(|parameter| parameter.required);
        required.count()
    };
    one.wide == other.wide
        && one.narrow == other.narrow
        && one.open == other.open
        && one.concerns == other.concerns
        && one.delivery == other.delivery
        && one.needs_smtp() == other.needs_smtp()
        && unset(one) == unset(other)
}

fn compare(
    old: &Evidence<'_>,
    new: &Evidence<'_>,
    before: &StreamEvidence<'_>,
    after: &StreamEvidence<'_>,
    declared: Declared,
) -> StreamDifference {
    let requirement = after.requirement;
    let entry = match requirement.delivery {
        Delivery::SmtpDirect => Entry::Direct,
        _ => Entry::Smtp,
    };
    let sent = &requirement.wide;
    let (one, other) = (Side::of(old), Side::of(new));
    let mut changes: Vec<Shift> = Vec::new();
    // Mail that meets nothing that changed fares as before.
    let changed = changed(one, other);
    let is_touched = changed.as_ref().is_none_or(|changed| {
        let touched = touched(one, other, &one.seen(entry, sent), changed);
        !touched.is_empty() || touched.overflowed()
    });
    let questions = questions(one, other, changed.as_ref());
    // What one side does not judge is held against nothing there.
    let concerns = before.rows.iter().chain(&after.rows).map(|row| row.concern);
    let concerns = concerns.fold(Concerns::NONE, |all, concern| all.and(Concerns::of(&[concern])));
    let concerns = if is_touched { concerns } else { Concerns::NONE };
    let mut known: Vec<(Option<&Row>, Option<&Row>, Concern)> = Vec::new();
    for concern in concerns.iter() {
        let rows = (row(before, concern), row(after, concern));
        let alike = known.iter().find(|(earlier_old, earlier_new, earlier)| {
            *earlier != Concern::Routing
                && concern != Concern::Routing
                && fares_alike(before, rows.0, *earlier_old, concern, *earlier)
                && fares_alike(after, rows.1, *earlier_new, concern, *earlier)
        });
        if let Some((.., earlier)) = alike {
            for shift in changes.iter_mut().filter(|shift| shift.concerns.has(*earlier)) {
                shift.concerns = shift.concerns.and(Concerns::of(&[concern]));
            }
            continue;
        }
        known.push((rows.0, rows.1, concern));
        let parts = (
            of_row(one, &questions.old, entry, before, rows.0, concern),
            of_row(other, &questions.new, entry, after, rows.1, concern),
        );
        add(
            &mut changes,
            concern,
            &between(concern, (&parts.0, &parts.1), sent, None),
        );
    }
    // What is sure first.
    changes.sort_by_key(|shift| shift.from == Standing::Undecided || shift.to == Standing::Undecided);
    let moves = if changes.is_empty() {
        Vec::new()
    } else {
        moves(
            &through(one, entry, before, sent),
            &through(other, entry, after, sent),
            sent,
        )
    };
    StreamDifference {
        vendor: requirement.vendor().to_owned(),
        stream: requirement.stream_id().to_owned(),
        declared,
        old: before.gets_through(),
        new: after.gets_through(),
        restated: false,
        sent: sent.clone(),
        moves,
        changes: changes
            .into_iter()
            .map(|shift| Change::of(one, other, entry, shift))
            .collect(),
    }
}

fn row<'s>(stream: &'s StreamEvidence<'_>, concern: Concern) -> Option<&'s Row> {
    stream.rows.iter().find(|row| row.concern == concern)
}

/// Whether two concerns come to the same, what is done about them included.
fn fares_alike(
    stream: &StreamEvidence<'_>,
    one: Option<&Row>,
    other: Option<&Row>,
    concern: Concern,
    earlier: Concern,
) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one.coverage == other.coverage
                && (one.coverage.left.is_empty() || {
                    let acts = |concern: Concern| {
                        let mut parts = Parts::default();
                        held(&stream.trace, concern, one.coverage.left.clone(), &mut parts);
                        parts
                    };
                    acts(concern) == acts(earlier)
                })
        }
        _ => false,
    }
}

/// What becomes of a stream's mail as far as one concern goes.
fn of_row(
    side: Side<'_>,
    questions: &[String],
    entry: Entry,
    stream: &StreamEvidence<'_>,
    row: Option<&Row>,
    concern: Concern,
) -> Parts {
    let sent = &stream.requirement.wide;
    let mut parts = Parts::default();
    let by_api = !stream.requirement.needs_smtp();
    let Some(row) = row.filter(|row| !by_api || row.answer != Answer::NotApplicable) else {
        // Not judged: nothing is held against it.
        parts.push(Standing::Cleared, sent.clone());
        return parts;
    };
    let coverage = &row.coverage;
    // What ends before it is judged is told as its end.
    let ends = stream.trace.ends.iter().filter(|end| end.at.stage <= row.stage);
    let ended: Union = ends.map(|end| end.sure.clone()).collect();
    let cleared = match concern {
        Concern::Routing => coverage.cleared.clone(),
        _ => ended.taken_from(coverage.cleared.clone()),
    };
    parts.push(Standing::Cleared, cleared);
    parts.push(Standing::Undecided, coverage.undecided.clone());
    for (needs, set) in &coverage.doubts {
        parts.hangs(questions, needs, &set.intersect(&coverage.undecided));
    }
    if concern == Concern::Routing {
        for end in &stream.trace.ends {
            let set = end.sure.intersect(&coverage.left);
            parts.push(Standing::Ended(end.verdict), set);
        }
    } else {
        held(&stream.trace, concern, coverage.left.clone(), &mut parts);
    }
    parts.before_masking(side, entry, sent)
}

/// The messages of a stream by whether they get through.
struct Fates {
    yes: MessageSet,
    unknown: MessageSet,
    no: MessageSet,
}

fn through(side: Side<'_>, entry: Entry, stream: &StreamEvidence<'_>, sent: &MessageSet) -> Fates {
    let mut no = Union::default();
    let mut unknown = Union::default();
    for row in &stream.rows {
        no.add(row.coverage.left.clone());
        unknown.add(row.coverage.undecided.clone());
    }
    let as_sent = |set: Union| side.sent_as(entry, &set.into_set(), sent);
    let no = as_sent(no);
    let unknown = as_sent(unknown).minus(&no);
    Fates {
        yes: sent.minus(&no).minus(&unknown),
        unknown,
        no,
    }
}

fn moves(before: &Fates, after: &Fates, sent: &MessageSet) -> Vec<Move> {
    let parts = |fates: &Fates| {
        let all = [&fates.yes, &fates.unknown, &fates.no];
        if all.iter().any(|set| set.overflowed()) {
            return vec![(Through::Unknown, sent.clone())];
        }
        let names = [Through::Yes, Through::Unknown, Through::No];
        names.into_iter().zip(all.map(Clone::clone)).collect()
    };
    let (before, after) = (parts(before), parts(after));
    let mut moves = Vec::new();
    for (from, one) in &before {
        for (to, other) in after.iter().filter(|(to, _)| to != from) {
            let set = one.intersect(other).merged();
            if !set.is_empty() {
                moves.push(Move {
                    from: *from,
                    to: *to,
                    witness: shown(&set, |_| true),
                    set,
                });
            }
        }
    }
    moves
}
