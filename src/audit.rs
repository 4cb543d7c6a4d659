//! One audit from folder to report: gather, read, judge, tell.
//!
//! Only gathering and reading files touch the world, through `source`; everything after that is a function of what they found.

mod ask;
mod gather;
mod prepare;
mod tell;

use std::sync::Arc;

use crate::allow::address::AddressSet;
use crate::check::Findings;
use crate::checks::CHECKS;
use crate::evidence::{Evidence, Facts};
use crate::pack::Delivery;
use crate::problem::Level;
use crate::report::{Fate, Outcome, TenantReport};
use crate::requirement::{Requirement, Use};

pub use gather::{DNS_FILE, Dns, Job, Library, PolicyChoice, Settings, TENANT_FILE, gather, gather_folder};
pub use prepare::{Prepared, prepare, quoted};
use tell::{coverage, sort, verdicts};

/// What is known of a tenant, ready to be judged.
pub fn facts<'a>(prepared: &'a Prepared, library: &'a Library) -> Facts<'a> {
    let tenant = &prepared.tenant;
    let declared = AddressSet::union_all(
        &tenant
            .domains
            .iter()
            .map(|domain| AddressSet::domain(&domain.value))
            .collect::<Vec<_>>(),
    );
    let accepted = if tenant.domains.is_empty() {
        prepared.reading.recipients.clone()
    } else {
        declared
    };
    let recipients = if accepted.is_empty() {
        AddressSet::all_addresses()
    } else {
        accepted.clone()
    };
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
        let found = Requirement::all(&used, &recipients, !tenant.hops.is_empty(), prepared.now);
        // A filter in front may break what the sender got right.
        let behind_filter = |requirement: &Requirement<'_>| {
            prepared.reading.path.mask.is_some() && requirement.delivery != Delivery::SmtpDirect
        };
        requirements.extend(found.into_iter().map(|requirement| {
            let passes = prepared.dns.passes(requirement.vendor(), requirement.stream_id());
            if passes && !behind_filter(&requirement) {
                requirement.authenticated()
            } else {
                requirement
            }
        }));
    }
    let domains = if tenant.domains.is_empty() {
        prepared.reading.domains.clone().unwrap_or_default()
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
        path: &prepared.reading.path,
        dns: &prepared.dns,
        domains,
        accepted,
        unread: &prepared.reading.unread,
        problems: &prepared.export_problems,
        reads: &prepared.reading.reads,
        unclaimed: &prepared.unclaimed,
    }
}

/// Audits one tenant.
pub fn audit(job: &Job, library: &Library, settings: &Settings) -> TenantReport {
    let prepared = prepare(job, library, settings);
    let (verdicts, coverage, findings) = {
        let facts = facts(&prepared, library);
        let evidence = Evidence::assemble(&facts);
        let mut findings =
            Findings::new(&prepared.policy, &settings.levels).excepting(&prepared.tenant.exceptions, prepared.now);
        for check in CHECKS {
            findings.run(check, &evidence);
        }
        let mut findings = findings.into_found();
        sort(&mut findings);
        (verdicts(&evidence), coverage(&evidence), findings)
    };
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
    TenantReport {
        name: prepared.name,
        path: prepared.path,
        outcome,
        inputs: prepared.inputs,
        verdicts,
        coverage,
        findings,
        problems: prepared.problems,
        residual: prepared.reading.residual,
        sources: Arc::new(prepared.sources),
    }
}
