//! Terms that compare the client with hosts: `a`, `mx`, `ptr` and `exists`, and the name that `%{p}` stands for.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::macros::MacroString;
use super::super::macros::expand;
use super::super::record::Prefixes;
use super::super::{MOST_NAMES, octets, target};
use super::{Cause, Run, Term, Why};
use crate::dns::{Answer, Name, Outcome, Question, Record, RecordType};

impl Run<'_> {
    /// The answer to a question that a term depends on. That there is none makes the term void.
    fn ask(&self, name: Name, kind: RecordType, term: &mut Term<'_>) -> Result<Arc<Answer>, Cause> {
        let question = Question::new(name, kind);
        let answer = self.resolver.ask(&question);
        let why = match &answer.outcome {
            Outcome::Failed(failure) => Why::Failed(question, failure.clone()),
            Outcome::Unknown => Why::Unasked(question),
            Outcome::NoData | Outcome::NoName => {
                term.void = true;
                return Ok(answer);
            }
            Outcome::Found(_) => return Ok(answer),
        };
        Err(Cause {
            place: Some(term.place),
            why,
        })
    }

    /// The name a term is about; `None` where it cannot be asked for, so that nothing matches (RFC 7208, section 4.8).
    fn about(&self, name: Option<&MacroString>, term: &mut Term<'_>) -> Result<Option<Name>, Cause> {
        let text = match name {
            Some(name) => self.spell(name, term)?,
            None => term.domain.to_vec(),
        };
        Ok(target(&text))
    }

    /// RFC 7208, section 5.3.
    pub(super) fn a(&self, name: Option<&MacroString>, prefixes: Prefixes, term: &mut Term<'_>) -> Result<bool, Cause> {
        match self.about(name, term)? {
            Some(name) => self.is_host(name, prefixes, term),
            None => Ok(false),
        }
    }

    fn is_host(&self, name: Name, prefixes: Prefixes, term: &mut Term<'_>) -> Result<bool, Cause> {
        let answer = self.ask(name, self.address_type(), term)?;
        Ok(addresses(&answer).any(|host| self.is_near(host, prefixes)))
    }

    fn is_near(&self, host: IpAddr, prefixes: Prefixes) -> bool {
        let length = if host.is_ipv4() { prefixes.v4 } else { prefixes.v6 };
        agree(self.subject.ip, host, length)
    }

    const fn address_type(&self) -> RecordType {
        match self.subject.ip {
            IpAddr::V4(_) => RecordType::A,
            IpAddr::V6(_) => RecordType::Aaaa,
        }
    }

    /// RFC 7208, section 5.4, and the limit of section 4.6.4.
    pub(super) fn mx(
        &self,
        name: Option<&MacroString>,
        prefixes: Prefixes,
        term: &mut Term<'_>,
    ) -> Result<bool, Cause> {
        let Some(name) = self.about(name, term)? else {
            return Ok(false);
        };
        let answer = self.ask(name, RecordType::Mx, term)?;
        let hosts = mail_hosts(answer.records());
        if hosts.len() > MOST_NAMES {
            return Err(Cause {
                place: Some(term.place),
                why: Why::Hosts(hosts.len()),
            });
        }
        for host in hosts {
            if self.is_host(host, prefixes, term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// RFC 7208, section 5.7: an address is asked for whatever the client has.
    pub(super) fn exists(&self, name: &MacroString, term: &mut Term<'_>) -> Result<bool, Cause> {
        let Some(name) = self.about(Some(name), term)? else {
            return Ok(false);
        };
        let answer = self.ask(name, RecordType::A, term)?;
        Ok(addresses(&answer).next().is_some())
    }

    /// RFC 7208, section 5.5. Names that are not below the one asked for need no validation.
    pub(super) fn ptr(&self, name: Option<&MacroString>, term: &mut Term<'_>) -> Result<bool, Cause> {
        let Some(above) = self.about(name, term)? else {
            return Ok(false);
        };
        for name in self.names(term)? {
            if name.is_under(&above) && self.is_own(&name, term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What `%{p}` stands for: the domain, or a name below it, or any name of the client, if validated (RFC 7208,
    /// section 7.3).
    pub(super) fn validated(&self, term: &mut Term<'_>) -> Result<Option<Vec<u8>>, Cause> {
        let names = self.names(term)?;
        let domain = target(term.domain);
        let distance = |name: &Name| match &domain {
            Some(domain) if name == domain => 0,
            Some(domain) if name.is_under(domain) => 1,
            _ => 2,
        };
        let mut sorted: Vec<&Name> = names.iter().collect();
        sorted.sort_by_key(|name| distance(name));
        for name in sorted {
            if self.is_own(name, term)? {
                return Ok(Some(octets(name)));
            }
        }
        Ok(None)
    }

    /// The first names of the client. A failure of DNS is as good as none (RFC 7208, section 5.5).
    fn names(&self, term: &mut Term<'_>) -> Result<Vec<Name>, Cause> {
        let Some(name) = expand::reverse(self.subject.ip) else {
            return Ok(Vec::new());
        };
        let answer = match self.ask(name, RecordType::Ptr, term) {
            Ok(answer) => answer,
            Err(cause) if matches!(cause.why, Why::Failed(..)) => return Ok(Vec::new()),
            Err(cause) => return Err(cause),
        };
        let names = answer.records().iter().filter_map(|record| match record {
            Record::Ptr(name) => Some(name.clone()),
            _ => None,
        });
        Ok(names.take(MOST_NAMES).collect())
    }

    /// Whether the name has the address of the client. Where DNS fails, the name is passed over.
    fn is_own(&self, name: &Name, term: &mut Term<'_>) -> Result<bool, Cause> {
        match self.ask(name.clone(), self.address_type(), term) {
            Ok(answer) => Ok(addresses(&answer).any(|host| host == self.subject.ip)),
            Err(cause) if matches!(cause.why, Why::Failed(..)) => Ok(false),
            Err(cause) => Err(cause),
        }
    }
}

/// The hosts of an MX answer, in order of preference. The root is no host: a domain says with it that it has none
/// (RFC 7505).
pub(in super::super) fn mail_hosts(records: &[Record]) -> Vec<Name> {
    let hosts = records.iter().filter_map(|record| match record {
        Record::Mx { preference, exchange } => Some((*preference, exchange)),
        _ => None,
    });
    let mut hosts: Vec<(u16, &Name)> = hosts.filter(|(_, name)| !name.is_root()).collect();
    hosts.sort_by_key(|(preference, _)| *preference);
    hosts.into_iter().map(|(_, name)| name.clone()).collect()
}

/// The addresses in an answer.
pub(in super::super) fn addresses(answer: &Answer) -> impl Iterator<Item = IpAddr> {
    answer.records().iter().filter_map(|record| match record {
        Record::A(ip) => Some(IpAddr::V4(*ip)),
        Record::Aaaa(ip) => Some(IpAddr::V6(*ip)),
        _ => None,
    })
}

/// Whether two addresses of one family agree in their first bits (RFC 7208, section 5.6). Everything agrees in none.
pub(super) fn agree(ip: IpAddr, other: IpAddr, length: u8) -> bool {
    let length = u32::from(length);
    match (ip, other) {
        (IpAddr::V4(ip), IpAddr::V4(other)) => {
            let differ = ip.to_bits() ^ other.to_bits();
            differ.leading_zeros() >= length
        }
        (IpAddr::V6(ip), IpAddr::V6(other)) => {
            let differ = ip.to_bits() ^ other.to_bits();
            differ.leading_zeros() >= length
        }
        _ => false,
    }
}
