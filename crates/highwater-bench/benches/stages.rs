//! The stages of a pull, each by itself: decode, normalise, encode, commit, plan.

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use highwater_bench::pages::World;
use highwater_bench::stages;
use highwater_bench::transport::Transport;
use highwater_core::{Checkpoint, Column, Seconds, Sink, SourceName, Table, Window};
use highwater_pipeline::{DatasetState, PlanOrder, PlanRequest, Reprocess, plan};
use highwater_transform::scope_digest;

/// One hour of fifty thousand assets.
const WORLD: World = World { assets: 50_000, hours: 1 };

/// A sink that keeps nothing: what is left is the cost of decoding alone.
struct Nowhere;

impl Sink for Nowhere {
    fn begin(&mut self, table: Table, bucket: Window) {
        black_box((table, bucket));
    }
    fn begin_another(&mut self, table: Table) {
        black_box(table);
    }
    fn text(&mut self, column: Column, value: &str) {
        black_box((column, value));
    }
    fn int(&mut self, column: Column, value: i64) {
        black_box((column, value));
    }
    fn seconds(&mut self, column: Column, value: Seconds) {
        black_box((column, value));
    }
    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        black_box((column, value));
    }
    fn flag(&mut self, column: Column, value: bool) {
        black_box((column, value));
    }
    fn commit_row(&mut self) {}
    fn reject_row(&mut self, reason: &str, path: &str, _row: &str) {
        panic!("a row of our own making was rejected at {path}: {reason}");
    }
    fn unknown_field(&mut self, path: &str) {
        panic!("a field of our own making is unknown: {path}");
    }
}

fn decode_and_normalise(criterion: &mut Criterion) {
    let (spec, extractor) = (Arc::new(stages::spec()), stages::extractor());
    let mut group = criterion.benchmark_group("hour of 50,000 records");
    group.throughput(Throughput::Elements(WORLD.records())).sample_size(10);
    for page_size in [100, 1_000] {
        let pages = stages::pages(WORLD, 0, page_size);
        group.bench_function(format!("decode, pages of {page_size}"), |bencher| {
            bencher.iter(|| black_box(stages::staged(&spec, &*extractor, 0, &pages)));
        });
    }
    let pages = stages::pages(WORLD, 0, 1_000);
    group.bench_function("decode, pages of 1000, into nowhere", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                black_box(extractor.decode(&spec, page, &mut Nowhere).expect("pages of our own making"));
            }
        });
    });
    group.bench_function("normalise", |bencher| {
        bencher.iter_batched(
            || stages::staged(&spec, &*extractor, 0, &pages),
            |staging| staging.finish().expect("rows of our own making"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn commit(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let spec = Arc::new(stages::spec());
    let hour = stages::window_commit(&spec, stages::normalised(&spec, WORLD, 0, 1_000));
    let commit = stages::unit_commit(&spec, vec![hour]);
    let mut group = criterion.benchmark_group("hour of 50,000 records");
    group.throughput(Throughput::Elements(WORLD.records())).sample_size(10);
    group.bench_function("encode: a commit into memory", |bencher| {
        bencher.iter_batched(
            || stages::warehouse_in_memory(Transport::new()),
            |warehouse| (runtime.block_on(warehouse.commit(&commit)).expect("a commit"), warehouse),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("commit into a folder", |bencher| {
        bencher.iter_batched(
            || {
                let folder = tempfile::tempdir().expect("a folder");
                let warehouse = runtime.block_on(stages::warehouse(folder.path())).expect("a warehouse");
                (folder, warehouse)
            },
            |(folder, warehouse)| (runtime.block_on(warehouse.commit(&commit)).expect("a commit"), folder),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn plan_a_year(criterion: &mut Criterion) {
    let (spec, source) = (stages::spec(), SourceName::new("mux").expect("a literal name"));
    let extractor = stages::extractor();
    let (checkpoint, scope) = (Checkpoint::default(), scope_digest(&spec));
    let state = DatasetState {
        provider: "mux",
        source: &source,
        spec: &spec,
        start: "2026-09-01".parse().ok(),
        checkpoint: &checkpoint,
        extractor: Some(&*extractor),
        requests_per_second: 5.0,
        scope_digest: &scope,
    };
    let request = PlanRequest {
        now: "2026-12-01T00:00:00Z".parse().expect("a literal instant"),
        range: None,
        reprocess: Reprocess::Missing,
        order: PlanOrder::NewestFirst,
        live: false,
    };
    criterion.bench_function("plan ninety days of missing hours", |bencher| {
        bencher.iter(|| black_box(plan(&[state], &request)));
    });
}

criterion_group!(benches, decode_and_normalise, commit, plan_a_year);
criterion_main!(benches);
