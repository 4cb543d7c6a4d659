//! The comparison for programs, `allowaudit-diff` version 1.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::difference::{
    Asked, AttackerChange, Change, Decided, Declared, Difference, EverybodyChange, GrantChange, Move, StreamDifference,
    Through,
};
use crate::evidence::witness::Witness;
use crate::message::{Concerns, Message, MessageSet};
use crate::problem::Level;
use crate::report::diff::{DiffOutcome, DiffReport, Sketch, TenantDiff, sketches};
use crate::report::place::Places;

use super::{WireLabel, WireProblem, WireTool, pretty, wire_labels};

/// Version of the format: goes up when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// The report as JSON with a final line feed; the same report gives the same bytes.
pub fn render(report: &DiffReport, tool_version: &str) -> String {
    let wire = WireReport {
        format: "allowaudit-diff",
        version: VERSION,
        tool: WireTool {
            name: "allowaudit",
            version: tool_version,
        },
        tenants: report.tenants.iter().map(WireTenant::new).collect(),
        summary: WireSummary {
            tenants: report.tenants.len(),
            same: report.count(DiffOutcome::Same),
            changed: report.count(DiffOutcome::Changed),
            worse: report.count(DiffOutcome::Worse),
            only_old: report.count(DiffOutcome::OnlyOld),
            only_new: report.count(DiffOutcome::OnlyNew),
            failed: report.count(DiffOutcome::Failed),
        },
    };
    pretty(&wire)
}

#[derive(Serialize)]
struct WireReport<'a> {
    format: &'static str,
    version: u32,
    tool: WireTool<'a>,
    tenants: Vec<WireTenant<'a>>,
    summary: WireSummary,
}

#[derive(Serialize)]
struct WireSummary {
    tenants: usize,
    same: usize,
    changed: usize,
    worse: usize,
    only_old: usize,
    only_new: usize,
    failed: usize,
}

#[derive(Serialize)]
struct WireTenant<'a> {
    name: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    outcome: &'static str,
    streams: Vec<WireStream<'a>>,
    strangers: Option<WireStrangers<'a>>,
    everybody: Option<WireEverybody>,
    problems: Vec<WireSideProblem<'a>>,
}

impl<'a> WireTenant<'a> {
    fn new(tenant: &'a TenantDiff) -> Self {
        let mut wire = Self {
            name: &tenant.name,
            old: tenant.old.as_ref().map(|side| side.path.as_str()),
            new: tenant.new.as_ref().map(|side| side.path.as_str()),
            outcome: tenant.outcome().as_str(),
            streams: Vec::new(),
            strangers: None,
            everybody: None,
            problems: Vec::new(),
        };
        if let (Some(difference), Some(old), Some(new)) = (&tenant.difference, &tenant.old, &tenant.new) {
            let mut both = (Places::new(&old.sources), Places::new(&new.sources));
            wire.of(difference, &mut both);
        }
        for (name, side) in tenant.sides() {
            let mut places = Places::new(&side.sources);
            let shown = side.problems.iter().filter(|problem| problem.level > Level::Allow);
            wire.problems.extend(shown.map(|problem| WireSideProblem {
                side: name,
                problem: WireProblem::new(&mut places, problem),
            }));
        }
        wire
    }

    fn of(&mut self, difference: &'a Difference, both: &mut (Places<'a>, Places<'a>)) {
        let streams = difference.streams.iter();
        self.streams = streams.map(|stream| WireStream::new(stream, both)).collect();
        let attacker = &difference.attacker;
        self.strangers = Some(WireStrangers {
            worse: attacker.is_for_the_worse(),
            changes: attacker
                .changes
                .iter()
                .map(|change| WireStrangerChange::new(change, both))
                .collect(),
            grants: attacker
                .grants
                .iter()
                .map(|grant| WireGrant::new(grant, both))
                .collect(),
        });
        self.everybody = Some(WireEverybody {
            changes: difference
                .everybody
                .changes
                .iter()
                .map(WireEverybodyChange::new)
                .collect(),
        });
    }
}

#[derive(Serialize)]
struct WireSideProblem<'a> {
    side: &'static str,
    #[serde(flatten)]
    problem: WireProblem<'a>,
}

#[derive(Serialize)]
struct WireStream<'a> {
    vendor: &'a str,
    stream: &'a str,
    declared: &'static str,
    old: &'static str,
    new: &'static str,
    worse: bool,
    restated: bool,
    moves: Vec<WireMove>,
    changes: Vec<WireChange<'a>>,
}

impl<'a> WireStream<'a> {
    fn new(stream: &'a StreamDifference, both: &mut (Places<'a>, Places<'a>)) -> Self {
        let through = |through: Option<bool>| match through {
            Some(true) => Through::Yes.as_str(),
            Some(false) => Through::No.as_str(),
            None => Through::Unknown.as_str(),
        };
        Self {
            vendor: &stream.vendor,
            stream: &stream.stream,
            declared: match stream.declared {
                Declared::Both => "both",
                Declared::Old => "old",
                Declared::New => "new",
            },
            old: through(stream.old),
            new: through(stream.new),
            worse: stream.is_for_the_worse(),
            restated: stream.restated,
            moves: stream.moves.iter().map(WireMove::new).collect(),
            changes: stream
                .changes
                .iter()
                .map(|change| WireChange::new(change, both))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct WireMove {
    from: &'static str,
    to: &'static str,
    set: WireSet,
    witness: Option<WireMessage>,
}

impl WireMove {
    fn new(one: &Move) -> Self {
        Self {
            from: one.from.as_str(),
            to: one.to.as_str(),
            set: WireSet::new(&one.set),
            witness: one.witness.as_ref().map(WireMessage::new),
        }
    }
}

#[derive(Serialize)]
struct WireChange<'a> {
    concerns: Vec<&'static str>,
    entry: &'static str,
    from: &'static str,
    to: &'static str,
    capped: bool,
    set: WireSet,
    witness: Option<WireMessage>,
    old: WireDecided<'a>,
    new: WireDecided<'a>,
}

impl<'a> WireChange<'a> {
    fn new(change: &'a Change, both: &mut (Places<'a>, Places<'a>)) -> Self {
        Self {
            concerns: concerns(change.concerns),
            entry: change.entry.as_str(),
            from: change.from.as_str(),
            to: change.to.as_str(),
            capped: change.capped,
            set: WireSet::new(&change.set),
            witness: change.witness.as_ref().map(WireMessage::new),
            old: WireDecided::new(&change.old, &mut both.0),
            new: WireDecided::new(&change.new, &mut both.1),
        }
    }
}

fn concerns(concerns: Concerns) -> Vec<&'static str> {
    concerns.iter().map(crate::message::Concern::as_str).collect()
}

#[derive(Serialize)]
struct WireDecided<'a> {
    object: Option<&'a str>,
    labels: Vec<WireLabel<'a>>,
    needs: Vec<WireNeed<'a>>,
}

impl<'a> WireDecided<'a> {
    fn new(decided: &'a Decided, places: &mut Places<'a>) -> Self {
        Self {
            object: decided.object.as_deref(),
            labels: wire_labels(places, &decided.labels),
            needs: decided.asked.iter().map(WireNeed::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct WireNeed<'a> {
    key: &'a str,
    text: &'a str,
    help: &'a str,
}

impl<'a> WireNeed<'a> {
    fn new(asked: &'a Asked) -> Self {
        Self {
            key: &asked.key,
            text: &asked.text,
            help: &asked.help,
        }
    }
}

#[derive(Serialize)]
struct WireStrangers<'a> {
    worse: bool,
    changes: Vec<WireStrangerChange<'a>>,
    grants: Vec<WireGrant<'a>>,
}

#[derive(Serialize)]
struct WireStrangerChange<'a> {
    direction: &'static str,
    declared: bool,
    #[serde(flatten)]
    change: WireChange<'a>,
}

impl<'a> WireStrangerChange<'a> {
    fn new(change: &'a AttackerChange, both: &mut (Places<'a>, Places<'a>)) -> Self {
        Self {
            direction: change.direction.as_str(),
            declared: change.declared,
            change: WireChange::new(&change.change, both),
        }
    }
}

#[derive(Serialize)]
struct WireGrant<'a> {
    gained: bool,
    check: &'static str,
    object: &'a str,
    message: &'a str,
    labels: Vec<WireLabel<'a>>,
}

impl<'a> WireGrant<'a> {
    fn new(grant: &'a GrantChange, both: &mut (Places<'a>, Places<'a>)) -> Self {
        let places = if grant.gained { &mut both.1 } else { &mut both.0 };
        Self {
            gained: grant.gained,
            check: grant.check,
            object: &grant.object,
            message: &grant.message,
            labels: wire_labels(places, std::slice::from_ref(&grant.label)),
        }
    }
}

#[derive(Serialize)]
struct WireEverybody {
    changes: Vec<WireEverybodyChange>,
}

#[derive(Serialize)]
struct WireEverybodyChange {
    concerns: Vec<&'static str>,
    entry: &'static str,
    from: &'static str,
    to: &'static str,
    capped: bool,
    set: WireSet,
    witness: Option<WireMessage>,
}

impl WireEverybodyChange {
    fn new(change: &EverybodyChange) -> Self {
        Self {
            concerns: concerns(change.concerns),
            entry: change.entry.as_str(),
            from: change.from.as_str(),
            to: change.to.as_str(),
            capped: change.capped,
            set: WireSet::new(&change.set),
            witness: change.set.witness().as_ref().map(WireMessage::new),
        }
    }
}

/// A set in a few words: what of its fields is fixed, product by product.
#[derive(Serialize)]
struct WireSet {
    products: Vec<WireSketch>,
    left_out: usize,
}

impl WireSet {
    fn new(set: &MessageSet) -> Self {
        let (products, left_out) = sketches(set);
        Self {
            products: products.into_iter().map(WireSketch::new).collect(),
            left_out,
        }
    }
}

/// A field that is not there may be anything, or all but a few.
#[derive(Serialize)]
struct WireSketch {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mail_from: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dkim: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    auth: Vec<String>,
    left_out: usize,
}

impl WireSketch {
    fn new(sketch: Sketch) -> Self {
        Self {
            ip: sketch.ip,
            mail_from: sketch.mail_from,
            from: sketch.from,
            dkim: sketch.dkim,
            to: sketch.to,
            headers: sketch.headers,
            auth: sketch.auth,
            left_out: sketch.left_out,
        }
    }
}

#[derive(Serialize)]
struct WireMessage {
    ip: Option<String>,
    mail_from: Option<String>,
    from: Option<String>,
    to: Option<String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dkim: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    auth: Vec<String>,
}

impl WireMessage {
    fn new(message: &Message) -> Self {
        let witness = Witness::of(message);
        Self {
            ip: witness.ip,
            mail_from: witness.mail_from,
            from: witness.from,
            to: witness.to,
            headers: witness.headers,
            dkim: witness.dkim,
            auth: witness.auth,
        }
    }
}
