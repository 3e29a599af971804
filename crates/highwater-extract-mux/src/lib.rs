//! highwater-extract-mux
