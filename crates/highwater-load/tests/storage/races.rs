//! Writers that meet lose no update, in a folder and on S3.

use std::sync::Arc;

use highwater_core::Table;
use highwater_load::Warehouse;
use highwater_s3_testserver::TestServer;
use tokio::sync::Barrier;

use crate::support::{PROVIDER, TABLES, YieldingClock, bucket, commit, content, folder, hours, pull, unit};

/// Each writer publishes its own hours of the same objects, window by window; then all publish the same hours.
async fn meet(writers: Vec<Warehouse>) {
    let count = writers.len() as i64;
    let start = Arc::new(Barrier::new(writers.len()));
    let tasks = writers.iter().cloned().enumerate().map(|(index, warehouse)| {
        let start = Arc::clone(&start);
        tokio::spawn(async move {
            let mut lost = 0;
            for n in (0..24).filter(|n| n % count == index as i64) {
                start.wait().await;
                let done = warehouse
                    .commit(&commit(vec![pull(hours(n, n + 1), 3, 1, n as u64)], false))
                    .await
                    .unwrap();
                lost += done.lost_races;
            }
            lost
        })
    });
    let lost: u64 = futures::future::try_join_all(tasks).await.unwrap().into_iter().sum();
    assert!(lost > 0, "the writers never met");
    let expected = (0..24).map(|n| (n, (3, n as u64))).collect();
    for table in TABLES {
        assert_eq!(content(&writers[0], table).await, expected);
    }
    assert_eq!(writers[0].unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 24);

    let tasks = writers.iter().cloned().enumerate().map(|(index, warehouse)| {
        tokio::spawn(async move {
            for n in 0..6 {
                let seed = 1_000 * (index as u64 + 1) + n as u64;
                warehouse.commit(&commit(vec![pull(hours(n, n + 1), 2, 2, seed)], false)).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(tasks).await.unwrap();
    let (facts, names) =
        (content(&writers[0], Table::ResourceUsage).await, content(&writers[0], Table::Resources).await);
    assert_eq!(facts, names, "both tables must hold the pull of the same writer");
    assert!((0..6).all(|n| facts[&n].0 == 2 && facts[&n].1 >= 1_000));
    assert_eq!(writers[0].unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_writers_in_a_folder_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let writers = vec![
        folder(root.path()).await,
        folder(root.path()).await,
        folder(root.path()).await,
        folder(root.path()).await,
    ];
    meet(writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_writers_on_s3_lose_nothing() {
    let server = TestServer::start(Arc::new(YieldingClock)).await;
    let writers =
        vec![bucket(&server).await, bucket(&server).await, bucket(&server).await, bucket(&server).await];
    meet(writers).await;
}
