//! Advanced Delivery for phishing simulations.
//!
//! A message is a simulation when its envelope or DKIM domain is in `Domains` and the address that authentication looks at is
//! in `SenderIpRanges`; there is no pairing, and the header sender is not consulted
//! (<https://learn.microsoft.com/defender-office-365/advanced-delivery-policy-configure>).

use crate::message::Identity;
use crate::path::{Effect, Force, Guard, Pred, Rule};
use crate::problem::Label;
use crate::source::Span;

use super::build::{Bench, Wildcard, between, networks, senders};
use super::bundle::Bundle;
use super::connectors::Connectors;
use super::field::{self, Field};
use super::kind::Kind;
use super::overrides::ADVANCED_DELIVERY;

/// The rules for Advanced Delivery.
pub(super) fn rules(bundle: &Bundle<'_>, bench: &mut Bench, connectors: &Connectors, nowhere: Span) -> Vec<Rule> {
    let off = policy_off(bundle);
    let mut rules = Vec::new();
    for &record in bundle.records(Kind::AdvancedDeliveryRule) {
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
        let (hosts_list, hosts) = networks("SenderIpRanges", &addresses, name.span, false, false);
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
        let host = host(hosts, bench, connectors, name.span);
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
        if !bundle.whole(Kind::AdvancedDeliveryPolicy) && off.is_none() {
            let need = bench.missing(Kind::AdvancedDeliveryPolicy, None);
            when.push(Pred::Unknown(need));
        }
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
            force: force(record, off.as_ref()),
            lists: vec![read.list, hosts_list],
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

/// The address that authentication looks at. Behind a gateway it is the gateway's, unless the connector is skip-listed.
fn host(hosts: crate::allow::ip::IpSet, bench: &mut Bench, connectors: &Connectors, origin: Span) -> Pred {
    match &bench.path.mask {
        Some(mask) if mask.skipped => Pred::AuthIp(hosts),
        Some(_) => Pred::Ip(hosts),
        None if connectors.skipped.is_empty() => Pred::Ip(hosts),
        None => {
            let need = bench.unsaid(
                "skip-listing/direct",
                "a connector skips the address of the last host, so the address that Advanced Delivery sees is not known for mail that comes through it",
                Some(origin),
            );
            between(
                Pred::Ip(hosts.minus(&connectors.skipped)),
                Pred::Ip(hosts.union(&connectors.skipped)),
                need,
            )
        }
    }
}

/// Why the policy is off, if it is. The real object shows `Enabled` or `Mode`; which is unconfirmed, so both are read.
fn policy_off(bundle: &Bundle<'_>) -> Option<Label> {
    bundle.records(Kind::AdvancedDeliveryPolicy).iter().find_map(|policy| {
        if let Field::Set(enabled) = field::boolean(policy.get("Enabled")) {
            return (!enabled.value).then(|| Label::new(enabled.span, "the policy is switched off"));
        }
        match field::text(policy.get("Mode")) {
            Field::Set(mode) if mode.value.to_ascii_lowercase().starts_with("disable") => {
                Some(Label::new(mode.span, "the policy is switched off"))
            }
            _ => None,
        }
    })
}

fn force(record: crate::document::Node<'_>, off: Option<&Label>) -> Force {
    let dormant = |reason: &str, label: Label, help: &str| Force::Dormant {
        check: "rule-not-in-force",
        reason: reason.to_owned(),
        label,
        help: help.to_owned(),
    };
    if let Field::Set(mode) = field::text(record.get("Mode"))
        && !["enforce", "enable", "enabled"].contains(&mode.value.to_ascii_lowercase().as_str())
    {
        // A rule that is being deleted may still be listed; only its mode tells.
        return dormant(
            &format!("has mode `{}`", mode.value),
            Label::new(mode.span, "not in force in this mode"),
            "create the rule again with `New-ExoPhishSimOverrideRule`",
        );
    }
    match field::text(record.get("State")) {
        Field::Set(state) if state.value.eq_ignore_ascii_case("Disabled") => {
            return dormant(
                "is disabled",
                Label::new(state.span, "disabled here"),
                "enable the rule",
            );
        }
        _ => {}
    }
    match off {
        Some(label) => dormant(
            "belongs to a policy that is switched off",
            label.clone(),
            "`Set-PhishSimOverridePolicy -Identity PhishSimOverridePolicy -Enabled $true`",
        ),
        None => Force::InForce,
    }
}
