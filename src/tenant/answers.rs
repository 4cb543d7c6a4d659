//! Whether what a tenant says of a vendor fits the pack.

use super::model::{Answer, AnsweredBy, Tenant, Vendor};
use crate::form::{Log, bad};
use crate::pack::{Given, Pack, Parameter, StreamKind, parse_answer};
use crate::problem::Problem;
use crate::source::Spanned;

/// What is known of every parameter of a pack, in the order of the pack.
///
/// An answer that does not fit its parameter is a problem. None at all is not: [`AnsweredBy::Nobody`] says so, since a
/// parameter that is not set is a finding about the tenant and not a mistake in its file.
pub fn answers(pack: &Pack, vendor: &Vendor) -> (Vec<Answer>, Vec<Problem>) {
    let mut log = Log::new(Vec::new(), true);
    let known: Vec<&str> = pack
        .parameters
        .iter()
        .map(|parameter| parameter.id.value.as_str())
        .collect();
    for (key, _) in vendor
        .values
        .iter()
        .filter(|(key, _)| !known.contains(&key.value.as_str()))
    {
        log.unknown_word(
            key.span,
            &format!("parameter of `{}`", pack.id.value),
            &key.value,
            &known,
        );
    }
    let answers = pack
        .parameters
        .iter()
        .map(|parameter| answer(parameter, vendor, &mut log))
        .collect();
    (answers, log.finish())
}

fn answer(parameter: &Parameter, vendor: &Vendor, log: &mut Log) -> Answer {
    let given = vendor
        .values
        .iter()
        .find(|(key, _)| key.value == parameter.id.value)
        .map(|(_, given)| given);
    let (by, given) = match (given, &parameter.default) {
        (Some(given), _) => (AnsweredBy::Tenant, Some(given)),
        (None, Some(default)) => (AnsweredBy::Pack, Some(default)),
        (None, None) => (AnsweredBy::Nobody, None),
    };
    // What is wrong with a default was said when the pack was read.
    let mut unheard = Log::new(Vec::new(), true);
    let log = if by == AnsweredBy::Tenant { log } else { &mut unheard };
    let values = given
        .map(|given| parse_answer(parameter, given, log))
        .unwrap_or_default();
    let flag = match given {
        Some(Given::Flag(flag)) => Some(*flag),
        _ => None,
    };
    // An empty list answers nothing.
    let empty = matches!(given, Some(Given::Texts(texts)) if texts.is_empty());
    let by = if empty { AnsweredBy::Nobody } else { by };
    Answer {
        parameter: parameter.id.clone(),
        by,
        values,
        flag,
    }
}

/// Notes streams, deliveries, regions and cohorts that the pack does not have.
pub fn fits(pack: &Pack, vendor: &Vendor) -> Vec<Problem> {
    let mut log = Log::new(Vec::new(), true);
    let of = |what: &str| format!("{what} of `{}`", pack.id.value);
    let streams: Vec<&str> = pack.streams.iter().map(|stream| stream.id.value.as_str()).collect();
    for stream in vendor
        .streams
        .iter()
        .filter(|stream| pack.stream(stream.value).is_none())
    {
        log.unknown_word(stream.span, &of("stream"), stream.value.as_str(), &streams);
    }
    let offers = |kind: StreamKind| -> Vec<&str> {
        pack.stream(kind)
            .map(|stream| stream.deliveries.iter().map(|way| way.value.as_str()).collect())
            .unwrap_or_default()
    };
    for &(stream, delivery) in &vendor.delivery.by_stream {
        if pack.stream(stream).is_none() {
            log.unknown_word(delivery.span, &of("stream"), stream.as_str(), &streams);
        } else if !offers(stream).contains(&delivery.value.as_str()) {
            let what = format!("delivery of `{}` mail of `{}`", stream.as_str(), pack.id.value);
            log.unknown_word(delivery.span, &what, delivery.value.as_str(), &offers(stream));
        }
    }
    if let Some(delivery) = vendor.delivery.default {
        let mut offered: Vec<&str> = pack.streams.iter().flat_map(|stream| offers(stream.id.value)).collect();
        offered.sort_unstable();
        offered.dedup();
        if !offered.contains(&delivery.value.as_str()) {
            log.unknown_word(delivery.span, &of("delivery"), delivery.value.as_str(), &offered);
        }
    }
    let scopes = || {
        pack.values
            .iter()
            .map(|row| &row.scope)
            .chain(pack.parameters.iter().map(|row| &row.scope))
    };
    known(
        &vendor.regions,
        scopes().flat_map(|scope| &scope.regions),
        &of("region"),
        &mut log,
    );
    known(
        &vendor.cohorts,
        scopes().flat_map(|scope| &scope.cohorts),
        &of("cohort"),
        &mut log,
    );
    log.finish()
}

/// A pack that tells no regions apart takes any: the customer may know more than the pack.
fn known<'p>(given: &[Spanned<String>], of: impl Iterator<Item = &'p Spanned<String>>, what: &str, log: &mut Log) {
    let mut words: Vec<&str> = of.map(|word| word.value.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    for word in given
        .iter()
        .filter(|word| !words.is_empty() && !words.contains(&word.value.as_str()))
    {
        log.unknown_word(word.span, what, &word.value, &words);
    }
}

/// Notes packs that a tenant names and nobody has, and vendors that are both in use and gone under different names.
pub fn packs_of(tenant: &Tenant, packs: &[Pack]) -> Vec<Problem> {
    let mut log = Log::new(Vec::new(), true);
    let ids: Vec<&str> = packs
        .iter()
        .flat_map(|pack| std::iter::once(&pack.id).chain(&pack.aliases))
        .map(|id| id.value.as_str())
        .collect();
    let named = tenant
        .vendors
        .iter()
        .map(|vendor| &vendor.pack)
        .chain(tenant.offboarded.iter().map(|gone| &gone.pack));
    for pack in named.filter(|pack| !ids.contains(&pack.value.as_str())) {
        log.unknown_name(pack.span, "pack", &pack.value, &ids);
    }
    for gone in &tenant.offboarded {
        let Some(pack) = packs.iter().find(|pack| pack.answers_to(&gone.pack.value)) else {
            continue;
        };
        let in_use = |vendor: &&Vendor| pack.answers_to(&vendor.pack.value) && vendor.pack.value != gone.pack.value;
        if let Some(vendor) = tenant.vendors.iter().find(in_use) {
            let message = format!(
                "`{}` and `{}` are one vendor, both in use and gone",
                vendor.pack.value, gone.pack.value
            );
            log.push(bad(gone.pack.span, message, "gone").also(vendor.pack.span, "in use"));
        }
    }
    tenant
        .expects
        .iter()
        .filter_map(|expect| expect.check_sender(&ids))
        .for_each(|problem| log.push(problem));
    log.finish()
}
