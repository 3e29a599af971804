//! Commits on S3: what is written, and what comes of answers that are lost or late.

use std::sync::Arc;

use highwater_core::{Checkpoint, ErrorKind, PageRequest, RawPage, Table};
use highwater_load::{ConditionalWrites, PulledPages, Warehouse, WarehouseSettings};
use highwater_s3_testserver::{Fault, Gate, TestServer};

use crate::support::{
    PROVIDER, TABLES, YieldingClock, bucket, commit, content, hours, pull, record, settings, unit,
};

async fn server() -> TestServer {
    TestServer::start(Arc::new(YieldingClock)).await
}

async fn open(server: &TestServer, conditional_writes: ConditionalWrites) -> Warehouse {
    let settings =
        WarehouseSettings { options: server.options(), conditional_writes, ..settings("s3://bucket") };
    Warehouse::open(settings).await.unwrap()
}

#[tokio::test]
async fn the_same_keys_stand_below_the_prefix_of_the_url() {
    let server = server().await;
    let warehouse = bucket(&server).await;
    warehouse.commit(&commit(vec![pull(hours(0, 1), 1, 1, 1)], false)).await.unwrap();
    warehouse
        .update_checkpoint(&unit().source, &unit().dataset, |known| known.last_error = Some("x".to_owned()))
        .await
        .unwrap();
    let keys = server.objects().keys("");
    let expected = [
        "some/warehouse/data/resource_usage/provider=mux/usage_date=2026-09-01/mux-prod.delivery_usage.parquet",
        "some/warehouse/data/resources/provider=mux/usage_date=2026-09-01/mux-prod.delivery_usage.parquet",
        "some/warehouse/state/mux-prod/delivery_usage.json",
    ];
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_neither_a_failure_nor_a_duplicate() {
    for fault in [Fault::AppliedThenError, Fault::AppliedThenRefused, Fault::ErrorBefore] {
        let server = server().await;
        let warehouse = bucket(&server).await;
        for n in 0..3 {
            server.faults().on_put(1, fault.clone());
            let done =
                warehouse.commit(&commit(vec![pull(hours(n, n + 1), 2, 1, n as u64)], false)).await.unwrap();
            assert_eq!((done.objects_written, done.lost_races), (2, 0), "{fault:?}");
        }
        let expected = (0..3).map(|n| (n, (2, n as u64))).collect();
        assert_eq!(content(&warehouse, Table::ResourceUsage).await, expected);
        assert_eq!(server.objects().counts().written, 6);
    }
}

#[tokio::test]
async fn a_lost_answer_about_a_checkpoint_applies_the_change_once() {
    let server = server().await;
    let warehouse = bucket(&server).await;
    for (n, fault) in [Fault::AppliedThenError, Fault::AppliedThenRefused].into_iter().enumerate() {
        server.faults().on_put(1, fault);
        let n = n as i64;
        let note = move |known: &mut Checkpoint| known.record(record(hours(n, n + 1), 1, 1, 1));
        warehouse.update_checkpoint(&unit().source, &unit().dataset, note).await.unwrap();
    }
    assert_eq!(warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap().open.len(), 2);
    assert_eq!(server.objects().counts().written, 2);
}

#[tokio::test]
async fn a_write_that_is_refused_fails_the_commit_and_the_next_one_repairs_it() {
    let server = server().await;
    let warehouse = bucket(&server).await;
    server.faults().on_put(2, Fault::RefusedBefore);
    let wanted = commit(vec![pull(hours(0, 1), 2, 1, 7)], false);
    let error = warehouse.commit(&wanted).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().is_empty());
    assert_eq!(warehouse.commit(&wanted).await.unwrap().objects_written, 1);
    assert_eq!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_late_write_of_a_writer_that_died_changes_nothing_that_came_after_it() {
    let server = server().await;
    let (dying, next) = (bucket(&server).await, bucket(&server).await);
    dying.commit(&commit(vec![pull(hours(0, 1), 1, 1, 1)], false)).await.unwrap();
    let gate = Gate::default();
    server.faults().on_put(1, Fault::PausedBefore(gate.clone()));
    let writer =
        tokio::spawn(async move { dying.commit(&commit(vec![pull(hours(1, 2), 1, 1, 2)], false)).await });
    gate.arrival().await;
    next.commit(&commit(vec![pull(hours(2, 3), 1, 1, 3)], false)).await.unwrap();
    writer.abort();
    gate.open();
    gate.passed().await;
    writer.await.unwrap_err();
    next.commit(&commit(vec![pull(hours(3, 4), 1, 1, 4)], false)).await.unwrap();
    let expected = [(0, (1, 1)), (2, (1, 3)), (3, (1, 4))].into();
    assert_eq!(content(&next, Table::ResourceUsage).await, expected);
    assert_eq!(content(&next, Table::Resources).await, expected);
}

#[tokio::test]
async fn a_write_that_another_one_overtook_before_its_answer_came_is_found_in_the_newer_version() {
    let server = server().await;
    let (first, second) = (bucket(&server).await, bucket(&server).await);
    let gate = Gate::default();
    server.faults().on_put(1, Fault::PausedAfter(gate.clone()));
    let writer =
        tokio::spawn(async move { first.commit(&commit(vec![pull(hours(0, 1), 1, 1, 1)], false)).await });
    gate.arrival().await;
    second.commit(&commit(vec![pull(hours(1, 2), 1, 1, 2)], false)).await.unwrap();
    gate.open();
    writer.await.unwrap().unwrap();
    assert_eq!(content(&second, Table::ResourceUsage).await, [(0, (1, 1)), (1, (1, 2))].into());
    assert_eq!(second.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_store_that_ignores_conditions_is_unmasked_and_one_that_keeps_them_is_not() {
    let server = server().await;
    let found = open(&server, ConditionalWrites::ETag).await.probe().await.unwrap();
    assert_eq!((found.conditional_writes, found.locks), (Some(true), None));
    server.faults().ignore_conditions(true);
    let error = open(&server, ConditionalWrites::ETag).await.probe().await.unwrap_err();
    assert!(error.to_string().contains("ignores conditional writes"), "{error}");
    assert!(error.hint().contains("disabled"), "{}", error.hint());
    let found = open(&server, ConditionalWrites::Disabled).await.probe().await.unwrap();
    assert_eq!(found.conditional_writes, None);
    assert!(server.objects().keys("").is_empty());
}

#[tokio::test]
async fn a_store_that_wants_no_quotes_is_named_and_served_without_them() {
    let server = server().await;
    server.faults().refuse_quotes(true);
    let error = open(&server, ConditionalWrites::ETag).await.probe().await.unwrap_err();
    assert!(error.hint().contains("etag-unquoted"), "{}", error.hint());
    let warehouse = open(&server, ConditionalWrites::ETagUnquoted).await;
    warehouse.probe().await.unwrap();
    for n in 0..2 {
        warehouse.commit(&commit(vec![pull(hours(n, n + 1), 1, 1, 1)], false)).await.unwrap();
    }
    assert_eq!(content(&warehouse, Table::ResourceUsage).await.len(), 2);
}

#[tokio::test]
async fn a_single_writer_needs_no_conditions() {
    let server = server().await;
    server.faults().ignore_conditions(true);
    let warehouse = open(&server, ConditionalWrites::Disabled).await;
    let tasks = (0..6).map(|n| {
        let warehouse = warehouse.clone();
        tokio::spawn(async move {
            warehouse.commit(&commit(vec![pull(hours(n, n + 1), 1, 1, n as u64)], false)).await.unwrap();
        })
    });
    futures::future::try_join_all(tasks).await.unwrap();
    assert_eq!(content(&warehouse, Table::ResourceUsage).await.len(), 6);
}

#[tokio::test]
async fn a_pull_is_archived_once_also_when_the_answer_is_lost() {
    let server = server().await;
    let warehouse = bucket(&server).await;
    let page = RawPage {
        request: PageRequest::new("list", hours(0, 1)),
        body: "{}".into(),
        fetched_at: hours(0, 1).end(),
    };
    for fault in [Some(Fault::AppliedThenError), Some(Fault::AppliedThenRefused), None] {
        if let Some(fault) = fault {
            server.faults().on_put(1, fault);
        }
        let digest =
            warehouse.archive(&unit(), hours(0, 1), PulledPages::from_iter([page.clone()])).await.unwrap();
        let read = warehouse.read_archive(&unit(), hours(0, 1), &digest).await.unwrap();
        assert_eq!(read, vec![page.clone()]);
    }
    assert_eq!(server.objects().counts().written, 1);
    let error = warehouse.read_archive(&unit(), hours(1, 2), "00").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
}
