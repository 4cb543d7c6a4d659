//! The ways that mail takes to a tenant: along the declared filters, else as MX shows, one way for each product that
//! takes mail first.
//!
//! Each way is judged by itself, for the recipients whose mail comes that way.

use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::message::Concerns;
use crate::path::{Effect, Force, Guard, MX, MailPath, Need, Pred, Rule, Stage, Verdict};
use crate::problem::Level;
use crate::source::{SourceId, Span, Spanned};

use super::ask::{Arrival, Door};

/// A way that mail takes.
pub struct Way {
    /// What it passes.
    pub path: MailPath,
    /// Recipients whose mail does not come this way.
    pub not_to: AddressSet,
}

/// A way before its path is built.
pub(super) struct Entrance {
    /// Filters in front, outermost first, and from where they hand mail on.
    pub hops: Vec<(String, IpSet)>,
    /// Whether they were declared.
    pub declared: bool,
    /// What its path is called, where the path's own name does not tell it from others.
    name: Option<&'static str>,
    /// Whether MX leads to the mailboxes' own hosts, if that is known.
    direct: Option<bool>,
    not_to: AddressSet,
    /// A domain of which DNS did not say where its mail arrives.
    unanswered: Option<Domain>,
    /// A domain of which nobody takes mail, with the record that says so; only where that holds of all of them.
    closed: Option<(Domain, Span)>,
}

/// The entrances of a tenant: at least one.
pub(super) fn entrances(declared: Vec<(String, IpSet)>, arrival: &Arrival) -> Vec<Entrance> {
    let entrance = |hops, direct| Entrance {
        hops,
        declared: false,
        name: None,
        direct,
        not_to: AddressSet::empty(),
        unanswered: None,
        closed: None,
    };
    let closed = || arrival.closed.iter().map(|(domain, _)| domain);
    if !declared.is_empty() {
        // What is declared stands there; what DNS says of the rest counts before that.
        let direct = Some(arrival.direct().unwrap_or(false));
        return vec![Entrance {
            declared: true,
            not_to: addresses(closed()),
            ..entrance(declared, direct)
        }];
    }
    if arrival.ways.is_empty() {
        return vec![Entrance {
            closed: arrival
                .closed
                .first()
                .map(|(domain, record)| (domain.value.clone(), *record)),
            ..entrance(Vec::new(), None)
        }];
    }
    let several = arrival.ways.len() > 1;
    let entrances = arrival.ways.iter().map(|way| {
        let others = arrival.ways.iter().flat_map(|other| &other.domains);
        let others = others.filter(|other| !way.domains.iter().any(|own| own.value == other.value));
        let (hops, direct, name) = match way.door {
            Door::Mailboxes => (Vec::new(), Some(true), None),
            Door::Unknown => (Vec::new(), None, Some("unknown")),
            Door::Unanswered => (Vec::new(), None, Some("unanswered")),
            Door::Elsewhere(product) => (Vec::new(), Some(false), Some(product.id)),
            // From where it hands mail on is not known.
            Door::Filter(product) => (vec![(product.id.to_owned(), IpSet::empty())], Some(false), None),
        };
        Entrance {
            name: name.filter(|_| several),
            unanswered: matches!(way.door, Door::Unanswered)
                .then(|| way.domains.first().map(|domain| domain.value.clone()))
                .flatten(),
            not_to: addresses(others.chain(closed())),
            ..entrance(hops, direct)
        }
    });
    entrances.collect()
}

fn addresses<'a>(domains: impl Iterator<Item = &'a Spanned<Domain>>) -> AddressSet {
    let sets: Vec<AddressSet> = domains.map(|domain| AddressSet::domain(&domain.value)).collect();
    AddressSet::union_all(&sets)
}

impl Entrance {
    /// The way along a path that was built for its filters.
    pub fn way(self, mut path: MailPath) -> Way {
        if let Some(name) = self.name {
            name.clone_into(&mut path.name);
        }
        if !self.declared {
            path.tell_elsewhere(|key| key.starts_with("hop/"));
        }
        // Where MX points to a filter, allows hold against high-confidence phish too
        // (https://learn.microsoft.com/defender-office-365/secure-by-default).
        if let Some(direct) = self.direct {
            path.decide(MX, !direct);
        }
        if let Some(domain) = self.unanswered {
            let stage = perhaps_a_filter(&domain, &mut path);
            path.stages.insert(0, stage);
        }
        if let Some((domain, record)) = self.closed {
            path.stages.insert(0, nobody_takes_mail(&domain, record));
        }
        Way {
            path,
            not_to: self.not_to,
        }
    }
}

/// A filter may stand there, and may hold the mail: DNS did not say.
fn perhaps_a_filter(domain: &Domain, path: &mut MailPath) -> Stage {
    let nowhere = path.rules().map(|(_, _, rule)| rule.origin).next();
    let need = path.need(Need {
        key: format!("{MX}/{domain}"),
        text: format!("DNS did not say where mail for `{domain}` arrives, so that a filter may stand in front"),
        help: "ask again, or declare the filters in front as `[[hop]]`".to_owned(),
        level: Level::Warn,
        origin: None,
        told: false,
    });
    Stage {
        id: "hop/gateway",
        judges: Concerns::NONE,
        rules: vec![Rule {
            object: format!("mx/{domain}"),
            origin: nowhere.unwrap_or(Span::new(SourceId::NOWHERE, 0, 0)),
            control: "hop",
            guard: Guard::when(Pred::Unknown(need)),
            effects: vec![Effect::Ends {
                verdict: Verdict::Quarantined,
                unless_cleared_by: &[],
                need: Some(need),
            }],
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        }],
    }
}

/// No domain of the tenant takes mail (RFC 7505): it goes back before anybody looks at it.
fn nobody_takes_mail(domain: &Domain, record: Span) -> Stage {
    Stage {
        id: "hop/mx",
        judges: Concerns::NONE,
        rules: vec![Rule {
            object: format!("mx/{domain}"),
            origin: record,
            control: "null-mx",
            guard: Guard::default(),
            effects: vec![Effect::Ends {
                verdict: Verdict::Rejected,
                unless_cleared_by: &[],
                need: None,
            }],
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        }],
    }
}
