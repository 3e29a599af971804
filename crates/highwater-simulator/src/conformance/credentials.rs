//! Cases about credentials that are refused.

use axum::http::StatusCode;

use super::source::{Credentials, PageSize};
use super::stage::Stage;
use super::subject::Subject;
use super::verdict::{Breach, Outcome, Verdict, ensure};
use crate::fault::Fault;

/// Both the probe and a page fail with `Auth`, each after exactly one request.
pub async fn refused_credentials_cost_one_request(subject: &Subject) -> Outcome {
    let stage = Stage::set(subject, subject.rows, Credentials::Refused, PageSize::Default).await?;
    match stage.source.extractor.probe().await {
        Ok(_) => return Err(Breach::new("the probe passed with credentials that are refused")),
        Err(error) => ensure(error.kind().as_str() == "auth", || {
            format!("the probe failed with {}: {}", error.kind().as_str(), error.chain())
        })?,
    }
    ensure(stage.asked() == 1, || format!("the probe sent {} requests", stage.asked()))?;
    stage.expect_refusal(&stage.source.opening()?, "auth").await?;
    ensure(stage.asked() == 2, || format!("the refused page took {} requests", stage.asked() - 1))?;
    Ok(Verdict::Kept)
}

/// A status of 401 or 403, from whatever stands in front of the provider, is `Auth` and is not retried.
pub async fn a_401_or_403_stops_the_source_after_one_request(subject: &Subject) -> Outcome {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let stage = Stage::with(subject, Fault::status(status)).await?;
        stage.expect_refusal(&stage.source.opening()?, "auth").await?;
        ensure(stage.asked() == 1, || format!("{status} was asked for {} times", stage.asked()))?;
    }
    Ok(Verdict::Kept)
}
