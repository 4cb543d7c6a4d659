//! `allowaudit init`: a tenant file from what the exports show.

mod detect;
mod write;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::{Outcome, World, load_packs, no_such_pack};
use crate::audit::{Dns, Settings, TENANT_FILE, gather_folder, prepare};
use crate::problem::Level;
use crate::report;
use crate::source;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder with the exports of one tenant.
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Vendor to declare; repeatable. Without it, those whose values stand in allow lists of the exports.
    #[arg(long, value_name = "ID")]
    vendor: Vec<String>,
    /// Further packs: a file, or a folder of them.
    #[arg(long, value_name = "FILE|DIR")]
    pack: Vec<PathBuf>,
    /// Overwrites a tenant file that is there.
    #[arg(long)]
    force: bool,
    /// The day of the run, for reproducible files.
    #[arg(long, value_name = "DATE")]
    now: Option<Date>,
}

/// Runs it.
pub fn run(args: &InitArgs, world: World) -> Outcome {
    match init(args, world) {
        Ok(outcome) => outcome,
        Err(message) => Outcome::refused(&message),
    }
}

fn init(args: &InitArgs, world: World) -> Result<Outcome, String> {
    let file = args.dir.join(TENANT_FILE);
    let shown = file.display().to_string();
    if source::exists(&file) && !args.force {
        return Err(format!("`{shown}` exists already; `--force` overwrites it"));
    }
    let library = load_packs(&args.pack)?;
    let mut err = String::new();
    for problem in &library.problems {
        err.push_str(&report::human::problem(problem, &library.sources));
    }
    if library.problems.iter().any(|problem| problem.level == Level::Deny) {
        return Ok(Outcome {
            code: 2,
            out: Vec::new(),
            err,
        });
    }
    let job = gather_folder(&args.dir)?;
    let now = args.now.unwrap_or(world.today);
    let settings = Settings {
        vendors: Vec::new(),
        policy: None,
        levels: Vec::new(),
        dns: Dns::default(),
        now,
        assume_empty: false,
    };
    let prepared = prepare(&job, &library, &settings);
    let mut vendors: Vec<detect::Shown<'_>> = Vec::new();
    if args.vendor.is_empty() {
        vendors = detect::vendors(&prepared, &library);
    }
    for id in &args.vendor {
        let pack = library.pack(id).ok_or_else(|| no_such_pack(&library, id))?;
        if !vendors.iter().any(|vendor| vendor.pack.id.value == pack.id.value) {
            vendors.push(detect::Shown { pack, by: Vec::new() });
        }
    }
    for problem in &prepared.export_problems {
        err.push_str(&report::human::problem(problem, &prepared.sources));
    }
    let text = write::tenant_file(&prepared, &vendors, now);
    source::write(&file, text.as_bytes()).map_err(|error| format!("`{shown}` cannot be written: {error}"))?;
    let mut out = format!("wrote {}\n", report::escape::line(&shown));
    if !prepared.recognised {
        out.push_str("no export was recognised in this folder yet; the file says how to make them\n");
    }
    match vendors.as_slice() {
        [] => out.push_str("no vendor was recognised; declare one in the file, `allowaudit pack list` shows all\n"),
        found => {
            let ids: Vec<&str> = found.iter().map(|vendor| vendor.pack.id.value.as_str()).collect();
            let _ = writeln!(out, "vendors: {}", ids.join(", "));
        }
    }
    Ok(Outcome {
        code: 0,
        out: out.into_bytes(),
        err,
    })
}
