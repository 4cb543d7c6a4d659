//! Runs the real program in a folder of its own, with nothing of the surrounding environment.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The day of all audits in tests.
pub const NOW: &str = "2026-11-21";

/// A folder that goes away with its owner.
pub struct Bench {
    root: PathBuf,
}

/// What a run came to.
pub struct Ran {
    /// Exit code; none if the program was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Bench {
    /// An empty folder.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&root).unwrap();
        Self { root }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file, with the folders above it.
    #[expect(clippy::disallowed_methods, reason = "tests lay out their own files")]
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// The text of a file.
    #[expect(clippy::disallowed_methods, reason = "tests read what the program wrote")]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.join(name)).unwrap()
    }

    /// Runs the program in the folder.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs the program with bytes on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(input).unwrap();
        drop(pipe);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// The program, ready to run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allowaudit"));
        command.args(arguments).current_dir(&self.root).env_clear();
        command
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("the program prints UTF-8"),
            err: String::from_utf8(output.stderr).expect("the program prints UTF-8"),
        }
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}{}", self.out, self.err))
    }
}

/// An Advanced Delivery rule for the simulations of `huntress-sat`, as the cmdlet returns it.
pub const ADVANCED_DELIVERY: &str = r#"[{"Name":"PhishSimOverrideRule","Identity":"PhishSimOverrideRule","Domains":["amazonsecurity.org"],"SenderIpRanges":["18.205.140.116"],"Policy":"00000000-0000-4000-8000-000000000001","State":"Enabled","ExchangeObjectId":"00000000-0000-4000-8000-000000000002"}]"#;

/// A connection filter with the given allow list.
pub fn connection_filter(allowed: &[String]) -> String {
    let allowed: Vec<String> = allowed.iter().map(|entry| format!("{entry:?}")).collect();
    format!(
        r#"[{{"Name":"Default","Identity":"Default","IsDefault":true,"IPAllowList":[{}],"IPBlockList":[],"EnableSafeList":false,"DirectoryBasedEdgeBlockMode":"Default"}}]"#,
        allowed.join(",")
    )
}

/// Accepted domains of the tenant.
pub const ACCEPTED_DOMAINS: &str = r#"[{"Name":"contoso.example","DomainName":"contoso.example","DomainType":"Authoritative","Default":true,"MatchSubDomains":false}]"#;
