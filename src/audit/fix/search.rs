//! The search: which of the proposed changes hold, tried in batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::check::{Finding, Group};
use crate::evidence::{Evidence, Facts};
use crate::path::MailPath;
use crate::path::remedy::Remedy;
use crate::plan;
use crate::platform::Platform;
use crate::platform::change::Change;
use crate::platform::mend::{MendInput, Way};
use crate::platforms::PLATFORMS;
use crate::report::fix::{FixedFile, Proof};
use crate::report::{CoverageRow, Verdict, fingerprint};

use super::super::files::Exports;
use super::super::prepare::{Prepared, prepare_with_exports};
use super::super::{Job, Library, Settings, facts, judged, told};
use super::item::{Failure, Item, joined};
use super::settle::Settle;
use super::{Only, harm, wanted};

/// Times the exports are looked at anew: one cause may hide another.
const MAX_ROUNDS: usize = 8;

/// Times what was refused is asked again, after other changes were taken.
const MAX_PASSES: usize = 3;

/// The exports with changes in them, audited.
pub(super) struct State {
    pub prepared: Prepared,
    pub exports: Exports,
    pub findings: Vec<Finding>,
    pub answers: (Vec<Verdict>, Vec<CoverageRow>),
    /// All changes so far, in the order in which they were taken.
    pub taken: Vec<Taken>,
    /// The changes put together: each with the fingerprints of the findings that ask for it, and why.
    pub steps: Vec<(Change, Vec<String>, Vec<String>)>,
    pub files: Vec<FixedFile>,
    pub proof: Proof,
}

/// A way that was taken, and for whom.
#[derive(Clone)]
pub(super) struct Taken {
    pub way: Way,
    pub prints: Vec<String>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// None if nothing is to change.
    pub state: Option<State>,
    /// Why findings stay, by fingerprint.
    pub refused: BTreeMap<String, String>,
}

pub(super) struct Search<'s, 'e> {
    job: &'s Job,
    library: &'s Library,
    settings: &'s Settings,
    /// The exports as they are: everything is compared with them.
    original: &'s Evidence<'e>,
    prepared: &'s Prepared,
    exports: &'s Exports,
    platform: &'static Platform,
}

impl<'s, 'e> Search<'s, 'e> {
    pub(super) fn new(
        job: &'s Job,
        library: &'s Library,
        settings: &'s Settings,
        original: &'s [Evidence<'e>],
        (prepared, exports): (&'s Prepared, &'s Exports),
    ) -> Option<Self> {
        // Rules are named by their place in one path, so with several ways nothing is proposed.
        let [original] = original else { return None };
        let platform = PLATFORMS.iter().find(|platform| platform.id == prepared.platform)?;
        Some(Self {
            job,
            library,
            settings,
            original,
            prepared,
            exports,
            platform,
        })
    }

    /// Mends what can be mended: first what keeps vendors' mail out, then what lets others in, then the rest.
    pub(super) fn run(&self, findings: &[Finding], only: &Only) -> Found {
        let mut refused: BTreeMap<String, String> = BTreeMap::new();
        let mut closed: BTreeSet<String> = BTreeSet::new();
        let mut wayless: Vec<(String, Vec<String>)> = Vec::new();
        let mut state: Option<State> = None;
        if self.prepared.failed {
            return Found { state, refused };
        }
        let before: BTreeMap<String, &Finding> = self.printed(findings).collect();
        // What comes out of a list may leave room for what did not fit.
        for _ in 0..MAX_PASSES {
            let n_taken = |state: &Option<State>| state.as_ref().map_or(0, |state| state.taken.len());
            let start = n_taken(&state);
            for groups in [&[Group::Delivery][..], &[Group::Safety], &[Group::Hygiene]] {
                for _ in 0..MAX_ROUNDS {
                    let items = match &state {
                        None => self.items(self.prepared, self.exports, findings, groups, only, &closed),
                        Some(state) => {
                            self.items(&state.prepared, &state.exports, &state.findings, groups, only, &closed)
                        }
                    };
                    if items.is_empty() {
                        break;
                    }
                    let mut settle = Settle {
                        search: self,
                        before: &before,
                        refused: &mut refused,
                        closed: &mut closed,
                        wayless: &mut wayless,
                    };
                    state = settle.batch(state, items);
                }
            }
            let waiting = std::mem::take(&mut wayless);
            if n_taken(&state) == start || waiting.is_empty() {
                break;
            }
            for (key, prints) in waiting {
                closed.remove(&key);
                for print in prints {
                    refused.remove(&print);
                }
            }
        }
        Found { state, refused }
    }

    pub(super) fn printed<'f>(&self, findings: &'f [Finding]) -> impl Iterator<Item = (String, &'f Finding)> {
        let name = &self.prepared.name;
        findings
            .iter()
            .map(move |finding| (fingerprint::of(name, finding), finding))
    }

    /// What is asked for and not yet closed, with the ways the platform sees.
    fn items(
        &self,
        prepared: &Prepared,
        exports: &Exports,
        findings: &[Finding],
        groups: &[Group],
        only: &Only,
        closed: &BTreeSet<String>,
    ) -> Vec<Item> {
        let [way] = prepared.ways.as_slice() else {
            return Vec::new();
        };
        let path = &way.path;
        let mut wishes: Vec<&Remedy> = Vec::new();
        let mut items: Vec<Item> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (print, finding) in self.printed(findings) {
            // What carries a vendor's need is about its mail, whatever else is wrong with it.
            let of_delivery = finding.remedies.iter().any(Remedy::admits);
            let now = groups.contains(&finding.group) || (of_delivery && groups.contains(&Group::Delivery));
            if !now || !wanted(finding, only) {
                continue;
            }
            for remedy in &finding.remedies {
                let key = remedy.key(path);
                if closed.contains(&key) {
                    continue;
                }
                let at = *known.entry(key.clone()).or_insert_with(|| {
                    wishes.push(remedy);
                    items.push(Item {
                        keys: vec![key],
                        admits: remedy.admits(),
                        prints: Vec::new(),
                        vendors: Vec::new(),
                        ways: Vec::new(),
                        otherwise: String::new(),
                    });
                    items.len() - 1
                });
                if let Some(item) = items.get_mut(at) {
                    item.prints.push(print.clone());
                    item.vendors.push(finding.vendor.clone());
                }
            }
        }
        if items.is_empty() {
            return items;
        }
        let views = exports.views(&prepared.sources);
        let known = facts(prepared, self.library, way);
        let input = MendInput {
            read: &exports.input(&views, prepared, self.settings),
            path,
            own: &prepared.tenant.own,
            requirements: &known.requirements,
            limits: &prepared.policy.platform_limits,
            wishes: &wishes,
        };
        for (item, mending) in items.iter_mut().zip((self.platform.mend)(&input)) {
            // The best way is tried first, and taken from the end.
            item.ways = mending.ways;
            item.ways.reverse();
            item.otherwise = mending.otherwise;
        }
        joined(items)
    }

    /// Whether what was asked for is asked for no more.
    fn stays(&self, findings: &[Finding], path: &MailPath, batch: &[Item]) -> Result<(), Failure> {
        let prints: BTreeSet<&str> = batch.iter().flat_map(|item| &item.prints).map(String::as_str).collect();
        let mut keys = BTreeSet::new();
        let mut reason = None;
        for (print, finding) in self.printed(findings) {
            if !prints.contains(print.as_str()) {
                continue;
            }
            for key in finding.remedies.iter().map(|remedy| remedy.key(path)) {
                if batch.iter().any(|item| item.keys.contains(&key)) {
                    keys.insert(key);
                    reason.get_or_insert_with(|| format!("with it in place the finding stays: {}", finding.message));
                }
            }
        }
        match reason {
            Some(reason) => Err(Failure {
                reason,
                objects: Vec::new(),
                keys,
                whatever: false,
            }),
            None => Ok(()),
        }
    }

    /// What is proved of all changes, if the last of them harm nobody: what holds of each step holds of all together.
    fn step(&self, state: Option<&State>, after: &Evidence<'_>) -> Result<Proof, Failure> {
        let Some(state) = state else {
            return Ok(harm::proof(self.original, after)?);
        };
        let known: Vec<Facts<'_>> = state
            .prepared
            .ways
            .iter()
            .map(|way| facts(&state.prepared, self.library, way))
            .collect();
        let before: Vec<Evidence<'_>> = known.iter().map(Evidence::assemble).collect();
        let [before] = before.as_slice() else {
            return Err(Failure::of("with it in place mail would take other ways"));
        };
        Ok(state.proof.clone().followed(harm::proof(before, after)?))
    }

    /// The exports with these ways in them, if they hold.
    pub(super) fn attempt(
        &self,
        taken: Vec<Taken>,
        before: &BTreeMap<String, &Finding>,
        current: &BTreeSet<String>,
        batch: &[Item],
        state: Option<&State>,
    ) -> Result<State, Failure> {
        let changes = taken.iter().flat_map(|taken| &taken.way.changes);
        let together = plan::together(changes).map_err(|conflict| {
            let object = conflict.object;
            Failure {
                reason: format!("another change of `{object}` has to be in place first; run `fix` again after it"),
                objects: vec![object],
                keys: BTreeSet::new(),
                whatever: false,
            }
        })?;
        let views = self.exports.views(&self.prepared.sources);
        let input = self.exports.input(&views, self.prepared, self.settings);
        let applied = (self.platform.apply)(&input, &together);
        if let Some(refused) = applied.refused.into_iter().next() {
            let change = together.get(refused.change);
            return Err(Failure {
                reason: format!("it cannot be tried on the exports: {}", refused.reason),
                objects: change.map(Change::object).into_iter().collect(),
                keys: BTreeSet::new(),
                whatever: false,
            });
        }
        let mut job = self.job.clone();
        let mut files = Vec::new();
        for file in applied.files {
            let Some(view) = views.get(file.file) else { continue };
            job = job.with(view.path, file.text.clone().into_bytes());
            files.push(FixedFile {
                path: view.path.to_owned(),
                before: view.text.to_owned(),
                after: file.text,
                operations: file.operations,
            });
        }
        let (prepared, exports) = prepare_with_exports(&job, self.library, self.settings);
        let (findings, answers, proof) = {
            let known: Vec<Facts<'_>> = prepared
                .ways
                .iter()
                .map(|way| facts(&prepared, self.library, way))
                .collect();
            let evidence: Vec<Evidence<'_>> = known.iter().map(Evidence::assemble).collect();
            let findings = judged(&evidence, &prepared, self.settings);
            let [only] = evidence.as_slice() else {
                return Err(Failure::of("with it in place mail would take other ways"));
            };
            let left_of = |finding: &Finding| {
                let about =
                    |vendor: &Option<String>| vendor.is_none() || finding.vendor.is_none() || *vendor == finding.vendor;
                batch.iter().any(|item| item.admits && item.vendors.iter().any(about))
            };
            harm::in_findings(&self.prepared.name, before, current, left_of, &findings)?;
            self.stays(&findings, only.facts.path, batch)?;
            let proof = self.step(state, only)?;
            (findings, told(&evidence), proof)
        };
        let steps = steps(together, &taken);
        Ok(State {
            prepared,
            exports,
            findings,
            answers,
            taken,
            steps,
            files,
            proof,
        })
    }
}

/// The changes with what they are for.
fn steps(together: Vec<Change>, taken: &[Taken]) -> Vec<(Change, Vec<String>, Vec<String>)> {
    together
        .into_iter()
        .map(|change| {
            let of = |taken: &&Taken| {
                let same = |one: &Change| one.kind == change.kind && one.name == change.name;
                taken.way.changes.iter().any(same)
            };
            let mut prints: Vec<String> = Vec::new();
            let mut reasons: Vec<String> = Vec::new();
            for taken in taken.iter().filter(of) {
                prints.extend(taken.prints.iter().cloned());
                if !reasons.contains(&taken.way.reason) {
                    reasons.push(taken.way.reason.clone());
                }
            }
            (change, prints, reasons)
        })
        .collect()
}
