//! The check of one client, as a receiving host does it (RFC 7208, section 4): `check_host`.
//!
//! Beside the result there is how it came about: the records walked, the term that decided, what was asked, and why
//! there is an error. A question that nobody asked DNS ends the check as [`Verdict::Undecided`]; it is never taken
//! for a question without answer.

use std::sync::Arc;

use super::macros::expand::{self, Scope, Subject};
use super::macros::{Letter, MacroString, Usage};
use super::record::{Directive, Mechanism, Selection, Slip, SpfRecord, select};
use super::{Extent, Limits, Verdict, checkable, target};
use crate::dns::{Failure, Name, Outcome, Question, Record, RecordType, Resolver};

mod hosts;
#[cfg(test)]
mod tests;

pub(super) use hosts::{addresses, mail_hosts};

/// The result of a check, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The result.
    pub verdict: Verdict,
    /// What the domain says to whoever fails (RFC 7208, section 6.2); `None` where it says nothing that can be read.
    pub explanation: Option<String>,
    /// The terms that asked DNS.
    pub lookups: u32,
    /// Those of them to which DNS had no answer.
    pub voids: u32,
    /// The term that decided, behind the terms that led to its record. Empty where none did.
    pub decided: Vec<Place>,
    /// The records walked, in the order in which they were asked for.
    pub visits: Vec<Visit>,
    /// Why there is an error, or no result.
    pub cause: Option<Cause>,
}

impl Evaluation {
    /// The question that would have to be asked.
    pub fn unasked(&self) -> Option<&Question> {
        match &self.cause.as_ref()?.why {
            Why::Unasked(question) => Some(question),
            _ => None,
        }
    }
}

/// One record walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Whose.
    pub domain: Name,
    /// The `include` or `redirect` that led here; `None` for the first.
    pub from: Option<Place>,
    /// The record, if there is one.
    pub record: Option<Arc<SpfRecord>>,
}

/// A term of a record walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of the records, in [`Evaluation::visits`].
    pub visit: usize,
    /// Where in the record.
    pub extent: Extent,
}

/// Why there is an error, or no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The term it came from; `None` where it is the first record itself.
    pub place: Option<Place>,
    /// Why.
    pub why: Why,
}

/// What ends a check without one of the results that a record can give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The record has mistakes; this is the first.
    Mistake(Slip),
    /// A domain has more than one record.
    SeveralRecords(Name, usize),
    /// `include` or `redirect` leads to a domain without record, as spelled out.
    NoRecord(Vec<u8>),
    /// More terms ask DNS than may.
    Lookups(u8),
    /// More terms are without answer than may be.
    Voids(u8),
    /// An `mx` term has more mail hosts than may be.
    Hosts(usize),
    /// DNS failed.
    Failed(Question, Failure),
    /// DNS was not asked.
    Unasked(Question),
}

impl Why {
    const fn verdict(&self) -> Verdict {
        match self {
            Self::Failed(..) => Verdict::TempError,
            Self::Unasked(_) => Verdict::Undecided,
            _ => Verdict::PermError,
        }
    }
}

/// More octets of an explanation than these are cut off: it goes into a reply of SMTP, whose lines have 512 (RFC 5321,
/// section 4.5.3.1.5).
const LONGEST_EXPLANATION: usize = 8192;

/// Checks a client at the domain of its sender (RFC 7208, section 4).
pub fn check_host(resolver: &dyn Resolver, subject: &Subject, limits: Limits) -> Evaluation {
    check_domain(resolver, &subject.domain, subject, limits)
}

/// Checks a client at a domain, whoever the sender is.
pub fn check_domain(resolver: &dyn Resolver, domain: &[u8], subject: &Subject, limits: Limits) -> Evaluation {
    let mut run = Run {
        resolver,
        subject,
        limits,
        lookups: 0,
        voids: 0,
        visits: Vec::new(),
    };
    let (verdict, decided, explanation, cause) = match run.check(domain, None) {
        Ok(found) => {
            let explanation = (found.verdict == Verdict::Fail).then(|| run.explain(&found)).flatten();
            (found.verdict, found.path, explanation, None)
        }
        Err(cause) => (cause.why.verdict(), Vec::new(), None, Some(cause)),
    };
    Evaluation {
        verdict,
        explanation,
        lookups: run.lookups,
        voids: run.voids,
        decided,
        visits: run.visits,
        cause,
    }
}

/// A check under way.
struct Run<'a> {
    resolver: &'a dyn Resolver,
    subject: &'a Subject,
    limits: Limits,
    lookups: u32,
    voids: u32,
    visits: Vec<Visit>,
}

/// What a record says of the client.
struct Found {
    verdict: Verdict,
    path: Vec<Place>,
    /// The record whose explanation holds: where a `redirect` leads, but never that of an `include`.
    record: Option<Arc<SpfRecord>>,
    domain: Vec<u8>,
}

/// The term under way.
struct Term<'a> {
    place: Place,
    domain: &'a [u8],
    /// Whether DNS had no answer to one of its questions.
    void: bool,
}

impl Run<'_> {
    fn check(&mut self, domain: &[u8], from: Option<Place>) -> Result<Found, Cause> {
        let mut found = Found {
            verdict: Verdict::None,
            path: Vec::new(),
            record: None,
            domain: domain.to_vec(),
        };
        let Some(name) = checkable(domain) else {
            return Ok(found);
        };
        let visit = self.visits.len();
        self.visits.push(Visit {
            domain: name.clone(),
            from,
            record: None,
        });
        let Some(record) = self.record(&name, from)? else {
            return Ok(found);
        };
        if let Some(entry) = self.visits.get_mut(visit) {
            entry.record = Some(Arc::clone(&record));
        }
        if let Some(mistake) = record.mistakes.first() {
            let extent = mistake.extent;
            return Err(Cause {
                place: Some(Place { visit, extent }),
                why: Why::Mistake(mistake.slip.clone()),
            });
        }
        for (extent, directive) in record.directives() {
            let mut term = Term {
                place: Place { visit, extent },
                domain,
                void: false,
            };
            if directive.mechanism.asks() {
                self.spend(term.place)?;
            }
            let below = self.directive(directive, &mut term)?;
            if term.void {
                self.spend_void(term.place)?;
            }
            if let Some(below) = below {
                found.verdict = directive.qualifier.verdict();
                found.path = [vec![term.place], below].concat();
                found.record = Some(Arc::clone(&record));
                return Ok(found);
            }
        }
        if let Some((extent, value)) = record.redirect() {
            let mut term = Term {
                place: Place { visit, extent },
                domain,
                void: false,
            };
            self.spend(term.place)?;
            return self.redirect(value, &mut term);
        }
        found.verdict = Verdict::Neutral;
        Ok(found)
    }

    /// The record of a domain, looked up and selected (RFC 7208, sections 4.4 and 4.5).
    fn record(&self, name: &Name, from: Option<Place>) -> Result<Option<Arc<SpfRecord>>, Cause> {
        let fail = |why| Err(Cause { place: from, why });
        let question = Question::new(name.clone(), RecordType::Txt);
        let answer = self.resolver.ask(&question);
        match &answer.outcome {
            Outcome::Failed(failure) => return fail(Why::Failed(question, failure.clone())),
            Outcome::Unknown => return fail(Why::Unasked(question)),
            Outcome::Found(_) | Outcome::NoData | Outcome::NoName => {}
        }
        match select(answer.records()) {
            Selection::None => Ok(None),
            Selection::One(octets) => Ok(Some(Arc::new(SpfRecord::parse(octets)))),
            Selection::Several(records) => fail(Why::SeveralRecords(name.clone(), records.len())),
        }
    }

    fn spend(&mut self, place: Place) -> Result<(), Cause> {
        self.lookups += 1;
        if self.lookups > u32::from(self.limits.lookups) {
            let why = Why::Lookups(self.limits.lookups);
            return Err(Cause {
                place: Some(place),
                why,
            });
        }
        Ok(())
    }

    /// A term counts once, however many of its questions have no answer (RFC 7208, section 4.6.4).
    fn spend_void(&mut self, place: Place) -> Result<(), Cause> {
        self.voids += 1;
        if self.voids > u32::from(self.limits.voids) {
            let why = Why::Voids(self.limits.voids);
            return Err(Cause {
                place: Some(place),
                why,
            });
        }
        Ok(())
    }

    /// Whether the client matches; if so, by which terms of other records.
    fn directive(&mut self, directive: &Directive, term: &mut Term<'_>) -> Result<Option<Vec<Place>>, Cause> {
        let ip = self.subject.ip;
        let matches = match &directive.mechanism {
            Mechanism::All => true,
            Mechanism::Ip4(network, length) => hosts::agree(ip, (*network).into(), *length),
            Mechanism::Ip6(network, length) => hosts::agree(ip, (*network).into(), *length),
            Mechanism::Include(name) => return self.include(name, term),
            Mechanism::A(name, prefixes) => self.a(name.as_ref(), *prefixes, term)?,
            Mechanism::Mx(name, prefixes) => self.mx(name.as_ref(), *prefixes, term)?,
            Mechanism::Ptr(name) => self.ptr(name.as_ref(), term)?,
            Mechanism::Exists(name) => self.exists(name, term)?,
        };
        Ok(matches.then(Vec::new))
    }

    /// RFC 7208, section 5.2: only a pass of the other record is a match.
    fn include(&mut self, name: &MacroString, term: &mut Term<'_>) -> Result<Option<Vec<Place>>, Cause> {
        let domain = self.spell(name, term)?;
        let found = self.check(&domain, Some(term.place))?;
        match found.verdict {
            Verdict::Pass => Ok(Some(found.path)),
            Verdict::None => Err(no_record(domain, term)),
            _ => Ok(None),
        }
    }

    /// RFC 7208, section 6.1: the result of the other record is the result.
    fn redirect(&mut self, name: &MacroString, term: &mut Term<'_>) -> Result<Found, Cause> {
        let domain = self.spell(name, term)?;
        if term.void {
            self.spend_void(term.place)?;
        }
        let mut found = self.check(&domain, Some(term.place))?;
        if found.verdict == Verdict::None {
            return Err(no_record(domain, term));
        }
        found.path.insert(0, term.place);
        Ok(found)
    }

    /// The name that a text with macros stands for.
    fn spell(&self, text: &MacroString, term: &mut Term<'_>) -> Result<Vec<u8>, Cause> {
        let is_validated = text.letters().any(|letter| letter == Letter::Validated);
        let validated = if is_validated { self.validated(term)? } else { None };
        Ok(expand::name(text, self.scope(term.domain, validated.as_deref())))
    }

    fn scope<'b>(&'b self, domain: &'b [u8], validated: Option<&'b [u8]>) -> Scope<'b> {
        Scope {
            subject: self.subject,
            domain,
            validated,
        }
    }

    /// The explanation of a fail (RFC 7208, section 6.2). Whatever goes wrong, there is none, and the result stays.
    fn explain(&self, found: &Found) -> Option<String> {
        let (extent, name) = found.record.as_ref()?.explanation()?;
        let mut term = Term {
            place: Place { visit: 0, extent },
            domain: &found.domain,
            void: false,
        };
        let question = Question::new(target(&self.spell(name, &mut term).ok()?)?, RecordType::Txt);
        let answer = self.resolver.ask(&question);
        let mut texts = answer.records().iter().filter_map(Record::text);
        let (text, None) = (texts.next()?, texts.next()) else {
            return None;
        };
        let mut mistakes = Vec::new();
        let read = MacroString::parse(&text, 0, Usage::Explanation, &mut mistakes);
        if !mistakes.is_empty() {
            return None;
        }
        let is_validated = read.letters().any(|letter| letter == Letter::Validated);
        let validated = if is_validated {
            self.validated(&mut term).ok()?
        } else {
            None
        };
        let mut shown = expand::text(&read, self.scope(&found.domain, validated.as_deref()));
        shown.truncate(LONGEST_EXPLANATION);
        Some(String::from_utf8_lossy(&shown).into_owned())
    }
}

fn no_record(domain: Vec<u8>, term: &Term<'_>) -> Cause {
    Cause {
        place: Some(term.place),
        why: Why::NoRecord(domain),
    }
}
