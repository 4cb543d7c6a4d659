//! Policies: the shipped ones, mistakes, and extension key by key.

use super::*;

const KNOWN: &[&str] = &[
    "delivery",
    "safety",
    "hygiene",
    "dns",
    "evidence",
    "broad-allow",
    "cannot-tell",
    "stale-pack",
];

fn read_text(text: &str) -> (Sources, Option<Policy>, Vec<Problem>) {
    let mut sources = Sources::new();
    let id = sources.add_text("policy.toml", text.to_owned());
    let (policy, problems) = read(&sources, id, KNOWN);
    (sources, policy, problems)
}

fn said(sources: &Sources, problems: &[Problem]) -> Vec<(String, String)> {
    let said = |problem: &Problem| (sources.text(problem.labels[0].span).to_owned(), problem.message.clone());
    problems.iter().map(said).collect()
}

/// The names of checks as the shipped policies use them; the table of checks is not known here.
fn named_in(text: &str) -> Vec<&str> {
    let levels = text.split("[levels]").nth(1).unwrap().split("\n[").next().unwrap();
    levels
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_shipped_policy_reads_without_a_problem() {
    for (file, text) in POLICIES {
        let mut sources = Sources::new();
        let known: Vec<&str> = POLICIES.iter().flat_map(|(_, text)| named_in(text)).collect();
        let name = file.strip_suffix(".toml").unwrap();
        let (policy, problems) = embedded(&mut sources, name, &known);
        assert_eq!(said(&sources, &problems), []);
        let policy = policy.unwrap();
        assert_eq!(policy.name.value, name);
        assert_eq!(policy.levels.len(), named_in(text).len());
        assert!(policy.limits.near_limit_percent.is_some() && policy.platform_limits.len() > 20);
    }
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let text = r#"
name = "ours"
summary = "Ours"
[levels]
broad-alow = "deny"
cannot-tell = "error"
stale-pack = 3
[limits]
export_age_day = 3
near_limit_percent = 200
[[platform_limit]]
platform = "exchange"
control = "ip-allow"
list = "IPAllowList"
as_of = 2026-11-21
source = "https://docs.example/"
[[expect]]
from = "@tenannt"
never = "skip-spam-filter"
[[expect]]
ip = "192.0.2.1/24"
never = "delivered"
always = "junked"
[[expect]]
to = "@same-as-mail-from"
"#;
    let (sources, policy, problems) = read_text(text);
    let found = said(&sources, &problems);
    let expected = [
        ("broad-alow", "`broad-alow` is no known check or group"),
        ("\"error\"", "`error` is no known `cannot-tell`"),
        ("3", "`stale-pack` takes a string, not a number"),
        ("export_age_day", "`[limits]` has no key `export_age_day`"),
        ("200", "`near_limit_percent` is a whole number from 1 to 100"),
        ("[[platform_limit]]", "`[[platform_limit]]` lacks the key `max_entries`"),
        ("\"@tenannt\"", "`@tenannt` is no sender"),
        ("\"skip-spam-filter\"", "`skip-spam-filter` is no known `never`"),
        ("\"192.0.2.1/24\"", "`192.0.2.1/24` has host bits set"),
        ("always", "an expectation has `never` or `always`, not both"),
        ("[[expect]]", "`[[expect]]` lacks the key `never`"),
        ("\"@same-as-mail-from\"", "`@same-as-mail-from` says nothing about `to`"),
    ];
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected);
    assert!(policy.unwrap().levels.is_empty());
}

#[test]
fn a_policy_extends_another_key_by_key() {
    let mut sources = Sources::new();
    let parent = sources.add_text(
        "parent.toml",
        "name = 'parent'\nsummary = 'p'\n[levels]\nbroad-allow = 'note'\nevidence = 'warn'\n[limits]\n\
                pack_age_days = 9\nexport_age_days = 9\n",
    );
    let child = sources.add_text(
        "child.toml",
        "name = 'child'\nsummary = 'c'\nextends = 'parent'\n[levels]\nstale-pack = 'deny'\n\
                broad-allow = 'deny'\n[limits]\npack_age_days = 1\n",
    );
    let (child, _) = read(&sources, child, KNOWN);
    let (parent, _) = read(&sources, parent, KNOWN);
    let (policy, problems) = resolve(child.unwrap(), &mut |_| parent.clone());
    assert_eq!(problems, []);
    let levels: Vec<(&str, Level)> = policy
        .levels
        .iter()
        .map(|(name, level)| (name.value.as_str(), *level))
        .collect();
    assert_eq!(
        levels,
        [
            ("evidence", Level::Warn),
            ("stale-pack", Level::Deny),
            ("broad-allow", Level::Deny)
        ]
    );
    assert_eq!(policy.limits.pack_age_days.unwrap().value, 1);
    assert_eq!(policy.limits.export_age_days.unwrap().value, 9);
    assert_eq!(policy.name.value, "child");
}

#[test]
fn every_key_is_read() {
    read_text(
        "[limits]\n[[platform_limit]]\nplatform = 'exchange'\ncontrol = 'c'\nlist = 'l'\nas_of = 2026-11-21\n\
                source = 's'\n\
                [[expect]]\nnever = 'delivered'\n[[expect]]\nalways = 'delivered'\n",
    );
    read_text("name = 'a'");
    assert_eq!(form::asked::never(&POLICY), [""; 0]);
}

#[test]
fn circles_and_strangers_are_problems() {
    let (sources, policy, _) = read_text("name = 'a'\nsummary = 'a'\nextends = 'stirct'\n");
    let policy = policy.unwrap();
    let (_, problems) = resolve(policy.clone(), &mut |_| None);
    assert_eq!(
        said(&sources, &problems),
        [("'stirct'".to_owned(), "`stirct` is no known policy".to_owned())]
    );
    assert_eq!(problems[0].labels[0].text, "did you mean `strict`?");
    let (_, problems) = resolve(policy.clone(), &mut |_| Some(policy.clone()));
    assert_eq!(problems[0].message, "policies extend one another in a circle: a, a");
}

#[test]
fn groups_come_before_checks() {
    let (_, policy, problems) =
        read_text("name = 'a'\nsummary = 'a'\n[levels]\ncannot-tell = 'deny'\nevidence = 'note'\n");
    assert_eq!(problems, []);
    let names: Vec<String> = policy.unwrap().levels.into_iter().map(|(name, _)| name.value).collect();
    assert_eq!(names, ["evidence", "cannot-tell"]);
}

#[test]
fn every_outcome_has_its_word() {
    for word in OUTCOMES {
        assert_eq!(Outcome::parse(word).unwrap().as_str(), *word);
    }
    assert_eq!(OUTCOMES.len(), 5 + crate::message::Concern::ALL.len());
}

#[test]
fn expectations_are_understood() {
    let text = "name = 'a'\nsummary = 'a'\n[[expect]]\nname = 'n'\nip = ['192.0.2.0/24', '2001:db8::1']\n\
                mail_from = '*.acme.example'\n\
                from = '@same-as-mail-from'\ndkim = 'acme.example'\nheader = ['X-A: b', 'X-C']\nto = '@tenant'\n\
                entry = 'smtp-direct'\n\
                sender = 'knowbe4'\nalways = 'clears-spam'\n";
    let (sources, policy, problems) = read_text(text);
    assert_eq!(said(&sources, &problems), []);
    let expect = policy.unwrap().expects.pop().unwrap();
    assert!(expect.always && expect.headers[1].value.matcher.is_none() && expect.headers[0].value.matcher.is_some());
    assert_eq!(expect.ip.len(), 2);
    assert_eq!(expect.outcome.value, Outcome::Clears(crate::message::Concern::Spam));
    assert!(expect.check_sender(&["knowbe4"]).is_none());
    assert_eq!(
        expect.check_sender(&["knowbe"]).unwrap().labels[0].text,
        "did you mean `knowbe`?"
    );
}
