//! The real program, and files that hold what is expected of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use allowaudit::source;

/// What a run printed, and how it ended.
pub struct Run {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Folder of the project, where every run starts.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program from the folder of the project.
pub fn run(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_allowaudit"))
        .args(arguments)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The sample tenant whose fix is shown.
pub const FIXED: &str = "examples/msp-mistakes";
/// The command that shows it.
pub const FIX: &str =
    "fix examples/msp-mistakes --now 2026-11-21 --only rule-shadowed --only treated-as-internal --only safe-list-on";

/// What `fix` prints about it, and the folder that it writes. Run once for all tests.
pub fn fixed() -> &'static (Run, PathBuf) {
    static FOUND: OnceLock<(Run, PathBuf)> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fixed-{}", std::process::id()));
        let mut arguments: Vec<&str> = FIX.split(' ').collect();
        arguments.extend(["--output", folder.to_str().unwrap()]);
        (run(&arguments), folder)
    })
}

/// Whether expected files are to be rewritten instead of compared.
pub fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Compares a text with a file of the project, or rewrites the file.
pub fn compare(file: &str, found: &str) {
    let path = root().join(file);
    if bless() {
        write_if_changed(&path, found);
        return;
    }
    let expected = read(&path);
    let first = expected
        .lines()
        .zip(found.lines())
        .position(|(one, other)| one != other)
        .unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    assert!(
        expected == found,
        "`{file}` differs from line {}: expected `{}`, found `{}`; `BLESS=1 cargo test` rewrites it",
        first + 1,
        expected.lines().nth(first).unwrap_or("(end)"),
        found.lines().nth(first).unwrap_or("(end)"),
    );
}

/// The text of a file that must be there.
pub fn read(path: &Path) -> String {
    let bytes = source::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).unwrap()
}

fn write_if_changed(path: &Path, text: &str) {
    if source::read(path).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return;
    }
    source::write(path, text.as_bytes()).unwrap();
}
