//! Records of a provider become validated, deduplicated, keyed and sorted Arrow batches, one a table, and are verified
//! before anything is published. All of it is pure: no I/O, no clock, no chance.
//!
//! A decoder writes rows into [`Staging`], value by value and straight into columns; [`Staging::finish`] turns them
//! into a [`Normalised`] pull, the same for the same rows in whatever order they came. [`Tally`] holds the pull against
//! what the provider says of it; [`shrinks`] and [`restatements`] hold it against what is already published.

mod column_store;
mod digest;
mod duplicates;
mod fixed_column;
mod key_order;
mod measure_values;
mod mentions;
mod normalised;
mod packing;
mod ranked_texts;
mod record_batch;
mod restate;
mod schema;
mod slots;
mod staging;
mod table_rows;
mod tally;
mod text_column;
mod text_pool;
mod totals;
mod verify;

#[cfg(test)]
mod fixture;

pub use digest::{content_digest, content_digest_like, scope_digest};
pub use mentions::mentions;
pub use normalised::{Normalised, Reject, TableBatch};
pub use packing::{plain, share_texts};
pub use record_batch::{Cell, RowsBuilder};
pub use restate::{Revision, restatements};
pub use schema::{data_type, same_columns, schema};
pub use staging::{Staging, StagingContext};
pub use tally::Tally;
pub use totals::{Shrink, additive_totals, shrinks};
