//! What a change must not do, and what it does instead.

use std::collections::{BTreeMap, BTreeSet};

use crate::allow::address::AddressSet;
use crate::allow::ip::IpSet;
use crate::check::{Finding, Group};
use crate::difference::{AttackerChange, Change, Direction, Standing, difference, is_beyond};
use crate::evidence::{Evidence, words};
use crate::message::{Cube, MessageSet};
use crate::path::Meaning;
use crate::problem::Level;
use crate::report::fingerprint;

use crate::report::fix::{Proof, StreamProof};

/// Why changes do not hold.
pub(super) struct Harm {
    /// One sentence, lower-case start, no final stop.
    pub reason: String,
    /// Objects that have to do with it, if that can be said: `<kind>/<name>`.
    pub objects: Vec<String>,
    /// Whether it would be the same with any other change.
    pub whatever: bool,
}

/// Compares two audits of one tenant.
///
/// # Errors
/// Why the second is not better: no vendor's mail may fare worse, no stranger's better, and nobody else's otherwise.
pub(super) fn proof(before: &Evidence<'_>, after: &Evidence<'_>) -> Result<Proof, Harm> {
    if is_beyond(before, after) {
        return Err(Harm {
            reason: "it cannot be proved: too many rules ask for texts of headers to compare all mail before and after"
                .to_owned(),
            objects: Vec::new(),
            whatever: true,
        });
    }
    let difference = difference(before, after);
    for stream in &difference.streams {
        if stream.is_for_the_worse() {
            let decided = stream.changes.iter().flat_map(|change| [&change.old, &change.new]);
            return Err(Harm {
                reason: format!(
                    "with it in place {} mail of `{}` would no longer surely get through",
                    stream.stream, stream.vendor
                ),
                objects: decided.filter_map(|decided| decided.object.clone()).collect(),
                whatever: false,
            });
        }
    }
    // Lists of Advanced Delivery are not paired: whoever is on one of addresses may use what comes into the other, and gets
    // past no filter by it that was not open to them before.
    let listed = from_hosts(&unpaired(before), &AddressSet::all());
    let wider = |change: &AttackerChange| {
        let may = matches!(change.direction, Direction::Weaker | Direction::MayBeWeaker);
        may && !change.declared && !hangs_on_less(&change.change) && !listed.covers(&change.change.set)
    };
    let widened: Vec<&AttackerChange> = difference
        .attacker
        .changes
        .iter()
        .filter(|change| wider(change))
        .collect();
    if let Some(first) = widened.first() {
        return Err(Harm {
            reason: format!(
                "with it in place somebody else could skip {}, too",
                words::filters(first.change.concerns)
            ),
            objects: widened
                .iter()
                .filter_map(|change| change.change.new.object.clone())
                .collect(),
            whatever: false,
        });
    }
    if let Some(grant) = difference.attacker.grants.iter().find(|grant| grant.gained) {
        return Err(Harm {
            reason: format!("with it in place {}", grant.message),
            objects: vec![grant.object.clone()],
            whatever: false,
        });
    }
    // What strangers lose is meant. What our own hosts lose that write in our own name is not, and neither is what anybody
    // gains but the vendors.
    let vendors = from_hosts(&before.vendor_hosts, &AddressSet::all());
    let own = from_hosts(&before.own_hosts, &before.facts.accepted);
    for change in &difference.everybody.changes {
        let looser = match (change.from.strength(), change.to.strength()) {
            (Some(from), Some(to)) => to < from,
            _ => false,
        };
        let harmed = if looser {
            !vendors.union(&own).union(&listed).covers(&change.set)
        } else {
            change.set.overlaps(&own)
        };
        if harmed {
            return Err(Harm {
                reason: format!(
                    "with it in place mail that is neither a vendor's nor a stranger's would fare otherwise with {}",
                    words::filters(change.concerns)
                ),
                objects: Vec::new(),
                whatever: false,
            });
        }
    }
    let shut = difference
        .attacker
        .changes
        .iter()
        .map(|change| (words::filters(change.change.concerns), change.change.witness.clone()))
        .collect();
    Ok(Proof {
        streams: difference
            .streams
            .iter()
            .map(|stream| StreamProof {
                vendor: stream.vendor.clone(),
                stream: stream.stream.clone(),
                before: stream.old,
                after: stream.new,
            })
            .collect(),
        shut,
        ..Proof::default()
    })
}

/// Hosts on lists that hold together with any name of another list.
fn unpaired(evidence: &Evidence<'_>) -> IpSet {
    let rules = evidence.facts.path.rules().map(|(_, _, rule)| rule);
    let rules = rules.filter(|rule| rule.control == "advanced-delivery" && rule.in_force());
    let hosts: Vec<&IpSet> = rules
        .flat_map(|rule| rule.lists.iter().flat_map(|list| &list.entries))
        .filter_map(|entry| match &entry.meaning {
            Meaning::Networks(hosts) => Some(hosts),
            _ => None,
        })
        .collect();
    IpSet::union_all(hosts)
}

/// Whether something undecided stays so, and hangs on nothing that it did not hang on before.
fn hangs_on_less(change: &Change) -> bool {
    let undecided = |standing| matches!(standing, Standing::Undecided);
    let before: Vec<&str> = change.old.asked.iter().map(|asked| asked.key.as_str()).collect();
    undecided(change.from)
        && undecided(change.to)
        && change
            .new
            .asked
            .iter()
            .all(|asked| before.contains(&asked.key.as_str()))
}

fn from_hosts(hosts: &IpSet, senders: &AddressSet) -> MessageSet {
    if hosts.is_empty() {
        return MessageSet::empty();
    }
    MessageSet::from(Cube {
        ip: hosts.clone(),
        from: senders.clone(),
        ..Cube::all()
    })
}

/// Whether a fault came that was not there.
///
/// `current` are the fingerprints of what is known now. `left_of` says of a finding about a vendor's mail whether it may be
/// what is left of mail that is let in: message by message that is compared anyway. Notes are told and no fault.
///
/// # Errors
/// The fault.
pub(super) fn in_findings(
    tenant: &str,
    before: &BTreeMap<String, &Finding>,
    current: &BTreeSet<String>,
    left_of: impl Fn(&Finding) -> bool,
    after: &[Finding],
) -> Result<(), Harm> {
    for finding in after {
        let judged = match finding.group {
            Group::Delivery if finding.check == "limit-exceeded" => finding.level == Level::Deny,
            Group::Delivery => finding.level >= Level::Warn && !left_of(finding),
            Group::Evidence => finding.check != "cannot-tell" && finding.level >= Level::Warn,
            Group::Safety | Group::Hygiene | Group::Dns => finding.level >= Level::Warn,
        };
        if !judged || finding.exception.is_some() {
            continue;
        }
        let print = fingerprint::of(tenant, finding);
        // An expectation stays broken whichever rule breaks it.
        let same = |known: &&Finding| known.check == "expectation-broken" && known.message == finding.message;
        let known = current.contains(&print) || before.contains_key(&print) || before.values().any(same);
        if !known {
            return Err(Harm {
                reason: format!("with it in place there is a new finding: {}", finding.message),
                objects: finding.object.clone().into_iter().collect(),
                whatever: false,
            });
        }
    }
    Ok(())
}
