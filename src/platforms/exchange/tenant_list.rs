//! The Tenant Allow/Block List: senders, URLs and spoof pairs.
//!
//! <https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-email-spoof-configure>.

use jiff::civil::Date;

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::ip::{IpSet, parse_entry};
use crate::document::Node;
use crate::message::Identity;
use crate::path::{Effect, Entry, Force, Guard, List, Meaning, NeedId, Pred, Rule, Verdict};
use crate::source::Span;

use super::build::{Bench, Wildcard, between, senders};
use super::bundle::Bundle;
use super::field::{self, Field};
use super::kind::{Kind, TenantList};
use super::overrides::{Override, SIMULATION, SPOOF_PAIR, TENANT_ALLOW, TENANT_ALLOW_BY_SUBMISSION, TENANT_ALLOW_URL};
use super::tenant_rows::{self as rows, Action, Row, detailed};

/// The rules of the lists, for the content filter. `simulations` are the rules of Advanced Delivery.
pub(super) fn rules(
    bundle: &Bundle<'_>,
    bench: &mut Bench,
    simulations: &[Rule],
    now: Date,
    nowhere: Span,
) -> Vec<Rule> {
    let mut rules = sender_rules(bundle, bench, now, nowhere);
    rules.extend(url_rules(bundle, bench, now, nowhere));
    rules.extend(spoof_rules(bundle, bench, simulations, nowhere));
    rules
}

/// Rows of one action, as one list with what its senders mean.
struct Rows<'r, 'a> {
    list: List,
    rows: Vec<(&'r Row<'a>, AddressSet)>,
}

fn sender_rows<'r, 'a>(rows: &'r [Row<'a>], wanted: impl Fn(&Row<'a>) -> bool) -> Option<Rows<'r, 'a>> {
    let mut list: Option<List> = None;
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| wanted(row)) {
        // Sub-domains are not covered without a wildcard of their own (same page, sender entries).
        let read = senders(
            "Sender",
            &row.values,
            row.record.span(),
            &[Identity::MailFrom, Identity::HeaderFrom],
            false,
            Wildcard::SubDomains,
        );
        found.push((row, read.exact));
        let entries = read.list.entries.into_iter().map(|entry| detailed(entry, row.record));
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
        rows: found,
    })
}

fn by_submission(record: Node<'_>) -> bool {
    field::text(record.get("SubmissionID"))
        .into_value()
        .is_some_and(|id| !id.is_empty() && !id.eq_ignore_ascii_case("Non-Submission"))
}

fn sender_rules(bundle: &Bundle<'_>, bench: &mut Bench, now: Date, nowhere: Span) -> Vec<Rule> {
    let records = rows::read(bundle, bench, TenantList::Sender, now);
    let which = bench.unsaid(
        "tenant-list/sender",
        "no source says whether sender entries of the Tenant Allow/Block List are compared with the envelope or the header sender",
        records.first().and_then(|row| row.values.span),
    );
    // Sure only where both senders are listed.
    let listed = |sets: &[AddressSet]| {
        let set = AddressSet::union_all(sets);
        between(
            Pred::All(vec![Pred::MailFrom(set.clone()), Pred::From(set.clone())]),
            Pred::Any(vec![Pred::MailFrom(set.clone()), Pred::From(set)]),
            which,
        )
    };
    let blocked = sender_rows(&records, |row| row.may(Action::Block));
    let mut rules = Vec::new();
    let allow = |read: Rows<'_, '_>, object: String, allow: Override, force: Force, bench: &mut Bench| Rule {
        object,
        origin: read.list.span,
        control: allow.control,
        guard: Guard {
            when: vec![rows::matched(&read.rows, listed)],
            // The same value in both lists: the block wins (https://learn.microsoft.com/defender-office-365/how-policies-and-protections-are-combined).
            unless: blocked
                .iter()
                .map(|blocked| rows::matched(&blocked.rows, listed))
                .collect(),
        },
        effects: bench.effects(allow),
        force,
        lists: vec![read.list],
        expiry: None,
    };
    for (kind, submitted) in [(TENANT_ALLOW, false), (TENANT_ALLOW_BY_SUBMISSION, true)] {
        let wanted = |row: &Row<'_>| row.may(Action::Allow) && by_submission(row.record) == submitted;
        if let Some(read) = sender_rows(&records, wanted) {
            rules.push(allow(read, "tenant-list".to_owned(), kind, Force::InForce, bench));
        }
    }
    for row in records.iter().filter(|row| row.did(Action::Allow)) {
        let kind = if by_submission(row.record) {
            TENANT_ALLOW_BY_SUBMISSION
        } else {
            TENANT_ALLOW
        };
        if let Some(read) = sender_rows(std::slice::from_ref(row), |_| true) {
            let object = object_of(&read.list);
            rules.push(allow(read, object, kind, row.force(), bench));
        }
    }
    if let Some(read) = &blocked {
        let need = undecided_block(bench, read.list.span);
        rules.push(Rule {
            object: "tenant-list".to_owned(),
            origin: read.list.span,
            control: "tenant-block",
            guard: Guard::when(rows::matched(&read.rows, listed)),
            effects: vec![Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: SIMULATION,
                need: Some(need),
            }],
            force: Force::InForce,
            lists: vec![read.list.clone()],
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

/// What a row is called: by its value.
fn object_of(list: &List) -> String {
    let detail = list.entries.first().and_then(|entry| entry.detail.as_ref());
    detail.map_or_else(|| "tenant-list".to_owned(), |detail| detail.object.clone())
}

fn undecided_block(bench: &mut Bench, origin: Span) -> NeedId {
    bench.unsaid(
        "block-against-allow",
        "no source says whether this block or the allow for the same mail wins",
        Some(origin),
    )
}

/// URL entries. An allow is exactly the host unless it ends in `/*`; a block takes sub-domains too
/// (<https://learn.microsoft.com/defender-office-365/tenant-allow-block-list-urls-configure>).
fn url_rules(bundle: &Bundle<'_>, bench: &mut Bench, now: Date, nowhere: Span) -> Vec<Rule> {
    let records = rows::read(bundle, bench, TenantList::Url, now);
    let mut rules = Vec::new();
    if let Some(read) = url_rows(&records, Action::Allow, |row| row.may(Action::Allow)) {
        rules.push(url_allow(read, "tenant-list".to_owned(), Force::InForce, bench));
    }
    for row in records.iter().filter(|row| row.did(Action::Allow)) {
        if let Some(read) = url_rows(std::slice::from_ref(row), Action::Allow, |_| true) {
            let object = object_of(&read.list);
            rules.push(url_allow(read, object, row.force(), bench));
        }
    }
    if let Some(read) = url_rows(&records, Action::Block, |row| row.may(Action::Block)) {
        let need = undecided_block(bench, read.list.span);
        let linked = |sets: &[DomainSet]| Pred::Link(DomainSet::union_all(sets));
        rules.push(Rule {
            object: "tenant-list".to_owned(),
            origin: read.list.span,
            control: "tenant-block",
            guard: Guard::when(rows::matched(&read.rows, linked)),
            effects: vec![Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: SIMULATION,
                need: Some(need),
            }],
            force: Force::InForce,
            lists: vec![read.list],
            expiry: None,
        });
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

/// Rows of one action, as one list with the hosts they take.
struct UrlRows<'r, 'a> {
    list: List,
    rows: Vec<(&'r Row<'a>, DomainSet)>,
}

fn url_rows<'r, 'a>(rows: &'r [Row<'a>], action: Action, wanted: impl Fn(&Row<'a>) -> bool) -> Option<UrlRows<'r, 'a>> {
    let mut found = Vec::new();
    let mut entries = Vec::new();
    for row in rows.iter().filter(|row| wanted(row)) {
        let mut hosts = Vec::new();
        for item in &row.values.items {
            let meaning = match host_of(&item.value, action == Action::Block) {
                Some(set) => {
                    hosts.push(set.clone());
                    Meaning::Names(set)
                }
                None => Meaning::Text,
            };
            entries.push(detailed(super::build::entry(item, meaning), row.record));
        }
        found.push((row, DomainSet::union_all(&hosts)));
    }
    let first = found.first().map(|(row, _)| row.record.span())?;
    Some(UrlRows {
        list: List {
            name: "Url",
            span: entries.first().map_or(first, |entry| entry.span),
            identities: &[Identity::Link],
            exception: false,
            entries,
        },
        rows: found,
    })
}

fn url_allow(read: UrlRows<'_, '_>, object: String, force: Force, bench: &mut Bench) -> Rule {
    // Every link must be allowed: one that is not is scanned.
    let every = |sets: &[DomainSet]| {
        let hosts = DomainSet::union_all(sets);
        let other = Pred::Not(Box::new(Pred::Link(hosts.complement())));
        Pred::All(vec![Pred::Link(hosts), other])
    };
    Rule {
        object,
        origin: read.list.span,
        control: TENANT_ALLOW_URL.control,
        guard: Guard::when(rows::matched(&read.rows, every)),
        effects: bench.effects(TENANT_ALLOW_URL),
        force,
        lists: vec![read.list],
        expiry: None,
    }
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
fn spoof_rules(bundle: &Bundle<'_>, bench: &mut Bench, simulations: &[Rule], nowhere: Span) -> Vec<Rule> {
    let mut rules = Vec::new();
    for &record in bundle.records(Kind::TenantListSpoof) {
        let (action, doubt) = rows::action(record, bench);
        let (user, from_where) = (
            field::text(record.get("SpoofedUser")),
            field::text(record.get("SendingInfrastructure")),
        );
        let (Field::Set(user), Field::Set(from_where)) = (user, from_where) else {
            let need = bench.unsaid(
                "tenant-list-spoof/pair",
                "a spoof pair was exported without its `SpoofedUser` or `SendingInfrastructure`",
                Some(record.span()),
            );
            let object = Kind::TenantListSpoof.as_str();
            let unknown = vec![Pred::Unknown(need)];
            rules.extend(pair(object, record.span(), action, unknown, &[], simulations, bench));
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
        let when = [Some(who), Some(host), doubt.map(Pred::Unknown)]
            .into_iter()
            .flatten()
            .collect();
        let lists = [Some(list), hosts_list].into_iter().flatten().collect::<Vec<List>>();
        let object = format!("tenant-list-spoof/{}, {}", user.value, from_where.value);
        rules.extend(pair(&object, user.span, action, when, &lists, simulations, bench));
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

/// The rules of one pair: one, or both where the export does not say which.
fn pair(
    object: &str,
    origin: Span,
    action: Option<Action>,
    when: Vec<Pred>,
    lists: &[List],
    simulations: &[Rule],
    bench: &mut Bench,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let rule = |control, when, effects| Rule {
        object: object.to_owned(),
        origin,
        control,
        guard: Guard {
            when,
            unless: Vec::new(),
        },
        effects,
        force: Force::InForce,
        lists: lists.to_vec(),
        expiry: None,
    };
    if action != Some(Action::Block) {
        rules.push(rule(SPOOF_PAIR.control, when.clone(), bench.effects(SPOOF_PAIR)));
    }
    if action != Some(Action::Allow) {
        let need = undecided_block(bench, origin);
        let mut when = when;
        when.extend(unless_simulated(simulations, need));
        let effects = vec![Effect::Raises(SPOOF_PAIR.clears, need)];
        rules.push(rule("tenant-block", when, effects));
    }
    rules
}

/// Surely what is no simulation: whether a block wins over Advanced Delivery no source says.
fn unless_simulated(simulations: &[Rule], need: NeedId) -> Option<Pred> {
    let simulated: Vec<Pred> = simulations
        .iter()
        .filter(|rule| rule.in_force())
        .map(|rule| Pred::All(rule.guard.when.clone()))
        .collect();
    let none = Pred::Not(Box::new(Pred::Any(simulated.clone())));
    (!simulated.is_empty()).then(|| between(none, Pred::Always, need))
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
