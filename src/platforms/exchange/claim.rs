//! Finds the objects of Exchange Online in a document and says which kinds they are.
//!
//! Objects are recognised by their own keys, through every container an exporter puts around them (export-formats
//! section 1). The name of the file or of a section decides only where content cannot: for what is empty, and for
//! objects with too few keys. Absent, empty and failed stay three different things (export-formats T1, T2).

mod signature;

mod answer;
mod bundle;
mod cut;
mod error;
mod rows;

use self::answer::envelope;
use self::bundle::is_bundle;
use self::error::error_in;
use self::signature::{Recogniser, resembles};
use super::kind::{Kind, Named, TenantList, export_command};
use crate::document::{Key, Kind as Shape, Node};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::Span;

pub(super) use self::cut::is_cut_text;

/// Objects of one kind that stand together.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    /// Their kind.
    pub(crate) kind: Kind,
    /// The tenant list they are from; only rows of [`Kind::TenantList`] have one.
    pub(crate) list: Option<TenantList>,
    /// The objects, nulls left out.
    pub(crate) records: Vec<Node<'a>>,
    /// The list that holds them, or the only object.
    pub(crate) span: Span,
    /// The key of the section, in a bundle.
    pub(crate) key: Option<Span>,
    /// Whether these are all objects of this export. What lies in values that were cut off is for their readers.
    pub(crate) complete: bool,
    /// Whether the name of the file decided.
    pub(crate) by_name: bool,
    /// Whether it is a list of several that one file stands for, and the file has nothing of it.
    pub(crate) implied: bool,
}

/// What was found in a document.
#[derive(Debug, Default)]
pub(crate) struct Claimed<'a> {
    /// The objects, in the order of the file. A claim without objects is an export that returned nothing.
    pub(crate) claims: Vec<Claim<'a>>,
    /// What is wrong with the exports.
    pub(crate) problems: Vec<Problem>,
    /// Exports that failed, and where it says so. They count as not supplied.
    pub(crate) failed_commands: Vec<(Kind, Span)>,
}

/// Claims what is ours in a document; none if nothing is.
pub(crate) fn claim<'a>(root: Node<'a>, file_stem: &str) -> Option<Claimed<'a>> {
    let mut reading = Reading::default();
    let place = Place {
        named: Named::parse(file_stem),
        by_name: true,
        key: None,
        complete: !root.is_cut(),
        depth: 0,
        ran: None,
    };
    reading.visit(root, place);
    let claimed = reading.claimed;
    let nothing = claimed.claims.is_empty() && claimed.problems.is_empty() && claimed.failed_commands.is_empty();
    (!nothing).then_some(claimed)
}

/// As many objects are looked at by one thread at a time.
const PART: usize = 2048;

/// Containers are looked into this deep: templates nest their objects under two keys (export-formats C9).
const DEEPEST: u8 = 4;

/// Where in the document a value stands, as far as it matters.
#[derive(Clone, Copy)]
struct Place {
    /// What the export is called, by its file or by its key.
    named: Option<Named>,
    /// Whether that was the name of the file.
    by_name: bool,
    key: Option<Span>,
    complete: bool,
    depth: u8,
    /// In a bundle that keeps book of its commands: whether this one is known to have run.
    ran: Option<bool>,
}

impl Place {
    fn below(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    /// Whether only whole objects are recognised: under a key that does not name an export anything may stand.
    fn is_strict(self) -> bool {
        self.key.is_some() && self.named.is_none()
    }

    /// The value of a key. The name of the file says nothing about a value under a key of another meaning.
    fn under(self, key: &Key<'_>) -> Self {
        Self {
            named: Named::parse(&key.name),
            by_name: false,
            key: Some(key.span),
            ran: None,
            ..self.below()
        }
    }
}

#[derive(Default)]
struct Reading<'a> {
    claimed: Claimed<'a>,
    recogniser: Recogniser<'a>,
}

impl<'a> Reading<'a> {
    fn visit(&mut self, node: Node<'a>, place: Place) {
        let place = Place {
            complete: place.complete && !node.is_cut(),
            ..place
        };
        match node.kind() {
            Shape::List => self.list(node, place),
            Shape::Table => self.table(node, place),
            Shape::Null => self.empty(node, place, false),
            Shape::String => self.text(node, place),
            _ => {}
        }
    }

    fn list(&mut self, list: Node<'a>, place: Place) {
        let mut groups: Vec<(Kind, Vec<Node<'a>>)> = Vec::new();
        let mut strange = Vec::new();
        let mut nulls = false;
        let items: Vec<Node<'a>> = list.items().collect();
        let kinds = self.recogniser.kinds(&items, place.is_strict());
        for (item, kind) in items.into_iter().zip(kinds) {
            if item.is_null() {
                nulls = true;
            } else if let Some(kind) = kind {
                // Neighbours are mostly of one kind, so the last group is asked first.
                match groups.iter_mut().rev().find(|(known, _)| *known == kind) {
                    Some((_, records)) => records.push(item),
                    None => groups.push((kind, vec![item])),
                }
            } else {
                strange.push(item);
            }
        }
        if groups.is_empty() && strange.is_empty() {
            self.empty(list, place, nulls);
            return;
        }
        let strange = adopt(&mut groups, strange, place);
        let by_name = place.by_name && strange.named;
        let mut complete = place.complete;
        let any = !groups.is_empty();
        if any && let Some(&first) = strange.left.first() {
            self.claimed.problems.push(strangers(first, strange.left.len()));
            complete &= strange.left.iter().all(|item| item.kind() == Shape::Table);
        }
        for (kind, records) in groups {
            let claim = Claim {
                kind,
                list: None,
                records,
                span: list.span(),
                key: place.key,
                complete,
                by_name,
                implied: false,
            };
            self.add(claim, place.named);
        }
        let cut = |item: &&Node<'a>| item.as_str().is_some_and(|text| is_cut_text(&text));
        if !any && let Some(&lost) = strange.left.iter().find(cut) {
            self.lost(lost, place);
        }
        self.pages(&strange.left, place);
    }

    /// Several answers of the admin API in one list. The mark that more rows follow is answered by the next page.
    fn pages(&mut self, items: &[Node<'a>], place: Place) {
        if place.depth >= DEEPEST {
            return;
        }
        let last = items.len().saturating_sub(1);
        for (at, &item) in items.iter().enumerate() {
            if let Some(value) = envelope(item) {
                self.answer(item, value, place.below(), at == last);
            } else if item.kind() == Shape::List {
                self.list(item, place.below());
            }
        }
    }

    fn table(&mut self, table: Node<'a>, place: Place) {
        if let Some(kind) = self.recogniser.kind(table, place.is_strict()) {
            self.single(kind, table, place, false);
        } else if let Some(message) = error_in(table) {
            self.error(message, place);
        } else if let Some(resources) = table.get("resources").filter(|_| place.depth < DEEPEST)
            && self.snapshot(resources, place)
        {
        } else if let (Some(raw), Some(_)) = (table.get("Raw"), table.get("MetaData")) {
            // A ScubaGear report: the provider export is nested in it (export-formats C3).
            self.visit(raw, place.below());
        } else if is_bundle(table) {
            self.bundle(table, place);
        } else if let Some(value) = envelope(table) {
            self.answer(table, value, place, true);
        } else if table.is_empty() {
            self.empty_object(table, place);
        } else if let Some(named) = place.named.filter(|named| resembles(named.kind, table)) {
            self.single(named.kind, table, place, place.by_name);
        } else if place.depth < DEEPEST {
            for (key, value) in table.entries() {
                self.visit(value, place.under(&key));
            }
        }
    }

    fn single(&mut self, kind: Kind, record: Node<'a>, place: Place, by_name: bool) {
        let claim = Claim {
            kind,
            list: None,
            records: vec![record],
            span: record.span(),
            key: place.key,
            complete: place.complete,
            by_name,
            implied: false,
        };
        self.add(claim, place.named);
    }

    /// An export without objects. `nulls`: it holds a null, which is what a cmdlet that returned nothing leaves in an
    /// array (export-formats T1).
    fn empty(&mut self, node: Node<'a>, place: Place, nulls: bool) {
        let Some(named) = place.named else { return };
        let in_section = place.key.is_some() && place.depth == DEEPEST;
        match place.ran {
            Some(false) => return,
            // ScubaGear writes the same empty section for a command that it never called.
            None if in_section && !nulls => return,
            _ => {}
        }
        let claim = Claim {
            kind: named.kind,
            list: named.list,
            records: Vec::new(),
            span: node.span(),
            key: place.key,
            complete: place.complete,
            by_name: place.by_name,
            implied: false,
        };
        self.add(claim, Some(named));
    }

    /// No cmdlet returns an object without properties, so it is no proof that there was nothing to return.
    fn empty_object(&mut self, node: Node<'a>, place: Place) {
        let Some(named) = place.named else { return };
        if place.ran == Some(true) {
            self.empty(node, place, false);
            return;
        }
        if place.ran == Some(false) || place.depth == DEEPEST {
            return;
        }
        self.claimed.problems.push(
            Problem::at(
                Level::Deny,
                ProblemKind::Unreadable,
                node.span(),
                format!("the export of {} is an object without properties", named.kind.as_str()),
                "neither an object nor an empty list",
            )
            .help(format!("export it again: `{}`", export_command(named.kind, named.list))),
        );
        self.claimed.failed_commands.push((named.kind, node.span()));
    }

    /// Adds a claim, the tenant lists apart from each other.
    fn add(&mut self, claim: Claim<'a>, named: Option<Named>) {
        self.claimed.problems.extend(cut::problems(claim.kind, &claim.records));
        if claim.kind != Kind::TenantList {
            self.push(claim);
            return;
        }
        let named = named.filter(|named| named.kind == Kind::TenantList);
        let sorted = rows::sort(claim.records, named.and_then(|named| named.list));
        self.claimed.problems.extend(sorted.problems);
        let mut lists = sorted.lists;
        let any = !lists.is_empty();
        if named.is_some_and(|named| named.list.is_none()) {
            // The bare name of the cmdlet stands for all its lists (contract section 2).
            for list in TenantList::ALL {
                if lists.iter().all(|&(known, _)| known != list) {
                    lists.push((list, Vec::new()));
                }
            }
            lists.sort_by_key(|&(list, _)| list);
        }
        for (list, records) in lists {
            self.push(Claim {
                list: Some(list),
                by_name: claim.by_name || named.is_some() && claim.key.is_none(),
                implied: any && records.is_empty(),
                records,
                ..claim
            });
        }
    }

    /// Objects of one kind from several pages are one claim.
    fn push(&mut self, claim: Claim<'a>) {
        let same =
            |known: &&mut Claim<'a>| known.kind == claim.kind && known.list == claim.list && known.key == claim.key;
        match self.claimed.claims.iter_mut().find(same) {
            Some(known) => {
                known.records.extend(claim.records);
                known.complete &= claim.complete;
                known.by_name |= claim.by_name;
            }
            None => self.claimed.claims.push(claim),
        }
    }
}

/// What became of the items of a list that are no known object by themselves.
struct Strange<'a> {
    left: Vec<Node<'a>>,
    /// Whether the name of the export, and nothing else, told what the objects are.
    named: bool,
}

/// Gives items with too few keys of their own to the kind their list is known to hold.
fn adopt<'a>(groups: &mut Vec<(Kind, Vec<Node<'a>>)>, strange: Vec<Node<'a>>, place: Place) -> Strange<'a> {
    let by_neighbours = match groups.as_slice() {
        [(kind, _)] => Some(*kind),
        _ => None,
    };
    let named = groups.is_empty() && place.named.is_some();
    let Some(kind) = by_neighbours.or(place.named.filter(|_| named).map(|named| named.kind)) else {
        return Strange { left: strange, named };
    };
    let (taken, left): (Vec<_>, Vec<_>) = strange
        .into_iter()
        .partition(|&item| item.kind() == Shape::Table && envelope(item).is_none() && resembles(kind, item));
    match groups.first_mut() {
        Some((_, records)) => {
            records.extend(taken);
            records.sort_by_key(|record| record.span());
        }
        None if !taken.is_empty() => groups.push((kind, taken)),
        None => {}
    }
    Strange { left, named }
}

fn strangers(first: Node<'_>, count: usize) -> Problem {
    let entries = if count == 1 { "entry is" } else { "entries are" };
    Problem::at(
        Level::Warn,
        ProblemKind::Unreadable,
        first.span(),
        format!("{count} {entries} no object this product knows, in a list of objects it knows"),
        "not recognised",
    )
    .help("export whole objects, without `Select-Object` and without a shallow depth")
}

#[cfg(test)]
mod tests;
