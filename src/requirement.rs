//! What a vendor's stream needs: a set of messages that must get through, and the facts behind it.
//!
//! Values of one identity are alternatives; identities multiply within a group.
//! An identity without values is left open: clearing must hold whatever it is.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::allow::address::AddressSet;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, Matcher, TextSet};
use crate::allow::ip::IpSet;
use crate::dns::spf::Verdict;
use crate::dns::spf::set::Sets;
use crate::message::{
    Concern, Concerns, Cube, EVERY_MESSAGE_HAS, Field, Fields, HeaderSet, Headers, Identity, MessageSet, NO_ATTACHMENT,
    Names, auth,
};
use crate::pack::{
    Clears, Delivery, Grade, Pack, Parameter, Parsed, Scope, Sharing, SmtpWhenApi, Status, Stream, When,
};
use crate::source::{Span, Spanned};
use crate::spelling::SenderSpec;
use crate::tenant::{Answer, AnsweredBy, Vendor};

/// How a tenant uses a vendor.
#[derive(Debug, Clone)]
pub struct Use<'p> {
    /// The vendor.
    pub pack: &'p Pack,
    /// What the tenant says of it.
    pub vendor: &'p Vendor,
    /// Answers to the pack's parameters, one each.
    pub answers: Vec<Answer>,
}

/// One value that the stream's mail shows.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What of a message it is compared with.
    pub identity: Identity,
    /// As written.
    pub text: String,
    /// Where: in the pack, or the answer in the tenant file.
    pub span: Span,
    /// How far it is to be trusted.
    pub grade: Grade,
    /// Whether it must not be shown.
    pub secret: bool,
    /// Whether it is required now.
    pub required: bool,
    /// Whether it is no longer used.
    pub legacy: bool,
    /// Who else sends from there.
    pub sharing: Sharing,
    /// The messages that show it, in its own field only.
    pub means: Means,
}

/// What a value means in its own field.
#[derive(Debug, Clone, PartialEq)]
pub enum Means {
    /// Hosts.
    Hosts(IpSet),
    /// Senders.
    Senders(AddressSet),
    /// Names.
    Names(DomainSet),
    /// A header with one of these values.
    Header(HeaderName, TextSet),
    /// Nothing that a message set holds.
    Other,
}

/// One stream that must get through.
#[derive(Debug, Clone)]
pub struct Requirement<'p> {
    /// The vendor.
    pub pack: &'p Pack,
    /// The stream.
    pub stream: &'p Stream,
    /// How it is delivered.
    pub delivery: Delivery,
    /// Concerns that must not be held against it.
    pub concerns: Concerns,
    /// Its messages, read narrowly where a source does not say which sender it means.
    pub narrow: MessageSet,
    /// Its messages with such senders left open. Equal to `narrow` where no source is unclear.
    pub wide: MessageSet,
    /// Fields that nobody says anything about.
    pub open: Fields,
    /// The values behind it, whatever their status.
    pub facts: Vec<Fact>,
    /// Parameters without an answer.
    pub unset: Vec<&'p Parameter>,
    /// Whether the tenant reaches it by API and a part falls back to SMTP.
    pub by_api: bool,
}

/// What keeps ordinary mail from the inbox (semantics, section 3).
const INBOX: Concerns = Concerns::of(&[
    Concern::IpReputation,
    Concern::Greylisting,
    Concern::Rate,
    Concern::Authentication,
    Concern::DmarcAction,
    Concern::Spoof,
    Concern::Impersonation,
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
    Concern::Routing,
]);

/// What a simulation must be spared beyond that.
const SIMULATION: Concerns = INBOX.and(Concerns::of(&[
    Concern::HighConfidencePhish,
    Concern::AttachmentDetonation,
    Concern::LinkScan,
    Concern::LinkClick,
]));

impl<'p> Requirement<'p> {
    /// All requirements of a vendor in use.
    pub fn all(vendor: &Use<'p>, recipients: &AddressSet, gateway: bool, now: Date) -> Vec<Self> {
        vendor
            .pack
            .streams
            .iter()
            .filter(|stream| {
                let named = &vendor.vendor.streams;
                named.is_empty() || named.iter().any(|one| one.value == stream.id.value)
            })
            .map(|stream| Self::of(vendor, stream, recipients, gateway, now))
            .collect()
    }

    fn of(vendor: &Use<'p>, stream: &'p Stream, recipients: &AddressSet, gateway: bool, now: Date) -> Self {
        let kind = stream.id.value;
        let delivery = delivery(vendor, stream);
        let holds = |scope: &Scope| in_scope(scope, vendor, delivery, gateway);
        let mut facts = Vec::new();
        let mut groups: Vec<Option<String>> = Vec::new();
        for value in vendor
            .pack
            .values
            .iter()
            .filter(|value| value.stream.value == kind && holds(&value.scope))
        {
            let starts = value.since.is_none_or(|since| since.value <= now);
            let ended = value.until.is_some_and(|until| until.value < now);
            let legacy = value.status.value == Status::Legacy || ended;
            let required = !legacy
                && match value.status.value {
                    Status::Current | Status::Reserve => starts,
                    Status::Announced => value.since.is_some() && starts,
                    Status::Legacy => false,
                };
            groups.push(value.scope.group.as_ref().map(|group| group.value.clone()));
            facts.push(Fact {
                identity: value.identity.value,
                text: value.value.value.clone(),
                span: value.value.span,
                grade: value.grade,
                secret: false,
                required,
                legacy,
                sharing: value.sharing.value,
                means: means(&value.parsed, value.identity.value, recipients),
            });
        }
        let mut unset = Vec::new();
        for parameter in vendor
            .pack
            .parameters
            .iter()
            .filter(|parameter| parameter.stream.value == kind)
        {
            if !holds(&parameter.scope) || parameter.identity.is_none() {
                continue;
            }
            let answer = vendor
                .answers
                .iter()
                .find(|answer| answer.parameter.value == parameter.id.value);
            let Some(answer) = answer.filter(|answer| answer.by != AnsweredBy::Nobody) else {
                unset.push(parameter);
                continue;
            };
            for (text, parsed) in &answer.values {
                let Some(identity) = parameter.identity else { continue };
                groups.push(parameter.scope.group.as_ref().map(|group| group.value.clone()));
                facts.push(Fact {
                    identity: identity.value,
                    text: if parameter.secret {
                        format!("(the answer to {})", parameter.id.value)
                    } else {
                        text.value.clone()
                    },
                    span: text.span,
                    grade: Grade::Vendor,
                    secret: parameter.secret,
                    required: true,
                    legacy: false,
                    sharing: Sharing::Unknown,
                    means: means(parsed, identity.value, recipients),
                });
            }
        }
        let mut open = Fields::default();
        let narrow = set(&facts, &groups, recipients, true, &mut open);
        let wide = set(&facts, &groups, recipients, false, &mut Fields::default());
        Self {
            pack: vendor.pack,
            stream,
            delivery,
            concerns: if stream.clears.value == Clears::Everything {
                SIMULATION
            } else {
                INBOX
            },
            narrow,
            wide,
            open,
            facts,
            unset,
            by_api: delivery.is_api(),
        }
    }

    /// The same to whomever, where these are not all of the tenant's domains. What is below those that are known says nothing
    /// of others.
    #[must_use]
    pub fn to_anybody(self, known: &AddressSet, recipients: &AddressSet) -> Self {
        let domains: Vec<Domain> = known.positive_domains().map(|(domain, ..)| domain).collect();
        let below: Vec<AddressSet> = domains.iter().map(AddressSet::with_subs).collect();
        let others = AddressSet::all_addresses().minus(&AddressSet::union_all(&below));
        let to = others.union(recipients);
        let widened = |set: &MessageSet| {
            set.map(|cube| {
                Some(Cube {
                    to: to.clone(),
                    ..cube.clone()
                })
            })
        };
        Self {
            narrow: widened(&self.narrow),
            wide: widened(&self.wide),
            ..self
        }
    }

    /// Vendor pack id.
    pub fn vendor(&self) -> &str {
        &self.pack.id.value
    }

    /// Stream id.
    pub fn stream_id(&self) -> &'static str {
        self.stream.id.value.as_str()
    }

    /// The same, where DNS says that all of its mail passes DMARC: Exchange Online then stamps `dmarc=pass` and
    /// `compauth=pass` (<https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo>).
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        let passing = |set: &MessageSet| {
            set.map(|cube| {
                Some(Cube {
                    dmarc: auth::DMARC.bit("pass").unwrap_or(cube.dmarc),
                    compauth: auth::COMPAUTH.bit("pass").unwrap_or(cube.compauth),
                    ..cube.clone()
                })
            })
        };
        self.narrow = passing(&self.narrow);
        self.wide = passing(&self.wide);
        self.open = self.open.without(Field::Auth);
        self
    }

    /// The same, each part of it with the result that the SPF record of its envelope sender gives its hosts. What the
    /// records leave open, or nobody asked for, stays open.
    #[must_use]
    pub fn with_spf(mut self, known: &BTreeMap<Domain, Sets>) -> Self {
        if self.open.has(Field::Ip) {
            return self;
        }
        let mut is_decided = true;
        let mut split = |set: &MessageSet| {
            let parts = set.cubes().iter().flat_map(|cube| by_spf(cube, known, &mut is_decided));
            let parts: Vec<Cube> = parts.collect();
            (parts.len() <= MOST_PARTS).then(|| parts.into_iter().collect::<MessageSet>())
        };
        let (Some(narrow), Some(wide)) = (split(&self.narrow), split(&self.wide)) else {
            return self;
        };
        self.narrow = narrow;
        self.wide = wide;
        if is_decided {
            self.open = self.open.without(Field::Spf);
        }
        self
    }

    /// Whether mail by SMTP has to get through: always, unless an API delivers it and nothing falls back.
    pub fn needs_smtp(&self) -> bool {
        !self.by_api || self.stream.smtp_when_api.value == SmtpWhenApi::Fallback
    }

    /// Hosts of the vendor that are nobody else's, whatever their status.
    pub fn dedicated_hosts(&self) -> IpSet {
        let hosts: Vec<&IpSet> = self
            .facts
            .iter()
            .filter(|fact| fact.sharing != Sharing::Shared)
            .filter_map(|fact| match &fact.means {
                Means::Hosts(hosts) => Some(hosts),
                _ => None,
            })
            .collect();
        IpSet::union_all(hosts)
    }

    /// Domains that the vendor's mail shows.
    pub fn domains(&self) -> DomainSet {
        let sets: Vec<DomainSet> = self
            .facts
            .iter()
            .filter_map(|fact| match &fact.means {
                Means::Senders(senders) if !senders.is_open() => Some(senders.domains_touched()),
                Means::Names(names) => Some(names.clone()),
                _ => None,
            })
            .collect();
        DomainSet::union_all(&sets)
    }
}

/// More parts than these, and what SPF says is left open.
const MOST_PARTS: usize = 256;

/// A product of sets, by what SPF says of its senders' hosts.
fn by_spf(cube: &Cube, known: &BTreeMap<Domain, Sets>, is_decided: &mut bool) -> Vec<Cube> {
    let mut parts = Vec::new();
    let mut others = cube.mail_from.clone();
    for (domain, sets) in known {
        let named = AddressSet::domain(domain);
        let mail_from = cube.mail_from.intersect(&named);
        if mail_from.is_empty() {
            continue;
        }
        others = others.minus(&named);
        let bounds = |word: &str| Verdict::parse(word).and_then(|verdict| sets.of(verdict));
        let results = || {
            auth::SPF
                .results
                .iter()
                .filter_map(|word| Some((auth::SPF.bit(word)?, bounds(word)?)))
        };
        let mut open = cube.ip.clone();
        for (bit, bounds) in results() {
            let sure = cube.ip.intersect(&bounds.must);
            if sure.is_empty() {
                continue;
            }
            open = open.minus(&sure);
            parts.push(Cube {
                mail_from: mail_from.clone(),
                ip: sure,
                spf: cube.spf & bit,
                ..cube.clone()
            });
        }
        if open.is_empty() {
            continue;
        }
        let may = results().filter(|(_, bounds)| bounds.may.overlaps(&open));
        let possible = may.fold(0, |all, (bit, _)| all | bit);
        *is_decided = false;
        parts.push(Cube {
            mail_from,
            ip: open,
            spf: cube.spf & possible,
            ..cube.clone()
        });
    }
    if !others.is_empty() {
        *is_decided = false;
        parts.push(Cube {
            mail_from: others,
            ..cube.clone()
        });
    }
    parts
}

fn delivery(vendor: &Use<'_>, stream: &Stream) -> Delivery {
    match vendor.vendor.delivery.of(stream.id.value).map(|chosen| chosen.value) {
        // A stream that does not offer the chosen way stays with SMTP.
        Some(chosen) if stream.deliveries.iter().any(|offered| offered.value == chosen) => chosen,
        Some(_) => Delivery::Smtp,
        None => stream.default_delivery(),
    }
}

fn in_scope(scope: &Scope, vendor: &Use<'_>, delivery: Delivery, gateway: bool) -> bool {
    let among = |offered: &[Spanned<String>], chosen: &[Spanned<String>]| {
        let meets = |one: &Spanned<String>| chosen.iter().any(|other| other.value == one.value);
        offered.is_empty() || chosen.is_empty() || offered.iter().any(meets)
    };
    among(&scope.regions, &vendor.vendor.regions)
        && among(&scope.cohorts, &vendor.vendor.cohorts)
        && scope.when.iter().all(|when| match &when.value {
            When::Gateway => gateway,
            When::NoGateway => !gateway,
            When::Delivery(wanted) => *wanted == delivery,
            When::Param(id) => vendor
                .answers
                .iter()
                .any(|answer| answer.parameter.value == *id && answer.holds()),
        })
}

/// What a value means in its own field.
pub(crate) fn means(parsed: &Parsed, identity: Identity, recipients: &AddressSet) -> Means {
    match parsed {
        Parsed::Networks(hosts) => Means::Hosts(hosts.clone()),
        Parsed::Sender(spec) => Means::Senders(senders_of(spec, recipients)),
        Parsed::Domain(spec) => match identity {
            Identity::Dkim | Identity::Link => Means::Names(spec.set()),
            _ => Means::Other,
        },
        // A header in a certain position among several of its name is not a header anybody can ask for by name.
        Parsed::Header(test) if test.at.is_none() => {
            let values = test
                .matcher
                .as_ref()
                .map_or_else(TextSet::all, |matcher| TextSet::matching(phrase(matcher)));
            Means::Header(test.name.clone(), values)
        }
        Parsed::Subject(matcher) => HeaderName::parse("Subject").map_or(Means::Other, |name| {
            Means::Header(name, TextSet::matching(phrase(matcher)))
        }),
        Parsed::Header(_) | Parsed::Text | Parsed::SideFile => Means::Other,
    }
}

/// The senders that a spelling means.
pub fn senders_of(spec: &SenderSpec, tenant: &AddressSet) -> AddressSet {
    match spec {
        SenderSpec::Exact(address) => AddressSet::exact(address),
        SenderSpec::Domain(domain) => AddressSet::domain(domain),
        SenderSpec::SubDomains(domain) => AddressSet::subs_of(domain),
        SenderSpec::Any | SenderSpec::SameAsMailFrom => AddressSet::all_addresses(),
        SenderSpec::Tenant => tenant.clone(),
    }
}

/// A vendor that says "contains" means the phrase as a whole, which is how filters look for it.
fn phrase(matcher: &Matcher) -> Matcher {
    match matcher {
        Matcher::Contains(text) => Matcher::Word(text.clone()),
        other => other.clone(),
    }
}

/// The product of the required facts, one cube a group.
fn set(
    facts: &[Fact],
    groups: &[Option<String>],
    recipients: &AddressSet,
    narrow: bool,
    open: &mut Fields,
) -> MessageSet {
    let mut names: Vec<&Option<String>> = groups.iter().filter(|group| group.is_some()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return MessageSet::from(cube(
            &facts.iter().filter(|fact| fact.required).collect::<Vec<_>>(),
            recipients,
            narrow,
            open,
        ));
    }
    let mut set = MessageSet::empty();
    for name in names {
        let members: Vec<&Fact> = facts
            .iter()
            .zip(groups)
            .filter(|(fact, group)| fact.required && (group.is_none() || *group == name))
            .map(|(fact, _)| fact)
            .collect();
        set.push(cube(&members, recipients, narrow, open));
    }
    set
}

fn cube(facts: &[&Fact], recipients: &AddressSet, narrow: bool, open: &mut Fields) -> Cube {
    let of = |identity: Identity| facts.iter().filter(move |fact| fact.identity == identity);
    let mut cube = Cube {
        to: recipients.clone(),
        attachments: NO_ATTACHMENT,
        ..Cube::all()
    };
    let hosts: Vec<&IpSet> = of(Identity::ConnectingIp)
        .filter_map(|fact| match &fact.means {
            Means::Hosts(hosts) => Some(hosts),
            _ => None,
        })
        .collect();
    if hosts.is_empty() {
        *open = open.with(Field::Ip).with(Field::AuthIp);
    } else {
        cube.ip = IpSet::union_all(hosts);
    }
    let senders = |identity: Identity| -> Option<AddressSet> {
        let sets: Vec<AddressSet> = facts
            .iter()
            .filter(|fact| fact.identity == identity || (narrow && fact.identity == Identity::SenderDomain))
            .filter_map(|fact| match &fact.means {
                Means::Senders(senders) => Some(senders.clone()),
                _ => None,
            })
            .collect();
        (!sets.is_empty()).then(|| AddressSet::union_all(&sets))
    };
    match senders(Identity::MailFrom) {
        Some(senders) => cube.mail_from = senders,
        None => *open = open.with(Field::MailFrom),
    }
    match senders(Identity::HeaderFrom) {
        // The header sender that follows the envelope sender: one domain at a time would be exact, all at once is wider.
        Some(_) if of(Identity::HeaderFrom).any(|fact| fact.text == "@same-as-mail-from") => {
            cube.from = cube.mail_from.clone();
        }
        Some(senders) => cube.from = senders,
        None => *open = open.with(Field::From),
    }
    let names = |identity: Identity| -> Option<DomainSet> {
        let sets: Vec<DomainSet> = of(identity)
            .filter_map(|fact| match &fact.means {
                Means::Names(names) => Some(names.clone()),
                _ => None,
            })
            .collect();
        (!sets.is_empty()).then(|| DomainSet::union_all(&sets))
    };
    cube.dkim = names(Identity::Dkim).map_or_else(Names::no_name, Names::only_in);
    match names(Identity::Link) {
        Some(hosts) => cube.links = Names::only_in(hosts),
        None => *open = open.with(Field::Links),
    }
    *open = open.with(Field::Spf).with(Field::Auth).with(Field::Headers);
    cube.headers = headers(facts);
    cube
}

/// Headers that are named have one of their values; those that every message has are left open; all others are absent.
fn headers(facts: &[&Fact]) -> Headers {
    let mut headers = Headers::none();
    for free in EVERY_MESSAGE_HAS {
        if let Ok(name) = HeaderName::parse(free) {
            headers = headers.with(name, HeaderSet::any());
        }
    }
    let mut named: Vec<(HeaderName, TextSet)> = Vec::new();
    for fact in facts {
        let Means::Header(name, values) = &fact.means else {
            continue;
        };
        match named.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = known.union(values),
            None => named.push((name.clone(), values.clone())),
        }
    }
    for (name, values) in named {
        headers = headers.with(name, HeaderSet { absent: false, values });
    }
    headers
}
