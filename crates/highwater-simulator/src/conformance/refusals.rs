//! Cases about refusals that no repetition mends.

use axum::http::StatusCode;

use super::stage::Stage;
use super::subject::Subject;
use super::verdict::{Outcome, Verdict, ensure};
use crate::fault::Fault;

/// The provider's own refusal of a resource that it does not have is `Gone`, after one request. What a gateway's 404
/// means is left to the extractor: it may not know the resource, or the whole API.
pub async fn a_404_or_410_about_one_resource_says_that_it_is_gone(subject: &Subject) -> Outcome {
    let Some(request) = &subject.about_one else { return Ok(Verdict::NotApplicable) };
    let stage = Stage::open(subject).await?;
    stage.expect_refusal(request, "gone").await?;
    ensure(stage.asked() == 1, || format!("the resource was asked for {} times", stage.asked()))?;
    let statuses: Vec<_> = stage.server.log().iter().map(|request| request.status).collect();
    ensure(matches!(statuses[..], [Some(404 | 410)]), || {
        format!("the request under test was answered with {statuses:?}, not 404 or 410")
    })?;
    Ok(Verdict::Kept)
}

/// A status of 400 or 422 is `BadRequest`, after one request.
pub async fn a_400_or_422_is_our_mistake_and_is_not_repeated(subject: &Subject) -> Outcome {
    for status in [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY] {
        let stage = Stage::with(subject, Fault::status(status)).await?;
        stage.expect_refusal(&stage.source.opening()?, "bad_request").await?;
        ensure(stage.asked() == 1, || format!("{status} was asked for {} times", stage.asked()))?;
    }
    Ok(Verdict::Kept)
}
