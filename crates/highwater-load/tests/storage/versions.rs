//! Versions of an object, as readers see them who hold an older one's footer or length.

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use highwater_core::Table;
use highwater_load::WindowCommit;
use object_store::memory::InMemory;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataOptions, ParquetMetaDataReader};

use crate::support::{batch, commit, hours, object, over, pull, record};

/// What a reader gets that holds the footer of `held` and reads from `bytes`.
fn read(held: &Bytes, bytes: &Bytes) -> Result<Vec<RecordBatch>, ParquetError> {
    let metadata = ArrowReaderMetadata::load(held, Default::default())?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata).build()?;
    reader.map(|batch| batch.map_err(ParquetError::from)).collect()
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[tokio::test]
async fn a_reader_with_an_old_footer_reads_the_old_version_from_every_later_one_until_the_seal() {
    let store = Arc::new(InMemory::new());
    let warehouse = over(Arc::<InMemory>::clone(&store));
    let mut versions = vec![];
    for n in 0..12 {
        // Every third commit replaces a window that shares row groups with others.
        let mut windows = vec![pull(hours(n, n + 1), 30, 1, 100 + n as u64)];
        if n % 3 == 2 {
            windows.push(pull(hours(n - 2, n - 1), 10, 2, 200 + n as u64));
        }
        warehouse.commit(&commit(windows, false)).await.unwrap();
        versions.push(object(&*store, Table::ResourceUsage).await);
    }
    let newest = versions.last().unwrap().clone();
    for version in &versions {
        assert!(newest.starts_with(version));
        assert_eq!(read(version, &newest).unwrap(), read(version, version).unwrap());
    }
    let renewed = |n: i64, pulls, seed| WindowCommit {
        record: record(hours(n, n + 1), 60, pulls, seed),
        batches: vec![],
    };
    let seal = commit(vec![renewed(10, 2, 110)], true);
    warehouse.commit(&seal).await.unwrap();
    let sealed = object(&*store, Table::ResourceUsage).await;
    assert!(sealed.len() < newest.len() / 2);
    assert_eq!(rows(&read(&sealed, &sealed).unwrap()), rows(&read(&newest, &newest).unwrap()));
    for version in &versions {
        assert!(read(version, &sealed).is_err(), "an old footer must meet an error, never a mix");
    }
}

#[tokio::test]
async fn a_sealed_object_is_sorted_as_a_whole_in_row_groups_of_32768_rows_with_page_indexes() {
    let store = Arc::new(InMemory::new());
    let warehouse = over(Arc::<InMemory>::clone(&store));
    for n in 0..8 {
        warehouse.commit(&commit(vec![pull(hours(n, n + 1), 5_000, 1, 1)], n == 7)).await.unwrap();
    }
    let bytes = object(&*store, Table::ResourceUsage).await;
    let footer = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    let footer = footer.parse_and_finish(&bytes).unwrap();
    let counts: Vec<i64> = footer.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(counts, [32_768, 40_000 - 32_768]);
    assert!(footer.row_groups().iter().all(|group| group.sorting_columns().is_some_and(|by| by.len() == 3)));
    let read = read(&bytes, &bytes).unwrap();
    let whole = arrow::compute::concat_batches(&read[0].schema(), &read).unwrap();
    assert_eq!(whole, batch(Table::ResourceUsage, hours(0, 8), 5_000, 1));
}

#[tokio::test]
async fn page_indexes_of_every_row_group_outlive_appends() {
    let store = Arc::new(InMemory::new());
    let warehouse = over(Arc::<InMemory>::clone(&store));
    for n in 0..4 {
        warehouse.commit(&commit(vec![pull(hours(n, n + 1), 50, 1, 1)], false)).await.unwrap();
    }
    let bytes = object(&*store, Table::ResourceUsage).await;
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    let footer = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    let footer = footer.with_metadata_options(Some(options)).parse_and_finish(&bytes).unwrap();
    let index = footer.page_index().unwrap();
    assert_eq!(footer.num_row_groups(), 4);
    for group in 0..4 {
        for column in 0..footer.row_group(group).num_columns() {
            assert!(
                index.offset_index(group, column).is_some() && index.column_index(group, column).is_some()
            );
            assert!(
                footer.row_group(group).column(column).page_encoding_stats().is_some()
                    || group > 0
                    || column > 0
            );
        }
    }
}

#[tokio::test]
async fn dead_bytes_do_not_grow_for_ever() {
    let store = Arc::new(InMemory::new());
    let warehouse = over(Arc::<InMemory>::clone(&store));
    let (mut shrank, mut last) = (0, 0);
    for pulls in 1..30 {
        warehouse
            .commit(&commit(vec![pull(hours(0, 2), 20_000, pulls, u64::from(pulls))], false))
            .await
            .unwrap();
        let size = object(&*store, Table::ResourceUsage).await.len();
        shrank += usize::from(size < last);
        last = size;
    }
    assert!(shrank >= 1);
    assert!(last < 3 * 1024 * 1024, "{last}");
}
