//! When a request is made again, when not, and how long the client waits.

use std::sync::Arc;
use std::time::Duration;

use highwater_core::{Clock, ErrorKind, Result};
use highwater_http::{Answer, Call, ClientSettings, RetrySettings, reqwest};

use crate::scripted::{Get, Scripted, answer, s};

fn ok() -> Vec<u8> {
    answer("200 OK", "{}")
}

#[tokio::test]
async fn retry_after_in_seconds_is_waited_for() {
    let server =
        Scripted::start(vec![answer("429 Too Many Requests\r\nRetry-After: 7", "slow down"), ok()]).await;
    assert_eq!(server.get().await.unwrap().status, 200);
    let waited = server.clock.monotonic();
    assert!(waited >= s(7) && waited < s(8), "{waited:?}");
    let count = server.traffic.count();
    assert_eq!((count.requests, count.retries, count.rate_limited), (2, 1, 1));
}

#[tokio::test]
async fn retry_after_as_a_date_is_measured_against_the_servers_own_clock() {
    let head = "429 Too Many Requests\r\nDate: Sun, 29 Sep 2030 12:00:00 GMT\r\nRetry-After: Sun, 29 Sep 2030 12:00:09 GMT";
    let server = Scripted::start(vec![answer(head, ""), ok()]).await;
    server.get().await.unwrap();
    let waited = server.clock.monotonic();
    assert!(waited >= s(9) && waited < s(10), "{waited:?}");
}

#[tokio::test]
async fn retry_after_as_a_date_without_a_date_header_is_measured_against_the_real_clock() {
    let head = "503 Service Unavailable\r\nRetry-After: Tue, 29 Sep 2026 12:00:20 GMT";
    let server = Scripted::start(vec![answer(head, ""), ok()]).await;
    server.get().await.unwrap();
    let waited = server.clock.monotonic();
    assert!(waited >= s(20) && waited < s(21), "{waited:?}");
}

#[tokio::test]
async fn a_refusal_without_retry_after_is_followed_by_a_short_wait() {
    let server = Scripted::start(vec![answer("429 Too Many Requests", ""), ok()]).await;
    server.get().await.unwrap();
    assert!(server.clock.monotonic() <= Duration::from_millis(510));
    assert_eq!(server.traffic.count().rate_limited, 1);
}

#[tokio::test]
async fn server_errors_and_lost_connections_are_tried_again_with_a_request_built_anew() {
    let script =
        vec![answer("500 Internal Server Error", "oops"), Vec::new(), answer("502 Bad Gateway", ""), ok()];
    let server = Scripted::start(script).await;
    server.get().await.unwrap();
    let heads = server.heads();
    for (nth, head) in heads.iter().enumerate() {
        assert!(head.contains(&format!("x-built: {}\r\n", nth + 1)), "{head}");
    }
    assert_eq!((heads.len(), server.traffic.count().retries), (4, 3));
}

#[tokio::test]
async fn tries_are_bounded_also_when_the_server_always_asks_for_more_time() {
    let server = Scripted::start(vec![answer("429 Too Many Requests\r\nRetry-After: 86400", "later")]).await;
    let error = server.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited { retry_after: Some(s(86_400)) });
    assert_eq!(
        error.chain(),
        "GET /usage failed 5 times: the provider answered 429 Too Many Requests: later"
    );
    assert_eq!(server.heads().len(), 5);
    assert_eq!(server.traffic.count().rate_limited, 5);
    assert!(server.clock.monotonic() <= s(4 * 60 + 1), "{:?}", server.clock.monotonic());
}

#[tokio::test]
async fn time_is_bounded_also_when_tries_are_left() {
    let patient = RetrySettings { tries: 1000, total: s(100), ..RetrySettings::default() };
    let script = vec![answer("503 Service Unavailable\r\nRetry-After: 30", "")];
    let server = Scripted::start_with(script, |settings| ClientSettings { retry: patient, ..settings }).await;
    let error = server.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient { retry_after: Some(s(30)) });
    assert_eq!(server.heads().len(), 4);
}

#[tokio::test]
async fn one_refused_request_holds_back_the_others_of_its_source() {
    let retry = RetrySettings { tries: 1, ..RetrySettings::default() };
    let script = vec![answer("429 Too Many Requests\r\nRetry-After: 40", ""), ok()];
    let single = Scripted::start_with(script, |settings| ClientSettings { retry, ..settings }).await;
    assert!(single.get().await.is_err());
    assert_eq!(single.clock.monotonic(), Duration::ZERO, "a request that gives up does not wait");
    single.get().await.unwrap();
    assert!(single.clock.monotonic() >= s(40), "the next one does");
}

#[tokio::test]
async fn a_refusal_of_credentials_or_of_the_request_is_not_repeated() {
    for (status, kind) in [
        ("401 Unauthorized", ErrorKind::Auth),
        ("403 Forbidden", ErrorKind::Auth),
        ("400 Bad Request", ErrorKind::BadRequest),
        ("422 Unprocessable Entity", ErrorKind::BadRequest),
        ("404 Not Found", ErrorKind::Gone),
        ("410 Gone", ErrorKind::Gone),
    ] {
        let server = Scripted::start(vec![answer(status, "no"), ok()]).await;
        let error = server.get().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(server.heads().len(), 1, "{status}");
        assert_eq!(error.to_string(), "GET /usage failed");
    }
}

/// A provider that refuses inside a 200.
struct Envelope(Get);

impl Call for Envelope {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        self.0.build(http)
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        if answer.body.starts_with(br#"{"status":"failure""#) {
            let kind = ErrorKind::Transient { retry_after: None };
            return Err(highwater_core::Error::new(kind, "the provider is busy"));
        }
        Ok(())
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

#[tokio::test]
async fn a_refusal_inside_a_success_is_the_calls_to_read_and_keeps_its_retry_after() {
    let busy = answer("200 OK\r\nRetry-After: 12", r#"{"status":"failure","code":"1000"}"#);
    let server = Scripted::start(vec![busy, ok()]).await;
    let call = Envelope(Get::new(&server.url));
    assert_eq!(server.client.send(&call).await.unwrap().body.as_ref(), b"{}");
    assert!(server.clock.monotonic() >= s(12));
}

#[tokio::test]
async fn many_at_once_each_get_their_answer() {
    let server = Arc::new(Scripted::start(vec![answer("500 Internal Server Error", ""), ok()]).await);
    let all = (0..20).map(|_| server.get());
    assert!(futures::future::join_all(all).await.iter().all(|answer| answer.is_ok()));
    assert_eq!(server.traffic.count().requests, 21);
}
