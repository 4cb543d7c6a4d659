//! Holds what the tenant file says of exports against the exports themselves.

use jiff::civil::Date;

use crate::form::bad;
use crate::platforms::PLATFORMS;
use crate::problem::{Level, Problem, ProblemKind, did_you_mean};
use crate::report::Input;
use crate::tenant::{ExportNote, Tenant};

/// What is wrong with the `[[export]]` rows. A row that speaks of nothing may stand for an export that is missing.
pub(super) fn notes(tenant: &Tenant, files: &[&str], inputs: &[Input], now: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    for note in &tenant.exports {
        found.extend(kind(note));
        if !files.contains(&note.file.value.as_str()) {
            found.extend(missing(note, files));
            continue;
        }
        found.extend(empty(note, inputs));
        found.extend(taken(note, now));
    }
    found
}

fn missing(note: &ExportNote, files: &[&str]) -> Option<Problem> {
    let name = note.file.value.as_str();
    // That it lies outside of the folder is told by its reader.
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return None;
    }
    let label = did_you_mean(name, files.iter().copied())
        .map_or_else(|| "not there".to_owned(), |near| format!("did you mean `{near}`?"));
    let problem = bad(note.file.span, format!("this tenant has no file `{name}`"), label);
    Some(problem.help("take the row out, or put the export there: a row does not stand for a file"))
}

fn kind(note: &ExportNote) -> Option<Problem> {
    let kind = note.kind.as_ref()?;
    let (id, word) = kind.value.split_once('/')?;
    let platform = PLATFORMS.iter().find(|platform| platform.id == id)?;
    let known: Vec<&'static str> = (platform.exports)().into_iter().map(|export| export.kind).collect();
    if known.contains(&word) {
        return None;
    }
    let label = did_you_mean(word, known.iter().copied())
        .map_or_else(|| "not known".to_owned(), |near| format!("did you mean `{id}/{near}`?"));
    let mut words: Vec<String> = known.iter().map(|kind| format!("`{id}/{kind}`")).collect();
    words.dedup();
    let message = format!("`{}` is no kind of export that is read", kind.value);
    Some(bad(kind.span, message, label).help(format!("one of {}", words.join(", "))))
}

fn empty(note: &ExportNote, inputs: &[Input]) -> Option<Problem> {
    let rows = inputs.iter().filter(|input| input.path == note.file.value);
    let objects: usize = rows.map(|input| input.objects).sum();
    (note.empty && objects > 0).then(|| {
        let message = format!("`{}` is said to be empty and is not", note.file.value);
        bad(note.span, message, "says `empty = true`")
    })
}

fn taken(note: &ExportNote, now: Date) -> Option<Problem> {
    let taken = note.taken.filter(|taken| taken.value > now)?;
    let message = format!(
        "`{}` is said to be taken after the day of the audit, so its age is not known",
        note.file.value
    );
    Some(Problem::at(
        Level::Warn,
        ProblemKind::Notice,
        taken.span,
        message,
        "not yet",
    ))
}
