//! Calls: how a page request becomes an HTTP request.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::{
    Clock, Context, Error, ErrorKind, Grain, PageRequest, Result, Settings, Traffic, Window,
};
use highwater_http::reqwest::Url;
use highwater_http::reqwest::header::CONTENT_TYPE;
use highwater_http::{Answer, Call, Client, ClientSettings, reqwest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::credentials::Credentials;
use crate::datasets::LONGEST_SPAN;
use crate::operations::{self, Operation, RESERVED_IDS};
use crate::refusal;
use crate::settings;

/// All that is not unreserved in a URL.
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b'.');

/// Sends the requests of one source.
#[derive(Debug)]
pub(crate) struct UsageClient {
    http: Client,
    /// Scheme, host and version, without a trailing slash.
    root: String,
    credentials: Credentials,
    real_clock: Arc<dyn Clock>,
}

impl UsageClient {
    /// A client that counts into `traffic`. Sends nothing.
    ///
    /// # Errors
    /// `Config` when a credential was not read.
    pub(crate) fn new(settings: &Settings, context: &Context, traffic: Arc<Traffic>) -> Result<Self> {
        let credentials = Credentials::new(settings)?;
        let client_settings = ClientSettings::new(context).with_secrets(credentials.secrets());
        Ok(Self {
            http: Client::new(client_settings, traffic)?,
            root: settings::api_root(settings),
            credentials,
            real_clock: Arc::clone(&context.real_clock),
        })
    }

    /// Makes the call that `request` stands for.
    ///
    /// # Errors
    /// As `Extractor::fetch`.
    pub(crate) async fn send(&self, request: &PageRequest) -> Result<Answer> {
        let operation = operations::find(&request.operation)?;
        self.http.send(&UsageCall { client: self, operation, request }).await
    }
}

/// One call of an operation.
struct UsageCall<'a> {
    client: &'a UsageClient,
    operation: Operation,
    request: &'a PageRequest,
}

impl Call for UsageCall<'_> {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        let url = self.url()?;
        let auth = self.client.credentials.headers(url.path(), self.client.real_clock.now());
        // The provider wants the content type on every request, also where there is no content.
        let request = auth.apply(http.get(url))?.header(CONTENT_TYPE, "application/json");
        request.build().map_err(|error| unusable_address().with_source(error.without_url()))
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        refusal::classify(answer, self.request.id.is_some())
    }

    fn describe(&self) -> String {
        let PageRequest { operation, id, window, .. } = self.request;
        match id {
            Some(id) => format!("{operation} id=`{id}` window=`{window}`"),
            None => format!("{operation} window=`{window}`"),
        }
    }
}

impl UsageCall<'_> {
    fn url(&self) -> Result<Url> {
        let address = format!("{}{}", self.client.root, path(self.operation, self.request.id.as_deref())?);
        let mut url = Url::parse(&address).map_err(|error| unusable_address().with_source(error))?;
        if self.operation.spec.takes_window {
            let hours = hours_around(self.request.window);
            if hours.duration() > LONGEST_SPAN {
                let message = format!("a request may ask for 90 days at most: window=`{hours}`");
                return Err(Error::new(ErrorKind::BadRequest, message).with_hint("ask for a shorter range"));
            }
            let bounds = [("from", stamp(hours.start())), ("to", stamp(hours.end()))];
            url.query_pairs_mut().extend_pairs(bounds);
        }
        if !self.request.params.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.request.params);
        }
        Ok(url)
    }
}

fn unusable_address() -> Error {
    Error::new(ErrorKind::Config, "cannot make a request of this address")
        .with_hint("correct base_url: scheme and host, such as https://api.video.wowza.com")
}

/// The full hours that cover `window`: what is asked for, because the provider rounds minutes itself.
pub(crate) fn hours_around(window: Window) -> Window {
    Window::of(Grain::Hour.floor(window.start()), Grain::Hour.ceil(window.end()))
}

/// A full hour as the provider wants it.
fn stamp(hour: DateTime<Utc>) -> String {
    hour.format("%Y-%m-%d %H:00:00").to_string()
}

/// The path of an operation after `/api/{version}`, its id escaped as one segment.
fn path(operation: Operation, id: Option<&str>) -> Result<String> {
    let Operation { spec, .. } = operation;
    match id {
        None if !spec.takes_id => Ok(operation.path().to_owned()),
        Some(id) if spec.takes_id => {
            let taken_for_something_else =
                RESERVED_IDS.contains(&id) || id.is_empty() || id.bytes().all(|byte| byte == b'.');
            if taken_for_something_else {
                let message = format!("`{id}` would be read as a part of the path, not as an id");
                return Err(Error::new(ErrorKind::Gone, message)
                    .with_hint("a resource of this name cannot be asked for by itself"));
            }
            Ok(operation.path().replace("{id}", &utf8_percent_encode(id, IN_SEGMENT).to_string()))
        }
        _ => {
            let takes = if spec.takes_id { "an id" } else { "no id" };
            Err(Error::new(ErrorKind::BadRequest, format!("operation `{}` takes {takes}", spec.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(operation: &str, id: Option<&str>) -> Result<String> {
        path(operations::find(operation).unwrap(), id)
    }

    #[test]
    fn an_id_is_one_segment_whatever_it_holds() {
        let odd = path_of("transcoder_trend", Some("a/b ?#%.ü")).unwrap();
        assert_eq!(odd, "/usage/transcoders/a%2Fb%20%3F%23%25.%C3%BC/trend");
        assert_eq!(path_of("vod_egress_one", Some("v-1_~")).unwrap(), "/usage/vod_streams/egress/v-1_~");
        assert_eq!(path_of("account_live", None).unwrap(), "/usage/accounts/live");
    }

    #[test]
    fn a_word_of_the_path_is_never_sent_as_an_id() {
        for id in ["summary", "egress", "", ".", ".."] {
            for operation in ["transcoder", "vod_stream", "vod_countries", "vod_egress_one"] {
                assert_eq!(path_of(operation, Some(id)).unwrap_err().kind(), ErrorKind::Gone, "{id}");
            }
        }
        assert!(path_of("transcoder", None).is_err());
        assert!(path_of("transcoders", Some("a")).is_err());
    }

    #[test]
    fn instants_are_full_hours_in_the_providers_form() {
        let window =
            Window::of("2026-09-30T22:15:00Z".parse().unwrap(), "2026-09-30T23:15:00Z".parse().unwrap());
        let hours = hours_around(window);
        assert_eq!(stamp(hours.start()), "2026-09-30 22:00:00");
        assert_eq!(stamp(hours.end()), "2026-10-01 00:00:00");
        assert_eq!(hours_around(hours), hours);
    }
}
