//! Sources: every text a finding can point into, and the only door to the file system.
//!
//! Bytes are decoded once, here; every [`Span`] counts bytes of the decoded text (UTF-8, no byte order mark).
//! A source need not have a file: embedded packs and DNS answers are sources too.
//! This module knows nothing of formats.

mod folder;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use folder::{contents, replace_folder};

/// Which source a span points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// Not a source: for things that stand nowhere. Its text is empty.
    pub const NOWHERE: Self = Self(u32::MAX);
}

/// A range of bytes in the decoded text of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets.
    pub const fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// Length in bytes.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no byte.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the other span lies in this one.
    pub fn holds(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// How the bytes of a source were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Bom,
    /// UTF-16, little endian; Windows PowerShell writes it with `Out-File` and `>`.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
}

impl Encoding {
    /// The name used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf8Bom => "utf-8-bom",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }
}

/// One decoded text.
#[derive(Debug)]
pub struct Source {
    /// The name shown in reports: a path relative to the tenant, or an invented name.
    pub name: String,
    /// How it was written.
    pub encoding: Encoding,
    /// Where the first byte sequence stood that is not valid in its encoding; it reads as U+FFFD now.
    pub malformed_at: Option<u32>,
    text: Cow<'static, str>,
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    /// The decoded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Offsets at which lines start. Built when first asked for.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|end| to_u32(end + 1))).collect()
        })
    }

    /// Line and column of an offset, both from 1; columns count characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.slice(start, offset);
        (to_u32(line), to_u32(before.chars().count() + 1))
    }

    /// The text between two offsets, moved outward to character boundaries and clamped to the text.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        let text = self.text();
        let mut from = (start as usize).min(text.len());
        let mut to = (end as usize).clamp(from, text.len());
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        while !text.is_char_boundary(to) {
            to += 1;
        }
        text.get(from..to).unwrap_or("")
    }
}

/// The texts of one audit. Ids below the length of `base` belong to it: shared packs are read once for all tenants.
#[derive(Debug, Default)]
pub struct Sources {
    base: Option<Arc<Sources>>,
    own: Vec<Source>,
}

impl Sources {
    /// No sources yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sources on top of shared ones.
    pub fn over(base: Arc<Sources>) -> Self {
        Self {
            base: Some(base),
            own: Vec::new(),
        }
    }

    /// How many there are, shared ones included.
    pub fn len(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.len()) + self.own.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a text that needs no decoding.
    pub fn add_text(&mut self, name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> SourceId {
        self.push(name.into(), Encoding::Utf8, None, text.into())
    }

    /// Decodes and adds the bytes of a file. Never fails: what is not valid in the encoding becomes U+FFFD
    /// and is remembered in [`Source::malformed_at`].
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> SourceId {
        let (encoding, malformed_at, text) = decode(bytes);
        self.push(name.into(), encoding, malformed_at, Cow::Owned(text))
    }

    fn push(
        &mut self,
        name: String,
        encoding: Encoding,
        malformed_at: Option<u32>,
        text: Cow<'static, str>,
    ) -> SourceId {
        let id = SourceId(to_u32(self.len()));
        self.own.push(Source {
            name,
            encoding,
            malformed_at,
            text,
            lines: OnceLock::new(),
        });
        id
    }

    /// The source of an id of these sources.
    pub fn get(&self, id: SourceId) -> &Source {
        static NOWHERE: OnceLock<Source> = OnceLock::new();
        let shared = self.base.as_ref().map_or(0, |base| base.len());
        let found = match (id.0 as usize).checked_sub(shared) {
            Some(own) => self.own.get(own),
            None => self.base.as_ref().map(|base| base.get(id)),
        };
        // INVARIANT: ids are only made by `push`, so the fallback is for ids of other `Sources`, a bug that must not panic.
        found.unwrap_or_else(|| {
            NOWHERE.get_or_init(|| Source {
                name: "nowhere".to_owned(),
                encoding: Encoding::Utf8,
                malformed_at: None,
                text: Cow::Borrowed(""),
                lines: OnceLock::new(),
            })
        })
    }

    /// The text under a span.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).slice(span.start, span.end)
    }
}

/// Largest text a [`Span`] can point into.
pub const MAX_BYTES: u64 = u32::MAX as u64;

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Decodes by byte order mark, else by the pattern of NUL bytes, else as UTF-8.
///
/// UTF-16 without a mark is what some exporters write (facts: export-formats section 2).
/// A declaration inside the text (XML `encoding=`) is ignored: it lies in real files.
fn decode(mut bytes: Vec<u8>) -> (Encoding, Option<u32>, String) {
    let encoding = match *bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8Bom,
        [0xFF, 0xFE, ..] => Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => Encoding::Utf16Be,
        _ => guess_by_nul(&bytes),
    };
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom => {
            if encoding == Encoding::Utf8Bom {
                bytes.drain(..3);
            }
            match String::from_utf8(bytes) {
                Ok(text) => (encoding, None, text),
                Err(error) => {
                    let at = to_u32(error.utf8_error().valid_up_to());
                    (
                        encoding,
                        Some(at),
                        String::from_utf8_lossy(error.as_bytes()).into_owned(),
                    )
                }
            }
        }
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let codec = if encoding == Encoding::Utf16Le {
                encoding_rs::UTF_16LE
            } else {
                encoding_rs::UTF_16BE
            };
            let (text, had_errors) = codec.decode_with_bom_removal(&bytes);
            let malformed_at = had_errors.then(|| to_u32(text.find('\u{FFFD}').unwrap_or(0)));
            (encoding, malformed_at, text.into_owned())
        }
    }
}

fn guess_by_nul(bytes: &[u8]) -> Encoding {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    let pairs = head.len() / 2;
    if pairs < 2 {
        return Encoding::Utf8;
    }
    let high = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .take(pairs)
            .filter(|&&byte| byte == 0)
            .count()
    };
    // Markup and keys are ASCII, so nearly every other byte of UTF-16 is NUL, and never both of a pair.
    let (even, odd) = (high(0), high(1));
    if odd * 10 >= pairs * 7 && even * 10 < pairs {
        Encoding::Utf16Le
    } else if even * 10 >= pairs * 7 && odd * 10 < pairs {
        Encoding::Utf16Be
    } else {
        Encoding::Utf8
    }
}

/// Reads a whole file.
///
/// # Errors
/// What the file system says, or a file larger than [`MAX_BYTES`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 GiB"));
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the file system")]
    std::fs::read(path)
}

/// Reads standard input to its end.
///
/// # Errors
/// What the operating system says.
pub fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)?;
    Ok(bytes)
}

/// Writes a whole file.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the file system")]
    std::fs::write(path, bytes)
}

/// Whether something exists at a path.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether a path is a directory.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// The path from the root of the file system; as given where that cannot be told.
pub fn full(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Every file under a directory, sorted, hidden entries and symbolic links to directories left out, and so is what is no
/// file, such as a pipe that nobody writes to.
/// Folders that cannot be opened are returned beside the files, each with what the file system says.
pub fn walk(root: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
    let mut files = Vec::new();
    let mut failed = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        #[expect(clippy::disallowed_methods, reason = "this is the one door to the file system")]
        let listing = match std::fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(error) => {
                failed.push((folder, error));
                continue;
            }
        };
        for entry in listing {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    failed.push((folder.clone(), error));
                    break;
                }
            };
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_symlink() && leads_to_no_file(&entry.path()) => {}
                Ok(kind) if !kind.is_symlink() && !kind.is_file() => {}
                _ => files.push(entry.path()),
            }
        }
    }
    files.sort();
    (files, failed)
}

/// Whether a link leads to something, and that is no file. One that leads nowhere is told when it is read.
fn leads_to_no_file(link: &Path) -> bool {
    link.exists() && !link.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn every_encoding_reads_as_the_same_text() {
        let text = "{ \"Name\": \"Über ✓\" }\r\n";
        let with_mark = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (
                with_mark(&[0xEF, 0xBB, 0xBF], text.as_bytes().to_vec()),
                Encoding::Utf8Bom,
            ),
            (with_mark(&[0xFF, 0xFE], utf16(text, false)), Encoding::Utf16Le),
            (utf16(text, false), Encoding::Utf16Le),
            (with_mark(&[0xFE, 0xFF], utf16(text, true)), Encoding::Utf16Be),
        ] {
            let mut sources = Sources::new();
            let id = sources.add_bytes("x", bytes);
            assert_eq!(sources.get(id).text(), text);
            assert_eq!(sources.get(id).encoding, encoding);
            assert_eq!(sources.get(id).malformed_at, None);
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_remembered() {
        let mut sources = Sources::new();
        let id = sources.add_bytes("x", b"ab\xFFcd".to_vec());
        assert_eq!(sources.get(id).text(), "ab\u{FFFD}cd");
        assert_eq!(sources.get(id).malformed_at, Some(2));
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut sources = Sources::new();
        let id = sources.add_text("x", "é\nab\n");
        let source = sources.get(id);
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(2), (1, 2));
        assert_eq!(source.line_column(3), (2, 1));
        assert_eq!(source.line_column(4), (2, 2));
        assert_eq!(source.line_column(999), (3, 1));
    }

    #[test]
    fn shared_sources_keep_their_ids() {
        let mut base = Sources::new();
        let pack = base.add_text("pack", "abc");
        let mut own = Sources::over(Arc::new(base));
        let export = own.add_text("export", "def");
        assert_eq!(own.text(Span::new(pack, 1, 2)), "b");
        assert_eq!(own.text(Span::new(export, 1, 2)), "e");
    }
}
