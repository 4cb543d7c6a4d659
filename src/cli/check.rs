//! `allowaudit check`: the main job.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::{Common, Outcome, World};
use crate::audit::{Job, audit, gather};
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
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes the report to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The level from which findings make the run fail.
    #[arg(long, value_enum, default_value_t = FailOn::Deny)]
    fail_on: FailOn,
    #[command(flatten)]
    common: Common,
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

/// Runs it.
pub fn run(args: &CheckArgs, world: World) -> Outcome {
    let (library, settings) = match args.common.load(world) {
        Ok(loaded) => loaded,
        Err(message) => return Outcome::refused(&message),
    };
    let mut jobs = Vec::new();
    let mut err = String::new();
    let mut refused = false;
    for path in &args.paths {
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
    jobs.sort_by(|one, other| one.path.cmp(&other.path));
    jobs.dedup_by(|one, other| one.path == other.path);
    let tenants = jobs.par_iter().map(|job| audit(job, &library, &settings)).collect();
    let report = Report { tenants };
    let text = match args.format {
        Format::Human => {
            let options = HumanOptions {
                color: args.common.color.wanted(world) && args.output.is_none(),
                unicode: true,
                width: 100,
                quiet: args.common.quiet,
                verbose: args.common.verbose,
            };
            let mut text = report::human::render(&report, &options);
            if !args.common.quiet {
                text.push_str(&not_judged());
            }
            text
        }
        Format::Json => report::json::render(&report, env!("CARGO_PKG_VERSION")),
    };
    for problem in &library.problems {
        if problem.level == Level::Deny {
            refused = true;
        }
        err.push_str(&report::human::problem(problem, &library.sources));
    }
    let mut out = text.into_bytes();
    if let Some(path) = &args.output {
        if let Err(error) = source::write(path, &out) {
            return Outcome::refused(&format!("`{}` cannot be written: {error}", path.display()));
        }
        out.clear();
    }
    Outcome {
        code: code(&report, args.fail_on, refused),
        out,
        err,
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
fn not_judged() -> String {
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

fn stdin_job() -> Result<Job, String> {
    let bytes = source::read_stdin().map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(Job::in_memory("-", vec![(PathBuf::from("stdin.json"), bytes)]))
}
