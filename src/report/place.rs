//! Lines and columns of many offsets, fast also in a file that is one line of 20 MB.
//!
//! [`Source::line_column`](crate::source::Source::line_column) counts from the start of the line each time;
//! here a long line is counted once, in blocks.

use std::collections::BTreeMap;

use crate::source::{SourceId, Sources};

/// Bytes per block; also the distance up to which counting directly is cheap enough.
const BLOCK: usize = 4096;

/// Sources, with the character counts of those that were asked about far into a line.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// The sources.
    pub(crate) sources: &'a Sources,
    /// What their names start with, where they are told apart from others of the same name.
    title: String,
    /// Characters before each block.
    blocks: BTreeMap<SourceId, Vec<usize>>,
}

impl<'a> Places<'a> {
    /// Nothing counted yet.
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self::named(sources, "")
    }

    /// The same under names that start with a title.
    pub(crate) fn named(sources: &'a Sources, title: &str) -> Self {
        Self {
            sources,
            title: title.to_owned(),
            blocks: BTreeMap::new(),
        }
    }

    /// The name of a source.
    pub(crate) fn name(&self, id: SourceId) -> String {
        format!("{}{}", self.title, self.sources.get(id).name)
    }

    /// Line and column of an offset, both from 1; columns count characters. Past the end means the end.
    pub(crate) fn line_column(&mut self, id: SourceId, offset: usize) -> (usize, usize) {
        let source = self.sources.get(id);
        let bytes = source.text().as_bytes();
        let offset = source.text().floor_char_boundary(offset);
        let starts = source.line_starts();
        let line = starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = starts.get(line - 1).map_or(0, |&start| start as usize);
        if offset - start <= BLOCK {
            return (line, count(bytes, start, offset) + 1);
        }
        let blocks = self.blocks.entry(id).or_insert_with(|| {
            let mut before = 0;
            let mut blocks = Vec::with_capacity(bytes.len() / BLOCK + 1);
            for block in bytes.chunks(BLOCK) {
                blocks.push(before);
                before += count(block, 0, block.len());
            }
            blocks
        });
        let before = |at: usize| {
            // An offset at the very end may lie one past the last block.
            let block = (at / BLOCK).min(blocks.len().saturating_sub(1));
            blocks.get(block).copied().unwrap_or(0) + count(bytes, block * BLOCK, at)
        };
        (line, before(offset) - before(start) + 1)
    }
}

/// Characters that start between two offsets.
fn count(bytes: &[u8], from: usize, to: usize) -> usize {
    let is_start = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    bytes.get(from..to).unwrap_or_default().iter().filter(is_start).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_counting_each_time() {
        let long = "aé漢🎣".repeat(3000);
        let text = format!("one\n{long}\r\n{long}");
        let mut sources = Sources::new();
        let id = sources.add_text("x", text.clone());
        let mut places = Places::new(&sources);
        for offset in (0..=text.len())
            .filter(|&offset| text.is_char_boundary(offset))
            .step_by(97)
        {
            let (line, column) = sources.get(id).line_column(u32::try_from(offset).unwrap());
            let expected = (line as usize, column as usize);
            assert_eq!(places.line_column(id, offset), expected);
        }
        let end = places.line_column(id, text.len());
        assert_eq!(places.line_column(id, usize::MAX), end);
    }

    #[test]
    fn the_end_of_a_text_of_whole_blocks() {
        let mut sources = Sources::new();
        let id = sources.add_text("x", "x".repeat(2 * BLOCK));
        assert_eq!(Places::new(&sources).line_column(id, 2 * BLOCK), (1, 2 * BLOCK + 1));
    }
}
