//! Nothing secret in anything that Highwater prints or keeps.

use highwater_simulator::{Fault, RetryAfter, StatusCode};

use super::{Mux, TOKEN_ID, TOKEN_SECRET, at};

/// What would give the credentials away: themselves, and the header made of them.
fn canaries() -> [String; 3] {
    const BASE64_OF_BOTH: &str = "Y2FuYXJ5LXRva2VuLWlkOmNhbmFyeS10b2tlbi1zZWNyZXQ=";
    [TOKEN_ID.to_owned(), TOKEN_SECRET.to_owned(), BASE64_OF_BOTH.to_owned()]
}

#[test]
fn no_secret_stands_in_any_output_object_or_raw_page() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::new(now, 20);
    mux.server.faults().add(Fault::too_many_requests(RetryAfter::Seconds(0)).nth(2));
    mux.server.faults().add(Fault::status(StatusCode::INTERNAL_SERVER_ERROR).nth(5));
    mux.server.faults().add(Fault::html().nth(9));
    let commands: [&[&str]; 6] = [
        &["run", "-vv"],
        &["run", "-vv", "--log-format", "json"],
        &["status", "-vv"],
        &["plan", "-vv"],
        &["check", "-vv"],
        &["fetch", "env", "delivery_usage", "-vv"],
    ];
    for arguments in commands {
        let outcome = mux.highwater(now, arguments).env("RUST_LOG", "trace").run();
        for canary in canaries() {
            assert!(!outcome.stderr.contains(&canary), "{arguments:?} logs {canary}");
            assert!(!outcome.stdout.contains(&canary), "{arguments:?} prints {canary}");
        }
    }
    let files = mux.warehouse().files("");
    assert!(files.iter().any(|file| file.starts_with("raw/")), "{files:?}");
    for file in files {
        let bytes = std::fs::read(mux.sandbox.path("warehouse").join(&file)).expect("it is there");
        let plain = if file.ends_with(".zst") { zstd::decode_all(&bytes[..]).expect("zstd") } else { bytes };
        let text = String::from_utf8_lossy(&plain);
        for canary in canaries() {
            assert!(!text.contains(&canary), "{file} holds {canary}");
        }
    }
}
