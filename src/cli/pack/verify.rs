//! `allowaudit pack verify`: compares the addresses of packs with the SPF records that must let them send, and proposes
//! what the packs could say instead. It writes no file.

mod compare;
mod keys;
mod propose;
mod show;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::compare::{Compared, State};
use self::keys::NamedKey;
use super::super::asking::{DnsArgs, late};
use super::super::{Outcome, load_packs, no_such_pack};
use crate::audit::{Dns, Library};
use crate::dns::{Resolver, in_rounds};
use crate::pack::Pack;
use crate::problem::Level;
use crate::report;

/// Arguments of `pack verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Ids or aliases of packs; without any, all packs.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Further packs: a file, or a folder of them.
    #[arg(long, value_name = "FILE|DIR")]
    pack: Vec<PathBuf>,
    /// Who answers questions to DNS: the network, or a file of recorded answers.
    #[arg(long, value_name = "live|FILE", default_value = "live")]
    dns: String,
    /// Server to ask instead of the system's; repeatable.
    #[arg(long, value_name = "ADDR:PORT")]
    dns_server: Vec<SocketAddr>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Form::Human, value_name = "human|json")]
    format: Form,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people, with the proposals as unified diffs.
    Human,
    /// The same as JSON.
    Json,
}

/// What came of a pack.
struct Verified<'a> {
    pack: &'a Pack,
    /// One for each stream that names a record.
    streams: Vec<Compared<'a>>,
    /// The keys that it names.
    keys: Vec<NamedKey<'a>>,
    /// What the pack could say instead, as a unified diff.
    diff: Option<String>,
}

/// Runs it.
pub(super) fn run(args: &VerifyArgs) -> Outcome {
    verify(args).unwrap_or_else(|message| Outcome::refused(&message))
}

fn verify(args: &VerifyArgs) -> Result<Outcome, String> {
    let asking = DnsArgs {
        dns: Some(args.dns.clone()),
        dns_server: args.dns_server.clone(),
    };
    let Dns::Asked(resolver) = asking.choice()? else {
        return Err("with `--dns off` there is nothing to compare packs with".to_owned());
    };
    let library = load_packs(&args.pack)?;
    let mut err = String::new();
    let mut is_unusable = false;
    for problem in &library.problems {
        err.push_str(&report::human::problem(problem, &library.sources));
        is_unusable |= problem.level == Level::Deny;
    }
    let packs = chosen(&library, &args.ids)?;
    let verified: Vec<Verified<'_>> = in_rounds(&*resolver, |resolver| {
        packs.iter().map(|pack| of(pack, &library, resolver)).collect()
    });
    err.push_str(&late(&*resolver));
    let has_drift = verified.iter().any(|one| {
        let streams = one.streams.iter().map(Compared::state);
        let mut states = streams.chain(one.keys.iter().map(NamedKey::state));
        states.any(|state| state == State::Drift)
    });
    let out = match args.format {
        Form::Human => show::human(&verified),
        Form::Json => show::json(&verified),
    };
    Ok(Outcome {
        code: match (is_unusable, has_drift) {
            (true, _) => 2,
            (false, drift) => u8::from(drift),
        },
        out: out.into_bytes(),
        err,
    })
}

fn chosen<'a>(library: &'a Library, ids: &[String]) -> Result<Vec<&'a Pack>, String> {
    if ids.is_empty() {
        return Ok(library.packs.iter().collect());
    }
    let found = ids
        .iter()
        .map(|id| library.pack(id).ok_or_else(|| no_such_pack(library, id)));
    let mut packs = found.collect::<Result<Vec<&Pack>, String>>()?;
    packs.sort_by(|one, other| one.id.value.cmp(&other.id.value));
    packs.dedup_by(|one, other| one.id.value == other.id.value);
    Ok(packs)
}

fn of<'a>(pack: &'a Pack, library: &Library, resolver: &dyn Resolver) -> Verified<'a> {
    let streams = compare::pack(pack, resolver);
    let diff = propose::diff(pack, &streams, &library.sources);
    Verified {
        pack,
        streams,
        keys: keys::pack(pack, resolver),
        diff,
    }
}
