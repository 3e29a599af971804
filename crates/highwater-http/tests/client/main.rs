//! The client against a server that answers from a script, byte for byte.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod refusals;
mod retrying;
mod scripted;
mod secrets;
mod skipping_clock;
