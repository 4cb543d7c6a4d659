//! What a check is, and what it finds.
//!
//! A check is data plus one total function over the evidence; the table of all checks is `checks`.
//! This file knows no particular check.

use jiff::civil::Date;
use rayon::prelude::*;

use crate::evidence::Evidence;
use crate::path::remedy::Remedy;
use crate::policy::Policy;
use crate::problem::{Label, Level};
use crate::tenant::Exception;

pub use crate::evidence::witness::Witness;

/// The groups of checks, in the order reports show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The vendor's mail does not get through.
    Delivery,
    /// More gets through than the vendors need.
    Safety,
    /// What should be tidied.
    Hygiene,
    /// The world disagrees with the pack or the tenant.
    Dns,
    /// What the audit could not see.
    Evidence,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 5] = [Self::Delivery, Self::Safety, Self::Hygiene, Self::Dns, Self::Evidence];

    /// The word used in policies, options and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Safety => "safety",
            Self::Hygiene => "hygiene",
            Self::Dns => "dns",
            Self::Evidence => "evidence",
        }
    }
}

/// One check.
pub struct Check {
    /// Names the fault; never changes once released.
    pub id: &'static str,
    /// One line for tables.
    pub summary: &'static str,
    /// The page that `explain` prints.
    pub page: &'static str,
    /// Its group.
    pub group: Group,
    /// Its level where nothing says otherwise.
    pub level: Level,
    /// The version that brought it.
    pub since: &'static str,
    /// Finds.
    pub run: fn(&Evidence<'_>, &mut Findings<'_>),
}

/// A finding as a check drafts it: what is not said here follows from the check.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Only where the check has several levels.
    pub level: Option<Level>,
    /// See [`Finding::message`].
    pub message: String,
    /// What to do; the page is named by the report.
    pub help: String,
    /// See [`Finding::vendor`].
    pub vendor: Option<String>,
    /// See [`Finding::stream`].
    pub stream: Option<String>,
    /// See [`Finding::stage`].
    pub stage: Option<&'static str>,
    /// See [`Finding::object`].
    pub object: Option<String>,
    /// See [`Finding::value`].
    pub value: String,
    /// See [`Finding::labels`].
    pub labels: Vec<Label>,
    /// See [`Finding::witness`].
    pub witness: Option<Witness>,
    /// See [`Finding::remedies`].
    pub remedies: Vec<Remedy>,
}

/// Collects what checks find and gives each finding its level.
pub struct Findings<'a> {
    policy: &'a Policy,
    overrides: &'a [(String, Level)],
    exceptions: &'a [Exception],
    used: Vec<bool>,
    now: Option<Date>,
    check: Option<&'static Check>,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Nothing found yet. `overrides` are those of the command line: check or group, in order, the last one counts.
    pub fn new(policy: &'a Policy, overrides: &'a [(String, Level)]) -> Self {
        Self {
            policy,
            overrides,
            exceptions: &[],
            used: Vec::new(),
            now: None,
            check: None,
            found: Vec::new(),
        }
    }

    /// Lets these exceptions of the tenant file cover findings, as far as they still work on the day of the audit.
    ///
    /// An exception is applied the moment a finding is added, so a check that runs after all others can ask
    /// [`Findings::exceptions_used`].
    #[must_use]
    pub fn excepting(mut self, exceptions: &'a [Exception], now: Date) -> Self {
        self.exceptions = exceptions;
        self.used = vec![false; exceptions.len()];
        self.now = Some(now);
        self
    }

    /// For each exception of the tenant file, whether it has covered a finding so far.
    pub fn exceptions_used(&self) -> &[bool] {
        &self.used
    }

    fn except(&mut self, check: &str, object: Option<&str>) -> Option<Excepted> {
        let now = self.now?;
        let at = self
            .exceptions
            .iter()
            .position(|exception| exception.holds_on(now) && exception.covers(check, object))?;
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
        self.exceptions.get(at).map(|exception| Excepted {
            reason: exception.reason.value.clone(),
            expires: exception.expires.map(|expires| expires.value),
        })
    }

    /// Runs checks side by side, each over one evidence after the other. The result is that of running one check after
    /// the other, as long as none of them asks what others found.
    pub fn run_all(&mut self, checks: &[&'static Check], evidence: &[Evidence<'_>]) {
        let alone = |check: &&'static Check| {
            let mut findings = Self {
                used: vec![false; self.exceptions.len()],
                found: Vec::new(),
                ..*self
            };
            for one in evidence {
                findings.run(check, one);
            }
            (findings.used, findings.found)
        };
        let of_each: Vec<(Vec<bool>, Vec<Finding>)> = checks.par_iter().map(alone).collect();
        for (used, mut found) in of_each {
            for (known, used) in self.used.iter_mut().zip(used) {
                *known |= used;
            }
            self.found.append(&mut found);
        }
    }

    /// Runs one check.
    pub fn run(&mut self, check: &'static Check, evidence: &Evidence<'_>) {
        self.check = Some(check);
        (check.run)(evidence, self);
    }

    /// What was found, in the order of the checks.
    pub fn into_found(self) -> Vec<Finding> {
        self.found
    }

    /// Adds a finding of the running check.
    pub fn push(&mut self, draft: Draft) {
        let Some(check) = self.check else { return };
        let level = self.level(check, draft.level.unwrap_or(check.level));
        if level == Level::Allow {
            return;
        }
        let platform = draft.stage.and_then(|stage| stage.split('/').next());
        let exception = self.except(check.id, draft.object.as_deref());
        self.found.push(Finding {
            check: check.id,
            group: check.group,
            level,
            message: draft.message,
            help: draft.help,
            vendor: draft.vendor,
            stream: draft.stream,
            platform,
            stage: draft.stage,
            object: draft.object,
            value: draft.value,
            labels: draft.labels,
            witness: draft.witness,
            remedies: draft.remedies,
            exception,
        });
    }

    fn level(&self, check: &Check, own: Level) -> Level {
        let said = |name: &str| name == check.id || name == check.group.as_str();
        let by_policy = self
            .policy
            .levels
            .iter()
            .rev()
            .find(|(name, _)| name.value == check.id)
            .or_else(|| self.policy.levels.iter().rev().find(|(name, _)| said(&name.value)));
        let by_option = self.overrides.iter().rev().find(|(name, _)| said(name));
        by_option
            .map(|(_, level)| *level)
            .or(by_policy.map(|(_, level)| *level))
            .unwrap_or(own)
    }
}

/// One fault, with everything a report needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the check.
    pub check: &'static str,
    /// Its group.
    pub group: Group,
    /// Level after policy and options.
    pub level: Level,
    /// One sentence: lower-case start, no final stop, user values in backticks.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Vendor pack, where one is concerned.
    pub vendor: Option<String>,
    /// Stream of the vendor, where one is concerned.
    pub stream: Option<String>,
    /// Platform id, such as `exchange`.
    pub platform: Option<&'static str>,
    /// Stage id, such as `exchange/content-filter`.
    pub stage: Option<&'static str>,
    /// `<kind>/<Name, else Identity, else value>`.
    pub object: Option<String>,
    /// The value that is missing, wide, malformed and so on, normalised; part of the fingerprint.
    pub value: String,
    /// The primary label first. Never empty.
    pub labels: Vec<Label>,
    /// A message that shows the fault.
    pub witness: Option<Witness>,
    /// What would mend it; empty where only a person can tell.
    pub remedies: Vec<Remedy>,
    /// Set when an exception of the tenant file covers the finding: it stays visible and does not count.
    pub exception: Option<Excepted>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepted {
    /// The reason the tenant file gives.
    pub reason: String,
    /// Last day on which the exception holds.
    pub expires: Option<Date>,
}
