//! What the provider's refusals mean. Status 401 also says that an account is blocked, so that the code inside the
//! body decides, never the wording: it is misspelt in places.

use highwater_core::wire::Text;
use highwater_core::{Error, ErrorKind, Result};
use highwater_http::{Answer, classify_by_status};

highwater_core::wire! {
    struct Body<'a> {
        meta: Meta<'a>,
    }
    struct Meta<'a> {
        code: Text<'a>,
        message: Text<'a>,
        description: Text<'a>,
    }
}

/// Reads an answer to a request, `about_one` when that names a resource.
///
/// A refusal of one resource is `Gone` only when it is in the provider's own form: a gateway's 404 would otherwise
/// pass for an account full of deleted resources.
///
/// # Errors
/// For every status but 2xx.
pub(crate) fn classify(answer: &Answer, about_one: bool) -> Result<()> {
    if answer.is_success() {
        return Ok(());
    }
    let meta = serde_json::from_slice::<Body<'_>>(&answer.body).ok().and_then(|body| body.meta);
    let code = meta.as_ref().and_then(|meta| meta.code.as_deref()).unwrap_or_default();
    let Err(error) = classify_by_status(answer, meta.as_ref().map(said)) else { return Ok(()) };
    Err(match meaning(answer.status, code, about_one) {
        Some((kind, hint)) => Error::new(kind, error.to_string()).with_hint(hint),
        None => error,
    })
}

/// Message and description, where the second adds anything.
fn said(meta: &Meta<'_>) -> String {
    let message = meta.message.as_deref().unwrap_or_default();
    match meta.description.as_deref() {
        Some(more) if !message.contains(more) => format!("{message} {more}"),
        _ => message.to_owned(),
    }
}

/// What a status and a code such as `ERR-401-ExpiredToken` mean beyond the status, and what to do about it.
fn meaning(status: u16, code: &str, about_one: bool) -> Option<(ErrorKind, &'static str)> {
    use ErrorKind as K;
    let name = code.rsplit('-').next().unwrap_or_default();
    Some(match (status, name) {
        (401 | 403, "ExpiredToken") => (
            K::Auth,
            "the JWT has run out: make a new one in Wowza's token portal, put it where `token` points, and run again; \
             what is loaded stays",
        ),
        (401 | 403, "InvalidToken") => (
            K::Auth,
            "the JWT is not accepted: check that `token` points to a whole token of this account, and that api_version \
             takes tokens",
        ),
        (401 | 403, "NoApiKey" | "NoAccessKey" | "InvalidApiKey" | "InvalidAccessKey") => {
            (K::Auth, "check what api_key and access_key point to; keys are accepted by v1.8 and beta only")
        }
        (401 | 403, "InvalidSignature") => (
            K::Auth,
            "check api_key and access_key, and this machine's clock: a signature counts for 15 seconds",
        ),
        (401 | 403, "BadAccountStatus") => (
            K::Auth,
            "Wowza blocks the account: settle its standing with Wowza's billing; other credentials do not help",
        ),
        (401 | 403, "TrialExceeded") => {
            (K::Auth, "the account's trial is used up: choose a plan at Wowza; other credentials do not help")
        }
        (401 | 403, "FeatureNotEnabled") => (
            K::Auth,
            "the account's plan does not have this operation: ask Wowza to enable it, or switch its datasets off",
        ),
        (403, "RecordUnaccessible") if about_one => {
            (K::Gone, "the resource cannot be read with these credentials; the others are not affected")
        }
        (404 | 410, _) if !about_one => {
            (K::BadRequest, "nothing answers at this path: check base_url and api_version")
        }
        (404 | 410, "") => {
            (K::Drift, "something in between answered instead of Wowza: check base_url and api_version")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn refused(status: u16, code: &str, about_one: bool) -> Error {
        let body = format!(
            r#"{{"meta":{{"status":{status},"code":"{code}","title":"T","message":"Said so.","description":"","links":[]}}}}"#
        );
        classify(&Answer::new(status, body, DateTime::UNIX_EPOCH), about_one).unwrap_err()
    }

    #[test]
    fn each_code_has_its_kind_and_a_hint_of_its_own() {
        for (code, hint) in [
            ("ERR-401-ExpiredToken", "new one in Wowza's token portal"),
            ("ERR-401-InvalidToken", "whole token"),
            ("ERR-401-NoApiKey", "api_key and access_key"),
            ("ERR-401-InvalidSignature", "clock"),
            ("ERR-401-BadAccountStatus", "billing"),
            ("ERR-401-TrialExceeded", "trial"),
            ("ERR-401-FeatureNotEnabled", "plan"),
        ] {
            let error = refused(401, code, true);
            assert_eq!(error.kind(), ErrorKind::Auth, "{code}");
            assert!(error.hint().contains(hint), "{code}: {}", error.hint());
            assert_eq!(error.to_string(), "the provider answered 401 Unauthorized: Said so.");
        }
        assert_eq!(refused(401, "ERR-401-SomethingNew", false).kind(), ErrorKind::Auth);
    }

    #[test]
    fn a_refusal_of_one_resource_is_no_refusal_of_the_account() {
        for (status, code) in [
            (403, "ERR-403-RecordUnaccessible"),
            (404, "ERR-404-RecordNotFound"),
            (410, "ERR-410-RecordDeleted"),
        ] {
            assert_eq!(refused(status, code, true).kind(), ErrorKind::Gone, "{code}");
        }
        assert_eq!(refused(403, "ERR-403-RecordUnaccessible", false).kind(), ErrorKind::Auth);
        assert_eq!(refused(404, "ERR-404-RecordNotFound", false).kind(), ErrorKind::BadRequest);
    }

    #[test]
    fn a_404_of_something_in_between_is_not_a_deleted_resource() {
        let page = Answer::new(404, "<html>not found</html>", DateTime::UNIX_EPOCH);
        assert_eq!(classify(&page, true).unwrap_err().kind(), ErrorKind::Drift);
        assert_eq!(classify(&page, false).unwrap_err().kind(), ErrorKind::BadRequest);
    }

    #[test]
    fn a_request_that_is_wrong_comes_back_with_the_providers_words() {
        let body =
            r#"{"meta":{"code":"ERR-422-RecordInvalid","message":"No.","description":"per_page is odd"}}"#;
        let error = classify(&Answer::new(422, body, DateTime::UNIX_EPOCH), true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert!(error.to_string().ends_with("No. per_page is odd"), "{error}");
    }

    #[test]
    fn what_may_pass_is_transient_whatever_the_body() {
        for status in [408, 500, 502, 503] {
            let error = classify(&Answer::new(status, "", DateTime::UNIX_EPOCH), true).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Transient { .. }), "{status}");
        }
        let error = classify(&Answer::new(429, "slow", DateTime::UNIX_EPOCH), false).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RateLimited { .. }));
    }
}
