//! Errors: a kind that decides what happens next, a message, and a chained source.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// `Result` with Highwater's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as anybody would act differently on it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The provider refused our credentials, or blocks the account. The source stops.
    Auth,
    /// The provider asks us to slow down.
    RateLimited {
        /// How long the provider asks us to wait, as it said it.
        retry_after: Option<Duration>,
    },
    /// A connection, a timeout, a cut-off body, a 5xx: the same request may succeed later.
    Transient {
        /// How long the provider asks us to wait, as it said it.
        retry_after: Option<Duration>,
    },
    /// A well-formed answer that is not what we model: not JSON, a required field missing or of another type.
    Drift,
    /// An answer for another window than the one asked, or totals that do not match the rows.
    Mismatch,
    /// The provider says that our request is wrong.
    BadRequest,
    /// One resource is gone (404, 410): recorded, not a failure of its window.
    Gone,
    /// The configuration or the command line is wrong.
    Config,
    /// The warehouse could not be read or written.
    Storage,
    /// A persisted format is newer than this program.
    NewerFormat,
    /// The program was asked to stop.
    Interrupted,
    /// A defect of Highwater.
    Internal,
}

/// What a caller does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try the same request again, not before `after`.
    Retry {
        /// The provider's own hint.
        after: Option<Duration>,
    },
    /// Pull the whole window again once, then fail it.
    PullAgain,
    /// Record that the resource is gone and go on.
    Skip,
    /// Fail the window, go on with the others.
    FailWindow,
    /// Stop the source, go on with the others.
    StopSource,
    /// Stop the program.
    Stop,
}

impl ErrorKind {
    /// What a caller does about it.
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::RateLimited { retry_after } | Self::Transient { retry_after } => {
                Disposition::Retry { after: retry_after }
            }
            Self::Mismatch => Disposition::PullAgain,
            Self::Gone => Disposition::Skip,
            Self::Drift | Self::BadRequest | Self::Storage | Self::Internal => Disposition::FailWindow,
            Self::Auth => Disposition::StopSource,
            Self::Config | Self::NewerFormat | Self::Interrupted => Disposition::Stop,
        }
    }

    /// One word for logs, metrics and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::RateLimited { .. } => "rate_limited",
            Self::Transient { .. } => "transient",
            Self::Drift => "drift",
            Self::Mismatch => "mismatch",
            Self::BadRequest => "bad_request",
            Self::Gone => "gone",
            Self::Config => "config",
            Self::Storage => "storage",
            Self::NewerFormat => "newer_format",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }

    /// What a person does next, unless the error itself knows better.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Auth => {
                "check the source's credentials and that the account is in good standing, then run `highwater check`"
            }
            Self::RateLimited { .. } => {
                "lower requests_per_second of this source; the next run takes the window again"
            }
            Self::Transient { .. } => "nothing to do if it passes; the next run takes the window again",
            Self::Drift => {
                "the provider changed its answer: the raw page is kept; upgrade highwater or report it"
            }
            Self::Mismatch => "the provider's answer contradicts itself; the next run takes the window again",
            Self::BadRequest => {
                "the provider refused the request as wrong: check ids and dates; upgrade highwater or report it"
            }
            Self::Gone => "nothing to do: the resource no longer exists at the provider",
            Self::Config => {
                "correct the configuration or the command line; `highwater check` shows all findings at once"
            }
            Self::Storage => {
                "check that the warehouse can be reached and written, then run again: nothing is half-visible"
            }
            Self::NewerFormat => "upgrade highwater",
            Self::Interrupted => "run the same command again: it goes on where it stopped",
            Self::Internal => "please report this with the log of the run",
        }
    }
}

/// An error with a kind. `Display` is one line without the source; reporters walk [`StdError::source`].
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`. The message is lowercase, without a full stop, variables as ``key=`value` `` at the end.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hint: None, source: None }))
    }

    /// Chains the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Replaces the kind's hint with one that fits better.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What a person does next.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.0.hint.as_deref().unwrap_or(self.0.kind.hint())
    }

    /// The messages of all sources, outermost first. One that the message above it already quotes is left out.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut source = self.source();
        while let Some(error) = source {
            let text = error.to_string();
            if !causes.last().map_or(self.0.message.as_ref(), String::as_str).contains(&text) {
                causes.push(text);
            }
            source = error.source();
        }
        causes
    }

    /// The message and its [causes](Self::causes), joined by `: `. For one-line places such as a state file.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        for cause in self.causes() {
            text.push_str(": ");
            text.push_str(&cause);
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.chain()).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_each_cause_once() {
        let inner = Error::new(ErrorKind::Storage, "disk full");
        let outer = Error::new(ErrorKind::Storage, "cannot commit unit=`a/b/2026-01-01`").with_source(inner);
        assert_eq!(outer.to_string(), "cannot commit unit=`a/b/2026-01-01`");
        assert_eq!(outer.chain(), "cannot commit unit=`a/b/2026-01-01`: disk full");
    }

    #[test]
    fn a_cause_that_is_quoted_above_it_is_not_told_again() {
        let inner = Error::new(ErrorKind::Storage, "disk full");
        let store = Error::new(ErrorKind::Storage, "store failed: disk full").with_source(inner);
        let outer = Error::new(ErrorKind::Storage, "cannot write key=`a`").with_source(store);
        assert_eq!(outer.causes(), ["store failed: disk full"]);
        assert_eq!(outer.chain(), "cannot write key=`a`: store failed: disk full");
    }
}
