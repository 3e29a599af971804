//! The failures of the API: documented codes, invented messages.

use axum::http::StatusCode;

/// A documented response code that says failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCode {
    /// 0000: unrecognised API command.
    UnrecognisedCommand,
    /// 0001: the CDN number or the API key is missing or wrong.
    CdnAuthorization,
    /// 0002: the timestamp is outside the valid range.
    Timestamp,
    /// 0003: the signature is not that of the request.
    Signature,
    /// 0004: an unexpected error; worth another try.
    Unexpected,
    /// 0005: the key may not use this command.
    UnauthorizedAccess,
    /// 0006: a required field is missing, or its value makes no sense.
    MissingFields,
    /// 1000: unusually high traffic; worth another try in some minutes.
    HighTraffic,
}

impl FailureCode {
    /// The code as the documentation writes it: four digits.
    #[must_use]
    pub fn digits(self) -> &'static str {
        match self {
            Self::UnrecognisedCommand => "0000",
            Self::CdnAuthorization => "0001",
            Self::Timestamp => "0002",
            Self::Signature => "0003",
            Self::Unexpected => "0004",
            Self::UnauthorizedAccess => "0005",
            Self::MissingFields => "0006",
            Self::HighTraffic => "1000",
        }
    }

    /// The HTTP status that fits, for when failures are switched to have one. Invented.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::UnrecognisedCommand | Self::MissingFields | Self::Unexpected => StatusCode::BAD_REQUEST,
            Self::CdnAuthorization | Self::Timestamp | Self::Signature => StatusCode::UNAUTHORIZED,
            Self::UnauthorizedAccess => StatusCode::FORBIDDEN,
            Self::HighTraffic => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::UnrecognisedCommand => "Unrecognized API command",
            Self::CdnAuthorization => "CDN authorization failed",
            Self::Timestamp => "Timestamp is outside of the valid range, is it UTC?",
            Self::Signature => "HMAC-SHA256 signature verification failed",
            Self::Unexpected => "An unexpected error occurred",
            Self::UnauthorizedAccess => "Unauthorized access to this API",
            Self::MissingFields => "Required fields are missing",
            Self::HighTraffic => "Unusually high traffic, please try again in a few minutes",
        }
    }
}

/// One failed call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: FailureCode,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn of(code: FailureCode) -> Self {
        Self { code, message: code.message().to_owned() }
    }

    /// Code 0006 with the name of the field that is absent or unusable.
    pub(super) fn missing(field: &str) -> Self {
        let code = FailureCode::MissingFields;
        Self { code, message: format!("{}: {field}", code.message()) }
    }
}
