//! The HMAC signature of a request, for sources that do not send their API key.

use std::fmt::Write;

use highwater_core::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The `wsc-signature` of a request for `path`: lowercase hex of HMAC-SHA256 over `timestamp:path:api_key`, keyed with
/// the API key. The path has its leading slash and `/api/{version}`; its query and one trailing slash are left out.
///
/// The provider accepts it for fifteen seconds from `timestamp`, which counts seconds since 1970.
pub(crate) fn sign(api_key: &Secret, timestamp: i64, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let key = api_key.expose();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length of key makes an HMAC");
    mac.update(format!("{timestamp}:{path}:{key}").as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("text grows without error");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_computed_one_with_or_without_query_and_trailing_slash() {
        let key = Secret::new("A".repeat(64));
        for path in ["/api/v1.7/usage/transcoders", "/api/v1.7/usage/transcoders/?page=1&per_page=25"] {
            let expected = "25f3fdab495a8301745ce6e29f49e869032899197341858ab63e405a200d51b5";
            assert_eq!(sign(&key, 1_700_000_000, path), expected);
        }
    }

    #[test]
    fn another_moment_or_path_makes_another_signature() {
        let key = Secret::new("A".repeat(64));
        let first = sign(&key, 1_700_000_000, "/api/v1.8/usage/transcoders");
        assert_ne!(first, sign(&key, 1_700_000_001, "/api/v1.8/usage/transcoders"));
        assert_ne!(first, sign(&key, 1_700_000_000, "/api/v1.8/usage/vod_streams"));
        assert_ne!(first, sign(&key, 1_700_000_000, "/api/v1.8/usage/transcoders//"));
    }
}
