//! The ways in which the toy extractor can break the contract, and the cases that must notice each.

/// One way of breaking the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    RepeatsRefusedCredentials,
    StopsAfterTheFirstPage,
    InventsRows,
    SetsColumnsThatAreNotThere,
    RoundsBucketsToTheDay,
    ReachesBeyondTheWindow,
    EchoesAnotherWindow,
    CountsWhileItDecodes,
    WantsPagesInOrder,
    TakesGoneForBadRequest,
    RepeatsBadRequests,
    NeverRepeats,
    IgnoresRetryAfter,
    ObeysEveryRetryAfter,
    RepeatsForEver,
    TakesServerErrorsForBadRequests,
    TakesHtmlForBadRequest,
    DropsUnknownFields,
    RefusesUnknownFields,
    PassesOverIncompleteRows,
    DoesNotSayWhere,
    PrintsItsSecret,
    QuotesItsSecret,
    TracesItsSecret,
}

/// Each flaw with cases that must notice it.
pub(crate) const NOTICED_BY: &[(Flaw, &[&str])] = &[
    (
        Flaw::RepeatsRefusedCredentials,
        &["refused_credentials_cost_one_request", "a_401_or_403_stops_the_source_after_one_request"],
    ),
    (Flaw::StopsAfterTheFirstPage, &["the_second_page_is_asked_for_and_its_rows_are_included"]),
    (Flaw::InventsRows, &["an_empty_answer_ends_cleanly_without_rows"]),
    (Flaw::SetsColumnsThatAreNotThere, &["rows_fit_their_tables_and_name_their_keys"]),
    (Flaw::RoundsBucketsToTheDay, &["buckets_are_aligned_to_the_grain_and_inside_the_window"]),
    (Flaw::ReachesBeyondTheWindow, &["buckets_are_aligned_to_the_grain_and_inside_the_window"]),
    (Flaw::EchoesAnotherWindow, &["the_echoed_window_is_the_one_asked_for"]),
    (Flaw::CountsWhileItDecodes, &["a_page_decodes_to_the_same_rows_and_facts_each_time"]),
    (Flaw::WantsPagesInOrder, &["pages_in_another_order_give_the_same_rows"]),
    (Flaw::TakesGoneForBadRequest, &["a_404_or_410_about_one_resource_says_that_it_is_gone"]),
    (Flaw::RepeatsBadRequests, &["a_400_or_422_is_our_mistake_and_is_not_repeated"]),
    (
        Flaw::NeverRepeats,
        &[
            "a_429_that_does_not_say_when_to_come_back_is_retried",
            "a_429_that_names_seconds_is_waited_out",
            "a_429_that_names_a_date_is_waited_out",
            "a_429_that_never_ends_uses_up_bounded_tries",
            "a_500_or_503_is_retried",
            "a_500_or_503_that_never_ends_is_transient",
            "a_body_that_is_cut_off_is_retried",
            "a_connection_that_is_reset_is_retried",
            "a_connection_that_is_refused_is_transient",
        ],
    ),
    (
        Flaw::IgnoresRetryAfter,
        &[
            "a_429_that_names_seconds_is_waited_out",
            "a_429_that_names_a_date_is_waited_out",
            "a_500_or_503_is_retried",
        ],
    ),
    (Flaw::ObeysEveryRetryAfter, &["a_429_that_asks_for_a_day_is_not_obeyed_that_long"]),
    (
        Flaw::RepeatsForEver,
        &[
            "a_429_that_never_ends_uses_up_bounded_tries",
            "a_500_or_503_that_never_ends_is_transient",
            "a_body_that_is_cut_off_is_retried",
            "a_connection_that_is_reset_is_retried",
        ],
    ),
    (
        Flaw::TakesServerErrorsForBadRequests,
        &["a_500_or_503_is_retried", "a_500_or_503_that_never_ends_is_transient"],
    ),
    (Flaw::TakesHtmlForBadRequest, &["html_where_json_should_be_is_drift"]),
    (Flaw::DropsUnknownFields, &["an_unknown_field_is_tolerated_and_counted"]),
    (Flaw::RefusesUnknownFields, &["an_unknown_field_is_tolerated_and_counted"]),
    (
        Flaw::PassesOverIncompleteRows,
        &[
            "a_missing_required_field_is_drift_that_names_operation_and_path",
            "a_value_of_another_type_is_drift_that_names_operation_and_path",
        ],
    ),
    (
        Flaw::DoesNotSayWhere,
        &[
            "a_missing_required_field_is_drift_that_names_operation_and_path",
            "a_value_of_another_type_is_drift_that_names_operation_and_path",
        ],
    ),
    (Flaw::PrintsItsSecret, &["no_secret_is_in_anything_that_can_be_printed"]),
    (Flaw::QuotesItsSecret, &["no_secret_is_in_anything_that_can_be_printed"]),
    (Flaw::TracesItsSecret, &["no_secret_is_traced"]),
];
