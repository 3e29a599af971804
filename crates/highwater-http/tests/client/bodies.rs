//! Bodies: cut off, too long, compressed.

use highwater_core::ErrorKind;
use highwater_http::ClientSettings;

use crate::scripted::{Scripted, answer};

/// `{"total":41}` compressed with gzip.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0xc9, 0x2f, 0x49, 0xcc,
    0x51, 0xb2, 0x32, 0x31, 0xac, 0x05, 0x00, 0xd0, 0x8a, 0x74, 0x19, 0x0c, 0x00, 0x00, 0x00,
];

fn gzipped(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_asked_for_again() {
    let mut cut = answer("200 OK", r#"{"data":[1,2,3]}"#);
    cut.truncate(cut.len() - 8);
    let server = Scripted::start(vec![cut.clone(), answer("200 OK", "{}")]).await;
    assert_eq!(server.get().await.unwrap().body.as_ref(), b"{}");
    let error = Scripted::start(vec![cut]).await.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient { retry_after: None });
    assert!(error.chain().contains("the body was cut off"), "{}", error.chain());
}

#[tokio::test]
async fn a_body_above_the_cap_is_refused_whether_or_not_its_length_is_announced() {
    let long = "x".repeat(5000);
    let unannounced = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{long}").into_bytes();
    for script in [answer("200 OK", &long), unannounced] {
        let capped = |settings| ClientSettings { body_cap_bytes: 4096, ..settings };
        let server = Scripted::start_with(vec![script], capped).await;
        let error = server.get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift);
        assert!(error.chain().ends_with("the answer is longer than 4096 bytes"), "{}", error.chain());
        assert_eq!(server.heads().len(), 1);
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_taken() {
    let body = "x".repeat(4096);
    let capped = |settings| ClientSettings { body_cap_bytes: 4096, ..settings };
    let server = Scripted::start_with(vec![answer("200 OK", &body)], capped).await;
    assert_eq!(server.get().await.unwrap().body.len(), 4096);
    assert_eq!(server.traffic.count().bytes, 4096);
}

#[tokio::test]
async fn gzip_is_offered_and_read() {
    let server = Scripted::start(vec![gzipped(GZIPPED)]).await;
    assert_eq!(server.get().await.unwrap().body.as_ref(), br#"{"total":41}"#);
    assert!(server.heads()[0].to_ascii_lowercase().contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn the_cap_counts_decompressed_bytes() {
    let capped = |settings| ClientSettings { body_cap_bytes: 8, ..settings };
    let server = Scripted::start_with(vec![gzipped(GZIPPED)], capped).await;
    assert_eq!(server.get().await.unwrap_err().kind(), ErrorKind::Drift);
}

#[tokio::test]
async fn an_empty_answer_has_an_empty_body() {
    let server = Scripted::start(vec![answer("204 No Content", "")]).await;
    assert!(server.get().await.unwrap().body.is_empty());
}
