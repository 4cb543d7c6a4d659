//! One audit from folder to report: gather, read, judge, tell.
//!
//! Only gathering and reading files touch the world, through `source`; everything after that is a function of what they found.

mod ask;
mod compare;
mod files;
pub mod fix;
mod gather;
mod noted;
mod prepare;
mod tell;
mod ways;

use std::sync::Arc;

use crate::allow::address::AddressSet;
use crate::check::{Finding, Findings};
use crate::checks::CHECKS;
use crate::evidence::{Evidence, Facts};
use crate::pack::Delivery;
use crate::problem::Level;
use crate::report::{CoverageRow, Fate, Outcome, TenantReport, Verdict};
use crate::requirement::{Requirement, Use};

pub use compare::{Pair, compare, pairs};
pub use gather::{DNS_FILE, Dns, Job, Library, PolicyChoice, Settings, TENANT_FILE, gather, gather_folder};
pub use prepare::{Prepared, prepare, quoted};
use tell::{coverage, once, sort, verdicts};
pub use ways::Way;

/// What is known of a tenant, ready to be judged, as far as mail goes one way.
pub fn facts<'a>(prepared: &'a Prepared, library: &'a Library, way: &'a Way) -> Facts<'a> {
    let tenant = &prepared.tenant;
    let declared = AddressSet::union_all(
        &tenant
            .domains
            .iter()
            .map(|domain| AddressSet::domain(&domain.value))
            .collect::<Vec<_>>(),
    );
    let accepted = if tenant.domains.is_empty() {
        prepared.recipients.clone()
    } else {
        declared
    };
    let recipients = if accepted.is_empty() {
        AddressSet::all_addresses()
    } else {
        accepted.minus(&way.not_to)
    };
    let gateway = way.path.entry_past_hops() > 0;
    // Whoever names the domains says which ones are asked about.
    let more_domains = way.path.more_domains.filter(|_| tenant.domains.is_empty());
    let mut requirements = Vec::new();
    for (vendor, answers) in tenant.vendors.iter().zip(&prepared.answers) {
        let ended = vendor.until.is_some_and(|until| until.value < prepared.now);
        let Some(pack) = library.packs.iter().find(|pack| pack.answers_to(&vendor.pack.value)) else {
            continue;
        };
        if ended {
            continue;
        }
        let used = Use {
            pack,
            vendor,
            answers: answers.clone(),
        };
        let found = Requirement::all(&used, &recipients, gateway, prepared.now);
        // A filter in front may break what the sender got right.
        let behind_filter =
            |requirement: &Requirement<'_>| way.path.mask.is_some() && requirement.delivery != Delivery::SmtpDirect;
        requirements.extend(found.into_iter().map(|requirement| {
            let requirement = if more_domains.is_some() {
                requirement.to_anybody(&accepted, &recipients)
            } else {
                requirement
            };
            if behind_filter(&requirement) {
                return requirement;
            }
            let passes = prepared.dns.passes(requirement.vendor(), requirement.stream_id());
            let requirement = requirement.with_spf(&prepared.dns.spf);
            if passes {
                requirement.authenticated()
            } else {
                requirement
            }
        }));
    }
    let domains = if tenant.domains.is_empty() {
        prepared.domains.clone().unwrap_or_default()
    } else {
        tenant.domains.clone()
    };
    Facts {
        sources: &prepared.sources,
        now: prepared.now,
        tenant,
        policy: &prepared.policy,
        packs: &library.packs,
        requirements,
        path: &way.path,
        dns: &prepared.dns,
        domains,
        accepted,
        elsewhere: way.not_to.clone(),
        more_domains,
        unread: &prepared.unread,
        problems: &prepared.export_problems,
        reads: &prepared.reads,
        unclaimed: &prepared.unclaimed,
    }
}

/// Audits one tenant.
pub fn audit(job: &Job, library: &Library, settings: &Settings) -> TenantReport {
    let mut prepared = prepare(job, library, settings);
    // What a tenant file with mistakes declares is not known.
    if prepared.problems.iter().all(|problem| problem.level < Level::Deny) {
        let unasked = prepare::unasked(job, &prepared.tenant, settings.now);
        prepared.problems.extend(unasked);
    }
    let (answers, findings) = {
        let facts: Vec<Facts<'_>> = prepared.ways.iter().map(|way| facts(&prepared, library, way)).collect();
        let evidence: Vec<Evidence<'_>> = facts.iter().map(Evidence::assemble).collect();
        let (found, several) = (found(&evidence, &prepared, settings), evidence.len() > 1);
        let answers = told(&evidence);
        // To take the evidence apart takes as long as some checks do.
        let (findings, ()) = rayon::join(|| in_order(found, several), || drop(evidence));
        (answers, findings)
    };
    report(prepared, library, answers, findings)
}

/// What all checks find, sorted.
fn judged(evidence: &[Evidence<'_>], prepared: &Prepared, settings: &Settings) -> Vec<Finding> {
    in_order(found(evidence, prepared, settings), evidence.len() > 1)
}

/// What all checks find.
fn found<'p>(evidence: &[Evidence<'_>], prepared: &'p Prepared, settings: &'p Settings) -> Findings<'p> {
    let mut findings =
        Findings::new(&prepared.policy, &settings.levels).excepting(&prepared.tenant.exceptions, prepared.now);
    // The last one asks which exceptions the others used.
    let (others, last) = CHECKS.split_at(CHECKS.len().saturating_sub(1));
    findings.run_all(others, evidence);
    for (check, one) in last
        .iter()
        .flat_map(|check| evidence.iter().map(move |one| (check, one)))
    {
        findings.run(check, one);
    }
    findings
}

/// Findings as reports show them. What several ways have in common is told once.
fn in_order(found: Findings<'_>, several: bool) -> Vec<Finding> {
    let mut findings = found.into_found();
    sort(&mut findings);
    if several { once(findings) } else { findings }
}

/// The answers about streams.
type Answers = (Vec<Verdict>, Vec<CoverageRow>);

fn told(evidence: &[Evidence<'_>]) -> Answers {
    (verdicts(evidence), coverage(evidence))
}

/// What was found out about a tenant.
fn report(
    prepared: Prepared,
    library: &Library,
    (verdicts, coverage): Answers,
    findings: Vec<Finding>,
) -> TenantReport {
    let failed = prepared.failed || library.problems.iter().any(|problem| problem.level == Level::Deny);
    let counts = findings
        .iter()
        .any(|finding| finding.exception.is_none() && finding.level > Level::Note);
    let unknown = coverage.iter().any(|row| row.answer == "unknown")
        || verdicts.iter().any(|verdict| verdict.fate == Fate::CannotTell);
    let outcome = if failed {
        Outcome::Failed
    } else if counts {
        Outcome::Findings
    } else if unknown {
        Outcome::Unknown
    } else {
        Outcome::Clean
    };
    let report = TenantReport {
        name: prepared.name,
        path: prepared.path,
        outcome,
        inputs: prepared.inputs,
        verdicts,
        coverage,
        findings,
        problems: prepared.problems,
        residual: prepared.residual,
        sources: Arc::new(prepared.sources),
    };
    // Nobody has to wait until very many rules are taken apart.
    let ways = prepared.ways;
    rayon::spawn(move || drop(ways));
    report
}
