//! The datasets: what each is built on, at which grain, and how a pull of one begins.

mod catalogue;
mod feeds;

use chrono::TimeDelta;
use highwater_core::{DatasetName, DatasetSpec, Duplicates, Grain, PageRequest, Role, TableFeed, Window};

use catalogue::CATALOGUE;

/// The longest span that one request may ask for.
pub(crate) const LONGEST_SPAN: TimeDelta = TimeDelta::days(90);

/// The parameters of the only filter there is.
pub(crate) const FILTER_FIELD: &str = "filter[0][field]";
pub(crate) const FILTER_EQUALS: &str = "filter[0][eq]";
pub(crate) const FILTER_IN: &str = "filter[0][in]";

/// The parts of an account that a filter tells apart.
const PARTS: [&str; 2] = ["transcoders", "vod_streams"];

/// One dataset, before configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    name: &'static str,
    description: &'static str,
    operations: &'static [&'static str],
    pull: Pull,
    series: Series,
    feeds: &'static [TableFeed],
    enabled: bool,
    /// The operation that tells what the rows must add up to.
    control: Option<&'static str>,
}

/// What a pull asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pull {
    /// Every page of a list.
    List(&'static str),
    /// One answer.
    Once(&'static str),
    /// One answer for each part of the account, and one for all of it where that tells more than its parts.
    Parts { operation: &'static str, whole: bool },
    /// One answer for each resource that a list shows.
    Each { list: &'static str, operation: &'static str },
}

/// What the rows of an answer are over time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Series {
    /// One figure over the window, whatever its span.
    Sum(Grain),
    /// Samples by the hour: so the provider answers a span of one day at any age, and no other span.
    Trend,
    /// Samples by the minute, of the past hour.
    Live,
}

/// All datasets with the provider's defaults.
pub(crate) fn specs() -> Vec<DatasetSpec> {
    CATALOGUE.iter().map(Definition::spec).collect()
}

/// The definition behind a specification.
pub(crate) fn definition(dataset: &DatasetSpec) -> Option<&'static Definition> {
    CATALOGUE.iter().find(|definition| definition.name == dataset.name.as_str())
}

impl Definition {
    fn spec(&self) -> DatasetSpec {
        const EITHER: &[Grain] = &[Grain::Hour, Grain::Day];
        let (grain, grains, step): (_, &[Grain], _) = match self.series {
            Series::Sum(grain) => (grain, EITHER, grain),
            Series::Trend => (Grain::Hour, &[Grain::Hour], Grain::Day),
            Series::Live => (Grain::Minute, &[Grain::Minute], Grain::Minute),
        };
        let live = matches!(self.series, Series::Live);
        let past_hour = live.then_some(TimeDelta::hours(1));
        DatasetSpec {
            name: DatasetName::new(self.name).expect("a name of lowercase letters and underscores"),
            description: self.description,
            operations: self.operations,
            feeds: self.feeds,
            grain,
            grains,
            step,
            span: past_hour.unwrap_or(step.duration()),
            lag: if live { TimeDelta::zero() } else { TimeDelta::hours(3) },
            retention: past_hour,
            revisits: if live { Vec::new() } else { vec![TimeDelta::hours(24), TimeDelta::hours(72)] },
            duplicates: Duplicates::Conflict,
            enabled: self.enabled,
            live,
            per_resource: matches!(self.pull, Pull::Each { .. }),
            scope: if matches!(self.pull, Pull::Parts { .. }) { PARTS.join(",") } else { String::new() },
            control_totals: self.control.is_some(),
        }
    }

    /// The requests that open a pull of `window`.
    pub(crate) fn first(&self, window: Window, page_size: i64) -> Vec<PageRequest> {
        match self.pull {
            Pull::List(operation) => vec![first_page(operation, window, page_size)],
            Pull::Once(operation) => vec![PageRequest::new(operation, window)],
            Pull::Parts { operation, whole } => {
                let request = PageRequest::new(operation, window);
                let parts = PARTS.map(|part| {
                    let request = request.clone().with_param(FILTER_FIELD, "resource");
                    request.with_param(FILTER_EQUALS, part)
                });
                parts.into_iter().chain(whole.then_some(request)).collect()
            }
            Pull::Each { list, .. } => {
                vec![first_page(list, window, page_size).with_role(Role::List)]
            }
        }
    }

    /// The request for one resource that the list of a pull shows, where there is such a call.
    pub(crate) fn of_resource(&self, id: &str, window: Window) -> Option<PageRequest> {
        match self.pull {
            Pull::Each { operation, .. } => Some(PageRequest::new(operation, window).with_id(id)),
            _ => None,
        }
    }

    /// The requests for the provider's own totals over `span`, whose figures add up.
    pub(crate) fn control(&self, span: Window) -> Vec<PageRequest> {
        let mut requests = Vec::new();
        let Some(operation) = self.control else { return requests };
        let mut rest = Some(span);
        while let Some(span) = rest {
            let end = span.end().min(span.start() + LONGEST_SPAN);
            requests
                .push(PageRequest::new(operation, Window::of(span.start(), end)).with_role(Role::Control));
            rest = Window::new(end, span.end()).ok();
        }
        requests
    }
}

fn first_page(operation: &str, window: Window, page_size: i64) -> PageRequest {
    let request = PageRequest::new(operation, window).with_param("per_page", page_size);
    if operation == "transcoders" { request.with_param("page", 1) } else { request }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations;
    use std::collections::BTreeSet;

    fn day(text: &str) -> Window {
        Window::day(text.parse().unwrap())
    }

    fn of(name: &str) -> &'static Definition {
        CATALOGUE.iter().find(|definition| definition.name == name).unwrap()
    }

    #[test]
    fn every_operation_belongs_to_a_dataset_and_every_request_to_an_operation() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|definition| definition.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(operations::SPECS.iter().all(|spec| names.contains(spec.dataset)));
        for definition in CATALOGUE {
            let span = day("2026-09-01");
            let each = definition.of_resource("a", span);
            let asked = definition.first(span, 1000).into_iter().chain(each).chain(definition.control(span));
            for request in asked {
                operations::find(&request.operation).unwrap();
                let named = definition.operations.contains(&request.operation.as_str());
                assert!(named || request.role == Role::Control, "{} {}", definition.name, request.operation);
            }
        }
    }

    #[test]
    fn within_a_table_each_measure_comes_from_one_dataset_for_each_kind_of_resource() {
        let mut seen = BTreeSet::new();
        for definition in CATALOGUE {
            let kind = definition.name.split('_').next();
            for feed in definition.feeds {
                let measures: Vec<_> = feed.table.def().measures().collect();
                for (column, _) in feed.provider_fields.iter().filter(|(column, _)| measures.contains(column))
                {
                    let kind = if kind == Some("transcoders") { Some("transcoder") } else { kind };
                    assert!(seen.insert((feed.table, *column, kind)), "{} {column}", definition.name);
                }
            }
        }
    }

    #[test]
    fn fed_columns_are_columns_of_their_table() {
        for definition in CATALOGUE {
            for feed in definition.feeds {
                for (column, _) in feed.provider_fields {
                    assert!(feed.table.def().position(*column).is_some(), "{} {column}", feed.table);
                }
            }
        }
    }

    #[test]
    fn control_spans_stay_within_what_one_request_may_ask() {
        let start = day("2026-01-01").start();
        let requests = of("transcoders").control(Window::of(start, start + TimeDelta::days(200)));
        let days: Vec<i64> = requests.iter().map(|request| request.window.duration().num_days()).collect();
        assert_eq!(days, [90, 90, 20]);
        assert_eq!(requests[2].window.end(), start + TimeDelta::days(200));
        assert!(of("account_trend").control(day("2026-01-01")).is_empty());
    }

    #[test]
    fn an_account_is_asked_for_by_part_and_as_a_whole() {
        let requests = of("account").first(day("2026-09-01"), 1000);
        let filters: Vec<_> = requests.iter().map(|request| request.param(FILTER_EQUALS)).collect();
        assert_eq!(filters, [Some("transcoders"), Some("vod_streams"), None]);
        assert_eq!(of("account_countries").first(day("2026-09-01"), 1000).len(), 2);
    }
}
