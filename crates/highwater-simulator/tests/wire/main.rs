//! The simulators as a client meets them: real HTTP on loopback, with clocks that only the test moves.

#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a test that fails")]

mod bench;
mod mux_faults;
mod mux_requests;
mod mux_usage;
mod server;
