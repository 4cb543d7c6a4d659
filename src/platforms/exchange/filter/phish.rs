//! Anti-phishing policies: spoof, impersonation, the DMARC policy of senders.
//!
//! <https://learn.microsoft.com/powershell/module/exchangepowershell/new-antiphishpolicy>.

use crate::document::Node;
use crate::message::{Concern, Concerns};
use crate::path::{Effect, Pred, Rule, Verdict};
use crate::source::Span;

use super::super::build::Bench;
use super::super::bundle::Bundle;
use super::super::field::{self, Field, ListState};
use super::super::kind::Kind;
use super::super::overrides::ANTI_PHISH_TRUSTED;
use super::super::scope::Tier;
use super::writer::{Listed, Writer, action, sender_list, switch, unjudged, waiver, whether};
use super::{ANTI_PHISH, DMARC, IMPERSONATION, SPOOF};

pub(super) fn anti_phish(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let tiers = ANTI_PHISH.tiers(bundle, bench);
    let writers = Writer::all(Kind::AntiPhishPolicy, &tiers);
    let waived: Vec<Concerns> = tiers.list.iter().map(unjudged_by).collect();
    let acts: Vec<Vec<Effect>> = tiers.list.iter().map(phish_acts).collect();
    let trusted: Vec<Vec<Listed>> = writers
        .iter()
        .map(|writer| ["ExcludedSenders", "ExcludedDomains"].map(|name| trusted(writer, name, bench)))
        .map(|lists| lists.into_iter().flatten().collect())
        .collect();
    for (at, writer) in writers.iter().enumerate() {
        rules.extend(waiver(writer, "anti-phish-policy", at, &waived));
        if let Some(own) = acts.get(at).filter(|acts| !acts.is_empty()) {
            let same = |other: usize| whether(acts.get(other) == Some(own));
            rules.push(writer.rule("anti-phish-policy", Vec::new(), own.clone(), Vec::new(), same));
        }
        for Listed { list, from } in trusted.get(at).into_iter().flatten() {
            let effects = bench.effects(ANTI_PHISH_TRUSTED);
            let extra = vec![from.clone()];
            rules.extend(writer.outranked(ANTI_PHISH_TRUSTED.control, &extra, &effects));
            let lists = vec![list.clone()];
            rules.push(writer.rule(ANTI_PHISH_TRUSTED.control, extra, effects, lists, |other| {
                let lists = trusted.get(other).into_iter().flatten();
                Pred::Any(lists.map(|list| list.from.clone()).collect())
            }));
        }
    }
    if !bundle.whole(Kind::AntiPhishPolicy) {
        let need = bench.missing(Kind::AntiPhishPolicy, None);
        let judged = SPOOF.and(DMARC).and(IMPERSONATION);
        rules.push(bench.phantom(
            Kind::AntiPhishPolicy,
            None,
            "anti-phish-policy",
            nowhere,
            &[Effect::MayClear(judged, need)],
        ));
    } else if bundle.records(Kind::AntiPhishPolicy).is_empty() {
        rules.push(unjudged(
            "anti-phish-policy",
            SPOOF.and(DMARC).and(IMPERSONATION),
            nowhere,
        ));
    }
    rules
}

/// What an anti-phishing policy does not judge.
fn unjudged_by(tier: &Tier<'_>) -> Concerns {
    let mut waived = Concerns::NONE;
    let off = switch(tier, "Enabled") == Some(false);
    if off || switch(tier, "EnableSpoofIntelligence") == Some(false) {
        waived = waived.and(SPOOF);
    }
    if off || switch(tier, "HonorDmarcPolicy") == Some(false) {
        waived = waived.and(DMARC);
    }
    if off || protections(tier.policy).is_empty() {
        waived = waived.and(IMPERSONATION);
    }
    waived
}

/// What an anti-phishing policy does about each concern.
fn phish_acts(tier: &Tier<'_>) -> Vec<Effect> {
    let mut acts: Vec<Effect> = [
        ("AuthenticationFailAction", Concern::Spoof),
        ("DmarcRejectAction", Concern::DmarcAction),
    ]
    .into_iter()
    .filter_map(|(key, concern)| Some(Effect::Acts(concern, action(tier.policy.get(key))?)))
    .collect();
    let off = switch(tier, "Enabled") == Some(false);
    let worst = protections(tier.policy).into_iter().flatten().max().filter(|_| !off);
    acts.extend(worst.map(|verdict| Effect::Acts(Concern::Impersonation, verdict)));
    acts
}

/// A list of trusted senders of an anti-phishing policy, if there is one. Domains do not cover sub-domains here, as the
/// cmdlet reference says.
fn trusted(writer: &Writer<'_, '_>, name: &'static str, bench: &mut Bench) -> Option<Listed> {
    let list = field::list(writer.tier.policy.get(name));
    if list.state != ListState::Listed {
        return None;
    }
    let read = sender_list(writer, name);
    Some(Listed {
        from: bench.as_far_as_read(Kind::AntiPhishPolicy, name, &list, Pred::From(read.exact)),
        list: read.list,
    })
}

/// The protections against impersonation that do something, each with what it does, if that was exported. A policy of a
/// tenant without Defender for Office 365 has none to show; one whose action is `NoAction` lets the mail pass
/// (<https://learn.microsoft.com/powershell/module/exchangepowershell/new-antiphishpolicy>).
fn protections(policy: Node<'_>) -> Vec<Option<Verdict>> {
    let state = field::enumerated(policy.get("ImpersonationProtectionState"), &[("Off", ())], &[]);
    if matches!(state, Field::Set(_)) {
        return Vec::new();
    }
    [
        ("EnableTargetedUserProtection", "TargetedUserProtectionAction"),
        ("EnableTargetedDomainsProtection", "TargetedDomainProtectionAction"),
        ("EnableOrganizationDomainsProtection", "TargetedDomainProtectionAction"),
        (
            "EnableMailboxIntelligenceProtection",
            "MailboxIntelligenceProtectionAction",
        ),
    ]
    .into_iter()
    .filter(|(key, _)| matches!(field::boolean(policy.get(key)), Field::Set(on) if on.value))
    .map(|(_, key)| action(policy.get(key)))
    .filter(|acts| *acts != Some(Verdict::Delivered))
    .collect()
}
