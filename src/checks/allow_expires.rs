//! `allow-expires`: an allow that is relied on ends soon, or lapses when unused.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::entries::Standing;
use crate::evidence::{Evidence, words};
use crate::path::{Expiry, RuleAt};
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "allow-expires",
    summary: "an allow that is relied on ends soon, or lapses when unused",
    page: include_str!("allow-expires.md"),
    group: Group::Delivery,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    // One finding for each rule, however many streams rely on it.
    let mut relied: BTreeMap<RuleAt, Vec<usize>> = BTreeMap::new();
    for (number, stream) in evidence.streams.iter().enumerate() {
        let clearers = stream.rows.iter().flat_map(|row| &row.coverage.clearers);
        for at in clearers.copied().collect::<BTreeSet<RuleAt>>() {
            relied.entry(at).or_default().push(number);
        }
    }
    for (at, streams) in relied {
        if let Some(draft) = of_rule(evidence, at, &streams) {
            findings.push(draft);
        }
    }
    of_entries(evidence, findings);
}

/// Whether an end is near, and how it is told. What has ended already is not in force, which another check tells.
fn near(evidence: &Evidence<'_>, expiry: &Expiry) -> Option<String> {
    let Some(on) = expiry.on else {
        return Some("lapses when it is not used".to_owned());
    };
    let limit = evidence.facts.policy.limits.expiry_near_days?;
    let left = words::days_between(evidence.facts.now, on);
    (0..=i64::from(limit.value))
        .contains(&left)
        .then(|| format!("ends on {on}"))
}

fn of_rule(evidence: &Evidence<'_>, at: RuleAt, streams: &[usize]) -> Option<Draft> {
    let rule = words::rule(evidence, at)?;
    let expiry = rule.expiry.as_ref()?;
    let end = near(evidence, expiry)?;
    let stream = streams.first().and_then(|number| evidence.streams.get(*number))?;
    let (vendor, of) = words::owner(evidence, streams);
    Some(Draft {
        message: format!(
            "{} clears {} and {end}",
            words::called(&rule.object),
            words::mail(evidence, streams),
        ),
        help: "move the end, or clear the mail by something that lasts".to_owned(),
        vendor,
        stream: of,
        stage: Some(evidence.stage_id(at.stage)),
        object: Some(rule.object.clone()),
        labels: vec![
            expiry.label.clone(),
            Label::new(rule.origin, "this is relied on"),
            words::asked(stream),
        ],
        ..Draft::default()
    })
}

fn of_entries(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    for found in evidence.entries.iter() {
        let Some(detail) = &found.entry.detail else { continue };
        let Some(expiry) = &detail.expiry else { continue };
        if !found.rule.in_force() {
            continue;
        }
        let Some(value) = evidence
            .entries
            .about(found)
            .find(|value| value.standing == Standing::Required && value.by_smtp)
        else {
            continue;
        };
        let Some(end) = near(evidence, expiry) else { continue };
        findings.push(Draft {
            message: format!(
                "the allow of `{}`, which {} mail of `{}` uses, {end}",
                found.entry.text,
                value.stream.as_str(),
                value.pack.id.value,
            ),
            help: "move the end, or clear the mail by something that lasts: Advanced Delivery for simulations"
                .to_owned(),
            vendor: Some(value.pack.id.value.clone()),
            stream: Some(value.stream.as_str().to_owned()),
            stage: Some(found.stage),
            object: Some(detail.object.clone()),
            value: found.entry.text.to_ascii_lowercase(),
            labels: vec![
                Label::new(found.entry.span, "this is relied on"),
                expiry.label.clone(),
                Label::new(value.span, format!("asked for by `{}`", value.pack.id.value)),
            ],
            ..Draft::default()
        });
    }
}
