//! Everything about the simulated API that can be switched.

use chrono::TimeDelta;

/// How the simulated API behaves where the provider's pages are silent or contradict each other, and
/// where a test wants it odd. A default is this simulator's choice, not a statement about the provider.
#[derive(Clone, Debug, Default)]
pub struct WowzaBehaviour {
    /// Unknown: what a window is answered with that is longer than 90 days, reversed or unreadable.
    pub bad_window: BadWindow,
    /// Contradicted: a guide shows a date without an hour echoed as 15:00.
    pub date_only: DateOnly,
    /// Unknown: what `per_page` above the maximum does.
    pub per_page_over_cap: OverCap,
    /// Unknown: what the last page of the keyed paging style says about the next one.
    pub last_page: LastPage,
    /// Contradicted: `payload_version` is text in the reference, a number in a guide.
    pub payload_version: PayloadVersion,
    /// Unknown: whether a trend names buckets in which nobody watched.
    pub trend_gaps: TrendGaps,
    /// Unknown: which end of a window decides whether it lies within the past 30 days.
    pub straddle: Straddle,
    /// Contradicted: live samples have milliseconds in some versions' pages and none in others'.
    pub live_stamps: LiveStamps,
    /// The pages of v1.9 and v1.10 print the sample of the full hour as `HH:60:00`.
    pub sixtieth_minute: bool,
    /// Unknown: whether an archived resource still answers by its id.
    pub archived_ids: ArchivedIds,
    /// Contradicted: a guide prints the key `accounts`, the reference `account`.
    pub plural_account_key: bool,
    /// A guide prints `vieweing_bytes`.
    pub viewing_bytes_typo: bool,
    /// 64-bit figures as JSON strings.
    pub numbers_as_strings: bool,
    /// Words that no enumeration of the reference has: billing mode `reserved`, type `wowza_cdn`.
    pub unknown_words: bool,
    /// Each object of the data carries a field that the reference does not have.
    pub added_field: bool,
    /// This field is left out of every object of the data.
    pub missing_field: Option<String>,
    /// This field is `-1` in the first row of each list.
    pub spoiled_field: Option<String>,
    /// The echoed window is this many hours later than the one answered for.
    pub echo_shift_hours: i64,
    /// What the account uses beside its transcoders and VOD streams.
    pub remainder: Remainder,
    /// Figures that change when they have reached an age.
    pub late_revision: Option<LateRevision>,
    /// Answers that have lost something.
    pub shrink: Shrink,
    /// Summaries and the unfiltered account total say one percent and one more than the rows add up to.
    pub summary_disagrees: bool,
    /// What the account may do.
    pub account_state: AccountState,
    /// How many requests the token is good for; every later one finds it expired.
    pub token_lives_for: Option<u64>,
}

/// What a window outside the rules leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadWindow {
    /// 422.
    #[default]
    Refuse,
    /// The nearest window within the rules is answered, and echoed.
    Clamp,
}

/// The hour a date without one stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOnly {
    /// 00:00 UTC.
    #[default]
    Midnight,
    /// 15:00 UTC.
    MidAfternoon,
}

/// What a page size above 1000 leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverCap {
    /// Pages of 1000, and 1000 is echoed.
    #[default]
    Clamp,
    /// 422.
    Refuse,
}

/// The form of `next_page_key` on the last page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastPage {
    /// The key is left out.
    #[default]
    Omitted,
    /// `null`.
    Null,
    /// `""`.
    Empty,
    /// The key that was sent, again; left out when none was.
    Repeated,
}

/// The JSON type of `payload_version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadVersion {
    /// `"1.0"`.
    #[default]
    Text,
    /// `1.0`.
    Number,
}

/// Buckets of a trend in which nobody watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrendGaps {
    /// Present, with zeros.
    #[default]
    Dense,
    /// Left out.
    Sparse,
}

/// Which end of a window has to lie within the past 30 days for its grain to depend on its span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Straddle {
    /// `from`: a window that straddles the edge is answered by the hour.
    #[default]
    From,
    /// `to`: a window that straddles the edge is answered by its span.
    To,
}

/// The form of live samples' instants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LiveStamps {
    /// With milliseconds in v1.8 and beta, without in v1.9 and v1.10, as their pages print them.
    #[default]
    ByVersion,
    /// `12:01:00.000Z`.
    Milliseconds,
    /// `12:01:00Z`.
    Seconds,
}

/// What an archived resource answers by its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArchivedIds {
    /// 200.
    #[default]
    Answered,
    /// 410.
    Gone,
}

/// Whether the unfiltered account total holds usage that neither filter shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remainder {
    /// A small part is not itemised.
    #[default]
    Some,
    /// The total is the sum of the two filters.
    None,
}

/// Figures of an hour say less until the hour is old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateRevision {
    /// The age, from the hour's end, from which the final figure is told.
    pub after: TimeDelta,
    /// Thousandths of the final figure that are told before.
    pub early_permille: u64,
}

/// What answers have lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shrink {
    /// Nothing.
    #[default]
    Whole,
    /// The second half of each list; its totals speak of the rows that are left.
    HalfTheRows,
    /// Nine tenths of each additive figure.
    TenthOfTheValues,
    /// Everything: lists are empty and figures are zero.
    Nothing,
}

/// The account's standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountState {
    /// Requests are answered.
    #[default]
    Good,
    /// `ERR-401-BadAccountStatus`.
    BadStatus,
    /// `ERR-401-TrialExceeded`.
    TrialExceeded,
    /// `ERR-401-FeatureNotEnabled`.
    FeatureNotEnabled,
}
