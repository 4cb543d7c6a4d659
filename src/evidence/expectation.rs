//! The user's own invariants: the messages an `[[expect]]` row is about, and whether what it says holds for all of them.
//!
//! The messages are cut along the guards of all rules that touch them. Within one piece every message fares alike,
//! so walking one of each piece proves the row for all.

use crate::allow::address::AddressSet;
use crate::allow::domain::DomainSet;
use crate::allow::header::TextSet;
use crate::allow::ip::IpSet;
use crate::message::{Cube, Fields, HeaderSet, Message, MessageSet, Names};
use crate::path::walk::{Journey, Standing};
use crate::path::{MailPath, RuleAt, Verdict};
use crate::policy::{EntryPoint, Expect, ExpectSender, Outcome};
use crate::requirement::{Requirement, senders_of};
use crate::source::Spanned;
use crate::spelling::SenderSpec;

use super::Evidence;
use super::witness::Witness;

/// Pieces beyond this many, and the row is undecided.
const MAX_PIECES: usize = 512;

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It holds for every message.
    Holds,
    /// It does not hold for this one; the rule that decided, if one did.
    Broken(Box<Witness>, Option<RuleAt>),
    /// Undecided; a message for which it is, if one can be shown.
    Undecided(Option<Box<Witness>>),
}

/// Proves a row, or finds a message that breaks it.
pub fn prove(evidence: &Evidence<'_>, expect: &Expect) -> Proof {
    let path = evidence.facts.path;
    let wanted = messages(evidence, expect);
    let mut undecided = None;
    for way in ways(path, expect.entry.as_ref().map(|entry| entry.value)) {
        let set = if way.entry == 0 {
            path.masked(&wanted)
        } else {
            wanted.clone()
        };
        let Some(pieces) = pieces(path, way.entry, &set) else {
            undecided = undecided.or(Some(None));
            continue;
        };
        for piece in &pieces {
            let Some(message) = piece.witness() else {
                undecided = undecided.or(Some(None));
                continue;
            };
            let journey = path.walk_from(way.entry, &message);
            let witness = || Box::new((way.says)(path, &message));
            match met(&journey, expect.outcome.value) {
                Some(met) if met == expect.always => {}
                Some(_) => return Proof::Broken(witness(), deciding(path, &journey, expect.outcome.value)),
                None => undecided = Some(Some(witness())),
            }
        }
    }
    undecided.map_or(Proof::Holds, Proof::Undecided)
}

/// A way in.
struct Way {
    /// The stage at which it comes in.
    entry: usize,
    /// A message that takes it, in words.
    says: fn(&MailPath, &Message) -> Witness,
}

/// The ways in that a row is about. Without a filter in front there is but one for SMTP.
fn ways(path: &MailPath, entry: Option<EntryPoint>) -> Vec<Way> {
    let smtp = || Way {
        entry: 0,
        says: Witness::behind,
    };
    let direct = || Way {
        entry: path.entry_past_hops(),
        says: |path, message| Witness::of(message).straight(path.has_hops()),
    };
    match entry {
        Some(EntryPoint::Smtp) => vec![smtp()],
        Some(EntryPoint::SmtpDirect) => vec![direct()],
        None if path.entry_past_hops() == 0 => vec![smtp()],
        None => vec![smtp(), direct()],
        Some(EntryPoint::Api) => vec![Way {
            entry: path.entry_into_mailbox(),
            says: |_, message| Witness {
                entry: Some(EntryPoint::Api.as_str()),
                ..Witness::of(message)
            },
        }],
    }
}

/// The messages that a row is about.
fn messages(evidence: &Evidence<'_>, expect: &Expect) -> MessageSet {
    let tenant = &evidence.facts.accepted;
    let to = evidence.facts.recipients();
    let senders = |specs: &[Spanned<SenderSpec>]| {
        let sets: Vec<AddressSet> = specs.iter().map(|spec| senders_of(&spec.value, tenant)).collect();
        if sets.is_empty() {
            AddressSet::all()
        } else {
            AddressSet::union_all(&sets)
        }
    };
    let hosts: Vec<&IpSet> = expect.ip.iter().map(|ip| &ip.value).collect();
    let signers: Vec<DomainSet> = expect.dkim.iter().map(|dkim| dkim.value.set()).collect();
    let mut cube = Cube {
        ip: if hosts.is_empty() {
            IpSet::all()
        } else {
            IpSet::union_all(hosts)
        },
        mail_from: senders(&expect.mail_from),
        from: senders(&expect.from),
        to: if expect.to.is_empty() { to } else { senders(&expect.to) },
        ..Cube::all()
    };
    if !signers.is_empty() {
        cube.dkim = Names::some_in(DomainSet::union_all(&signers));
    }
    for header in &expect.headers {
        let values = header
            .value
            .matcher
            .clone()
            .map_or_else(TextSet::all, TextSet::matching);
        cube.headers = cube
            .headers
            .with(header.value.name.clone(), HeaderSet { absent: false, values });
    }
    let wanted = MessageSet::from(cube);
    match &expect.sender {
        ExpectSender::Attacker => evidence.attacker.set.intersect(&wanted),
        ExpectSender::Anyone => wanted,
        ExpectSender::Pack(id) => {
            let of = |requirement: &&Requirement<'_>| requirement.pack.answers_to(id);
            let sent = evidence.facts.requirements.iter().filter(of);
            sent.fold(MessageSet::empty(), |all, requirement| all.union(&requirement.narrow))
                .intersect(&wanted)
        }
    }
}

/// The set cut along every guard that meets it; `None` if there are too many pieces.
fn pieces(path: &MailPath, entry: usize, set: &MessageSet) -> Option<Vec<MessageSet>> {
    let mut pieces = vec![set.clone()];
    for at in path.trace_from(entry, set, Fields::default()).met {
        let rule = path.rule(at)?;
        let mut cut = Vec::new();
        for piece in &pieces {
            let split = rule.guard.split(piece);
            let rest = piece.minus(&split.sure).minus(&split.unsure);
            cut.extend(
                [split.sure, split.unsure, rest]
                    .into_iter()
                    .filter(|part| !part.is_empty()),
            );
            if cut.len() > MAX_PIECES {
                return None;
            }
        }
        pieces = cut;
    }
    pieces.retain(|piece| !piece.is_empty());
    Some(pieces)
}

/// Whether the outcome is what the row names; `None` if it is undecided.
fn met(journey: &Journey, outcome: Outcome) -> Option<bool> {
    let verdict = |wanted: Verdict| journey.verdict.map(|verdict| verdict == wanted);
    match outcome {
        Outcome::Delivered => verdict(Verdict::Delivered),
        Outcome::Rejected => verdict(Verdict::Rejected),
        Outcome::Quarantined => verdict(Verdict::Quarantined),
        Outcome::Junked => verdict(Verdict::Junked),
        Outcome::SkipsSpamFilter => journey.skips_spam_filter,
        Outcome::Clears(wanted) => journey
            .stages
            .iter()
            .flat_map(|stage| &stage.concerns)
            .find(|(concern, _)| *concern == wanted)
            .map_or(Some(false), |(_, standing)| match standing {
                Standing::Cleared(_) => Some(true),
                Standing::Waived(_) | Standing::Raised => Some(false),
                Standing::Unknown(..) => None,
            }),
    }
}

/// The rule behind an outcome.
fn deciding(path: &MailPath, journey: &Journey, outcome: Outcome) -> Option<RuleAt> {
    let ended = || {
        let mut steps = journey.stages.iter().flat_map(|stage| &stage.steps).map(|step| step.at);
        steps.rfind(|at| path.rule(*at).is_some_and(|rule| rule.ends().is_some()))
    };
    let cleared = || {
        journey
            .stages
            .iter()
            .flat_map(|stage| &stage.concerns)
            .find_map(|(concern, standing)| match (outcome, standing) {
                (Outcome::Clears(wanted), Standing::Cleared(at)) if wanted == *concern => Some(*at),
                (Outcome::Clears(_), _) => None,
                (_, Standing::Cleared(at)) => Some(*at),
                _ => None,
            })
    };
    match outcome {
        Outcome::Rejected | Outcome::Quarantined | Outcome::Junked => ended(),
        Outcome::Delivered | Outcome::SkipsSpamFilter | Outcome::Clears(_) => cleared().or_else(ended),
    }
}
