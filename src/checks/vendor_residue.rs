//! `vendor-residue`: an allow holds values of a vendor that is gone, or that nobody declared.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::entries::{Explained, Standing, Value, names};
use crate::evidence::holes::is_wide;
use crate::evidence::shared::is_shared;
use crate::evidence::{Evidence, words};
use crate::path::Meaning;
use crate::problem::Level;

use super::mend;
use super::pooled::pools;

/// The check.
pub static CHECK: Check = Check {
    id: "vendor-residue",
    summary: "an allow holds values of a vendor that is gone, or that nobody declared",
    page: include_str!("vendor-residue.md"),
    group: Group::Hygiene,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let picked = evidence
        .entries
        .iter()
        .filter_map(|found| residue(evidence, found).map(|value| (found, value)));
    for ((vendor, object), pool) in pools(picked) {
        let gone = pool.value.standing == Standing::Offboarded;
        let stage = pool.entries.first().map(|(found, _)| found.stage);
        findings.push(Draft {
            level: Some(if gone { Level::Warn } else { Level::Note }),
            message: format!(
                "{} still lets through {} of `{vendor}`, {}",
                words::called(&object),
                pool.words(),
                if gone {
                    "which is no longer in use"
                } else {
                    "which is not declared"
                },
            ),
            help: if gone {
                "take them out".to_owned()
            } else {
                format!("take them out, or declare the vendor: `[[vendor]]` with `pack = \"{vendor}\"`")
            },
            stage,
            object: Some(object),
            labels: pool.labels("of that vendor", "its pack says so"),
            value: vendor.clone(),
            remedies: if gone {
                mend::take_all_out(&pool.entries)
            } else {
                Vec::new()
            },
            vendor: Some(vendor),
            ..Draft::default()
        });
    }
}

/// The value of a vendor that is gone or not declared, if the entry is not wider than that and not everybody's.
fn residue<'e, 'a>(evidence: &'e Evidence<'a>, found: &'e Explained<'a>) -> Option<&'e Value<'a>> {
    let left = evidence.entries.residue(found)?;
    let theirs = if let Meaning::Networks(hosts) = &found.entry.meaning {
        // A network as wide as that is not theirs, and hosts of our own are ours.
        !is_wide(evidence, hosts) && !evidence.own_hosts.covers(hosts)
    } else {
        !names(found.entry).iter().any(|name| is_shared(&name.domain))
    };
    theirs.then_some(left)
}
