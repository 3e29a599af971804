//! Highwater from outside: the real binary against simulated providers, its warehouse read by programs that are not
//! ours, and the rules that the repository keeps.

mod analyst;
mod binary;
mod daemon;
mod demo;
mod duckdb;
mod mux;
mod place;
mod process;
mod reconcile;
mod repository;
mod requests;
mod scaleengine;
mod simulators;
mod skip;
mod storage;
mod warehouse;
mod wowza;
