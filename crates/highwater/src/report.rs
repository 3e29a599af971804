//! How the program ends: exit codes, and errors with their causes and a hint.

use std::io::Write as _;
use std::process::ExitCode;

use highwater_core::{Error, ErrorKind};

/// How a command ended, when it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All that was due is loaded; what was asked was done.
    Done,
    /// Something due is not loaded, is held, or does not reconcile; the rest is loaded.
    Incomplete,
    /// A source refused our credentials.
    Refused,
    /// Stopped by a signal; the state is safe.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Incomplete => 3,
            Exit::Refused => 4,
            Exit::Interrupted => 130,
        })
    }
}

/// Prints `error:`, its causes and `hint:` to standard error, and picks the exit code.
pub(crate) fn failure(error: &Error) -> ExitCode {
    let mut text = format!("error: {error}\n");
    for cause in error.causes() {
        text.push_str(&format!("  caused by: {cause}\n"));
    }
    text.push_str(&format!("hint: {}\n", error.hint()));
    // Nobody is left to tell when standard error is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(match error.kind() {
        ErrorKind::Config => 2,
        ErrorKind::Auth => 4,
        ErrorKind::Interrupted => 130,
        _ => 1,
    })
}
