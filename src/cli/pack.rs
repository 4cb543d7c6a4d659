//! `allowaudit pack`: the vendor packs, listed, shown, checked, compared with DNS and started.

mod lint;
mod show;
mod start;
mod verify;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::table::aligned;
use super::{Outcome, World, load_packs, no_such_pack};
use crate::audit::Library;
use crate::pack::Pack;
use crate::problem::Level;
use crate::report::{self, escape};

/// Arguments of `pack`.
#[derive(Debug, Args)]
pub struct PackArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the packs: id, date of the last comparison, number of values, streams, name, parameters.
    List {
        /// Further packs: a file, or a folder of them.
        #[arg(long, value_name = "FILE|DIR")]
        pack: Vec<PathBuf>,
    },
    /// Shows everything a pack says.
    Show {
        /// Id or alias of the pack.
        id: String,
        /// Further packs: a file, or a folder of them.
        #[arg(long, value_name = "FILE|DIR")]
        pack: Vec<PathBuf>,
    },
    /// Reads packs and tells all that is wrong with them.
    Lint {
        /// Files, or folders of them.
        #[arg(required = true, value_name = "FILE|DIR")]
        files: Vec<PathBuf>,
    },
    /// Compares addresses with the SPF records that packs name, and proposes what packs could say instead.
    /// Asks the network, unless `--dns` names a recording. Writes no file.
    Verify(verify::VerifyArgs),
    /// Prints a commented pack to fill in.
    New {
        /// Id of the new pack: lower-case letters, digits, `-` and `_`.
        id: String,
        /// The day to write into it.
        #[arg(long, value_name = "DATE")]
        now: Option<Date>,
    },
}

/// Runs it.
pub fn run(args: &PackArgs, world: World) -> Outcome {
    match &args.command {
        Command::List { pack } => with_packs(pack, |library| Ok(list(library))),
        Command::Show { id, pack } => with_packs(pack, |library| match library.pack(id) {
            Some(pack) => Ok(show::text(pack, world.width)),
            None => Err(no_such_pack(library, id)),
        }),
        Command::Lint { files } => lint::run(files),
        Command::Verify(args) => verify::run(args),
        Command::New { id, now } => start::run(id, now.unwrap_or(world.today)),
    }
}

/// Loads the packs and prints what `tell` makes of them, after what is wrong with them.
fn with_packs(paths: &[PathBuf], tell: impl FnOnce(&Library) -> Result<String, String>) -> Outcome {
    let library = match load_packs(paths) {
        Ok(library) => library,
        Err(message) => return Outcome::refused(&message),
    };
    let mut outcome = match tell(&library) {
        Ok(text) => Outcome::printed(text),
        Err(message) => Outcome::refused(&message),
    };
    for problem in &library.problems {
        outcome.err.push_str(&report::human::problem(problem, &library.sources));
        if problem.level == Level::Deny {
            outcome.code = 2;
        }
    }
    outcome
}

fn list(library: &Library) -> String {
    let row = |pack: &Pack| {
        let checked = pack.checked.map(|date| date.value.to_string());
        let streams: Vec<&str> = pack.streams.iter().map(|stream| stream.id.value.as_str()).collect();
        vec![
            pack.id.value.clone(),
            checked.unwrap_or_else(|| "-".to_owned()),
            format!("{:>6}", pack.values.len()),
            streams.join(", "),
            escape::line(&pack.name.value).into_owned(),
        ]
    };
    let titles = ["id", "checked", "values", "streams", "name"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(library.packs.iter().map(row));
    let table = aligned(&rows, 0);
    let mut lines = table.lines();
    let mut text = String::new();
    text.extend(lines.next().into_iter().flat_map(|line| [line, "\n"]));
    for (line, pack) in lines.zip(&library.packs) {
        text.push_str(line);
        text.push('\n');
        if !pack.parameters.is_empty() {
            let names: Vec<String> = pack
                .parameters
                .iter()
                .map(|parameter| {
                    let required = if parameter.required { " (required)" } else { "" };
                    format!("{}{required}", parameter.id.value)
                })
                .collect();
            let _ = writeln!(text, "  parameters: {}", names.join(", "));
        }
    }
    text
}
