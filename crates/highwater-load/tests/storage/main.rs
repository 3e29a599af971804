//! The storage as its callers see it: commits, crashes, races, formats.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it expects")]

mod commits;
mod support;
