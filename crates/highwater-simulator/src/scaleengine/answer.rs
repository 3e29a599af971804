//! The bodies of answers, printed as PHP prints them.

use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use super::behaviour::{CodeForm, FailureStatus, ScaleEngineBehaviour};
use super::failure::Failure;
use super::php_json::Json;

/// The success envelope: the rows under the command's own member name, then `count`, `message`, `handle_time`.
pub(super) fn success(
    rows_name: &str,
    rows: Vec<Json>,
    count: usize,
    message: &str,
    handle_time: String,
) -> Json {
    Json::members([
        ("status", Json::text("success")),
        (rows_name, Json::List(rows)),
        ("count", Json::Int(i64::try_from(count).unwrap_or(i64::MAX))),
        ("message", Json::text(message)),
        ("handle_time", Json::Text(handle_time)),
    ])
}

/// A duration text as the API gives it; it differs from one answer to the next, so that nobody takes equal bodies
/// for granted.
pub(super) fn handle_time(answer_number: u64) -> String {
    format!("0.{:04} seconds", (answer_number.wrapping_mul(7919) + 2191) % 10_000)
}

pub(super) fn failure(failure: &Failure, behaviour: &ScaleEngineBehaviour) -> Response<Bytes> {
    let code = failure.code.digits();
    let code = match behaviour.code_form {
        CodeForm::Text => Json::text(code),
        CodeForm::Number => Json::Int(code.parse().expect("a code is four digits")),
    };
    let body = Json::members([
        ("status", Json::text("failure")),
        ("code", code),
        ("message", Json::text(&failure.message)),
    ]);
    let status = match behaviour.failure_status {
        FailureStatus::Ok => StatusCode::OK,
        FailureStatus::ByCode => failure.code.status(),
    };
    json(status, &body)
}

pub(super) fn json(status: StatusCode, body: &Json) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.encode()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
