//! The conformance kit: what every extractor must keep, as ordinary functions over a [`Subject`].
//!
//! A provider crate describes itself once and calls [`run_all`]; each case can also be called alone. The cases start the
//! provider's simulated API, drive the extractor as the runner would (first requests, fetch, decode, the requests that
//! a page names), and lay faults around the answers. Time is a [`HastyClock`], so that no retry waits.
//!
//! For a dataset that never has a second page, the [`CASES`] that are not about pages run one by one.
//!
//! A case returns what it found instead of panicking, so that one breach hides no other.

mod capture;
pub mod credentials;
pub mod drift;
mod hasty_clock;
mod json_place;
mod pull;
mod recording_sink;
pub mod refusals;
pub mod retries;
pub mod rows;
pub mod secrets;
mod source;
mod stage;
mod subject;
mod verdict;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::BoxFuture;

pub use hasty_clock::HastyClock;
pub use pull::{Pull, pull};
pub use recording_sink::{RecordedReject, RecordedRow, RecordingSink};
pub use subject::{RequiredField, Scene, Subject};
pub use verdict::{Breach, Outcome, Verdict};

/// One case of the kit.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The function's name, a sentence.
    pub name: &'static str,
    run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Outcome>,
}

impl Case {
    /// Runs the case. A panic inside counts as a breach.
    ///
    /// # Errors
    /// What the extractor broke.
    pub async fn run(&self, subject: &Subject) -> Outcome {
        AssertUnwindSafe((self.run)(subject)).catch_unwind().await.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
            Err(Breach::new(format!("it panicked: {text}")))
        })
    }
}

macro_rules! cases {
    ($($module:ident :: { $($case:ident),* $(,)? })*) => {
        /// Every case, in the order in which they run.
        pub const CASES: &[Case] = &[
            $($(Case { name: stringify!($case), run: |subject| $module::$case(subject).boxed() }),*),*
        ];
    };
}

cases! {
    credentials::{
        refused_credentials_cost_one_request,
        a_401_or_403_stops_the_source_after_one_request,
    }
    rows::{
        the_second_page_is_asked_for_and_its_rows_are_included,
        an_empty_answer_ends_cleanly_without_rows,
        rows_fit_their_tables_and_name_their_keys,
        buckets_are_aligned_to_the_grain_and_inside_the_window,
        the_echoed_window_is_the_one_asked_for,
        a_page_decodes_to_the_same_rows_and_facts_each_time,
        pages_in_another_order_give_the_same_rows,
    }
    refusals::{
        a_404_or_410_about_one_resource_says_that_it_is_gone,
        a_400_or_422_is_our_mistake_and_is_not_repeated,
    }
    retries::{
        a_429_that_does_not_say_when_to_come_back_is_retried,
        a_429_that_names_seconds_is_waited_out,
        a_429_that_names_a_date_is_waited_out,
        a_429_that_never_ends_uses_up_bounded_tries,
        a_429_that_asks_for_a_day_is_not_obeyed_that_long,
        a_500_or_503_is_retried,
        a_500_or_503_that_never_ends_is_transient,
        a_body_that_is_cut_off_is_retried,
        a_connection_that_is_reset_is_retried,
        a_connection_that_is_refused_is_transient,
    }
    drift::{
        html_where_json_should_be_is_drift,
        an_unknown_field_is_tolerated_and_counted,
        a_missing_required_field_is_drift_that_names_operation_and_path,
        a_value_of_another_type_is_drift_that_names_operation_and_path,
    }
    secrets::{
        no_secret_is_in_anything_that_can_be_printed,
        no_secret_is_traced,
    }
}

/// What became of the cases of a subject that broke none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The cases that the extractor keeps.
    pub kept: Vec<&'static str>,
    /// The cases that say nothing about this subject.
    pub not_applicable: Vec<&'static str>,
}

/// Runs every case. The caller compares [`Report::not_applicable`] with what it expects, so that no case drops out
/// unnoticed.
///
/// # Panics
/// When the extractor breaks a case; the message names each and says what happened.
pub async fn run_all(subject: &Subject) -> Report {
    let mut report = Report::default();
    let mut breaches = String::new();
    for case in CASES {
        match case.run(subject).await {
            Ok(Verdict::Kept) => report.kept.push(case.name),
            Ok(Verdict::NotApplicable) => report.not_applicable.push(case.name),
            Err(breach) => breaches.push_str(&format!("\n  {}: {breach}", case.name)),
        }
    }
    assert!(breaches.is_empty(), "{} breaks the contract of extractors:{breaches}", subject.name());
    report
}
