//! Cases about failures that pass, and about those that do not.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::net::TcpSocket;

use super::hasty_clock::HastyClock;
use super::source::{Credentials, PageSize, Source};
use super::stage::Stage;
use super::subject::Subject;
use super::verdict::{Breach, Outcome, Verdict, ensure};
use crate::fault::Fault;
use crate::retry_after::RetryAfter;

/// More tries of one request than any sensible bound allows.
const TOO_MANY_TRIES: u64 = 20;
/// More time for one request than any sensible bound allows.
const TOO_LONG: Duration = Duration::from_secs(3600);
const ASKED_SECONDS: u64 = 7;

/// Struck once by a bare 429, a pull takes one request more and gives the same rows.
pub async fn a_429_that_does_not_say_when_to_come_back_is_retried(subject: &Subject) -> Outcome {
    passes(subject, Fault::too_many_requests(RetryAfter::Absent)).await?;
    Ok(Verdict::Kept)
}

/// `Retry-After: 7` is waited for in full, and the pull gives the same rows.
pub async fn a_429_that_names_seconds_is_waited_out(subject: &Subject) -> Outcome {
    waited_out(subject, RetryAfter::Seconds(ASKED_SECONDS)).await
}

/// `Retry-After` with an HTTP date is waited for in full, and the pull gives the same rows.
pub async fn a_429_that_names_a_date_is_waited_out(subject: &Subject) -> Outcome {
    waited_out(subject, RetryAfter::Date(ASKED_SECONDS)).await
}

/// The error is `RateLimited` once tries or time are used up.
pub async fn a_429_that_never_ends_uses_up_bounded_tries(subject: &Subject) -> Outcome {
    for retry_after in [RetryAfter::Absent, RetryAfter::Seconds(1), RetryAfter::Date(1)] {
        gives_up(subject, Fault::too_many_requests(retry_after), "rate_limited", 2).await?;
    }
    Ok(Verdict::Kept)
}

/// The wait that a provider asks for is capped.
pub async fn a_429_that_asks_for_a_day_is_not_obeyed_that_long(subject: &Subject) -> Outcome {
    gives_up(subject, Fault::too_many_requests(RetryAfter::Seconds(86_400)), "rate_limited", 1).await?;
    Ok(Verdict::Kept)
}

/// Struck once, a pull takes one request more and gives the same rows; a 503's `Retry-After` is waited for.
pub async fn a_500_or_503_is_retried(subject: &Subject) -> Outcome {
    passes(subject, Fault::status(StatusCode::INTERNAL_SERVER_ERROR)).await?;
    let asked = RetryAfter::Seconds(ASKED_SECONDS);
    let unavailable = Fault::status_with_retry_after(StatusCode::SERVICE_UNAVAILABLE, asked);
    let waited = passes(subject, unavailable).await?;
    ensure(waited >= Duration::from_secs(ASKED_SECONDS), || {
        format!("503 asked for {ASKED_SECONDS} s and got {waited:?}")
    })?;
    Ok(Verdict::Kept)
}

/// The error is `Transient` once tries or time are used up.
pub async fn a_500_or_503_that_never_ends_is_transient(subject: &Subject) -> Outcome {
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE] {
        gives_up(subject, Fault::status(status), "transient", 2).await?;
    }
    Ok(Verdict::Kept)
}

/// Cut off once, a body is asked for again; cut off for ever, it is `Transient` within bounds.
pub async fn a_body_that_is_cut_off_is_retried(subject: &Subject) -> Outcome {
    passes(subject, Fault::cut_off()).await?;
    gives_up(subject, Fault::cut_off(), "transient", 2).await?;
    Ok(Verdict::Kept)
}

/// Reset once, a request is sent again; reset for ever, it is `Transient` within bounds.
pub async fn a_connection_that_is_reset_is_retried(subject: &Subject) -> Outcome {
    passes(subject, Fault::reset()).await?;
    gives_up(subject, Fault::reset(), "transient", 2).await?;
    Ok(Verdict::Kept)
}

/// Where nobody listens, the error is `Transient` after more than one try, within bounds.
pub async fn a_connection_that_is_refused_is_transient(subject: &Subject) -> Outcome {
    // Bound, so that nobody else gets the port, and never listening, so that nobody answers.
    let port = TcpSocket::new_v4().and_then(|socket| {
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok((socket.local_addr()?, socket))
    });
    let (address, _socket) = port.map_err(|error| Breach::new(format!("no port could be taken: {error}")))?;
    let clock = HastyClock::new(subject.now);
    let terms = (Credentials::Accepted, PageSize::Default);
    let source = Source::connect(subject, &format!("http://{address}"), &clock, terms, subject.rows.window)?;
    match source.fetch(&source.opening()?).await {
        Ok(_) => return Err(Breach::new("a page came from where nobody listens")),
        Err(error) => ensure(error.kind().as_str() == "transient", || {
            format!("transient was due and came as {}: {}", error.kind().as_str(), error.chain())
        })?,
    }
    let sent = source.extractor.traffic().count().requests;
    ensure((2..=TOO_MANY_TRIES).contains(&sent), || format!("{sent} connections were tried"))?;
    Ok(Verdict::Kept)
}

async fn waited_out(subject: &Subject, retry_after: RetryAfter) -> Outcome {
    let waited = passes(subject, Fault::too_many_requests(retry_after)).await?;
    ensure(waited >= Duration::from_secs(ASKED_SECONDS), || {
        format!("the provider asked for {ASKED_SECONDS} s and got {waited:?}")
    })?;
    Ok(Verdict::Kept)
}

/// Strikes the first request alone: the pull must give the rows that it gives undisturbed, with one request more.
/// Returns the virtual time that the pull took.
async fn passes(subject: &Subject, fault: Fault) -> Result<Duration, Breach> {
    let undisturbed = Stage::open(subject).await?;
    let expected = undisturbed.pull().await?;
    let stage = Stage::with(subject, fault.first(1)).await?;
    let pull = stage.pull().await?;
    let spec = &stage.source.spec;
    ensure(stage.server.faults().struck() == 1, || "the fault did not strike".to_owned())?;
    ensure(pull.sink.settled(spec) == expected.sink.settled(spec), || {
        "the rows differ from those of a pull without the failure".to_owned()
    })?;
    let (asked, due) = (stage.asked(), undisturbed.asked() + 1);
    ensure(asked == due, || format!("the pull took {asked} requests instead of {due}"))?;
    let counted = stage.source.extractor.traffic().count();
    ensure((counted.requests, counted.retries) == (asked, 1), || {
        format!("of {asked} requests and 1 retry, {} and {} were counted", counted.requests, counted.retries)
    })?;
    Ok(stage.waited())
}

/// Strikes again and again: the request must fail with `kind` after `least` tries or more, within bounds.
async fn gives_up(subject: &Subject, fault: Fault, kind: &str, least: u64) -> Result<(), Breach> {
    let stage = Stage::with(subject, fault.first(3 * TOO_MANY_TRIES)).await?;
    stage.expect_refusal(&stage.source.opening()?, kind).await?;
    let (asked, waited) = (stage.asked(), stage.waited());
    ensure((least..=TOO_MANY_TRIES).contains(&asked), || format!("{asked} tries were made"))?;
    ensure(waited <= TOO_LONG, || format!("it waited {waited:?} for one page"))
}
