//! The extractor as its users meet it: pages in, rows out; and against the simulated provider over HTTP.

mod credentials;
mod datasets;
mod golden;
mod hostile;
mod paging;
mod recording;
mod rig;
mod series;
mod tolerance;
mod totals;
mod usage;
