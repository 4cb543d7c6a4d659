//! Small conditions, rules and paths, for the laws.

use proptest::prelude::*;
use proptest::sample::select;

use crate::allow::header::{Matcher, Pattern};
use crate::message::small::{domain_set, header_name, ip_set, recipient_set, sender_set, text_set};
use crate::message::{Concern, Concerns};
use crate::problem::{Label, Level};
use crate::source::{SourceId, Sources, Span};

use super::{Control, Effect, Force, Guard, MailPath, Need, NeedId, Pred, Rule, Stage, Verdict};

/// What the small paths leave open.
const N_NEEDS: u32 = 4;

/// Concerns that the small paths judge, spread over their stages.
pub(crate) const JUDGED: [Concern; 3] = [Concern::Spam, Concern::Phish, Concern::LinkClick];

static CONTROLS: [Control; 2] = ["allow-list", "mail-flow-rule"];

pub(super) fn need() -> impl Strategy<Value = NeedId> {
    (0..N_NEEDS).prop_map(NeedId)
}

/// Conditions on one field, which membership decides.
fn plain() -> impl Strategy<Value = Pred> {
    prop_oneof![
        1 => Just(Pred::Always),
        1 => Just(Pred::Never),
        4 => ip_set().prop_map(Pred::Ip),
        1 => ip_set().prop_map(Pred::AuthIp),
        2 => sender_set().prop_map(Pred::MailFrom),
        2 => sender_set().prop_map(Pred::From),
        1 => recipient_set().prop_map(Pred::To),
        2 => domain_set().prop_map(Pred::Dkim),
        1 => domain_set().prop_map(Pred::Link),
        1 => (0_u8..16).prop_map(Pred::Dmarc),
        1 => (0_u8..4).prop_map(Pred::Spf),
        1 => (0_u8..8).prop_map(Pred::CompAuth),
        2 => (header_name(), text_set()).prop_map(|(name, values)| Pred::Header(name, values)),
        1 => need().prop_map(Pred::Attachment),
        2 => need().prop_map(Pred::Unknown),
    ]
}

const TEXTS: [&str; 12] = [
    "a.test",
    "@a.test",
    ".a.test",
    "x@a.test",
    "y@b.test",
    "s.a.test",
    "x",
    "a",
    "test",
    "@s.a.",
    "x@s.a.test",
    "",
];

const PATTERNS: [&str; 7] = [
    r"@a\.test$",
    r"\.a\.test$",
    r"^x@",
    r"a\.test",
    r"^x@a\.test$",
    r"@(.*\.)?a\.test$",
    r"@s\.a\.test$",
];

fn matcher() -> impl Strategy<Value = Matcher> {
    let text = || select(&TEXTS[..]).prop_map(str::to_owned);
    prop_oneof![
        text().prop_map(Matcher::Equals),
        text().prop_map(Matcher::Contains),
        text().prop_map(Matcher::Word),
        select(&PATTERNS[..]).prop_map(|text| Matcher::Pattern(Pattern::parse(text).unwrap())),
    ]
}

/// Conditions on written addresses, which sets of addresses cannot always decide.
fn written() -> impl Strategy<Value = Pred> {
    (prop::collection::vec(matcher(), 1..4), need(), 0_u8..3).prop_map(|(matchers, need, which)| match which {
        0 => Pred::MailFromText(matchers.into(), need),
        1 => Pred::FromText(matchers.into(), need),
        _ => Pred::ToText(matchers.into(), need),
    })
}

fn nested(leaf: impl Strategy<Value = Pred> + 'static, depth: u32) -> impl Strategy<Value = Pred> {
    leaf.prop_recursive(depth, 6, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            some.clone().prop_map(Pred::All),
            some.prop_map(Pred::Any),
            inner.clone().prop_map(|pred| Pred::Not(Box::new(pred))),
            (inner.clone(), inner, need()).prop_map(|(surely, other, need)| {
                // What surely matches, possibly matches.
                let possibly = Pred::Any(vec![surely.clone(), other]);
                Pred::Between {
                    surely: Box::new(surely),
                    possibly: Box::new(possibly),
                    need,
                }
            }),
        ]
    })
}

/// A condition that is decided, or left open by its own need, for every message of which all is known.
pub(super) fn exact_pred() -> impl Strategy<Value = Pred> {
    nested(plain(), 2)
}

/// Any condition.
pub(super) fn pred() -> impl Strategy<Value = Pred> {
    nested(prop_oneof![plain(), written()], 2)
}

prop_compose! {
    /// Conditions and exceptions.
    pub(super) fn guard(of: impl Strategy<Value = Pred> + 'static)(
        (when, unless) in {
            let of = of.boxed();
            (prop::collection::vec(of.clone(), 0..3), prop::collection::vec(of, 0..2))
        },
    ) -> Guard {
        Guard { when, unless }
    }
}

fn concerns() -> impl Strategy<Value = Concerns> {
    prop::collection::vec(select(&JUDGED[..]), 1..3).prop_map(|some| Concerns::of(&some))
}

fn effect() -> impl Strategy<Value = Effect> {
    let verdict = select(&[Verdict::Redirected, Verdict::Quarantined, Verdict::Rejected][..]);
    let controls = (0..=CONTROLS.len()).prop_map(|n| &CONTROLS[..n]);
    let ends =
        (verdict, controls, prop::option::of(need())).prop_map(|(verdict, unless_cleared_by, need)| Effect::Ends {
            verdict,
            unless_cleared_by,
            need,
        });
    let done = select(&[Verdict::Delivered, Verdict::Junked, Verdict::Quarantined][..]);
    let acts = (select(&JUDGED[..]), done).prop_map(|(concern, verdict)| Effect::Acts(concern, verdict));
    prop_oneof![
        4 => concerns().prop_map(Effect::Clears),
        1 => (concerns(), need()).prop_map(|(concerns, need)| Effect::MayClear(concerns, need)),
        2 => (concerns(), need()).prop_map(|(concerns, need)| Effect::Raises(concerns, need)),
        1 => concerns().prop_map(Effect::Waives),
        2 => ends,
        2 => Just(Effect::Stops),
        1 => Just(Effect::Alters),
        1 => acts,
    ]
}

fn source() -> SourceId {
    Sources::new().add_text("small", "")
}

prop_compose! {
    fn rule(of: BoxedStrategy<Pred>)(
        guard in guard(of),
        effects in prop::collection::vec(effect(), 1..3),
        dormant in prop::bool::weighted(0.1),
        control in select(&CONTROLS[..]),
        object in select(&["rule/One", "rule/Two"][..]),
    ) -> Rule {
        let origin = Span::new(source(), 0, 0);
        Rule {
            object: object.to_owned(),
            origin,
            control,
            guard,
            effects,
            force: if dormant {
                Force::Dormant {
                    check: "allow-disabled",
                    reason: "is disabled".to_owned(),
                    label: Label::new(origin, "off"),
                    help: String::new(),
                }
            } else {
                Force::InForce
            },
            lists: Vec::new(),
            expiry: None,
        }
    }
}

prop_compose! {
    fn path_of(of: BoxedStrategy<Pred>)(
        stages in prop::collection::vec(prop::collection::vec(rule(of), 0..5), 1..4),
        judges in prop::collection::vec(0_usize..4, JUDGED.len()),
    ) -> MailPath {
        let mut path = MailPath::new("small", "small");
        for n in 0..N_NEEDS {
            path.needs.push(Need {
                key: n.to_string(),
                text: String::new(),
                help: String::new(),
                level: Level::Warn,
                origin: None,
                told: false,
            });
        }
        let ids = ["small/one", "small/two", "small/three"];
        for (at, (rules, id)) in stages.into_iter().zip(ids).enumerate() {
            let here = JUDGED.iter().zip(&judges).filter(|(_, judge)| **judge == at);
            let here: Vec<Concern> = here.map(|(concern, _)| *concern).collect();
            path.stages.push(Stage {
                id,
                judges: Concerns::of(&here),
                rules,
            });
        }
        path
    }
}

/// One to three stages with a few rules each; a concern may be judged by none.
pub(crate) fn path() -> impl Strategy<Value = MailPath> {
    path_of(prop_oneof![4 => plain(), 1 => exact_pred()].boxed())
}

/// The same with texts that are compared with written addresses.
pub(crate) fn written_path() -> impl Strategy<Value = MailPath> {
    path_of(prop_oneof![2 => plain(), 2 => written(), 1 => pred()].boxed())
}

/// What may happen to a path between two looks at it.
fn changed_in(mut path: MailPath, other: &MailPath, how: &[(u8, usize, usize)]) -> MailPath {
    for (what, stage, rule) in how {
        let n_stages = path.stages.len();
        let Some(stage) = path.stages.get_mut(stage % n_stages) else {
            continue;
        };
        let n_rules = stage.rules.len();
        let fresh = || other.rules().map(|(_, _, rule)| rule).nth(*rule).cloned();
        match what {
            0 if n_rules > 0 => {
                stage.rules.remove(rule % n_rules);
            }
            1 if n_rules > 1 => stage.rules.swap(rule % n_rules, (rule + 1) % n_rules),
            2 => stage.rules.extend(fresh()),
            3 => stage.rules.splice(0..0, fresh()).for_each(drop),
            _ => stage.rules.reverse(),
        }
    }
    path
}

/// Two paths: as much or as little alike as two looks at one tenant.
fn pair_of(of: impl Strategy<Value = MailPath> + Clone) -> impl Strategy<Value = (MailPath, MailPath)> {
    let how = prop::collection::vec((0_u8..5, 0_usize..3, 0_usize..6), 0..4);
    (of.clone(), of, how, prop::bool::weighted(0.8)).prop_map(|(one, other, how, near)| {
        let other = if near {
            changed_in(one.clone(), &other, &how)
        } else {
            other
        };
        (one, other)
    })
}

/// Two paths on which all is known of messages of which all is known.
pub(crate) fn pair() -> impl Strategy<Value = (MailPath, MailPath)> {
    pair_of(path().boxed())
}

/// The same with texts that are compared with written addresses.
pub(crate) fn written_pair() -> impl Strategy<Value = (MailPath, MailPath)> {
    pair_of(written_path().boxed())
}
