//! The content filter: anti-spam, anti-phishing, Safe Links and Safe Attachments policies, one per type and recipient.

mod phish;
mod safe;
mod spam;
mod writer;

use crate::message::{Concern, Concerns, auth};
use crate::path::{Effect, Guard, Pred, Rule};
use crate::source::Span;

use super::accepted::Accepted;
use super::build::Bench;
use super::bundle::Bundle;
use super::kind::Kind;
use super::scope::Family;
use phish::anti_phish;
use safe::{safe_attachments, safe_links};
use spam::anti_spam;
use writer::unjudged;

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
pub(super) fn rules(bundle: &Bundle<'_>, bench: &mut Bench, accepted: &Accepted, nowhere: Span) -> Vec<Rule> {
    let mut rules = anti_spam(bundle, bench, accepted, nowhere);
    rules.extend(anti_phish(bundle, bench, nowhere));
    rules.extend(safe_links(bundle, bench, nowhere));
    rules.extend(safe_attachments(bundle, bench, nowhere));
    rules.push(authenticated(nowhere));
    rules.push(unknown_authentication(bench, nowhere));
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
