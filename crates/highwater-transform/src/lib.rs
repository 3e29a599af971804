//! highwater-transform
