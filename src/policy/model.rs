//! What a policy says.

use jiff::civil::Date;

use super::expect::Expect;
use crate::problem::Level;
use crate::source::{SourceId, Span, Spanned};

/// The groups of checks, which a policy may give a level as a whole.
pub(super) const GROUPS: &[&str] = &["delivery", "safety", "hygiene", "dns", "evidence"];

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub name: Spanned<String>,
    /// What it is for.
    pub summary: Option<Spanned<String>>,
    /// The policy it is put on top of.
    pub extends: Option<Spanned<String>>,
    /// Where it is written.
    pub source: SourceId,
    /// Levels of checks and groups, to be applied in order: of two that concern one check the later counts.
    pub levels: Vec<(Spanned<String>, Level)>,
    /// What is too large, too old or too near.
    pub limits: Limits,
    /// Limits that platforms publish.
    pub platform_limits: Vec<PlatformLimit>,
    /// Invariants of the user.
    pub expects: Vec<Expect>,
}

impl Policy {
    /// Adds what another policy says and this one does not.
    pub(super) fn over(&mut self, parent: Self) {
        let own = std::mem::take(&mut self.levels);
        let said = |name: &str| own.iter().any(|(known, _)| known.value == name);
        let inherited = parent
            .levels
            .into_iter()
            .filter(|(name, _)| !said(&name.value))
            .collect::<Vec<_>>();
        self.levels = inherited.into_iter().chain(own).collect();
        self.limits = self.limits.or(parent.limits);
        let list = |limit: &PlatformLimit| {
            (
                limit.platform.value.clone(),
                limit.control.value.clone(),
                limit.list.value.clone(),
            )
        };
        let own: Vec<_> = self.platform_limits.iter().map(list).collect();
        self.platform_limits.extend(
            parent
                .platform_limits
                .into_iter()
                .filter(|limit| !own.contains(&list(limit))),
        );
        let own: Vec<_> = self
            .expects
            .iter()
            .filter_map(|expect| expect.name.clone())
            .map(|name| name.value)
            .collect();
        let said = |expect: &Expect| expect.name.as_ref().is_some_and(|name| own.contains(&name.value));
        self.expects
            .extend(parent.expects.into_iter().filter(|expect| !said(expect)));
        self.summary = self.summary.take().or(parent.summary);
    }
}

/// What is too large, too old or too near. What is not given has no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// An IPv4 network with a shorter prefix is broad.
    pub largest_ipv4_prefix: Option<Spanned<u32>>,
    /// An IPv6 network with a shorter prefix is broad.
    pub largest_ipv6_prefix: Option<Spanned<u32>>,
    /// An older export is stale.
    pub export_age_days: Option<Spanned<u32>>,
    /// A pack not checked for longer is stale.
    pub pack_age_days: Option<Spanned<u32>>,
    /// A list that is fuller is near its limit.
    pub near_limit_percent: Option<Spanned<u32>>,
    /// An expiry within as many days is near.
    pub expiry_near_days: Option<Spanned<u32>>,
}

impl Limits {
    /// These limits, and where one is not given that of the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            largest_ipv4_prefix: self.largest_ipv4_prefix.or(other.largest_ipv4_prefix),
            largest_ipv6_prefix: self.largest_ipv6_prefix.or(other.largest_ipv6_prefix),
            export_age_days: self.export_age_days.or(other.export_age_days),
            pack_age_days: self.pack_age_days.or(other.pack_age_days),
            near_limit_percent: self.near_limit_percent.or(other.near_limit_percent),
            expiry_near_days: self.expiry_near_days.or(other.expiry_near_days),
        }
    }
}

/// A figure that somebody published about a list of a platform.
#[derive(Debug, Clone)]
pub struct PlatformLimit {
    /// The platform.
    pub platform: Spanned<String>,
    /// The control.
    pub control: Spanned<String>,
    /// The list within it.
    pub list: Spanned<String>,
    /// The most entries.
    pub max_entries: Option<Spanned<u32>>,
    /// The most characters of an entry.
    pub max_length: Option<Spanned<u32>>,
    /// The shortest prefix of an IPv4 network.
    pub min_prefix: Option<Spanned<u32>>,
    /// The most addresses of a range.
    pub max_range: Option<Spanned<u32>>,
    /// Whether IPv6 is taken; not known if not said.
    pub ipv6: Option<Spanned<bool>>,
    /// The licence the figure belongs to.
    pub plan: Option<Spanned<String>>,
    /// The date of the text.
    pub as_of: Spanned<Date>,
    /// The page.
    pub source: Spanned<String>,
    /// Whether another text says more.
    pub disputed: bool,
    /// A remark.
    pub note: Option<Spanned<String>>,
    /// The row.
    pub span: Span,
}
