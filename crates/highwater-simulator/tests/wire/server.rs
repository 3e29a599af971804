//! What the server lays around any provider: rate limit, faults, latency, the log.

use std::time::Duration;

use highwater_core::Clock;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::{Fault, RateLimit, RetryAfter, RetryAfterForm, Simulator};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bench::{Bench, PATH, midnight};

async fn limited(limit: RateLimit) -> Bench {
    Bench::with(MuxBehaviour::default(), |builder| builder.rate_limit(limit)).await
}

fn header(response: &reqwest::Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn requests_beyond_the_burst_are_refused_until_the_clock_moves() {
    let bench = limited(RateLimit::new(5.0, 2)).await;
    let first = bench.send(PATH).await.unwrap();
    assert_eq!(
        (first.status(), header(&first, "x-ratelimit-remaining")),
        (StatusCode::OK, Some("1".to_owned()))
    );
    assert_eq!(header(&first, "x-ratelimit-limit").unwrap(), "2");
    bench.send(PATH).await.unwrap();
    let refused = bench.send(PATH).await.unwrap();
    assert_eq!((refused.status(), header(&refused, "retry-after")), (StatusCode::TOO_MANY_REQUESTS, None));
    assert_eq!(header(&refused, "x-ratelimit-remaining").unwrap(), "0");
    assert_eq!(refused.text().await.unwrap(), r#"{"errors":["Too many requests, retry later."]}"#);
    bench.real_clock.advance(Duration::from_millis(200));
    assert_eq!(bench.send(PATH).await.unwrap().status(), StatusCode::OK);
    let traffic = bench.server.traffic();
    assert_eq!((traffic.requests, traffic.answered_429, traffic.by_path[PATH]), (4, 1, 4));
    let statuses: Vec<_> = bench.server.log().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(429), Some(200)]);
}

#[tokio::test]
async fn a_refusal_can_say_when_to_come_back_in_either_form() {
    let seconds = limited(RateLimit::new(0.4, 1).with_retry_after(RetryAfterForm::Seconds)).await;
    seconds.send(PATH).await.unwrap();
    let refused = seconds.send(PATH).await.unwrap();
    assert_eq!(header(&refused, "retry-after").unwrap(), "3");
    let date = limited(RateLimit::new(0.4, 1).with_retry_after(RetryAfterForm::Date).without_headers()).await;
    date.send(PATH).await.unwrap();
    let refused = date.send(PATH).await.unwrap();
    let said = httpdate::parse_http_date(&header(&refused, "retry-after").unwrap()).unwrap();
    assert_eq!(
        chrono::DateTime::<chrono::Utc>::from(said),
        date.real_clock.now() + chrono::TimeDelta::seconds(3)
    );
    assert_eq!(header(&refused, "x-ratelimit-limit"), None);
}

#[tokio::test]
async fn a_status_fault_carries_its_retry_after() {
    let bench = Bench::lenient().await;
    let faults = bench.server.faults();
    faults
        .add(Fault::status_with_retry_after(StatusCode::SERVICE_UNAVAILABLE, RetryAfter::Seconds(7)).nth(1));
    faults.add(Fault::too_many_requests(RetryAfter::Date(9)).nth(2));
    faults.add(Fault::too_many_requests(RetryAfter::Seconds(4)).nth(3));
    let unavailable = bench.send(PATH).await.unwrap();
    assert_eq!(
        (unavailable.status().as_u16(), header(&unavailable, "retry-after").unwrap()),
        (503, "7".to_owned())
    );
    let dated = bench.send(PATH).await.unwrap();
    assert_eq!(dated.status(), StatusCode::TOO_MANY_REQUESTS);
    let said = httpdate::parse_http_date(&header(&dated, "retry-after").unwrap()).unwrap();
    assert_eq!(
        chrono::DateTime::<chrono::Utc>::from(said),
        bench.real_clock.now() + chrono::TimeDelta::seconds(9)
    );
    assert_eq!(header(&bench.send(PATH).await.unwrap(), "retry-after").unwrap(), "4");
    assert_eq!(bench.send(PATH).await.unwrap().status(), StatusCode::OK);
    assert_eq!(bench.server.traffic().answered_429, 2);
}

#[tokio::test]
async fn a_cut_off_body_arrives_in_part() {
    let bench = Bench::lenient().await;
    let whole = bench.send(PATH).await.unwrap().bytes().await.unwrap();
    bench.server.faults().add(Fault::cut_off().nth(1));
    let mut response = bench.send(PATH).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.content_length(), Some(u64::try_from(whole.len()).unwrap()));
    let mut arrived = 0;
    let failure = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => arrived += chunk.len(),
            Ok(None) => panic!("the body ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(failure.is_body() || failure.is_decode(), "{failure:?}");
    assert_eq!(arrived, whole.len() / 2);
    assert_eq!(bench.send(PATH).await.unwrap().bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn a_reset_connection_answers_nothing_and_the_next_request_is_served() {
    let bench = Bench::lenient().await;
    bench.server.faults().add(Fault::reset().nth(1));
    assert!(bench.send(PATH).await.unwrap_err().is_request());
    assert_eq!(bench.send(PATH).await.unwrap().status(), StatusCode::OK);
    let log = bench.server.log();
    assert_eq!((log[0].status, log[0].faults.as_slice()), (None, ["reset"].as_slice()));
    assert_eq!((log[1].status, log[1].faults.is_empty()), (Some(200), true));
}

#[tokio::test]
async fn html_comes_with_status_200() {
    let bench = Bench::lenient().await;
    bench.server.faults().add(Fault::html());
    let response = bench.send(PATH).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "content-type").unwrap().starts_with("text/html"));
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_body_can_be_edited_on_its_way() {
    let bench = Bench::lenient().await;
    let edit = |body: &mut Value| {
        body["data"][0]["delivered_seconds"] = json!(-1);
        body["data"][1]["new_field"] = json!(true);
        body.as_object_mut().unwrap().remove("total_row_count");
    };
    bench.server.faults().add(Fault::edit_json(edit).where_path_contains("page=2"));
    let (_, untouched) = bench.ask("page=1").await;
    assert!(untouched["total_row_count"].is_number());
    let (status, body) = bench.ask("page=2").await;
    assert_eq!((status, &body["data"][0]["delivered_seconds"]), (200, &json!(-1)));
    assert_eq!(body["data"][1]["new_field"], true);
    assert!(body.get("total_row_count").is_none());
}

#[tokio::test]
async fn a_slow_answer_waits_for_the_real_clock() {
    let bench =
        Bench::with(MuxBehaviour::default(), |builder| builder.latency(Duration::from_millis(300))).await;
    bench.server.faults().add(Fault::slow(Duration::from_secs(60)).nth(2));
    for expected in [Duration::from_millis(300), Duration::from_millis(60_300)] {
        let answer = bench.send(PATH);
        let mover = async {
            let wait = loop {
                if let Some(wait) = bench.real_clock.until_next_sleeper() {
                    break wait;
                }
                tokio::task::yield_now().await;
            };
            bench.real_clock.advance(wait);
            wait
        };
        let (response, waited) = futures::join!(answer, mover);
        assert_eq!((response.unwrap().status(), waited), (StatusCode::OK, expected));
    }
}

#[tokio::test]
async fn a_stopped_server_refuses_connections_and_its_port_can_be_taken_again() {
    let bench = Bench::lenient().await;
    let address = bench.server.address();
    let Bench { api, data_clock, real_clock, server, client } = bench;
    let url = format!("{}{PATH}", server.base_url());
    client.get(&url).send().await.unwrap().bytes().await.unwrap();
    server.stop().await;
    assert!(client.get(&url).send().await.unwrap_err().is_connect());
    let builder = Simulator::builder(api, std::sync::Arc::new(data_clock), std::sync::Arc::new(real_clock));
    let _again = builder.listen(address).start().await.unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_log_tells_what_came_and_when_and_the_date_header_follows_the_clock() {
    let bench = Bench::lenient().await;
    bench.real_clock.advance(Duration::from_secs(5));
    let response = bench.send("/video/v1/delivery-usage?page=3&limit=5").await.unwrap();
    let date = httpdate::parse_http_date(&header(&response, "date").unwrap()).unwrap();
    assert_eq!(chrono::DateTime::<chrono::Utc>::from(date), bench.real_clock.now());
    let url = format!("{}/other", bench.server.base_url());
    bench.client.post(url).body("hello").send().await.unwrap();
    let log = bench.server.log();
    assert_eq!(
        (log[0].method.as_str(), log[0].target.as_str()),
        ("GET", "/video/v1/delivery-usage?page=3&limit=5")
    );
    assert_eq!((log[0].arrived, log[0].in_flight), (Duration::from_secs(5), 1));
    assert_eq!(log[0].data_time, midnight() + chrono::TimeDelta::minutes(750));
    assert_eq!((log[1].method.as_str(), log[1].body.as_ref()), ("POST", b"hello".as_slice()));
}
