//! The files of one tenant, read and parsed.

use std::path::Path;

use crate::allow::ip::IpSet;
use crate::document::{Document, json};
use crate::platform::{Declared, File, ReadInput};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::{SourceId, Sources, Span};

use super::gather::{Job, Settings};
use super::prepare::Prepared;

/// The exports of a tenant, as they were read.
pub(super) struct Exports {
    pub files: Vec<ReadFile>,
    pub documents: Vec<Option<Document>>,
    pub declared: Vec<Declared>,
    /// Filters in front, declared or shown by MX, where mail takes one way.
    pub hops: Vec<(String, IpSet)>,
}

impl Exports {
    /// The parsed files.
    pub(super) fn views<'a>(&'a self, sources: &'a Sources) -> Vec<File<'a>> {
        views(&self.files, &self.documents, sources)
    }

    /// What a platform is given of them.
    pub(super) fn input<'a>(
        &'a self,
        views: &'a [File<'a>],
        prepared: &'a Prepared,
        settings: &Settings,
    ) -> ReadInput<'a> {
        ReadInput {
            files: views,
            declared: &self.declared,
            domains: &prepared.tenant.domains,
            hops: &self.hops,
            now: settings.now,
            assume_empty: settings.assume_empty,
        }
    }
}

/// One file.
pub(super) struct ReadFile {
    pub id: SourceId,
    pub stem: String,
    pub path: String,
}

pub(super) fn views<'a>(
    files: &'a [ReadFile],
    documents: &'a [Option<Document>],
    sources: &'a Sources,
) -> Vec<File<'a>> {
    let files = files.iter().zip(documents);
    let views = files.filter_map(|(file, document)| {
        let document = document.as_ref()?;
        Some(File {
            source: file.id,
            stem: &file.stem,
            path: &file.path,
            text: sources.get(file.id).text(),
            document,
        })
    });
    views.collect()
}

/// Reads and parses every file. What cannot be opened or parsed is a problem, and what could be read is kept.
pub(super) fn read_files(
    job: &Job,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> (Vec<ReadFile>, Vec<Option<Document>>, Vec<SourceId>) {
    let mut files = Vec::new();
    let mut documents = Vec::new();
    let mut broken = Vec::new();
    for (folder, error) in &job.closed {
        let id = sources.add_text(relative(&job.root, folder), "");
        problems.push(unopened(
            id,
            &format!("the folder `{}` cannot be opened: {error}", folder.display()),
        ));
    }
    for path in &job.files {
        let name = relative(&job.root, path);
        let bytes = match job.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let id = sources.add_text(name.clone(), "");
                problems.push(unopened(id, &format!("`{name}` cannot be read: {error}")));
                broken.push(id);
                continue;
            }
        };
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let id = sources.add_bytes(name.clone(), bytes);
        let source = sources.get(id);
        let text = source.text();
        let starts = text.trim_start().starts_with(['[', '{']);
        if !is_json && !starts {
            files.push(ReadFile { id, stem, path: name });
            documents.push(None);
            continue;
        }
        if let Some(at) = source.malformed_at {
            problems.push(Problem::at(
                Level::Note,
                ProblemKind::Unreadable,
                Span::new(id, at, at.saturating_add(3)),
                format!("`{name}` holds bytes that are not valid {}", source.encoding.as_str()),
                "replaced from here on",
            ));
        }
        let (document, found) = json::parse(id, text);
        problems.extend(found);
        files.push(ReadFile { id, stem, path: name });
        documents.push(Some(document));
    }
    (files, documents, broken)
}

pub(super) fn unopened(id: SourceId, message: &str) -> Problem {
    Problem {
        level: Level::Deny,
        kind: ProblemKind::Unreadable,
        message: message.to_owned(),
        help: None,
        labels: vec![crate::problem::Label::new(Span::new(id, 0, 0), "this file")],
    }
}

pub(super) fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
