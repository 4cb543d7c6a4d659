//! How the checks about settings that grant more than an allow tell.

use crate::check::{Draft, Findings};
use crate::evidence::Evidence;
use crate::path::remedy::Remedy;

/// Findings for every grant that `check` speaks of.
pub(super) fn report(evidence: &Evidence<'_>, check: &str, findings: &mut Findings<'_>) {
    let grants = evidence.facts.path.grants.iter().enumerate();
    for (at, grant) in grants.filter(|(_, grant)| grant.check == check) {
        findings.push(Draft {
            message: grant.message.clone(),
            help: grant.help.clone(),
            stage: Some(grant.stage),
            object: Some(grant.object.clone()),
            value: check.to_owned(),
            labels: vec![grant.label.clone()],
            remedies: vec![Remedy::Revoke { grant: at }],
            ..Draft::default()
        });
    }
}
