//! `allowaudit diff`: which messages change their fate between two sets of exports.

use std::path::PathBuf;

use clap::{ArgMatches, Args, ValueEnum};
use rayon::prelude::*;

use super::check::not_judged;
use super::{Color, Common, Outcome, World};
use crate::audit::{compare, pairs};
use crate::problem::Level;
use crate::report;
use crate::report::diff::{DiffOutcome, DiffReport, TenantDiff};
use crate::report::human::HumanOptions;
use crate::source;

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  nothing changed for the worse
  1  a vendor's mail got through for sure and does not for sure any more, or a way in for strangers
     became wider, surely or possibly; also where only OLD has a tenant
  2  a side could not be audited

Mail of a vendor that only OLD declares may stop, and senders that NEW declares may get in: that is
told, and changes no exit code. Where only one side has a tenant file or recorded answers of DNS,
they speak for both.")]
pub struct DiffArgs {
    /// The exports before: a folder with a tenant or several, or a single export.
    old: PathBuf,
    /// The exports now. Of several tenants those are compared that lie at the same place.
    new: PathBuf,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes the report to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
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

/// Runs it.
pub fn run(mut args: DiffArgs, options: &ArgMatches, world: World) -> Outcome {
    args.common.order(options);
    let (library, settings) = match args.common.load(world) {
        Ok(loaded) => loaded,
        Err(message) => return Outcome::refused(&message),
    };
    let mut err = String::new();
    for problem in &library.problems {
        err.push_str(&report::human::problem(problem, &library.sources));
    }
    let mut refused = library.problems.iter().any(|problem| problem.level == Level::Deny);
    let pairs = match pairs(&args.old, &args.new) {
        Ok(pairs) => pairs,
        Err(message) => {
            err.push_str(&Outcome::refused(&message).err);
            return Outcome {
                code: 2,
                out: Vec::new(),
                err,
            };
        }
    };
    let report = DiffReport {
        tenants: pairs
            .par_iter()
            .map(|pair| compare(pair, &library, &settings))
            .collect(),
    };
    let file = args.output.as_ref().filter(|path| path.as_os_str() != "-");
    if args.format != Format::Human || file.is_some() {
        // The human report holds them; whoever reads another one must not miss why the audit failed.
        for (_, side) in report.tenants.iter().flat_map(TenantDiff::sides) {
            for problem in &side.problems {
                err.push_str(&report::human::problem(problem, &side.sources));
            }
        }
    }
    let text = render(&report, &args, file.is_some(), world);
    let mut out = Vec::new();
    match file {
        None => out = text.into_bytes(),
        Some(path) => {
            if let Err(error) = source::write(path, text.as_bytes()) {
                refused = true;
                let message = format!("`{}` cannot be written: {error}", path.display());
                err.push_str(&Outcome::refused(&message).err);
            }
        }
    }
    let worst = report.tenants.iter().map(TenantDiff::outcome).max();
    let code = match worst {
        _ if refused => 2,
        None | Some(DiffOutcome::Failed) => 2,
        Some(DiffOutcome::Worse | DiffOutcome::OnlyOld) => 1,
        Some(DiffOutcome::Same | DiffOutcome::Changed | DiffOutcome::OnlyNew) => 0,
    };
    Outcome { code, out, err }
}

fn render(report: &DiffReport, args: &DiffArgs, to_file: bool, world: World) -> String {
    match args.format {
        Format::Human => {
            let options = HumanOptions {
                color: if to_file {
                    args.common.color == Color::Always
                } else {
                    args.common.color.wanted(world)
                },
                unicode: true,
                width: world.width,
                quiet: args.common.quiet,
                verbose: args.common.verbose,
            };
            let mut text = report::human::diff::render(report, &options);
            if !args.common.quiet {
                text.push_str(&not_judged());
            }
            text
        }
        Format::Json => report::json::diff::render(report, env!("CARGO_PKG_VERSION")),
    }
}
