//! A call: one request of a provider's API, as the client needs to see it.

use crate::answer::Answer;
use crate::status::classify_by_status;
use highwater_core::Result;

/// One request, made as often as it takes.
pub trait Call: Send + Sync {
    /// Makes the request. Called anew for each try: a timestamp and a signature belong here.
    ///
    /// # Errors
    /// Whatever keeps the request from being made; it is not retried unless its kind says so.
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request>;

    /// What a complete answer means: `Ok` when it is the page asked for, else the error whose kind decides on a retry.
    /// An answer's `Retry-After` counts also where the error does not repeat it.
    ///
    /// # Errors
    /// The refusal. Text of the provider goes through [`Answer::quote`] first.
    fn classify(&self, answer: &Answer) -> Result<()> {
        classify_by_status(answer, None)
    }

    /// The operation and what it asks about, for errors and logs. Holds no secret and no signature.
    fn describe(&self) -> String;
}
