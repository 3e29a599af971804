//! Canaries: no credential comes out of the client in words.

use highwater_core::{Secret, Traffic};
use highwater_http::{Auth, Client, ClientSettings};
use std::sync::Arc;

use crate::scripted::{Get, Scripted, answer};

const ID: &str = "canary-id-5d1c";
const PASSWORD: &str = "canary-password-77aa";

fn auth() -> Auth {
    Auth::Basic { user: Secret::new(ID.to_owned()), password: Secret::new(PASSWORD.to_owned()) }
}

fn encoded() -> Secret {
    auth().secrets().pop().unwrap()
}

fn assert_clean(text: &str) {
    for secret in ["canary", encoded().expose()] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Everything that the error and its causes can print.
fn all_words(error: &highwater_core::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {}", error.hint());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?} {error:#?}"));
        cause = error.source();
    }
    text
}

async fn refused(script: Vec<Vec<u8>>) -> highwater_core::Error {
    let server = Scripted::start_with(script, |settings| settings.with_secrets(auth().secrets())).await;
    let query = format!("?api_key={PASSWORD}&signature=canary");
    let mut call = Get::new(&(server.url.replace("http://", &format!("http://{ID}:{PASSWORD}@")) + &query));
    call.auth = Some(auth());
    assert_clean(&format!("{:?} {:?}", server.client, call.auth));
    server.client.send(&call).await.unwrap_err()
}

#[tokio::test]
async fn a_provider_that_echoes_credentials_does_not_make_us_print_them() {
    let echo = format!(
        "bad key {PASSWORD} of {ID}; Authorization: Basic {}; signature=canary-signature",
        encoded().expose()
    );
    for status in
        ["401 Unauthorized", "400 Bad Request", "429 Too Many Requests", "500 Internal Server Error"]
    {
        let error = refused(vec![answer(status, &echo)]).await;
        assert!(error.chain().contains("bad key [redacted] of [redacted]"), "{}", error.chain());
        assert_clean(&all_words(&error));
    }
}

#[tokio::test]
async fn broken_connections_and_bodies_do_not_print_the_address_with_its_secrets() {
    let mut cut = answer("200 OK", r#"{"data":[1,2,3]}"#);
    cut.truncate(cut.len() - 4);
    for script in [vec![Vec::new()], vec![cut], vec![b"garbage\r\n\r\n".to_vec()]] {
        assert_clean(&all_words(&refused(script).await));
    }
}

#[tokio::test]
async fn neither_client_nor_settings_nor_answer_print_what_they_hold() {
    let echo = format!("{ID} {PASSWORD}");
    let server = Scripted::start(vec![answer("200 OK", &echo)]).await;
    assert_clean(&format!("{:?}", server.get().await.unwrap()));
    let context = highwater_core::Context {
        source: highwater_core::SourceName::new("s").unwrap(),
        datasets: Vec::new(),
        clock: Arc::clone(&server.clock) as _,
        real_clock: Arc::clone(&server.clock) as _,
        requests_per_second: 1.0,
    };
    let settings = ClientSettings::new(&context).with_secrets(auth().secrets());
    assert_clean(&format!("{settings:?}"));
    assert_clean(&format!("{:?}", Client::new(settings, Arc::new(Traffic::default())).unwrap()));
}
