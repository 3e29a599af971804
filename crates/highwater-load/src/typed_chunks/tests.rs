//! Chunks of numbers against those of the library's writer of arrays.

use super::*;
use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{Field, Schema};
use proptest::prelude::*;

use crate::fixture::{library_object, object};
use crate::packed::{cast_whole, held_type, run};
use crate::sorting::held_batch;
use crate::writer::ROW_GROUP_ROWS;

#[test]
fn a_run_of_one_number_or_of_none_is_written_with_the_bytes_of_its_rows() {
    for value in [Some(7), None] {
        let schema = Arc::new(Schema::new(vec![Field::new("requests", DataType::Int64, true)]));
        let number = Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        let rows = [65_536, 5, 12_000];
        let batches = rows.map(|rows| held_batch(&schema, vec![run(&number, rows).unwrap()], rows).unwrap());
        assert!(object(&schema, &batches) == library_object(&schema, &batches), "{value:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn numbers_are_written_with_the_bytes_of_the_writer_of_arrays(
        kind in prop_oneof![
            Just(DataType::Int64),
            Just(DataType::Timestamp(TimeUnit::Millisecond, None)),
            Just(DataType::Decimal128(18, 6)),
        ],
        nullable in any::<bool>(),
        parts in prop::collection::vec((1..40_000_usize, any::<bool>()), 1..5),
        every in prop_oneof![Just(1_usize), Just(7)],
    ) {
        let schema = Arc::new(Schema::new(vec![Field::new("requests", kind.clone(), nullable)]));
        let batch = |(rows, with_nulls): &(usize, bool)| {
            let is_null = |row: usize| nullable && *with_nulls && row.is_multiple_of(every);
            let number = |row: usize| (!is_null(row)).then(|| row as i64 * 999_983 % 1_000_003);
            let numbers: Int64Array = (0..*rows).map(number).collect();
            let held = match held_type(&kind) {
                decimal @ DataType::Decimal64(..) => {
                    Arc::new(numbers.reinterpret_cast::<Decimal64Type>().with_data_type(decimal)) as ArrayRef
                }
                other => cast_whole(&numbers, &other).unwrap(),
            };
            held_batch(&schema, vec![held], *rows).unwrap()
        };
        // Rows that are cut off by the end of a row group would keep a list of nulls that may name none.
        let mut left = ROW_GROUP_ROWS;
        let mut within_groups = Vec::new();
        for (mut rows, with_nulls) in parts {
            while rows > 0 {
                let taken = rows.min(left);
                within_groups.push((taken, with_nulls));
                rows -= taken;
                left = if taken == left { ROW_GROUP_ROWS } else { left - taken };
            }
        }
        let batches: Vec<RecordBatch> = within_groups.iter().map(batch).collect();
        prop_assert!(object(&schema, &batches) == library_object(&schema, &batches));
    }
}
