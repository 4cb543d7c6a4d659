//! Edits turned into pieces of text that are left out and put in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::node::Node;
use super::super::tape::Kind;
use super::count_beside;
use super::layout::{Layout, starts};
use super::pointer::At;
use super::value::{Json, quoted};

/// The edits of one value.
#[derive(Debug, Clone)]
pub(super) struct Work<'a> {
    pub(super) node: Node<'a>,
    pub(super) place: Option<(Node<'a>, At<'a>)>,
    pub(super) pointer: String,
    /// It leaves its list, or leaves an empty one.
    pub(super) gone: bool,
    /// Another value stands in its place.
    pub(super) fresh: Option<Json>,
    /// That value is the same as the old one.
    pub(super) same: bool,
    /// Values that come behind it or at the end of it.
    pub(super) more: Vec<Json>,
    /// New members.
    pub(super) members: Vec<(String, Json)>,
}

impl<'a> Work<'a> {
    pub(super) fn new(node: Node<'a>, place: Option<(Node<'a>, At<'a>)>, pointer: String) -> Self {
        Self {
            node,
            place,
            pointer,
            gone: false,
            fresh: None,
            same: false,
            more: Vec::new(),
            members: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.gone && (self.fresh.is_none() || self.same) && self.more.is_empty() && self.members.is_empty()
    }

    /// Whether it stands in a list.
    pub(super) fn is_element(&self) -> bool {
        matches!(self.place, Some((_, At::Element(_))))
    }

    /// Whether nothing in it may change.
    pub(super) fn is_sealed(&self) -> bool {
        self.gone || self.fresh.is_some()
    }

    /// Whether a list takes the place of a single value, which stays as its first element.
    pub(super) fn is_wrapped(&self) -> bool {
        !self.more.is_empty() && self.node.kind() != Kind::List && !self.is_emptied()
    }

    /// Whether nothing of it stays but the place.
    pub(super) fn is_emptied(&self) -> bool {
        let nothing = self.node.is_null() || self.node.as_str().is_some_and(|text| text.trim().is_empty());
        self.gone && !self.is_element() || !self.more.is_empty() && nothing
    }

    /// The value in its place, where that is wholly new.
    pub(super) fn instead(&self) -> Option<Json> {
        if self.is_emptied() {
            return Some(Json::List(self.more.clone()));
        }
        self.fresh.clone()
    }
}

/// The edits that change something, with the counts of wrapped lists that follow from them.
pub(super) fn settled<'a>(root: Node<'a>, works: &BTreeMap<u32, Work<'a>>) -> BTreeMap<u32, Work<'a>> {
    let mut settled: BTreeMap<u32, Work<'a>> = works
        .iter()
        .filter(|(_, work)| !work.is_empty())
        .map(|(index, work)| (*index, work.clone()))
        .collect();
    let mut lists: BTreeMap<u32, (Node<'a>, i64)> = BTreeMap::new();
    for work in works.values() {
        if work.node.kind() == Kind::List && !work.more.is_empty() {
            let more = i64::try_from(work.more.len()).unwrap_or(i64::MAX);
            lists.entry(work.node.reach().start).or_insert((work.node, 0)).1 += more;
        }
        if let (true, Some((list, At::Element(_)))) = (work.gone, &work.place) {
            lists.entry(list.reach().start).or_insert((*list, 0)).1 -= 1;
        }
    }
    for (list, change) in lists.into_values() {
        let Some(count) = count_beside(root, list) else {
            continue;
        };
        let (Ok(pointer), Ok(length)) = (super::pointer::of(root, count), i64::try_from(list.len())) else {
            continue;
        };
        let mut work = Work::new(count, super::parent(root, count), pointer);
        work.fresh = Some(Json::Number(length + change));
        settled.entry(count.reach().start).or_insert(work);
    }
    settled
}

/// Text that takes the place of a piece of the old one.
#[derive(Debug)]
pub(super) struct Splice {
    range: Range<u32>,
    /// The value whose edit it is.
    owner: u32,
    text: String,
}

/// All pieces, in the order of the text.
pub(super) fn splices<'a>(text: &'a str, root: Node<'a>, works: &BTreeMap<u32, Work<'a>>) -> Vec<Splice> {
    let layout = Layout::of(text, root);
    let mut splices = Vec::new();
    let mut leaving: BTreeMap<u32, (Node<'a>, BTreeSet<usize>)> = BTreeMap::new();
    for work in works.values() {
        if let (true, Some((list, At::Element(at)))) = (work.gone, &work.place) {
            let (_, leaving) = leaving.entry(list.reach().start).or_insert((*list, BTreeSet::new()));
            leaving.insert(*at);
        }
    }
    for work in works.values() {
        let list = leaving.remove(&work.node.reach().start);
        if work.node.kind() == Kind::List && !work.is_sealed() {
            let leaving = list.map(|(_, leaving)| leaving).unwrap_or_default();
            edit_list(work.node, &leaving, &work.more, &layout, &mut splices);
        } else {
            edit_value(work, &layout, &mut splices);
        }
    }
    for (list, leaving) in leaving.into_values() {
        edit_list(list, &leaving, &[], &layout, &mut splices);
    }
    // What is put in at the end of a value comes before what is put in behind it.
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end, std::cmp::Reverse(splice.owner)));
    splices
}

/// The text of a range after the edits of some values.
pub(super) fn spliced(text: &str, range: Range<usize>, splices: &[Splice], counts: impl Fn(&Splice) -> bool) -> String {
    let mut out = String::with_capacity(range.len() + 64);
    let mut from = range.start;
    for splice in splices.iter().filter(|splice| counts(splice)) {
        let (start, end) = (splice.range.start as usize, splice.range.end as usize);
        out.push_str(text.get(from..start).unwrap_or(""));
        out.push_str(&splice.text);
        from = end;
    }
    out.push_str(text.get(from..range.end).unwrap_or(""));
    out
}

/// The text of a value after all edits in it.
pub(super) fn value_after(text: &str, node: Node<'_>, splices: &[Splice]) -> String {
    let (span, reach) = (node.span(), node.reach());
    let range = span.start as usize..span.end as usize;
    spliced(text, range, splices, |splice| reach.contains(&splice.owner))
}

fn edit_list<'a>(
    list: Node<'a>,
    leaving: &BTreeSet<usize>,
    more: &[Json],
    layout: &Layout<'a>,
    splices: &mut Vec<Splice>,
) {
    let elements = starts(list);
    let owner = list.reach().start;
    let inside = list.span().start + 1..list.span().end.saturating_sub(1);
    let mut put = |range: Range<u32>, text: String| splices.push(Splice { range, owner, text });
    let (Some((first, _)), Some((_, last))) = (elements.first(), elements.last()) else {
        if !more.is_empty() {
            let mut text = String::new();
            layout.write(&mut text, &Json::List(more.to_vec()), layout.indent_in_place_of(list));
            put(list.span().start..list.span().end, text);
        }
        return;
    };
    let separator = layout.separator(list);
    let mut new = String::new();
    for (at, value) in more.iter().enumerate() {
        if at > 0 || leaving.len() < elements.len() {
            new.push_str(&separator);
        }
        layout.write(&mut new, value, Layout::indent_behind(&separator));
    }
    if leaving.len() == elements.len() {
        let range = if more.is_empty() { inside } else { *first..*last };
        put(range, new);
        return;
    }
    let mut kept = false;
    for (at, (start, end)) in elements.iter().enumerate() {
        if !leaving.contains(&at) {
            kept = true;
        } else if kept {
            let before = at.checked_sub(1).and_then(|before| elements.get(before));
            put(before.map_or(*start, |(_, end)| *end)..*end, String::new());
        } else {
            let next = elements.get(at + 1).map_or(*end, |(start, _)| *start);
            put(*start..next, String::new());
        }
    }
    if !new.is_empty() {
        put(*last..*last, new);
    }
}

fn edit_value<'a>(work: &Work<'a>, layout: &Layout<'a>, splices: &mut Vec<Splice>) {
    let (span, owner) = (work.node.span(), work.node.reach().start);
    let mut put = |range: Range<u32>, text: String| splices.push(Splice { range, owner, text });
    if let Some(value) = work.instead() {
        let mut text = String::new();
        layout.write(&mut text, &value, layout.indent_in_place_of(work.node));
        put(span.start..span.end, text);
        return;
    }
    if !work.members.is_empty() {
        let members = starts(work.node);
        let mut text = String::new();
        if let Some((_, last)) = members.last() {
            let separator = layout.separator(work.node);
            for (name, value) in &work.members {
                text.push_str(&separator);
                text.push_str(&quoted(name));
                text.push_str(layout.colon());
                layout.write(&mut text, value, Layout::indent_behind(&separator));
            }
            put(*last..*last, text);
        } else {
            let table = Json::Table(work.members.clone());
            layout.write(&mut text, &table, layout.indent_in_place_of(work.node));
            put(span.start..span.end, text);
        }
    }
    if work.is_wrapped() {
        let (open, between, close) = layout.around(work.node);
        let mut text = String::new();
        for value in &work.more {
            text.push_str(&between);
            layout.write(&mut text, value, Layout::indent_behind(&between));
        }
        text.push_str(&close);
        put(span.start..span.start, open);
        put(span.end..span.end, text);
    }
}
