//! The command line: what the user asked for, and the exit code of what came of it.

pub mod asking;
pub mod check;
pub mod diff;
pub mod dns;
pub mod explain;
pub mod fix;
pub mod init;
pub mod pack;
pub mod schema;
pub mod spf;
mod table;
pub mod why;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use self::asking::DnsArgs;
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
    /// Columns of the terminal.
    pub width: usize,
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
    /// Writes a commented `allowaudit.toml` from what the exports and `--vendor` show.
    Init(init::InitArgs),
    /// Prints the smallest changes that clear the findings, proved by auditing again with them in place.
    Fix(fix::FixArgs),
    /// Walks one message through the path: verdict and deciding setting at each stage.
    Why(why::WhyArgs),
    /// Compares two sets of exports: which messages change their fate, not which lines.
    Diff(diff::DiffArgs),
    /// Explains the SPF record of a domain, or with `--ip` the check of one client.
    /// Asks the network, unless `--dns` names a recording.
    Spf(spf::SpfArgs),
    /// Records what an audit asks DNS.
    Dns(dns::DnsCommand),
    /// Lists, shows, checks and starts vendor packs.
    Pack(pack::PackArgs),
    /// Prints the page of a check; without a name, the table of all.
    Explain(explain::ExplainArgs),
    /// Prints the JSON Schema of a kind of file, for editors.
    Schema(schema::SchemaArgs),
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
    /// Who answers questions to DNS.
    #[command(flatten)]
    pub dns: DnsArgs,
    /// The day of the audit, for reproducible runs.
    #[arg(long, value_name = "DATE")]
    pub now: Option<Date>,
    /// Switches a check or a group off.
    /// Of `-A`, `-W` and `-D` the last one that names a check or its group counts.
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
    /// `-A`, `-W` and `-D` in the order of the command line.
    #[arg(skip)]
    levels: Vec<(String, Level)>,
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

/// The packs that come with the program, and those at the paths: files, or folders of them.
///
/// # Errors
/// A sentence about what cannot be read.
pub fn load_packs(paths: &[PathBuf]) -> Result<Library, String> {
    let mut files = Vec::new();
    for path in paths {
        for file in pack_files(path)? {
            let name = file.display().to_string();
            let bytes = source::read(&file).map_err(|error| format!("the pack `{name}` cannot be read: {error}"))?;
            files.push((name, bytes));
        }
    }
    Ok(Library::load(&files))
}

/// The pack at a path, or those in a folder.
fn pack_files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !source::is_dir(path) {
        return Ok(vec![path.to_path_buf()]);
    }
    let is_pack = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
    let files: Vec<PathBuf> = source::walk(path).0.into_iter().filter(is_pack).collect();
    if files.is_empty() {
        return Err(format!("`{}` holds no pack", path.display()));
    }
    Ok(files)
}

/// Says that there is no such pack, and which was probably meant.
fn no_such_pack(library: &Library, id: &str) -> String {
    let known = library.packs.iter().flat_map(|pack| {
        let aliases = pack.aliases.iter().map(|alias| alias.value.as_str());
        std::iter::once(pack.id.value.as_str()).chain(aliases)
    });
    let help = did_you_mean(id, known).map_or_else(
        || "`allowaudit pack list` shows all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("there is no pack `{id}`; {help}")
}

impl Common {
    /// Remembers in which order options stood that clap keeps apart.
    fn order(&mut self, matches: &ArgMatches) {
        let mut ordered: Vec<(usize, String, Level)> = Vec::new();
        for (option, list, level) in [
            ("allow", &self.allow, Level::Allow),
            ("warn", &self.warn, Level::Warn),
            ("deny", &self.deny, Level::Deny),
        ] {
            let indices = matches.indices_of(option).into_iter().flatten();
            ordered.extend(indices.zip(list).map(|(at, name)| (at, name.clone(), level)));
        }
        ordered.sort_by_key(|(at, ..)| *at);
        self.levels = ordered.into_iter().map(|(_, name, level)| (name, level)).collect();
    }

    /// Packs and policies that were asked for.
    ///
    /// # Errors
    /// A sentence about what cannot be read or is not known.
    pub fn load(&self, world: World) -> Result<(Library, Settings), String> {
        let library = load_packs(&self.pack)?;
        let broken = library.problems.iter().any(|problem| problem.level == Level::Deny);
        for vendor in &self.vendor {
            // A pack with mistakes may be the one that is meant; its problems say more than its absence.
            if !broken && !library.packs.iter().any(|pack| pack.answers_to(vendor)) {
                return Err(no_such_pack(&library, vendor));
            }
        }
        let policy = match &self.policy {
            Some(name)
                if Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) =>
            {
                let bytes = source::read(Path::new(name))
                    .map_err(|error| format!("the policy `{name}` cannot be read: {error}"))?;
                Some(PolicyChoice::File(name.clone(), bytes))
            }
            Some(name) => Some(PolicyChoice::Named(name.clone())),
            None => None,
        };
        let known = names();
        for (name, _) in &self.levels {
            if !known.contains(&name.as_str()) {
                let help = did_you_mean(name, known.iter().copied()).map_or_else(
                    || "`allowaudit explain` lists all".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(format!("there is no check or group `{name}`; {help}"));
            }
        }
        let settings = Settings {
            vendors: self.vendor.clone(),
            policy,
            levels: self.levels.clone(),
            dns: self.dns.choice()?,
            now: self.now.unwrap_or(world.today),
            assume_empty: false,
        };
        Ok((library, settings))
    }
}

/// Runs the program.
pub fn run(argv: impl IntoIterator<Item = OsString>, world: World) -> Outcome {
    let parsed = Cli::command()
        .try_get_matches_from(argv)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let text = error.render().to_string();
            let helped = !error.use_stderr();
            return if helped {
                Outcome::printed(text)
            } else {
                Outcome {
                    code: 2,
                    out: Vec::new(),
                    err: crate::report::escape::text(&text).into_owned(),
                }
            };
        }
    };
    let Some((_, options)) = matches.subcommand() else {
        return Outcome::refused("no command was given");
    };
    match cli.command {
        Command::Check(args) => check::run(args, options, world),
        Command::Init(args) => init::run(&args, world),
        Command::Fix(args) => fix::run(args, options, world),
        Command::Why(args) => why::run(args, options, world),
        Command::Diff(args) => diff::run(args, options, world),
        Command::Spf(args) => spf::run(&args, world),
        Command::Dns(args) => dns::run(args, options, world),
        Command::Pack(args) => pack::run(&args, world),
        Command::Explain(args) => explain::run(&args, world),
        Command::Schema(args) => schema::run(&args),
    }
}
