//! Reads argv, the clock and the terminal, calls the command line, prints, and ends with its exit code.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use allowaudit::cli::{self, World};

fn main() -> ExitCode {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock and the environment are read here and nowhere else"
    )]
    let world = World {
        today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        terminal: std::io::stdout().is_terminal(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        width: 100,
    };
    let outcome = cli::run(std::env::args_os(), world);
    let _ = std::io::stderr().lock().write_all(outcome.err.as_bytes());
    let mut out = std::io::stdout().lock();
    match out.write_all(&outcome.out).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(outcome.code),
        // A closed pipe is success: whoever read the report has seen enough of it.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => match outcome.code {
            2 => ExitCode::from(2),
            _ => ExitCode::SUCCESS,
        },
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: standard output cannot be written: {error}");
            ExitCode::from(2)
        }
    }
}
