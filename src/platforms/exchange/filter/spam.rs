//! Anti-spam policies: allowed and blocked senders, and what becomes of spam.
//!
//! <https://learn.microsoft.com/defender-office-365/anti-spam-policies-configure>,
//! <https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>.

use crate::message::{Concern, auth};
use crate::path::{Effect, Force, Guard, Pred, Rule, Verdict};
use crate::source::Span;

use super::super::accepted::Accepted;
use super::super::build::{Bench, between};
use super::super::bundle::Bundle;
use super::super::field;
use super::super::kind::Kind;
use super::super::overrides::{ALLOWS, ANTI_SPAM_ALLOW};
use super::super::scope::Tier;
use super::ANTI_SPAM;
use super::writer::{Listed, Writer, action, sender_list, whether};

pub(super) fn anti_spam(bundle: &Bundle<'_>, bench: &mut Bench, accepted: &Accepted, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let tiers = ANTI_SPAM.tiers(bundle, bench);
    let writers = Writer::all(Kind::ContentFilterPolicy, &tiers);
    let acts: Vec<Vec<Effect>> = tiers.list.iter().map(acts).collect();
    let allows: Vec<Vec<Listed>> = writers
        .iter()
        .map(|writer| ["AllowedSenders", "AllowedSenderDomains"].map(|name| listed(writer, name, bench)))
        .map(|lists| lists.into_iter().flatten().collect())
        .collect();
    let own = own_domains(accepted);
    let blocks: Vec<Vec<Listed>> = writers
        .iter()
        .map(|writer| ["BlockedSenders", "BlockedSenderDomains"].map(|name| listed(writer, name, bench)))
        .map(|lists| lists.into_iter().flatten().collect())
        .collect();
    let on_list = |lists: &[Vec<Listed>], tier: usize| {
        let lists = lists.get(tier).into_iter().flatten();
        Pred::Any(lists.map(|list| list.from.clone()).collect())
    };
    for (at, writer) in writers.iter().enumerate() {
        if let Some(own) = acts.get(at).filter(|acts| !acts.is_empty()) {
            let same = |other: usize| whether(acts.get(other) == Some(own));
            rules.push(writer.rule("anti-spam-policy", Vec::new(), own.clone(), Vec::new(), same));
        }
        for Listed { list, from } in allows.get(at).into_iter().flatten() {
            let effects = bench.effects(ANTI_SPAM_ALLOW);
            let extra = vec![from.clone(), own.clone()];
            rules.extend(writer.outranked(ANTI_SPAM_ALLOW.control, &extra, &effects));
            let lists = vec![list.clone()];
            rules.push(writer.rule(ANTI_SPAM_ALLOW.control, extra, effects, lists, |other| {
                on_list(&allows, other)
            }));
        }
        for Listed { list, from } in blocks.get(at).into_iter().flatten() {
            let need = bench.unsaid(
                "block-against-allow",
                "no source says whether this block or the allow for the same mail wins",
                Some(list.span),
            );
            let verdict = spam_action(writer.tier);
            let ends = Effect::Ends {
                verdict,
                unless_cleared_by: ALLOWS,
                need: Some(need),
            };
            let lists = vec![list.clone()];
            rules.push(
                writer.rule(
                    "anti-spam-block",
                    vec![from.clone()],
                    vec![ends],
                    lists,
                    |other| match tiers.list.get(other) {
                        Some(tier) if spam_action(tier) == verdict => on_list(&blocks, other),
                        _ => Pred::Never,
                    },
                ),
            );
        }
    }
    // The built-in reaction to high-confidence phish, where no policy says so.
    if bundle.records(Kind::ContentFilterPolicy).is_empty() && bundle.whole(Kind::ContentFilterPolicy) {
        rules.push(default_acts(nowhere));
    }
    if !bundle.whole(Kind::ContentFilterPolicy) {
        let need = bench.missing(Kind::ContentFilterPolicy, None);
        rules.push(bench.phantom(
            Kind::ContentFilterPolicy,
            None,
            ANTI_SPAM_ALLOW.control,
            nowhere,
            &[
                Effect::MayClear(ANTI_SPAM_ALLOW.clears.and(ANTI_SPAM_ALLOW.clears_behind_other_mx), need),
                Effect::Ends {
                    verdict: Verdict::Junked,
                    unless_cleared_by: &[],
                    need: Some(need),
                },
                Effect::Acts(Concern::Spam, Verdict::Junked),
            ],
        ));
    }
    rules
}

fn default_acts(nowhere: Span) -> Rule {
    Rule {
        object: "content-filter-policy/Default".to_owned(),
        origin: nowhere,
        control: "anti-spam-policy",
        guard: Guard::always(),
        effects: vec![Effect::Acts(Concern::HighConfidencePhish, Verdict::Quarantined)],
        force: Force::InForce,
        lists: Vec::new(),
        expiry: None,
    }
}

/// A list of senders, if anything is on it. `AllowedSenders`, `AllowedSenderDomains` and their counterparts are compared with
/// the header sender.
fn listed(writer: &Writer<'_, '_>, name: &'static str, bench: &mut Bench) -> Option<Listed> {
    let list = field::list(writer.tier.policy.get(name));
    let read = sender_list(writer, name);
    if read.list.entries.is_empty() && list.unreadable.is_empty() {
        return None;
    }
    let sub_domains = bench.unsaid(
        "sub-domains/anti-spam",
        "no source says whether a domain in an anti-spam policy's list covers its sub-domains",
        Some(read.list.span),
    );
    let from = between(Pred::From(read.exact), Pred::From(read.wide), sub_domains);
    Some(Listed {
        from: bench.as_far_as_read(Kind::ContentFilterPolicy, name, &list, from),
        list: read.list,
    })
}

/// Since 2022-09 an entry for a domain of the tenant only counts for mail that passes authentication
/// (<https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>).
fn own_domains(accepted: &Accepted) -> Pred {
    let passes = auth::COMPAUTH.bit("pass").unwrap_or(0) | auth::COMPAUTH.bit("softpass").unwrap_or(0);
    let stranger = Pred::Any(vec![Pred::From(accepted.known.complement()), Pred::CompAuth(passes)]);
    match accepted.more {
        None => stranger,
        // Any of the others may be the tenant's own.
        Some(need) => between(Pred::CompAuth(passes), stranger, need),
    }
}

/// What becomes of mail that a policy takes for spam.
fn spam_action(tier: &Tier<'_>) -> Verdict {
    action(tier.policy.get("SpamAction")).unwrap_or(Verdict::Junked)
}

/// What a policy does about each concern.
fn acts(tier: &Tier<'_>) -> Vec<Effect> {
    [
        ("SpamAction", Concern::Spam),
        ("HighConfidenceSpamAction", Concern::HighConfidenceSpam),
        ("PhishSpamAction", Concern::Phish),
        ("HighConfidencePhishAction", Concern::HighConfidencePhish),
        ("BulkSpamAction", Concern::Bulk),
    ]
    .into_iter()
    .filter_map(|(key, concern)| {
        let verdict = action(tier.policy.get(key))?;
        // High-confidence phish is never moved to the junk folder; that action is carried out as quarantine.
        let high = concern == Concern::HighConfidencePhish && verdict == Verdict::Junked;
        Some(Effect::Acts(concern, if high { Verdict::Quarantined } else { verdict }))
    })
    .collect()
}
