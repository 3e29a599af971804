//! highwater-load
