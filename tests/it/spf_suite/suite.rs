//! The suite as plain data: scenarios, each with its own zone, and the comparison with what a test expects.
//!
//! Whoever answers the questions, in memory or over a socket, reads the zone from here.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use allowaudit::dns::spf::macros::expand::Subject;
use serde_json::Value;

/// Tests that share a zone. Names recur in other scenarios with other records.
pub struct Scenario {
    pub name: String,
    pub zone: Zone,
    pub cases: Vec<Case>,
}

/// The records of a scenario, by owner name in lower case, without a dot at the end.
#[derive(Default)]
pub struct Zone {
    pub owners: BTreeMap<Vec<u8>, Owner>,
}

/// What is known of a name. A name that is no owner does not exist.
#[derive(Default)]
pub struct Owner {
    pub records: Vec<Data>,
    /// Whether questions for types that the name does not have stay without answer.
    pub timeout: bool,
}

/// One record; names are octets with dots between labels, and empty for the root.
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx(u16, Vec<u8>),
    Ptr(Vec<u8>),
    Cname(Vec<u8>),
    Txt(Vec<Vec<u8>>),
}

/// One test.
pub struct Case {
    pub name: String,
    pub helo: Vec<u8>,
    pub ip: IpAddr,
    pub sender: Vec<u8>,
    /// The results that are right.
    pub results: Vec<String>,
    /// The explanation, if the test says one; `DEFAULT` where there is none of the domain's own.
    pub explanation: Option<String>,
}

impl Zone {
    /// What is known of a name, in whatever case it is asked for.
    pub fn owner(&self, name: &[u8]) -> Option<&Owner> {
        self.owners.get(&name.to_ascii_lowercase())
    }
}

impl Case {
    /// Who connects. The receiving host and the time are of no account in the suite.
    pub fn subject(&self) -> Subject {
        Subject::new(self.ip, &self.helo, &self.sender)
    }

    /// Whether a result and an explanation are what the test expects; if not, how they differ.
    pub fn compare(&self, verdict: &str, explanation: Option<&str>) -> Result<(), String> {
        if !self.results.iter().any(|result| result == verdict) {
            return Err(format!("expected {:?}, found {verdict}", self.results));
        }
        let Some(expected) = &self.explanation else {
            return Ok(());
        };
        let found = explanation.unwrap_or("DEFAULT");
        // The digits of IPv6 are in upper case in the suite, and in lower case in the RFC.
        let is_same = if self.ip.is_ipv6() {
            expected.eq_ignore_ascii_case(found)
        } else {
            expected == found
        };
        if is_same {
            Ok(())
        } else {
            Err(format!("expected the explanation {expected:?}, found {found:?}"))
        }
    }
}

/// Reads the suite: an array with an object for each scenario.
pub fn read(json: &[u8]) -> Vec<Scenario> {
    let whole: Value = serde_json::from_slice(json).unwrap();
    let scenarios = whole.as_array().unwrap().iter();
    scenarios
        .map(|scenario| Scenario {
            name: scenario["description"].as_str().unwrap().to_owned(),
            zone: zone(&scenario["zonedata"]),
            cases: entries(&scenario["tests"])
                .map(|(name, test)| case(name, test))
                .collect(),
        })
        .collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().unwrap().iter()
}

fn case(name: &str, test: &Value) -> Case {
    let results = match &test["result"] {
        Value::Array(several) => several.iter().map(text).collect(),
        one => vec![text(one)],
    };
    Case {
        name: name.to_owned(),
        helo: octets(&test["helo"]),
        ip: text(&test["host"]).parse().unwrap(),
        sender: octets(&test["mailfrom"]),
        results,
        explanation: test.get("explanation").map(text),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A code point of the suite stands for one octet.
fn octets(value: &Value) -> Vec<u8> {
    let octet = |c: char| u8::try_from(u32::from(c)).unwrap();
    value.as_str().unwrap().chars().map(octet).collect()
}

fn zone(data: &Value) -> Zone {
    let mut zone = Zone::default();
    for (name, records) in entries(data) {
        let key = octets(&Value::from(name.trim_end_matches('.'))).to_ascii_lowercase();
        let owner = zone.owners.entry(key).or_default();
        let records = records.as_array().unwrap();
        // A text is published for both types unless the name has texts of its own, or says that it has none.
        let has_text = records.iter().any(|record| record.get("TXT").is_some());
        for record in records {
            if record == "TIMEOUT" {
                owner.timeout = true;
                continue;
            }
            for (kind, value) in entries(record) {
                owner.records.extend(data_of(kind, value, has_text));
            }
        }
    }
    zone
}

fn data_of(kind: &str, value: &Value, has_text: bool) -> Option<Data> {
    Some(match kind {
        "A" => Data::A(text(value).parse().unwrap()),
        "AAAA" => Data::Aaaa(text(value).parse().unwrap()),
        "MX" => {
            let preference = u16::try_from(value[0].as_u64().unwrap()).unwrap();
            Data::Mx(preference, octets(&value[1]))
        }
        "PTR" => Data::Ptr(octets(value)),
        "CNAME" => Data::Cname(octets(value)),
        "TXT" if value == "NONE" => return None,
        "SPF" if has_text => return None,
        "TXT" | "SPF" => Data::Txt(strings(value)?),
        other => panic!("the suite has records of type {other}"),
    })
}

/// The character-strings of a text: as given, or cut where one would be too long.
fn strings(value: &Value) -> Option<Vec<Vec<u8>>> {
    match value {
        Value::Array(parts) if parts.is_empty() => None,
        Value::Array(parts) => Some(parts.iter().map(octets).collect()),
        whole => Some(octets(whole).chunks(255).map(<[u8]>::to_vec).collect()),
    }
}
