//! The extractor through its public face: pages decoded, and pulls from the simulated provider over HTTP.

#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a test that fails")]

mod bench;
mod conformance;
mod declarations;
mod pages;
mod pulls;
mod recording;
mod refusals;
mod secrets;
mod ticking_clock;
