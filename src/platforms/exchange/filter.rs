//! The content filter: anti-spam, anti-phishing, Safe Links and Safe Attachments policies, one per type and recipient.
//!
//! Sources: <https://learn.microsoft.com/defender-office-365/anti-spam-policies-configure>,
//! <https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>,
//! <https://learn.microsoft.com/powershell/module/exchangepowershell/new-antiphishpolicy>,
//! <https://learn.microsoft.com/defender-office-365/safe-links-about>.

use crate::allow::address::AddressSet;
use crate::allow::domain::DomainSet;
use crate::document::Node;
use crate::message::{Concern, Concerns, Identity, NO_ATTACHMENT, auth};
use crate::path::{Effect, Entry, Force, Guard, List, Meaning, Pred, Rule, Verdict};
use crate::source::Span;

use super::build::{Bench, Wildcard, between, senders};
use super::bundle::Bundle;
use super::field::{self, Field, ListState};
use super::kind::Kind;
use super::overrides::{ALLOWS, ANTI_PHISH_TRUSTED, ANTI_SPAM_ALLOW, SAFE_LINKS_EXCLUSION};
use super::scope::{Family, Tier, groups, is_default, people, recipient_domains};
use super::tenant_list::host_of;

/// Stage id.
pub(super) const STAGE: &str = "exchange/content-filter";

/// What this stage judges. Authentication is judged through spoof and DMARC action.
pub(super) const JUDGES: Concerns = Concerns::of(&[
    Concern::DmarcAction,
    Concern::Spoof,
    Concern::Impersonation,
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
    Concern::HighConfidencePhish,
    Concern::AttachmentDetonation,
    Concern::LinkScan,
    Concern::LinkRewriting,
]);

const ANTI_SPAM: Family = Family {
    policy: Kind::ContentFilterPolicy,
    rule: Kind::ContentFilterRule,
    names_policy: "HostedContentFilterPolicy",
    presets: Kind::EopPresetRule,
};
const ANTI_PHISH: Family = Family {
    policy: Kind::AntiPhishPolicy,
    rule: Kind::AntiPhishRule,
    names_policy: "AntiPhishPolicy",
    presets: Kind::EopPresetRule,
};
const SAFE_LINKS: Family = Family {
    policy: Kind::SafeLinksPolicy,
    rule: Kind::SafeLinksRule,
    names_policy: "SafeLinksPolicy",
    presets: Kind::AtpPresetRule,
};
const SAFE_ATTACHMENTS: Family = Family {
    policy: Kind::SafeAttachmentPolicy,
    rule: Kind::SafeAttachmentRule,
    names_policy: "SafeAttachmentPolicy",
    presets: Kind::AtpPresetRule,
};

const SPOOF: Concerns = Concerns::of(&[Concern::Spoof]);
const DMARC: Concerns = Concerns::of(&[Concern::DmarcAction]);
const IMPERSONATION: Concerns = Concerns::of(&[Concern::Impersonation]);
const LINKS: Concerns = Concerns::of(&[Concern::LinkScan, Concern::LinkClick, Concern::LinkRewriting]);
const DETONATION: Concerns = Concerns::of(&[Concern::AttachmentDetonation]);

/// The rules of the policies.
pub(super) fn rules(bundle: &Bundle<'_>, bench: &mut Bench, accepted: Option<&AddressSet>, nowhere: Span) -> Vec<Rule> {
    let mut rules = anti_spam(bundle, bench, accepted, nowhere);
    rules.extend(anti_phish(bundle, bench, nowhere));
    rules.extend(safe_links(bundle, bench, nowhere));
    rules.extend(safe_attachments(bundle, bench, nowhere));
    rules.push(authenticated(nowhere));
    rules.push(unknown_authentication(bench, nowhere));
    rules
}

struct Writer<'a, 'b> {
    object: String,
    origin: Span,
    tier: &'b Tier<'a>,
}

impl<'a, 'b> Writer<'a, 'b> {
    fn new(kind: Kind, tier: &'b Tier<'a>) -> Self {
        Self {
            object: format!("{}/{}", kind.as_str(), tier.name.value),
            origin: tier.name.span,
            tier,
        }
    }

    fn rule(&self, control: &'static str, extra: Vec<Pred>, effects: Vec<Effect>, lists: Vec<List>) -> Rule {
        let mut guard = self.tier.scope.clone();
        guard.when.splice(0..0, extra);
        let force = match &self.tier.dormant {
            Some(dormant) => Force::Dormant {
                check: "rule-not-in-force",
                reason: dormant.reason.clone(),
                label: dormant.label.clone(),
                help: dormant.help.clone(),
            },
            None => Force::InForce,
        };
        if self.tier.dormant.is_some() {
            guard.when.retain(|pred| *pred != Pred::Never);
        }
        Rule {
            object: self.object.clone(),
            origin: self.origin,
            control,
            guard,
            effects,
            force,
            lists,
            expiry: None,
        }
    }

    /// The same allow as if no preset came first: what it would clear is what the preset takes from it.
    fn outranked(&self, control: &'static str, extra: Vec<Pred>, effects: Vec<Effect>) -> Option<Rule> {
        let preset = self
            .tier
            .below_preset
            .as_ref()
            .filter(|_| self.tier.dormant.is_none())?;
        let mut when = extra;
        when.extend(self.tier.alone.iter().cloned());
        Some(Rule {
            object: self.object.clone(),
            origin: self.origin,
            control,
            guard: Guard { when, unless: Vec::new() },
            effects,
            force: Force::Dormant {
                check: "preset-overrides-policy",
                reason: "is outranked by a preset, whose policy does not have this list".to_owned(),
                label: preset.clone(),
                help: "clear the mail by Advanced Delivery or the Tenant Allow/Block List, which hold for preset recipients too"
                    .to_owned(),
            },
            lists: Vec::new(),
            expiry: None,
        })
    }
}

/// What a verdict's action comes to.
fn action(node: Option<Node<'_>>) -> Option<Verdict> {
    let word = field::text(node).into_value()?.to_ascii_lowercase();
    Some(match word.as_str() {
        "movetojmf" => Verdict::Junked,
        "quarantine" => Verdict::Quarantined,
        "delete" => Verdict::Dropped,
        "redirect" => Verdict::Redirected,
        "reject" => Verdict::Rejected,
        "noaction" | "bccmessage" | "addxheader" | "modifysubject" => Verdict::Delivered,
        _ => return None,
    })
}

fn anti_spam(bundle: &Bundle<'_>, bench: &mut Bench, accepted: Option<&AddressSet>, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    for tier in &ANTI_SPAM.tiers(bundle, bench) {
        let writer = Writer::new(Kind::ContentFilterPolicy, tier);
        let acts: Vec<Effect> = [
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
        .collect();
        if !acts.is_empty() {
            rules.push(writer.rule("anti-spam-policy", Vec::new(), acts, Vec::new()));
        }
        rules.extend(allowed(&writer, bench, accepted));
        rules.extend(blocked(&writer, bench));
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

/// One list of senders of an anti-spam policy.
struct Listed {
    list: List,
    /// Which header senders are on it.
    from: Pred,
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

fn allowed(writer: &Writer<'_, '_>, bench: &mut Bench, accepted: Option<&AddressSet>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for name in ["AllowedSenders", "AllowedSenderDomains"] {
        let Some(Listed { list, from }) = listed(writer, name, bench) else {
            continue;
        };
        // Since 2022-09 an entry for a domain of the tenant only counts for mail that passes authentication
        // (https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365).
        let passes = auth::COMPAUTH.bit("pass").unwrap_or(0) | auth::COMPAUTH.bit("softpass").unwrap_or(0);
        let own = match accepted {
            Some(accepted) => Pred::Any(vec![Pred::From(accepted.complement()), Pred::CompAuth(passes)]),
            // Any of them may be the tenant's own.
            None => between(
                Pred::CompAuth(passes),
                Pred::Always,
                bench.missing(Kind::AcceptedDomain, None),
            ),
        };
        let effects = bench.effects(ANTI_SPAM_ALLOW);
        let extra = vec![from, own];
        rules.extend(writer.outranked(ANTI_SPAM_ALLOW.control, extra.clone(), effects.clone()));
        rules.push(writer.rule(ANTI_SPAM_ALLOW.control, extra, effects, vec![list]));
    }
    rules
}

fn blocked(writer: &Writer<'_, '_>, bench: &mut Bench) -> Vec<Rule> {
    let mut rules = Vec::new();
    for name in ["BlockedSenders", "BlockedSenderDomains"] {
        let Some(Listed { list, from }) = listed(writer, name, bench) else {
            continue;
        };
        let need = bench.unsaid(
            "block-against-allow",
            "no source says whether this block or the allow for the same mail wins",
            Some(list.span),
        );
        let verdict = action(writer.tier.policy.get("SpamAction")).unwrap_or(Verdict::Junked);
        let ends = Effect::Ends {
            verdict,
            unless_cleared_by: ALLOWS,
            need: Some(need),
        };
        rules.push(writer.rule("anti-spam-block", vec![from], vec![ends], vec![list]));
    }
    rules
}

fn sender_list(writer: &Writer<'_, '_>, name: &'static str) -> super::build::Senders {
    let list = field::list(writer.tier.policy.get(name));
    senders(
        name,
        &list,
        writer.origin,
        &[Identity::HeaderFrom],
        false,
        Wildcard::Literal,
    )
}

fn anti_phish(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let tiers = ANTI_PHISH.tiers(bundle, bench);
    for tier in &tiers {
        let writer = Writer::new(Kind::AntiPhishPolicy, tier);
        let on = |key: &str| match field::boolean(tier.policy.get(key)) {
            Field::Set(set) => Some(set.value),
            _ => None,
        };
        let mut waived = Concerns::NONE;
        let off = on("Enabled") == Some(false);
        if off || on("EnableSpoofIntelligence") == Some(false) {
            waived = waived.and(SPOOF);
        }
        if off || on("HonorDmarcPolicy") == Some(false) {
            waived = waived.and(DMARC);
        }
        let impersonation = if off { Vec::new() } else { protections(tier.policy) };
        if impersonation.is_empty() {
            waived = waived.and(IMPERSONATION);
        }
        if !waived.is_empty() {
            rules.push(writer.rule(
                "anti-phish-policy",
                Vec::new(),
                vec![Effect::Waives(waived)],
                Vec::new(),
            ));
        }
        let mut acts: Vec<Effect> = [
            ("AuthenticationFailAction", Concern::Spoof),
            ("DmarcRejectAction", Concern::DmarcAction),
        ]
        .into_iter()
        .filter_map(|(key, concern)| Some(Effect::Acts(concern, action(tier.policy.get(key))?)))
        .collect();
        let worst = impersonation.into_iter().flatten().max();
        acts.extend(worst.map(|verdict| Effect::Acts(Concern::Impersonation, verdict)));
        if !acts.is_empty() {
            rules.push(writer.rule("anti-phish-policy", Vec::new(), acts, Vec::new()));
        }
        for name in ["ExcludedSenders", "ExcludedDomains"] {
            // Domains do not cover sub-domains here, as the cmdlet reference says.
            let list = field::list(tier.policy.get(name));
            let read = sender_list(&writer, name);
            if list.state != ListState::Listed {
                continue;
            }
            let effects = bench.effects(ANTI_PHISH_TRUSTED);
            let from = vec![bench.as_far_as_read(Kind::AntiPhishPolicy, name, &list, Pred::From(read.exact))];
            rules.extend(writer.outranked(ANTI_PHISH_TRUSTED.control, from.clone(), effects.clone()));
            rules.push(writer.rule(ANTI_PHISH_TRUSTED.control, from, effects, vec![read.list]));
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

/// No policy of this kind exists: nothing of it is judged.
fn unjudged(object: &str, concerns: Concerns, nowhere: Span) -> Rule {
    Rule {
        object: object.to_owned(),
        origin: nowhere,
        control: "no-policy",
        guard: Guard::always(),
        effects: vec![Effect::Waives(concerns)],
        force: Force::InForce,
        lists: Vec::new(),
        expiry: None,
    }
}

/// Nobody is covered by a policy of this kind who is in none of its tiers.
fn uncovered(object: &str, concerns: Concerns, tiers: &[Tier<'_>], nowhere: Span) -> Rule {
    let in_tier = tiers
        .iter()
        .filter(|tier| tier.dormant.is_none())
        .map(|tier| {
            let mut parts = tier.scope.when.clone();
            parts.extend(tier.scope.unless.iter().map(|pred| Pred::Not(Box::new(pred.clone()))));
            Pred::All(parts)
        })
        .collect();
    Rule {
        guard: Guard {
            when: Vec::new(),
            unless: in_tier,
        },
        ..unjudged(object, concerns, nowhere)
    }
}

fn safe_links(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut tiers = SAFE_LINKS.tiers(bundle, bench);
    except_from_built_in(bundle, bench, &mut tiers);
    for tier in &tiers {
        let writer = Writer::new(Kind::SafeLinksPolicy, tier);
        let on = |key: &str| match field::boolean(tier.policy.get(key)) {
            Field::Set(set) => Some(set.value),
            _ => None,
        };
        let mut waived = Concerns::NONE;
        if on("EnableSafeLinksForEmail").or_else(|| on("IsEnabled")) == Some(false) {
            waived = LINKS;
        } else {
            if on("ScanUrls") == Some(false) {
                waived = waived.and(Concerns::of(&[Concern::LinkScan]));
            }
            if on("DisableUrlRewrite") == Some(true) {
                waived = waived.and(Concerns::of(&[Concern::LinkRewriting]));
            }
        }
        if !waived.is_empty() {
            rules.push(writer.rule(
                "safe-links-policy",
                Vec::new(),
                vec![Effect::Waives(waived)],
                Vec::new(),
            ));
        }
        let excluded = field::list(tier.policy.get("DoNotRewriteUrls"));
        let mut hosts = Vec::new();
        let entries: Vec<Entry> = excluded
            .items
            .iter()
            .map(|item| {
                let meaning = match excluded_host(&item.value) {
                    Some(set) => {
                        hosts.push(set.clone());
                        Meaning::Names(set)
                    }
                    None => Meaning::Text,
                };
                super::build::entry(item, meaning)
            })
            .collect();
        if excluded.state != ListState::Listed {
            continue;
        }
        let hosts = DomainSet::union_all(&hosts);
        let all_links = Pred::All(vec![
            Pred::Link(hosts.clone()),
            Pred::Not(Box::new(Pred::Link(hosts.complement()))),
        ]);
        let all_links = vec![bench.as_far_as_read(Kind::SafeLinksPolicy, "DoNotRewriteUrls", &excluded, all_links)];
        let list = List {
            name: "DoNotRewriteUrls",
            span: excluded.span.unwrap_or(writer.origin),
            identities: &[Identity::Link],
            exception: false,
            entries,
        };
        let effects = bench.effects(SAFE_LINKS_EXCLUSION);
        rules.extend(writer.outranked(SAFE_LINKS_EXCLUSION.control, all_links.clone(), effects.clone()));
        rules.push(writer.rule(SAFE_LINKS_EXCLUSION.control, all_links, effects, vec![list]));
    }
    if bundle.whole(Kind::SafeLinksPolicy) {
        rules.push(uncovered("safe-links-policy", LINKS, &tiers, nowhere));
    } else {
        let need = bench.missing(Kind::SafeLinksPolicy, None);
        rules.push(bench.phantom(
            Kind::SafeLinksPolicy,
            None,
            "safe-links-policy",
            nowhere,
            &[Effect::MayClear(LINKS, need)],
        ));
    }
    rules
}

/// The host an entry surely covers with every path: `host/*`, `*.host/*`, and a bare host for links to the host itself.
fn excluded_host(entry: &str) -> Option<DomainSet> {
    let bare = entry.trim().split_once("://").map_or(entry.trim(), |(_, rest)| rest);
    // A link has a path, and a bare host covers none (same page, the four forms).
    bare.ends_with("/*").then(|| host_of(bare, false)).flatten()
}

/// The built-in protection rule only holds exceptions; who is excepted has no policy at all
/// (<https://learn.microsoft.com/defender-office-365/preset-security-policies>).
fn except_from_built_in(bundle: &Bundle<'_>, bench: &mut Bench, tiers: &mut [Tier<'_>]) {
    let kind = Kind::AtpBuiltInRule;
    let mut excepted = Vec::new();
    if !bundle.whole(kind) {
        excepted.push(Pred::Unknown(bench.missing(kind, None)));
    }
    for &rule in bundle.records(kind) {
        let name = super::build::name(rule).value;
        for key in ["ExceptIfSentTo", "ExceptIfSentToMemberOf", "ExceptIfRecipientDomainIs"] {
            let list = field::list(rule.get(key));
            if list.state != ListState::Listed {
                continue;
            }
            let pred = match key {
                "ExceptIfSentTo" => people(&list, bench, &name),
                "ExceptIfSentToMemberOf" => groups(&list, bench),
                _ => recipient_domains(&list, bench, &name),
            };
            excepted.push(bench.as_far_as_read(kind, key, &list, pred));
        }
    }
    for tier in tiers.iter_mut().filter(|tier| is_default(tier.policy)) {
        tier.scope.unless.extend(excepted.iter().cloned());
    }
}

fn safe_attachments(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut tiers = SAFE_ATTACHMENTS.tiers(bundle, bench);
    except_from_built_in(bundle, bench, &mut tiers);
    for tier in &tiers {
        let writer = Writer::new(Kind::SafeAttachmentPolicy, tier);
        if matches!(field::boolean(tier.policy.get("Enable")), Field::Set(on) if !on.value) {
            rules.push(writer.rule(
                "safe-attachment-policy",
                Vec::new(),
                vec![Effect::Waives(DETONATION)],
                Vec::new(),
            ));
        }
    }
    // Mail without attachments has nothing to detonate.
    rules.push(Rule {
        guard: Guard::when(Pred::Attached(NO_ATTACHMENT)),
        ..unjudged("safe-attachment-policy", DETONATION, nowhere)
    });
    if bundle.whole(Kind::SafeAttachmentPolicy) {
        rules.push(uncovered("safe-attachment-policy", DETONATION, &tiers, nowhere));
    } else {
        let need = bench.missing(Kind::SafeAttachmentPolicy, None);
        rules.push(bench.phantom(
            Kind::SafeAttachmentPolicy,
            None,
            "safe-attachment-policy",
            nowhere,
            &[Effect::MayClear(DETONATION, need)],
        ));
    }
    rules
}

/// Mail that passes DMARC is not spoofed, and the policy of its domain asks for nothing
/// (<https://learn.microsoft.com/defender-office-365/email-authentication-about>).
fn authenticated(nowhere: Span) -> Rule {
    Rule {
        control: "authentication",
        guard: Guard::when(Pred::Dmarc(auth::DMARC.bit("pass").unwrap_or(0))),
        ..unjudged("authentication", SPOOF.and(DMARC), nowhere)
    }
}

/// Spoof and DMARC action concern only mail whose authentication fails, and nobody asked DNS whether it does.
fn unknown_authentication(bench: &mut Bench, nowhere: Span) -> Rule {
    let need = bench.dns();
    Rule {
        control: "authentication",
        effects: vec![Effect::MayClear(SPOOF.and(DMARC), need)],
        ..unjudged("authentication", Concerns::NONE, nowhere)
    }
}
