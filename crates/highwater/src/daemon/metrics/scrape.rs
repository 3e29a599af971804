//! A scrape: what is as of now, put beside what was counted, as text.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, Result, SourceName, TrafficCount};
use highwater_pipeline::State;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::super::view::{Feed, View};
use super::{Dataset, DatasetWord, Metrics, Seconds, Source, of};

const STATES: [State; 6] =
    [State::Missing, State::Failed, State::Loaded, State::Empty, State::Final, State::Expired];
const VERDICTS: [&str; 4] = ["match", "mismatch", "not_itemised", "held"];

impl Metrics {
    /// The metrics as text, with what is as of `view`. `traffic` is what each source has asked, in the order of the configuration.
    ///
    /// # Errors
    /// `Internal` when the library cannot write them.
    pub(in crate::daemon) fn text(
        &self,
        view: &View<'_>,
        ready: bool,
        traffic: &[(SourceName, f64, TrafficCount)],
    ) -> Result<String> {
        self.ready.set(i64::from(ready));
        self.take_traffic(traffic);
        self.take_sources(view);
        self.take_datasets(view);
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|source| {
            Error::new(ErrorKind::Internal, "cannot write the metrics").with_source(source)
        })?;
        Ok(text)
    }

    fn take_traffic(&self, traffic: &[(SourceName, f64, TrafficCount)]) {
        for (source, limit, count) in traffic {
            let labels = of(source);
            let take = |family: &Family<Source, Counter>, value: u64| {
                family.get_or_create(&labels).inner().store(value, Ordering::Relaxed);
            };
            take(&self.requests, count.requests);
            take(&self.retries, count.retries);
            take(&self.rate_limited, count.rate_limited);
            take(&self.fetched_bytes, count.bytes);
            self.request_limit.get_or_create(&labels).set(*limit);
        }
    }

    fn take_sources(&self, view: &View<'_>) {
        for feed in &view.feeds {
            let Some(activity) = view.notes.activities.get(feed.source_index) else { continue };
            let labels = of(&feed.source.name);
            self.working.get_or_create(&labels).set(i64::from(activity.working_since.is_some()));
            self.refused.get_or_create(&labels).set(i64::from(activity.refused));
        }
    }

    fn take_datasets(&self, view: &View<'_>) {
        for (index, (feed, status)) in view.statuses().enumerate() {
            let name = |set: &Family<Dataset, Seconds>, value: Option<f64>| {
                let labels = dataset_labels(feed);
                match value {
                    Some(value) => drop(set.get_or_create(&labels).set(value)),
                    None => drop(set.remove(&labels)),
                }
            };
            let unix = |at: DateTime<Utc>| at.timestamp_millis() as f64 / 1_000.0;
            name(&self.behind, status.behind_seconds.map(|seconds| seconds as f64));
            name(&self.last_success, status.last_success.map(unix));
            name(&self.next_run, feed.dataset.schedule.next_after(view.now).map(unix));
            let gap = view.gaps.iter().filter(|gap| gap.feed == index).filter_map(|gap| gap.lost_at).min();
            name(&self.gap_lost, gap.map(unix));
            let count = |set: &Family<Dataset, Gauge>, value: u64| {
                set.get_or_create(&dataset_labels(feed)).set(i64::try_from(value).unwrap_or(i64::MAX));
            };
            count(&self.held, status.held.len() as u64);
            count(&self.rows, status.rows);
            count(&self.rejected_rows, status.rejected_rows);
            self.take_states(feed, view.now);
        }
    }

    fn take_states(&self, feed: &Feed<'_>, now: DateTime<Utc>) {
        let word = |state| {
            let Dataset { source, dataset } = dataset_labels(feed);
            DatasetWord { source, dataset, state }
        };
        let states = feed.states(now);
        for state in STATES {
            let spans =
                states.iter().filter(|known| known.state == state).map(|known| known.window.duration());
            let seconds: i64 = spans.map(|span| span.num_seconds()).sum();
            self.covered.get_or_create(&word(state.as_str())).set(seconds as f64);
        }
        for verdict in VERDICTS {
            let count = feed.verdicts().filter(|(_, known)| *known == verdict).count();
            self.verdicts.get_or_create(&word(verdict)).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

fn dataset_labels(feed: &Feed<'_>) -> Dataset {
    Dataset { source: feed.source.name.to_string(), dataset: feed.dataset.spec.name.to_string() }
}
