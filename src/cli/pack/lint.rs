//! `allowaudit pack lint`: all that is wrong with packs, each with its line.

use std::path::{Path, PathBuf};

use super::super::{Outcome, load_packs, pack_files};
use crate::pack::Pack;
use crate::platforms::PLATFORMS;
use crate::problem::{Level, Problem, ProblemKind, did_you_mean};
use crate::report;
use crate::source::{self, Spanned};

/// Reads the packs, and tells.
pub(super) fn run(paths: &[PathBuf]) -> Outcome {
    let mut err = String::new();
    let mut n_errors = 0;
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        let found = if source::exists(path) {
            pack_files(path)
        } else {
            Err(format!("`{}` does not exist", path.display()))
        };
        match found {
            Ok(found) => files.extend(found),
            Err(message) => {
                n_errors += 1;
                err.push_str(&Outcome::refused(&message).err);
            }
        }
    }
    files.sort();
    files.dedup();
    files.retain(|file| match source::read(file) {
        Ok(_) => true,
        Err(error) => {
            n_errors += 1;
            let message = format!("`{}` cannot be read: {error}", file.display());
            err.push_str(&Outcome::refused(&message).err);
            false
        }
    });
    let library = match load_packs(&files) {
        Ok(library) => library,
        Err(message) => return Outcome::refused(&message),
    };
    let mut problems = library.problems.clone();
    let linted = |pack: &&Pack| {
        let name = &library.sources.get(pack.source).name;
        files.iter().any(|file| file.display().to_string() == *name)
    };
    for pack in library.packs.iter().filter(linted) {
        problems.extend(controls(pack));
        problems.extend(misnamed(pack, &library.sources.get(pack.source).name));
    }
    problems.sort_by_key(|problem| problem.labels.first().map(|label| label.span));
    let mut n_warnings = 0;
    for problem in &problems {
        match problem.level {
            Level::Deny => n_errors += 1,
            Level::Warn => n_warnings += 1,
            Level::Note | Level::Allow => {}
        }
        err.push_str(&report::human::problem(problem, &library.sources));
    }
    let out = format!(
        "{}: {}, {}\n",
        counted(files.len(), "pack"),
        counted(n_errors, "error"),
        counted(n_warnings, "warning"),
    );
    Outcome {
        code: if n_errors > 0 { 2 } else { 0 },
        out: out.into_bytes(),
        err,
    }
}

fn counted(n: usize, what: &str) -> String {
    let end = if n == 1 { "" } else { "s" };
    format!("{n} {what}{end}")
}

/// Controls that the platform they are for does not have. Those of platforms nobody reads are mere notes.
fn controls(pack: &Pack) -> Vec<Problem> {
    let advice = pack.advice.iter().map(|row| (&row.platform, &row.control));
    let companions = pack.companions.iter().map(|row| (&row.platform, &row.control));
    let unknown = |&(platform, control): &(&Spanned<String>, &Spanned<String>)| {
        let platform = PLATFORMS.iter().find(|known| known.id == platform.value)?;
        (!platform.controls.contains(&control.value.as_str())).then_some((platform, control.clone()))
    };
    advice
        .chain(companions)
        .filter(|(_, control)| control.span.source == pack.source)
        .filter_map(|row| unknown(&row))
        .map(|(platform, control)| {
            let known = platform.controls.iter().copied();
            let label = did_you_mean(&control.value, known).map_or_else(
                || "no audit looks for it".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Problem::at(
                Level::Warn,
                ProblemKind::Notice,
                control.span,
                format!("`{}` is no control of `{}`", control.value, platform.id),
                label,
            )
            .help(format!("its controls are {}", platform.controls.join(", ")))
        })
        .collect()
}

/// A file that has another name than its pack is not found by people.
fn misnamed(pack: &Pack, file: &str) -> Option<Problem> {
    let stem = Path::new(file).file_stem()?.to_string_lossy().into_owned();
    (stem != pack.id.value).then(|| {
        Problem::at(
            Level::Warn,
            ProblemKind::Notice,
            pack.id.span,
            format!("the pack `{}` is in a file of another name", pack.id.value),
            format!("the file is `{stem}.toml`"),
        )
    })
}
