//! The analyst's files: data dictionary, SQL for DuckDB and Athena, a FOCUS-shaped view, JSON Schemas. All of them are
//! made from the table definitions in core and from what the providers declare; nothing here asks for a network.

mod athena;
mod dictionary;
mod duckdb;
mod export;
mod focus;
mod json_schema;
mod location;
mod meters;
mod null_meaning;
mod output_schema;
mod projection;
mod reader_types;
mod readme;
mod source_schema;
mod specs;
mod sql;
mod table_views;
#[cfg(test)]
mod tests;
mod views;

pub(crate) use athena::athena;
pub(crate) use duckdb::duckdb;
pub(crate) use export::export;
pub(crate) use focus::focus;
pub(crate) use location::Location;
pub(crate) use projection::Projection;
