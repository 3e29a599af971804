//! Nothing secret in what we show, even when the provider sends back all that it was sent.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use highwater_core::{Error, PageRequest, Secret};
use tokio::net::TcpListener;

use crate::bench::{Source, day};

const API_KEY: &str = "CANARYKEY00000000000000000000001";
const SECRET: &str = "canary00a81e6a2a06a9556379bf798af508dc0792497c678b4c3532ba8b637f";

type Sent = Arc<Mutex<Vec<String>>>;

/// A provider that refuses everything and quotes the request while it does so.
async fn echo(status: StatusCode, code: &'static str) -> (String, Sent) {
    let sent = Sent::default();
    let answer = move |State(sent): State<Sent>, body: Bytes| async move {
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::json!({"status": "failure", "code": code, "message": text});
        sent.lock().unwrap().push(text);
        (status, json.to_string())
    };
    let router = Router::new().fallback(answer).with_state(Arc::clone(&sent));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    (base_url, sent)
}

/// All that anybody could print of an error.
fn all_of(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {} {}", error.chain(), error.hint());
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// The signature in a request's body, as it stands there.
pub(crate) fn signature_in(sent: &str) -> String {
    let start = sent.find(r#""signature":""#).expect("a signature is sent") + r#""signature":""#.len();
    sent[start..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_echo_of_the_request_shows_nothing_secret() {
    for (status, code) in [
        (StatusCode::OK, "0003"),
        (StatusCode::UNAUTHORIZED, "0003"),
        (StatusCode::BAD_REQUEST, "0006"),
        (StatusCode::OK, "none"),
        (StatusCode::INTERNAL_SERVER_ERROR, "none"),
    ] {
        let (base_url, sent) = echo(status, code).await;
        let extractor = Source::at(base_url, API_KEY, &Secret::new(SECRET.to_owned())).connect();
        let request = PageRequest::new("video_usage", day("2026-09-01")).with_param("app", "demo");
        let error = extractor.fetch(&request).await.unwrap_err();
        let shown = format!("{} {extractor:?} {:?}", all_of(&error), extractor.traffic());
        let sent = sent.lock().unwrap().clone();
        assert!(sent.iter().all(|text| text.contains(API_KEY) && !text.contains(SECRET)));
        for secret in
            sent.iter().map(|text| signature_in(text)).chain([API_KEY.to_owned(), SECRET.to_owned()])
        {
            assert!(!shown.contains(&secret), "{status} {code}: {shown}");
            assert!(!shown.contains(&secret.replace("\\/", "/")), "{status} {code}: {shown}");
        }
        assert!(shown.contains("[redacted]"), "the provider's words are not quoted: {shown}");
        assert!(!shown.contains("CANARYKEY") && !shown.contains("canary00"));
    }
}
