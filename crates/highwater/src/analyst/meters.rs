//! Meters: which measure of which dataset is consumption, so that no delivery is counted twice.

use highwater_core::{Column, DatasetSpec, Provider, Registry, Table};

use super::specs::{datasets, provider_field};
use super::views::additive;

/// A measure of a dataset that is one of its meters.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) provider: &'static str,
    pub(super) provider_name: &'static str,
    pub(super) dataset: String,
    pub(super) measure: Column,
    /// Whether its rows are those by rendition.
    pub(super) by_rendition: bool,
    pub(super) field: &'static str,
}

/// The meters of all datasets: those of `resource_usage`, each by rendition where the same dataset itemises it so.
pub(super) fn meters(registry: &Registry) -> Vec<Meter> {
    datasets(registry).iter().flat_map(|(provider, spec)| of_dataset(*provider, spec)).collect()
}

fn of_dataset(provider: &dyn Provider, spec: &DatasetSpec) -> Vec<Meter> {
    let meter = |measure: Column| {
        let total = provider_field(spec, Table::ResourceUsage, measure)?;
        let itemised = provider_field(spec, Table::ResourceUsageByRendition, measure);
        Some(Meter {
            provider: provider.name(),
            provider_name: provider.title(),
            dataset: spec.name.to_string(),
            measure,
            by_rendition: itemised.is_some(),
            field: itemised.unwrap_or(total),
        })
    };
    additive().filter_map(meter).collect()
}

#[cfg(test)]
mod tests {
    use highwater_core::TableFeed;

    use super::*;
    use crate::analyst::tests::Declared;

    fn meters_of(feeds: &'static [TableFeed]) -> Vec<(Column, bool)> {
        let registry = Registry::default().with(Declared(feeds));
        meters(&registry).iter().map(|meter| (meter.measure, meter.by_rendition)).collect()
    }

    #[test]
    fn what_a_dataset_itemises_by_rendition_is_not_also_a_total() {
        const FEEDS: &[TableFeed] = &[
            TableFeed {
                table: Table::ResourceUsage,
                provider_fields: &[(Column::DeliveredSeconds, "seconds"), (Column::DeliveredBytes, "bytes")],
            },
            TableFeed {
                table: Table::ResourceUsageByRendition,
                provider_fields: &[(Column::DeliveredSeconds, "tiers")],
            },
        ];
        assert_eq!(meters_of(FEEDS), [(Column::DeliveredSeconds, true), (Column::DeliveredBytes, false)]);
    }

    #[test]
    fn renditions_without_a_total_of_their_own_dataset_are_no_meter() {
        const FEEDS: &[TableFeed] = &[TableFeed {
            table: Table::ResourceUsageByRendition,
            provider_fields: &[(Column::DeliveredSeconds, "tiers")],
        }];
        assert_eq!(meters_of(FEEDS), []);
    }

    #[test]
    fn viewers_are_no_consumption() {
        const FEEDS: &[TableFeed] = &[TableFeed {
            table: Table::ResourceUsage,
            provider_fields: &[(Column::UniqueViewers, "viewers"), (Column::Requests, "requests")],
        }];
        assert_eq!(meters_of(FEEDS), [(Column::Requests, false)]);
    }
}
