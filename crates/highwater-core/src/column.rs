//! Columns: what each column of the warehouse means, defined once for all tables.

use std::fmt;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// Signed 64-bit integer: counts and bytes.
    Int,
    /// Seconds as `Decimal128(18, 6)`.
    Seconds,
    /// Any measure's value as `Decimal128(38, 6)`.
    Value,
    /// An instant as milliseconds since 1970, UTC, without zone.
    Instant,
    /// True or false.
    Flag,
}

/// Whether the values of a column may be added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Additivity {
    /// Sums over rows of one table are right.
    Sum,
    /// A count of distinct things: never add it up.
    Distinct,
    /// Not a measure.
    None,
}

impl Additivity {
    /// The word in field metadata: `sum`, `distinct`, or nothing for a column that is no measure.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Sum => Some("sum"),
            Self::Distinct => Some("distinct"),
            Self::None => None,
        }
    }
}

/// The definition of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnDef {
    /// The name in every table.
    pub name: &'static str,
    /// The type.
    pub kind: ColumnType,
    /// The unit, where it has one: `s`, `byte`, `viewer`, `request`, `row`, `pull`.
    pub unit: Option<&'static str>,
    /// Whether it adds up.
    pub additivity: Additivity,
    /// What it means, one sentence.
    pub description: &'static str,
}

macro_rules! columns {
    ($($variant:ident = $name:literal, $kind:ident, $unit:expr, $additivity:ident, $description:literal;)*) => {
        /// Every column of every table. Column names mean the same in all of them.
        #[allow(missing_docs, reason = "each column's definition describes it")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Column { $($variant),* }

        impl Column {
            /// All columns, in the order of their declaration.
            pub const ALL: &[Column] = &[$(Column::$variant),*];

            const DEFS: &[ColumnDef] = &[$(ColumnDef {
                name: $name,
                kind: ColumnType::$kind,
                unit: $unit,
                additivity: Additivity::$additivity,
                description: $description,
            }),*];
        }
    };
}

columns! {
    Source = "source", Text, None, None, "Name of the configured source: one account or environment of a provider.";
    Dataset = "dataset", Text, None, None, "Dataset that reported the row.";
    BucketStart = "bucket_start", Instant, None, None, "Start of the span the row speaks about, inclusive, UTC.";
    BucketEnd = "bucket_end", Instant, None, None, "End of the span the row speaks about, exclusive, UTC.";
    ResourceType = "resource_type", Text, None, None, "Kind of resource: asset, transcoder, vod_stream, video_url or account.";
    ResourceId = "resource_id", Text, None, None, "Identifier of the resource at its provider; opaque.";
    CountryCode = "country_code", Text, None, None, "ISO 3166 alpha-2 code as the provider reports it; empty text means all countries or unknown.";
    Rendition = "rendition", Text, None, None, "Output rendition or resolution tier, in the provider's words.";
    Scope = "scope", Text, None, None, "Part of the account that the row covers: transcoders and vod_streams are disjoint; account is all of it.";
    TranscoderType = "transcoder_type", Text, None, None, "Transcoder configuration: transcoded or passthrough.";
    BillingMode = "billing_mode", Text, None, None, "Billing mode: pay_as_you_go or twentyfour_seven.";
    DeliveredSeconds = "delivered_seconds", Seconds, Some("s"), Sum, "Seconds of video delivered to viewers.";
    DeliveredBytes = "delivered_bytes", Int, Some("byte"), Sum, "Bytes delivered to viewers.";
    EgressSeconds = "egress_seconds", Seconds, Some("s"), Sum, "Seconds of processing or of egress from the origin.";
    EgressBytes = "egress_bytes", Int, Some("byte"), Sum, "Bytes that left the transcoder, or that the delivery network pulled from storage.";
    EgressSecondsAdditionalTargets = "egress_seconds_additional_targets", Seconds, Some("s"), Sum, "Seconds sent to stream targets beyond the included one.";
    UniqueViewers = "unique_viewers", Int, Some("viewer"), Distinct, "Distinct viewers (IP addresses) within the row's own span; never add it up.";
    Requests = "requests", Int, Some("request"), Sum, "Play, pause and stop commands received.";
    Name = "name", Text, None, None, "Display name of the resource.";
    ParentId = "parent_id", Text, None, None, "Resource this one belongs to: the live stream of an asset, the application of a video URL.";
    Type = "type", Text, None, None, "Provider's own type word for the resource.";
    Archived = "archived", Flag, None, None, "Whether the provider lists the resource as removed.";
    CreatedAt = "created_at", Instant, None, None, "When the resource was created at the provider, UTC.";
    DeletedAt = "deleted_at", Instant, None, None, "When the resource was deleted at the provider, UTC.";
    DurationSeconds = "duration_seconds", Seconds, Some("s"), None, "Length of the video.";
    Tier = "tier", Text, None, None, "Resolution tier at ingest.";
    Quality = "quality", Text, None, None, "Video quality level (or the older encoding tier).";
    Passthrough = "passthrough", Text, None, None, "Free text that the customer attached to the resource.";
    WindowStart = "window_start", Instant, None, None, "Start of the window, inclusive, UTC.";
    WindowEnd = "window_end", Instant, None, None, "End of the window, exclusive, UTC.";
    State = "state", Text, None, None, "State of the window: missing, failed, loaded, empty, final or expired.";
    Verdict = "verdict", Text, None, None, "Outcome of the check against the provider's own figures.";
    Rows = "rows", Int, Some("row"), Sum, "Rows of all tables that the window holds.";
    RejectedRows = "rejected_rows", Int, Some("row"), Sum, "Rows of the provider that were set aside with a reason.";
    Pulls = "pulls", Int, Some("pull"), Sum, "How many times the window was pulled.";
    PulledAt = "pulled_at", Instant, None, None, "When the window was last pulled, UTC.";
    FinalAt = "final_at", Instant, None, None, "When the window becomes or became final, UTC.";
    ExpiresAt = "expires_at", Instant, None, None, "When the provider stops answering for the window, UTC; null where unknown.";
    AsOf = "as_of", Instant, None, None, "Instant the row was derived at, UTC.";
    Measure = "measure", Text, None, None, "Name of the measure.";
    Ours = "ours", Value, None, None, "What our rows add up to.";
    Theirs = "theirs", Value, None, None, "What the provider itself reports for the whole.";
    Difference = "difference", Value, None, None, "ours minus theirs.";
    Tolerance = "tolerance", Value, None, None, "Difference still taken as a match.";
    CheckedAt = "checked_at", Instant, None, None, "When the figures were compared, UTC.";
    TableName = "table_name", Text, None, None, "Table whose value changed.";
    Old = "old", Value, None, None, "Value before; null where the key appeared.";
    New = "new", Value, None, None, "Value after; null where the key vanished.";
    Cause = "cause", Text, None, None, "Why the window was pulled again.";
    SeenAt = "seen_at", Instant, None, None, "When the change was seen, UTC.";
    ExtractedAt = "extracted_at", Instant, None, None, "When the window was pulled from the provider, UTC.";
    RunIdColumn = "run_id", Text, None, None, "Run that pulled the window.";
}

impl Column {
    /// The definition.
    #[must_use]
    pub const fn def(self) -> &'static ColumnDef {
        &Self::DEFS[self as usize]
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.def().name
    }

    /// The type.
    #[must_use]
    pub const fn kind(self) -> ColumnType {
        self.def().kind
    }

    /// The column called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name() == name)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_name() {
        for column in Column::ALL {
            assert_eq!(Column::from_name(column.name()), Some(*column));
        }
    }
}
