//! The workbench on which the path is put together: needs with their words, entries with their meaning.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::allow::address::{Address, AddressSet};
use crate::allow::domain::{Domain, DomainSet, fused};
use crate::document::Node;
use crate::message::Identity;
use crate::path::{Control, DNS, Effect, Entry, Force, Guard, List, MX, MailPath, Meaning, Need, NeedId, Pred, Rule};
use crate::problem::Level;
use crate::source::{Span, Spanned};

use super::field;
use super::kind::{Kind, TenantList};
use super::overrides::Override;

/// What the builders share while they put the path together.
#[derive(Clone)]
pub(super) struct Bench {
    /// The path as far as it stands.
    pub path: MailPath,
    /// Exports that are there and say that there is more.
    pub cut_off: BTreeSet<(Kind, Option<TenantList>)>,
    /// Exports of which two files say different things.
    pub differ: BTreeSet<(Kind, Option<TenantList>)>,
    /// Exports that failed, and whether a problem with the export tells it.
    pub failed: BTreeMap<Kind, bool>,
}

impl Bench {
    /// An export that is needed and not there.
    pub fn missing(&mut self, kind: Kind, list: Option<TenantList>) -> NeedId {
        let list_name = list.map(|list| format!("/{}", list.as_str())).unwrap_or_default();
        let listed = list
            .map(|list| format!(" (`-ListType {}`)", list.as_str()))
            .unwrap_or_default();
        let (what, told) = if self.differ.contains(&(kind, list)) {
            ("is there twice, and the two differ", true)
        } else if self.cut_off.contains(&(kind, list)) {
            ("is cut off", true)
        } else if let Some(told) = self.failed.get(&kind) {
            (if *told { "holds an error" } else { "failed" }, *told)
        } else {
            ("is missing", false)
        };
        self.path.need(Need {
            key: format!("export/{}{list_name}", kind.as_str()),
            text: format!("the export of `{}`{listed} {what}", kind.cmdlet()),
            help: format!("export it with `{}`", super::kind::export_command(kind, list)),
            level: Level::Deny,
            origin: None,
            told,
        })
    }

    /// A condition whose list holds values that lost their content on the way: it may match whatever they were.
    pub fn as_far_as_read(&mut self, kind: Kind, key: &str, list: &field::List<'_>, pred: Pred) -> Pred {
        match self.lost_of(kind, key, list) {
            Some(need) => between(pred, Pred::Always, need),
            None => pred,
        }
    }

    /// What the values of a list said that cannot be read, if there are some.
    pub fn lost_of(&mut self, kind: Kind, key: &str, list: &field::List<'_>) -> Option<NeedId> {
        let Some(span) = list.odd else {
            let span = list.unreadable.first()?;
            return Some(self.lost(kind, key, *span));
        };
        // What was cut off has a finding of its own; this has none.
        Some(self.path.need(Need {
            key: format!("odd/{}/{key}", kind.as_str()),
            text: format!("`{key}` of `{}` holds something that is no text", kind.cmdlet()),
            help: "export it again with `-Depth 10`, and look at the value".to_owned(),
            level: Level::Deny,
            origin: Some(span),
            told: false,
        }))
    }

    /// What a value that lost its content said.
    pub fn lost(&mut self, kind: Kind, key: &str, span: Span) -> NeedId {
        self.path.need(Need {
            key: format!("cut/{}/{key}", kind.as_str()),
            text: format!("`{key}` of `{}` lost values in the export", kind.cmdlet()),
            help: "export it again with `-Depth 10`".to_owned(),
            level: Level::Deny,
            origin: Some(span),
            told: true,
        })
    }

    /// Where the recipients' MX points.
    pub fn mx(&mut self) -> NeedId {
        self.path.need(Need {
            key: MX.to_owned(),
            text: "whether the recipients' `mx` points to Microsoft is unknown; where it does, high-confidence phish verdicts win"
                .to_owned(),
            help: "declare the filter in front as `[[hop]]`, or clear the mail by Advanced Delivery".to_owned(),
            level: Level::Warn,
            origin: None,
            told: false,
        })
    }

    /// What SPF, DKIM and DMARC come to.
    pub fn dns(&mut self) -> NeedId {
        self.path.need(Need {
            key: DNS.to_owned(),
            text: "whether this mail passes authentication depends on `dns`, which was not asked".to_owned(),
            help: "clear spoof verdicts too, for instance by Advanced Delivery".to_owned(),
            level: Level::Warn,
            origin: None,
            told: false,
        })
    }

    /// Something that sources leave open, disagree on, or that this version does not model.
    pub fn unsaid(&mut self, key: impl Into<String>, text: impl Into<String>, origin: Option<Span>) -> NeedId {
        self.path.need(Need {
            key: key.into(),
            text: text.into(),
            help: "make the condition one that can be decided, or confirm the outcome by a test message".to_owned(),
            level: Level::Warn,
            origin,
            told: false,
        })
    }

    /// What a setting that holds nothing it could mean would decide. It has a finding of its own.
    pub fn unreadable(&mut self, key: impl Into<String>, text: impl Into<String>, origin: Span) -> NeedId {
        self.path.need(Need {
            key: key.into(),
            text: text.into(),
            help: "export it again, with `ConvertTo-Json -Depth 10` and words rather than numbers for settings"
                .to_owned(),
            level: Level::Warn,
            origin: Some(origin),
            told: true,
        })
    }

    /// The effects of an allow.
    pub fn effects(&mut self, allow: Override) -> Vec<Effect> {
        let mut effects = vec![Effect::Clears(allow.clears)];
        if !allow.clears_behind_other_mx.is_empty() {
            let need = self.mx();
            effects.push(Effect::MayClear(allow.clears_behind_other_mx, need));
        }
        if !allow.unconfirmed.is_empty() {
            let need = self.unsaid(
                format!("unconfirmed/{}", allow.control),
                "no source says whether this allow overrides the DMARC policy's action",
                None,
            );
            effects.push(Effect::MayClear(allow.unconfirmed, need));
        }
        effects
    }

    /// A rule that stands for an export nobody supplied: whatever it could do, it may do.
    pub fn phantom(
        &mut self,
        kind: Kind,
        list: Option<TenantList>,
        control: Control,
        nowhere: Span,
        effects: &[Effect],
    ) -> Rule {
        let need = self.missing(kind, list);
        Rule {
            object: kind.as_str().to_owned(),
            origin: nowhere,
            control,
            guard: Guard::when(Pred::Unknown(need)),
            effects: effects.to_vec(),
            force: Force::InForce,
            lists: Vec::new(),
            expiry: None,
        }
    }
}

/// What a record is called: its name, and where it stands; without one, the record itself.
pub(super) fn name(record: Node<'_>) -> Spanned<String> {
    field::name_of(record).map_or_else(
        || Spanned::new(String::new(), record.span()),
        |name| Spanned::new(name.value.into_owned(), name.span),
    )
}

/// The day of a moment, in UTC, as exports write moments.
pub(super) fn day(at: jiff::Timestamp) -> jiff::civil::Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// What a list of domains or addresses says, read narrowly and widely.
pub(super) struct Senders {
    /// The list.
    pub list: List,
    /// As the control surely takes it.
    pub exact: AddressSet,
    /// As it takes it if domain entries cover sub-domains.
    pub wide: AddressSet,
    /// The domains alone, narrowly.
    pub names: DomainSet,
    /// The domains alone, widely.
    pub wide_names: DomainSet,
}

/// Whether `*.d` has a meaning in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcard {
    /// It stands for the sub-domains.
    SubDomains,
    /// It is taken as it stands and never matches.
    Literal,
}

/// Reads a list of domains and addresses.
pub(super) fn senders(
    name: &'static str,
    list: &field::List<'_>,
    here: Span,
    identities: &'static [Identity],
    exception: bool,
    wildcard: Wildcard,
) -> Senders {
    let mut exact = Vec::new();
    let mut wide = Vec::new();
    let entries = list
        .items
        .iter()
        .map(|item| {
            let meaning = sender(&item.value, wildcard, &mut exact, &mut wide);
            entry(item, meaning)
        })
        .collect();
    let exact = AddressSet::union_all(&exact);
    let wide = AddressSet::union_all(&wide);
    Senders {
        list: List {
            name,
            span: list.span.unwrap_or(here),
            identities,
            exception,
            entries,
        },
        names: exact.domains_touched(),
        wide_names: wide.domains_touched(),
        exact,
        wide,
    }
}

fn sender(text: &str, wildcard: Wildcard, exact: &mut Vec<AddressSet>, wide: &mut Vec<AddressSet>) -> Meaning {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("*.")
        && let Ok(domain) = Domain::parse(rest)
    {
        if wildcard == Wildcard::Literal {
            return Meaning::Malformed {
                why: "has a wildcard, which this list takes literally".to_owned(),
                meant: None,
            };
        }
        let set = AddressSet::subs_of(&domain);
        exact.push(set.clone());
        wide.push(set.clone());
        return Meaning::Senders(set);
    }
    let bare = text.strip_prefix('@').unwrap_or(text);
    if bare.contains('@') {
        return match Address::parse(bare) {
            Ok(address) => {
                let set = AddressSet::exact(&address);
                exact.push(set.clone());
                wide.push(set.clone());
                Meaning::Senders(set)
            }
            Err(error) => Meaning::Malformed {
                why: format!("is no entry of this list: {error}"),
                meant: None,
            },
        };
    }
    match Domain::parse(bare) {
        Ok(domain) => {
            if let Some((first, second)) = fused(bare) {
                return Meaning::Malformed {
                    why: format!("looks like `{first}` and `{second}` run together"),
                    meant: None,
                };
            }
            let set = AddressSet::domain(&domain);
            exact.push(set.clone());
            wide.push(AddressSet::with_subs(&domain));
            Meaning::Senders(set)
        }
        Err(error) => Meaning::Malformed {
            why: format!("is no entry of this list: {error}"),
            meant: None,
        },
    }
}

/// An entry as written.
pub(super) fn entry(item: &Spanned<Cow<'_, str>>, meaning: Meaning) -> Entry {
    Entry {
        text: item.value.clone().into_owned(),
        span: item.span,
        meaning,
        detail: None,
    }
}

/// Narrow for sure, wide for possible.
pub(super) fn between(surely: Pred, possibly: Pred, need: NeedId) -> Pred {
    if surely == possibly {
        surely
    } else {
        Pred::Between {
            surely: Box::new(surely),
            possibly: Box::new(possibly),
            need,
        }
    }
}
