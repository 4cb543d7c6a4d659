//! `expectation-broken`: a user's `[[expect]]` does not hold.

use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::expectation::{Proof, prove};
use crate::evidence::{Evidence, words};
use crate::policy::Expect;
use crate::problem::{Label, Level};

/// The check.
pub static CHECK: Check = Check {
    id: "expectation-broken",
    summary: "an `[[expect]]` of the tenant file or the policy does not hold",
    page: include_str!("expectation-broken.md"),
    group: Group::Safety,
    level: Level::Deny,
    since: "0.1.0",
    run,
};

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let facts = evidence.facts;
    for expect in facts.tenant.expects.iter().chain(&facts.policy.expects) {
        let draft = match prove(evidence, expect) {
            Proof::Holds => continue,
            Proof::Broken(witness, rule) => {
                let rule = rule.and_then(|at| words::rule(evidence, at).map(|rule| (at, rule)));
                let mut labels = vec![Label::new(expect.span, format!("expected: {}", wish(expect)))];
                labels.extend(rule.map(|(_, rule)| Label::new(rule.origin, "this decides otherwise")));
                Draft {
                    message: format!("it does not hold that {}", name(expect)),
                    help: "look at the witness with `allowaudit why`, and at the rule that decides".to_owned(),
                    stage: rule.map(|(at, _)| evidence.stage_id(at.stage)),
                    object: rule.map(|(_, rule)| rule.object.clone()),
                    labels,
                    witness: Some(*witness),
                    ..Draft::default()
                }
            }
            Proof::Undecided(witness) => Draft {
                level: Some(Level::Warn),
                message: format!("cannot tell whether it holds that {}", name(expect)),
                help: "supply what is missing, or narrow the messages the row is about".to_owned(),
                labels: vec![Label::new(expect.span, format!("expected: {}", wish(expect)))],
                witness: witness.map(|witness| *witness),
                ..Draft::default()
            },
        };
        findings.push(Draft {
            value: name(expect),
            ..draft
        });
    }
}

fn name(expect: &Expect) -> String {
    expect.name.as_ref().map_or_else(
        || format!("such mail is {}", wish(expect)),
        |name| format!("`{}`", name.value),
    )
}

fn wish(expect: &Expect) -> String {
    format!(
        "{} {}",
        if expect.always { "always" } else { "never" },
        expect.outcome.value.as_str()
    )
}
