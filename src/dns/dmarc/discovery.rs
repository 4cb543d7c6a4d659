//! Which record applies to a domain, and which organisation the domain belongs to.
//!
//! Nothing is asked that cannot matter, and no answer missing is taken for a record missing: it ends the search.

use super::record::{PolicyTag, SuffixMark, is_dmarc};
use super::{DmarcRecord, Method, Policy, Unanswered};
use crate::allow::domain::{Domain, below_suffix};
use crate::dns::{Name, Outcome, Question, Record, RecordType, Resolver};

/// The most labels of a name that is walked one label at a time (RFC 9989, section 4.10, steps 4 and 7). So there are at
/// most eight questions.
const WALKED: usize = 7;

/// What was found for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The record that applies; without one, DMARC is not applied to mail of the domain.
    pub applied: Option<Applied>,
    /// Records on the way that do not count.
    pub passed_over: Vec<PassedOver>,
}

/// A record that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The record.
    pub published: Published,
    /// What it wants done with mail of the domain that is not its own.
    pub policy: Policy,
    /// The tag that says so; `None` where the record is wrong and only asks for reports.
    pub tag: Option<PolicyTag>,
}

/// A record, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The domain it is published for.
    pub domain: Domain,
    /// The question it answers.
    pub question: Question,
    /// Which of the records of the answer it is.
    pub index: usize,
    /// The record.
    pub record: DmarcRecord,
}

/// Why records do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassedOver {
    /// There are several at one name.
    Several(Question, usize),
    /// It has no policy that can be read, and does not ask for reports.
    Unusable(Box<Published>),
}

/// The record that applies to the domain of a `From` header.
///
/// # Errors
/// A question without answer on which it depends.
pub fn discover(resolver: &dyn Resolver, domain: &Domain, method: Method) -> Result<Discovery, Unanswered> {
    let mut passed_over = Vec::new();
    let published = match method {
        Method::TreeWalk => by_walk(resolver, domain, &mut passed_over)?,
        Method::SuffixList => by_list(resolver, domain, &mut passed_over)?,
    };
    let mut found = Discovery {
        applied: None,
        passed_over,
    };
    let Some(published) = published else {
        return Ok(found);
    };
    match asked_policy(resolver, &published, domain, method)? {
        Some((policy, tag)) => {
            found.applied = Some(Applied { published, policy, tag });
        }
        None => found.passed_over.push(PassedOver::Unusable(Box::new(published))),
    }
    Ok(found)
}

/// The domain of the organisation that a domain belongs to.
///
/// # Errors
/// A question without answer on which it depends.
pub fn organization(resolver: &dyn Resolver, domain: &Domain, method: Method) -> Result<Domain, Unanswered> {
    match method {
        Method::SuffixList => Ok(listed_organization(domain)),
        Method::TreeWalk => {
            let walked = walk(resolver, targets(domain), &mut Vec::new())?;
            Ok(walked_organization(domain, &walked))
        }
    }
}

/// RFC 9989, section 4.10.1: the record of the domain, of its organisation, or of the suffix above that.
fn by_walk(
    resolver: &dyn Resolver,
    domain: &Domain,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Option<Published>, Unanswered> {
    let mut rest = targets(domain);
    let above = rest.split_off(1.min(rest.len()));
    let own = walk(resolver, rest, passed_over)?.pop();
    if own.is_some() {
        return Ok(own);
    }
    let mut walked = walk(resolver, above, passed_over)?;
    let organization = walked_organization(domain, &walked);
    let of_organization = walked.iter().position(|published| published.domain == organization);
    Ok(match of_organization {
        Some(at) => Some(walked.swap_remove(at)),
        None => walked.pop(),
    })
}

/// RFC 7489, section 6.6.3: the record of the domain or of its organisation. Several at one name end the search.
fn by_list(
    resolver: &dyn Resolver,
    domain: &Domain,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Option<Published>, Unanswered> {
    let mut names = vec![domain.clone(), listed_organization(domain)];
    names.dedup();
    for name in &names {
        let before = passed_over.len();
        let found = at(resolver, name, passed_over)?;
        if found.is_some() || passed_over.len() > before {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The names of a walk (RFC 9989, section 4.10, steps 3 to 7).
fn targets(domain: &Domain) -> Vec<Domain> {
    let above = std::iter::successors(domain.parent(), Domain::parent);
    let above = above.filter(|name| name.labels().count() <= WALKED);
    std::iter::once(domain.clone()).chain(above).collect()
}

/// The records at names, up to the first that ends the walk with a `psd`.
fn walk(
    resolver: &dyn Resolver,
    names: Vec<Domain>,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Vec<Published>, Unanswered> {
    let mut found: Vec<Published> = Vec::new();
    for name in names {
        found.extend(at(resolver, &name, passed_over)?);
        let last = found.last().filter(|published| published.domain == name);
        if last.is_some_and(|published| published.record.suffix_mark().is_some()) {
            break;
        }
    }
    Ok(found)
}

/// RFC 9989, section 4.10.2, from the records of a walk, the longest name first.
fn walked_organization(start: &Domain, walked: &[Published]) -> Domain {
    let Some(last) = walked.last() else {
        return start.clone();
    };
    // INVARIANT: a record with a `psd` ends the walk, so no record but the last has one.
    let is_suffix = last.record.suffix_mark() == Some(SuffixMark::Suffix);
    if is_suffix && last.domain != *start {
        let labels = last.domain.labels().count() + 1;
        let mut names = std::iter::successors(Some(start.clone()), Domain::parent);
        return names
            .find(|name| name.labels().count() == labels)
            .unwrap_or_else(|| start.clone());
    }
    last.domain.clone()
}

/// RFC 7489, section 3.2. A suffix belongs to nobody else.
fn listed_organization(domain: &Domain) -> Domain {
    let below = below_suffix(domain).and_then(|name| Domain::parse(name).ok());
    below.unwrap_or_else(|| domain.clone())
}

/// The record at a name, if it is the only one.
fn at(
    resolver: &dyn Resolver,
    domain: &Domain,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Option<Published>, Unanswered> {
    // A name too long to be asked for has no records.
    let Ok(name) = Name::parse(format!("_dmarc.{domain}").as_bytes()) else {
        return Ok(None);
    };
    let question = Question::new(name, RecordType::Txt);
    let answer = resolver.ask(&question);
    known(&question, &answer.outcome)?;
    let texts = answer
        .records()
        .iter()
        .map(|record| Record::text(record).unwrap_or_default());
    let mut found: Vec<(usize, Vec<u8>)> = texts.enumerate().filter(|(_, text)| is_dmarc(text)).collect();
    if found.len() > 1 {
        passed_over.push(PassedOver::Several(question, found.len()));
        return Ok(None);
    }
    Ok(found.pop().map(|(index, text)| Published {
        domain: domain.clone(),
        question,
        index,
        record: DmarcRecord::parse(text),
    }))
}

/// What a record wants for a domain, and which tag says so.
fn asked_policy(
    resolver: &dyn Resolver,
    published: &Published,
    domain: &Domain,
    method: Method,
) -> Result<Option<(Policy, Option<PolicyTag>)>, Unanswered> {
    let of = |tag| published.record.policy_for(tag, method);
    if published.domain == *domain {
        return Ok(of(PolicyTag::Own));
    }
    let (below, missing) = (of(PolicyTag::Below), of(PolicyTag::Missing));
    let is_same = below.map(|(policy, _)| policy) == missing.map(|(policy, _)| policy);
    if is_same || exists(resolver, domain)? {
        return Ok(below);
    }
    Ok(missing)
}

/// Whether a name exists, which every question about it tells; that for its SPF record is asked anyhow.
fn exists(resolver: &dyn Resolver, domain: &Domain) -> Result<bool, Unanswered> {
    let question = Question::new(Name::from(domain), RecordType::Txt);
    let answer = resolver.ask(&question);
    known(&question, &answer.outcome)?;
    Ok(answer.outcome != Outcome::NoName)
}

fn known(question: &Question, outcome: &Outcome) -> Result<(), Unanswered> {
    let failure = match outcome {
        Outcome::Found(_) | Outcome::NoData | Outcome::NoName => return Ok(()),
        Outcome::Failed(failure) => Some(failure.clone()),
        Outcome::Unknown => None,
    };
    Err(Unanswered {
        question: question.clone(),
        failure,
    })
}
