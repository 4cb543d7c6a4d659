//! `allowaudit schema`: the files of our own as JSON Schema.

use clap::{Args, ValueEnum};

use super::Outcome;
use crate::{dns, pack, policy, tenant};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The kind of file.
    #[arg(value_enum)]
    of: Of,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// A vendor pack.
    Pack,
    /// A tenant file, `allowaudit.toml`.
    Tenant,
    /// A policy.
    Policy,
    /// Recorded answers of DNS, `dns.toml`.
    Dns,
}

/// Runs it.
pub fn run(args: &SchemaArgs) -> Outcome {
    Outcome::printed(match args.of {
        Of::Pack => pack::schema(),
        Of::Tenant => tenant::schema(),
        Of::Policy => policy::schema(),
        Of::Dns => dns::recorded::schema(),
    })
}
