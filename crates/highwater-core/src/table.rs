//! Tables: which columns each holds, in which order, and what makes a key.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::column::Column as C;

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// Usage: keys, buckets, measures.
    Fact,
    /// Descriptions of the resources that a unit mentions.
    Description,
    /// What Highwater knows about the data: written by itself, not by an extractor.
    Record,
}

/// The definition of a table. `provider` and `usage_date` stand in the path, not among the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDef {
    /// The name.
    pub name: &'static str,
    /// What its rows are.
    pub kind: TableKind,
    /// What one row says, one sentence.
    pub description: &'static str,
    /// All columns in order. Columns are only ever appended.
    pub columns: &'static [Column],
    /// The columns whose values are unique together within one object, in sorting order.
    pub key: &'static [Column],
}

impl TableDef {
    /// The columns that hold measures, in order.
    pub fn measures(&self) -> impl Iterator<Item = Column> + use<> {
        let columns = self.columns;
        let fact = matches!(self.kind, TableKind::Fact);
        columns.iter().copied().filter(move |column| fact && column.def().additivity.as_str().is_some())
    }

    /// Whether `column` may be null: everything but keys and the columns that Highwater itself fills.
    #[must_use]
    pub fn is_nullable(&self, column: Column) -> bool {
        let always = [
            C::Source,
            C::Dataset,
            C::BucketStart,
            C::BucketEnd,
            C::ExtractedAt,
            C::RunIdColumn,
            C::SeenAt,
            C::AsOf,
            C::CheckedAt,
        ];
        let restated_key = self.name == "restatements" && !matches!(column, C::TableName | C::Measure);
        !always.contains(&column) && (restated_key || !self.key.contains(&column))
    }

    /// The position of `column` among the columns, if it is one.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }
}

macro_rules! tables {
    ($($variant:ident = $name:literal, $kind:ident, $description:literal, key [$($key:ident),*], rest [$($rest:ident),*];)*) => {
        /// Every table of the warehouse.
        #[allow(missing_docs, reason = "each table's definition describes it")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        #[repr(u8)]
        pub enum Table { $($variant),* }

        impl Table {
            /// All tables, in the order of the data dictionary.
            pub const ALL: &[Table] = &[$(Table::$variant),*];

            const DEFS: &[TableDef] = &[$(TableDef {
                name: $name,
                kind: TableKind::$kind,
                description: $description,
                columns: &[C::Source, C::Dataset, $(C::$key,)* $(C::$rest,)*],
                key: &[$(C::$key),*],
            }),*];
        }
    };
}

tables! {
    ResourceUsage = "resource_usage", Fact, "Usage of one resource in one bucket.",
        key [ResourceType, ResourceId, BucketStart],
        rest [BucketEnd, DeliveredSeconds, DeliveredBytes, EgressSeconds, EgressBytes, EgressSecondsAdditionalTargets, UniqueViewers, Requests, ExtractedAt, RunIdColumn];
    ResourceUsageByCountry = "resource_usage_by_country", Fact, "Usage of one resource in one bucket and country.",
        key [ResourceType, ResourceId, CountryCode, BucketStart],
        rest [BucketEnd, DeliveredSeconds, DeliveredBytes, UniqueViewers, ExtractedAt, RunIdColumn];
    ResourceUsageByRendition = "resource_usage_by_rendition", Fact, "Usage of one resource in one bucket and rendition.",
        key [ResourceType, ResourceId, Rendition, BucketStart],
        rest [BucketEnd, DeliveredSeconds, DeliveredBytes, UniqueViewers, ExtractedAt, RunIdColumn];
    AccountUsage = "account_usage", Fact, "Usage of one scope of the account in one bucket; scope account carries unique_viewers alone.",
        key [Scope, BucketStart],
        rest [BucketEnd, DeliveredSeconds, DeliveredBytes, EgressSeconds, EgressBytes, EgressSecondsAdditionalTargets, UniqueViewers, Requests, ExtractedAt, RunIdColumn];
    AccountUsageByConfiguration = "account_usage_by_configuration", Fact, "Usage of one scope of the account in one bucket, by transcoder type and billing mode.",
        key [Scope, TranscoderType, BillingMode, BucketStart],
        rest [BucketEnd, EgressSeconds, EgressBytes, ExtractedAt, RunIdColumn];
    AccountUsageByCountry = "account_usage_by_country", Fact, "Usage of one scope of the account in one bucket and country.",
        key [Scope, CountryCode, BucketStart],
        rest [BucketEnd, DeliveredSeconds, DeliveredBytes, UniqueViewers, ExtractedAt, RunIdColumn];
    ViewingTrend = "viewing_trend", Fact, "One sample of the provider's viewing series of one resource.",
        key [ResourceType, ResourceId, BucketStart],
        rest [BucketEnd, UniqueViewers, DeliveredSeconds, DeliveredBytes, ExtractedAt, RunIdColumn];
    AccountViewingTrend = "account_viewing_trend", Fact, "One sample of the provider's viewing series of one scope of the account.",
        key [Scope, BucketStart],
        rest [BucketEnd, UniqueViewers, DeliveredSeconds, DeliveredBytes, ExtractedAt, RunIdColumn];
    LiveViewers = "live_viewers", Fact, "Viewers at bucket_start, one row a sample; an empty country_code means all countries.",
        key [ResourceType, ResourceId, CountryCode, BucketStart],
        rest [BucketEnd, UniqueViewers, ExtractedAt, RunIdColumn];
    Resources = "resources", Description, "One resource that the unit mentions, as described in one bucket.",
        key [ResourceType, ResourceId, BucketStart],
        rest [BucketEnd, Name, ParentId, Type, BillingMode, Archived, CreatedAt, DeletedAt, DurationSeconds, Tier, Quality, Passthrough, ExtractedAt, RunIdColumn];
    Coverage = "coverage", Record, "State of one window, or of a run of adjacent windows in one state.",
        key [WindowStart],
        rest [WindowEnd, State, Verdict, Rows, RejectedRows, Pulls, PulledAt, FinalAt, ExpiresAt, AsOf];
    ControlTotals = "control_totals", Record, "One comparison of our rows with a figure that the provider reports for the whole.",
        key [WindowStart, Measure, WindowEnd],
        rest [Ours, Theirs, Difference, Tolerance, Verdict, CheckedAt];
    Restatements = "restatements", Record, "One value that a later pull changed.",
        key [TableName, ResourceType, ResourceId, CountryCode, Rendition, Scope, TranscoderType, BillingMode, BucketStart, Measure, SeenAt],
        rest [BucketEnd, Old, New, Cause];
}

impl Table {
    /// The definition.
    #[must_use]
    pub const fn def(self) -> &'static TableDef {
        &Self::DEFS[self as usize]
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.def().name
    }

    /// The table called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.name() == name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Table> for &'static str {
    fn from(table: Table) -> Self {
        table.name()
    }
}

impl TryFrom<String> for Table {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("unknown table `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_table_has_the_columns_of_a_fact() {
        for table in Table::ALL.iter().map(|table| table.def()).filter(|def| def.kind == TableKind::Fact) {
            for column in
                [C::Source, C::Dataset, C::BucketStart, C::BucketEnd, C::ExtractedAt, C::RunIdColumn]
            {
                assert!(table.position(column).is_some(), "{} lacks {column}", table.name);
                assert!(!table.is_nullable(column));
            }
            assert!(table.measures().count() > 0);
            assert!(table.measures().all(|measure| table.is_nullable(measure)));
        }
    }

    #[test]
    fn no_table_names_a_column_twice() {
        for def in Table::ALL.iter().map(|table| table.def()) {
            let mut seen = def.columns.to_vec();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), def.columns.len(), "{}", def.name);
        }
    }
}
