//! Which credentials a version accepts, and whether a request carries them.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::errors::Refusal;
use super::plan::WowzaCredentials;
use super::route::Version;

/// How far a signature's timestamp may be from the moment of its receipt.
const SIGNATURE_TOLERANCE_SECONDS: u64 = 15;

/// Checks the credentials of a request for `path` (as sent, without the query).
pub(super) fn check(
    headers: &HeaderMap,
    path: &str,
    version: Version,
    credentials: &WowzaCredentials,
    real: DateTime<Utc>,
) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(authorization) = header("authorization") {
        return check_token(authorization, credentials);
    }
    if !version.accepts_keys() {
        return Err(Refusal::InvalidToken);
    }
    let api_key = header("wsc-api-key");
    let signature = header("wsc-signature");
    if api_key.is_none() && signature.is_none() {
        return Err(Refusal::NoApiKey);
    }
    match header("wsc-access-key") {
        None => return Err(Refusal::NoAccessKey),
        Some(key) if key != credentials.access_key.expose() => return Err(Refusal::InvalidAccessKey),
        Some(_) => {}
    }
    match (signature, api_key) {
        (Some(signature), _) => {
            let timestamp = header("wsc-timestamp").and_then(|text| text.parse::<i64>().ok());
            let timestamp = timestamp.ok_or(Refusal::InvalidSignature)?;
            let on_time = timestamp.abs_diff(real.timestamp()) <= SIGNATURE_TOLERANCE_SECONDS;
            let expected = sign(credentials.api_key.expose(), timestamp, path);
            if on_time && signature == expected { Ok(()) } else { Err(Refusal::InvalidSignature) }
        }
        (None, Some(key)) if key == credentials.api_key.expose() => Ok(()),
        (None, _) => Err(Refusal::InvalidApiKey),
    }
}

fn check_token(authorization: &str, credentials: &WowzaCredentials) -> Result<(), Refusal> {
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if token == credentials.token.expose() {
        Ok(())
    } else if token == credentials.expired_token.expose() {
        Err(Refusal::ExpiredToken)
    } else {
        Err(Refusal::InvalidToken)
    }
}

/// The `wsc-signature` of a request: lowercase hex of HMAC-SHA256 over `timestamp:path:api_key`, the path
/// without its query and without one trailing slash, keyed with the API key.
pub(super) fn sign(api_key: &str, timestamp: i64, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut mac = Hmac::<Sha256>::new_from_slice(api_key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}:{path}:{api_key}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_leaves_out_the_query_and_one_trailing_slash() {
        let expected = "25f3fdab495a8301745ce6e29f49e869032899197341858ab63e405a200d51b5";
        let key = "A".repeat(64);
        for path in ["/api/v1.7/usage/transcoders", "/api/v1.7/usage/transcoders/?page=1&per_page=25"] {
            assert_eq!(sign(&key, 1_700_000_000, path), expected);
        }
    }
}
