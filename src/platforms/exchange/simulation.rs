//! Advanced Delivery for phishing simulations.
//!
//! A message is a simulation when its envelope or DKIM domain is in `Domains` and the address that authentication looks at is
//! in `SenderIpRanges`; there is no pairing, and the header sender is not consulted
//! (<https://learn.microsoft.com/defender-office-365/advanced-delivery-policy-configure>).

use crate::allow::ip::IpSet;
use crate::document::Node;
use crate::message::Identity;
use crate::path::{Effect, Force, Guard, Need, NeedId, Pred, Rule, Skip};
use crate::problem::{Label, Level};
use crate::source::{Span, Spanned};

use super::build::{Bench, Wildcard, between, senders};
use super::bundle::Bundle;
use super::connectors::Connectors;
use super::field::{self, Field};
use super::hosts::{either, networks};
use super::kind::Kind;
use super::overrides::ADVANCED_DELIVERY;

/// The rules for Advanced Delivery.
pub(super) fn rules(bundle: &Bundle<'_>, bench: &mut Bench, connectors: &Connectors, nowhere: Span) -> Vec<Rule> {
    let records = bundle.records(Kind::AdvancedDeliveryRule);
    let policy = if records.is_empty() {
        Policy::On
    } else {
        policy(bundle, bench)
    };
    let mut rules = Vec::new();
    for &record in records {
        let name = super::build::name(record);
        let object = format!("advanced-delivery-rule/{}", name.value);
        let domains_key = ["Domains", "SenderDomainIs"]
            .into_iter()
            .find_map(|key| record.get(key));
        let domains = field::list(domains_key);
        // Whether an entry covers its sub-domains is unconfirmed; the portal asks for each exact domain.
        let read = senders(
            "Domains",
            &domains,
            name.span,
            &[Identity::MailFrom, Identity::Dkim],
            false,
            Wildcard::Literal,
        );
        let addresses = field::list(record.get("SenderIpRanges"));
        // The portal asks for IPv4 addresses.
        let hosts = networks("SenderIpRanges", &addresses, name.span, false, false);
        let sub_domains = bench.unsaid(
            "sub-domains/advanced-delivery",
            "no source says whether a domain in Advanced Delivery covers its sub-domains",
            Some(read.list.span),
        );
        let sender = Pred::Any(vec![
            between(
                Pred::MailFrom(read.exact.clone()),
                Pred::MailFrom(read.wide.clone()),
                sub_domains,
            ),
            between(
                Pred::Dkim(read.names.clone()),
                Pred::Dkim(read.wide_names.clone()),
                sub_domains,
            ),
        ]);
        let sees = sees(bench, connectors, name.span);
        let host = bench.surely_meant("SenderIpRanges", &hosts, |hosts| sees.host(hosts));
        let mut when = vec![
            bench.as_far_as_read(Kind::AdvancedDeliveryRule, "SenderIpRanges", &addresses, host),
            bench.as_far_as_read(Kind::AdvancedDeliveryRule, "Domains", &domains, sender),
        ];
        if domains_key.is_none() || record.get("SenderIpRanges").is_none() {
            let need = bench.unsaid(
                "advanced-delivery/narrowed",
                "the Advanced Delivery rule was exported without its `Domains` or `SenderIpRanges`",
                Some(name.span),
            );
            when = vec![Pred::Unknown(need)];
        }
        let (force, doubt) = force(record, &policy, bench);
        when.extend(doubt.map(Pred::Unknown));
        let effects = bench.effects(ADVANCED_DELIVERY);
        rules.push(Rule {
            object,
            origin: name.span,
            control: ADVANCED_DELIVERY.control,
            guard: Guard {
                when,
                unless: Vec::new(),
            },
            effects,
            force,
            lists: vec![read.list, hosts.list],
            expiry: None,
        });
    }
    if !bundle.whole(Kind::AdvancedDeliveryRule) {
        let need = bench.missing(Kind::AdvancedDeliveryRule, None);
        rules.push(bench.phantom(
            Kind::AdvancedDeliveryRule,
            None,
            ADVANCED_DELIVERY.control,
            nowhere,
            &[Effect::MayClear(ADVANCED_DELIVERY.clears, need)],
        ));
    }
    rules
}

/// Which address authentication looks at.
enum Sees {
    /// The last host's.
    Last,
    /// That of the host before a gateway.
    Before,
    /// One of these two.
    Either(NeedId),
    /// The last host's, but for mail that comes through these.
    Past(IpSet, NeedId),
}

/// The address that authentication looks at. Behind a gateway it is the gateway's, unless the connector is skip-listed.
fn sees(bench: &mut Bench, connectors: &Connectors, origin: Span) -> Sees {
    match bench.path.mask.as_ref().map(|mask| mask.skipped) {
        Some(Skip::Yes) => Sees::Before,
        Some(Skip::No) => Sees::Last,
        Some(Skip::Perhaps(need)) => Sees::Either(need),
        None if connectors.skipped.is_empty() => Sees::Last,
        None => {
            let need = connectors.skipped_unread.unwrap_or_else(|| {
                bench.unsaid(
                    "skip-listing/direct",
                    "a connector skips the address of the last host, so the address that Advanced Delivery sees is not known for mail that comes through it",
                    Some(origin),
                )
            });
            Sees::Past(connectors.skipped.clone(), need)
        }
    }
}

impl Sees {
    /// The address is one of these.
    fn host(&self, hosts: IpSet) -> Pred {
        match self {
            Self::Last => Pred::Ip(hosts),
            Self::Before => Pred::AuthIp(hosts),
            Self::Either(need) => either(hosts, *need),
            Self::Past(skipped, need) => between(Pred::Ip(hosts.minus(skipped)), Pred::Ip(hosts.union(skipped)), *need),
        }
    }
}

/// Whether the policy is on.
enum Policy {
    On,
    Off(Label),
    /// It may be; the need asks for what decides.
    Unclear(NeedId),
}

/// The words of `Mode` and `State`, and whether they are those of what is in force. Which of `Enabled` and `Mode` the real
/// policy shows is unconfirmed, so both are read; what numbers mean no reference says.
const WORDS: &[(&str, (&str, bool))] = &[
    ("Enforce", ("Enforce", true)),
    ("Enable", ("Enable", true)),
    ("Enabled", ("Enabled", true)),
    ("Disable", ("Disable", false)),
    ("Disabled", ("Disabled", false)),
    // A rule that is being deleted may still be listed; only its mode tells.
    ("PendingDeletion", ("PendingDeletion", false)),
    ("Audit", ("Audit", false)),
    ("AuditAndNotify", ("AuditAndNotify", false)),
];

fn policy(bundle: &Bundle<'_>, bench: &mut Bench) -> Policy {
    let kind = Kind::AdvancedDeliveryPolicy;
    let records = bundle.records(kind);
    if !bundle.whole(kind) {
        return match records.iter().find_map(|record| off(*record)) {
            Some(label) => Policy::Off(label),
            None => Policy::Unclear(bench.missing(kind, None)),
        };
    }
    // Removing the policy removes the rule (same page), so a rule without one is a contradiction.
    if records.is_empty() {
        let Some(span) = bundle.span(kind) else {
            return Policy::On;
        };
        return Policy::Unclear(bench.unsaid(
            "advanced-delivery/no-policy",
            "the export has a rule for Advanced Delivery and no policy that it belongs to",
            Some(span),
        ));
    }
    for &record in records {
        let (enabled, mode) = settings(record);
        let spans = [unreadable_at(&enabled), unreadable_at(&mode)];
        if let Some(span) = spans.into_iter().flatten().next() {
            return Policy::Unclear(unreadable(bench, span));
        }
        if let (Field::Set(enabled), Field::Set(mode)) = (&enabled, &mode)
            && enabled.value != mode.value.1
        {
            return Policy::Unclear(bench.unsaid(
                "advanced-delivery/policy",
                "the policy of Advanced Delivery says both that it is on and that it is off",
                Some(mode.span),
            ));
        }
        if let Some(label) = off(record) {
            return Policy::Off(label);
        }
    }
    Policy::On
}

type Word = (&'static str, bool);

fn settings(record: Node<'_>) -> (Field<bool>, Field<Word>) {
    let mode = field::enumerated(record.get("Mode"), WORDS, &[]);
    (field::boolean(record.get("Enabled")), mode)
}

/// Where the policy is switched off, if it is.
fn off(record: Node<'_>) -> Option<Label> {
    let span = match settings(record) {
        (Field::Set(on), _) if !on.value => on.span,
        (_, Field::Set(mode)) if !mode.value.1 => mode.span,
        _ => return None,
    };
    Some(Label::new(span, "the policy is switched off"))
}

fn unreadable_at<T>(field: &Field<T>) -> Option<Span> {
    match field {
        Field::Unreadable(span) => Some(*span),
        _ => None,
    }
}

/// A setting that holds none of its words: that has a finding of its own.
fn unreadable(bench: &mut Bench, span: Span) -> NeedId {
    bench.path.need(Need {
        key: "advanced-delivery/setting".to_owned(),
        text:
            "a setting of Advanced Delivery holds something that it cannot mean, so whether it is in force is not known"
                .to_owned(),
        help: "export it again, with words rather than numbers for settings".to_owned(),
        level: Level::Warn,
        origin: Some(span),
        told: true,
    })
}

/// Whether the rule takes part, and what would decide it where its settings cannot be read.
fn force(record: Node<'_>, policy: &Policy, bench: &mut Bench) -> (Force, Option<NeedId>) {
    let dormant = |reason: &str, label: Label, help: &str| Force::Dormant {
        check: "rule-not-in-force",
        reason: reason.to_owned(),
        label,
        help: help.to_owned(),
    };
    let mode = field::enumerated(record.get("Mode"), WORDS, &[]);
    let state = field::enumerated(record.get("State"), WORDS, &[]);
    if let Field::Set(Spanned {
        value: (word, false),
        span,
    }) = mode
    {
        let reason = format!("has mode `{word}`");
        let label = Label::new(span, "not in force in this mode");
        let help = "create the rule again with `New-ExoPhishSimOverrideRule`";
        return (dormant(&reason, label, help), None);
    }
    if let Field::Set(Spanned {
        value: (_, false),
        span,
    }) = state
    {
        let label = Label::new(span, "disabled here");
        return (dormant("is disabled", label, "enable the rule"), None);
    }
    let unclear = unreadable_at(&mode).or(unreadable_at(&state));
    let doubt = unclear.map(|span| unreadable(bench, span));
    match policy {
        Policy::Off(label) => {
            let help = "`Set-PhishSimOverridePolicy -Identity PhishSimOverridePolicy -Enabled $true`";
            let force = dormant("belongs to a policy that is switched off", label.clone(), help);
            (force, None)
        }
        Policy::Unclear(need) => (Force::InForce, Some(*need)),
        Policy::On => (Force::InForce, doubt),
    }
}
