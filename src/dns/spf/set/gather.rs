//! Asking DNS for everything that a record leads to.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::evaluate::{addresses, mail_hosts};
use super::super::macros::expand::{self, Scope, Subject};
use super::super::macros::{Letter, MacroString};
use super::super::record::{Directive, Mechanism, Prefixes, Selection, SpfRecord, select};
use super::super::{Extent, MOST_NAMES, checkable, octets, target};
use super::{Action, Asks, Entry, Matches, Opaque, Published, Step, Tree};
use crate::allow::ip::IpSet;
use crate::dns::{Answer, Name, Outcome, Question, RecordType, Resolver};

/// How many terms may ask DNS before the tree is cut. A check ends at the eleventh, so whatever is cut works for nobody;
/// what is published by others must not make an audit ask without end.
const TERMS: usize = 100;

impl Tree {
    /// Asks for the record of a domain and all that it leads to. The sender is somebody at that domain: `%{o}` is it.
    pub fn gather(resolver: &dyn Resolver, domain: &Name) -> Self {
        let origin = octets(domain);
        let mut gathering = Gathering {
            resolver,
            subject: Subject::new(IpAddr::from([0, 0, 0, 0]), &origin, &origin),
            asked: 0,
            chain: Vec::new(),
        };
        let mut tree = gathering.tree(origin);
        tree.number();
        tree
    }
}

/// The name a term is about.
enum About {
    /// One that can be asked for.
    Name(Name),
    /// None that can be.
    NoName,
    /// It depends on the client.
    Client,
}

struct Gathering<'a> {
    resolver: &'a dyn Resolver,
    /// The sender. Of the client nothing is known, and no macro that asks for it is expanded.
    subject: Subject,
    /// The terms that asked DNS.
    asked: usize,
    /// The domains that led to the record under way.
    chain: Vec<Name>,
}

impl Gathering<'_> {
    fn tree(&mut self, domain: Vec<u8>) -> Tree {
        let name = checkable(&domain);
        let published = name.as_ref().map_or(Published::Nothing, |name| self.published(name));
        let mut tree = Tree {
            domain,
            published,
            entries: Vec::new(),
            idle: Vec::new(),
        };
        let (Some(name), Published::Record(record)) = (name, &tree.published) else {
            return tree;
        };
        if !record.mistakes.is_empty() {
            return tree;
        }
        self.chain.push(name);
        let (entries, idle) = self.entries(record, &tree.domain);
        self.chain.pop();
        tree.entries = entries;
        tree.idle = idle;
        tree
    }

    fn published(&self, name: &Name) -> Published {
        let question = Question::new(name.clone(), RecordType::Txt);
        let answer = self.resolver.ask(&question);
        if let Outcome::Failed(_) | Outcome::Unknown = answer.outcome {
            return Published::Unanswered(question);
        }
        match select(answer.records()) {
            Selection::None => Published::Nothing,
            Selection::One(octets) => Published::Record(SpfRecord::parse(octets)),
            Selection::Several(records) => Published::Several(records.len()),
        }
    }

    /// The terms that can decide, and those that never do.
    fn entries(&mut self, record: &SpfRecord, domain: &[u8]) -> (Vec<Entry>, Vec<Extent>) {
        let mut entries = Vec::new();
        let mut idle = Vec::new();
        let mut is_over = false;
        for (extent, directive) in record.directives() {
            if is_over {
                idle.push(extent);
                continue;
            }
            is_over = directive.mechanism == Mechanism::All;
            entries.push(Entry {
                extent,
                action: Action::Directive(directive.qualifier),
                asks: directive.mechanism.asks(),
                ordinal: 0,
                lookups: 0,
                matches: self.matches(directive, domain),
            });
        }
        match record.redirect() {
            Some((extent, name)) => entries.push(Entry {
                extent,
                action: Action::Redirect,
                asks: true,
                ordinal: 0,
                lookups: 0,
                matches: if self.may_ask() {
                    self.child(name, domain)
                } else {
                    Matches::Opaque(Opaque::Cut)
                },
            }),
            None => idle.extend(record.written_redirect().map(|(extent, _)| extent)),
        }
        (entries, idle)
    }

    /// Counts a term that asks DNS; there may be one too many.
    fn may_ask(&mut self) -> bool {
        self.asked += 1;
        self.asked <= TERMS
    }

    fn matches(&mut self, directive: &Directive, domain: &[u8]) -> Matches {
        if directive.mechanism.asks() && !self.may_ask() {
            return Matches::Opaque(Opaque::Cut);
        }
        match &directive.mechanism {
            Mechanism::All => both(Step::Match(IpSet::all())),
            Mechanism::Ip4(network, length) => both(Step::Match(network_of((*network).into(), *length))),
            Mechanism::Ip6(network, length) => both(Step::Match(network_of((*network).into(), *length))),
            Mechanism::Include(name) => self.child(name, domain),
            Mechanism::A(name, prefixes) => match self.about(name.as_ref(), domain) {
                About::Name(name) => self.hosts(&[name], *prefixes),
                About::NoName => nobody(),
                About::Client => Matches::Opaque(Opaque::Macro(Asks::Address)),
            },
            Mechanism::Mx(name, prefixes) => match self.about(name.as_ref(), domain) {
                About::Name(name) => self.mail_hosts(name, *prefixes),
                About::NoName => nobody(),
                About::Client => Matches::Opaque(Opaque::Macro(Asks::Hosts)),
            },
            Mechanism::Ptr(_) => Matches::Opaque(Opaque::Names),
            Mechanism::Exists(name) => match self.about(Some(name), domain) {
                About::Name(name) => self.exists(name),
                About::NoName => nobody(),
                About::Client => Matches::Opaque(Opaque::Macro(Asks::Address)),
            },
        }
    }

    /// The text that a text with macros stands for, whoever connects; `None` where that matters.
    fn spell(&self, text: &MacroString, domain: &[u8]) -> Option<Vec<u8>> {
        let is_known = text
            .letters()
            .all(|letter| matches!(letter, Letter::Domain | Letter::Origin));
        let scope = Scope {
            subject: &self.subject,
            domain,
            validated: None,
        };
        is_known.then(|| expand::name(text, scope))
    }

    fn about(&self, text: Option<&MacroString>, domain: &[u8]) -> About {
        let spelled = match text {
            Some(text) => self.spell(text, domain),
            None => Some(domain.to_vec()),
        };
        let Some(spelled) = spelled else {
            return About::Client;
        };
        target(&spelled).map_or(About::NoName, About::Name)
    }

    fn child(&mut self, text: &MacroString, domain: &[u8]) -> Matches {
        let Some(domain) = self.spell(text, domain) else {
            return Matches::Opaque(Opaque::Macro(Asks::Record));
        };
        if checkable(&domain).is_some_and(|name| self.chain.contains(&name)) {
            return Matches::Loop(domain);
        }
        Matches::Child(Box::new(self.tree(domain)))
    }

    fn mail_hosts(&self, name: Name, prefixes: Prefixes) -> Matches {
        let question = Question::new(name, RecordType::Mx);
        let answer = self.resolver.ask(&question);
        match &answer.outcome {
            Outcome::Failed(_) | Outcome::Unknown => both(Step::Unanswered(question)),
            Outcome::NoData | Outcome::NoName => both(Step::Void),
            Outcome::Found(records) => {
                let hosts = mail_hosts(records);
                if hosts.len() > MOST_NAMES {
                    return Matches::Hosts(hosts.len());
                }
                self.hosts(&hosts, prefixes)
            }
        }
    }

    fn hosts(&self, names: &[Name], prefixes: Prefixes) -> Matches {
        let steps = |kind| {
            let questions: Vec<Question> = names.iter().map(|name| Question::new(name.clone(), kind)).collect();
            let answers = self.resolver.ask_all(&questions);
            let near = |answer: &Answer| near(answer, prefixes);
            let steps = questions.into_iter().zip(answers);
            steps.map(|(question, answer)| step(question, &answer, near)).collect()
        };
        Matches::Steps {
            v4: steps(RecordType::A),
            v6: steps(RecordType::Aaaa),
        }
    }

    fn exists(&self, name: Name) -> Matches {
        let question = Question::new(name, RecordType::A);
        let answer = self.resolver.ask(&question);
        both(step(question, &answer, |_| IpSet::all()))
    }
}

fn step(question: Question, answer: &Answer, found: impl Fn(&Answer) -> IpSet) -> Step {
    match &answer.outcome {
        Outcome::Failed(_) | Outcome::Unknown => Step::Unanswered(question),
        Outcome::NoData | Outcome::NoName => Step::Void,
        Outcome::Found(_) => Step::Match(found(answer)),
    }
}

/// A term about a name that cannot be asked for.
fn nobody() -> Matches {
    both(Step::Match(IpSet::empty()))
}

fn both(step: Step) -> Matches {
    Matches::Steps {
        v4: vec![step.clone()],
        v6: vec![step],
    }
}

fn near(answer: &Answer, prefixes: Prefixes) -> IpSet {
    let networks: Vec<IpSet> = addresses(answer)
        .map(|host| network_of(host, if host.is_ipv4() { prefixes.v4 } else { prefixes.v6 }))
        .collect();
    IpSet::union_all(&networks)
}

/// The addresses of a network. One that is written inside IPv6 has none: whoever connects from there is an IPv4 client
/// (RFC 7208, section 5).
fn network_of(address: IpAddr, length: u8) -> IpSet {
    match IpNet::new(address, length) {
        Ok(network) if network.addr().is_ipv6() => IpSet::net(network).v6_only(),
        Ok(network) => IpSet::net(network),
        Err(_) => IpSet::empty(),
    }
}
