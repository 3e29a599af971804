//! What a case finds.

use std::fmt;

use highwater_core::Error;

/// A case that was not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The extractor keeps it.
    Kept,
    /// It says nothing about this subject.
    NotApplicable,
}

/// What an extractor did instead of what it must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach(String);

/// The result of a case.
pub type Outcome = Result<Verdict, Breach>;

impl Breach {
    /// A breach in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Breach {
    fn from(error: Error) -> Self {
        Self(format!("it failed with {}: {}", error.kind().as_str(), error.chain()))
    }
}

/// A breach unless `holds`.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach(otherwise())) }
}
