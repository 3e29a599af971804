//! How a source proves who it is. A header that carries a credential is marked sensitive, so that no log prints it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use highwater_core::{Error, ErrorKind, Result, Secret};
use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// A way to authenticate by headers. Schemes that sign the body do so in `Call::build`.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `Authorization: Basic`.
    Basic {
        /// The user, or the id of a token.
        user: Secret,
        /// The password, or the secret of a token.
        password: Secret,
    },
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// Headers of the provider's own, named in lower case.
    Headers(Vec<(&'static str, Secret)>),
}

impl Auth {
    /// Adds the headers to `request`.
    ///
    /// # Errors
    /// `Config` when a credential holds characters that a header cannot carry.
    pub fn apply(&self, request: RequestBuilder) -> Result<RequestBuilder> {
        match self {
            Self::Basic { .. } | Self::Bearer(_) => {
                let value = self.authorization().unwrap_or_default();
                Ok(request.header(AUTHORIZATION, sensitive(&value)?))
            }
            Self::Headers(headers) => headers.iter().try_fold(request, |request, (name, secret)| {
                Ok(request.header(HeaderName::from_static(name), sensitive(secret.expose())?))
            }),
        }
    }

    /// Every form in which a credential could be echoed: for `ClientSettings::with_secrets`.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Basic { user, password } => {
                vec![user.clone(), password.clone(), Secret::new(encoded(user, password))]
            }
            Self::Bearer(token) => vec![token.clone()],
            Self::Headers(headers) => headers.iter().map(|(_, secret)| secret.clone()).collect(),
        }
    }

    fn authorization(&self) -> Option<String> {
        match self {
            Self::Basic { user, password } => Some(format!("Basic {}", encoded(user, password))),
            Self::Bearer(token) => Some(format!("Bearer {}", token.expose())),
            Self::Headers(_) => None,
        }
    }
}

fn encoded(user: &Secret, password: &Secret) -> String {
    STANDARD.encode(format!("{}:{}", user.expose(), password.expose()))
}

fn sensitive(value: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(ErrorKind::Config, "a credential holds characters that a header cannot carry")
            .with_hint("look for a line break or a stray character where the credential is stored")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn request(auth: &Auth) -> Result<reqwest::Request> {
        let builder = reqwest::Client::new().get("http://127.0.0.1/");
        Ok(auth.apply(builder)?.build().unwrap())
    }

    #[test]
    fn each_scheme_sends_its_headers() {
        let basic = Auth::Basic { user: secret("id"), password: secret("pass") };
        assert_eq!(request(&basic).unwrap().headers()[AUTHORIZATION], "Basic aWQ6cGFzcw==");
        let bearer = Auth::Bearer(secret("jwt"));
        assert_eq!(request(&bearer).unwrap().headers()[AUTHORIZATION], "Bearer jwt");
        let headers = Auth::Headers(vec![("wsc-api-key", secret("a")), ("wsc-access-key", secret("b"))]);
        assert_eq!(request(&headers).unwrap().headers()["wsc-access-key"], "b");
    }

    #[test]
    fn no_request_prints_its_credentials() {
        let basic = Auth::Basic { user: secret("canary-id"), password: secret("canary-pass") };
        let encoded = encoded(&secret("canary-id"), &secret("canary-pass"));
        for auth in [
            basic,
            Auth::Bearer(secret("canary-jwt")),
            Auth::Headers(vec![("wsc-api-key", secret("canary"))]),
        ] {
            let text = format!("{auth:?} {:?}", request(&auth).unwrap());
            assert!(!text.contains("canary") && !text.contains(&encoded), "{text}");
        }
    }

    #[test]
    fn a_credential_with_a_line_break_is_a_finding_that_does_not_show_it() {
        let error = request(&Auth::Bearer(secret("canary\n"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?} {}", error.hint()).contains("canary"));
    }
}
