//! What miette is shown of a source: a few short, escaped lines around each label, at invented offsets.
//!
//! miette scans a whole file for every diagnostic and panics far into a line. A [`View`] is a small text of its
//! own: label spans count bytes of *it*, while line numbers and columns stay those of the file.
//! Every line ends with a line feed, so that a label at the end of a line lies inside it.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::problem::Label;
use crate::report::escape;
use crate::report::place::Places;
use crate::source::{Source, SourceId};

use super::wrap::wrap;

/// Labels shown of one source; the rest is counted.
const MAX_LABELS: usize = 8;
/// Lines shown of a label that covers more.
const MAX_LABEL_LINES: usize = 3;
/// Lines of one window.
const MAX_WINDOW_LINES: usize = 12;
/// Labels that share one clipped line; further ones get the line once more.
const MAX_LABELS_OF_CLIPPED_LINE: usize = 3;
/// Indentation beyond this is cut down to half of it.
const MAX_INDENT: usize = 8;
/// Characters of one line of a label's text.
const LABEL_WIDTH: usize = 60;
/// Tabs are shown as this.
const TAB: &str = "    ";

/// How much may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Characters of one line.
    pub(super) budget: usize,
    /// Stands for what is left out.
    pub(super) ellipsis: &'static str,
}

/// The windows onto one source that one diagnostic shows.
#[derive(Debug)]
pub(super) struct View {
    name: String,
    text: String,
    windows: Vec<Window>,
    marks: Vec<Mark>,
    ellipsis: &'static str,
    /// How many labels are not shown.
    pub(super) left_out: usize,
}

/// A run of lines: bytes of the view, and the line of the file it starts with (from 0).
#[derive(Debug)]
struct Window {
    start: usize,
    end: usize,
    line: usize,
    n_lines: usize,
}

/// A label in the view, and its place in the file (from 1).
#[derive(Debug)]
struct Mark {
    start: usize,
    end: usize,
    line: usize,
    column: usize,
    primary: bool,
    text: String,
}

/// A label in the file, clamped to what can be shown. Bytes of the file, lines from 0.
#[derive(Debug)]
struct Spot {
    start: usize,
    end: usize,
    first: usize,
    last: usize,
    cut: bool,
    primary: bool,
    text: String,
}

impl Spot {
    fn is_multi_line(&self) -> bool {
        self.first != self.last
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.start == other.start || (self.start < other.end && other.start < self.end)
    }
}

impl View {
    /// The windows that show `labels`, all of one source; `primary` says whether the first is the primary label.
    pub(super) fn new(places: &mut Places<'_>, id: SourceId, labels: &[Label], primary: bool, frame: Frame) -> Self {
        let source = places.sources.get(id);
        let mut spots: Vec<Spot> = Vec::new();
        let mut left_out = 0;
        for (index, label) in labels.iter().enumerate() {
            let spot = spot(source, label, primary && index == 0);
            let is_full = spots.len() == MAX_LABELS;
            let same = |old: &&mut Spot| (old.start, old.end) == (spot.start, spot.end);
            match spots.iter_mut().find(same) {
                Some(old) if old.text == spot.text => {}
                Some(old) => old.text = [old.text.as_str(), spot.text.as_str()].join("; "),
                None if is_full => left_out += 1,
                None => spots.push(spot),
            }
        }
        let mut view = Self {
            name: escape::line(&places.name(id)).into_owned(),
            text: String::new(),
            windows: Vec::new(),
            marks: Vec::new(),
            ellipsis: frame.ellipsis,
            left_out,
        };
        for spots in group(source, spots, frame) {
            view.add_window(places, id, spots, frame);
        }
        view
    }

    /// The labels, at their places in the view.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.marks.iter().map(|mark| {
            let text = (!mark.text.is_empty()).then(|| wrap(&mark.text, LABEL_WIDTH, self.ellipsis).join("\n"));
            if mark.primary {
                LabeledSpan::new_primary_with_span(text, mark.start..mark.end)
            } else {
                LabeledSpan::new_with_span(text, mark.start..mark.end)
            }
        })
    }

    fn add_window(&mut self, places: &mut Places<'_>, id: SourceId, spots: Vec<Spot>, frame: Frame) {
        let source = places.sources.get(id);
        let first = spots.iter().map(|spot| spot.first).min().unwrap_or(0);
        let last = spots.iter().map(|spot| spot.last).max().unwrap_or(0);
        let indent = indent_to_cut(source, &spots, first, last);
        let window_start = self.text.len();
        let mut shown: Vec<(usize, usize)> = spots.iter().map(|_| (window_start, window_start)).collect();
        for line in first..=last {
            let (start, end) = line_bounds(source, line);
            let start = (start + indent).min(end);
            let anchors = spots.iter().filter_map(|spot| anchor(spot, line, start)).collect();
            let is_cut = spots.iter().any(|spot| spot.cut && spot.last == line);
            let segments = segments(source.text(), start, end, anchors, frame.budget);
            let map = self.write_line(source.text(), (start, end), &segments, is_cut, frame);
            let line_end = self.text.len();
            for (spot, (from, to)) in spots.iter().zip(&mut shown) {
                if spot.first == line {
                    *from = look_up(&map, spot.start, line_end);
                }
                if spot.last == line {
                    *to = if spot.cut {
                        line_end
                    } else if spot.is_multi_line() {
                        look_up(&map, spot.end, line_end)
                    } else {
                        let visible = segments.iter().find(|&&(_, to)| to >= spot.start);
                        let end = visible.map_or(spot.end, |&(_, to)| spot.end.min(to));
                        look_up(&map, end, line_end)
                    };
                }
            }
            self.text.push('\n');
        }
        self.windows.push(Window {
            start: window_start,
            end: self.text.len(),
            line: first,
            n_lines: last - first + 1,
        });
        for (spot, (start, end)) in spots.into_iter().zip(shown) {
            let (line, column) = places.line_column(id, spot.start);
            self.marks.push(Mark {
                start,
                end: end.max(start),
                line,
                column,
                primary: spot.primary,
                text: spot.text,
            });
        }
    }

    /// Writes the segments of one line; gives the place in the view of every character shown.
    fn write_line(
        &mut self,
        text: &str,
        (start, end): (usize, usize),
        segments: &[(usize, usize)],
        is_cut: bool,
        frame: Frame,
    ) -> Vec<(usize, usize)> {
        let mut map = Vec::new();
        let mut done = start;
        for (index, &(from, to)) in segments.iter().enumerate() {
            if from > done {
                if index > 0 {
                    self.text.push(' ');
                }
                self.text.push_str(frame.ellipsis);
                if index > 0 {
                    self.text.push(' ');
                }
            }
            for (at, c) in text.get(from..to).unwrap_or_default().char_indices() {
                map.push((from + at, self.text.len()));
                if c == '\t' {
                    self.text.push_str(TAB);
                } else {
                    escape::push(&mut self.text, c);
                }
            }
            map.push((to, self.text.len()));
            done = to;
        }
        if is_cut {
            self.text.push(' ');
        }
        if is_cut || done < end {
            self.text.push_str(frame.ellipsis);
        }
        map
    }
}

/// A span that reaches from one window into the next is refused, so that miette does not draw the two as one.
///
/// miette asks with one line of context for what to draw, and with none for the place in the heading.
impl SourceCode for View {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        _context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let window = self
            .windows
            .iter()
            .find(|window| window.start <= start && end < window.end)
            .ok_or(MietteError::OutOfBounds)?;
        let data = self.text.get(window.start..window.end).unwrap_or_default();
        let mark = self
            .marks
            .iter()
            .filter(|mark| context_lines_before == 0 && mark.start == start)
            .min_by_key(|mark| (mark.end != end, !mark.primary));
        let (line, column) = mark.map_or((window.line, 0), |mark| (mark.line - 1, mark.column - 1));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data.as_bytes(),
            (window.start, data.len()).into(),
            line,
            column,
            window.n_lines,
        )))
    }
}

/// Start and end of a line (from 0), its line end left out.
fn line_bounds(source: &Source, line: usize) -> (usize, usize) {
    let starts = source.line_starts();
    let len = source.text().len();
    let start = starts.get(line).map_or(len, |&start| start as usize);
    let next = starts.get(line + 1).map_or(len, |&start| start as usize);
    let text = source.text().get(start..next).unwrap_or_default();
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    (start, start + text.len())
}

fn line_of(source: &Source, offset: usize) -> usize {
    let starts = source.line_starts();
    starts
        .partition_point(|&start| start as usize <= offset)
        .saturating_sub(1)
}

/// Clamps a label to its text, to whole characters, to line ends, and to a few lines.
fn spot(source: &Source, label: &Label, primary: bool) -> Spot {
    let text = source.text();
    let start = text.floor_char_boundary(label.span.start as usize);
    let end = text.ceil_char_boundary(label.span.end as usize).max(start);
    let first = line_of(source, start);
    let mut last = line_of(source, start.max(end.saturating_sub(1)));
    let start = start.min(line_bounds(source, first).1);
    let cut = last >= first + MAX_LABEL_LINES;
    if cut {
        last = first + MAX_LABEL_LINES - 1;
    } else {
        // A label that reaches over empty lines ends with the last line that has something to underline.
        while last > first && line_bounds(source, last).0 == line_bounds(source, last).1 {
            last -= 1;
        }
    }
    Spot {
        start,
        end: end.min(line_bounds(source, last).1).max(start),
        first,
        last,
        cut,
        primary,
        text: escape::line(&label.text).into_owned(),
    }
}

/// Which labels are drawn into the same window: near each other and not on top of each other.
/// The window of the primary label comes first, the others as in the file.
fn group(source: &Source, spots: Vec<Spot>, frame: Frame) -> Vec<Vec<Spot>> {
    let mut groups: Vec<Vec<Spot>> = Vec::new();
    for spot in spots {
        match groups.iter_mut().find(|group| fits(source, group, &spot, frame)) {
            Some(group) => group.push(spot),
            None => groups.push(vec![spot]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|spot| (spot.start, spot.end));
    }
    groups.sort_by_key(|group| {
        let place = group.first().map(|spot| (spot.start, spot.end));
        (!group.iter().any(|spot| spot.primary), place)
    });
    groups
}

fn fits(source: &Source, group: &[Spot], spot: &Spot, frame: Frame) -> bool {
    let first = group.iter().map(|other| other.first).min().unwrap_or(spot.first);
    let last = group.iter().map(|other| other.last).max().unwrap_or(spot.last);
    let is_near = spot.first <= last + 2 && first <= spot.last + 2;
    let n_lines = last.max(spot.last) - first.min(spot.first) + 1;
    // miette draws a label of several lines around those of one line, but not two of the same sort.
    let is_free = |other: &Spot| !spot.overlaps(other) || spot.is_multi_line() != other.is_multi_line();
    let (start, end) = line_bounds(source, spot.first);
    let n_same_line = group.iter().filter(|other| other.first == spot.first).count();
    is_near
        && n_lines <= MAX_WINDOW_LINES
        && group.iter().all(is_free)
        && (n_same_line < MAX_LABELS_OF_CLIPPED_LINE || is_short(source.text(), start, end, frame.budget))
}

/// The part of a label that must be visible on a line.
fn anchor(spot: &Spot, line: usize, line_start: usize) -> Option<(usize, usize)> {
    if !spot.is_multi_line() {
        (spot.first == line).then_some((spot.start, spot.end))
    } else if spot.first == line {
        Some((spot.start, spot.start))
    } else if spot.last == line {
        let at = if spot.cut { line_start } else { spot.end };
        Some((at, at))
    } else {
        None
    }
}

/// How many bytes of indentation all lines of a window can do without.
fn indent_to_cut(source: &Source, spots: &[Spot], first: usize, last: usize) -> usize {
    let mut indent = usize::MAX;
    for line in first..=last {
        let (start, end) = line_bounds(source, line);
        let bytes = source.text().as_bytes().get(start..end).unwrap_or_default();
        if let Some(blank) = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t')) {
            indent = indent.min(blank);
        }
        for spot in spots.iter().filter(|spot| spot.first == line) {
            indent = indent.min(spot.start.saturating_sub(start));
        }
    }
    if indent > MAX_INDENT && indent != usize::MAX {
        indent - MAX_INDENT / 2
    } else {
        0
    }
}

/// The parts of a line to show: all of it, or what surrounds each anchor.
fn segments(
    text: &str,
    start: usize,
    end: usize,
    mut anchors: Vec<(usize, usize)>,
    budget: usize,
) -> Vec<(usize, usize)> {
    if is_short(text, start, end, budget) {
        return vec![(start, end)];
    }
    if anchors.is_empty() {
        anchors.push((start, start));
    }
    anchors.sort_unstable();
    let share = (budget / anchors.len()).max(16);
    let mut segments: Vec<(usize, usize)> = Vec::new();
    for (anchor_start, anchor_end) in anchors {
        let (core_end, used) = forward(text, anchor_start, anchor_end, share * 2 / 3);
        let (from, before) = backward(text, start, anchor_start, (share - used) / 2);
        let (to, _) = forward(text, core_end, end, share.saturating_sub(used + before));
        match segments.last_mut() {
            Some(last) if from <= last.1 + 3 => last.1 = last.1.max(to),
            _ => segments.push((from, to)),
        }
    }
    segments
}

fn is_short(text: &str, start: usize, end: usize, budget: usize) -> bool {
    forward(text, start, end, budget).0 == end
}

/// Goes on from `from` as long as the characters passed fit into `width`; also says what they take.
fn forward(text: &str, from: usize, limit: usize, width: usize) -> (usize, usize) {
    let mut used = 0;
    for (at, c) in text.get(from..limit).unwrap_or_default().char_indices() {
        let next = used + shown_width(c);
        if next > width {
            return (from + at, used);
        }
        used = next;
    }
    (limit.max(from), used)
}

/// Like [`forward`], towards the start.
fn backward(text: &str, limit: usize, from: usize, width: usize) -> (usize, usize) {
    let mut used = 0;
    let mut at = from;
    for (index, c) in text.get(limit..from).unwrap_or_default().char_indices().rev() {
        let next = used + shown_width(c);
        if next > width {
            break;
        }
        used = next;
        at = limit + index;
    }
    (at, used)
}

fn shown_width(c: char) -> usize {
    match c {
        '\t' => TAB.len(),
        ' '..='~' => 1,
        c if escape::is_hazardous(c) => 8,
        // Wide characters take two columns; which are wide is miette's business, so allow for it.
        c if c >= '\u{1100}' => 2,
        _ => 1,
    }
}

fn look_up(map: &[(usize, usize)], offset: usize, line_end: usize) -> usize {
    let index = map.partition_point(|&(at, _)| at < offset);
    map.get(index).map_or(line_end, |&(_, shown)| shown)
}
