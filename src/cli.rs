//! The command line: what the user asked for, and the exit code of what came of it.

pub mod check;
pub mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::audit::{Library, PolicyChoice, Settings};
use crate::checks::names;
use crate::problem::{Level, did_you_mean};
use crate::source;

/// What the program prints and how it ends.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Exit code: 0 nothing found, 1 findings, 2 could not audit.
    pub code: u8,
    /// For standard output.
    pub out: Vec<u8>,
    /// For standard error.
    pub err: String,
}

impl Outcome {
    /// The program could not do what it was asked for.
    pub fn refused(message: &str) -> Self {
        Self {
            code: 2,
            out: Vec::new(),
            err: format!("error: {}\n", crate::report::escape::line(message)),
        }
    }

    /// Something to print.
    pub fn printed(text: String) -> Self {
        Self {
            code: 0,
            out: text.into_bytes(),
            err: String::new(),
        }
    }
}

/// What `main` knows of the world.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// Today, in UTC.
    pub today: Date,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// Whether colour is unwanted whatever the output is (`NO_COLOR`).
    pub no_color: bool,
}

/// Proves what mail allowlists really let through: all of a phishing-simulation vendor's mail, and nobody else's.
#[derive(Debug, Parser)]
#[command(name = "allowaudit", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Audits one tenant or a tree of tenants.
    Check(check::CheckArgs),
    /// Walks one message through the path: verdict and deciding setting at each stage.
    Why(why::WhyArgs),
}

/// Options of all commands that audit.
#[derive(Debug, Args)]
pub struct Common {
    /// Vendor to check for; repeatable. Beside a tenant file it chooses among the vendors declared there.
    #[arg(long, value_name = "ID")]
    pub vendor: Vec<String>,
    /// Further packs: a file, or a folder of them. Offers packs, declares no vendor.
    #[arg(long, value_name = "FILE|DIR")]
    pub pack: Vec<PathBuf>,
    /// Policy: a name that comes with the program, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub policy: Option<String>,
    /// The day of the audit, for reproducible runs.
    #[arg(long, value_name = "DATE")]
    pub now: Option<Date>,
    /// Switches a check or a group off.
    #[arg(short = 'A', long = "allow", value_name = "CHECK|GROUP")]
    pub allow: Vec<String>,
    /// Makes the findings of a check or a group warnings.
    #[arg(short = 'W', long = "warn", value_name = "CHECK|GROUP")]
    pub warn: Vec<String>,
    /// Makes the findings of a check or a group count as denied.
    #[arg(short = 'D', long = "deny", value_name = "CHECK|GROUP")]
    pub deny: Vec<String>,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Prints only what is wrong.
    #[arg(short, long)]
    pub quiet: bool,
    /// Prints inputs and excepted findings too.
    #[arg(short, long)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to use colour in this world.
    pub fn wanted(self, world: World) -> bool {
        match self {
            Self::Auto => world.terminal && !world.no_color,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Common {
    /// Packs and policies that were asked for.
    ///
    /// # Errors
    /// A sentence about what cannot be read or is not known.
    pub fn load(&self, world: World) -> Result<(Library, Settings), String> {
        let mut files = Vec::new();
        for path in &self.pack {
            let listed = if source::is_dir(path) {
                let is_pack = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
                source::walk(path).0.into_iter().filter(is_pack).collect()
            } else {
                vec![path.clone()]
            };
            for file in listed {
                let name = file.display().to_string();
                let bytes =
                    source::read(&file).map_err(|error| format!("the pack `{name}` cannot be read: {error}"))?;
                files.push((name, bytes));
            }
        }
        let library = Library::load(&files);
        for vendor in &self.vendor {
            if !library.packs.iter().any(|pack| pack.answers_to(vendor)) {
                let known = library.packs.iter().map(|pack| pack.id.value.as_str());
                let help = did_you_mean(vendor, known).map_or_else(
                    || "`allowaudit pack list` shows all".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(format!("there is no pack `{vendor}`; {help}"));
            }
        }
        let policy = match &self.policy {
            Some(name)
                if std::path::Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) =>
            {
                let bytes = source::read(std::path::Path::new(name))
                    .map_err(|error| format!("the policy `{name}` cannot be read: {error}"))?;
                Some(PolicyChoice::File(name.clone(), bytes))
            }
            Some(name) => Some(PolicyChoice::Named(name.clone())),
            None => None,
        };
        let known = names();
        let mut levels = Vec::new();
        for (list, level) in [
            (&self.allow, Level::Allow),
            (&self.warn, Level::Warn),
            (&self.deny, Level::Deny),
        ] {
            for name in list {
                if !known.contains(&name.as_str()) {
                    let help = did_you_mean(name, known.iter().copied()).map_or_else(
                        || "`allowaudit explain` lists all".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    return Err(format!("there is no check or group `{name}`; {help}"));
                }
                levels.push((name.clone(), level));
            }
        }
        let settings = Settings {
            vendors: self.vendor.clone(),
            policy,
            levels,
            now: self.now.unwrap_or(world.today),
            assume_empty: false,
        };
        Ok((library, settings))
    }
}

/// Runs the program.
pub fn run(argv: impl IntoIterator<Item = OsString>, world: World) -> Outcome {
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().to_string();
            let helped = !error.use_stderr();
            return if helped {
                Outcome::printed(text)
            } else {
                Outcome {
                    code: 2,
                    out: Vec::new(),
                    err: text,
                }
            };
        }
    };
    match cli.command {
        Command::Check(args) => check::run(&args, world),
        Command::Why(args) => why::run(&args, world),
    }
}
