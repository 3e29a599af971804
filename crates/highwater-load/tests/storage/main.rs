//! The storage as its callers see it: commits, crashes, races, formats.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it expects")]

mod commits;
mod failing;
mod formats;
mod history;
mod races;
mod rebuilding;
mod s3;
mod support;
mod versions;
