//! The form around a request: its field `json`, in either encoding a form can have.

use axum::body::Body;
use axum::extract::{Form, FromRequest, Multipart};
use axum::http::{Request, header};
use bytes::Bytes;

/// The text of the first field named `json`, if the body is a form that has one.
pub(super) async fn json_field(request: Request<Bytes>) -> Option<String> {
    let content_type = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let multipart = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data");
    let request = request.map(Body::from);
    if multipart { multipart_field(request).await } else { urlencoded_field(request).await }
}

async fn multipart_field(request: Request<Body>) -> Option<String> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("json") {
            return field.text().await.ok();
        }
    }
    None
}

async fn urlencoded_field(request: Request<Body>) -> Option<String> {
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.ok()?;
    fields.into_iter().find(|(name, _)| name == "json").map(|(_, text)| text)
}
