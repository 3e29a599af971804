//! Rows come out sorted, however they are packed.

use super::*;
use crate::packed::{run, unpacked_batch};
use arrow::array::{AsArray, DictionaryArray, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Int32Type, TimeUnit, TimestampMillisecondType};
use proptest::prelude::*;

type Row = (Option<&'static str>, Option<i64>, i64);

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("instant", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("number", DataType::Int64, true),
    ]))
}

/// A batch whose columns that hold one value are runs, and whose texts are keys where `packed`.
fn batch(rows: &[Row], packed: bool) -> RecordBatch {
    let texts: ArrayRef = if packed {
        Arc::new(rows.iter().map(|row| row.0).collect::<DictionaryArray<Int32Type>>())
    } else {
        Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>())
    };
    let instants: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<TimestampMillisecondArray>());
    let numbers: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Int64Array>());
    let columns = [texts, instants, numbers].map(|column| {
        let same = rows.len() > 1 && (1..rows.len()).all(|row| column.slice(row, 1) == column.slice(0, 1));
        if packed && same { run(&column.slice(0, 1), rows.len()).unwrap() } else { column }
    });
    held_batch(&schema(), columns.to_vec(), rows.len()).unwrap()
}

fn rows(sorted: Sorted) -> Vec<(Option<String>, Option<i64>, i64)> {
    let batches = sorted.map(|batch| unpacked_batch(&batch.unwrap(), &schema()).unwrap());
    let rows = |batch: RecordBatch| {
        let texts: Vec<Option<String>> =
            batch.column(0).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect();
        let instants: Vec<Option<i64>> =
            batch.column(1).as_primitive::<TimestampMillisecondType>().iter().collect();
        let numbers = batch.column(2).as_primitive::<arrow::datatypes::Int64Type>().values().to_vec();
        texts
            .into_iter()
            .zip(instants)
            .zip(numbers)
            .map(|((text, at), number)| (text, at, number))
            .collect::<Vec<_>>()
    };
    batches.flat_map(rows).collect()
}

fn row() -> impl Strategy<Value = Row> {
    let text = prop::sample::select(vec![None, Some(""), Some("a"), Some("aa"), Some("b")]);
    let instant = prop_oneof![
        1 => Just(None),
        8 => (0..4_i64).prop_map(|hour| Some(hour * 3_600_000)),
        1 => prop::sample::select(vec![Some(-(1 << 62)), Some(1 << 62), Some(7)]),
    ];
    (text, instant, 0..3_i64)
}

proptest! {
    #[test]
    fn rows_come_in_the_order_of_their_keys_and_those_of_one_key_in_that_of_their_batches(
        batches in prop::collection::vec((prop::collection::vec(row(), 0..9), any::<bool>()), 0..5),
    ) {
        let mut expected: Vec<_> = batches
            .iter()
            .flat_map(|(rows, _)| rows.iter().map(|row| (row.0.map(str::to_owned), row.1, row.2)))
            .collect();
        expected.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let batches: Vec<RecordBatch> = batches.iter().map(|(rows, packed)| batch(rows, *packed)).collect();
        prop_assert_eq!(rows(Sorted::new(&batches, &schema(), &[0, 1]).unwrap()), expected);
    }
}

#[test]
fn a_column_that_is_the_same_throughout_stays_a_run() {
    let batches = [
        batch(&[(Some("a"), Some(1), 1), (Some("a"), Some(2), 2)], true),
        batch(&[(Some("a"), Some(0), 3); 2], true),
    ];
    let sorted: Vec<RecordBatch> =
        Sorted::new(&batches, &schema(), &[0, 1]).unwrap().map(Result::unwrap).collect();
    assert!(crate::packed::run_value(sorted[0].column(0)).is_some());
    assert_eq!(sorted[0].column(1).as_primitive::<TimestampMillisecondType>().values()[..], [0, 0, 1, 2]);
}

#[test]
fn a_batch_whose_rows_stand_in_order_is_handed_on_as_it_came() {
    let rows = [(None, Some(3), 1), (Some("a"), None, 2), (Some("a"), Some(7), 3), (Some("b"), Some(1), 4)];
    for packed in [false, true] {
        let (ordered, none) = (batch(&rows, packed), batch(&[], packed));
        let handed_on = |batches: &[RecordBatch]| -> Vec<RecordBatch> {
            Sorted::new(batches, &schema(), &[0, 1]).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(handed_on(&[none.clone(), ordered.clone()]), [ordered]);
        let turned: Vec<Row> = rows.iter().copied().rev().collect();
        assert_ne!(handed_on(&[batch(&turned, packed)]), [batch(&turned, packed)]);
        assert!(handed_on(&[none]).is_empty());
    }
}
