//! Conditions of mail flow rules: one row per property, each turned into a predicate.
//!
//! Names and meanings: <https://learn.microsoft.com/powershell/module/exchangepowershell/new-transportrule> and
//! <https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/conditions-and-exceptions>.
//! What cannot be evaluated offline becomes `Unknown`, with the condition named.

use crate::allow::address::{Address, AddressSet};
use crate::allow::header::{HeaderName, Matcher, Pattern, TextSet};
use crate::allow::ip::IpSet;
use crate::document::Node;
use crate::message::{Identity, auth};
use crate::path::{List, NeedId, Pred, Skip, Texts};
use crate::source::Span;

use super::accepted::Accepted;
use super::build::{Bench, Wildcard, between, senders};
use super::field;
use super::hosts::{either, networks};
use super::kind::Kind;
use super::scope::{groups, people, recipient_domains};

/// How a property is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    SenderIpRanges,
    SenderDomainIs,
    SenderIs,
    SenderWords,
    SenderPatterns,
    FromScope,
    SentToScope,
    SentTo,
    Groups,
    RecipientDomainIs,
    RecipientWords,
    RecipientPatterns,
    /// A word or pattern in any recipient's address: other recipients of the message are not known.
    AnyRecipientWords,
    AnyRecipientPatterns,
    HeaderName,
    HeaderWords,
    HeaderPatterns,
    SubjectWords,
    SubjectPatterns,
    SubjectOrBodyWords,
    SubjectOrBodyPatterns,
    Attachment,
    /// A switch that is not set when `false`.
    Switch,
    /// Read, and left undecided.
    Opaque,
}

/// One row per condition; exceptions are the same names behind `ExceptIf`. Sorted, lower case.
pub(super) const CONDITIONS: &[(&str, Reads)] = {
    use Reads::{
        AnyRecipientPatterns, AnyRecipientWords, Attachment, FromScope, Groups, HeaderName, HeaderPatterns,
        HeaderWords, Opaque, RecipientDomainIs, RecipientPatterns, RecipientWords, SenderDomainIs, SenderIpRanges,
        SenderIs, SenderPatterns, SenderWords, SentTo, SentToScope, SubjectOrBodyPatterns, SubjectOrBodyWords,
        SubjectPatterns, SubjectWords, Switch,
    };
    &[
        ("adcomparisonattribute", Opaque),
        ("adcomparisonoperator", Opaque),
        ("anyofccheader", Opaque),
        ("anyofccheadermemberof", Opaque),
        ("anyofrecipientaddresscontainswords", AnyRecipientWords),
        ("anyofrecipientaddressmatchespatterns", AnyRecipientPatterns),
        ("anyoftoccheader", Opaque),
        ("anyoftoccheadermemberof", Opaque),
        ("anyoftoheader", Opaque),
        ("anyoftoheadermemberof", Opaque),
        ("attachmentcontainswords", Attachment),
        ("attachmentextensionmatcheswords", Attachment),
        ("attachmenthasexecutablecontent", Attachment),
        ("attachmentispasswordprotected", Attachment),
        ("attachmentisunsupported", Attachment),
        ("attachmentmatchespatterns", Attachment),
        ("attachmentnamematchespatterns", Attachment),
        ("attachmentprocessinglimitexceeded", Attachment),
        ("attachmentpropertycontainswords", Attachment),
        ("attachmentsizeover", Attachment),
        ("betweenmemberof1", Opaque),
        ("betweenmemberof2", Opaque),
        ("contentcharactersetcontainswords", Opaque),
        ("contentmatchesprompt", Opaque),
        ("contentmatchespromptverdict", Opaque),
        ("from", SenderIs),
        ("fromaddresscontainswords", SenderWords),
        ("fromaddressmatchespatterns", SenderPatterns),
        ("frommemberof", Groups),
        ("fromscope", FromScope),
        ("hasclassification", Opaque),
        ("hasnoclassification", Switch),
        ("hassenderoverride", Switch),
        ("headercontainsmessageheader", HeaderName),
        ("headercontainswords", HeaderWords),
        ("headermatchesmessageheader", HeaderName),
        ("headermatchespatterns", HeaderPatterns),
        ("manageraddresses", Opaque),
        ("managerforevaluateduser", Opaque),
        ("messagecontainsalldataclassifications", Opaque),
        ("messagecontainsdataclassifications", Opaque),
        ("messagesizeover", Opaque),
        ("messagetypematches", Opaque),
        ("recipientadattributecontainswords", Opaque),
        ("recipientadattributematchespatterns", Opaque),
        ("recipientaddresscontainswords", RecipientWords),
        ("recipientaddressmatchespatterns", RecipientPatterns),
        ("recipientdomainis", RecipientDomainIs),
        ("recipientinsenderlist", Opaque),
        ("sclover", Opaque),
        ("senderadattributecontainswords", Opaque),
        ("senderadattributematchespatterns", Opaque),
        ("senderdomainis", SenderDomainIs),
        ("senderinrecipientlist", Opaque),
        ("senderipranges", SenderIpRanges),
        ("sendermanagementrelationship", Opaque),
        ("sentto", SentTo),
        ("senttomemberof", Groups),
        ("senttoscope", SentToScope),
        ("subjectcontainswords", SubjectWords),
        ("subjectmatchespatterns", SubjectPatterns),
        ("subjectorbodycontainswords", SubjectOrBodyWords),
        ("subjectorbodymatchespatterns", SubjectOrBodyPatterns),
        ("withimportance", Opaque),
    ]
};

/// Looks a lower-case name up.
pub(super) fn condition(name: &str) -> Option<Reads> {
    CONDITIONS
        .binary_search_by(|(known, _)| known.cmp(&name))
        .ok()
        .and_then(|at| CONDITIONS.get(at))
        .map(|(_, reads)| *reads)
}

/// Whether a property looks at a sender's address, and so at the place that `SenderAddressLocation` names.
pub(super) fn looks_at_sender(reads: Reads) -> bool {
    matches!(
        reads,
        Reads::SenderDomainIs | Reads::SenderIs | Reads::SenderWords | Reads::SenderPatterns
    )
}

/// Which sender address a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Header,
    Envelope,
    Either,
}

impl Location {
    fn identities(self) -> &'static [Identity] {
        match self {
            Self::Header => &[Identity::HeaderFrom],
            Self::Envelope => &[Identity::MailFrom],
            Self::Either => &[Identity::HeaderFrom, Identity::MailFrom],
        }
    }

    fn pred(self, make: impl Fn(bool) -> Pred) -> Pred {
        match self {
            Self::Header => make(true),
            Self::Envelope => make(false),
            Self::Either => Pred::Any(vec![make(true), make(false)]),
        }
    }
}

/// What the conditions of one rule share.
pub(super) struct Context<'a> {
    /// Name of the rule.
    pub rule: &'a str,
    /// Which sender address it looks at.
    pub location: Location,
    /// Domains of the tenant.
    pub accepted: &'a Accepted,
    /// Which header the words or patterns of a header condition are looked for in, as written and where.
    pub header: Option<(String, Span)>,
    /// Whether the condition is an exception.
    pub exception: bool,
}

/// One condition: its predicate and, where its values are worth pointing at, their list.
pub(super) struct Condition {
    pub pred: Pred,
    pub list: Option<List>,
}

impl From<Pred> for Condition {
    fn from(pred: Pred) -> Self {
        Self { pred, list: None }
    }
}

/// Reads one condition. `None` if it is not set.
pub(super) fn read(
    key: &str,
    reads: Reads,
    value: Node<'_>,
    context: &Context<'_>,
    bench: &mut Bench,
) -> Option<Condition> {
    if value.is_null() {
        return None;
    }
    let is_switch = matches!(reads, Reads::Attachment | Reads::Switch);
    if value.as_bool() == Some(false) || is_switch && field::boolean(Some(value)).into_value() == Some(false) {
        // A switch that is exported as `false` is a switch that is not set (export-formats, TransportRule).
        return None;
    }
    let list = field::list(Some(value));
    if list.items.is_empty() && list.unreadable.is_empty() && value.as_bool().is_none() {
        return None;
    }
    let is_text = !matches!(reads, Reads::Attachment | Reads::Switch | Reads::Opaque);
    if is_text
        && list.items.is_empty()
        && let Some(need) = bench.lost_of(Kind::TransportRule, key, &list)
    {
        return Some(Pred::Unknown(need).into());
    }
    let read = read_as(key, reads, value, &list, context, bench)?;
    // What is no text has lost nothing: nobody reads its values.
    let pred = if is_text {
        bench.as_far_as_read(Kind::TransportRule, key, &list, read.pred)
    } else {
        read.pred
    };
    Some(Condition { pred, list: read.list })
}

fn read_as(
    key: &str,
    reads: Reads,
    value: Node<'_>,
    list: &field::List<'_>,
    context: &Context<'_>,
    bench: &mut Bench,
) -> Option<Condition> {
    let unmodelled = |bench: &mut Bench| unmodelled(key, value.span(), context.rule, bench);
    Some(match reads {
        Reads::SenderIpRanges => {
            let read = networks("SenderIpRanges", list, value.span(), context.exception, true);
            // The last hop before the service is tested, not the original sender; whether skip listing changes that is not
            // confirmed, so behind it both addresses must match.
            let past = match bench.path.mask.as_ref().map(|mask| mask.skipped) {
                None | Some(Skip::No) => None,
                Some(Skip::Yes | Skip::Perhaps(_)) => Some(bench.unsaid(
                    "skip-listing/rules",
                    "no source says whether address conditions of rules look past a gateway that is skip-listed",
                    Some(value.span()),
                )),
            };
            let host = |hosts: IpSet| match past {
                Some(need) => either(hosts, need),
                None => Pred::Ip(hosts),
            };
            let pred = bench.surely_meant("SenderIpRanges", &read, host);
            let pred = bench.sure_of_ipv4(&read.hosts, "SenderIpRanges", Some(value.span()), pred);
            let entries = read.list;
            Condition {
                pred,
                list: Some(entries),
            }
        }
        Reads::SenderDomainIs => {
            let read = senders(
                "SenderDomainIs",
                list,
                value.span(),
                context.location.identities(),
                context.exception,
                Wildcard::Literal,
            );
            let need = bench.unsaid(
                "sub-domains/senders",
                "sources differ on whether `SenderDomainIs` includes sub-domains",
                Some(value.span()),
            );
            let pred = context.location.pred(|header| {
                let of = |set: &AddressSet| {
                    if header {
                        Pred::From(set.clone())
                    } else {
                        Pred::MailFrom(set.clone())
                    }
                };
                between(of(&read.exact), of(&read.wide), need)
            });
            Condition {
                pred,
                list: Some(read.list),
            }
        }
        Reads::SenderIs => {
            let addresses: Vec<Address> = list
                .items
                .iter()
                .filter_map(|item| Address::parse(&item.value).ok())
                .collect();
            let unresolved = addresses.len() < list.items.len() || !list.unreadable.is_empty();
            let need = unmodelled(bench);
            let set = AddressSet::all_exact(&addresses);
            let pred = context.location.pred(|header| {
                let known = if header {
                    Pred::From(set.clone())
                } else {
                    Pred::MailFrom(set.clone())
                };
                // A name that is no address stands for somebody in the organisation, whose address is not known.
                if unresolved {
                    between(known, Pred::Always, need)
                } else {
                    known
                }
            });
            let read = senders(
                "From",
                list,
                value.span(),
                context.location.identities(),
                context.exception,
                Wildcard::Literal,
            );
            Condition {
                pred,
                list: (!unresolved).then_some(read.list),
            }
        }
        Reads::SenderWords => {
            let need = text_need(bench);
            let words: Texts = list
                .items
                .iter()
                .map(|item| Matcher::Word(item.value.trim().to_owned()))
                .collect();
            let pred = context.location.pred(|header| {
                if header {
                    Pred::FromText(words.clone(), need)
                } else {
                    Pred::MailFromText(words.clone(), need)
                }
            });
            Condition {
                pred,
                list: Some(texts("FromAddressContainsWords", list, value.span(), context)),
            }
        }
        Reads::SenderPatterns => {
            let need = text_need(bench);
            match patterns(list) {
                Ok(patterns) => {
                    let patterns = Texts::from(patterns);
                    let pred = context.location.pred(|header| {
                        if header {
                            Pred::FromText(patterns.clone(), need)
                        } else {
                            Pred::MailFromText(patterns.clone(), need)
                        }
                    });
                    let list = texts("FromAddressMatchesPatterns", list, value.span(), context);
                    Condition { pred, list: Some(list) }
                }
                Err(reason) => Pred::Unknown(unsupported(key, value.span(), &reason, context.rule, bench)).into(),
            }
        }
        Reads::FromScope => from_scope(value, context, bench).into(),
        Reads::SentToScope => match scope_word(value) {
            // The recipients that are audited are the tenant's own.
            Some(true) => Pred::Always.into(),
            Some(false) => Pred::Never.into(),
            None => Pred::Unknown(unmodelled(bench)).into(),
        },
        Reads::SentTo => people(list, bench, context.rule).into(),
        Reads::Groups => groups(list, bench).into(),
        Reads::RecipientDomainIs => recipient_domains(list, bench, context.rule).into(),
        Reads::RecipientWords | Reads::AnyRecipientWords => {
            let need = text_need(bench);
            let words = list
                .items
                .iter()
                .map(|item| Matcher::Word(item.value.trim().to_owned()))
                .collect();
            any_recipient(reads == Reads::AnyRecipientWords, Pred::ToText(words, need), need).into()
        }
        Reads::RecipientPatterns | Reads::AnyRecipientPatterns => {
            let need = text_need(bench);
            match patterns(list) {
                Ok(patterns) => any_recipient(
                    reads == Reads::AnyRecipientPatterns,
                    Pred::ToText(patterns.into(), need),
                    need,
                )
                .into(),
                Err(reason) => Pred::Unknown(unsupported(key, value.span(), &reason, context.rule, bench)).into(),
            }
        }
        // The words or patterns that belong to it carry the condition.
        Reads::HeaderName => return None,
        Reads::HeaderWords => {
            let words: Vec<Matcher> = list
                .items
                .iter()
                .map(|item| Matcher::Word(item.value.trim().to_owned()))
                .collect();
            let pred = header(key, value, words, context, bench);
            Condition {
                pred,
                list: Some(texts("HeaderContainsWords", list, value.span(), context)),
            }
        }
        Reads::HeaderPatterns => match patterns(list) {
            Ok(patterns) => {
                let pred = header(key, value, patterns, context, bench);
                Condition {
                    pred,
                    list: Some(texts("HeaderMatchesPatterns", list, value.span(), context)),
                }
            }
            Err(reason) => Pred::Unknown(unsupported(key, value.span(), &reason, context.rule, bench)).into(),
        },
        Reads::SubjectWords | Reads::SubjectOrBodyWords => {
            let words = list
                .items
                .iter()
                .map(|item| Matcher::Word(item.value.trim().to_owned()))
                .collect();
            subject(
                reads == Reads::SubjectOrBodyWords,
                words,
                key,
                value.span(),
                context,
                bench,
            )
            .into()
        }
        Reads::SubjectPatterns | Reads::SubjectOrBodyPatterns => match patterns(list) {
            Ok(patterns) => subject(
                reads == Reads::SubjectOrBodyPatterns,
                patterns,
                key,
                value.span(),
                context,
                bench,
            )
            .into(),
            Err(reason) => Pred::Unknown(unsupported(key, value.span(), &reason, context.rule, bench)).into(),
        },
        Reads::Attachment => Pred::Attachment(unmodelled(bench)).into(),
        Reads::Switch | Reads::Opaque => Pred::Unknown(unmodelled(bench)).into(),
    })
}

/// Conditions of two properties, the second of which says nothing by itself.
const PAIRS: &[(&str, &str)] = &[
    ("adcomparisonoperator", "adcomparisonattribute"),
    ("betweenmemberof2", "betweenmemberof1"),
    ("contentmatchespromptverdict", "contentmatchesprompt"),
    ("managerforevaluateduser", "manageraddresses"),
];

/// A condition that nothing offline decides.
pub(super) fn unmodelled(key: &str, span: Span, rule: &str, bench: &mut Bench) -> NeedId {
    let lower = key.to_ascii_lowercase();
    let (except, bare) = lower
        .strip_prefix("exceptif")
        .map_or(("", lower.as_str()), |bare| ("exceptif", bare));
    let one = PAIRS
        .iter()
        .find(|(second, _)| *second == bare)
        .map_or(bare, |(_, first)| first);
    bench.unsaid(
        format!("rule/{rule}/{except}{one}"),
        format!("rule `{rule}` has the condition `{key}`, which no export decides"),
        Some(span),
    )
}

/// Texts in addresses: where a pack says no more than the domain, what stands before the at sign decides.
fn text_need(bench: &mut Bench) -> NeedId {
    bench.unsaid(
        "open/local-part",
        "a rule looks for a text in addresses, and the pack does not say what stands before the at sign",
        None,
    )
}

fn unsupported(key: &str, span: Span, reason: &str, rule: &str, bench: &mut Bench) -> NeedId {
    bench.unsaid(
        format!("rule/{rule}/{}", key.to_ascii_lowercase()),
        format!("rule `{rule}` has a pattern in `{key}` that cannot be evaluated: {reason}"),
        Some(span),
    )
}

fn patterns(list: &field::List<'_>) -> Result<Vec<Matcher>, String> {
    list.items
        .iter()
        .map(|item| {
            Pattern::parse(&item.value)
                .map(Matcher::Pattern)
                .map_err(|error| error.to_string())
        })
        .collect()
}

fn texts(name: &'static str, list: &field::List<'_>, span: Span, context: &Context<'_>) -> List {
    let identities: &'static [Identity] = match name {
        "FromAddressContainsWords" | "FromAddressMatchesPatterns" => context.location.identities(),
        _ => &[Identity::Header],
    };
    List {
        name,
        span,
        identities,
        exception: context.exception,
        entries: list
            .items
            .iter()
            .map(|item| super::build::entry(item, crate::path::Meaning::Text))
            .collect(),
    }
}

fn any_recipient(any: bool, this: Pred, need: NeedId) -> Pred {
    // One match affects all recipients, and nobody says who else the message goes to.
    if any { between(this, Pred::Always, need) } else { this }
}

fn subject(
    or_body: bool,
    matchers: Vec<Matcher>,
    key: &str,
    span: Span,
    context: &Context<'_>,
    bench: &mut Bench,
) -> Pred {
    let need = unmodelled(key, span, context.rule, bench);
    let Ok(name) = HeaderName::parse("Subject") else {
        return Pred::Unknown(need);
    };
    let in_subject = Pred::Header(name, TextSet::any_of(matchers));
    if or_body {
        between(in_subject, Pred::Always, need)
    } else {
        in_subject
    }
}

/// A header condition. `Authentication-Results` is written by the service, so a test of it is a test of the results.
fn header(key: &str, value: Node<'_>, matchers: Vec<Matcher>, context: &Context<'_>, bench: &mut Bench) -> Pred {
    let Some((name, _)) = &context.header else {
        return Pred::Unknown(unmodelled(key, value.span(), context.rule, bench));
    };
    if name.trim().eq_ignore_ascii_case("Authentication-Results") {
        return authentication(key, value, &matchers, context, bench);
    }
    if name.trim().eq_ignore_ascii_case("From") {
        return from_header(matchers, value.span(), bench);
    }
    match HeaderName::parse(name.trim()) {
        // Headers that the service keeps for itself are stripped from mail of untrusted hosts
        // (https://learn.microsoft.com/exchange/mail-flow/connectors/receive-connectors, header firewall).
        Ok(header) if is_reserved(name) => {
            let need = unmodelled(key, value.span(), context.rule, bench);
            drop(header);
            Pred::Unknown(need)
        }
        Ok(header) => Pred::Header(header, TextSet::any_of(matchers)),
        Err(_) => Pred::Never,
    }
}

/// The `From` header: the header sender, with a name that nobody says beside it. What is found in the address is found in
/// the header, unless the pattern asks where the text begins or ends.
fn from_header(matchers: Vec<Matcher>, span: Span, bench: &mut Bench) -> Pred {
    let need = text_need(bench);
    let name = bench.unsaid(
        "open/display-name",
        "a rule looks for a text in the `From` header, and the pack does not say which name stands beside the address",
        Some(span),
    );
    let found: Vec<Matcher> = matchers.into_iter().filter(Matcher::is_free).collect();
    between(Pred::FromText(found.into(), need), Pred::Always, name)
}

fn is_reserved(name: &str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    [
        "x-ms-exchange-",
        "x-forefront-",
        "x-microsoft-",
        "received-spf",
        "x-eop",
    ]
    .iter()
    .any(|prefix| lower.starts_with(prefix))
}

fn authentication(key: &str, value: Node<'_>, matchers: &[Matcher], context: &Context<'_>, bench: &mut Bench) -> Pred {
    let mut preds = Vec::new();
    for matcher in matchers {
        let text = match matcher {
            Matcher::Word(text) | Matcher::Equals(text) | Matcher::Contains(text) => text.clone(),
            Matcher::Pattern(pattern) => pattern.as_str().to_owned(),
        };
        let word = text.trim().trim_end_matches(';');
        let pred = word.split_once('=').and_then(|(method, result)| {
            let (method, result) = (method.trim(), result.trim());
            let bit = |words: auth::Words| {
                method
                    .eq_ignore_ascii_case(words.method)
                    .then(|| words.bit(result))
                    .flatten()
            };
            bit(auth::DMARC)
                .map(Pred::Dmarc)
                .or_else(|| bit(auth::SPF).map(Pred::Spf))
                .or_else(|| bit(auth::COMPAUTH).map(Pred::CompAuth))
        });
        preds.push(pred.unwrap_or_else(|| Pred::Unknown(unmodelled(key, value.span(), context.rule, bench))));
    }
    Pred::Any(preds)
}

/// `InOrganization` and `NotInOrganization`. Mail of an anonymous host with an address of the tenant satisfies neither
/// documented meaning, so it is undecided (exchange-semantics 2.3).
fn from_scope(value: Node<'_>, context: &Context<'_>, bench: &mut Bench) -> Pred {
    let need = bench.unsaid(
        "from-scope",
        "whether mail of an anonymous host with an address of the tenant counts as in or outside the organisation is not documented",
        Some(value.span()),
    );
    let accepted = context.accepted;
    if let Some(more) = accepted.more {
        // Whose domain is not known may be the tenant's.
        return match scope_word(value) {
            Some(true) => between(Pred::Never, accepted.from(), more),
            _ => Pred::Unknown(more),
        };
    }
    match scope_word(value) {
        Some(false) => between(Pred::From(accepted.known.complement()), Pred::Always, need),
        Some(true) => between(Pred::Never, Pred::From(accepted.known.clone()), need),
        None => Pred::Unknown(unmodelled("FromScope", value.span(), context.rule, bench)),
    }
}

/// Whether a scope is inside the organisation.
fn scope_word(value: Node<'_>) -> Option<bool> {
    let scopes = [
        ("InOrganization", true),
        ("NotInOrganization", false),
        ("ExternalPartner", false),
        ("ExternalNonPartner", false),
    ];
    match field::enumerated(Some(value), &scopes, &[]) {
        field::Field::Set(scope) => Some(scope.value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_sorted_and_unique() {
        assert!(CONDITIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(condition("senderipranges"), Some(Reads::SenderIpRanges));
        assert_eq!(condition("nonsense"), None);
    }
}
