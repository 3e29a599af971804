//! The extractor from outside: decoding of typed pages, and whole pulls from the simulated provider.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod declarations;
mod drift;
mod facts;
mod golden;
mod never_panics;
mod recording;
mod refusals;
mod rejects;
mod simulated;
mod skipping_clock;
mod source;
