//! Mail flow (transport) rules: conditions AND, values OR, exceptions OR, lowest priority number first.
//!
//! Sources: <https://learn.microsoft.com/powershell/module/exchangepowershell/new-transportrule> and
//! <https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/mail-flow-rules>.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::document::Node;
use crate::message::{Concern, Concerns};
use crate::path::{Effect, Expiry, Force, Guard, Pred, Rule, Verdict};
use crate::problem::{Label, Problem};
use crate::source::{Span, Spanned};

use super::accepted::Accepted;
use super::build::{Bench, day};
use super::bundle::Bundle;
use super::conditions::{self, Condition, Context, Location, Reads, condition, read};
use super::deciding;
use super::field::{self, Field};
use super::kind::Kind;
use super::overrides::{Override, SCL_BYPASS, SKIP_SAFE_ATTACHMENTS, SKIP_SAFE_LINKS};

mod classes;
mod stamps;
mod together;

pub(super) use classes::orphaned;
use classes::unread_class;
use stamps::{Stamp, stamp, stamp_in_turn};

/// Stage id.
pub(super) const STAGE: &str = "exchange/transport-rules";

/// What this stage is answerable for.
pub(super) const JUDGES: Concerns = Concerns::of(&[Concern::Routing, Concern::Alteration]);

/// One row per action. Sorted, lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    SetScl,
    HeaderName,
    HeaderValue,
    Ends(Verdict),
    /// Ends only with a certain value.
    Manager,
    Alters,
    Stops,
    /// Nothing that decides where the mail goes.
    Nothing,
    /// Removes a header, which may be one that a later rule or the filter reads.
    RemovesHeader,
}

const ACTIONS: &[(&str, Does)] = {
    use Does::{Alters, Ends, HeaderName, HeaderValue, Manager, Nothing, RemovesHeader, SetScl, Stops};
    &[
        ("addmanagerasrecipienttype", Manager),
        ("addtorecipients", Nothing),
        ("applyclassification", Alters),
        ("applyhtmldisclaimerfallbackaction", Nothing),
        ("applyhtmldisclaimerlocation", Nothing),
        ("applyhtmldisclaimertext", Alters),
        ("applyome", Alters),
        ("applyrightsprotectioncustomizationtemplate", Alters),
        ("applyrightsprotectiontemplate", Alters),
        ("blindcopyto", Nothing),
        ("copyto", Nothing),
        ("deletemessage", Ends(Verdict::Dropped)),
        ("disconnect", Ends(Verdict::Rejected)),
        ("generateincidentreport", Nothing),
        ("generatenotification", Nothing),
        ("incidentreportcontent", Nothing),
        ("logeventtext", Nothing),
        ("moderatemessagebymanager", Ends(Verdict::Redirected)),
        ("moderatemessagebyuser", Ends(Verdict::Redirected)),
        ("prependsubject", Alters),
        ("quarantine", Ends(Verdict::Quarantined)),
        ("redirectmessageto", Ends(Verdict::Redirected)),
        ("rejectmessageenhancedstatuscode", Ends(Verdict::Rejected)),
        ("rejectmessagereasontext", Ends(Verdict::Rejected)),
        ("removeheader", RemovesHeader),
        ("removeome", Nothing),
        ("removeomev2", Nothing),
        ("removermsattachmentencryption", Nothing),
        ("routemessageoutboundconnector", Ends(Verdict::Redirected)),
        ("routemessageoutboundrequiretls", Nothing),
        ("sendernotificationtype", Nothing),
        ("setauditseverity", Nothing),
        ("setheadername", HeaderName),
        ("setheadervalue", HeaderValue),
        ("setscl", SetScl),
        ("smtprejectmessagerejectstatuscode", Ends(Verdict::Rejected)),
        ("smtprejectmessagerejecttext", Ends(Verdict::Rejected)),
        ("stopruleprocessing", Stops),
    ]
};

/// Whether a key in lower case is an action.
pub(super) fn is_action(lower: &str) -> bool {
    ACTIONS.binary_search_by(|(known, _)| (*known).cmp(lower)).is_ok()
}

/// What one pass over a record's keys finds.
#[derive(Default)]
struct Parts<'a> {
    priority: Option<i64>,
    state: Option<Node<'a>>,
    mode: Option<Node<'a>>,
    activation: Option<Node<'a>>,
    expiry: Option<Node<'a>>,
    location: Option<Node<'a>>,
    header_words: Option<Node<'a>>,
    header_patterns: Option<Node<'a>>,
    except_header_words: Option<Node<'a>>,
    except_header_patterns: Option<Node<'a>>,
    description: Option<Node<'a>>,
    /// Classes named in `Conditions`, `Exceptions` and `Actions`.
    classes: Vec<(ClassList, Node<'a>)>,
    /// Keys that nobody reads and that look like an exception or a condition.
    unread: Vec<(Cow<'a, str>, bool, Node<'a>)>,
    conditions: Vec<(Cow<'a, str>, Reads, bool, Node<'a>)>,
    actions: Vec<(Cow<'a, str>, Does, Node<'a>)>,
}

/// A rule on its way to its place.
struct Placed {
    priority: i64,
    rule: Rule,
    // Few rules have one, and there may be very many rules.
    stamp: Option<Box<Stamp>>,
}

/// Which list a class is named in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClassList {
    Conditions,
    Exceptions,
    Actions,
}

/// The rules of this stage, in the order of evaluation.
pub(super) fn rules(
    bundle: &Bundle<'_>,
    bench: &mut Bench,
    accepted: &Accepted,
    now: Date,
    nowhere: Span,
    problems: &mut Vec<Problem>,
) -> Vec<Rule> {
    let read = together::read(bundle.records(Kind::TransportRule), bench, accepted, now);
    let (mut found, blanked) = (read.placed, read.blanked);
    problems.extend(read.problems);
    // The sort is stable: rules without a priority keep the order of the export, after all others.
    found.sort_by_key(|placed| placed.priority);
    stamp_in_turn(&mut found, bench);
    // What only writes headers has had its say.
    found.retain(|placed| placed.rule.effects.iter().any(|effect| *effect != Effect::Alters));
    let mut rules: Vec<Rule> = found.into_iter().map(|placed| placed.rule).collect();
    if !bundle.whole(Kind::TransportRule) || blanked.is_some() {
        let need = bench.missing(Kind::TransportRule, None);
        let clears = SCL_BYPASS
            .clears
            .and(SKIP_SAFE_LINKS.clears)
            .and(SKIP_SAFE_ATTACHMENTS.clears);
        rules.push(
            bench.phantom(
                Kind::TransportRule,
                None,
                SCL_BYPASS.control,
                nowhere,
                &[
                    Effect::MayClear(
                        clears
                            .and(SCL_BYPASS.clears_behind_other_mx)
                            .and(SCL_BYPASS.unconfirmed),
                        need,
                    ),
                    Effect::Ends {
                        verdict: Verdict::Rejected,
                        unless_cleared_by: &[],
                        need: Some(need),
                    },
                ],
            ),
        );
    }
    if let Some(span) = blanked {
        // The finding about the file says it.
        bench.path.tell_elsewhere(|key| key == "export/transport-rule");
        problems.push(
            Problem::at(
                crate::problem::Level::Deny,
                crate::problem::ProblemKind::Truncated,
                span,
                "the rules were exported without their conditions and actions",
                "neither conditions nor actions are in it",
            )
            .help("export again without `-ExcludeConditionActionDetails`"),
        );
    }
    rules
}

/// `-ExcludeConditionActionDetails` blanks conditions and actions, so that every rule looks as if it matched everything.
fn is_blanked(parts: &Parts<'_>) -> bool {
    let null = |node: &Option<Node<'_>>| node.is_some_and(Node::is_null);
    parts.actions.is_empty() && parts.conditions.is_empty() && null(&parts.description) && parts.classes.is_empty()
}

fn take(record: Node<'_>) -> Parts<'_> {
    let mut parts = Parts::default();
    let mut lower = String::new();
    for (key, value) in record.entries() {
        lower.clear();
        lower.extend(key.name.trim().chars().map(|c| c.to_ascii_lowercase()));
        match lower.as_str() {
            "priority" => parts.priority = field::integer(Some(value)).into_value(),
            "state" | "enabled" => parts.state = Some(value),
            "mode" => parts.mode = Some(value),
            "activationdate" => parts.activation = Some(value),
            "expirydate" => parts.expiry = Some(value),
            "senderaddresslocation" => parts.location = Some(value),
            "headercontainsmessageheader" => parts.header_words = Some(value),
            "headermatchesmessageheader" => parts.header_patterns = Some(value),
            "exceptifheadercontainsmessageheader" => parts.except_header_words = Some(value),
            "exceptifheadermatchesmessageheader" => parts.except_header_patterns = Some(value),
            "description" => parts.description = Some(value),
            "conditions" => parts
                .classes
                .extend(value.items().map(|class| (ClassList::Conditions, class))),
            "exceptions" => parts
                .classes
                .extend(value.items().map(|class| (ClassList::Exceptions, class))),
            "actions" => parts
                .classes
                .extend(value.items().map(|class| (ClassList::Actions, class))),
            name => {
                let (bare, exception) = match name.strip_prefix("exceptif") {
                    Some(bare) => (bare, true),
                    None => (name, false),
                };
                if value.is_null() {
                    continue;
                }
                if let Some(reads) = condition(bare) {
                    parts.conditions.push((key.name, reads, exception, value));
                } else if let Ok(at) = ACTIONS.binary_search_by(|(known, _)| (*known).cmp(name))
                    && let Some((_, does)) = ACTIONS.get(at)
                {
                    parts.actions.push((key.name, *does, value));
                } else if (exception || looks_like_a_condition(bare, value)) && !Kind::TransportRule.knows(&key.name) {
                    parts.unread.push((key.name, exception, value));
                }
            }
        }
    }
    parts
}

/// Whether a key that nobody knows holds values as conditions do, or ends as they do.
fn looks_like_a_condition(name: &str, value: Node<'_>) -> bool {
    const ENDS: &[&str] = &[
        "words", "patterns", "ranges", "is", "scope", "memberof", "over", "matches", "contains",
    ];
    value.items().next().is_some() || ENDS.iter().any(|end| name.ends_with(end))
}

fn rule(
    record: Node<'_>,
    parts: &Parts<'_>,
    bench: &mut Bench,
    accepted: &Accepted,
    now: Date,
    mut push: impl FnMut(Rule, Option<Stamp>),
    problems: &mut Vec<Problem>,
) {
    if let Some(state) = parts.state
        && enabled(state).is_none()
    {
        problems.extend(deciding::problem("State", Some(state), deciding::RULE_STATE));
    }
    if field::enumerated(parts.mode, MODES, &[]).is_unreadable() {
        problems.extend(deciding::problem("Mode", parts.mode, deciding::MODE));
    }
    problems.extend(deciding::problem(
        "SenderAddressLocation",
        parts.location,
        deciding::LOCATION,
    ));
    let (mut effects, origin) = effects(parts, bench, problems);
    let unread_class = unread_class(parts);
    let stamp = stamp(parts);
    let hidden = matches!(unread_class, Some((ClassList::Actions, ..)));
    // What only changes a message's looks neither stops nor clears it.
    if effects.iter().all(|effect| *effect == Effect::Alters) && stamp.is_none() && !hidden {
        return;
    }
    let name = super::build::name(record);
    let places = [
        ("Header", Location::Header),
        ("Envelope", Location::Envelope),
        ("HeaderOrEnvelope", Location::Either),
    ];
    let location = field::enumerated(parts.location, &places, &[]);
    let unread_location = parts.location.filter(|_| {
        let looks = |reads: &Reads| conditions::looks_at_sender(*reads);
        location.is_unreadable() && parts.conditions.iter().any(|(_, reads, ..)| looks(reads))
    });
    let location = location.into_value().unwrap_or(Location::Header);
    let header = |node: Option<Node<'_>>| match field::text(node) {
        Field::Set(text) => Some((text.value.into_owned(), text.span)),
        _ => None,
    };
    let mut guard = Guard::always();
    let mut lists = Vec::new();
    for (key, reads, exception, value) in &parts.conditions {
        let patterns = *reads == Reads::HeaderPatterns;
        let context = Context {
            rule: &name.value,
            location,
            accepted,
            header: match (reads, exception) {
                (Reads::HeaderWords | Reads::HeaderPatterns, true) => header(if patterns {
                    parts.except_header_patterns
                } else {
                    parts.except_header_words
                }),
                (Reads::HeaderWords | Reads::HeaderPatterns, false) => header(if patterns {
                    parts.header_patterns
                } else {
                    parts.header_words
                }),
                _ => None,
            },
            exception: *exception,
        };
        let Some(Condition { pred, list }) = read(key.trim(), *reads, *value, &context, bench) else {
            continue;
        };
        lists.extend(list);
        if *exception {
            guard.unless.push(pred);
        } else {
            guard.when.push(pred);
        }
    }
    if let Some((list, class, span)) = unread_class {
        let need = bench.unsaid(
            format!("rule/{}/{}", name.value, class.to_ascii_lowercase()),
            format!(
                "rule `{}` lists `{class}`, which no other key of the export explains",
                name.value
            ),
            Some(span),
        );
        match list {
            ClassList::Conditions => guard.when.push(Pred::Unknown(need)),
            ClassList::Exceptions => guard.unless.push(Pred::Unknown(need)),
            // Whatever it does may be done before anything else.
            ClassList::Actions => {
                guard.when.push(Pred::Unknown(need));
                effects.push(Effect::Ends {
                    verdict: Verdict::Dropped,
                    unless_cleared_by: &[],
                    need: Some(need),
                });
            }
        }
    }
    for (key, exception, value) in &parts.unread {
        let need = conditions::unmodelled(key.trim(), value.span(), &name.value, bench);
        if *exception {
            guard.unless.push(Pred::Unknown(need));
        } else {
            guard.when.push(Pred::Unknown(need));
        }
    }
    let contradiction = contradiction(record);
    if let Some((key, span)) = &contradiction {
        let need = bench.unsaid(
            format!("rule/{}/{}", name.value, key.to_ascii_lowercase()),
            format!(
                "rule `{}` has `{key}` twice with different values, and no source says which counts",
                name.value
            ),
            Some(*span),
        );
        guard.when.push(Pred::Unknown(need));
    }
    let unread_state = parts
        .state
        .filter(|state| !state.is_null() && enabled(*state).is_none());
    let unread_mode = match field::enumerated(parts.mode, MODES, &[]) {
        Field::Unreadable(_) => parts.mode,
        _ => None,
    };
    for (key, what, node) in [
        ("State", "is in force", unread_state),
        ("Mode", "is in force", unread_mode),
        ("SenderAddressLocation", "matches", unread_location),
    ] {
        if let Some(node) = node {
            let text = format!(
                "whether rule `{}` {what} is not known: its `{key}` cannot be read",
                name.value
            );
            let key = format!("rule/{}/{key}", name.value);
            guard
                .when
                .push(Pred::Unknown(bench.unsaid(key, text, Some(node.span()))));
        }
    }
    for (key, date) in [("ActivationDate", parts.activation), ("ExpiryDate", parts.expiry)] {
        if let Field::Unreadable(span) = field::date(date) {
            let need = bench.unsaid(
                format!("rule/{}/{key}", name.value),
                format!(
                    "rule `{}` has an `{key}` that cannot be read, so whether it is in force is not known",
                    name.value
                ),
                Some(span),
            );
            guard.when.push(Pred::Unknown(need));
        }
    }
    // The cheapest conditions first: most rules are about other mail, and the first condition to fail ends the question.
    guard.when.sort_by_key(cost);
    // Of a rule that only takes clearances back nobody asks which entry it was; and most rules stay as they are from here,
    // so that their room is not kept for more.
    let keeps = |effect: &Effect| !matches!(effect, Effect::Raises(..) | Effect::Alters);
    if !effects.iter().any(keeps) {
        lists.clear();
    }
    effects.shrink_to_fit();
    lists.shrink_to_fit();
    guard.when.shrink_to_fit();
    guard.unless.shrink_to_fit();
    // What contradicts itself may be in force, whatever comes last.
    let force = match contradiction {
        Some(_) => Force::InForce,
        None => force(&name, parts, now),
    };
    push(
        Rule {
            object: format!("transport-rule/{}", name.value),
            origin: origin.unwrap_or(name.span),
            control: SCL_BYPASS.control,
            guard,
            effects,
            force,
            lists,
            expiry: expiry(parts),
        },
        stamp,
    );
}

fn cost(pred: &Pred) -> u8 {
    match pred {
        Pred::Never => 0,
        Pred::Ip(_) | Pred::To(_) => 1,
        Pred::From(_) | Pred::MailFrom(_) | Pred::Dmarc(_) | Pred::Spf(_) | Pred::CompAuth(_) => 2,
        Pred::Between { .. } | Pred::Header(..) => 3,
        Pred::Unknown(_) | Pred::Always => 9,
        _ => 5,
    }
}

/// What the rule does, and the setting that says so.
fn effects(parts: &Parts<'_>, bench: &mut Bench, problems: &mut Vec<Problem>) -> (Vec<Effect>, Option<Span>) {
    let mut effects = Vec::new();
    let mut origin = None;
    let mut header_name = None;
    let mut header_value = None;
    let mut end = |verdict: Verdict, span: Span, effects: &mut Vec<Effect>| {
        origin.get_or_insert(span);
        if !effects.iter().any(|effect| matches!(effect, Effect::Ends { .. })) {
            effects.push(Effect::Ends {
                verdict,
                unless_cleared_by: &[],
                need: None,
            });
        }
    };
    for (_, does, value) in &parts.actions {
        if is_unset(*does, *value) {
            continue;
        }
        match does {
            Does::SetScl => match field::integer(Some(*value)) {
                Field::Set(scl) if scl.value == -1 => effects.extend(bench.effects(SCL_BYPASS)),
                Field::Set(_) => {
                    let need = bench.unsaid(
                        "scl/order",
                        "no source says which of two rules that set the SCL wins",
                        Some(value.span()),
                    );
                    effects.push(Effect::Raises(
                        SCL_BYPASS.clears.and(SCL_BYPASS.clears_behind_other_mx),
                        need,
                    ));
                }
                _ => problems.push(
                    Problem::at(
                        crate::problem::Level::Deny,
                        crate::problem::ProblemKind::BadValue,
                        value.span(),
                        "`SetSCL` is not a number",
                        "expected -1 or 0 to 9",
                    )
                    .help("export the rules again"),
                ),
            },
            Does::HeaderName => header_name = Some(*value),
            Does::HeaderValue => header_value = Some(*value),
            Does::Ends(verdict) => end(*verdict, value.span(), &mut effects),
            Does::Manager => {
                if field::enumerated(Some(*value), &[("Redirect", ())], &[])
                    .into_value()
                    .is_some()
                {
                    end(Verdict::Redirected, value.span(), &mut effects);
                }
            }
            Does::Alters => {
                if !effects.contains(&Effect::Alters) {
                    effects.push(Effect::Alters);
                }
            }
            Does::Stops => effects.push(Effect::Stops),
            Does::RemovesHeader | Does::Nothing => {}
        }
    }
    if let (Some(name), Some(value)) = (header_name, header_value) {
        effects.extend(stamped(name, value, bench));
    }
    (effects, origin)
}

/// A key that stands twice in a record with different values, and that somebody reads.
fn contradiction(record: Node<'_>) -> Option<(String, Span)> {
    if !record.is_doubled() {
        return None;
    }
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (key, value) in record.entries() {
        let name = key.name.trim().to_ascii_lowercase();
        match seen.iter().find(|(known, _)| *known == name) {
            Some((_, first)) if *first != value.raw() && Kind::TransportRule.knows(&key.name) => {
                return Some((key.name.trim().to_owned(), key.span));
            }
            Some(_) => {}
            None => seen.push((name, value.raw())),
        }
    }
    None
}

/// Whether an action is exported and not taken: `false` and `0` also as texts, lists without a value (export-formats, T1).
fn is_unset(does: Does, value: Node<'_>) -> bool {
    let list = field::list(Some(value));
    let nothing = list.items.is_empty() && list.unreadable.is_empty() && value.as_bool().is_none();
    let switch = matches!(does, Does::Ends(_) | Does::Stops);
    value.is_null()
        || value.as_bool() == Some(false)
        || nothing
        || switch && (field::boolean(Some(value)).into_value() == Some(false) || value.as_i64() == Some(0))
}

/// Headers that the service reads. Names are compared as headers are; any value that is not empty works
/// (exchange-semantics 2.5, which names the sources of each).
fn stamped(name: Node<'_>, value: Node<'_>, bench: &mut Bench) -> Vec<Effect> {
    let (Field::Set(name), Field::Set(value)) = (field::text(Some(name)), field::text(Some(value))) else {
        return Vec::new();
    };
    if value.value.trim().is_empty() {
        return Vec::new();
    }
    let allow: Option<Override> = match name.value.trim().to_ascii_lowercase().as_str() {
        "x-ms-exchange-organization-skipsafelinksprocessing" => Some(SKIP_SAFE_LINKS),
        "x-ms-exchange-organization-skipsafeattachmentprocessing" => Some(SKIP_SAFE_ATTACHMENTS),
        "x-forefront-antispam-report" if value.value.contains("SFV:SKI") => {
            // Vendors ask for it; Microsoft documents no effect.
            let need = bench.unsaid(
                "stamp/x-forefront-antispam-report",
                "no source says that a rule which writes `SFV:SKI` into `X-Forefront-Antispam-Report` makes the filter skip anything",
                Some(value.span),
            );
            return vec![Effect::MayClear(SCL_BYPASS.clears, need)];
        }
        _ => None,
    };
    allow.map(|allow| bench.effects(allow)).unwrap_or_default()
}

const MODES: &[(&str, &str)] = &[
    ("Enforce", "Enforce"),
    ("Audit", "Audit"),
    ("AuditAndNotify", "AuditAndNotify"),
];

/// Whether a rule is enabled, if that can be read: a word, an object that carries the word, or a switch.
fn enabled(state: Node<'_>) -> Option<bool> {
    match field::enumerated(Some(state), &[("Enabled", true), ("Disabled", false)], &[]) {
        Field::Set(enabled) => Some(enabled.value),
        _ => field::boolean(Some(state)).into_value(),
    }
}

/// `State` (or `Enabled` in templates), `Mode` and the date window (exchange-semantics 2.2).
fn force(name: &Spanned<String>, parts: &Parts<'_>, now: Date) -> Force {
    let dormant = |reason: String, label: Label, help: String| Force::Dormant {
        check: "rule-not-in-force",
        reason,
        label,
        help,
    };
    if let Some(state) = parts.state
        && enabled(state) == Some(false)
    {
        return dormant(
            "is disabled".to_owned(),
            Label::new(state.span(), "disabled here"),
            format!("`Enable-TransportRule -Identity \"{}\"`", name.value),
        );
    }
    if let Field::Set(mode) = field::enumerated(parts.mode, MODES, &[])
        && mode.value != "Enforce"
    {
        return dormant(
            format!("only runs in mode `{}`", mode.value),
            Label::new(mode.span, "actions are only logged"),
            format!("`Set-TransportRule -Identity \"{}\" -Mode Enforce`", name.value),
        );
    }
    if let Field::Set(from) = field::date(parts.activation)
        && day(from.value) > now
    {
        return dormant(
            format!("starts on {}", day(from.value)),
            Label::new(from.span, "not before this day"),
            format!("`Set-TransportRule -Identity \"{}\" -ActivationDate $null`", name.value),
        );
    }
    if let Field::Set(until) = field::date(parts.expiry)
        && day(until.value) < now
    {
        return dormant(
            format!("ended on {}", day(until.value)),
            Label::new(until.span, "not after this day"),
            format!("`Set-TransportRule -Identity \"{}\" -ExpiryDate $null`", name.value),
        );
    }
    Force::InForce
}

fn expiry(parts: &Parts<'_>) -> Option<Expiry> {
    match field::date(parts.expiry) {
        Field::Set(until) => Some(Expiry {
            on: Some(day(until.value)),
            label: Label::new(until.span, "ends on this day"),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_unique() {
        assert!(ACTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
