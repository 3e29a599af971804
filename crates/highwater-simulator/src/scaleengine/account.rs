//! The one account of the simulated API, and what a request needs to be admitted to it.

use chrono::{DateTime, Utc};
use highwater_core::Secret;

use super::behaviour::ScaleEngineBehaviour;
use super::call::Call;
use super::failure::{Failure, FailureCode};
use super::signature;

const DOCUMENTED_SECRET: &str = "8fc8c48da81e6a2a06a9556379bf798af508dc0792497c678b4c3532ba8b637f";

/// What a client signs with. The default is fictional; its secret is the one that the vendor's documentation prints.
#[derive(Clone, Debug)]
pub struct Account {
    /// The number of the CDN.
    pub cdn: i64,
    /// The public half.
    pub api_key: String,
    /// The half that never travels: used as the ASCII text it is, not hex-decoded.
    pub secret: Secret,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            cdn: 158,
            api_key: "TESTKEY0000000000000000000000001".to_owned(),
            secret: Secret::new(DOCUMENTED_SECRET.to_owned()),
        }
    }
}

impl Account {
    /// Whether a request may be answered: right account, fresh timestamp, true signature over `text`.
    pub(super) fn admit(
        &self,
        call: &Call,
        text: &str,
        now: DateTime<Utc>,
        behaviour: &ScaleEngineBehaviour,
    ) -> Result<(), Failure> {
        let cdn = call.int("cdn").or_else(|| call.int("cdn_id"));
        if cdn != Some(self.cdn) || call.text("api_key") != Some(self.api_key.as_str()) {
            return Err(Failure::of(FailureCode::CdnAuthorization));
        }
        let timestamp = call.int("timestamp").ok_or_else(|| Failure::missing("timestamp"))?;
        if now.timestamp().abs_diff(timestamp) > behaviour.timestamp_tolerance_seconds {
            return Err(Failure::of(FailureCode::Timestamp));
        }
        let claimed = call.required_text("signature")?;
        if signature::is_true(behaviour.verification, text, call.members(), claimed, self.secret.expose()) {
            Ok(())
        } else {
            Err(Failure::of(FailureCode::Signature))
        }
    }
}
