//! Refusals of the simulated provider, in every form that they may have.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use highwater_core::{Clock, Disposition, Error, ErrorKind, Extractor, PageRequest, Secret, ShiftedClock};
use highwater_http::SystemClock;
use highwater_simulator::scaleengine::{CodeForm, FailureCode, FailureStatus};

use crate::bench::{Bench, Source, day};
use crate::secrets::signature_in;
use crate::ticking_clock::TickingClock;

fn request() -> PageRequest {
    PageRequest::new("video_usage", day("2026-09-01")).with_param("app", "demo-vod")
}

async fn refused(extractor: &dyn Extractor) -> Error {
    extractor.fetch(&request()).await.unwrap_err()
}

#[tokio::test]
async fn a_code_means_the_same_in_every_form_it_may_come_in() {
    const TRIES: u64 = 5;
    let bench = Bench::new().await;
    let extractor = bench.source().connect();
    for status in [FailureStatus::Ok, FailureStatus::ByCode] {
        for form in [CodeForm::Text, CodeForm::Number] {
            bench.api.alter(|behaviour| (behaviour.failure_status, behaviour.code_form) = (status, form));
            for (code, kind, tries) in [
                (FailureCode::UnrecognisedCommand, "bad_request", 1),
                (FailureCode::CdnAuthorization, "auth", 1),
                (FailureCode::Timestamp, "auth", 1),
                (FailureCode::Signature, "auth", 1),
                (FailureCode::Unexpected, "transient", TRIES),
                (FailureCode::UnauthorizedAccess, "auth", 1),
                (FailureCode::MissingFields, "bad_request", 1),
                (FailureCode::HighTraffic, "rate_limited", TRIES),
            ] {
                let before = bench.server.traffic().requests;
                bench.api.fail_next(code, usize::try_from(tries).unwrap());
                let error = refused(extractor.as_ref()).await;
                assert_eq!(error.kind().as_str(), kind, "{code:?} {status:?} {form:?}");
                assert!(error.chain().contains(&format!("code=`{}`", code.digits())), "{}", error.chain());
                assert_eq!(bench.server.traffic().requests - before, tries, "{code:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_with_a_signature_of_its_own() {
    let bench = Bench::new().await;
    let extractor = Source { real_clock: Arc::new(TickingClock::default()), ..bench.source() }.connect();
    bench.api.fail_next(FailureCode::Unexpected, 2);
    bench.api.fail_next(FailureCode::HighTraffic, 2);
    let page = extractor.fetch(&request()).await.unwrap();
    assert!(page.body.starts_with(br#"{"status":"success""#));
    let signatures: BTreeSet<String> = bench
        .server
        .log()
        .iter()
        .map(|logged| signature_in(&String::from_utf8_lossy(&logged.body)))
        .collect();
    assert_eq!(signatures.len(), 5);
    assert_eq!(extractor.traffic().count().retries, 4);
    assert_eq!(extractor.traffic().count().rate_limited, 2);
}

#[tokio::test]
async fn a_wrong_secret_stops_the_source_after_one_request() {
    let bench = Bench::new().await;
    let wrong = Source { secret: Secret::new("canary-of-a-secret".to_owned()), ..bench.source() };
    let error = refused(wrong.connect().as_ref()).await;
    assert_eq!(error.kind().disposition(), Disposition::StopSource);
    assert!(error.hint().contains("secret") && error.hint().contains("clock"), "{}", error.hint());
    assert_eq!(bench.server.traffic().requests, 1);
    assert!(!format!("{error:?} {}", error.chain()).contains("canary"));
}

#[tokio::test]
async fn a_refused_time_names_the_skew_that_was_measured() {
    let bench = Bench::new().await;
    let system: Arc<dyn Clock> = Arc::new(SystemClock);
    let ahead = ShiftedClock::starting_at(system.now() + TimeDelta::hours(1), system);
    let source = Source { real_clock: Arc::new(ahead), ..bench.source() };
    let error = refused(source.connect().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    let seconds: i64 =
        error.hint().split(' ').find_map(|word| word.parse().ok()).expect("a number of seconds");
    assert!((3_540..3_720).contains(&seconds), "{}", error.hint());
    assert!(error.hint().contains("ahead"));
}

#[tokio::test]
async fn a_command_that_is_not_permitted_hints_at_the_permission() {
    let bench = Bench::new().await;
    bench.api.alter(|behaviour| behaviour.forbidden_commands = vec!["video.usage".to_owned()]);
    let error = refused(bench.source().connect().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.hint().contains("permit"));
}

#[tokio::test]
async fn a_wrong_address_is_not_an_empty_day() {
    let bench = Bench::new().await;
    let elsewhere = Source { base_url: format!("{}/elsewhere", bench.server.base_url()), ..bench.source() };
    let error = refused(elsewhere.connect().as_ref()).await;
    assert_eq!(error.kind().disposition(), Disposition::FailWindow);
    assert!(error.hint().contains("base_url"));
}
