//! What stands in a warehouse, in the words of the matrix.

use arrow::array::RecordBatch;
use chrono::TimeDelta;
use highwater_core::Table;
use highwater_load::Warehouse;

use crate::support::{PROVIDER, TABLES, content, hours, unit};
use crate::writer::{FIRST, ROWS, SECOND, digest, pages, run};

/// The state right after a fault.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    tables: String,
    loaded: &'static str,
    checkpoint: &'static str,
    restatements: usize,
}

impl Outcome {
    pub(crate) async fn of(warehouse: &Warehouse) -> Self {
        let mut tables = Vec::new();
        for table in TABLES {
            let found = content(warehouse, table).await;
            let (rows, seed) = found[&0];
            assert_eq!(
                (found.len(), rows),
                (1, ROWS[usize::try_from(seed).unwrap()]),
                "a table holds one pull, whole"
            );
            tables.push(pull(seed));
        }
        let records = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
        let loaded = records.first().map_or("no", |record| {
            if digest(FIRST) == record.pull_digest {
                "first"
            } else if digest(SECOND) == record.pull_digest {
                "second"
            } else {
                "another"
            }
        });
        let checkpoint = warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap();
        let known = checkpoint.open_record(hours(0, 1)).map_or(0, |record| u64::from(record.pulls));
        Self {
            tables: tables.join(", "),
            loaded,
            checkpoint: pull(known),
            restatements: restatements(warehouse).await,
        }
    }

    pub(crate) fn cells(&self) -> String {
        let Self { tables, loaded, checkpoint, restatements } = self;
        format!("{tables} | {loaded} | {checkpoint} | {restatements}")
    }
}

fn pull(seed: u64) -> &'static str {
    match seed {
        FIRST => "first",
        SECOND => "second",
        _ => "another",
    }
}

async fn restatements(warehouse: &Warehouse) -> usize {
    let day = hours(0, 24).into();
    let rows = warehouse.read_windows(PROVIDER, &unit(), Table::Restatements, &day).await;
    rows.as_ref().map_or(0, RecordBatch::num_rows)
}

/// Lets the next run go over `warehouse` and one more after it: all must be exact then, and the last one idle.
pub(crate) async fn repair(warehouse: &Warehouse, clock_back: TimeDelta) -> String {
    let done = run(warehouse, clock_back).await.unwrap();
    let after = Outcome::of(warehouse).await;
    let exact = Outcome {
        tables: "second, second".to_owned(),
        loaded: "second",
        checkpoint: "second",
        restatements: 1,
    };
    assert_eq!(after, exact);
    let kept = warehouse.read_archive(&unit(), hours(0, 1), &digest(SECOND)).await.unwrap();
    assert_eq!(kept, pages(SECOND));
    assert_eq!(run(warehouse, clock_back).await.unwrap(), Default::default());
    format!("{} | {}", done.pulls, done.objects_written)
}
