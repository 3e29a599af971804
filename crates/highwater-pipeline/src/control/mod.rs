//! Control totals: what our rows add up to, held against what the provider itself says of the whole.

mod check;
mod inquiry;
mod own;
mod reconcile;
mod stored;
#[cfg(test)]
mod tests;
mod verdict;

pub use check::{Check, decimal};
pub(crate) use inquiry::{Inquiry, PAGES_IN_FLIGHT, Totals, compare};
pub(crate) use own::own_checks;
pub(crate) use reconcile::{Reconciled, first_of_month, reconcile};
pub(crate) use stored::{StoredCheck, store, stored};
pub use verdict::{Verdict, mismatched};
pub(crate) use verdict::{record, worst};
