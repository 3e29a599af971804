//! The conformance kit put to the test: an extractor that keeps the contract passes every case, and each way of
//! breaking it is noticed by the case that is there for it.

mod decoding;
mod flaw;
mod toy;

use std::collections::BTreeSet;

use flaw::Flaw;
use highwater_simulator::conformance::{CASES, run_all};
use toy::subject;

#[tokio::test]
async fn an_extractor_that_keeps_the_contract_passes_every_case() {
    let report = run_all(&subject(None)).await;
    assert_eq!(report.kept.len(), CASES.len());
    assert!(report.not_applicable.is_empty());
}

#[tokio::test]
async fn each_flaw_is_noticed_by_the_cases_that_are_there_for_it() {
    for (flaw, cases) in flaw::NOTICED_BY {
        let subject = subject(Some(*flaw));
        for name in *cases {
            let case = CASES.iter().find(|case| case.name == *name).expect("a case of that name");
            assert!(case.run(&subject).await.is_err(), "{name} does not notice {flaw:?}");
        }
    }
}

#[test]
fn every_case_is_there_for_some_flaw() {
    let noticing: BTreeSet<&str> = flaw::NOTICED_BY.iter().flat_map(|(_, cases)| *cases).copied().collect();
    let cases: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(noticing, cases);
}

#[tokio::test]
#[should_panic(expected = "a_429_that_names_a_date_is_waited_out: ")]
async fn a_failure_names_its_cases() {
    run_all(&subject(Some(Flaw::IgnoresRetryAfter))).await;
}
