//! The provider's failure codes in our terms: which are worth another try, which stop the source, which are our fault.

use chrono::TimeDelta;
use highwater_core::{Error, ErrorKind};

const OTHER_KEY_HINT: &str = "check cdn and api_key of this source: they have to belong to one account";
const OTHER_SECRET_HINT: &str = "check secret of this source, as the 64 characters that the provider shows it; \
     and check this machine's clock, because the signature covers the time";
const PERMISSION_HINT: &str = "ask the provider to permit this API command for the source's api_key";

/// Whether the provider documents `code` as the code of a failure.
#[must_use]
pub const fn is_documented(code: u16) -> bool {
    matches!(code, 0..=6 | 1000)
}

/// The error for an answer that says `failure` and no code.
#[must_use]
pub fn without_code(message: &str) -> Error {
    Error::new(ErrorKind::BadRequest, format!("the provider refused the request message=`{message}`"))
}

/// The error for an answer that says `failure` with this code (`"0003"` and `3` are both 3) and message.
///
/// `clock_ahead` is how far this machine's clock stands ahead of the one in the answer's `Date` header, negative when it
/// is behind; it is told when the provider refuses the time. A code that is not documented counts as a wrong request.
#[must_use]
pub fn error(code: u16, message: &str, clock_ahead: Option<TimeDelta>) -> Error {
    let (kind, what) = match code {
        0 => (ErrorKind::BadRequest, "the provider does not know the command"),
        1 => (ErrorKind::Auth, "the provider does not know the cdn or the api_key"),
        2 => (ErrorKind::Auth, "the provider refused the request's timestamp"),
        3 => (ErrorKind::Auth, "the provider refused the request's signature"),
        4 => (ErrorKind::Transient { retry_after: None }, "the provider met an unexpected error"),
        5 => (ErrorKind::Auth, "the provider does not permit the command"),
        6 => (ErrorKind::BadRequest, "the provider misses required fields in the request"),
        1000 => (ErrorKind::RateLimited { retry_after: None }, "the provider has unusually high traffic"),
        _ => (ErrorKind::BadRequest, "the provider refused the request"),
    };
    let error = Error::new(kind, format!("{what} code=`{code:04}` message=`{message}`"));
    match code {
        1 => error.with_hint(OTHER_KEY_HINT),
        2 => error.with_hint(clock_hint(clock_ahead)),
        3 => error.with_hint(OTHER_SECRET_HINT),
        5 => error.with_hint(PERMISSION_HINT),
        _ => error,
    }
}

fn clock_hint(clock_ahead: Option<TimeDelta>) -> String {
    match clock_ahead.map(|ahead| ahead.num_seconds()) {
        Some(seconds @ 1..) => {
            format!("set this machine's clock: it is {seconds} s ahead of the provider's")
        }
        Some(seconds @ ..=-1) => {
            format!("set this machine's clock: it is {} s behind the provider's", seconds.unsigned_abs())
        }
        Some(0) => "this machine's clock agrees with the provider's: check that no proxy holds requests back"
            .to_owned(),
        None => {
            "check this machine's clock: the provider takes timestamps of the last minutes only".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use highwater_core::Disposition;

    use super::*;

    #[test]
    fn each_code_leads_to_what_can_be_done_about_it() {
        let retry = Disposition::Retry { after: None };
        for (code, disposition) in [
            (0, Disposition::FailWindow),
            (1, Disposition::StopSource),
            (2, Disposition::StopSource),
            (3, Disposition::StopSource),
            (4, retry),
            (5, Disposition::StopSource),
            (6, Disposition::FailWindow),
            (7, Disposition::FailWindow),
            (1000, retry),
        ] {
            assert_eq!(error(code, "", None).kind().disposition(), disposition, "{code}");
        }
    }

    #[test]
    fn an_error_shows_the_code_as_documented_and_the_providers_message() {
        let text = error(3, "Invalid signature", None).to_string();
        assert_eq!(
            text,
            "the provider refused the request's signature code=`0003` message=`Invalid signature`"
        );
    }

    #[test]
    fn a_refused_signature_hints_at_the_secret_and_the_clock() {
        let error = error(3, "", None);
        assert!(error.hint().contains("secret") && error.hint().contains("clock"));
    }

    #[test]
    fn a_refused_timestamp_hints_at_the_measured_skew() {
        let hint = |seconds| error(2, "", Some(TimeDelta::seconds(seconds))).hint().to_owned();
        assert!(hint(421).contains("421 s ahead"));
        assert!(hint(-421).contains("421 s behind"));
        assert!(hint(0).contains("agrees"));
        assert!(error(2, "", None).hint().contains("check this machine's clock"));
    }
}
