//! The faults of a server, and whose turn it is.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;

use crate::fault::{Fault, Strike};

/// The faults of one server, in the order they are applied. Clones share the plan, so a test keeps one and changes it
/// while the server runs.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    armed: Arc<Mutex<Vec<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl FaultPlan {
    /// A plan without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault behind those already there; its count starts now.
    pub fn add(&self, fault: Fault) {
        self.lock().push(Armed { fault, seen: 0, struck: 0 });
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How often the faults now in the plan have struck.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.lock().iter().map(|armed| armed.struck).sum()
    }

    /// Counts `request` with every fault that looks at it and returns those that strike it, in order.
    pub(crate) fn strikes(&self, request: &Parts) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for armed in self.lock().iter_mut().filter(|armed| armed.fault.looks_at(request)) {
            armed.seen += 1;
            if armed.fault.strikes(armed.seen) {
                armed.struck += 1;
                strikes.push(armed.fault.strike());
            }
        }
        strikes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn strikes(plan: &FaultPlan, path: &str) -> usize {
        let (parts, ()) = Request::get(path).body(()).unwrap().into_parts();
        plan.strikes(&parts).len()
    }

    #[test]
    fn a_fault_counts_only_the_requests_it_looks_at() {
        let plan = FaultPlan::new();
        plan.add(Fault::reset().where_path_contains("page=2").nth(2));
        let paths = ["/a?page=2", "/a?page=1", "/a?page=1", "/a?page=2", "/a?page=2"];
        let struck: Vec<usize> = paths.iter().map(|path| strikes(&plan, path)).collect();
        assert_eq!(struck, [0, 0, 0, 1, 0]);
        assert_eq!(plan.struck(), 1);
    }

    #[test]
    fn turns_are_counted_from_one() {
        let plan = FaultPlan::new();
        plan.add(Fault::html().every(3));
        plan.add(Fault::cut_off().first(2));
        let struck: Vec<usize> = (0..6).map(|_| strikes(&plan, "/")).collect();
        assert_eq!(struck, [1, 1, 1, 0, 0, 1]);
    }
}
