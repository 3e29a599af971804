//! Answers and silences that are nobody's page.

use std::time::Duration;

use highwater_core::ErrorKind;
use highwater_http::{Auth, ClientSettings, RetrySettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scripted::{Get, Scripted, answer};
use crate::skipping_clock::SkippingClock;

#[tokio::test]
async fn a_redirect_is_refused_and_carries_no_credential_anywhere() {
    let elsewhere = Scripted::start(vec![answer("200 OK", "{}")]).await;
    let head = format!("302 Found\r\nLocation: {}", elsewhere.url);
    let server = Scripted::start(vec![answer(&head, "")]).await;
    let mut call = Get::new(&server.url);
    call.auth = Some(Auth::Bearer(highwater_core::Secret::new("canary".to_owned())));
    let error = server.client.send(&call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.hint().contains("base_url"), "{}", error.hint());
    assert!(elsewhere.heads().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient_and_named_by_its_origin() {
    let server = Scripted::start(vec![answer("200 OK", "{}")]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = server.client.send(&Get::new(&format!("{origin}/usage?api_key=canary"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient { retry_after: None });
    assert!(error.chain().contains(&format!("cannot connect to {origin}:")), "{}", error.chain());
    assert!(!error.chain().contains("canary"), "{}", error.chain());
    assert_eq!(server.traffic.count().requests, 5);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_the_timeout() {
    let silent = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/usage", listener.local_addr().unwrap());
    let hold = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = [0; 1024];
            assert!(connection.read(&mut request).await.unwrap() > 0);
            connection.write_all(&silent).await.unwrap();
            held.push(connection);
        }
    });
    let server = Scripted::start_with(vec![Vec::new()], |settings| ClientSettings {
        request_timeout: Duration::from_millis(50),
        retry: RetrySettings { tries: 2, ..RetrySettings::default() },
        ..settings
    })
    .await;
    let error = server.client.send(&Get::new(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient { retry_after: None });
    assert!(error.chain().contains("the body did not come in time"), "{}", error.chain());
    hold.abort();
}

#[tokio::test]
async fn the_servers_clock_is_told_beside_ours() {
    let head = "200 OK\r\nDate: Tue, 29 Sep 2026 11:58:00 GMT\r\nContent-Type: application/json";
    let answer = Scripted::start(vec![answer(head, "{}")]).await.get().await.unwrap();
    assert_eq!(answer.server_time, Some("2026-09-29T11:58:00Z".parse().unwrap()));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.received_at, SkippingClock::start());
}
