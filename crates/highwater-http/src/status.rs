//! What a status means when the provider's own words do not say more.

use highwater_core::{Error, ErrorKind, Result};

use crate::answer::Answer;

/// Reads an answer by its status alone: 2xx is `Ok`; 401 and 403 are `Auth`; 404 and 410 `Gone`; 429 `RateLimited`; 408,
/// 425 and 5xx `Transient`; all else `BadRequest`. `message` is the provider's text, if it could be read; it is quoted.
///
/// # Errors
/// For every status but 2xx.
pub fn classify_by_status(answer: &Answer, message: Option<String>) -> Result<()> {
    let retry_after = answer.retry_after;
    let kind = match answer.status {
        200..=299 => return Ok(()),
        401 | 403 => ErrorKind::Auth,
        404 | 410 => ErrorKind::Gone,
        408 | 425 | 500..=599 => ErrorKind::Transient { retry_after },
        429 => ErrorKind::RateLimited { retry_after },
        _ => ErrorKind::BadRequest,
    };
    let mut text = format!("the provider answered {}", answer.status);
    let reason =
        reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    if let Some(reason) = reason {
        text.push(' ');
        text.push_str(reason);
    }
    if let Some(message) = message.filter(|message| !message.trim().is_empty()) {
        text.push_str(": ");
        text.push_str(&answer.quote(&message));
    }
    let error = Error::new(kind, text);
    Err(match answer.status {
        300..=399 => {
            error.with_hint("the address answers with a redirect, which is not followed: correct base_url")
        }
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use std::time::Duration;

    fn answer(status: u16) -> Answer {
        Answer::new(status, "", DateTime::UNIX_EPOCH)
    }

    #[test]
    fn each_status_has_its_kind() {
        let retry_after = Some(Duration::from_secs(7));
        for (status, kind) in [
            (301, ErrorKind::BadRequest),
            (400, ErrorKind::BadRequest),
            (401, ErrorKind::Auth),
            (403, ErrorKind::Auth),
            (404, ErrorKind::Gone),
            (408, ErrorKind::Transient { retry_after }),
            (410, ErrorKind::Gone),
            (422, ErrorKind::BadRequest),
            (429, ErrorKind::RateLimited { retry_after }),
            (500, ErrorKind::Transient { retry_after }),
            (503, ErrorKind::Transient { retry_after }),
        ] {
            let refused = Answer { retry_after, ..answer(status) };
            assert_eq!(classify_by_status(&refused, None).unwrap_err().kind(), kind, "{status}");
        }
        assert!(classify_by_status(&answer(200), None).is_ok());
        assert!(classify_by_status(&answer(204), None).is_ok());
    }

    #[test]
    fn the_providers_words_follow_the_status() {
        let error = classify_by_status(&answer(400), Some("Failed to parse ID".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "the provider answered 400 Bad Request: Failed to parse ID");
    }
}
