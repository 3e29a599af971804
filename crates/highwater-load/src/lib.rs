//! The warehouse on storage: objects, raw archive, rejects and checkpoints, on S3 or in a local folder. The only crate
//! that touches `object_store` and `parquet`; it receives the schema with each batch.
//!
//! The objects are the truth. Each names the windows it holds, so that data and position advance in one conditional
//! write; everything else here is an index of that, or can be made again from it.

pub mod layout;

mod appending;
mod archive;
mod archive_file;
mod archive_lines;
mod checkpoint_store;
mod chunk_pages;
mod column_writers;
mod commit;
mod commit_lock;
mod conditions;
mod digest;
mod inspect;
mod keyed_chunks;
mod keys;
mod local;
mod merging;
mod object;
mod object_record;
mod object_writer;
mod packed;
mod page_starts;
mod probe;
mod published;
mod pulled_pages;
mod reader;
mod rebuild;
mod record_table;
mod rejects;
mod repetition;
mod restatements;
mod retention;
mod s3;
mod sort_key;
mod sorting;
mod status_page;
mod table_commit;
mod texts;
mod typed_chunks;
mod uniform;
mod unit_commit;
mod version;
mod warehouse;
mod writer;

#[cfg(test)]
mod fixture;

pub use inspect::Inspection;
pub use local::LocalFolder;
pub use object_record::{OBJECT_FORMAT, ObjectRecord};
pub use probe::StoreProbe;
pub use pulled_pages::{Keep, PulledPages};
pub use rejects::RejectLine;
pub use restatements::Restatement;
pub use s3::{OPTION_NAMES, check_option};
pub use unit_commit::{Committed, TableSchema, UnitCommit, WindowCommit};
pub use warehouse::{ConditionalWrites, Warehouse, WarehouseSettings};
