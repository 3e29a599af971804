//! highwater-pipeline
