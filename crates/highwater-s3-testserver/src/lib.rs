//! An S3 server for tests: objects in memory, conditional writes that hold, and faults that a test switches on. No
//! product crate depends on it.

mod fault;
mod objects;
mod server;
mod service;

pub use fault::{Fault, Faults, Gate};
pub use objects::{Counts, Objects};
pub use server::TestServer;
