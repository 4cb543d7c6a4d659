//! `allowaudit dns snapshot`: records every answer that an audit needs, so that it can be replayed without a network.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, Args, Subcommand};

use crate::audit::{Dns, gather, prepare};
use crate::dns::recorded::write;
use crate::dns::{Outcome as Answered, Recorder, Resolver};
use crate::problem::Level;
use crate::report;
use crate::source;

use super::asking::late;
use super::{Common, Outcome, World};

/// Records what an audit asks DNS.
#[derive(Debug, Args)]
pub struct DnsCommand {
    #[command(subcommand)]
    command: DnsSubcommand,
}

#[derive(Debug, Subcommand)]
enum DnsSubcommand {
    /// Asks every question that an audit of a tenant asks, and writes the answers down.
    /// Asks the network, unless `--dns` names a recording.
    Snapshot(SnapshotArgs),
}

/// Arguments of `dns snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// The tenant's folder or tenant file.
    path: PathBuf,
    /// Where to write the answers; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Runs it.
pub fn run(command: DnsCommand, options: &ArgMatches, world: World) -> Outcome {
    let DnsSubcommand::Snapshot(args) = command.command;
    let options = options.subcommand_matches("snapshot").unwrap_or(options);
    snapshot(args, options, world).unwrap_or_else(|message| Outcome::refused(&message))
}

fn snapshot(mut args: SnapshotArgs, options: &ArgMatches, world: World) -> Result<Outcome, String> {
    args.common.order(options);
    // What records answers asks the network by nature.
    args.common.dns.dns.get_or_insert_with(|| "live".to_owned());
    let (library, mut settings) = args.common.load(world)?;
    let Dns::Asked(asked) = settings.dns else {
        return Err("with `--dns off` there is nothing to record".to_owned());
    };
    let recorder = Arc::new(Recorder::new(asked));
    settings.dns = Dns::Asked(Arc::clone(&recorder) as Arc<dyn Resolver + Send + Sync>);
    let mut err = String::new();
    let mut failed = false;
    for job in gather(&args.path)? {
        let prepared = prepare(&job, &library, &settings);
        for problem in &prepared.problems {
            failed |= problem.level == Level::Deny;
            err.push_str(&report::human::problem(problem, &prepared.sources));
        }
        // Nothing is asked after this: what judges sees the answers and no resolver.
    }
    err.push_str(&late(&*recorder));
    let answers = recorder.answers();
    let unanswered = answers
        .values()
        .filter(|answer| matches!(answer.outcome, Answered::Failed(_) | Answered::Unknown));
    let n_unanswered = unanswered.count();
    if n_unanswered > 0 {
        let n_asked = answers.len();
        let _ = writeln!(err, "{n_unanswered} of {n_asked} questions were not answered");
    }
    let text = write(settings.now, &answers);
    let mut out = Vec::new();
    if args.output.as_os_str() == "-" {
        out = text.into_bytes();
    } else if let Err(error) = source::write(&args.output, text.as_bytes()) {
        return Err(format!("`{}` cannot be written: {error}", args.output.display()));
    }
    Ok(Outcome {
        code: if failed { 2 } else { 0 },
        out,
        err,
    })
}
