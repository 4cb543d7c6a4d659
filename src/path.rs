//! The mail path: what happens to a message, in order, with every rule's place in a source.
//!
//! Platforms build it; checks ask it. It is the only thing they share, so it knows no product:
//! a stage is a list of rules, a rule is a guard and its effects.
//! Two evaluators read it: [`MailPath::walk`] for one message, [`MailPath::trace`] for a set of them.

pub mod coverage;
mod deciding;
pub mod guard;
pub mod index;
pub mod remedy;
pub mod trace;
pub mod walk;

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod small;

use std::collections::HashMap;

use jiff::civil::Date;

use crate::message::{Concern, Concerns, Field, Identity};
use crate::problem::{Label, Level};
use crate::source::Span;

pub use guard::{Guard, Pred, Texts};

/// Something that would decide what is undecided. An index into [`MailPath::needs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeedId(u32);

impl NeedId {
    /// Its place in [`MailPath::needs`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is missing, how to get it, and how bad it is that it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Names the missing thing; one finding per key. `mx`, `dns`, `export/transport-rule`, `group/<name>`, ...
    pub key: String,
    /// Completes "cannot tell ...: ": lower-case start, no final stop.
    pub text: String,
    /// How to supply it.
    pub help: String,
    /// `Deny` where needed evidence is missing, else `Warn`.
    pub level: Level,
    /// The condition or setting that cannot be evaluated, if it stands somewhere.
    pub origin: Option<Span>,
    /// Whether a finding about the export tells of it already.
    pub told: bool,
}

/// Key of the need that asks where the recipients' MX points.
pub const MX: &str = "mx";

/// Key of the need that asks what SPF, DKIM and DMARC come to.
pub const DNS: &str = "dns";

/// Start of the keys of needs that ask whether a sender shows a certificate. Nobody shows one of a name that is not theirs.
pub const CERTIFICATE: &str = "certificate/";

/// What becomes of a message. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Reaches the inbox.
    Delivered,
    /// Reaches the junk folder.
    Junked,
    /// Goes to somebody else, or waits for somebody's approval.
    Redirected,
    /// Is held.
    Quarantined,
    /// Is deleted without a word.
    Dropped,
    /// Is refused.
    Rejected,
}

impl Verdict {
    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Junked => "junked",
            Self::Redirected => "redirected",
            Self::Quarantined => "quarantined",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
        }
    }
}

/// The kind of control a rule is, in the vocabulary the platforms share with packs (`advice.control`) and policies.
pub type Control = &'static str;

/// What a rule does to the messages its guard matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The filters will not hold these concerns against the message.
    Clears(Concerns),
    /// As `Clears`, if something holds that nobody told us.
    MayClear(Concerns, NeedId),
    /// Takes clearances back. Whether the product lets the later setting win is what the need asks.
    Raises(Concerns, NeedId),
    /// The concern is not judged for these messages at all.
    Waives(Concerns),
    /// The way ends here. Against mail cleared by one of `unless_cleared_by`, the product does not say which wins.
    Ends {
        /// Where it ends.
        verdict: Verdict,
        /// Controls against which the outcome is undecided.
        unless_cleared_by: &'static [Control],
        /// What would decide it.
        need: Option<NeedId>,
    },
    /// No later rule of this stage is evaluated.
    Stops,
    /// What the filter does when it holds this concern.
    Acts(Concern, Verdict),
    /// Subject or body is changed.
    Alters,
}

impl Effect {
    /// Whether it has a say in what the filters hold against a message, or in what they do about it.
    pub const fn is_about_concerns(&self) -> bool {
        match self {
            Self::Clears(_) | Self::MayClear(..) | Self::Raises(..) | Self::Waives(_) | Self::Acts(..) => true,
            Self::Ends { .. } | Self::Stops | Self::Alters => false,
        }
    }
}

/// Whether a rule takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Force {
    /// It does.
    InForce,
    /// It would, but for the reason that `check` names.
    Dormant {
        /// Id of the check that speaks of it.
        check: &'static str,
        /// Completes "`x` ...": `is disabled`, `runs in audit mode`.
        reason: String,
        /// The setting that keeps it out.
        label: Label,
        /// How to put it in force.
        help: String,
    },
}

/// When a rule ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Last day, or none if it lapses when unused.
    pub on: Option<Date>,
    /// The setting.
    pub label: Label,
}

/// One rule of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `<kind>/<Name>`, as reports and exceptions write it.
    pub object: String,
    /// The object's name, for underlining.
    pub origin: Span,
    /// What kind of control it is.
    pub control: Control,
    /// Which messages it is about.
    pub guard: Guard,
    /// What it does to them.
    pub effects: Vec<Effect>,
    /// Whether it takes part.
    pub force: Force,
    /// The lists of values its guard was built from.
    pub lists: Vec<List>,
    /// When it ends by itself.
    pub expiry: Option<Expiry>,
}

/// A list of values in a setting, kept so that findings can point at single entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Name of the setting, as the product spells it.
    pub name: &'static str,
    /// The whole list.
    pub span: Span,
    /// What of a message the entries are compared with.
    pub identities: &'static [Identity],
    /// Whether the list is an exception to its rule.
    pub exception: bool,
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One value of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// What it means to the control.
    pub meaning: Meaning,
    /// What else is known of it, where an entry is an object of its own.
    pub detail: Option<Box<EntryDetail>>,
}

/// An entry that is an object of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDetail {
    /// `<kind>/<value>`.
    pub object: String,
    /// When it ends by itself.
    pub expiry: Option<Expiry>,
    /// Whether it stays until somebody removes it, although the product could end it.
    pub standing: bool,
}

/// What an entry means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Addresses of hosts.
    Networks(crate::allow::ip::IpSet),
    /// Senders, as the control surely takes them.
    Senders(crate::allow::address::AddressSet),
    /// Names, as the control surely takes them.
    Names(crate::allow::domain::DomainSet),
    /// A text that is compared as a text.
    Text,
    /// Nothing: it can never match what it was meant for. Says why, and how it was probably meant.
    Malformed {
        /// Completes "`x` ...": `has host bits set`.
        why: String,
        /// What was probably meant.
        meant: Option<crate::allow::ip::IpSet>,
    },
}

/// A stage of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `<platform>/<stage>`, as reports write it.
    pub id: &'static str,
    /// The concerns this stage judges.
    pub judges: Concerns,
    /// Its rules, in the order of evaluation.
    pub rules: Vec<Rule>,
}

/// The way of a message to one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailPath {
    /// Its name in reports, such as `direct`.
    pub name: String,
    /// Platform id.
    pub platform: &'static str,
    /// The stages, in order.
    pub stages: Vec<Stage>,
    /// What would decide what is undecided.
    pub needs: Vec<Need>,
    /// Where each key stands in `needs`.
    by_key: HashMap<String, usize>,
    /// Settings that grant more than an allow does.
    pub grants: Vec<Grant>,
    /// The filter in front, if there is one: what it does to the addresses.
    pub mask: Option<Mask>,
    /// What would decide which other domains it leads to, where that cannot be read.
    pub more_domains: Option<NeedId>,
}

/// A setting that grants more than an allow does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Id of the check that speaks of it.
    pub check: &'static str,
    /// `<kind>/<Name>`.
    pub object: String,
    /// Stage id.
    pub stage: &'static str,
    /// The finding's sentence.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The setting.
    pub label: Label,
}

/// What a filter in front does to the addresses of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The addresses it connects from.
    pub egress: crate::allow::ip::IpSet,
    /// Whether authentication looks past it, at the host that connected to it.
    pub skipped: Skip,
}

/// Whether authentication looks past a filter in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It sees the filter.
    No,
    /// It sees the host that connected to the filter.
    Yes,
    /// One of both; the need asks which. Addresses are kept as if it looked past.
    Perhaps(NeedId),
}

impl MailPath {
    /// An empty path.
    pub fn new(name: &str, platform: &'static str) -> Self {
        let needs: Vec<Need> = OPEN.iter().map(|(_, key, what)| open_need(key, what)).collect();
        Self {
            name: name.to_owned(),
            platform,
            stages: Vec::new(),
            by_key: needs
                .iter()
                .enumerate()
                .rev()
                .map(|(at, need)| (need.key.clone(), at))
                .collect(),
            needs,
            grants: Vec::new(),
            mask: None,
            more_domains: None,
        }
    }

    /// What a pack would have to say of a field that it leaves open.
    pub fn open_need(&self, field: Field) -> Option<NeedId> {
        let at = OPEN.iter().position(|(open, ..)| *open == field)?;
        u32::try_from(at).ok().map(NeedId)
    }

    /// The set as the platform sees it.
    pub fn masked(&self, set: &crate::message::MessageSet) -> crate::message::MessageSet {
        let Some(mask) = &self.mask else { return set.clone() };
        set.map(|cube| {
            let auth_ip = if mask.skipped == Skip::No {
                mask.egress.clone()
            } else {
                cube.ip.clone()
            };
            Some(crate::message::Cube {
                ip: mask.egress.clone(),
                auth_ip,
                ..cube.clone()
            })
        })
    }

    /// One message as the platform sees it.
    pub fn masked_message(&self, message: &crate::message::Message) -> crate::message::Message {
        let Some(mask) = &self.mask else { return message.clone() };
        let ip = mask.egress.smallest().unwrap_or(message.ip);
        let auth_ip = if mask.skipped == Skip::No { ip } else { message.ip };
        crate::message::Message {
            ip,
            auth_ip,
            ..message.clone()
        }
    }

    /// A need of this path. Needs of one key are one need; the first to ask says where.
    pub fn need(&mut self, need: Need) -> NeedId {
        let at = if let Some(at) = self.by_key.get(&need.key) {
            *at
        } else {
            self.by_key.insert(need.key.clone(), self.needs.len());
            self.needs.push(need);
            self.needs.len() - 1
        };
        NeedId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// Decides a need by what was learned since the path was built: what possibly cleared for want of it clears surely, or
    /// not at all.
    pub fn decide(&mut self, key: &str, holds: bool) {
        let Some(at) = self.by_key.get(key) else { return };
        let Ok(at) = u32::try_from(*at) else { return };
        let decided = NeedId(at);
        for rule in self.stages.iter_mut().flat_map(|stage| &mut stage.rules) {
            rule.effects.retain_mut(|effect| match effect {
                Effect::MayClear(concerns, need) if *need == decided => {
                    *effect = Effect::Clears(*concerns);
                    holds
                }
                _ => true,
            });
        }
    }

    /// Marks needs as told by another finding.
    pub fn tell_elsewhere(&mut self, is_told: impl Fn(&str) -> bool) {
        for need in self.needs.iter_mut().filter(|need| is_told(&need.key)) {
            need.told = true;
        }
    }

    /// The ids of all needs, in their order.
    pub fn need_ids(&self) -> impl Iterator<Item = NeedId> + use<> {
        (0..u32::try_from(self.needs.len()).unwrap_or(u32::MAX)).map(NeedId)
    }

    /// The need of an id of this path.
    pub fn needed(&self, id: NeedId) -> Option<&Need> {
        self.needs.get(id.index())
    }

    /// The stage at which mail arrives that is sent past the filters in front.
    pub fn entry_past_hops(&self) -> usize {
        self.stages
            .iter()
            .take_while(|stage| stage.id.starts_with("hop/"))
            .count()
    }

    /// Whether a filter stands in front. That nobody takes mail is no filter.
    pub fn has_hops(&self) -> bool {
        self.mask.is_some() || self.stages.iter().any(|stage| stage.id == "hop/gateway")
    }

    /// The stage at which mail arrives that is put into the mailbox; past the last where the path has no mailbox.
    pub fn entry_into_mailbox(&self) -> usize {
        let mailbox = self.stages.iter().position(|stage| stage.id.ends_with("/mailbox"));
        mailbox.unwrap_or(self.stages.len())
    }

    /// The stage that judges a concern.
    pub fn judge(&self, concern: Concern) -> Option<usize> {
        self.stages.iter().position(|stage| stage.judges.has(concern))
    }

    /// The rule a hit speaks of.
    pub fn rule(&self, at: RuleAt) -> Option<&Rule> {
        self.stages.get(at.stage)?.rules.get(at.rule)
    }

    /// All rules with their places.
    pub fn rules(&self) -> impl Iterator<Item = (RuleAt, &Stage, &Rule)> {
        self.stages.iter().enumerate().flat_map(|(stage, found)| {
            found
                .rules
                .iter()
                .enumerate()
                .map(move |(rule, body)| (RuleAt { stage, rule }, found, body))
        })
    }
}

/// Fields that a pack may leave open, with the keys of the needs that ask for them. Every path starts with these needs.
const OPEN: &[(Field, &str, &str)] = &[
    (Field::Ip, "open/connecting-ip", "from which addresses this mail comes"),
    (
        Field::AuthIp,
        "open/connecting-ip",
        "from which addresses this mail comes",
    ),
    (
        Field::MailFrom,
        "open/mail-from",
        "who the envelope sender of this mail is",
    ),
    (Field::From, "open/header-from", "who the header sender of this mail is"),
    (Field::Dkim, "open/dkim", "who signs this mail"),
    (
        Field::Spf,
        "open/authentication",
        "whether this mail passes authentication",
    ),
    (
        Field::Auth,
        "open/authentication",
        "whether this mail passes authentication",
    ),
    (
        Field::Headers,
        "open/subject",
        "what the subject and the other headers of this mail say",
    ),
    (Field::Links, "open/link", "where the links of this mail lead"),
];

fn open_need(key: &str, what: &str) -> Need {
    Need {
        key: key.to_owned(),
        text: format!("a rule stops mail by it, and the pack does not say {what}"),
        help: "look at what the rule names, or add the vendor's value to the pack".to_owned(),
        level: Level::Warn,
        origin: None,
        told: false,
    }
}

/// Which rule of which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleAt {
    /// Index of the stage.
    pub stage: usize,
    /// Index of the rule.
    pub rule: usize,
}

impl Rule {
    /// Concerns it surely clears when in force.
    pub fn clears(&self) -> Concerns {
        self.effects.iter().fold(Concerns::NONE, |all, effect| match effect {
            Effect::Clears(concerns) => all.and(*concerns),
            _ => all,
        })
    }

    /// Concerns it clears, surely or possibly, when in force.
    pub fn may_clear(&self) -> Concerns {
        self.effects.iter().fold(self.clears(), |all, effect| match effect {
            Effect::MayClear(concerns, _) => all.and(*concerns),
            _ => all,
        })
    }

    /// The verdict with which it ends the way of a message.
    pub fn ends(&self) -> Option<Verdict> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Ends { verdict, .. } => Some(*verdict),
            _ => None,
        })
    }

    /// Whether it takes part.
    pub fn in_force(&self) -> bool {
        self.force == Force::InForce
    }
}
