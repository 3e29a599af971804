//! The tables that the datasets feed, and the provider's field behind each column.

use highwater_core::Column as C;
use highwater_core::{Column, Table, TableFeed};

const fn feed(table: Table, provider_fields: &'static [(Column, &'static str)]) -> TableFeed {
    TableFeed { table, provider_fields }
}

const TRANSCODERS: TableFeed = feed(
    Table::Resources,
    &[
        (C::ResourceId, "id"),
        (C::Name, "name"),
        (C::Type, "transcoder_type"),
        (C::BillingMode, "billing_mode"),
        (C::Archived, "archived"),
    ],
);

const VOD_STREAMS: TableFeed = feed(
    Table::Resources,
    &[(C::ResourceId, "id"), (C::Name, "name"), (C::Type, "type"), (C::Archived, "archived")],
);

pub(super) const TRANSCODER_EGRESS: &[TableFeed] = &[
    feed(
        Table::ResourceUsage,
        &[
            (C::ResourceId, "id"),
            (C::EgressSeconds, "egress_seconds"),
            (C::EgressBytes, "egress_bytes"),
            (C::EgressSecondsAdditionalTargets, "egress_seconds_additional_targets"),
        ],
    ),
    TRANSCODERS,
];

const RESOURCE_VIEWING: TableFeed = feed(
    Table::ResourceUsage,
    &[
        (C::ResourceId, "id"),
        (C::DeliveredSeconds, "viewing_seconds"),
        (C::DeliveredBytes, "viewing_bytes"),
        (C::UniqueViewers, "unique_viewers"),
    ],
);

pub(super) const TRANSCODER_VIEWING: &[TableFeed] = &[RESOURCE_VIEWING];

pub(super) const VOD_VIEWING: &[TableFeed] = &[RESOURCE_VIEWING, VOD_STREAMS];

pub(super) const VOD_EGRESS: &[TableFeed] =
    &[feed(Table::ResourceUsage, &[(C::ResourceId, "id"), (C::EgressBytes, "egress_bytes")])];

pub(super) const VOD_DETAILS: &[TableFeed] =
    &[feed(Table::ResourceUsage, &[(C::ResourceId, "id"), (C::EgressSeconds, "egress_seconds")])];

const SHARE: [(Column, &str); 3] = [
    (C::DeliveredSeconds, "viewing_seconds"),
    (C::DeliveredBytes, "viewing_bytes"),
    (C::UniqueViewers, "unique_viewers"),
];

pub(super) const COUNTRIES: &[TableFeed] =
    &[feed(Table::ResourceUsageByCountry, &[(C::CountryCode, "code"), SHARE[0], SHARE[1], SHARE[2]])];

pub(super) const RENDITIONS: &[TableFeed] =
    &[feed(Table::ResourceUsageByRendition, &[(C::Rendition, "name"), SHARE[0], SHARE[1], SHARE[2]])];

pub(super) const TREND: &[TableFeed] =
    &[feed(Table::ViewingTrend, &[(C::BucketStart, "sampled_at"), SHARE[0], SHARE[1], SHARE[2]])];

pub(super) const LIVE: &[TableFeed] = &[feed(
    Table::LiveViewers,
    &[(C::BucketStart, "sampled_at"), (C::CountryCode, "code"), (C::UniqueViewers, "unique_viewers")],
)];

pub(super) const CONFIGURATIONS: &[TableFeed] = &[feed(
    Table::AccountUsageByConfiguration,
    &[
        (C::TranscoderType, "transcoder_type"),
        (C::BillingMode, "billing_mode"),
        (C::EgressSeconds, "egress_seconds"),
        (C::EgressBytes, "egress_bytes"),
    ],
)];

pub(super) const ACCOUNT: &[TableFeed] = &[feed(
    Table::AccountUsage,
    &[
        SHARE[0],
        SHARE[1],
        SHARE[2],
        (C::EgressSeconds, "egress_seconds"),
        (C::EgressBytes, "egress_bytes"),
        (C::EgressSecondsAdditionalTargets, "egress_seconds_additional_targets"),
    ],
)];

pub(super) const ACCOUNT_COUNTRIES: &[TableFeed] =
    &[feed(Table::AccountUsageByCountry, &[(C::CountryCode, "code"), SHARE[0], SHARE[1], SHARE[2]])];

pub(super) const ACCOUNT_TREND: &[TableFeed] =
    &[feed(Table::AccountViewingTrend, &[(C::BucketStart, "sampled_at"), SHARE[0], SHARE[1], SHARE[2]])];
