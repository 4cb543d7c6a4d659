//! `allowaudit fix`: the smallest changes that clear the findings, proved before they are printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, ValueEnum};
use rayon::prelude::*;

use super::check::stdin_job;
use super::{Common, Outcome, World};
use crate::audit::fix::{Only, fix};
use crate::audit::{Job, Library, gather};
use crate::checks::names;
use crate::problem::{Level, did_you_mean};
use crate::report::fix::folder::{self, PROOF, slashed};
use crate::report::fix::script::{self, Way};
use crate::report::fix::{Fix, human, json, markdown, table};
use crate::report::human::HumanOptions;
use crate::report::{self};
use crate::source;

/// Version of the program, for those who find its files.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub struct FixArgs {
    /// The tenant: a folder with exports, or a single export; a tree of tenants gives the changes to each. `-` is standard input.
    path: PathBuf,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes everything into this folder, too: a script and its rollback, a README, `proof.json`, and in `patched` the
    /// exports as they will be. The folder may hold nothing but what `fix` wrote there before.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Mends only what this check, group or vendor is about; repeatable.
    #[arg(long, value_name = "CHECK|VENDOR")]
    only: Vec<String>,
    /// Says of each step why it is the smallest.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    common: Common,
}

/// Form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: steps, exports before and after, the proof, and what is left to them.
    Human,
    /// A script that shows what would happen, and with `-Apply` does it. For one tenant.
    Powershell,
    /// A table, one row a value.
    Csv,
    /// For programs; versioned, with operations of RFC 6902 for each export.
    Json,
    /// A ticket, ready to paste.
    Markdown,
}

/// Runs it.
pub fn run(mut args: FixArgs, options: &ArgMatches, world: World) -> Outcome {
    args.common.order(options);
    let (library, settings) = match args.common.load(world) {
        Ok(loaded) => loaded,
        Err(message) => return Outcome::refused(&message),
    };
    let mut err = String::new();
    let mut refused = false;
    for problem in &library.problems {
        refused |= problem.level == Level::Deny;
        err.push_str(&report::human::problem(problem, &library.sources));
    }
    let prepared = only(&args.only, &library).and_then(|only| Ok((only, jobs(&args.path)?)));
    let (only, jobs) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return Outcome::refused(&message),
    };
    if let Some(folder) = &args.output
        && let Err(message) = may_write(folder, &args.path)
    {
        return Outcome::refused(&message);
    }
    let fixes: Vec<Fix> = jobs
        .par_iter()
        .map(|job| fix(job, &library, &settings, &only))
        .collect();
    if args.format != Format::Human {
        for fix in &fixes {
            for problem in &fix.before.problems {
                err.push_str(&report::human::problem(problem, &fix.before.sources));
            }
        }
    }
    let failed = fixes.iter().any(|fix| fix.before.outcome == report::Outcome::Failed);
    let out = match render(&fixes, &args, world) {
        Ok(text) => text,
        Err(message) => return Outcome::refused(&message),
    };
    if let Some(folder) = &args.output {
        let audited: Vec<Fix> = fixes
            .into_iter()
            .filter(|fix| fix.before.outcome != report::Outcome::Failed)
            .collect();
        let changes = audited.iter().any(|fix| !fix.steps.is_empty());
        if let Err(message) = written(folder, &audited) {
            refused = true;
            err.push_str(&Outcome::refused(&message).err);
        }
        return outcome(refused || failed, changes, out, err);
    }
    let changes = fixes.iter().any(|fix| !fix.steps.is_empty());
    outcome(refused || failed, changes, out, err)
}

fn outcome(failed: bool, changes: bool, out: String, err: String) -> Outcome {
    Outcome {
        code: if failed { 2 } else { u8::from(changes) },
        out: out.into_bytes(),
        err,
    }
}

fn jobs(path: &Path) -> Result<Vec<Job>, String> {
    if path.as_os_str() == "-" {
        return stdin_job().map(|job| vec![job]);
    }
    gather(path)
}

/// What to mend: checks, groups and vendors that there are, vendors by their ids.
fn only(wanted: &[String], library: &Library) -> Result<Only, String> {
    let known = names();
    let mut found = Only::default();
    for name in wanted {
        let pack = library.packs.iter().find(|pack| pack.answers_to(name));
        if known.contains(&name.as_str()) {
            found.names.push(name.clone());
        } else if let Some(pack) = pack {
            found.names.push(pack.id.value.clone());
        } else {
            let vendors = library.packs.iter().map(|pack| pack.id.value.as_str());
            let help = did_you_mean(name, known.iter().copied().chain(vendors)).map_or_else(
                || "`allowaudit explain` lists the checks, and `allowaudit pack list` the vendors".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(format!("there is no check, group or vendor `{name}`; {help}"));
        }
    }
    Ok(found)
}

fn render(fixes: &[Fix], args: &FixArgs, world: World) -> Result<String, String> {
    Ok(match args.format {
        Format::Human => {
            let options = HumanOptions {
                color: args.common.color.wanted(world),
                unicode: true,
                width: world.width,
                quiet: args.common.quiet,
                verbose: args.common.verbose,
            };
            human::render(fixes, &options, args.explain)
        }
        Format::Powershell => script_of_one(fixes)?,
        Format::Csv => table::render(fixes),
        Format::Json => json::render(fixes, VERSION),
        Format::Markdown => markdown::render(fixes, VERSION, args.explain),
    })
}

/// A script changes whatever tenant the session is connected to, so there is none for several.
fn script_of_one(fixes: &[Fix]) -> Result<String, String> {
    let changed: Vec<&Fix> = fixes.iter().filter(|fix| !fix.steps.is_empty()).collect();
    let fix = match (changed.as_slice(), fixes) {
        ([fix], _) => *fix,
        ([], [fix, ..]) => fix,
        ([], []) => return Ok(String::new()),
        (several, _) => {
            return Err(format!(
                "one script cannot change {} tenants; name one of them, or let `--output DIR` write a script for each",
                several.len()
            ));
        }
    };
    let writer = fix.writers().iter().find(|writer| writer.id == "powershell");
    writer.map_or_else(
        || Err(format!("changes to `{}` are not written in PowerShell", fix.platform)),
        |writer| Ok(script::render(fix, writer, Way::Forth, VERSION)),
    )
}

/// Whether the folder may be written: it is new, or empty, or all in it was written by `fix`; and no audit of the tenant
/// would take what lies there for its exports.
fn may_write(folder: &Path, path: &Path) -> Result<(), String> {
    let shown = folder.display();
    if source::is_dir(path) && lies_in(folder, path) {
        return Err(format!(
            "`{shown}` would lie among the exports of `{}`, and be read as exports from then on; choose a folder outside",
            path.display()
        ));
    }
    if !source::exists(folder) {
        return Ok(());
    }
    if !source::is_dir(folder) {
        return Err(format!("`{shown}` is no folder"));
    }
    let present = source::contents(folder).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let ours = source::read(&folder.join(PROOF))
        .map(|bytes| listed(&bytes))
        .unwrap_or_default();
    let foreign = present
        .iter()
        .map(|file| slashed(file))
        .find(|file| !ours.contains(file));
    foreign.map_or(Ok(()), |file| {
        Err(format!(
            "`{shown}` holds `{file}`, which `fix` did not write; choose an empty folder"
        ))
    })
}

/// Whether a folder that need not exist lies in another.
fn lies_in(folder: &Path, other: &Path) -> bool {
    let other = source::full(other);
    let mut at = Some(folder);
    while let Some(path) = at {
        if source::exists(path) || path.as_os_str().is_empty() {
            return source::full(path).starts_with(&other);
        }
        at = path.parent();
    }
    false
}

/// The files that a former run says it wrote.
fn listed(proof: &[u8]) -> BTreeSet<String> {
    let proof: serde_json::Value = serde_json::from_slice(proof).unwrap_or_default();
    if proof.get("format").and_then(|format| format.as_str()) != Some("allowaudit-fix") {
        return BTreeSet::new();
    }
    let files = proof.get("written").and_then(|files| files.as_array());
    let files = files.into_iter().flatten().filter_map(|file| file.as_str());
    files.map(str::to_owned).collect()
}

fn written(folder: &Path, fixes: &[Fix]) -> Result<(), String> {
    let files: Vec<(PathBuf, Vec<u8>)> = folder::files(fixes, VERSION)
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    source::replace_folder(folder, &files).map_err(|error| format!("`{}` cannot be written: {error}", folder.display()))
}
