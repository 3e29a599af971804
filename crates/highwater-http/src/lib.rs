//! highwater-http
