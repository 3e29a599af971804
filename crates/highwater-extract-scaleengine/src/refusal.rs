//! Refusals: what the provider says where it does not answer, whatever HTTP status it says it with.

use chrono::TimeDelta;
use highwater_core::{Error, ErrorKind, Result};
use highwater_http::{Answer, classify_by_status};

use crate::failure;
use crate::wire::Head;

/// A failure envelope.
struct Refusal {
    code: Option<u16>,
    message: String,
}

impl Refusal {
    fn read(body: &[u8]) -> Option<Self> {
        let head: Head<'_> = serde_json::from_slice(body).ok()?;
        let is_failure = head.status.is_some_and(|status| text_of(status.get()) == "failure");
        is_failure.then(|| Self {
            code: head.code.and_then(|code| text_of(code.get()).parse().ok()),
            message: head.message.map(|message| text_of(message.get())).unwrap_or_default(),
        })
    }
}

/// A JSON text's content; any other value as it stands.
fn text_of(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

/// What `answer` means. `clock_ahead` is how far our clock stands ahead of the answer's.
///
/// # Errors
/// The refusal: by the provider's code where it has one that we know, else by the HTTP status.
pub(crate) fn classify(answer: &Answer, clock_ahead: Option<TimeDelta>) -> Result<()> {
    let Some(refusal) = Refusal::read(&answer.body) else {
        return classify_by_status(answer, None).map_err(about_the_endpoint);
    };
    let message = without_signatures(&refusal.message);
    match refusal.code {
        Some(code) if failure::is_documented(code) || answer.is_success() => {
            Err(failure::error(code, &answer.quote(&message), clock_ahead))
        }
        None if answer.is_success() => Err(failure::without_code(&answer.quote(&message))),
        _ => classify_by_status(answer, Some(message)).map_err(about_the_endpoint),
    }
}

/// All commands share one endpoint: where that is missing, no resource is gone, but the address is wrong.
fn about_the_endpoint(error: Error) -> Error {
    if error.kind() != ErrorKind::Gone {
        return error;
    }
    Error::new(ErrorKind::BadRequest, error.to_string())
        .with_hint("there is no such API at this address: correct base_url of this source")
}

/// `text` with every word masked that has the form of a signature: ours, or the one that the provider expected.
fn without_signatures(text: &str) -> String {
    const SIGNATURE_LENGTH: usize = 44;
    let in_signature = |c: char| c.is_ascii_alphanumeric() || "+/=\\".contains(c);
    let mut masked = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| !in_signature(c)) {
        let word = part.trim_end_matches(|c| !in_signature(c));
        if word.len() >= SIGNATURE_LENGTH && word.ends_with('=') {
            masked.push_str("[redacted]");
            masked.push_str(&part[word.len()..]);
        } else {
            masked.push_str(part);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use highwater_core::Disposition;
    use proptest::prelude::*;

    use super::*;

    fn refused(status: u16, body: &str) -> Error {
        classify(&Answer::new(status, body.to_owned(), DateTime::UNIX_EPOCH), None).unwrap_err()
    }

    #[test]
    fn the_code_counts_before_the_status_in_either_type() {
        for (status, code) in [(200, "\"0003\""), (200, "3"), (500, "3"), (429, "\"0003\"")] {
            let error = refused(status, &format!(r#"{{"status":"failure","code":{code},"message":"no"}}"#));
            assert_eq!(error.kind(), ErrorKind::Auth, "{status} {code}");
            assert!(error.to_string().contains("code=`0003` message=`no`"));
        }
    }

    #[test]
    fn without_a_code_that_we_know_the_status_counts() {
        for code in ["", r#","code":"0777""#, r#","code":{}"#] {
            let body = format!(r#"{{"status":"failure"{code},"message":"later"}}"#);
            let error = refused(503, &body);
            assert!(matches!(error.kind().disposition(), Disposition::Retry { .. }), "{code}");
            assert!(error.to_string().ends_with(": later"));
            assert_eq!(refused(200, &body).kind(), ErrorKind::BadRequest);
        }
    }

    #[test]
    fn a_missing_endpoint_is_not_a_missing_resource() {
        let error = refused(404, "Not Found");
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert!(error.hint().contains("base_url"));
    }

    #[test]
    fn a_page_is_no_refusal_and_neither_is_what_only_decoding_can_judge() {
        for body in [r#"{"status":"success","usage":[]}"#, "<html>", "", "[]", r#"{"status":3}"#] {
            let answer = Answer::new(200, body, DateTime::UNIX_EPOCH);
            assert!(classify(&answer, None).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_signature_in_the_providers_words_is_not_quoted() {
        let signature = "d1peP2m8c8cQlaPDAs8HGWVPN8bB4/8M3wi5u3Ju9s4=";
        let body =
            format!(r#"{{"status":"failure","code":3,"message":"expected {signature}, got `{signature}`"}}"#);
        let error = refused(200, &body);
        assert!(error.to_string().contains("expected [redacted], got `[redacted]`"), "{error}");
    }

    proptest! {
        #[test]
        fn any_body_is_classified_without_panic(status in 100..600_u16, body in any::<Vec<u8>>()) {
            let _ = classify(&Answer::new(status, body, DateTime::UNIX_EPOCH), None);
        }

        #[test]
        fn any_message_is_masked_without_panic(text in ".{0,120}") {
            let _ = without_signatures(&text);
        }
    }
}
