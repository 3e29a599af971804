//! Calls of the Mux API: the request, the credentials, and what a refusal says.

use std::sync::Arc;

use highwater_core::{Context, Error, ErrorKind, Grain, PageRequest, Result, Settings, Traffic};
use highwater_http::reqwest::header::ACCEPT;
use highwater_http::reqwest::{self, Url};
use highwater_http::{Answer, Auth, Call, Client, ClientSettings, classify_by_status};

use crate::datasets::OPERATION;
use crate::{settings, wire};

/// The API of one environment.
#[derive(Debug)]
pub(crate) struct MuxClient {
    http: Client,
    auth: Auth,
    delivery_usage: Url,
    page_size: u32,
}

impl MuxClient {
    /// # Errors
    /// `Config` when a secret is missing or `base_url` is not a URL.
    pub(crate) fn new(settings: &Settings, context: &Context, traffic: Arc<Traffic>) -> Result<Self> {
        let auth = Auth::Basic {
            user: settings::secret(settings, "token_id")?,
            password: settings::secret(settings, "token_secret")?,
        };
        let delivery_usage = Url::parse(&format!("{}/video/v1/delivery-usage", settings::base_url(settings)))
            .map_err(|error| Error::new(ErrorKind::Config, "base_url is not a URL").with_source(error))?;
        let http = Client::new(ClientSettings::new(context).with_secrets(auth.secrets()), traffic)?;
        Ok(Self { http, auth, delivery_usage, page_size: settings::page_size(settings) })
    }

    /// The rows asked for with one request.
    pub(crate) fn page_size(&self) -> u32 {
        self.page_size
    }

    /// Asks for one page of delivery usage.
    ///
    /// # Errors
    /// `Config` for a request that Mux does not take; else as [`Client::send`].
    pub(crate) async fn list(&self, request: &PageRequest) -> Result<Answer> {
        check(request)?;
        self.http.send(&ListCall { client: self, request }).await
    }
}

/// Refuses what Mux would answer wrongly or not at all.
fn check(request: &PageRequest) -> Result<()> {
    if request.operation != OPERATION {
        let message = format!("Mux has no operation `{}`", request.operation);
        return Err(Error::new(ErrorKind::Internal, message));
    }
    if !request.window.is_aligned(Grain::Hour) {
        let message = format!("Mux reports whole hours only: window=`{}`", request.window);
        return Err(
            Error::new(ErrorKind::Config, message).with_hint("let --from and --to stand on the hour, UTC")
        );
    }
    if request.param("asset_id").is_some() && request.param("live_stream_id").is_some() {
        return Err(Error::new(ErrorKind::Config, "Mux takes either asset_id or live_stream_id, not both")
            .with_hint("leave one of the two out"));
    }
    Ok(())
}

struct ListCall<'a> {
    client: &'a MuxClient,
    request: &'a PageRequest,
}

impl Call for ListCall<'_> {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        let window = self.request.window;
        let (start, end) = (window.start().timestamp().to_string(), window.end().timestamp().to_string());
        let page_size = self.client.page_size.to_string();
        let mut query = vec![("timeframe[]", start.as_str()), ("timeframe[]", &end)];
        query.push(("page", self.request.param("page").unwrap_or("1")));
        query.push(("limit", self.request.param("limit").unwrap_or(&page_size)));
        for filter in ["asset_id", "live_stream_id"] {
            query.extend(self.request.param(filter).map(|id| (filter, id)));
        }
        let request =
            http.get(self.client.delivery_usage.clone()).header(ACCEPT, "application/json").query(&query);
        self.client.auth.apply(request)?.build().map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot build the request").with_source(error.without_url())
        })
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        if answer.is_success() {
            return Ok(());
        }
        let Err(error) = classify_by_status(answer, refusal(&answer.body)) else { return Ok(()) };
        let asks_about_one =
            ["asset_id", "live_stream_id"].iter().any(|filter| self.request.param(filter).is_some());
        Err(match error.kind() {
            ErrorKind::Auth => error.with_hint(
                "check token_id and token_secret: the token must belong to this environment and may read Mux Video",
            ),
            ErrorKind::Gone if !asks_about_one => Error::new(ErrorKind::BadRequest, error.to_string())
                .with_hint("there is no Mux API at this address: check base_url"),
            _ => error,
        })
    }

    fn describe(&self) -> String {
        let page = self.request.param("page").unwrap_or("1");
        format!("{OPERATION} of {} page {page}", self.request.window)
    }
}

/// What a refusal says, in either of its forms.
fn refusal(body: &[u8]) -> Option<String> {
    let refusal: wire::Refusal<'_> = serde_json::from_slice(body).ok()?;
    let (kind, messages) = match refusal.error {
        Some(error) => (error.kind, error.messages),
        None => (None, refusal.errors),
    };
    let messages = messages.unwrap_or_default();
    let words: Vec<&str> = kind.iter().chain(&messages).map(|text| text.as_str()).collect();
    (!words.is_empty()).then(|| words.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_refusal_are_read() {
        let usual = br#"{"error":{"type":"invalid_parameters","messages":["Failed to parse ID"]}}"#;
        assert_eq!(refusal(usual).as_deref(), Some("invalid_parameters: Failed to parse ID"));
        let throttled = br#"{"errors":["Too many requests, retry later."]}"#;
        assert_eq!(refusal(throttled).as_deref(), Some("Too many requests, retry later."));
        for other in [&b"<html>"[..], b"{}", br#"{"message":"no"}"#, b""] {
            assert_eq!(refusal(other), None);
        }
    }
}
