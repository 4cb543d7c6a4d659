//! Which recipients a policy is about, and which policy is in force for a recipient.
//!
//! Only the first policy of a type that matches a recipient applies, and settings are never merged: strict preset,
//! standard preset, custom policies by priority, then the default
//! (<https://learn.microsoft.com/defender-office-365/how-policies-and-protections-are-combined>).

use std::borrow::Cow;

use crate::allow::address::{Address, AddressSet};
use crate::allow::domain::Domain;
use crate::document::{Cursor, Node};
use crate::path::{Guard, NeedId, Pred};
use crate::problem::Label;
use crate::source::{Span, Spanned};

use super::build::{Bench, between};
use super::bundle::Bundle;
use super::field::{self, Field};
use super::kind::Kind;

/// A family of policies: where they, their rules and the presets that outrank them stand.
pub(super) struct Family {
    /// Kind of the policies.
    pub policy: Kind,
    /// Kind of the rules that tie them to recipients.
    pub rule: Kind,
    /// Key of a rule, and of a preset rule, that names the policy.
    pub names_policy: &'static str,
    /// Kind of the preset rules.
    pub presets: Kind,
}

/// One policy with the recipients it is in force for.
pub(super) struct Tier<'a> {
    /// The policy's record.
    pub policy: Node<'a>,
    /// Its name.
    pub name: Spanned<String>,
    /// Recipients, were it alone.
    pub alone: Vec<Pred>,
    /// Recipients for whom it is in force.
    pub scope: Guard,
    /// Why it is in force for nobody, if so: check id, reason, label, help.
    pub dormant: Option<Dormant>,
    /// Whether it is the policy of a preset.
    pub is_preset: bool,
    /// Where its rank is said, for findings about those below it; none for what comes last.
    pub rank: Option<Span>,
}

/// The policies of a family, highest rank first.
pub(super) struct Tiers<'a> {
    /// The policies.
    pub list: Vec<Tier<'a>>,
    /// Presets whose policies are not in the export: their recipients, and where their rules are named.
    pub unlisted: Vec<(Vec<Pred>, Span)>,
    /// Recipients of policies that are not in the export.
    beyond: Vec<Pred>,
}

/// Families with more policies than this are taken as they are: each would be held against each.
const MAX_ALIKE: usize = 16;

impl Tiers<'_> {
    /// Mail that whichever policy applies treats so, although it is not known which one does. `treats` says which mail a
    /// policy of the list treats so; `at` is the policy that is asked for.
    pub fn alike(&self, at: usize, treats: impl Fn(usize) -> Pred) -> Option<Pred> {
        let is_last = |tier: &&Tier<'_>| tier.dormant.is_none() && tier.alone.is_empty() && is_default(tier.policy);
        let own = self.list.get(at)?;
        let open = own.scope.when.iter().chain(&own.scope.unless).any(is_open);
        if !open || own.dormant.is_some() || self.list.len() > MAX_ALIKE || !self.list.iter().any(|tier| is_last(&tier))
        {
            return None;
        }
        let not = |pred: Pred| Pred::Not(Box::new(pred));
        let others = self
            .list
            .iter()
            .enumerate()
            .filter(|(other, tier)| *other != at && tier.dormant.is_none());
        let mut all: Vec<Pred> = others
            .map(|(other, tier)| Pred::Any(vec![not(tier.applies()), treats(other)]))
            .collect();
        all.extend(self.beyond.iter().cloned().map(not));
        Some(Pred::All(all))
    }
}

/// Whether a condition leaves something undecided.
fn is_open(pred: &Pred) -> bool {
    match pred {
        Pred::Unknown(_) | Pred::Between { .. } => true,
        Pred::All(preds) | Pred::Any(preds) => preds.iter().any(is_open),
        Pred::Not(pred) => is_open(pred),
        _ => false,
    }
}

impl Tier<'_> {
    /// Recipients for whom it is in force, as a condition.
    pub fn applies(&self) -> Pred {
        let unless = self.scope.unless.iter().map(|pred| Pred::Not(Box::new(pred.clone())));
        Pred::All(self.scope.when.iter().cloned().chain(unless).collect())
    }
}

/// Why a policy is in force for nobody.
pub(super) struct Dormant {
    /// Completes "`x` ...".
    pub reason: String,
    /// The setting.
    pub label: Label,
    /// What to do.
    pub help: String,
}

impl Family {
    /// The policies, highest rank first. The need tells whether an export that decides about ranks is missing.
    pub fn tiers<'a>(&self, bundle: &Bundle<'a>, bench: &mut Bench) -> Tiers<'a> {
        let mut beyond: Vec<Pred> = Vec::new();
        let mut unlisted: Vec<(Vec<Pred>, Span)> = Vec::new();
        let mut outranked: Vec<Pred> = Vec::new();
        let mut tiers = Vec::new();
        let mut preset_policies: Vec<String> = Vec::new();
        for rule in self.sorted_rules(bundle, self.presets) {
            let policy = named(rule, self.names_policy);
            preset_policies.extend(policy.as_ref().map(|policy| policy.to_ascii_lowercase()));
            let enabled = is_enabled(rule);
            if enabled == Some(false) {
                continue;
            }
            let mut conditions = recipients(self.presets, rule, bench);
            conditions.extend(undecided_state(rule, enabled, bench));
            let Some(policy) = policy else {
                conditions.push(Pred::Unknown(self.dangling(bundle, rule, bench)));
                beyond.push(Pred::All(conditions.clone()));
                outranked.push(Pred::All(conditions));
                continue;
            };
            let name = super::build::name(rule);
            if let Some(record) = find_policy(bundle, self.policy, &policy) {
                tiers.push(Tier {
                    policy: record,
                    name: super::build::name(record),
                    alone: conditions.clone(),
                    scope: Guard {
                        when: conditions.clone(),
                        unless: outranked.clone(),
                    },
                    dormant: None,
                    is_preset: true,
                    rank: Some(name.span),
                });
            } else {
                // Without its record the preset's settings are not known; its rank still counts.
                beyond.push(Pred::All(conditions.clone()));
                unlisted.push((conditions.clone(), name.span));
            }
            outranked.push(Pred::All(conditions));
        }
        if !bundle.whole(self.presets) {
            let need = bench.missing(self.presets, None);
            beyond.push(Pred::Unknown(need));
            outranked.push(Pred::Unknown(need));
        }
        let rules = self.sorted_rules(bundle, self.rule);
        let mut seen: Vec<String> = Vec::new();
        for rule in rules {
            let enabled = is_enabled(rule);
            let policy = named(rule, self.names_policy);
            let found = policy.and_then(|policy| Some((find_policy(bundle, self.policy, &policy)?, policy)));
            let mut conditions = recipients(self.rule, rule, bench);
            conditions.extend(undecided_state(rule, enabled, bench));
            let Some((record, policy)) = found else {
                // Whatever that policy says holds for these recipients, and not what a lower one says.
                if enabled != Some(false) {
                    conditions.push(Pred::Unknown(self.dangling(bundle, rule, bench)));
                    beyond.push(Pred::All(conditions.clone()));
                    outranked.push(Pred::All(conditions));
                }
                continue;
            };
            seen.push(policy.to_ascii_lowercase());
            let dormant = (enabled == Some(false)).then(|| {
                let span = rule
                    .get("State")
                    .or_else(|| rule.get("Enabled"))
                    .map_or(rule.span(), Node::span);
                Dormant {
                    reason: "has a rule that is disabled".to_owned(),
                    label: Label::new(span, "the rule that ties it to recipients is disabled"),
                    help: format!("enable the rule of policy `{policy}`"),
                }
            });
            let off = dormant.is_some();
            tiers.push(Tier {
                policy: record,
                name: super::build::name(record),
                alone: conditions.clone(),
                scope: Guard {
                    when: conditions.clone(),
                    unless: outranked.clone(),
                },
                dormant,
                is_preset: false,
                rank: Some(super::build::name(rule).span),
            });
            if !off {
                outranked.push(Pred::All(conditions));
            }
        }
        if !bundle.whole(self.rule) {
            let need = bench.missing(self.rule, None);
            beyond.push(Pred::Unknown(need));
            outranked.push(Pred::Unknown(need));
        }
        self.rest(bundle, bench, &outranked, &seen, &preset_policies, &mut tiers);
        Tiers {
            list: tiers,
            unlisted,
            beyond,
        }
    }

    /// The default policy, and policies that no rule names.
    fn rest<'a>(
        &self,
        bundle: &Bundle<'a>,
        bench: &mut Bench,
        outranked: &[Pred],
        seen: &[String],
        presets: &[String],
        tiers: &mut Vec<Tier<'a>>,
    ) {
        for &record in bundle.records(self.policy) {
            let name = super::build::name(record);
            let lower = name.value.to_ascii_lowercase();
            if seen.contains(&lower) || presets.contains(&lower) || is_preset(record) && !is_default(record) {
                continue;
            }
            if is_default(record) {
                tiers.push(Tier {
                    policy: record,
                    name,
                    alone: Vec::new(),
                    scope: Guard {
                        when: Vec::new(),
                        unless: outranked.to_vec(),
                    },
                    dormant: None,
                    is_preset: false,
                    rank: None,
                });
                continue;
            }
            if bundle.whole(self.rule) {
                let label = Label::new(name.span, "no rule ties this policy to recipients");
                tiers.push(Tier {
                    policy: record,
                    name: name.clone(),
                    alone: Vec::new(),
                    scope: Guard::when(Pred::Never),
                    dormant: Some(Dormant {
                        reason: "has no rule, so it applies to nobody".to_owned(),
                        label,
                        help: format!("create a rule that ties policy `{}` to recipients", name.value),
                    }),
                    is_preset: false,
                    rank: None,
                });
            } else {
                let need = bench.missing(self.rule, None);
                tiers.push(Tier {
                    policy: record,
                    name,
                    alone: vec![Pred::Unknown(need)],
                    scope: Guard::when(Pred::Unknown(need)),
                    dormant: None,
                    is_preset: false,
                    rank: None,
                });
            }
        }
    }

    /// The policy of a rule is not in the export.
    fn dangling(&self, bundle: &Bundle<'_>, rule: Node<'_>, bench: &mut Bench) -> NeedId {
        if !bundle.whole(self.policy) {
            return bench.missing(self.policy, None);
        }
        let name = super::build::name(rule).value;
        bench.unsaid(
            format!("policy-of/{}/{}", self.rule.as_str(), name.to_ascii_lowercase()),
            format!(
                "the policy that rule `{name}` puts in force is not in the export of `{}`",
                self.policy.cmdlet()
            ),
            Some(rule.get(self.names_policy).map_or(rule.span(), Node::span)),
        )
    }

    fn sorted_rules<'a>(&self, bundle: &Bundle<'a>, kind: Kind) -> Vec<Node<'a>> {
        let mut rules: Vec<Node<'a>> = bundle.records(kind).to_vec();
        rules.sort_by_key(|rule| {
            // The strict preset outranks the standard one whatever their priorities say.
            let strict =
                kind != self.presets || super::build::name(*rule).value.to_ascii_lowercase().contains("strict");
            (!strict, priority(*rule))
        });
        rules
    }
}

fn priority(rule: Node<'_>) -> i64 {
    match field::integer(rule.get("Priority")) {
        Field::Set(priority) => priority.value,
        _ => i64::MAX,
    }
}

fn named(rule: Node<'_>, key: &str) -> Option<String> {
    match field::text(rule.get(key)) {
        Field::Set(name) => Some(name.value.into_owned()),
        _ => None,
    }
}

/// `State` of a live record, `Enabled` of a template (export-formats T14). Neither: the cmdlets create rules enabled.
/// `None` where what is there cannot be read.
fn is_enabled(rule: Node<'_>) -> Option<bool> {
    match field::enumerated(rule.get("State"), &[("Enabled", true), ("Disabled", false)], &[]) {
        Field::Set(state) => Some(state.value),
        Field::Unreadable(_) => None,
        Field::Absent | Field::Null(_) => match field::boolean(rule.get("Enabled")) {
            Field::Set(enabled) => Some(enabled.value),
            Field::Unreadable(_) => None,
            Field::Absent | Field::Null(_) => Some(true),
        },
    }
}

/// A rule of which nobody can say whether it is enabled.
fn undecided_state(rule: Node<'_>, enabled: Option<bool>, bench: &mut Bench) -> Option<Pred> {
    if enabled.is_some() {
        return None;
    }
    let name = super::build::name(rule).value;
    let key = format!("state-of/{}", name.to_ascii_lowercase());
    let text = format!("whether rule `{name}` is enabled cannot be read");
    let span = rule.get("State").or_else(|| rule.get("Enabled")).map(Node::span);
    Some(Pred::Unknown(bench.unsaid(key, text, span)))
}

/// Whether a record is the policy that applies last: the default, or the built-in protection.
pub(super) fn is_default(policy: Node<'_>) -> bool {
    ["IsDefault", "IsBuiltInProtection"]
        .iter()
        .any(|key| matches!(field::boolean(policy.get(key)), Field::Set(set) if set.value))
}

/// Whether a record belongs to a preset (`RecommendedPolicyType`, <https://learn.microsoft.com/defender-office-365/preset-security-policies>).
fn is_preset(policy: Node<'_>) -> bool {
    let presets = [("Standard", ()), ("Strict", ())];
    matches!(
        field::enumerated(policy.get("RecommendedPolicyType"), &presets, &[]),
        Field::Set(_)
    )
}

fn find_policy<'a>(bundle: &Bundle<'a>, kind: Kind, name: &str) -> Option<Node<'a>> {
    bundle.records(kind).iter().copied().find(|policy| {
        ["Name", "Identity", "Id", "Guid"].iter().any(
            |key| matches!(field::text(policy.get(key)), Field::Set(text) if text.value.eq_ignore_ascii_case(name)),
        )
    })
}

/// The recipient conditions of a rule: kinds of condition AND, values OR, exceptions OR
/// (<https://learn.microsoft.com/powershell/module/exchangepowershell/new-hostedcontentfilterrule>).
fn recipients(kind: Kind, rule: Node<'_>, bench: &mut Bench) -> Vec<Pred> {
    let name = super::build::name(rule).value;
    let mut cursor = Cursor::new(rule);
    let mut preds = Vec::new();
    for (prefix, negated) in [("", false), ("ExceptIf", true)] {
        for key in ["SentTo", "SentToMemberOf", "RecipientDomainIs"] {
            let property = format!("{prefix}{key}");
            let list = field::list(cursor.take(&property));
            if list.items.is_empty() && list.unreadable.is_empty() {
                continue;
            }
            let pred = match key {
                "SentTo" => people(&list, bench, &name),
                "SentToMemberOf" => groups(&list, bench),
                _ => recipient_domains(&list, bench, &name),
            };
            let pred = bench.as_far_as_read(kind, &property, &list, pred);
            preds.push(if negated { Pred::Not(Box::new(pred)) } else { pred });
        }
    }
    preds
}

/// Recipients named one by one. What is not an address is a name that only the directory can resolve.
pub(super) fn people(list: &field::List<'_>, bench: &mut Bench, rule: &str) -> Pred {
    let mut known = Vec::new();
    let mut unknown = None;
    for item in &list.items {
        match Address::parse(&item.value) {
            Ok(address) => known.push(AddressSet::exact(&address)),
            Err(_) => {
                unknown = unknown.or(Some(item));
            }
        }
    }
    let known = Pred::To(AddressSet::union_all(&known));
    let Some(item) = unknown else { return known };
    let need = bench.unsaid(
        format!("recipient/{}", item.value.to_ascii_lowercase()),
        format!(
            "`{rule}` names the recipient `{}`, whose address is not known",
            item.value
        ),
        Some(item.span),
    );
    between(known, Pred::Always, need)
}

/// Groups: opaque, since no export shows their members.
pub(super) fn groups(list: &field::List<'_>, bench: &mut Bench) -> Pred {
    let Some(item) = list.items.first() else {
        return Pred::Never;
    };
    let names: Vec<&str> = list.items.iter().map(|item| item.value.as_ref()).collect();
    let groups = if names.len() == 1 { "group" } else { "groups" };
    let need: NeedId = bench.unsaid(
        format!("group/{}", names.join(",").to_ascii_lowercase()),
        format!("the members of {groups} `{}` are not known", names.join("`, `")),
        Some(item.span),
    );
    Pred::Unknown(need)
}

/// Recipient domains. Newer pages include sub-domains, the older page matched exactly, so the difference is undecided.
pub(super) fn recipient_domains(list: &field::List<'_>, bench: &mut Bench, rule: &str) -> Pred {
    let domain = |item: &Spanned<Cow<'_, str>>| Domain::parse(item.value.trim_start_matches('@')).ok();
    let domains: Vec<Domain> = list.items.iter().filter_map(domain).collect();
    let exact = AddressSet::union_all(&domains.iter().map(AddressSet::domain).collect::<Vec<_>>());
    let wide = AddressSet::union_all(&domains.iter().map(AddressSet::with_subs).collect::<Vec<_>>());
    let need = bench.unsaid(
        "sub-domains/recipients",
        format!("sources differ on whether the recipient domains of `{rule}` include their sub-domains"),
        list.span,
    );
    let pred = between(Pred::To(exact), Pred::To(wide), need);
    // What is no domain name may still be one to the product, so whom it means is not known.
    let Some(item) = list.items.iter().find(|item| domain(item).is_none()) else {
        return pred;
    };
    let need = bench.unsaid(
        format!("recipient-domain/{}", item.value.to_ascii_lowercase()),
        format!(
            "`{}` in the recipient domains of `{rule}` is no domain name",
            item.value
        ),
        Some(item.span),
    );
    between(pred, Pred::Always, need)
}
