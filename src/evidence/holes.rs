//! Who else could use an allow: every entry of every allow, put down to the sharpest question it raises.
//!
//! Per entry one answer (semantics, section 7): own domain, shared sender, forgeable, broad, residue, unexplained.
//! That a rule really has its effect for the witness is asked of the other evaluator before anything is said.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::allow::address::{Address, AddressSet};
use crate::allow::domain::Domain;
use crate::allow::header::Matcher;
use crate::allow::ip::IpSet;
use crate::message::{Concern, Concerns, Cube, Identity, Message, MessageSet};
use crate::pack::Sharing;
use crate::path::coverage::confirmed;
use crate::path::index::RuleIndex;
use crate::path::walk::{Standing, Step};
use crate::path::{Entry, List, Meaning, NeedId, Pred, Rule, RuleAt};
use crate::requirement::Means;
use crate::source::Span;

use super::Evidence;
use super::shared::is_shared;

/// Which question an entry raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// A bypass for the tenant's own domain.
    OwnDomain,
    /// Hosts or domains that anyone can send from.
    Shared,
    /// Anyone can meet the condition.
    Forgeable,
    /// Anyone who has seen one simulation can.
    ForgeableBySecret,
    /// Wider than what is asked for.
    Broad,
    /// Nothing explains it.
    Unexplained,
    /// Somebody may be able to, and something that is not known would decide it.
    Undecided,
}

/// One allow that more than the vendors can use.
#[derive(Debug, Clone)]
pub struct Hole {
    /// The question.
    pub question: Question,
    /// The rule.
    pub rule: RuleAt,
    /// List and entry, where one entry is at fault; none where the whole condition is.
    pub entry: Option<(usize, usize)>,
    /// A message that shows it, confirmed by the other evaluator.
    pub witness: Option<Message>,
    /// A value of a vendor that lies in the entry, if it is only wider than asked for.
    pub inside: Option<Span>,
    /// What would decide it, where it is undecided.
    pub needs: BTreeSet<NeedId>,
    /// Whether the witness has to be sent past a filter in front.
    pub straight: bool,
}

/// What all questions about one tenant share.
struct Asking<'e, 'a> {
    evidence: &'e Evidence<'a>,
    /// Entries that are values of some vendor: other checks name it.
    known: BTreeSet<Span>,
    /// Rules that can keep an allow from having its effect.
    interfering: RuleIndex,
    /// Hosts of vendors and our own.
    trusted: IpSet,
    /// Hosts of vendors that others send from too.
    shared: IpSet,
}

/// Concerns whose clearance is worth an attacker's while.
const WORTH: Concerns = Concerns::of(&[
    Concern::Spoof,
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
    Concern::HighConfidencePhish,
    Concern::AttachmentDetonation,
    Concern::LinkScan,
    Concern::LinkClick,
]);

/// Of these, what only allows of senders clear: scanning is also spared by settings that are no allows.
const SENDERS_ONLY: Concerns = WORTH.without(Concerns::of(&[
    Concern::AttachmentDetonation,
    Concern::LinkScan,
    Concern::LinkClick,
]));

/// Controls that are settings of a filter rather than allows.
const SETTINGS: [&str; 5] = [
    "anti-phish-policy",
    "no-policy",
    "authentication",
    "anti-phish-trusted",
    "safe-links-exclusion",
];

fn is_allow(rule: &Rule) -> bool {
    rule.in_force()
        && rule.clears().overlaps(WORTH)
        && !SETTINGS.contains(&rule.control)
        && !rule.lists.iter().any(|list| list.identities == [Identity::Link])
}

/// Whether a rule stands for an export that nobody supplied and that may hold an allow, or a connector whose mail counts
/// as the tenant's own.
fn may_be_allow(evidence: &Evidence<'_>, rule: &Rule) -> bool {
    // Where nothing was recognised, that says it all.
    if evidence.facts.reads.is_empty() {
        return false;
    }
    let [Pred::Unknown(need)] = rule.guard.when.as_slice() else {
        return false;
    };
    let is_missing = evidence.need(*need).is_some_and(|need| need.key.starts_with("export/"));
    let allows = rule.may_clear().overlaps(SENDERS_ONLY) && !SETTINGS.contains(&rule.control);
    is_missing && rule.lists.is_empty() && (allows || rule.control == "inbound-connector")
}

/// All holes, in the order of the path. `interfering` are the rules that can keep an allow from having its effect.
pub fn holes(evidence: &Evidence<'_>, interfering: RuleIndex) -> Vec<Hole> {
    let shared: Vec<&IpSet> = evidence
        .facts
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.facts)
        .filter(|fact| fact.sharing == Sharing::Shared)
        .filter_map(|fact| match &fact.means {
            Means::Hosts(hosts) => Some(hosts),
            _ => None,
        })
        .collect();
    let asking = Asking {
        evidence,
        known: known_entries(evidence),
        interfering,
        trusted: evidence.vendor_hosts.union(&evidence.own_hosts),
        shared: IpSet::union_all(shared),
    };
    let rules: Vec<(RuleAt, &Rule)> = evidence.facts.path.rules().map(|(at, _, rule)| (at, rule)).collect();
    // In the order of the path, whoever is done first.
    let of_each: Vec<Vec<Hole>> = rules
        .into_par_iter()
        .map(|(at, rule)| {
            if is_allow(rule) {
                of_rule(&asking, at, rule)
            } else if may_be_allow(evidence, rule) {
                vec![unseen(at, rule)]
            } else {
                Vec::new()
            }
        })
        .collect();
    of_each.into_iter().flatten().collect()
}

/// Entries that are values of some vendor, be it one in use, a former one or one that nobody declared: other checks name it.
fn known_entries(evidence: &Evidence<'_>) -> BTreeSet<Span> {
    let known = evidence
        .entries
        .iter()
        .filter(|entry| evidence.entries.about(entry).next().is_some());
    known.map(|entry| entry.entry.span).collect()
}

fn of_rule(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule) -> Vec<Hole> {
    let mut holes = Vec::new();
    gather(asking, at, rule, &mut holes);
    holes
}

/// What nobody supplied may hold an allow for anybody.
fn unseen(at: RuleAt, rule: &Rule) -> Hole {
    let needs = rule.guard.when.iter().filter_map(|pred| match pred {
        Pred::Unknown(need) => Some(*need),
        _ => None,
    });
    Hole {
        question: Question::Undecided,
        rule: at,
        entry: None,
        witness: None,
        straight: false,
        inside: None,
        needs: needs.collect(),
    }
}

fn gather(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule, holes: &mut Vec<Hole>) {
    let evidence = asking.evidence;
    let hosts = rule
        .lists
        .iter()
        .position(|list| is_condition(list) && list.identities.contains(&Identity::ConnectingIp));
    if let Some(list) = hosts {
        by_hosts(asking, at, rule, list, holes);
        paired_names(asking, at, rule, holes);
        return;
    }
    let reach = rule.guard.split(&evidence.attacker.set);
    let known = holes.len();
    if rule.control == "anti-spam-allow" {
        own_in_anti_spam(evidence, at, rule, holes);
    }
    let senders = rule.lists.iter().position(|list| {
        is_condition(list)
            && names_senders(list)
            && list
                .entries
                .iter()
                .any(|entry| matches!(entry.meaning, Meaning::Senders(_)))
    });
    if !reach.sure.is_empty() {
        match senders {
            Some(list) => by_senders(asking, at, rule, list, &reach.sure, holes),
            None => by_condition(asking, at, rule, &reach.sure, holes),
        }
    }
    if holes.len() == known {
        // Words of a domain are found in longer names too, which anyone can have.
        let longer = rule.guard.split(&in_longer_names(evidence, rule)).sure;
        by_condition(asking, at, rule, &longer, holes);
    }
    if holes.len() == known {
        let open = if reach.sure.is_empty() {
            &reach.unsure
        } else {
            &reach.sure
        };
        undecided(asking, at, rule, open, holes);
    }
}

/// Nobody surely gets in; whether somebody does may hang on something that is not known.
fn undecided(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule, reach: &MessageSet, holes: &mut Vec<Hole>) {
    let Some(message) = reach.witness() else { return };
    let path = asking.evidence.facts.path;
    let entry = if path.has_hops() { path.entry_past_hops() } else { 0 };
    let journey = path.walk_from(entry, &message);
    if path.keeps_strangers_out(&journey).is_some() {
        return;
    }
    let wanted = rule.clears();
    let standings = journey.stages.iter().flat_map(|stage| &stage.concerns);
    let needs: BTreeSet<NeedId> = standings
        .filter(|(concern, _)| wanted.has(*concern))
        .filter_map(|(_, standing)| match standing {
            Standing::Unknown(needs, _) => Some(needs),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    // Where the same unknown would also stop the message, whatever the answer is, nothing is open.
    let steps = journey.stages.iter().flat_map(|stage| &stage.steps);
    let stops = |step: &Step| journey.may_end.contains(&step.at) && step.needs.is_superset(&needs);
    if !needs.is_empty() && !steps.into_iter().any(stops) {
        holes.push(Hole {
            question: Question::Undecided,
            rule: at,
            entry: None,
            witness: Some(message),
            inside: None,
            needs,
            straight: path.has_hops(),
        });
    }
}

/// What a stranger sends whose own domain begins with a name that the rule looks for.
fn in_longer_names(evidence: &Evidence<'_>, rule: &Rule) -> MessageSet {
    let entries = rule
        .lists
        .iter()
        .filter(|list| is_condition(list) && names_senders(list))
        .flat_map(|list| &list.entries)
        .filter(|entry| entry.meaning == Meaning::Text);
    let domains: Vec<AddressSet> = entries
        .flat_map(|entry| {
            // Of a pattern, the name it spells.
            let name = entry.text.replace('\\', "");
            let name = name.trim_matches(|letter: char| !letter.is_alphanumeric());
            [format!("{name}.example"), format!("other{name}")].map(|name| Domain::parse(&name).ok())
        })
        .flatten()
        .map(|domain| AddressSet::domain(&domain))
        .collect();
    let longer = AddressSet::union_all(&domains);
    evidence.attacker.set.map(|cube| {
        let (from, mail_from) = (cube.from.intersect(&longer), cube.mail_from.intersect(&longer));
        (!from.is_empty() && !mail_from.is_empty()).then(|| Cube {
            mail_from,
            from,
            ..cube.clone()
        })
    })
}

fn names_senders(list: &List) -> bool {
    list.identities.contains(&Identity::HeaderFrom) || list.identities.contains(&Identity::MailFrom)
}

fn is_condition(list: &List) -> bool {
    !list.exception
}

/// Entries of hosts: whatever else the rule asks for can be forged or not, the address decides.
fn by_hosts(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule, index: usize, holes: &mut Vec<Hole>) {
    let evidence = asking.evidence;
    let Some(list) = rule.lists.get(index) else { return };
    let mut reach: Option<MessageSet> = None;
    let mut shown = false;
    for (number, entry) in list.entries.iter().enumerate() {
        // A malformed entry has a check of its own.
        let Meaning::Networks(hosts) = &entry.meaning else {
            continue;
        };
        // An undeclared host is not an attacker's, so the question is asked of everyone but the vendors and ourselves.
        let strangers = hosts.minus(&asking.trusted);
        let shared = hosts.overlaps(&asking.shared);
        if strangers.is_empty() && !shared {
            continue;
        }
        let reach = reach.get_or_insert_with(|| reachable(evidence, rule));
        if reach.is_empty() {
            return;
        }
        // A spoof pair names a whole /24, so it cannot be narrower than that
        // (https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-email-spoof-configure).
        if rule.control == "spoof-pairs" && hosts.overlaps(&asking.trusted) && !is_wide(evidence, hosts) {
            continue;
        }
        let question = if is_nearly_everybody(hosts) {
            // Whoever attacks sends from one of these.
            Question::Forgeable
        } else if shared {
            Question::Shared
        } else if hosts.overlaps(&asking.trusted) || is_wide(evidence, hosts) {
            Question::Broad
        } else if asking.known.contains(&entry.span) {
            // That it is of a vendor who is gone or not declared explains it, and is a finding of its own.
            continue;
        } else {
            Question::Unexplained
        };
        let wanted = if strangers.is_empty() { hosts.clone() } else { strangers };
        let part = reach.map(|cube| {
            let ip = cube.ip.intersect(&wanted);
            (!ip.is_empty()).then(|| Cube { ip, ..cube.clone() })
        });
        // Nothing reaches the entry: another condition keeps everybody out.
        if part.is_empty() {
            continue;
        }
        // What nothing explains is told list by list, with one message for all.
        let told = question == Question::Unexplained && shown;
        let shows = if told { None } else { show(asking, at, &part) };
        // What is rejected or stopped before the allow cannot use it.
        if shows.is_none() && !told {
            continue;
        }
        let straight = shows.as_ref().is_some_and(|(_, straight)| *straight);
        shown |= question == Question::Unexplained;
        holes.push(Hole {
            question,
            rule: at,
            entry: Some((index, number)),
            witness: shows.map(|(message, _)| message),
            inside: (question != Question::Unexplained)
                .then(|| asked_for(evidence, hosts, shared))
                .flatten(),
            needs: BTreeSet::new(),
            straight,
        });
    }
}

/// Half of all addresses of IPv4, or more.
fn is_nearly_everybody(hosts: &IpSet) -> bool {
    hosts.v4_only().count() >= 1 << 31
}

/// Names beside hosts in lists that are not paired: the hosts keep strangers out, and still every host of the list may
/// use every name, so somebody should know whose it is.
fn paired_names(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule, holes: &mut Vec<Hole>) {
    let evidence = asking.evidence;
    if rule.control != "advanced-delivery" {
        return;
    }
    for (index, list) in rule.lists.iter().enumerate().filter(|(_, list)| is_condition(list)) {
        for (number, entry) in list.entries.iter().enumerate() {
            let Meaning::Senders(senders) = &entry.meaning else {
                continue;
            };
            if asking.known.contains(&entry.span) || senders.overlaps(&evidence.facts.accepted) {
                continue;
            }
            let entry = Some((index, number));
            holes.push(Hole {
                question: Question::Unexplained,
                rule: at,
                entry,
                witness: None,
                inside: None,
                needs: BTreeSet::new(),
                straight: false,
            });
        }
    }
}

/// Messages from anywhere that meet every other condition of the rule, as far as a stranger can meet them.
fn reachable(evidence: &Evidence<'_>, rule: &Rule) -> MessageSet {
    let anywhere = evidence.attacker.set.map(|cube| {
        Some(Cube {
            ip: IpSet::all(),
            auth_ip: IpSet::all(),
            ..cube.clone()
        })
    });
    rule.guard.split(&anywhere).sure
}

/// The vendor's value that lies in the hosts: a shared one, where they are shared.
fn asked_for(evidence: &Evidence<'_>, hosts: &IpSet, shared: bool) -> Option<Span> {
    evidence
        .facts
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.facts)
        .filter(|fact| !shared || fact.sharing == Sharing::Shared)
        .find(|fact| matches!(&fact.means, Means::Hosts(known) if known.overlaps(hosts)))
        .map(|fact| fact.span)
}

/// Wider than the policy lets an undeclared network be.
pub fn is_wide(evidence: &Evidence<'_>, hosts: &IpSet) -> bool {
    let limits = &evidence.facts.policy.limits;
    let v4 = limits.largest_ipv4_prefix.map_or(24, |prefix| prefix.value);
    let v6 = limits.largest_ipv6_prefix.map_or(48, |prefix| prefix.value);
    let room = |bits: u32, prefix: u32| 1_u128.checked_shl(bits.saturating_sub(prefix)).unwrap_or(u128::MAX);
    hosts.v4_only().count() > room(32, v4) || hosts.v6_only().count() > room(128, v6)
}

/// Own domains do not belong into anti-spam lists even though only mail that passes authentication is let through by them.
fn own_in_anti_spam(evidence: &Evidence<'_>, at: RuleAt, rule: &Rule, holes: &mut Vec<Hole>) {
    for (index, list) in rule.lists.iter().enumerate() {
        for (number, entry) in list.entries.iter().enumerate() {
            let Meaning::Senders(senders) = &entry.meaning else {
                continue;
            };
            if senders.overlaps(&evidence.facts.accepted) {
                let entry = Some((index, number));
                holes.push(Hole {
                    question: Question::OwnDomain,
                    rule: at,
                    entry,
                    witness: None,
                    inside: None,
                    needs: BTreeSet::new(),
                    straight: false,
                });
            }
        }
    }
}

/// Entries of senders without any condition on the host: whoever writes the name gets in.
fn by_senders(
    asking: &Asking<'_, '_>,
    at: RuleAt,
    rule: &Rule,
    index: usize,
    reach: &MessageSet,
    holes: &mut Vec<Hole>,
) {
    let evidence = asking.evidence;
    let Some(list) = rule.lists.get(index) else { return };
    for (number, entry) in list.entries.iter().enumerate() {
        let Meaning::Senders(senders) = &entry.meaning else {
            continue;
        };
        // One entry shows itself best by a message that needs no other.
        let alone = reach.map(|cube| by_entry_alone(cube, list, senders));
        let part = if alone.is_empty() {
            reach.map(|cube| with_sender(cube, list, senders))
        } else {
            alone
        };
        if part.is_empty() {
            continue;
        }
        let own = !evidence.facts.accepted.is_empty() && senders.overlaps(&evidence.facts.accepted);
        if own && rule.control == "anti-spam-allow" {
            continue;
        }
        let question = question_of(evidence, rule, senders);
        if let Some((message, straight)) = show(asking, at, &part) {
            holes.push(Hole {
                question,
                rule: at,
                entry: Some((index, number)),
                witness: Some(message),
                inside: None,
                needs: BTreeSet::new(),
                straight,
            });
        }
    }
}

/// The messages whose every sender that the list looks at is of the entry.
fn by_entry_alone(cube: &Cube, list: &List, senders: &AddressSet) -> Option<Cube> {
    let of = |identity: Identity, found: &AddressSet| {
        if list.identities.contains(&identity) {
            found.intersect(senders)
        } else {
            found.clone()
        }
    };
    let from = of(Identity::HeaderFrom, &cube.from);
    let mail_from = of(Identity::MailFrom, &cube.mail_from);
    (!from.is_empty() && !mail_from.is_empty()).then(|| Cube {
        mail_from,
        from,
        ..cube.clone()
    })
}

/// The messages of which one sender that the list looks at is of the entry.
fn with_sender(cube: &Cube, list: &List, senders: &AddressSet) -> Option<Cube> {
    let header = list.identities.contains(&Identity::HeaderFrom);
    let envelope = list.identities.contains(&Identity::MailFrom);
    let from = if header {
        cube.from.intersect(senders)
    } else {
        cube.from.clone()
    };
    let mail_from = if envelope {
        cube.mail_from.intersect(senders)
    } else {
        cube.mail_from.clone()
    };
    match (header && !from.is_empty(), envelope && !mail_from.is_empty()) {
        (true, true) if list.identities.len() > 1 => Some(Cube {
            mail_from,
            from,
            ..cube.clone()
        }),
        (true, _) => Some(Cube { from, ..cube.clone() }),
        (_, true) => Some(Cube {
            mail_from,
            ..cube.clone()
        }),
        _ => None,
    }
}

/// The question that senders raise, if anyone can write them.
fn question_of(evidence: &Evidence<'_>, rule: &Rule, senders: &AddressSet) -> Question {
    if senders.overlaps(&evidence.facts.accepted) {
        Question::OwnDomain
    } else if senders.positive_domains().any(|(domain, ..)| is_shared(&domain)) {
        Question::Shared
    } else {
        forgeable(evidence, rule)
    }
}

fn forgeable(evidence: &Evidence<'_>, rule: &Rule) -> Question {
    if rule.guard.when.iter().any(|pred| is_secret(evidence, pred)) {
        Question::ForgeableBySecret
    } else {
        Question::Forgeable
    }
}

/// No list of hosts and none of senders: headers, subjects, words in a sender, or nothing at all.
fn by_condition(asking: &Asking<'_, '_>, at: RuleAt, rule: &Rule, reach: &MessageSet, holes: &mut Vec<Hole>) {
    let evidence = asking.evidence;
    let conditions = || rule.lists.iter().enumerate().filter(|(_, list)| is_condition(list));
    // Words that spell a domain of ours or of everybody say more than that anyone can write them.
    let sharper = conditions()
        .filter(|(_, list)| names_senders(list))
        .flat_map(|(index, list)| {
            let entries = list.entries.iter().enumerate();
            entries.map(move |(number, entry)| ((index, number), list, entry))
        })
        .find_map(|(place, list, entry)| {
            let senders = spelled(entry)?;
            let question = question_of(evidence, rule, &senders);
            if !matches!(question, Question::OwnDomain | Question::Shared) {
                return None;
            }
            let message = show(asking, at, &reach.map(|cube| with_sender(cube, list, &senders)))?;
            Some((question, Some(place), message))
        });
    let first = || conditions().find_map(|(index, list)| (!list.entries.is_empty()).then_some((index, 0)));
    let found = sharper.or_else(|| Some((forgeable(evidence, rule), first(), show(asking, at, reach)?)));
    let Some((question, entry, (message, straight))) = found else {
        return;
    };
    holes.push(Hole {
        question,
        rule: at,
        entry,
        witness: Some(message),
        inside: None,
        needs: BTreeSet::new(),
        straight,
    });
}

/// The senders that a word spells.
fn spelled(entry: &Entry) -> Option<AddressSet> {
    if entry.meaning != Meaning::Text {
        return None;
    }
    let text = entry.text.trim().trim_start_matches('@');
    match Address::parse(text) {
        Ok(address) => Some(AddressSet::exact(&address)),
        Err(_) => Domain::parse(text).ok().map(|domain| AddressSet::domain(&domain)),
    }
}

/// Whether a condition asks for a value that only the tenant and its vendor know.
fn is_secret(evidence: &Evidence<'_>, pred: &Pred) -> bool {
    let (name, values) = match pred {
        Pred::Header(name, values) => (name, values),
        Pred::All(preds) => return preds.iter().any(|pred| is_secret(evidence, pred)),
        Pred::Any(preds) => return !preds.is_empty() && preds.iter().all(|pred| is_secret(evidence, pred)),
        Pred::Between { possibly, .. } => return is_secret(evidence, possibly),
        _ => return false,
    };
    let mut texts: Vec<&str> = Vec::new();
    for fact in evidence
        .facts
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.facts)
    {
        if let Means::Header(known, wanted) = &fact.means
            && fact.secret
            && known == name
        {
            texts.extend(wanted.texts());
            texts.extend(
                wanted
                    .cubes()
                    .iter()
                    .flat_map(|cube| cube.all.iter())
                    .filter_map(spelled_by),
            );
        }
    }
    let secret = |text: &str| texts.iter().any(|known| known.eq_ignore_ascii_case(text));
    let asks = |matcher: &Matcher| spelled_by(matcher).is_some_and(&secret);
    // Each way to meet the condition has to hold one.
    let mut plain = values.texts();
    let mut ways = values.cubes().iter();
    !texts.is_empty() && plain.all(&secret) && ways.all(|way| way.all.iter().any(asks))
}

/// The text that a matcher looks for.
fn spelled_by(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::Equals(text) | Matcher::Word(text) | Matcher::Contains(text) => Some(text),
        Matcher::Pattern(_) => None,
    }
}

/// A message of the set for which the rule surely has its effect, and whether it has to be sent past a filter in front.
fn show(asking: &Asking<'_, '_>, at: RuleAt, set: &MessageSet) -> Option<(Message, bool)> {
    let path = asking.evidence.facts.path;
    confirmed(path, set, 8, |message| path.holds_for(at, message, &asking.interfering))
}
