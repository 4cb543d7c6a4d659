//! Two sets of exports of one tenant, each read as an audit reads it, and compared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::difference::{Difference, difference};
use crate::evidence::{Evidence, Facts};
use crate::problem::Level;
use crate::report::diff::{SideReport, TenantDiff};
use crate::source;

use super::gather::{Job, Library, Settings, gather, gather_folder};
use super::prepare::{Prepared, prepare};

/// One tenant on both sides, or on the one that has it.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The old exports.
    pub old: Option<Job>,
    /// The new ones.
    pub new: Option<Job>,
}

/// The tenants of two paths, matched by where they lie below them.
///
/// Where only one side has a tenant file or recorded answers of DNS, they speak for both: exports are compared, not what
/// is said of them.
///
/// # Errors
/// A sentence, where a path does not exist or cannot be opened.
pub fn pairs(old: &Path, new: &Path) -> Result<Vec<Pair>, String> {
    let (mut olds, mut news) = (gather(old)?, gather(new)?);
    if olds.len() == 1 && news.len() == 1 {
        return Ok(vec![Pair::of(olds.pop(), news.pop())]);
    }
    let below = |root: &Path, jobs: &[Job]| -> Vec<PathBuf> {
        let declared = jobs.iter().filter(|job| job.tenant_file.is_some());
        declared
            .map(|job| job.root.strip_prefix(root).unwrap_or(&job.root).to_path_buf())
            .collect()
    };
    let places: BTreeSet<PathBuf> = below(old, &olds).into_iter().chain(below(new, &news)).collect();
    let at = |root: &Path, jobs: &[Job], place: &Path| -> Result<Option<Job>, String> {
        let folder = root.join(place);
        let known = jobs
            .iter()
            .find(|job| job.tenant_file.is_some() && job.root.components().eq(folder.components()));
        if let Some(known) = known {
            return Ok(Some(known.clone()));
        }
        if !source::is_dir(&folder) {
            return Ok(None);
        }
        let job = gather_folder(&folder)?;
        Ok((!job.files.is_empty()).then_some(job))
    };
    places
        .iter()
        .map(|place| Ok(Pair::of(at(old, &olds, place)?, at(new, &news, place)?)))
        .collect()
}

impl Pair {
    fn of(mut old: Option<Job>, mut new: Option<Job>) -> Self {
        if let (Some(old), Some(new)) = (&mut old, &mut new) {
            for (one, other) in [
                (&mut old.tenant_file, &mut new.tenant_file),
                (&mut old.dns_file, &mut new.dns_file),
            ] {
                match (&one, &other) {
                    (Some(known), None) => *other = Some(known.clone()),
                    (None, Some(known)) => *one = Some(known.clone()),
                    _ => {}
                }
            }
        }
        Self { old, new }
    }
}

/// Compares one tenant.
pub fn compare(pair: &Pair, library: &Library, settings: &Settings) -> TenantDiff {
    let read = |job: &Option<Job>| job.as_ref().map(|job| prepare(job, library, settings));
    let (old, new) = rayon::join(|| read(&pair.old), || read(&pair.new));
    let broken = library.problems.iter().any(|problem| problem.level == Level::Deny);
    let failed = |prepared: &Prepared| prepared.failed || broken;
    let difference = match (&old, &new) {
        (Some(old), Some(new)) if !failed(old) && !failed(new) => Some(compared(old, new, library)),
        _ => None,
    };
    let name = new.as_ref().or(old.as_ref()).map_or("", |side| &side.name).to_owned();
    let told = |prepared: Option<Prepared>| {
        prepared.map(|prepared| SideReport {
            failed: failed(&prepared),
            path: prepared.path,
            problems: prepared.problems,
            sources: Arc::new(prepared.sources),
        })
    };
    TenantDiff {
        name,
        old: told(old),
        new: told(new),
        difference,
    }
}

/// All that changes, by whatever way mail comes.
fn compared(old: &Prepared, new: &Prepared, library: &Library) -> Difference {
    let ways = |prepared: &Prepared| -> Vec<(String, usize)> {
        let ways = prepared.ways.iter().enumerate();
        ways.map(|(at, way)| (way.path.name.clone(), at)).collect()
    };
    let matched = matched(&ways(old), &ways(new));
    let old_facts: Vec<Facts<'_>> = old.ways.iter().map(|way| super::facts(old, library, way)).collect();
    let new_facts: Vec<Facts<'_>> = new.ways.iter().map(|way| super::facts(new, library, way)).collect();
    let (before, after): (Vec<Evidence<'_>>, Vec<Evidence<'_>>) = rayon::join(
        || old_facts.iter().map(Evidence::assemble).collect(),
        || new_facts.iter().map(Evidence::assemble).collect(),
    );
    let mut all: Option<Difference> = None;
    for (one, other) in matched {
        let (Some(one), Some(other)) = (before.get(one), after.get(other)) else {
            continue;
        };
        let found = difference(one, other);
        all = Some(match all {
            Some(all) => all.with(found),
            None => found,
        });
    }
    all.unwrap_or_default()
}

/// Which ways are compared: those of one name; what has no namesake, with whatever is left on the other side, or with all.
fn matched(old: &[(String, usize)], new: &[(String, usize)]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (name, one) in old {
        let namesake = new.iter().find(|(other, _)| other == name);
        pairs.extend(namesake.map(|(_, other)| (*one, *other)));
    }
    let alone = |all: &[(String, usize)], taken: &dyn Fn(usize) -> bool| -> Vec<usize> {
        all.iter().map(|(_, at)| *at).filter(|at| !taken(*at)).collect()
    };
    let ones = alone(old, &|at| pairs.iter().any(|(one, _)| *one == at));
    let others = alone(new, &|at| pairs.iter().any(|(_, other)| *other == at));
    let every = |all: &[(String, usize)], left: Vec<usize>| {
        if left.is_empty() {
            all.iter().map(|(_, at)| *at).collect()
        } else {
            left
        }
    };
    if ones.is_empty() && others.is_empty() {
        return pairs;
    }
    let (ones, others) = (every(old, ones), every(new, others));
    for one in &ones {
        pairs.extend(others.iter().map(|other| (*one, *other)));
    }
    pairs
}
