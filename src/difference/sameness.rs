//! Whether rules of two sides are the same.

use crate::path::{Effect, Guard, NeedId, Pred, Rule};

use super::side::Side;

/// Whether rules of the two sides are the same: their needs have other numbers, and their names other places.
pub(super) struct Sameness {
    old: Vec<String>,
    new: Vec<String>,
}

impl Sameness {
    pub(super) fn of(old: Side<'_>, new: Side<'_>) -> Self {
        Self {
            old: old.all_asked(),
            new: new.all_asked(),
        }
    }

    pub(super) fn needs(&self, one: NeedId, other: NeedId) -> bool {
        let (one, other) = (self.old.get(one.index()), self.new.get(other.index()));
        one.is_some() && one == other
    }

    pub(super) fn rules(&self, one: &Rule, other: &Rule) -> bool {
        self.does_the_same(one, other) && self.guards(&one.guard, &other.guard)
    }

    /// Whether rules do the same to what they meet.
    pub(super) fn does_the_same(&self, one: &Rule, other: &Rule) -> bool {
        let effects = || one.effects.iter().zip(&other.effects);
        one.object == other.object
            && one.control == other.control
            && one.effects.len() == other.effects.len()
            && effects().all(|(one, other)| self.effects(one, other))
    }

    fn effects(&self, one: &Effect, other: &Effect) -> bool {
        match one {
            Effect::MayClear(a, x) => matches!(other, Effect::MayClear(b, y) if a == b && self.needs(*x, *y)),
            Effect::Raises(a, x) => matches!(other, Effect::Raises(b, y) if a == b && self.needs(*x, *y)),
            Effect::Ends {
                verdict: a,
                unless_cleared_by: some,
                need: x,
            } => match other {
                Effect::Ends {
                    verdict,
                    unless_cleared_by,
                    need,
                } => {
                    let needs = match (x, need) {
                        (Some(x), Some(y)) => self.needs(*x, *y),
                        (None, None) => true,
                        _ => false,
                    };
                    a == verdict && some == unless_cleared_by && needs
                }
                _ => false,
            },
            Effect::Clears(_) | Effect::Waives(_) | Effect::Stops | Effect::Acts(..) | Effect::Alters => one == other,
        }
    }

    fn guards(&self, one: &Guard, other: &Guard) -> bool {
        self.all(&one.when, &other.when) && self.all(&one.unless, &other.unless)
    }

    fn all(&self, ones: &[Pred], others: &[Pred]) -> bool {
        ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| self.preds(one, other))
    }

    fn preds(&self, one: &Pred, other: &Pred) -> bool {
        match one {
            Pred::MailFromText(a, x) => matches!(other, Pred::MailFromText(b, y) if a == b && self.needs(*x, *y)),
            Pred::FromText(a, x) => matches!(other, Pred::FromText(b, y) if a == b && self.needs(*x, *y)),
            Pred::ToText(a, x) => matches!(other, Pred::ToText(b, y) if a == b && self.needs(*x, *y)),
            Pred::Attachment(x) => matches!(other, Pred::Attachment(y) if self.needs(*x, *y)),
            Pred::Unknown(x) => matches!(other, Pred::Unknown(y) if self.needs(*x, *y)),
            Pred::All(a) => matches!(other, Pred::All(b) if self.all(a, b)),
            Pred::Any(a) => matches!(other, Pred::Any(b) if self.all(a, b)),
            Pred::Not(a) => matches!(other, Pred::Not(b) if self.preds(a, b)),
            Pred::Between {
                surely: a,
                possibly: some,
                need: x,
            } => match other {
                Pred::Between { surely, possibly, need } => {
                    self.preds(a, surely) && self.preds(some, possibly) && self.needs(*x, *need)
                }
                _ => false,
            },
            Pred::Always
            | Pred::Never
            | Pred::Ip(_)
            | Pred::AuthIp(_)
            | Pred::MailFrom(_)
            | Pred::From(_)
            | Pred::To(_)
            | Pred::Dkim(_)
            | Pred::Link(_)
            | Pred::Dmarc(_)
            | Pred::Spf(_)
            | Pred::CompAuth(_)
            | Pred::Header(..)
            | Pred::Attached(_) => one == other,
        }
    }
}
