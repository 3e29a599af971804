//! What nobody outside ScaleEngine knows about its API, as switches.

/// The unknowns and the moods of the simulated API. Every default is a choice of this simulator, not a statement about
/// the vendor, unless the field says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleEngineBehaviour {
    /// How the server verifies a signature: unknown.
    pub verification: SignatureVerification,
    /// How far a timestamp may lie from the server's time, either way. That there is a bound is documented, its width is not.
    pub timestamp_tolerance_seconds: u64,
    /// The HTTP status of a failure: unknown, 200 is likely.
    pub failure_status: FailureStatus,
    /// The JSON type of a failure's `code`: unknown; its leading zeros speak for text.
    pub code_form: CodeForm,
    /// The JSON type of `bytes_total` and `requests_total`: text in the documented example, "bigint" in its table.
    pub number_form: NumberForm,
    /// What `count` counts: documented as all results, but the only example agrees with both.
    pub count: CountMeaning,
    /// The page size without a `limit` (or with 0): unknown.
    pub default_limit: usize,
    /// The page size that a higher `limit` is cut to: unknown.
    pub max_limit: usize,
    /// Some video URLs come as two rows that must be added up, the second after all first rows. The documented example
    /// has such a pair; why is unknown.
    pub duplicate_rows: bool,
    /// Commands that the account's key may not use; they answer code 0005.
    pub forbidden_commands: Vec<String>,
    /// Figures of a day keep changing after it: up to 36 hours after its end some rows are smaller, missing or in excess, up
    /// to 96 hours some are still a little smaller, then they are final. Whether the provider revises is unknown.
    pub late_revisions: bool,
    /// The share of rows, in percent, that answers keep; 0 answers every usage call with nothing. 100 is all of them.
    pub kept_rows_percent: u8,
    /// A month's figures exceed the sum of its days.
    pub month_disagrees: bool,
}

impl Default for ScaleEngineBehaviour {
    fn default() -> Self {
        Self {
            verification: SignatureVerification::Either,
            timestamp_tolerance_seconds: 300,
            failure_status: FailureStatus::Ok,
            code_form: CodeForm::Text,
            number_form: NumberForm::Text,
            count: CountMeaning::Total,
            default_limit: 1000,
            max_limit: 1000,
            duplicate_rows: true,
            forbidden_commands: Vec::new(),
            late_revisions: false,
            kept_rows_percent: 100,
            month_disagrees: false,
        }
    }
}

/// Which bytes a signature must be true for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVerification {
    /// The text as received with the `signature` member cut out of it.
    Raw,
    /// The text decoded, without `signature`, printed again by PHP's `json_encode`.
    Reencode,
    /// One of the two is enough.
    Either,
}

/// The HTTP status that a failure comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureStatus {
    /// 200, whatever the failure.
    Ok,
    /// The status that [`FailureCode::status`](super::FailureCode::status) gives the code.
    ByCode,
}

/// How a failure's `code` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeForm {
    /// `"0003"`
    Text,
    /// `3`
    Number,
}

/// How the figures of a row are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberForm {
    /// `"5106077"`
    Text,
    /// `5106077`, beyond 2^53 as well
    Number,
}

/// What `count` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountMeaning {
    /// All rows that the request has, whatever its page.
    Total,
    /// The rows of this page.
    Page,
}
