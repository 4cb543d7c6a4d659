//! How the checks about settings that grant more than an allow tell.

use crate::check::{Draft, Findings};
use crate::evidence::Evidence;

/// Findings for every grant that `check` speaks of.
pub(super) fn report(evidence: &Evidence<'_>, check: &str, findings: &mut Findings<'_>) {
    for grant in evidence.facts.path.grants.iter().filter(|grant| grant.check == check) {
        findings.push(Draft {
            message: grant.message.clone(),
            help: grant.help.clone(),
            stage: Some(grant.stage),
            object: Some(grant.object.clone()),
            value: check.to_owned(),
            labels: vec![grant.label.clone()],
            ..Draft::default()
        });
    }
}
