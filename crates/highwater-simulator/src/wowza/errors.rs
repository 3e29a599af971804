//! The provider's refusals: a status and a `meta` body.

use axum::http::{Response, StatusCode, header};
use bytes::Bytes;
use serde_json::{Value, json};

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoApiKey,
    NoAccessKey,
    InvalidApiKey,
    InvalidAccessKey,
    InvalidSignature,
    ExpiredToken,
    InvalidToken,
    BadAccountStatus,
    FeatureNotEnabled,
    TrialExceeded,
    Unaccessible,
    NotFound,
    Deleted,
    /// With what is wrong. The wording is this simulator's: the pages give none.
    Invalid(String),
    /// The body is this simulator's: the pages give none.
    TooManyRequests,
}

impl Refusal {
    /// Status, the last part of the code, title, message.
    fn words(&self) -> (u16, &'static str, &'static str, &'static str) {
        use Refusal as R;
        match self {
            R::NoApiKey => (401, "NoApiKey", "No API Key Error", "No API key sent in header."),
            R::NoAccessKey => (401, "NoAccessKey", "No Access Key Error", "No access key sent in header."),
            R::InvalidApiKey => (401, "InvalidApiKey", "Invalid Api Key Error", "Invalid API key."),
            R::InvalidAccessKey => {
                (401, "InvalidAccessKey", "Invalid Access Key Error", "Invalid access key.")
            }
            R::InvalidSignature => (401, "InvalidSignature", "Invalid Signature Error", "Invalid signature."),
            // The misspelling is the provider's.
            R::ExpiredToken => (401, "ExpiredToken", "JWT is expired", "Token has exired."),
            R::InvalidToken => (401, "InvalidToken", "JWT is invalid", "Token is invalid."),
            R::BadAccountStatus => {
                (401, "BadAccountStatus", "Account Error", "The account isn't in good standing.")
            }
            R::FeatureNotEnabled => (401, "FeatureNotEnabled", "Account Error", "The feature isn't enabled."),
            R::TrialExceeded => (401, "TrialExceeded", "Account Error", "The trial's limit is exceeded."),
            R::Unaccessible => (
                403,
                "RecordUnaccessible",
                "Record Unaccessible Error",
                "The requested resource isn't accessible.",
            ),
            R::NotFound => {
                (404, "RecordNotFound", "Record Not Found Error", "The requested resource couldn't be found.")
            }
            R::Deleted => {
                (410, "RecordDeleted", "Record Deleted Error", "The requested resource has been deleted.")
            }
            R::Invalid(_) => {
                (422, "RecordInvalid", "Record Invalid Error", "The request couldn't be processed.")
            }
            R::TooManyRequests => (429, "TooManyRequests", "Too Many Requests Error", "Too many requests."),
        }
    }

    fn body(&self) -> (StatusCode, Value) {
        let (status, name, title, message) = self.words();
        let (message, description) = match self {
            Self::Invalid(what) => (format!("{message} {what}"), what.as_str()),
            _ => (message.to_owned(), ""),
        };
        let meta = json!({
            "status": status,
            "code": format!("ERR-{status}-{name}"),
            "title": title,
            "message": message,
            "description": description,
            "links": [],
        });
        let status = StatusCode::from_u16(status).expect("a status of the table above");
        (status, json!({ "meta": meta }))
    }

    /// The refusal as the provider sends it.
    pub(super) fn response(&self) -> Response<Bytes> {
        let (status, body) = self.body();
        respond(status, &body)
    }
}

/// A JSON answer.
pub(super) fn respond(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
