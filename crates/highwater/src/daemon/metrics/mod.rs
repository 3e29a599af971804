//! The metrics. Their names, help and labels are an interface, documented in `deploy/METRICS.md`. No label takes a value
//! that the configuration does not bound: sources, datasets, states and kinds only.

use std::sync::atomic::AtomicU64;

use highwater_core::{DatasetName, Error, ErrorKind, SourceName, Unit};
use highwater_pipeline::Outcome;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

mod scrape;

/// The content type of [`Metrics::text`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Seconds = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Dataset {
    source: String,
    dataset: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DatasetWord {
    source: String,
    dataset: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceKind {
    source: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindWord {
    kind: &'static str,
    state: &'static str,
}

/// The metrics of one daemon.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    // What happens.
    activations: Family<Dataset, Counter>,
    requests: Family<Source, Counter>,
    retries: Family<Source, Counter>,
    rate_limited: Family<Source, Counter>,
    fetched_bytes: Family<Source, Counter>,
    pulls: Family<DatasetWord, Counter>,
    published_rows: Family<Dataset, Counter>,
    objects_written: Family<Source, Counter>,
    source_stops: Family<SourceKind, Counter>,
    errors: Family<OfKind, Counter>,
    webhook_posts: Family<KindWord, Counter>,
    run_seconds: Family<Source, Histogram>,
    // What is.
    start_time: Seconds,
    ready: Gauge,
    working: Family<Source, Gauge>,
    refused: Family<Source, Gauge>,
    request_limit: Family<Source, Seconds>,
    covered: Family<DatasetWord, Seconds>,
    behind: Family<Dataset, Seconds>,
    last_success: Family<Dataset, Seconds>,
    next_run: Family<Dataset, Seconds>,
    gap_lost: Family<Dataset, Seconds>,
    held: Family<Dataset, Gauge>,
    verdicts: Family<DatasetWord, Gauge>,
    rows: Family<Dataset, Gauge>,
    rejected_rows: Family<Dataset, Gauge>,
}

fn of(source: &SourceName) -> Source {
    Source { source: source.to_string() }
}

fn of_unit(unit: &Unit) -> Dataset {
    Dataset { source: unit.source.to_string(), dataset: unit.dataset.to_string() }
}

impl Metrics {
    /// Metrics of a daemon that starts at `start`, in seconds since 1970.
    pub(super) fn new(start: f64) -> Self {
        let mut registry = Registry::with_prefix("highwater");
        let mut metrics = Self {
            activations: register(
                &mut registry,
                "activations",
                "Activations begun: at the start, and when a schedule came",
            ),
            requests: register(&mut registry, "requests", "Requests sent to the provider, retries included"),
            retries: register(&mut registry, "retries", "Requests that repeated one that had failed"),
            rate_limited: register(&mut registry, "rate_limited", "Answers that asked us to slow down"),
            fetched_bytes: register(&mut registry, "fetched_bytes", "Bytes of bodies received, decompressed"),
            pulls: register(
                &mut registry,
                "pulls",
                "Pulls settled, by what became of them: loaded, empty, unchanged, failed, held",
            ),
            published_rows: register(&mut registry, "published_rows", "Rows of pulls that were published"),
            objects_written: register(&mut registry, "objects_written", "Versions of objects put in place"),
            source_stops: register(
                &mut registry,
                "source_stops",
                "Runs of a source that ended early, by kind of error",
            ),
            errors: register(
                &mut registry,
                "errors",
                "Errors outside single pulls, by kind: state or warehouse could not be read or written",
            ),
            webhook_posts: register(
                &mut registry,
                "webhook_posts",
                "Webhook posts by kind of concern, sent or failed after retries",
            ),
            run_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.25, 4.0, 8))),
            start_time: register(
                &mut registry,
                "start_time_seconds",
                "When the daemon started, in seconds since 1970",
            ),
            ready: register(
                &mut registry,
                "ready",
                "1 when the state was read and the warehouse can be reached",
            ),
            working: register(&mut registry, "source_working", "1 while the source is being asked"),
            refused: register(
                &mut registry,
                "source_refused",
                "1 when the source refused our credentials the last time",
            ),
            request_limit: register(
                &mut registry,
                "request_limit_per_second",
                "Requests a second that the source may send",
            ),
            covered: register(&mut registry, "covered_seconds", "Length of the timeline in each state"),
            behind: register(
                &mut registry,
                "behind_seconds",
                "From the newest published window to the newest one that the provider has",
            ),
            last_success: register(
                &mut registry,
                "last_success_timestamp_seconds",
                "When a window was last loaded or found unchanged",
            ),
            next_run: register(&mut registry, "next_run_timestamp_seconds", "When the schedule comes next"),
            gap_lost: register(
                &mut registry,
                "gap_lost_timestamp_seconds",
                "When the first window that is not loaded is lost for good; absent without a gap or a known retention",
            ),
            held: register(&mut registry, "held_windows", "Revisits that the shrink guard holds"),
            verdicts: register(
                &mut registry,
                "verdicts",
                "Days and open windows by the verdict against the provider's own totals",
            ),
            rows: register(&mut registry, "rows", "Rows published, over all tables"),
            rejected_rows: register(&mut registry, "rejected_rows", "Rows set aside"),
            registry: Registry::default(),
        };
        registry.register(
            "run_seconds",
            "How long activations of the source took",
            metrics.run_seconds.clone(),
        );
        metrics.registry = registry;
        metrics.start_time.set(start);
        metrics
    }

    /// Counts the start of an activation.
    pub(super) fn activated(&self, source: &SourceName, dataset: &DatasetName) {
        let labels = Dataset { source: source.to_string(), dataset: dataset.to_string() };
        self.activations.get_or_create(&labels).inc();
    }

    /// Counts a pull that is settled, and the rows that it published.
    pub(super) fn settled(&self, unit: &Unit, outcome: Outcome, rows: u64) {
        let Dataset { source, dataset } = of_unit(unit);
        let state = match outcome {
            Outcome::Loaded => "loaded",
            Outcome::Empty => "empty",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
            Outcome::Held => "held",
        };
        self.pulls.get_or_create(&DatasetWord { source, dataset, state }).inc();
        if outcome == Outcome::Loaded {
            self.published_rows.get_or_create(&of_unit(unit)).inc_by(rows);
        }
    }

    /// Counts objects put in place.
    pub(super) fn objects_written(&self, source: &SourceName, objects: u64) {
        self.objects_written.get_or_create(&of(source)).inc_by(objects);
    }

    /// Counts a source that stopped early.
    pub(super) fn source_stopped(&self, source: &SourceName, kind: ErrorKind) {
        let labels = SourceKind { source: source.to_string(), kind: kind.as_str() };
        self.source_stops.get_or_create(&labels).inc();
    }

    /// Notes how long an activation of a source took.
    pub(super) fn run_took(&self, source: &SourceName, seconds: f64) {
        self.run_seconds.get_or_create(&of(source)).observe(seconds);
    }

    /// Counts an error outside single pulls.
    pub(super) fn error(&self, error: &Error) {
        self.errors.get_or_create(&OfKind { kind: error.kind().as_str() }).inc();
    }

    /// Counts a webhook post.
    pub(super) fn posted(&self, kind: &'static str, sent: bool) {
        let state = if sent { "sent" } else { "failed" };
        self.webhook_posts.get_or_create(&KindWord { kind, state }).inc();
    }
}

fn register<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}
