//! Processes that write the same objects at once: no update is lost, in a folder and on S3.

use std::process::{Child, Command};
use std::sync::Arc;

use highwater_core::Checkpoint;
use highwater_load::{Warehouse, WindowCommit};
use highwater_s3_testserver::TestServer;

use crate::support::{PROVIDER, TABLES, YieldingClock, commit, content, hours, pull, unit};
use crate::writer::Target;

/// Which of how many processes a writer is.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    pub(crate) index: u64,
    pub(crate) count: u64,
}

/// Hours that all processes publish, each a pull of its own.
const DISPUTED: i64 = 6;

pub(crate) async fn check() {
    for count in [2, 4] {
        let root = tempfile::tempdir().unwrap();
        meet(count, Target { url: root.path().to_str().unwrap().to_owned(), ..Target::default() }).await;
        let server = TestServer::start(Arc::new(YieldingClock)).await;
        meet(count, Target { url: "s3://bucket".to_owned(), options: server.options(), ..Target::default() })
            .await;
    }
}

async fn meet(count: u64, target: Target) {
    let start = |index| -> Child {
        let target = Target { share: Some(Share { index, count }), ..target.clone() };
        Command::new(std::env::current_exe().unwrap()).envs(target.environment()).spawn().unwrap()
    };
    let writers: Vec<Child> = (0..count).map(start).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let warehouse = target.open().await;
    let (facts, names) = (content(&warehouse, TABLES[0]).await, content(&warehouse, TABLES[1]).await);
    assert_eq!(facts, names, "both tables must hold the pull of the same writer");
    for n in 0..24_i64 {
        let (rows, seed) = facts[&n];
        if n < DISPUTED {
            assert!(rows == 2 && seed >= 1_000, "hour {n}");
        } else {
            assert_eq!((rows, seed), (3, n.unsigned_abs()));
        }
    }
    assert_eq!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 24);
    let checkpoint = warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap();
    assert_eq!(checkpoint.loaded(), hours(0, 24).into());
}

/// What one of the processes does: its own hours one by one, then those that all of them publish.
pub(crate) async fn write(warehouse: &Warehouse, share: Share) {
    for n in (0..24_i64).filter(|n| n.unsigned_abs() % share.count == share.index) {
        publish(warehouse, pull(hours(n, n + 1), 3, 1, n.unsigned_abs())).await;
    }
    for n in 0..DISPUTED {
        let seed = 1_000 * (share.index + 1) + n.unsigned_abs();
        publish(warehouse, pull(hours(n, n + 1), 2, 2, seed)).await;
    }
}

async fn publish(warehouse: &Warehouse, window: WindowCommit) {
    let record = window.record.clone();
    let committed = warehouse.commit(&commit(vec![window], false)).await.unwrap();
    if committed.superseded.is_empty() {
        let note = |checkpoint: &mut Checkpoint| checkpoint.record(record.clone());
        warehouse.update_checkpoint(&unit().source, &unit().dataset, note).await.unwrap();
    }
}
