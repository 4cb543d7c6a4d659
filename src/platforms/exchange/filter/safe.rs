//! Safe Links and Safe Attachments, and the built-in protection that comes last of both.
//!
//! <https://learn.microsoft.com/defender-office-365/safe-links-about>.

use crate::allow::domain::DomainSet;
use crate::message::{Concern, Concerns, Identity, NO_ATTACHMENT};
use crate::path::{Effect, Entry, Guard, List, Meaning, Pred, Rule};
use crate::source::Span;

use super::super::build::Bench;
use super::super::bundle::Bundle;
use super::super::field::{self, ListState};
use super::super::kind::Kind;
use super::super::overrides::SAFE_LINKS_EXCLUSION;
use super::super::scope::{Tier, groups, is_default, people, recipient_domains};
use super::super::tenant_list::host_of;
use super::writer::{Listed, Writer, switch, uncovered, unjudged, waiver};
use super::{DETONATION, LINKS, SAFE_ATTACHMENTS, SAFE_LINKS};

pub(super) fn safe_links(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut tiers = SAFE_LINKS.tiers(bundle, bench);
    except_from_built_in(bundle, bench, &mut tiers.list);
    let waived: Vec<Concerns> = tiers.list.iter().map(links_unjudged_by).collect();
    let writers = Writer::all(Kind::SafeLinksPolicy, &tiers);
    let excluded: Vec<Option<Listed>> = writers.iter().map(|writer| excluded(writer, bench)).collect();
    for (at, writer) in writers.iter().enumerate() {
        rules.extend(waiver(writer, "safe-links-policy", at, &waived));
        let Some(Some(Listed { list, from })) = excluded.get(at) else {
            continue;
        };
        let effects = bench.effects(SAFE_LINKS_EXCLUSION);
        let links = vec![from.clone()];
        rules.extend(writer.outranked(SAFE_LINKS_EXCLUSION.control, &links, &effects));
        let lists = vec![list.clone()];
        rules.push(
            writer.rule(SAFE_LINKS_EXCLUSION.control, links, effects, lists, |other| {
                let other = excluded.get(other).and_then(Option::as_ref);
                other.map_or(Pred::Never, |other| other.from.clone())
            }),
        );
    }
    if bundle.whole(Kind::SafeLinksPolicy) {
        rules.push(uncovered("safe-links-policy", LINKS, &tiers.list, nowhere));
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

/// What a Safe Links policy does not judge.
fn links_unjudged_by(tier: &Tier<'_>) -> Concerns {
    if switch(tier, "EnableSafeLinksForEmail").or_else(|| switch(tier, "IsEnabled")) == Some(false) {
        return LINKS;
    }
    let mut waived = Concerns::NONE;
    if switch(tier, "ScanUrls") == Some(false) {
        waived = waived.and(Concerns::of(&[Concern::LinkScan]));
    }
    if switch(tier, "DisableUrlRewrite") == Some(true) {
        waived = waived.and(Concerns::of(&[Concern::LinkRewriting]));
    }
    waived
}

/// The URLs that a Safe Links policy leaves alone, if it names any, and the mail that has no other links.
fn excluded(writer: &Writer<'_, '_>, bench: &mut Bench) -> Option<Listed> {
    let excluded = field::list(writer.tier.policy.get("DoNotRewriteUrls"));
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
            super::super::build::entry(item, meaning)
        })
        .collect();
    if excluded.state != ListState::Listed {
        return None;
    }
    let hosts = DomainSet::union_all(&hosts);
    let all_links = Pred::All(vec![
        Pred::Link(hosts.clone()),
        Pred::Not(Box::new(Pred::Link(hosts.complement()))),
    ]);
    Some(Listed {
        from: bench.as_far_as_read(Kind::SafeLinksPolicy, "DoNotRewriteUrls", &excluded, all_links),
        list: List {
            name: "DoNotRewriteUrls",
            span: excluded.span.unwrap_or(writer.origin),
            identities: &[Identity::Link],
            exception: false,
            entries,
        },
    })
}

/// The host an entry surely covers with every path: `host/*`, `*.host/*`, and a bare host for links to the host itself.
fn excluded_host(entry: &str) -> Option<DomainSet> {
    let bare = entry.trim().split_once("://").map_or(entry.trim(), |(_, rest)| rest);
    // A link has a path, and a bare host covers none (same page, the four forms).
    bare.ends_with("/*").then(|| host_of(bare, false)).flatten()
}

pub(super) fn safe_attachments(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut tiers = SAFE_ATTACHMENTS.tiers(bundle, bench);
    except_from_built_in(bundle, bench, &mut tiers.list);
    let off = |tier: &Tier<'_>| switch(tier, "Enable") == Some(false);
    let waived: Vec<Concerns> = tiers
        .list
        .iter()
        .map(|tier| if off(tier) { DETONATION } else { Concerns::NONE })
        .collect();
    for (at, writer) in Writer::all(Kind::SafeAttachmentPolicy, &tiers).iter().enumerate() {
        rules.extend(waiver(writer, "safe-attachment-policy", at, &waived));
    }
    // Mail without attachments has nothing to detonate.
    rules.push(Rule {
        guard: Guard::when(Pred::Attached(NO_ATTACHMENT)),
        ..unjudged("safe-attachment-policy", DETONATION, nowhere)
    });
    if bundle.whole(Kind::SafeAttachmentPolicy) {
        rules.push(uncovered("safe-attachment-policy", DETONATION, &tiers.list, nowhere));
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

/// The built-in protection rule only holds exceptions; who is excepted has no policy at all
/// (<https://learn.microsoft.com/defender-office-365/preset-security-policies>).
fn except_from_built_in(bundle: &Bundle<'_>, bench: &mut Bench, tiers: &mut [Tier<'_>]) {
    let kind = Kind::AtpBuiltInRule;
    let mut excepted = Vec::new();
    if !bundle.whole(kind) {
        excepted.push(Pred::Unknown(bench.missing(kind, None)));
    }
    for &rule in bundle.records(kind) {
        let name = super::super::build::name(rule).value;
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
