//! Keys of DKIM signatures: whether a selector that somebody names has one (RFC 6376, section 3.6).
//!
//! Selectors cannot be listed, so only those that are named can be asked for. Whether a key fits a signature is not
//! known here, nor whether it is strong enough.

use super::spf::Extent;
use super::{Failure, Name, Outcome, Question, Record, RecordType, Resolver};
use crate::allow::domain::Domain;

/// What became of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// It has a key that can be used.
    Key(Key),
    /// The key was revoked: its `p` is empty.
    Revoked(Key),
    /// There are texts, and none of them is a key that can be read.
    Unusable,
    /// It has more than one key; which one counts is undefined (RFC 6376, section 3.6.2.2).
    Several(usize),
    /// There is none: the name does not exist, or has no text.
    Missing,
    /// DNS failed.
    Failed(Failure),
    /// Nobody was asked.
    Unknown,
}

impl Selector {
    /// Why no signature holds by it, where that is known. Completes "the key `x` ...".
    pub fn loss(&self) -> Option<String> {
        match self {
            Self::Key(_) | Self::Failed(_) | Self::Unknown => None,
            Self::Revoked(_) => Some("was revoked".to_owned()),
            Self::Unusable => Some("cannot be read".to_owned()),
            Self::Several(count) => Some(format!("is one of {count}, of which receivers may take any")),
            Self::Missing => Some("does not exist".to_owned()),
        }
    }
}

/// A key as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Which of the records of the answer it is.
    pub index: usize,
    /// Where the key itself stands in the joined text of the record.
    pub extent: Extent,
    /// The kind of key (`k`), in lower case; `rsa` where nothing is said.
    pub kind: String,
    /// Whether DKIM is only tried out (`t=y`): a signature that does not hold is no worse than none.
    pub is_test: bool,
    /// Whether the signer must be the domain itself and not one below it (`t=s`).
    pub is_strict: bool,
}

/// The question for a selector; `None` where the name cannot be asked for.
pub fn question(selector: &str, domain: &Domain) -> Option<Question> {
    let name = Name::parse(format!("{selector}._domainkey.{domain}").as_bytes()).ok()?;
    Some(Question::new(name, RecordType::Txt))
}

/// Looks a selector up.
pub fn look_up(resolver: &dyn Resolver, selector: &str, domain: &Domain) -> Selector {
    let Some(question) = question(selector, domain) else {
        return Selector::Missing;
    };
    let answer = resolver.ask(&question);
    match &answer.outcome {
        Outcome::Found(records) => among(records),
        Outcome::NoData | Outcome::NoName => Selector::Missing,
        Outcome::Failed(failure) => Selector::Failed(failure.clone()),
        Outcome::Unknown => Selector::Unknown,
    }
}

fn among(records: &[Record]) -> Selector {
    let texts = records.iter().map(|record| record.text().unwrap_or_default());
    let mut keys: Vec<Key> = texts
        .enumerate()
        .filter_map(|(index, text)| key(index, &text))
        .collect();
    match (keys.pop(), keys.len()) {
        (None, _) => Selector::Unusable,
        (Some(only), 0) if only.extent.start == only.extent.end => Selector::Revoked(only),
        (Some(only), 0) => Selector::Key(only),
        (Some(_), others) => Selector::Several(others + 1),
    }
}

/// Reads a key. A version is not needed; if there is one, it stands first and is `DKIM1`.
fn key(index: usize, text: &[u8]) -> Option<Key> {
    let (mut place, mut kind, mut flags): (Option<Extent>, _, _) = (None, None, None);
    let mut at = 0;
    for (nth, part) in text.split(|octet| *octet == b';').enumerate() {
        let start = at;
        at += part.len() + 1;
        let Some(equals) = part.iter().position(|octet| *octet == b'=') else {
            if part.trim_ascii().is_empty() {
                continue;
            }
            return None;
        };
        let (name, value) = (part.get(..equals)?.trim_ascii(), part.get(equals + 1..)?);
        let before = value.len() - value.trim_ascii_start().len();
        let value = value.trim_ascii();
        match name {
            b"v" if nth > 0 || value != b"DKIM1" => return None,
            b"p" if place.is_none() => {
                let from = start + equals + 1 + before;
                place = Some(Extent::new(from, from + value.len()));
            }
            b"k" if kind.is_none() => kind = Some(String::from_utf8_lossy(value).to_ascii_lowercase()),
            b"t" if flags.is_none() => flags = Some(value.to_vec()),
            // A list with a tag that stands twice is no list (RFC 6376, section 3.2).
            b"p" | b"k" | b"t" => return None,
            _ => {}
        }
    }
    let flags = flags.unwrap_or_default();
    let has_flag = |wanted: &[u8]| {
        flags
            .split(|octet| *octet == b':')
            .any(|flag| flag.trim_ascii() == wanted)
    };
    Some(Key {
        index,
        extent: place?,
        kind: kind.unwrap_or_else(|| "rsa".to_owned()),
        is_test: has_flag(b"y"),
        is_strict: has_flag(b"s"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::spf::zone::Zone;

    fn of(selector: &str) -> Selector {
        let zone = Zone::new(
            "plain._domainkey.contoso.example TXT p=AAAA
             all._domainkey.contoso.example TXT v=DKIM1; k=Ed25519; t=y : s; n=a note; p = BB BB ;
             gone._domainkey.contoso.example TXT v=DKIM1; p=
             other._domainkey.contoso.example TXT v=spf1 -all
             late._domainkey.contoso.example TXT p=AAAA; v=DKIM1
             twice._domainkey.contoso.example TXT p=AAAA; p=BBBB
             two._domainkey.contoso.example TXT p=AAAA
             two._domainkey.contoso.example TXT p=BBBB
             mixed._domainkey.contoso.example TXT some other text
             mixed._domainkey.contoso.example TXT p=AAAA
             a._domainkey.contoso.example A 192.0.2.1
             slow._domainkey.contoso.example TXT !timeout
             dark._domainkey.contoso.example TXT !unknown",
        );
        look_up(&zone, selector, &Domain::parse("contoso.example").unwrap())
    }

    #[test]
    fn selectors() {
        assert!(matches!(of("plain"), Selector::Key(key) if key.kind == "rsa" && !key.is_test && !key.is_strict));
        let Selector::Key(all) = of("all") else { panic!() };
        assert_eq!((all.kind.as_str(), all.is_test, all.is_strict), ("ed25519", true, true));
        let text = b"v=DKIM1; k=Ed25519; t=y : s; n=a note; p = BB BB ;";
        assert_eq!(all.extent.of(text), b"BB BB");
        assert!(matches!(of("gone"), Selector::Revoked(_)));
        for unusable in ["other", "late", "twice"] {
            assert_eq!(of(unusable), Selector::Unusable, "{unusable}");
        }
        assert_eq!(of("two"), Selector::Several(2));
        assert!(matches!(of("mixed"), Selector::Key(key) if key.index == 1));
        for missing in ["none", "a", "a..b"] {
            assert_eq!(of(missing), Selector::Missing, "{missing}");
        }
        assert_eq!(of("slow"), Selector::Failed(Failure::Timeout));
        assert_eq!(of("dark"), Selector::Unknown);
    }

    #[test]
    fn strings_of_a_key_are_joined() {
        let records = [Record::Txt(vec![b"v=DKIM1; p=AA".to_vec(), b"BB".to_vec()])];
        let Selector::Key(key) = among(&records) else { panic!() };
        assert_eq!(key.extent.of(b"v=DKIM1; p=AABB"), b"AABB");
    }
}
