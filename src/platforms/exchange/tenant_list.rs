//! The Tenant Allow/Block List: senders, URLs and spoof pairs.
//!
//! <https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-email-spoof-configure>.

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::{IpSet, parse_entry};
use crate::document::Node;
use crate::message::Identity;
use crate::path::{Effect, Entry, EntryDetail, Expiry, Force, Guard, List, Meaning, Pred, Rule, Verdict};
use crate::problem::Label;
use crate::source::Span;

use super::build::{Bench, Wildcard, between, senders};
use super::bundle::Bundle;
use super::field::{self, Field};
use super::kind::{Kind, TenantList};
use super::overrides::{Override, SIMULATION, SPOOF_PAIR, TENANT_ALLOW, TENANT_ALLOW_BY_SUBMISSION, TENANT_ALLOW_URL};

/// Whether a row allows or blocks.
pub(super) fn is_action(record: Node<'_>, action: &str) -> bool {
    field::text(record.get("Action"))
        .into_value()
        .is_some_and(|found| found.eq_ignore_ascii_case(action))
}

/// The rules of the lists, for the content filter.
pub(super) fn rules(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = sender_rules(bundle, bench, nowhere);
    rules.extend(url_rules(bundle, bench, nowhere));
    rules.extend(spoof_rules(bundle, bench, nowhere));
    rules
}

/// Rows of one action, as one list with what its senders mean.
struct Rows {
    list: List,
    exact: AddressSet,
}

fn sender_rows(records: &[Node<'_>], wanted: impl Fn(Node<'_>) -> bool) -> Option<Rows> {
    let mut list: Option<List> = None;
    let mut sets = Vec::new();
    for &record in records.iter().filter(|record| wanted(**record)) {
        // Sub-domains are not covered without a wildcard of their own (same page, sender entries).
        let read = senders(
            "Sender",
            &field::list(record.get("Value")),
            record.span(),
            &[Identity::MailFrom, Identity::HeaderFrom],
            false,
            Wildcard::SubDomains,
        );
        sets.push(read.exact);
        let entries = read.list.entries.into_iter().map(|entry| detailed(entry, record));
        match &mut list {
            Some(list) => list.entries.extend(entries),
            None => {
                list = Some(List {
                    entries: entries.collect(),
                    ..read.list
                });
            }
        }
    }
    Some(Rows {
        list: list?,
        exact: AddressSet::union_all(&sets),
    })
}

/// A row is an object of its own, with its own end.
pub(super) fn detailed(mut entry: Entry, record: Node<'_>) -> Entry {
    let date = field::date(record.get("ExpirationDate"));
    let removed = field::integer(record.get("RemoveAfter"));
    let expiry = match (&date, &removed) {
        (Field::Set(date), _) => Some(Expiry {
            on: Some(super::build::day(date.value)),
            label: Label::new(date.span, "ends on this day"),
        }),
        (_, Field::Set(days)) => Some(Expiry {
            on: None,
            label: Label::new(days.span, format!("lapses {} days after its last use", days.value)),
        }),
        _ => None,
    };
    let known = record.get("ExpirationDate").is_some() && record.get("RemoveAfter").is_some();
    entry.detail = Some(Box::new(EntryDetail {
        object: format!("tenant-list/{}", entry.text),
        standing: known && expiry.is_none() && is_action(record, "Allow"),
        expiry,
    }));
    entry
}

fn by_submission(record: Node<'_>) -> bool {
    field::text(record.get("SubmissionID"))
        .into_value()
        .is_some_and(|id| !id.is_empty() && !id.eq_ignore_ascii_case("Non-Submission"))
}

fn sender_rules(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let records = bundle.list_records(Kind::TenantList, Some(TenantList::Sender));
    let which = bench.unsaid(
        "tenant-list/sender",
        "no source says whether sender entries of the Tenant Allow/Block List are compared with the envelope or the header sender",
        records.first().and_then(|record| record.get("Value")).map(Node::span),
    );
    // Sure only where both senders are listed.
    let matched = |set: &AddressSet| {
        between(
            Pred::All(vec![Pred::MailFrom(set.clone()), Pred::From(set.clone())]),
            Pred::Any(vec![Pred::MailFrom(set.clone()), Pred::From(set.clone())]),
            which,
        )
    };
    let blocked = sender_rows(records, |record| is_action(record, "Block"));
    let mut rules = Vec::new();
    let mut allow = |rows: Option<Rows>, allow: Override, bench: &mut Bench| {
        let Some(rows) = rows else { return };
        // The same value in both lists: the block wins (https://learn.microsoft.com/defender-office-365/how-policies-and-protections-are-combined).
        let unless = blocked
            .as_ref()
            .map(|blocked| matched(&blocked.exact))
            .into_iter()
            .collect();
        rules.push(Rule {
            object: "tenant-list".to_owned(),
            origin: rows.list.span,
            control: allow.control,
            guard: Guard {
                when: vec![matched(&rows.exact)],
                unless,
            },
            effects: bench.effects(allow),
            force: Force::InForce,
            lists: vec![rows.list],
            expiry: None,
        });
    };
    allow(
        sender_rows(records, |record| is_action(record, "Allow") && !by_submission(record)),
        TENANT_ALLOW,
        bench,
    );
    allow(
        sender_rows(records, |record| is_action(record, "Allow") && by_submission(record)),
        TENANT_ALLOW_BY_SUBMISSION,
        bench,
    );
    if let Some(rows) = blocked {
        let need = undecided_block(bench, rows.list.span);
        rules.push(Rule {
            object: "tenant-list".to_owned(),
            origin: rows.list.span,
            control: "tenant-block",
            guard: Guard::when(matched(&rows.exact)),
            effects: vec![Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: SIMULATION,
                need: Some(need),
            }],
            force: Force::InForce,
            lists: vec![rows.list],
            expiry: None,
        });
    }
    if !bundle.list_whole(Kind::TenantList, Some(TenantList::Sender)) {
        let need = bench.missing(Kind::TenantList, Some(TenantList::Sender));
        rules.push(bench.phantom(
            Kind::TenantList,
            Some(TenantList::Sender),
            TENANT_ALLOW.control,
            nowhere,
            &[
                Effect::MayClear(TENANT_ALLOW_BY_SUBMISSION.clears, need),
                Effect::Ends {
                    verdict: Verdict::Quarantined,
                    unless_cleared_by: &[],
                    need: Some(need),
                },
            ],
        ));
    }
    rules
}

fn undecided_block(bench: &mut Bench, origin: Span) -> crate::path::NeedId {
    bench.unsaid(
        "block-against-allow",
        "no source says whether this block or the allow for the same mail wins",
        Some(origin),
    )
}

/// URL entries. An allow is exactly the host unless it ends in `/*`; a block takes sub-domains too
/// (<https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-urls-configure>).
fn url_rules(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let records = bundle.list_records(Kind::TenantList, Some(TenantList::Url));
    let mut rules = Vec::new();
    for action in ["Allow", "Block"] {
        let mut hosts = Vec::new();
        let mut entries = Vec::new();
        for &record in records.iter().filter(|record| is_action(**record, action)) {
            for item in field::list(record.get("Value")).items {
                let meaning = match host_of(&item.value, action == "Block") {
                    Some(set) => {
                        hosts.push(set.clone());
                        Meaning::Names(set)
                    }
                    None => Meaning::Text,
                };
                entries.push(detailed(super::build::entry(&item, meaning), record));
            }
        }
        let Some(span) = entries.first().map(|entry| entry.span) else {
            continue;
        };
        let hosts = DomainSet::union_all(&hosts);
        let list = List {
            name: "Url",
            span,
            identities: &[Identity::Link],
            exception: false,
            entries,
        };
        let rule = |control, guard, effects| Rule {
            object: "tenant-list".to_owned(),
            origin: span,
            control,
            guard,
            effects,
            force: Force::InForce,
            lists: vec![list],
            expiry: None,
        };
        if action == "Allow" {
            // Every link must be allowed: one that is not is scanned.
            let all = vec![
                Pred::Link(hosts.clone()),
                Pred::Not(Box::new(Pred::Link(hosts.complement()))),
            ];
            let effects = bench.effects(TENANT_ALLOW_URL);
            rules.push(rule(
                TENANT_ALLOW_URL.control,
                Guard {
                    when: all,
                    unless: Vec::new(),
                },
                effects,
            ));
        } else {
            let need = undecided_block(bench, span);
            let ends = Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: SIMULATION,
                need: Some(need),
            };
            rules.push(rule("tenant-block", Guard::when(Pred::Link(hosts)), vec![ends]));
        }
    }
    if !bundle.list_whole(Kind::TenantList, Some(TenantList::Url)) {
        let need = bench.missing(Kind::TenantList, Some(TenantList::Url));
        rules.push(bench.phantom(
            Kind::TenantList,
            Some(TenantList::Url),
            TENANT_ALLOW_URL.control,
            nowhere,
            &[
                Effect::MayClear(TENANT_ALLOW_URL.clears, need),
                Effect::Ends {
                    verdict: Verdict::Quarantined,
                    unless_cleared_by: &[],
                    need: Some(need),
                },
            ],
        ));
    }
    rules
}

/// The hosts that a URL entry surely takes.
pub(super) fn host_of(entry: &str, block: bool) -> Option<DomainSet> {
    let entry = entry.trim();
    let bare = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let (host, path) = bare
        .split_once('/')
        .map_or((bare, None), |(host, path)| (host, Some(path)));
    if path.is_some_and(|path| path != "*" && path != "*/") && !block {
        return None;
    }
    if let Some(rest) = host.strip_prefix("*.").or_else(|| host.strip_prefix('~')) {
        let domain = Domain::parse(rest.trim_end_matches('~')).ok()?;
        return Some(if host.starts_with('~') {
            DomainSet::with_subs(&domain)
        } else {
            DomainSet::subs_of(&domain)
        });
    }
    let domain = Domain::parse(host).ok()?;
    Some(if block {
        DomainSet::with_subs(&domain)
    } else {
        DomainSet::exact(&domain)
    })
}

/// Spoof pairs: who may be spoofed, and from where: a reverse name, a /24, a DKIM domain, or anywhere.
fn spoof_rules(bundle: &Bundle<'_>, bench: &mut Bench, nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    for &record in bundle.records(Kind::TenantListSpoof) {
        let (Field::Set(user), Field::Set(from_where)) = (
            field::text(record.get("SpoofedUser")),
            field::text(record.get("SendingInfrastructure")),
        ) else {
            continue;
        };
        let user_list = field::list(record.get("SpoofedUser"));
        let read = senders(
            "SpoofedUser",
            &user_list,
            record.span(),
            &[Identity::HeaderFrom],
            false,
            Wildcard::Literal,
        );
        let anyone = user.value.trim() == "*";
        let who = if anyone { Pred::Always } else { Pred::From(read.exact) };
        let (host, hosts_list) = infrastructure(&from_where.value, from_where.span, bench);
        let mut list = read.list;
        if anyone {
            list.entries.clear();
        }
        let allow = is_action(record, "Allow");
        let effects = if allow {
            bench.effects(SPOOF_PAIR)
        } else {
            let need = undecided_block(bench, record.span());
            vec![Effect::Raises(SPOOF_PAIR.clears, need)]
        };
        rules.push(Rule {
            object: format!("tenant-list-spoof/{}, {}", user.value, from_where.value),
            origin: user.span,
            control: if allow { SPOOF_PAIR.control } else { "tenant-block" },
            guard: Guard {
                when: vec![who, host],
                unless: Vec::new(),
            },
            effects,
            force: Force::InForce,
            lists: [Some(list), hosts_list].into_iter().flatten().collect(),
            expiry: None,
        });
    }
    // A block after the allows, so that it takes back what they clear.
    rules.sort_by_key(|rule| rule.control == "tenant-block");
    if !bundle.whole(Kind::TenantListSpoof) {
        let need = bench.missing(Kind::TenantListSpoof, None);
        rules.push(bench.phantom(
            Kind::TenantListSpoof,
            None,
            SPOOF_PAIR.control,
            nowhere,
            &[Effect::MayClear(SPOOF_PAIR.clears, need)],
        ));
    }
    rules
}

fn infrastructure(text: &str, span: Span, bench: &mut Bench) -> (Pred, Option<List>) {
    let text = text.trim();
    if text == "*" {
        return (Pred::Always, None);
    }
    if let Ok(entry) = parse_entry(text) {
        // An address stands for its /24 (same page, spoof pairs).
        let set: IpSet = entry.set;
        let list = List {
            name: "SendingInfrastructure",
            span,
            identities: &[Identity::ConnectingIp],
            exception: false,
            entries: vec![Entry {
                text: text.to_owned(),
                span,
                meaning: Meaning::Networks(set.clone()),
                detail: None,
            }],
        };
        return (Pred::Ip(set), Some(list));
    }
    let need = bench.unsaid(
        "ptr",
        "whether the sending hosts' reverse names lie in the allowed infrastructure depends on `dns`, which was not asked",
        Some(span),
    );
    match Domain::parse(text) {
        Ok(domain) => {
            let signed = Pred::Dkim(DomainSet::with_subs(&domain));
            (between(signed, Pred::Always, need), None)
        }
        Err(_) => (Pred::Unknown(need), None),
    }
}
