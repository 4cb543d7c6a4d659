//! Rules of a policy, each for the recipients for whom the policy is in force.

use crate::document::Node;
use crate::message::{Concerns, Identity};
use crate::path::{Effect, Force, Guard, List, Pred, Rule, Verdict};
use crate::problem::Label;
use crate::source::Span;

use super::super::build::{Senders, Wildcard, senders};
use super::super::field;
use super::super::kind::Kind;
use super::super::scope::{Tier, Tiers};

/// One list of a policy.
pub(super) struct Listed {
    /// The list.
    pub list: List,
    /// Which mail is on it.
    pub from: Pred,
}

/// Writes the rules of one policy.
pub(super) struct Writer<'a, 'b> {
    object: String,
    /// Where its name stands.
    pub origin: Span,
    /// It.
    pub tier: &'b Tier<'a>,
    at: usize,
    tiers: &'b Tiers<'a>,
}

impl<'a, 'b> Writer<'a, 'b> {
    /// One for each policy, in the order of their ranks.
    pub fn all(kind: Kind, tiers: &'b Tiers<'a>) -> Vec<Self> {
        let tiers_with_place = tiers.list.iter().enumerate();
        tiers_with_place
            .map(|(at, tier)| Self {
                object: format!("{}/{}", kind.as_str(), tier.name.value),
                origin: tier.name.span,
                tier,
                at,
                tiers,
            })
            .collect()
    }

    /// A rule of the policy; `others` says which mail each policy of the family treats so.
    pub fn rule(
        &self,
        control: &'static str,
        extra: Vec<Pred>,
        effects: Vec<Effect>,
        lists: Vec<List>,
        others: impl Fn(usize) -> Pred,
    ) -> Rule {
        let mut guard = self.tier.scope.clone();
        if let Some(alike) = self.tiers.alike(self.at, others) {
            guard = Guard::when(Pred::Any(vec![self.tier.applies(), alike]));
        }
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

    /// The same allow as if no other policy came first: what it would clear is what the others take from it.
    pub fn outranked(&self, control: &'static str, extra: &[Pred], effects: &[Effect]) -> Vec<Rule> {
        if self.tier.dormant.is_some() {
            return Vec::new();
        }
        let rule = |taken: &[Pred], force: Force| Rule {
            object: self.object.clone(),
            origin: self.origin,
            control,
            guard: Guard {
                when: extra.iter().chain(&self.tier.alone).chain(taken).cloned().collect(),
                unless: Vec::new(),
            },
            effects: effects.to_vec(),
            force,
            lists: Vec::new(),
            expiry: None,
        };
        let by_preset = |label: Label| {
            Force::Dormant {
            check: "preset-overrides-policy",
            reason: "is outranked by a preset, whose policy does not have this list".to_owned(),
            label,
            help: "clear the mail by Advanced Delivery or the Tenant Allow/Block List, which hold for preset recipients too"
                .to_owned(),
        }
        };
        // What a preset's policy says is not the customer's to choose, whether it was exported or not.
        let unlisted = self.tiers.unlisted.iter().filter(|_| !self.tier.is_preset);
        let unlisted: Vec<Rule> = unlisted
            .map(|(recipients, span)| rule(recipients, by_preset(Label::new(*span, "this preset comes first"))))
            .collect();
        let before = self.tiers.list.iter().take(self.at.min(MAX_NAMED));
        let before = before.filter(|tier| tier.dormant.is_none());
        let before = before.filter_map(|tier| {
            let force = if tier.is_preset {
                by_preset(Label::new(tier.rank?, "this preset comes first"))
            } else {
                Force::Dormant {
                    check: "mail-not-cleared",
                    reason: format!(
                        "is outranked by `{}`, which comes first for these recipients and lacks the entry",
                        tier.name.value
                    ),
                    label: Label::new(tier.rank?, "this policy comes first"),
                    help: format!(
                        "make the same entry in `{}`, or give the rule of `{}` the lower priority number",
                        tier.name.value, self.tier.name.value
                    ),
                }
            };
            Some(rule(&tier.alone, force))
        });
        unlisted.into_iter().chain(before).collect()
    }
}

/// Policies above one that are named in findings about it.
const MAX_NAMED: usize = 16;

/// All mail, or none.
pub(super) fn whether(holds: bool) -> Pred {
    if holds { Pred::Always } else { Pred::Never }
}

/// What a policy does not judge at all, if anything.
pub(super) fn waiver(writer: &Writer<'_, '_>, control: &'static str, at: usize, waived: &[Concerns]) -> Option<Rule> {
    let own = *waived.get(at).filter(|waived| !waived.is_empty())?;
    let same = |other: usize| whether(waived.get(other).is_some_and(|other| own.without(*other).is_empty()));
    Some(writer.rule(control, Vec::new(), vec![Effect::Waives(own)], Vec::new(), same))
}

/// Whether a switch of a policy is on, if it is there.
pub(super) fn switch(tier: &Tier<'_>, key: &str) -> Option<bool> {
    field::boolean(tier.policy.get(key)).into_value()
}

/// What a verdict's action comes to.
pub(super) fn action(node: Option<Node<'_>>) -> Option<Verdict> {
    const WORDS: &[(&str, Verdict)] = &[
        ("MoveToJmf", Verdict::Junked),
        ("Quarantine", Verdict::Quarantined),
        ("Delete", Verdict::Dropped),
        ("Redirect", Verdict::Redirected),
        ("Reject", Verdict::Rejected),
        ("NoAction", Verdict::Delivered),
        ("BccMessage", Verdict::Delivered),
        ("AddXHeader", Verdict::Delivered),
        ("ModifySubject", Verdict::Delivered),
    ];
    field::enumerated(node, WORDS, &[]).into_value()
}

pub(super) fn sender_list(writer: &Writer<'_, '_>, name: &'static str) -> Senders {
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

/// No policy of this kind exists: nothing of it is judged.
pub(super) fn unjudged(object: &str, concerns: Concerns, nowhere: Span) -> Rule {
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
pub(super) fn uncovered(object: &str, concerns: Concerns, tiers: &[Tier<'_>], nowhere: Span) -> Rule {
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
