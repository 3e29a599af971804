//! Who may ask.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use highwater_core::Secret;

/// The token that the simulated environment accepts.
#[derive(Clone, Debug)]
pub struct MuxCredentials {
    /// The token's id: the user of Basic authentication.
    pub token_id: String,
    /// The token's secret: its password.
    pub token_secret: Secret,
}

impl MuxCredentials {
    /// The token with this id and secret.
    #[must_use]
    pub fn new(token_id: &str, token_secret: &str) -> Self {
        Self { token_id: token_id.to_owned(), token_secret: Secret::new(token_secret.to_owned()) }
    }

    /// Whether `headers` carry exactly this token by Basic authentication.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let expected = format!("{}:{}", self.token_id, self.token_secret.expose());
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, encoded)) = given.and_then(|value| value.split_once(' ')) else { return false };
        scheme.eq_ignore_ascii_case("basic")
            && STANDARD.decode(encoded.trim()).is_ok_and(|decoded| decoded == expected.as_bytes())
    }
}
