//! `lookalike-domain`: an allowed domain is one edit from a vendor's and belongs to nobody we know.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::allow::domain::{Domain, registrable};
use crate::check::{Check, Draft, Findings, Group};
use crate::evidence::Evidence;
use crate::evidence::entries::{Value, names};
use crate::evidence::shared::is_shared;
use crate::message::Identity;
use crate::path::Entry;
use crate::problem::{Label, Level};
use crate::source::Span;

use super::garbled::lost;
use super::near::Near;

/// The check.
pub static CHECK: Check = Check {
    id: "lookalike-domain",
    summary: "an allowed domain is one edit from a vendor's and belongs to nobody we know",
    page: include_str!("lookalike-domain.md"),
    group: Group::Hygiene,
    level: Level::Warn,
    since: "0.1.0",
    run,
};

/// Shorter names are one letter from too many others.
const SHORTEST: usize = 6;

fn run(evidence: &Evidence<'_>, findings: &mut Findings<'_>) {
    let known = Known::of(evidence);
    let lost = lost(evidence);
    for found in evidence.entries.iter() {
        let Some((name, like, value)) = known.alike(evidence, found.entry) else {
            continue;
        };
        let vendor = &value.pack.id.value;
        let draft = Draft {
            message: format!(
                "`{}` in `{}` looks like `{like}` of `{vendor}`, but is no domain of any vendor we know",
                found.entry.text, found.list.name
            ),
            help: format!(
                "if `{like}` is meant, correct it; else find out whose it is before mail from it is let through"
            ),
            stage: Some(found.stage),
            object: Some(found.object()),
            value: name.to_string(),
            labels: vec![
                Label::new(found.entry.span, format!("not `{like}`")),
                Label::new(value.span, "the vendor's"),
            ],
            vendor: Some(vendor.clone()),
            ..Draft::default()
        };
        let lost = lost.values().find(|lost| lost.is_by(evidence, found.entry.span));
        findings.push(match lost {
            Some(lost) => lost.carried(evidence, draft),
            None => draft,
        });
    }
}

/// The entries that this check speaks of: others need not wonder whose they are.
pub(super) fn entries(evidence: &Evidence<'_>) -> HashSet<Span> {
    let known = Known::of(evidence);
    evidence
        .entries
        .iter()
        .filter(|found| known.alike(evidence, found.entry).is_some())
        .map(|found| found.entry.span)
        .collect()
}

/// Domains of all packs, as they are written and as they were registered.
struct Known<'e, 'a> {
    names: HashSet<Domain>,
    near: Near<&'e Value<'a>>,
    /// By how the domain looks.
    looks: HashMap<String, (String, &'e Value<'a>)>,
}

impl<'e, 'a> Known<'e, 'a> {
    fn of(evidence: &'e Evidence<'a>) -> Self {
        let mut by_name: BTreeMap<String, &Value<'_>> = BTreeMap::new();
        let mut names = HashSet::new();
        for value in evidence.entries.values() {
            let text = value.text.rsplit('@').next().unwrap_or_default();
            let Ok(domain) = Domain::parse(text.trim_start_matches("*.")) else {
                continue;
            };
            if value.identity == Identity::Header || is_shared(&domain) {
                continue;
            }
            // What a vendor in use asks for is told before what others ask for.
            for name in [Some(domain.as_str()), registrable(&domain)].into_iter().flatten() {
                let best = by_name.entry(name.to_owned()).or_insert(value);
                if value.standing < best.standing {
                    *best = value;
                }
                names.extend(Domain::parse(name));
            }
        }
        let looks = by_name
            .iter()
            .map(|(name, value)| (look(name), (name.clone(), *value)))
            .collect();
        Self {
            names,
            near: Near::of(by_name, SHORTEST),
            looks,
        }
    }

    /// The domain of an entry that looks like another, the other, and the value that has it.
    fn alike(&self, evidence: &Evidence<'_>, entry: &Entry) -> Option<(Domain, String, &'e Value<'a>)> {
        let name = names(entry).into_iter().next()?;
        if self.knows(evidence, &name.domain) {
            return None;
        }
        let (like, value) = self.like(&name.domain)?;
        Some((name.domain, like, value))
    }

    /// Whether a domain is a vendor's, the tenant's, or one that anybody has mail at.
    fn knows(&self, evidence: &Evidence<'_>, domain: &Domain) -> bool {
        let mut above = Some(domain.as_str());
        while let Some(name) = above {
            let ours = || evidence.facts.domains.iter().any(|own| own.value.as_str() == name);
            if self.names.contains(name) || ours() {
                return true;
            }
            above = name.split_once('.').map(|(_, parent)| parent);
        }
        is_shared(domain)
    }

    fn like(&self, domain: &Domain) -> Option<(String, &'e Value<'a>)> {
        [registrable(domain), Some(domain.as_str())]
            .into_iter()
            .flatten()
            .find_map(|name| {
                let near = self.near.to(name).into_iter().find(|(like, _)| !numbered(like, name));
                near.map(|(like, value)| (like.to_owned(), *value)).or_else(|| {
                    let long = name.len() >= SHORTEST;
                    self.looks
                        .get(&look(name))
                        .filter(|(like, _)| long && like != name)
                        .cloned()
                })
            })
    }
}

/// Names that differ in a number are of one row, not alike.
fn numbered(one: &str, other: &str) -> bool {
    let bare = |name: &str| {
        name.chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect::<String>()
    };
    one != other && bare(one) == bare(other)
}

/// What a name looks like in a hurry.
fn look(name: &str) -> String {
    name.to_ascii_lowercase()
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
        .replace(['1', 'i'], "l")
        .replace('0', "o")
        .replace('5', "s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        assert_eq!(look("modern.test"), look("modem.test"));
        assert_eq!(look("paypa1.test"), look("paypal.test"));
        assert_ne!(look("acme.test"), look("acne.test"));
    }

    #[test]
    fn rows_of_numbers_are_not_alike() {
        assert!(numbered("phish1.test", "phish2.test"));
        assert!(numbered("phish.test", "phish2.test"));
        assert!(!numbered("phish.test", "fish.test"));
    }
}
