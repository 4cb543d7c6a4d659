//! One fix from folder to proof: audit, ask the platform for changes, try them on the exports, audit again.
//!
//! Nothing is kept that was not tried. A batch of changes is applied to the exports as they were read, the exports are
//! audited like any others, and the two audits are compared: what was asked for must be gone, nothing new may have come,
//! and nobody's mail may fare otherwise but the vendors' for the better and strangers' for the worse. A batch that does
//! not hold is halved, so that one bad change costs a few audits and not one for each subset.

mod harm;
mod item;
mod search;
mod settle;

use std::collections::{BTreeMap, HashMap};

use crate::check::{Finding, Group};
use crate::evidence::{Evidence, Facts};
use crate::problem::Level;
use crate::report::fix::{Advice, Fix, Proof, Step};
use crate::report::{Outcome, TenantReport, fingerprint};

use super::prepare::prepare_with_exports;
use super::{Job, Library, Settings, facts, judged, told};
use search::{Found, Search, State};

/// What to mend.
#[derive(Debug, Clone, Default)]
pub struct Only {
    /// Checks, groups, vendors; everything if there are none.
    pub names: Vec<String>,
}

/// Finds the smallest changes that clear the findings of a tenant, and proves them.
pub fn fix(job: &Job, library: &Library, settings: &Settings, only: &Only) -> Fix {
    let (prepared, exports) = prepare_with_exports(job, library, settings);
    let first = {
        let known: Vec<Facts<'_>> = prepared.ways.iter().map(|way| facts(&prepared, library, way)).collect();
        let evidence: Vec<Evidence<'_>> = known.iter().map(Evidence::assemble).collect();
        let findings = judged(&evidence, &prepared, settings);
        let search = Search::new(job, library, settings, &evidence, (&prepared, &exports));
        let found = search.map_or_else(Found::default, |search| search.run(&findings, only));
        (told(&evidence), findings, found)
    };
    let (answers, findings, found) = first;
    let platform = prepared.platform;
    let before = super::report(prepared, library, answers, findings);
    if before.outcome == Outcome::Failed {
        return Fix::nothing(platform, before);
    }
    assembled(platform, before, found, library, only)
}

/// The outcome of a search, told.
fn assembled(platform: &'static str, before: TenantReport, found: Found, library: &Library, only: &Only) -> Fix {
    let index: HashMap<String, usize> = before
        .findings
        .iter()
        .enumerate()
        .map(|(at, finding)| (fingerprint::of(&before.name, finding), at))
        .collect();
    let Found { state, refused } = found;
    let mut fix = Fix::nothing(platform, before);
    let mut left: Vec<String> = index.keys().cloned().collect();
    if let Some(state) = state {
        let State {
            prepared,
            findings,
            answers,
            steps,
            files,
            proof,
            ..
        } = state;
        let after = super::report(prepared, library, answers, findings);
        let stays: HashMap<String, usize> = after
            .findings
            .iter()
            .enumerate()
            .map(|(at, finding)| (fingerprint::of(&after.name, finding), at))
            .collect();
        // An expectation stays broken whichever rule breaks it.
        let twin = |finding: &Finding, others: &[Finding]| {
            let same = |other: &Finding| other.check == finding.check && other.message == finding.message;
            finding.check == "expectation-broken" && others.iter().any(same)
        };
        let gone = |print: &String, at: usize| {
            let finding = fix.before.findings.get(at);
            !stays.contains_key(print) && !finding.is_some_and(|finding| twin(finding, &after.findings))
        };
        let came = |print: &String, at: usize| {
            let finding = after.findings.get(at);
            !index.contains_key(print) && !finding.is_some_and(|finding| twin(finding, &fix.before.findings))
        };
        left.retain(|print| index.get(print).is_some_and(|at| !gone(print, *at)));
        let is_gone = sorted(index.iter().filter(|(print, at)| gone(print, **at)).map(|(_, at)| *at));
        let is_new = sorted(stays.iter().filter(|(print, at)| came(print, **at)).map(|(_, at)| *at));
        fix.steps = steps
            .into_iter()
            .map(|(change, prints, reasons)| Step {
                change,
                findings: sorted(prints.iter().filter_map(|print| index.get(print).copied())),
                reasons,
            })
            .collect();
        fix.proof = Proof {
            gone: is_gone,
            came: is_new,
            ..proof
        };
        fix.files = files;
        fix.after = Some(after);
    }
    let mut reasons: BTreeMap<usize, String> = BTreeMap::new();
    for print in left {
        let Some(&at) = index.get(&print) else { continue };
        let Some(finding) = fix.before.findings.get(at) else {
            continue;
        };
        if wanted(finding, only) {
            let reason = refused
                .get(&print)
                .cloned()
                .unwrap_or_else(|| for_people(finding).to_owned());
            reasons.insert(at, reason);
        }
    }
    fix.advice = reasons
        .into_iter()
        .map(|(finding, reason)| Advice { finding, reason })
        .collect();
    fix
}

fn sorted(all: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut all: Vec<usize> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether the user asked about this finding, and whether it is one to mend at all.
fn wanted(finding: &Finding, only: &Only) -> bool {
    let named = |name: &String| {
        name == finding.check || name == finding.group.as_str() || finding.vendor.as_ref() == Some(name)
    };
    finding.level > Level::Allow
        && finding.exception.is_none()
        && matches!(finding.group, Group::Delivery | Group::Safety | Group::Hygiene)
        && (only.names.is_empty() || only.names.iter().any(named))
}

/// Why no change is proposed for a finding that asks for none.
fn for_people(finding: &Finding) -> &'static str {
    match finding.check {
        "unexplained-allow" => {
            "whose entry it is, the exports do not say, so whether anybody needs it is for a person to find out"
        }
        "vendor-residue" => "whether the vendor is gone or was never declared, only a person can say",
        _ => "which change is meant, only a person can say",
    }
}
