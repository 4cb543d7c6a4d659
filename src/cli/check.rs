//! `allowaudit check`: the main job.

use std::path::{Component, Path, PathBuf};

use clap::{ArgMatches, Args, ValueEnum};
use rayon::prelude::*;

use super::asking::late;
use super::{Color, Common, Outcome, World};
use crate::audit::{Dns, Job, audit, gather};
use crate::problem::Level;
use crate::report::human::HumanOptions;
use crate::report::{self, Report};
use crate::source;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Tenants: folders with exports, or single exports; `-` is standard input.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Form of the report, `human` if not given; repeatable, each but one with an `--output` of its own.
    #[arg(long, value_enum)]
    format: Vec<Format>,
    /// Writes the report of the `--format` before it to a file instead of standard output; repeatable.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// The level from which findings make the run fail.
    #[arg(long, value_enum, default_value_t = FailOn::Deny)]
    fail_on: FailOn,
    #[command(flatten)]
    common: Common,
}

/// One report to write: its form, and the file it goes to unless that is standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    format: Format,
    file: Option<PathBuf>,
}

/// Form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs; versioned.
    Json,
}

/// The level from which findings make the run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Findings at deny.
    Deny,
    /// Findings at warn or deny.
    Warn,
    /// Any finding.
    Note,
    /// No finding.
    Never,
}

/// Pairs each `--output` with the `--format` before it. With one of each there is no doubt, whatever their order.
fn targets(args: &CheckArgs, options: &ArgMatches) -> Result<Vec<Target>, String> {
    let file = |path: &PathBuf| (path.as_os_str() != "-").then(|| path.clone());
    let targets = match (args.format.as_slice(), args.output.as_slice()) {
        ([], []) => vec![Target {
            format: Format::Human,
            file: None,
        }],
        ([], [path]) => vec![Target {
            format: Format::Human,
            file: file(path),
        }],
        ([format], [path]) => vec![Target {
            format: *format,
            file: file(path),
        }],
        (formats, outputs) => {
            let indices = |name: &str| options.indices_of(name).into_iter().flatten();
            let formats = indices("format")
                .zip(formats)
                .map(|(at, format)| (at, Some(*format), None));
            let outputs = indices("output").zip(outputs).map(|(at, path)| (at, None, Some(path)));
            let mut all: Vec<(usize, Option<Format>, Option<&PathBuf>)> = formats.chain(outputs).collect();
            all.sort_by_key(|(at, ..)| *at);
            let mut targets: Vec<Target> = Vec::new();
            let mut open = false;
            for (_, format, path) in all {
                if let Some(format) = format {
                    targets.push(Target { format, file: None });
                    open = true;
                } else if let (true, Some(path), Some(last)) = (open, path, targets.last_mut()) {
                    last.file = file(path);
                    open = false;
                } else if let Some(path) = path {
                    return Err(format!(
                        "`--output {}` has no `--format` of its own before it",
                        path.display()
                    ));
                }
            }
            targets
        }
    };
    if targets.iter().filter(|target| target.file.is_none()).count() > 1 {
        return Err(
            "only one report can go to standard output; give each other `--format` an `--output` after it".to_owned(),
        );
    }
    let mut files: Vec<&PathBuf> = targets.iter().filter_map(|target| target.file.as_ref()).collect();
    files.sort();
    if let Some(twice) = files.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(one),
        _ => None,
    }) {
        return Err(format!("two reports would be written to `{}`", twice.display()));
    }
    Ok(targets)
}

/// Runs it.
pub fn run(mut args: CheckArgs, options: &ArgMatches, world: World) -> Outcome {
    args.common.order(options);
    let targets = match targets(&args, options) {
        Ok(targets) => targets,
        Err(message) => return Outcome::refused(&message),
    };
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
    let mut paths = args.paths.clone();
    paths.sort();
    paths.dedup();
    let mut jobs = Vec::new();
    for path in &paths {
        let found = if path.as_os_str() == "-" {
            stdin_job().map(|job| vec![job])
        } else {
            gather(path)
        };
        match found {
            Ok(found) => jobs.extend(found),
            Err(message) => {
                refused = true;
                err.push_str(&Outcome::refused(&message).err);
            }
        }
    }
    if jobs.is_empty() {
        return Outcome {
            code: 2,
            out: Vec::new(),
            err,
        };
    }
    jobs.sort_by_key(plain);
    jobs.dedup_by(|one, other| plain(one) == plain(other));
    let tenants = jobs.par_iter().map(|job| audit(job, &library, &settings)).collect();
    if let Dns::Asked(resolver) = &settings.dns {
        err.push_str(&late(&**resolver));
    }
    let report = Report { tenants };
    let told = targets
        .iter()
        .any(|target| target.format == Format::Human && target.file.is_none());
    if !told {
        // The human report holds them; whoever reads another one must not miss why the audit failed.
        for tenant in &report.tenants {
            for problem in &tenant.problems {
                err.push_str(&report::human::problem(problem, &tenant.sources));
            }
        }
    }
    let mut out = Vec::new();
    for target in &targets {
        let text = render(&report, &args, target, world);
        match &target.file {
            None => out = text.into_bytes(),
            Some(path) => {
                if let Err(error) = source::write(path, text.as_bytes()) {
                    refused = true;
                    let message = format!("`{}` cannot be written: {error}", path.display());
                    err.push_str(&Outcome::refused(&message).err);
                }
            }
        }
    }
    let code = code(&report, args.fail_on, refused);
    // Nobody has to wait until many findings are taken apart.
    rayon::spawn(move || drop(report));
    Outcome { code, out, err }
}

/// The path without what says nothing, so that `./a` and `a` are one tenant.
fn plain(job: &Job) -> PathBuf {
    let parts = Path::new(&job.path).components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

fn render(report: &Report, args: &CheckArgs, target: &Target, world: World) -> String {
    match target.format {
        Format::Human => {
            let options = HumanOptions {
                color: match &target.file {
                    None => args.common.color.wanted(world),
                    Some(_) => args.common.color == Color::Always,
                },
                unicode: true,
                width: world.width,
                quiet: args.common.quiet,
                verbose: args.common.verbose,
            };
            let mut text = report::human::render(report, &options);
            if !args.common.quiet {
                text.push_str(&not_judged());
            }
            text
        }
        Format::Json => report::json::render(report, env!("CARGO_PKG_VERSION")),
    }
}

fn code(report: &Report, fail_on: FailOn, refused: bool) -> u8 {
    let failed = report
        .tenants
        .iter()
        .any(|tenant| tenant.outcome == report::Outcome::Failed);
    if refused || failed {
        return 2;
    }
    let summary = report.summary();
    let counted = match fail_on {
        FailOn::Never => 0,
        FailOn::Deny => summary.deny,
        FailOn::Warn => summary.deny + summary.warn,
        FailOn::Note => summary.deny + summary.warn + summary.note,
    };
    u8::from(counted > 0)
}

/// What this version does not look at, so that a clean report is not taken for more than it is.
pub(super) fn not_judged() -> String {
    let mut text = String::from("not judged in this version:\n");
    for part in crate::platforms::PLATFORMS
        .iter()
        .flat_map(|platform| platform.not_judged)
    {
        text.push_str("  - ");
        text.push_str(part);
        text.push('\n');
    }
    text
}

/// Standard input as a tenant.
pub(super) fn stdin_job() -> Result<Job, String> {
    let bytes = source::read_stdin().map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(Job::in_memory("-", vec![(PathBuf::from("standard input"), bytes)]))
}
