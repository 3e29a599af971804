//! Cases about refusals that no repetition mends.

use axum::http::StatusCode;
use highwater_core::PageRequest;

use super::stage::Stage;
use super::subject::Subject;
use super::verdict::{Breach, Outcome, Verdict, ensure};
use crate::fault::Fault;

/// A request about one resource that is answered with 404 or 410 is `Gone`, after one request.
pub async fn a_404_or_410_about_one_resource_says_that_it_is_gone(subject: &Subject) -> Outcome {
    let Some(request) = &subject.about_one else { return Ok(Verdict::NotApplicable) };
    for status in [StatusCode::NOT_FOUND, StatusCode::GONE] {
        let stage = Stage::with(subject, Fault::status(status)).await?;
        once(&stage, request, status, "gone").await?;
    }
    Ok(Verdict::Kept)
}

/// A status of 400 or 422 is `BadRequest`, after one request.
pub async fn a_400_or_422_is_our_mistake_and_is_not_repeated(subject: &Subject) -> Outcome {
    for status in [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY] {
        let stage = Stage::with(subject, Fault::status(status)).await?;
        once(&stage, &stage.source.opening()?, status, "bad_request").await?;
    }
    Ok(Verdict::Kept)
}

async fn once(stage: &Stage, request: &PageRequest, status: StatusCode, kind: &str) -> Result<(), Breach> {
    stage.expect_refusal(request, kind).await?;
    ensure(stage.asked() == 1, || format!("{status} was asked for {} times", stage.asked()))
}
