//! What becomes of staged rows.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMillisecondType};
use chrono::TimeDelta;
use highwater_core::{Duplicates, ErrorKind};
use proptest::prelude::*;

use super::*;
use crate::fixture::{Row, at, combined, finished, normalised, staging, usage, window};

fn texts(batch: &RecordBatch, column: Column) -> Vec<Option<&str>> {
    batch[column.name()].as_string::<i32>().iter().collect()
}

fn ints(batch: &RecordBatch, column: Column) -> Vec<Option<i64>> {
    batch[column.name()].as_primitive::<Int64Type>().iter().collect()
}

fn seconds(batch: &RecordBatch) -> Vec<Option<i128>> {
    batch["delivered_seconds"].as_primitive::<Decimal128Type>().iter().collect()
}

/// The error of a pull whose decoder did `wrong` after one good row.
fn refused(wrong: impl FnOnce(&mut Staging)) -> Error {
    let mut staging = staging(Duplicates::Conflict);
    usage("good", 1).stage(&mut staging);
    wrong(&mut staging);
    staging.finish().unwrap_err()
}

#[test]
fn rows_come_out_sorted_typed_and_filled() {
    let rows = [
        usage("b", 2).hour(1),
        usage("a", 3).rendition("720p"),
        usage("b", 1).bytes(9),
        usage("a", 4).rendition("1080p"),
        usage("a", 5),
    ];
    let normalised = normalised(&rows).unwrap();
    let [usage, renditions, resources] = &normalised.tables[..] else { panic!("three tables") };
    assert_eq!(texts(&usage.batch, Column::ResourceId), [Some("a"), Some("b"), Some("b")]);
    assert_eq!(seconds(&usage.batch), [Some(5), Some(1), Some(2)]);
    assert_eq!(ints(&usage.batch, Column::DeliveredBytes), [None, Some(9), None]);
    assert_eq!(usage.batch["requests"].null_count(), 3);
    let starts = usage.batch["bucket_start"].as_primitive::<TimestampMillisecondType>();
    assert_eq!(starts.value(2), at(1).timestamp_millis());
    assert_eq!(texts(&renditions.batch, Column::Rendition), [Some("1080p"), Some("720p")]);
    for (column, text) in
        [(Column::Source, "main"), (Column::Dataset, "delivery_usage"), (Column::RunIdColumn, "run-1")]
    {
        assert_eq!(texts(&usage.batch, column), [Some(text); 3]);
    }
    let pulled = usage.batch["extracted_at"].as_primitive::<TimestampMillisecondType>();
    assert_eq!(pulled.value(1), at(20).timestamp_millis());
    assert_eq!((resources.table, resources.batch.num_rows()), (Table::Resources, 0));
    assert_eq!((normalised.rows, normalised.collapsed, normalised.summed), (5, 0, 0));
    assert_eq!(usage.batch.schema(), crate::schema(Table::ResourceUsage, None));
}

#[test]
fn a_pull_without_rows_has_every_table() {
    let normalised = normalised(&[]).unwrap();
    let rows: Vec<_> = normalised.tables.iter().map(|table| (table.table, table.batch.num_rows())).collect();
    let none =
        [Table::ResourceUsage, Table::ResourceUsageByRendition, Table::Resources].map(|table| (table, 0));
    assert_eq!(rows, none);
    assert_eq!(normalised.rows, 0);
}

#[test]
fn a_row_that_is_not_committed_leaves_no_trace() {
    let mut staging = staging(Duplicates::Conflict);
    let half = |staging: &mut Staging, id: &str| {
        staging.begin(Table::ResourceUsage, window(0));
        staging.text(Column::ResourceType, "asset");
        staging.text(Column::ResourceId, id);
        staging.int(Column::Requests, 7);
    };
    half(&mut staging, "dropped");
    usage("a", 1).stage(&mut staging);
    half(&mut staging, "rejected");
    staging.start_page("delivery_usage");
    staging.reject_row("negative", "data[1].delivered_seconds", "{}");
    usage("b", 1).rendition("720p").stage(&mut staging);
    usage("b", 2).stage(&mut staging);
    half(&mut staging, "left behind");
    assert_eq!(staging.rows(), 3);
    let pull = finished(staging).unwrap();
    let batch = &pull.tables[0].batch;
    assert_eq!(texts(batch, Column::ResourceId), [Some("a"), Some("b")]);
    assert_eq!(seconds(batch), [Some(1), Some(2)]);
    assert_eq!(batch["requests"].null_count(), 2);
    let reject = Reject {
        operation: "delivery_usage".to_owned(),
        path: "data[1].delivered_seconds".to_owned(),
        reason: "negative".to_owned(),
        row: "{}".to_owned(),
    };
    assert_eq!(pull.rejects, [reject]);
}

#[test]
fn another_row_is_about_the_bucket_and_the_resource_of_the_one_before() {
    let mut staging = staging(Duplicates::Conflict);
    for (id, hour) in [("b", 1), ("a", 0), ("b", 2)] {
        usage(id, 1).hour(hour).stage(&mut staging);
        for rendition in ["720p", "1080p"] {
            staging.begin_another(Table::ResourceUsageByRendition);
            staging.text(Column::Rendition, rendition);
            staging.commit_row();
        }
    }
    let pull = finished(staging).unwrap();
    let batch = &pull.tables[1].batch;
    let ids = ["a", "a", "b", "b", "b", "b"].map(Some);
    assert_eq!(texts(batch, Column::ResourceId), ids);
    assert_eq!(texts(batch, Column::ResourceType), [Some("asset"); 6]);
    let starts = batch["bucket_start"].as_primitive::<TimestampMillisecondType>();
    let hours: Vec<i64> = starts.values().iter().map(|start| start / 3_600_000 % 24).collect();
    assert_eq!(hours, [0, 0, 1, 2, 1, 2]);
}

#[test]
fn unknown_fields_are_counted_by_path() {
    let mut staging = staging(Duplicates::Conflict);
    ["data[].new", "data[].new", "extra"].iter().for_each(|path| staging.unknown_field(path));
    let counts = [("data[].new".to_owned(), 2), ("extra".to_owned(), 1)];
    assert_eq!(staging.finish().unwrap().unknown_fields, BTreeMap::from(counts));
}

#[test]
fn equal_rows_collapse_and_unequal_ones_name_key_and_columns() {
    let same = usage("a", 1).bytes(2);
    let pull = normalised(&[same.clone(), usage("b", 1), same.clone(), same.clone()]).unwrap();
    assert_eq!((pull.rows, pull.collapsed, pull.summed), (2, 2, 0));

    let error = normalised(&[same.clone(), usage("a", 2).viewers(1).bytes(2)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let text = error.to_string();
    assert!(text.contains("differ in delivered_seconds, unique_viewers:"), "{text}");
    assert!(text.contains("resource_id=`a` bucket_start=`2026-09-01T00:00:00Z`"), "{text}");
    assert!(normalised(&[same.clone(), Row { bytes: None, ..same }]).is_err());
}

#[test]
fn sums_add_what_adds_up_and_keep_the_greatest_of_the_rest() {
    let rows = [
        usage("a", 1).bytes(10).viewers(3),
        usage("b", 9),
        usage("a", 2).viewers(5),
        Row { micros: None, ..usage("a", 0) },
    ];
    let pull = combined(Duplicates::Sum, &rows).unwrap();
    let batch = &pull.tables[0].batch;
    assert_eq!(seconds(batch), [Some(3), Some(9)]);
    assert_eq!(ints(batch, Column::DeliveredBytes), [Some(10), None]);
    assert_eq!(ints(batch, Column::UniqueViewers), [Some(5), None]);
    assert_eq!((pull.rows, pull.collapsed, pull.summed), (2, 0, 2));
}

#[test]
fn sums_of_descriptions_keep_one_word_and_never_add() {
    let mut staging = staging(Duplicates::Sum);
    for (name, length, archived) in [(Some("z"), 5, true), (None, 3, false), (Some("y"), 4, false)] {
        staging.begin(Table::Resources, window(0));
        staging.text(Column::ResourceType, "video_url");
        staging.text(Column::ResourceId, "live/x");
        name.iter().for_each(|name| staging.text(Column::Name, name));
        staging.seconds(Column::DurationSeconds, Seconds::from_whole(length).unwrap());
        staging.flag(Column::Archived, archived);
        staging.instant(Column::CreatedAt, at(u32::try_from(length).unwrap()));
        staging.commit_row();
    }
    let batch = finished(staging).unwrap().tables.remove(2).batch;
    assert_eq!(texts(&batch, Column::Name), [Some("y")]);
    assert_eq!(batch["duration_seconds"].as_primitive::<Decimal128Type>().value(0), 5_000_000);
    assert!(batch["archived"].as_boolean().value(0));
    let created = batch["created_at"].as_primitive::<TimestampMillisecondType>();
    assert_eq!(created.value(0), at(5).timestamp_millis());
}

#[test]
fn a_sum_that_outgrows_its_column_is_an_error_not_a_wrong_number() {
    for (rows, column) in [
        ([usage("a", 1).bytes(i64::MAX), usage("a", 1).bytes(1)], "delivered_bytes"),
        ([usage("a", 999_999_999_999_999_999), usage("a", 1)], "delivered_seconds"),
    ] {
        let error = combined(Duplicates::Sum, &rows).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift);
        assert!(error.to_string().contains(column), "{error}");
    }
}

#[test]
fn what_a_decoder_may_not_do_fails_the_pull_and_is_named() {
    let begin = |staging: &mut Staging| staging.begin(Table::ResourceUsage, window(0));
    type Wrong = Box<dyn Fn(&mut Staging)>;
    let cases: Vec<(&str, Wrong)> = vec![
        ("resource_usage.rendition", Box::new(move |s| (begin(s), s.text(Column::Rendition, "720p")).1)),
        ("resource_usage.requests", Box::new(move |s| (begin(s), s.text(Column::Requests, "1")).1)),
        (
            "resource_usage.delivered_seconds",
            Box::new(move |s| (begin(s), s.int(Column::DeliveredSeconds, 1)).1),
        ),
        (
            "resource_usage.requests",
            Box::new(move |s| (begin(s), s.seconds(Column::Requests, Seconds::default())).1),
        ),
        ("resource_usage.bucket_end", Box::new(move |s| (begin(s), s.instant(Column::BucketEnd, at(1))).1)),
        ("resource_usage.source", Box::new(move |s| (begin(s), s.text(Column::Source, "me")).1)),
        ("resource_usage.archived", Box::new(move |s| (begin(s), s.flag(Column::Archived, true)).1)),
        ("live_viewers", Box::new(|s| s.begin(Table::LiveViewers, window(0)))),
        ("requests", Box::new(|s| s.int(Column::Requests, 1))),
        ("committed", Box::new(|s| s.commit_row())),
        (
            "`resources`",
            Box::new(|s| {
                usage("a", 1).stage(s);
                s.start_page("delivery_usage");
                s.begin_another(Table::Resources);
            }),
        ),
        (
            "`resources`",
            Box::new(|s| {
                usage("a", 1).stage(s);
                s.reject_row("negative", "data[1].delivered_seconds", "{}");
                s.begin_another(Table::Resources);
            }),
        ),
        (
            "`resources`",
            Box::new(move |s| {
                usage("a", 1).stage(s);
                begin(s);
                s.begin_another(Table::Resources);
            }),
        ),
    ];
    for (name, wrong) in cases {
        let error = refused(wrong);
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}

#[test]
fn a_key_with_a_part_missing_is_a_defect_that_names_the_part() {
    let error = refused(|staging| {
        staging.begin(Table::ResourceUsageByRendition, window(0));
        staging.text(Column::ResourceType, "asset");
        staging.text(Column::ResourceId, "a");
        staging.commit_row();
    });
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("resource_usage_by_rendition.rendition"), "{error}");
    assert!(error.to_string().contains("resource_id=`a`"), "{error}");
}

#[test]
fn a_negative_measure_and_an_impossible_date_do_not_pass() {
    let error = refused(|staging| usage("bad", 1).bytes(-1).stage(staging));
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("resource_usage.delivered_bytes"), "{error}");
    assert!(error.to_string().contains("resource_id=`bad`"), "{error}");
    let error = refused(|staging| {
        staging.begin(Table::Resources, window(0));
        staging.text(Column::ResourceType, "asset");
        staging.text(Column::ResourceId, "a");
        staging.instant(Column::CreatedAt, DateTime::<Utc>::MAX_UTC);
        staging.commit_row();
    });
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert!(error.to_string().contains("resources.created_at"), "{error}");
}

#[test]
fn a_bucket_outside_the_span_or_of_another_grain_does_not_pass() {
    let stage = |staging: &mut Staging, bucket: Window| {
        staging.begin(Table::ResourceUsage, bucket);
        staging.text(Column::ResourceType, "asset");
        staging.text(Column::ResourceId, "b");
        staging.commit_row();
    };
    let half = TimeDelta::minutes(30);
    for (bucket, what) in [
        (window(3), "outside the window"),
        (Window::of(at(0), at(2)), "not one hour"),
        (Window::of(at(0) + half, at(1) + half), "not one hour"),
        (Window::of(at(0), at(0) + half), "not one hour"),
    ] {
        let error = refused(|staging| stage(staging, bucket));
        assert_eq!(error.kind(), ErrorKind::Drift);
        assert!(error.to_string().contains(what) && error.to_string().contains("resource_id=`b`"), "{error}");

        let mut free = staging(Duplicates::Conflict);
        free.context.check_buckets = false;
        stage(&mut free, bucket);
        assert_eq!(free.finish().unwrap().rows, 1);
    }
}

fn facts() -> impl Strategy<Value = Vec<Row>> {
    let measure = || prop::option::of(0..50_i64);
    let rendition = prop::option::of(prop::sample::select(vec!["1080p", "720p", ""]));
    let row = ("(asset-)?[a-c]{0,3}", 0..3_u32, rendition, measure(), measure(), measure());
    let row = row.prop_map(|(id, hour, rendition, micros, bytes, viewers)| {
        let rendition = rendition.map(str::to_owned);
        Row { id, hour, rendition, micros, bytes, viewers }
    });
    prop::collection::vec(row, 0..60)
}

fn one_a_key(rows: &[Row]) -> Vec<Row> {
    let keyed = rows.iter().map(|row| ((&row.id, row.hour, &row.rendition), row));
    keyed.collect::<BTreeMap<_, _>>().into_values().cloned().collect()
}

proptest! {
    #[test]
    fn the_order_of_arrival_makes_no_difference(
        (rows, shuffled) in facts().prop_flat_map(|rows| {
            let rows = one_a_key(&rows);
            let twice = [&rows[..], &rows[..rows.len() / 2]].concat();
            (Just(twice.clone()), Just(twice).prop_shuffle())
        })
    ) {
        let (left, right) = (normalised(&rows).unwrap(), normalised(&shuffled).unwrap());
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(left.collapsed + left.rows, rows.len() as u64);
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_arrival_and_lose_nothing(
        (rows, shuffled) in facts().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let left = combined(Duplicates::Sum, &rows).unwrap();
        prop_assert_eq!(&left, &combined(Duplicates::Sum, &shuffled).unwrap());
        prop_assert_eq!(left.rows, one_a_key(&rows).len() as u64);
        let sum = |wanted: bool| {
            let chosen = rows.iter().filter(|row| row.rendition.is_some() == wanted);
            chosen.filter_map(|row| row.micros).map(i128::from).sum::<i128>()
        };
        for (table, by_rendition) in [(0, false), (1, true)] {
            let ours: i128 = seconds(&left.tables[table].batch).into_iter().flatten().sum();
            prop_assert_eq!(ours, sum(by_rendition));
        }
    }

    #[test]
    fn rows_are_strictly_ascending_by_key(rows in facts()) {
        let pull = combined(Duplicates::Sum, &rows).unwrap();
        let renditions = &pull.tables[1].batch;
        let (ids, words) = (texts(renditions, Column::ResourceId), texts(renditions, Column::Rendition));
        let starts = renditions["bucket_start"].as_primitive::<TimestampMillisecondType>();
        let keys: Vec<_> = (0..ids.len()).map(|row| (ids[row], words[row], starts.value(row))).collect();
        prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn another_value_is_another_digest(rows in facts(), by in 1..9_i64) {
        let rows = one_a_key(&rows);
        let before = normalised(&rows).unwrap().content_digest;
        for at in 0..rows.len().min(5) {
            let mut changed = rows.clone();
            changed[at].bytes = Some(changed[at].bytes.unwrap_or(0) + by);
            prop_assert_ne!(&before, &normalised(&changed).unwrap().content_digest);
            changed.remove(at);
            prop_assert_ne!(&before, &normalised(&changed).unwrap().content_digest);
        }
    }
}
