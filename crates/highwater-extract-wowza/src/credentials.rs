//! How a source proves who it is: a token, two keys, or a signature made with them.

use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, Result, Secret, Settings};
use highwater_http::Auth;

use crate::settings::{ACCESS_KEY, API_KEY, SIGN, TOKEN};
use crate::signature::sign;

const API_KEY_HEADER: &str = "wsc-api-key";
const ACCESS_KEY_HEADER: &str = "wsc-access-key";
const TIMESTAMP_HEADER: &str = "wsc-timestamp";
const SIGNATURE_HEADER: &str = "wsc-signature";

/// The credentials of one source.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// A JSON Web Token.
    Token(Secret),
    /// Both keys, sent as they are.
    Keys { api_key: Secret, access_key: Secret },
    /// Both keys; the API key signs and is not sent.
    Signing { api_key: Secret, access_key: Secret },
}

impl Credentials {
    /// The credentials that the settings name.
    ///
    /// # Errors
    /// `Config` when one of them was not read.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let secret = |key: &str| {
            settings.secret(key).cloned().ok_or_else(|| {
                let message = format!("the credential `{key}` could not be read");
                Error::new(ErrorKind::Config, message)
                    .with_hint(format!("set what `{key}` points to; `highwater check` names it"))
            })
        };
        if !settings.has(API_KEY) && !settings.has(ACCESS_KEY) {
            return Ok(Self::Token(secret(TOKEN)?));
        }
        let (api_key, access_key) = (secret(API_KEY)?, secret(ACCESS_KEY)?);
        Ok(if settings.flag(SIGN) {
            Self::Signing { api_key, access_key }
        } else {
            Self::Keys { api_key, access_key }
        })
    }

    /// The headers of one try for `path`, made at `now` by the machine's own clock.
    pub(crate) fn headers(&self, path: &str, now: DateTime<Utc>) -> Auth {
        match self {
            Self::Token(token) => Auth::Bearer(token.clone()),
            Self::Keys { api_key, access_key } => Auth::Headers(vec![
                (API_KEY_HEADER, api_key.clone()),
                (ACCESS_KEY_HEADER, access_key.clone()),
            ]),
            Self::Signing { api_key, access_key } => {
                let timestamp = now.timestamp();
                Auth::Headers(vec![
                    (ACCESS_KEY_HEADER, access_key.clone()),
                    (TIMESTAMP_HEADER, Secret::new(timestamp.to_string())),
                    (SIGNATURE_HEADER, Secret::new(sign(api_key, timestamp, path))),
                ])
            }
        }
    }

    /// What must never be quoted.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Token(token) => vec![token.clone()],
            Self::Keys { api_key, access_key } | Self::Signing { api_key, access_key } => {
                vec![api_key.clone(), access_key.clone()]
            }
        }
    }
}
