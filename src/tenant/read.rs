//! Reads a tenant file whose keys were compared with its form.

use std::collections::BTreeMap;

use super::model::{Deliveries, Exception, ExportNote, Hop, Mailbox, MailboxKind, Offboarded, Own, Tenant, Vendor};
use crate::allow::address::Address;
use crate::allow::ip::IpSet;
use crate::document::Node;
use crate::form::{Fields, Log, bad};
use crate::pack::{Delivery, Given, StreamKind, given};
use crate::policy::expect;
use crate::source::{SourceId, Span, Spanned};
use crate::spelling::{self, Misspelt, PLATFORMS};

/// Reads a tenant. `checks` are the names an exception may have.
pub(super) fn tenant(fields: &Fields<'_>, source: SourceId, checks: &[&str], log: &mut Log) -> Tenant {
    let rows = |name: &str, log: &mut Log| fields.tables(name, log);
    let tenant = Tenant {
        name: fields.text("name"),
        domains: each(fields, "domains", spelling::domain, log),
        policy: fields.text("policy"),
        vendors: rows("vendor", log).iter().filter_map(|row| vendor(row, log)).collect(),
        offboarded: rows("offboarded", log).iter().filter_map(offboarded).collect(),
        own: rows("own", log).iter().filter_map(|row| own(row, log)).collect(),
        hops: rows("hop", log).iter().filter_map(|row| hop(row, log)).collect(),
        exports: rows("export", log).iter().filter_map(|row| export(row, log)).collect(),
        mailboxes: rows("mailbox", log)
            .iter()
            .filter_map(|row| mailbox(row, log))
            .collect(),
        expects: rows("expect", log).iter().filter_map(|row| expect(row, log)).collect(),
        exceptions: rows("exception", log)
            .iter()
            .filter_map(|row| exception(row, checks, log))
            .collect(),
        source,
    };
    repeated(&tenant, log);
    tenant
}

fn vendor(row: &Fields<'_>, log: &mut Log) -> Option<Vendor> {
    let delivery = deliveries(row, log);
    Some(Vendor {
        pack: row.text("pack")?,
        streams: row.words("streams", StreamKind::parse),
        delivery,
        regions: row.texts("region"),
        cohorts: row.texts("cohort"),
        until: row.date("until"),
        values: row.node("values").map(values).unwrap_or_default(),
        span: row.span(),
    })
}

fn deliveries(row: &Fields<'_>, log: &mut Log) -> Deliveries {
    let Some(table) = row.table("delivery", log) else {
        return Deliveries {
            default: row.word("delivery", Delivery::parse),
            by_stream: Vec::new(),
        };
    };
    let streams = StreamKind::WORDS.iter().filter_map(|word| StreamKind::parse(word));
    let chosen = streams.filter_map(|stream| Some((stream, table.word(stream.as_str(), Delivery::parse)?)));
    Deliveries {
        default: None,
        by_stream: chosen.collect(),
    }
}

fn values(table: Node<'_>) -> Vec<(Spanned<String>, Given)> {
    let entries = table
        .entries()
        .map(|(key, node)| (Spanned::new(key.name.into_owned(), key.span), given(node)));
    entries.filter_map(|(key, given)| Some((key, given?))).collect()
}

fn offboarded(row: &Fields<'_>) -> Option<Offboarded> {
    Some(Offboarded {
        pack: row.text("pack")?,
        span: row.span(),
    })
}

fn own(row: &Fields<'_>, log: &mut Log) -> Option<Own> {
    let networks = networks(row, "networks", log);
    Some(Own {
        name: row.text("name")?,
        networks,
        span: row.span(),
    })
}

fn hop(row: &Fields<'_>, log: &mut Log) -> Option<Hop> {
    let egress = networks(row, "egress", log);
    let platform = row
        .text("platform")
        .filter(|platform| PLATFORMS.contains(&platform.value.as_str()))?;
    Some(Hop {
        platform,
        egress,
        span: row.span(),
    })
}

fn networks(row: &Fields<'_>, key: &str, log: &mut Log) -> Vec<Spanned<IpSet>> {
    each(row, key, spelling::hosts, log)
}

fn export(row: &Fields<'_>, log: &mut Log) -> Option<ExportNote> {
    let kind = row.text("kind");
    if let Some(kind) = &kind {
        match kind.value.split_once('/') {
            Some((platform, name)) if !name.is_empty() => {
                if !PLATFORMS.contains(&platform) {
                    log.unknown_word(kind.span, "platform", platform, PLATFORMS);
                }
            }
            _ => {
                let problem = bad(
                    kind.span,
                    format!("`{}` does not name a kind of export", kind.value),
                    "lacks the platform",
                );
                log.push(problem.help("write it as `<platform>/<kind>`, such as `exchange/connection-filter`"));
            }
        }
    }
    if let Some(empty) = row.flag("empty").filter(|empty| empty.value)
        && kind.is_none()
        && row.text("list").is_none()
        && log.complete
    {
        log.push(bad(empty.span, "an empty export does not say of what", "empty").help("add `kind`"));
    }
    let file = row.text("file")?;
    let plain = file.value.replace('\\', "/");
    if plain.starts_with('/') || plain.split('/').any(|part| part == "..") {
        log.bad(
            file.span,
            "an export lies in the folder of the tenant file",
            "outside of it",
        );
    }
    Some(ExportNote {
        file: Spanned::new(plain.trim_start_matches("./").to_owned(), file.span),
        kind,
        taken: row.date("taken"),
        empty: row.flag("empty").is_some_and(|flag| flag.value),
        list: row.text("list"),
        span: row.span(),
    })
}

fn mailbox(row: &Fields<'_>, log: &mut Log) -> Option<Mailbox> {
    let parse = |text: &str| {
        Address::parse(text).map_err(|error| Misspelt {
            message: error.to_string(),
            help: None,
        })
    };
    let address = each(row, "address", parse, log).pop()?;
    Some(Mailbox {
        address,
        kind: row.word("kind", MailboxKind::parse)?,
        span: row.span(),
    })
}

fn exception(row: &Fields<'_>, checks: &[&str], log: &mut Log) -> Option<Exception> {
    let check = row.text("check")?;
    if !checks.contains(&check.value.as_str()) {
        log.unknown_name(check.span, "check", &check.value, checks);
    }
    Some(Exception {
        check,
        where_glob: row.text("where"),
        reason: row.text("reason")?,
        expires: row.date("expires"),
        span: row.span(),
    })
}

fn each<T>(row: &Fields<'_>, key: &str, parse: impl Fn(&str) -> Result<T, Misspelt>, log: &mut Log) -> Vec<Spanned<T>> {
    let mut values = Vec::new();
    for text in row.texts(key) {
        match parse(&text.value) {
            Ok(value) => values.push(Spanned::new(value, text.span)),
            Err(misspelt) => log.misspelt(text.span, misspelt.message, misspelt.help),
        }
    }
    values
}

/// Notes what is said twice, and vendors that are both in use and gone.
fn repeated(tenant: &Tenant, log: &mut Log) {
    let text = |text: &Spanned<String>| (text.value.clone(), text.span);
    once(
        tenant
            .domains
            .iter()
            .map(|domain| (domain.value.to_string(), domain.span)),
        "domain",
        log,
    );
    once(tenant.own.iter().map(|own| text(&own.name)), "own hosts", log);
    once(
        tenant.offboarded.iter().map(|gone| text(&gone.pack)),
        "former vendor",
        log,
    );
    once(
        tenant
            .mailboxes
            .iter()
            .map(|mailbox| (mailbox.address.value.to_string(), mailbox.address.span)),
        "mailbox",
        log,
    );
    let exports = tenant.exports.iter().map(|export| {
        let part =
            |part: &Option<Spanned<String>>| part.as_ref().map(|part| format!(" {}", part.value)).unwrap_or_default();
        (
            format!("{}{}{}", export.file.value, part(&export.kind), part(&export.list)),
            export.file.span,
        )
    });
    once(exports, "export", log);
    let vendors = tenant.vendors.iter().map(|vendor| {
        let mut parts = vec![vendor.pack.value.as_str()];
        parts.extend(vendor.streams.iter().map(|stream| stream.value.as_str()));
        parts.extend(
            vendor
                .regions
                .iter()
                .chain(&vendor.cohorts)
                .map(|word| word.value.as_str()),
        );
        (parts.join(" "), vendor.pack.span)
    });
    once(vendors, "vendor", log);
    for gone in &tenant.offboarded {
        if let Some(vendor) = tenant
            .vendors
            .iter()
            .find(|vendor| vendor.pack.value == gone.pack.value)
        {
            let message = format!("`{}` is both a vendor and a former one", gone.pack.value);
            log.push(bad(gone.pack.span, message, "gone").also(vendor.pack.span, "in use"));
        }
    }
}

fn once(keys: impl IntoIterator<Item = (String, Span)>, what: &str, log: &mut Log) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for (key, span) in keys {
        if let Some(&first) = seen.get(&key) {
            log.push(bad(span, format!("{what} `{key}` is given twice"), "again").also(first, "first here"));
        } else {
            seen.insert(key, span);
        }
    }
}
