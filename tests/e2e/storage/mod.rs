//! The warehouse on storage: in a folder and on S3, written by several processes, killed at every step, lost in part and
//! made anew, read while it is written.

mod commits_under_readers;
mod crashes;
mod formats;
mod holds;
mod lost_state;
mod probing;
mod reader;
mod rebuilding;
mod retention;
mod site;
mod stores;
mod whole_way;
mod writers;

use chrono::{DateTime, Utc};

/// An instant of the simulated world's September.
fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a literal instant")
}
