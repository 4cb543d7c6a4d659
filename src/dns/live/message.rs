//! What is in a message: from our questions to those of hickory, and from its records to ours.
//!
//! It sends nothing and decides nothing about the names in a reply.

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr;

use crate::dns::{Failure, Name, Question, Record, RecordType};

/// What the servers made of a question.
#[derive(Debug)]
pub(super) enum Reply {
    /// One of them answered.
    Answered {
        /// Aliases, and records of the type asked for, of whatever names.
        held: Vec<Held>,
        /// Whether the name exists, or the last one of its aliases.
        exists: bool,
        /// For how long there is nothing, where that was said (RFC 2308, section 5).
        negative_ttl: Option<u32>,
    },
    /// None of them answered.
    Failed(Failure),
}

/// One line of a reply.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// Whose it is.
    pub owner: Name,
    /// Its time to live, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a line of a reply says.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// The name stands for another.
    Alias(Name),
    /// A record of the type asked for.
    Record(Record),
}

/// The question for a message; `None` if no message can hold the name. Labels go as they are: hickory's readers of
/// names refuse octets that macros of SPF may make.
pub(super) fn query(question: &Question) -> Option<Query> {
    let name = rr::Name::from_labels(question.name.labels()).ok()?;
    Some(Query::query(name, wire_type(question.kind)))
}

/// What a message says.
///
/// # Errors
/// What the server said instead of an answer.
pub(super) fn answered(response: &DnsResponse, kind: RecordType) -> Result<Reply, Failure> {
    let code = response.response_code;
    if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Err(said(code));
    }
    let lines = response
        .answers
        .iter()
        .filter(|line| line.dns_class == rr::DNSClass::IN);
    let held = lines.filter_map(|line| {
        Some(Held {
            owner: name(&line.name),
            ttl: line.ttl,
            data: data(&line.data, kind)?,
        })
    });
    Ok(Reply::Answered {
        held: held.collect(),
        exists: code == ResponseCode::NoError,
        negative_ttl: response.negative_ttl(),
    })
}

/// The same for a message without any record, which comes as an error.
///
/// # Errors
/// What went wrong instead.
pub(super) fn without_records(error: NetError) -> Result<Reply, Failure> {
    Err(match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let exists = none.response_code == ResponseCode::NoError;
            // Names of servers without an SOA (RFC 2308, section 2.2): it sends us on, and knows nothing itself.
            if exists && none.soa.is_none() && none.ns.is_some() {
                return Err(Failure::Other("the server only names other servers".to_owned()));
            }
            return Ok(Reply::Answered {
                held: Vec::new(),
                exists,
                negative_ttl: none.negative_ttl,
            });
        }
        NetError::Dns(DnsError::ResponseCode(code)) => said(code),
        NetError::Timeout => Failure::Timeout,
        NetError::Io(error) => Failure::Other(format!("the server cannot be reached: {}", error.kind())),
        NetError::NoConnections | NetError::Busy => Failure::Other("the server cannot be reached".to_owned()),
        NetError::Truncated => Failure::Other("the answer is cut off".to_owned()),
        error => Failure::Other(format!("the answer cannot be read: {error}")),
    })
}

fn said(code: ResponseCode) -> Failure {
    match code {
        ResponseCode::ServFail => Failure::ServerFailed,
        ResponseCode::Refused => Failure::Refused,
        code => Failure::Other(format!("the server answered with code {}", u16::from(code))),
    }
}

fn wire_type(kind: RecordType) -> rr::RecordType {
    match kind {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Ptr => rr::RecordType::PTR,
        RecordType::Txt => rr::RecordType::TXT,
    }
}

/// `None` for what was not asked for.
fn data(data: &rr::RData, kind: RecordType) -> Option<Data> {
    Some(Data::Record(match (data, kind) {
        (rr::RData::CNAME(alias), _) => return Some(Data::Alias(name(&alias.0))),
        (rr::RData::A(ip), RecordType::A) => Record::A(ip.0),
        (rr::RData::AAAA(ip), RecordType::Aaaa) => Record::Aaaa(ip.0),
        (rr::RData::MX(mx), RecordType::Mx) => Record::Mx {
            preference: mx.preference,
            exchange: name(&mx.exchange),
        },
        (rr::RData::PTR(host), RecordType::Ptr) => Record::Ptr(name(&host.0)),
        (rr::RData::TXT(text), RecordType::Txt) => {
            Record::Txt(text.txt_data.iter().map(|part| part.to_vec()).collect())
        }
        _ => return None,
    }))
}

fn name(name: &rr::Name) -> Name {
    Name::of_labels(name.iter().map(Into::into))
}
