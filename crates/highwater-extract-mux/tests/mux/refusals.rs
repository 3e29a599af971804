//! Refusals: of what kind each is, what it says, and how often it is asked for.

use highwater_core::{Error, ErrorKind, PageRequest};
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::{Fault, RetryAfter};

use crate::simulated::simulated;
use crate::source::{TOKEN_ID, TOKEN_SECRET, connect, settings, window};

fn request() -> PageRequest {
    PageRequest::new("delivery_usage", window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z"))
}

/// The error of one fetch under `fault`, and the requests it took.
async fn refused(fault: Fault) -> (Error, u64) {
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    simulated.server.faults().add(fault);
    let error = simulated.extractor.fetch(&request()).await.unwrap_err();
    assert_clean(&error);
    (error, simulated.extractor.traffic().count().requests)
}

fn assert_clean(error: &Error) {
    let text = format!("{error} {error:?} {} {}", error.chain(), error.hint());
    assert!(!text.contains(TOKEN_ID) && !text.contains(TOKEN_SECRET), "{text}");
}

#[tokio::test]
async fn wrong_credentials_cost_one_request_and_say_what_to_check() {
    let simulated = simulated(MuxBehaviour::default(), "another-secret", 100).await;
    let error = simulated.extractor.fetch(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(
        error.chain().ends_with("401 Unauthorized: unauthorized: Unauthorized request"),
        "{}",
        error.chain()
    );
    assert!(error.hint().contains("token_secret"), "{}", error.hint());
    assert_clean(&error);
    assert_eq!(simulated.server.traffic().requests, 1);
    assert_eq!(simulated.extractor.probe().await.unwrap_err().kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn a_provider_that_keeps_refusing_is_given_up_after_five_tries() {
    let (error, requests) = refused(Fault::too_many_requests(RetryAfter::Seconds(600))).await;
    assert!(matches!(error.kind(), ErrorKind::RateLimited { retry_after: Some(_) }));
    assert!(error.chain().contains("Too many requests, retry later."), "{}", error.chain());
    assert_eq!(requests, 5);
    for fault in [Fault::cut_off(), Fault::reset()] {
        let (error, requests) = refused(fault).await;
        assert_eq!(error.kind(), ErrorKind::Transient { retry_after: None });
        assert_eq!(requests, 5);
    }
}

#[tokio::test]
async fn a_refused_request_fails_with_the_providers_words_and_is_not_repeated() {
    let simulated = simulated(MuxBehaviour::strict(), TOKEN_SECRET, 100).await;
    let error = simulated.extractor.fetch(&request().with_param("limit", 101)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.chain().contains("invalid_parameters: "), "{}", error.chain());
    assert_eq!(simulated.server.traffic().requests, 1);
}

#[tokio::test]
async fn an_asset_that_does_not_exist_is_gone() {
    let simulated = simulated(MuxBehaviour::strict(), TOKEN_SECRET, 100).await;
    let error = simulated.extractor.fetch(&request().with_param("asset_id", "nobody")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
}

#[tokio::test]
async fn an_address_without_the_api_is_our_mistake_not_a_gone_resource() {
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    let elsewhere = connect(&settings(&format!("{}/api", simulated.server.base_url()), 100));
    let error = elsewhere.fetch(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.hint().contains("base_url"), "{}", error.hint());
}

#[tokio::test]
async fn html_in_place_of_a_page_is_drift_for_decode_and_for_probe() {
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    simulated.server.faults().add(Fault::html());
    let error = simulated.extractor.probe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert!(error.to_string().contains("a page of HTML"), "{error}");
    assert_eq!(simulated.server.traffic().requests, 1);
}

#[tokio::test]
async fn what_mux_would_answer_wrongly_is_not_sent() {
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    let unaligned =
        PageRequest::new("delivery_usage", window("2026-09-20T18:30:00Z", "2026-09-20T19:00:00Z"));
    let both = request().with_param("asset_id", "a").with_param("live_stream_id", "l");
    for request in [unaligned, both] {
        let error = simulated.extractor.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    assert_eq!(simulated.server.traffic().requests, 0);
}
