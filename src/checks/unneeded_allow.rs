//! `unneeded-allow`: the way of delivery makes an allow pointless.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::entries::{Explained, Standing, Value};
use crate::evidence::{Evidence, words};
use crate::message::Identity;
use crate::problem::Level;

use super::mend;
use super::pooled::pools;

/// The check.
pub static CHECK: Check = Check {
    id: "unneeded-allow",
    summary: "the way of delivery makes an allow pointless",
    page: include_str!("unneeded-allow.md"),
    group: Group::Hygiene,
    level: Level::Note,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let picked = evidence
        .entries
        .iter()
        .filter_map(|found| unneeded(evidence, found).map(|value| (found, value)));
    for ((vendor, object), pool) in pools(picked) {
        let stream = pool.value.stream;
        findings.push(Draft {
            message: format!(
                "{} lets {} through, but {} mail of `{vendor}` is put into mailboxes directly and never comes by SMTP",
                words::called(&object),
                pool.words(),
                stream.as_str(),
            ),
            help: "take them out, or correct `delivery` in the tenant file".to_owned(),
            stream: Some(stream.as_str().to_owned()),
            stage: pool.entries.first().map(|(found, _)| found.stage),
            object: Some(object),
            labels: pool.labels("not needed", "of this stream"),
            value: vendor.clone(),
            remedies: mend::take_all_out(&pool.entries),
            vendor: Some(vendor),
            ..Draft::default()
        });
    }
}

/// The value that explains an entry, if only streams explain it whose mail never comes by SMTP.
fn unneeded<'e, 'a>(evidence: &'e Evidence<'a>, found: &'e Explained<'a>) -> Option<&'e Value<'a>> {
    // The way of delivery decides nothing about links, which are checked when somebody clicks.
    if found.list.identities.contains(&Identity::Link) {
        return None;
    }
    let mut unneeded = None;
    for value in evidence.entries.about(found) {
        match value.standing {
            Standing::Required if !value.by_smtp => unneeded = unneeded.or(Some(value)),
            Standing::Required | Standing::Idle => return None,
            _ => {}
        }
    }
    unneeded
}
