//! The table of platforms.

pub mod allowlist;
pub mod exchange;
pub mod products;

use crate::message::Concerns;
use crate::path::{Effect, Force, Guard, MailPath, Need, Pred, Rule, Stage, Verdict};
use crate::platform::Platform;
use crate::problem::Level;
use crate::source::Span;

/// All platforms that can be read, sorted by id.
pub static PLATFORMS: &[&Platform] = &[&exchange::EXCHANGE];

/// A filter in front whose reader does not exist yet: what it does is not known.
pub fn unread_hop(platform: &str, path: &mut MailPath, nowhere: Span) -> Stage {
    let need = path.need(Need {
        key: format!("hop/{platform}"),
        text: format!("what the filter in front (`{platform}`) does with the mail is not known: this version does not read its configuration"),
        help: "check the filter's own allow list by hand".to_owned(),
        level: Level::Deny,
        origin: None,
        told: false,
    });
    Stage {
        id: "hop/gateway",
        judges: Concerns::NONE,
        rules: vec![Rule {
            object: format!("hop/{platform}"),
            origin: nowhere,
            control: "hop",
            guard: Guard::when(Pred::Unknown(need)),
            effects: vec![Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: &[],
                need: Some(need),
            }],
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        }],
    }
}
