//! Faithful HTTP servers of the three provider APIs, deterministic from a seed, with every unknown of those APIs and
//! every fault switchable: for tests, the demo and rehearsals. No product crate imports its worlds.
//!
//! [`conformance`] holds what every extractor must keep.

mod answering;
pub mod api;
pub mod conformance;
mod connection;
pub mod fault;
pub mod fault_plan;
pub mod mux;
pub mod rate;
pub mod retry_after;
pub mod scaleengine;
pub mod server;
pub mod traffic;
pub mod world;
pub mod wowza;

pub use axum::http::StatusCode;
pub use fault::Fault;
pub use fault_plan::FaultPlan;
pub use rate::RateLimit;
pub use retry_after::{RetryAfter, RetryAfterForm};
pub use server::{RunningSimulator, Simulator};
