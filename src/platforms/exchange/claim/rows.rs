//! Which tenant list a row is from. The rows of `Get-TenantAllowBlockListItems` do not say (export-formats T7), so a
//! written `ListType`, then the name of the export, then the shape of the values decides.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::field;
use super::super::kind::TenantList;
use crate::document::Node;
use crate::problem::{Level, Problem, ProblemKind};

/// What a value looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Like(TenantList),
    /// A bare domain stands in the list of senders and in that of URLs.
    Domain,
}

/// The rows of each list, and what had to be guessed.
pub(super) struct Sorted<'a> {
    pub(super) lists: Vec<(TenantList, Vec<Node<'a>>)>,
    pub(super) problems: Vec<Problem>,
}

/// Sorts rows into lists.
pub(super) fn sort(rows: Vec<Node<'_>>, named: Option<TenantList>) -> Sorted<'_> {
    let mut guessed = Vec::new();
    let mut told = Vec::new();
    for row in rows {
        let written = field::text(row.get("ListType")).into_value();
        match written.and_then(|word| TenantList::parse(&word)).or(named) {
            Some(list) => told.push((row, list)),
            None => guessed.push((row, looks(row))),
        }
    }
    let mut sorted = Sorted {
        lists: Vec::new(),
        problems: Vec::new(),
    };
    if let Some(list) = named {
        sorted.problems.extend(strangers(list, &told));
        // A list that was exported is there even if no row is.
        sorted.lists.push((list, Vec::new()));
    }
    if let Some(&(first, _)) = guessed.first() {
        sorted.problems.push(guess_problem(first, guessed.len()));
    }
    let has = |wanted: TenantList| guessed.iter().any(|&(_, looks)| looks == Looks::Like(wanted));
    // One call returns one list, so bare domains among URLs are URLs, unless addresses say that lists were joined.
    let domains = if has(TenantList::Url) && !has(TenantList::Sender) {
        TenantList::Url
    } else {
        TenantList::Sender
    };
    for (row, looks) in guessed {
        told.push((row, if let Looks::Like(list) = looks { list } else { domains }));
    }
    for (row, list) in told {
        match sorted.lists.iter_mut().find(|(known, _)| *known == list) {
            Some((_, rows)) => rows.push(row),
            None => sorted.lists.push((list, vec![row])),
        }
    }
    // Rows of one list keep the order of the file.
    for (_, rows) in &mut sorted.lists {
        rows.sort_by_key(|row| row.span());
    }
    sorted.lists.sort_by_key(|&(list, _)| list);
    sorted
}

fn looks(row: Node<'_>) -> Looks {
    let value = field::text(row.get("Value")).into_value().unwrap_or_default();
    let value = value.trim();
    let address = value.split('/').next().unwrap_or(value);
    if value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // SHA-256, the only hash the list takes.
        Looks::Like(TenantList::FileHash)
    } else if address.parse::<Ipv6Addr>().is_ok() || address.parse::<Ipv4Addr>().is_ok() && is_network(value) {
        Looks::Like(TenantList::Ip)
    } else if value.contains('/') || value.starts_with('~') || value.ends_with('~') {
        // The forms of exchange-semantics 8: paths and `~` are for URLs alone.
        Looks::Like(TenantList::Url)
    } else if value.contains('@') {
        Looks::Like(TenantList::Sender)
    } else if value.strip_prefix("*.").is_some_and(|rest| rest.contains('.')) {
        Looks::Like(TenantList::Url)
    } else {
        Looks::Domain
    }
}

/// Whether what follows the address is nothing or a prefix length; `192.0.2.1/login` is a URL.
fn is_network(value: &str) -> bool {
    value
        .split_once('/')
        .is_none_or(|(_, prefix)| prefix.parse::<u8>().is_ok())
}

fn guess_problem(first: Node<'_>, count: usize) -> Problem {
    let rows = if count == 1 { "row does" } else { "rows do" };
    Problem::at(
        Level::Note,
        ProblemKind::Notice,
        first.get("Value").unwrap_or(first).span(),
        format!("{count} tenant allow/block {rows} not name a list; the shape of the values decided"),
        "told by the shape of this value",
    )
    .help("name the file after its list, `Get-TenantAllowBlockListItems.Sender.json` for example")
}

/// Rows that cannot be from the list the export is named after: an address among hashes, for example.
fn strangers(named: TenantList, told: &[(Node<'_>, TenantList)]) -> Option<Problem> {
    let strange = |looks: Looks| match named {
        TenantList::Sender => !matches!(looks, Looks::Domain | Looks::Like(TenantList::Sender | TenantList::Url)),
        TenantList::Url => matches!(looks, Looks::Like(TenantList::FileHash)),
        list => looks != Looks::Like(list),
    };
    let mut found = told.iter().filter(|&&(row, list)| list == named && strange(looks(row)));
    let &(first, _) = found.next()?;
    let count = found.count() + 1;
    let rows = if count == 1 { "row is" } else { "rows are" };
    let name = named.as_str();
    Some(
        Problem::at(
            Level::Warn,
            ProblemKind::BadValue,
            first.get("Value").unwrap_or(first).span(),
            format!("{count} {rows} no entry of the tenant list `{name}` this export is named after"),
            "not a value of that list",
        )
        .help("rename the file after the `-ListType` it was exported with"),
    )
}
