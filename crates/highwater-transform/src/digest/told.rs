//! The canonical form of content in which each row tells its texts.
//!
//! For each table with rows, in order, its name, a 0x0A, and the number of rows as a 64-bit integer; then, for each of its
//! columns that has a value in any row, in order, except `source`, `dataset`, `extracted_at` and `run_id`, the column's
//! name, a 0x0A, and
//! - a 0x00 when every row has a value, else a 0x01 and one byte a row, 1 for a value and 0 for null;
//! - the values that are there, in the order of rows: for text the lengths in bytes as 32-bit integers, then all
//!   texts; counts and instants (milliseconds) as 64-bit, decimals (unscaled) as 128-bit integers; flags as a byte.
//!
//! Integers are little-endian. A table or a column that is added and stays empty changes no digest.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray};
use arrow::datatypes::{
    DataType, Decimal64Type, Decimal128Type, Int32Type, Int64Type, TimestampMillisecondType,
};
use highwater_core::{ColumnType, Digester};

use super::{Content, columns};
use crate::normalised::TableBatch;

/// The digest of this form by `digester`.
pub(super) fn digest(digester: Digester, tables: &[TableBatch]) -> String {
    let mut content = Content { digester };
    for table in tables.iter().filter(|table| table.batch.num_rows() > 0) {
        content.begin_table(table);
        for (column, values) in columns(table) {
            content.name(column.name());
            let times = table.batch.num_rows() / values.len();
            content.told(column.kind(), &values, times);
        }
    }
    content.digester.finish()
}

impl Content {
    /// Adds the parts one after the other, each of them `times` in a row.
    fn add_all<P: AsRef<[u8]>>(&mut self, times: usize, parts: impl Iterator<Item = P>) {
        parts.for_each(|part| (0..times).for_each(|_| self.add(part.as_ref())));
    }

    /// Adds a column, each of whose values stands there `times` in a row.
    fn told(&mut self, kind: ColumnType, values: &ArrayRef, times: usize) {
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => self.add([0]),
            Some(nulls) => {
                self.add([1]);
                self.add_all(1, nulls.iter().map(|present| [u8::from(present)]));
            }
        }
        match kind {
            ColumnType::Text => match values.as_dictionary_opt::<Int32Type>() {
                Some(keyed) => {
                    let texts: &StringArray = keyed.values().as_string();
                    self.told_texts(
                        times,
                        keyed.keys().iter().flatten().map(|key| texts.value(key as usize)),
                    );
                }
                None => self.told_texts(times, values.as_string::<i32>().iter().flatten()),
            },
            ColumnType::Int => self.told_numbers::<Int64Type, 8>(values, times, i64::to_le_bytes),
            ColumnType::Instant => {
                self.told_numbers::<TimestampMillisecondType, 8>(values, times, i64::to_le_bytes)
            }
            ColumnType::Seconds | ColumnType::Value => match values.data_type() {
                DataType::Decimal64(..) => {
                    let widened = |value| i128::from(value).to_le_bytes();
                    self.told_numbers::<Decimal64Type, 16>(values, times, widened);
                }
                _ => self.told_numbers::<Decimal128Type, 16>(values, times, i128::to_le_bytes),
            },
            ColumnType::Flag => {
                self.add_all(times, values.as_boolean().iter().flatten().map(|flag| [u8::from(flag)]));
            }
        }
    }

    fn told_texts<'a>(&mut self, times: usize, texts: impl Iterator<Item = &'a str> + Clone) {
        self.add_all(times, texts.clone().map(|text| (text.len() as u32).to_le_bytes()));
        self.add_all(times, texts);
    }

    fn told_numbers<T: ArrowPrimitiveType, const N: usize>(
        &mut self,
        numbers: &ArrayRef,
        times: usize,
        bytes: impl Fn(T::Native) -> [u8; N],
    ) {
        self.add_all(times, numbers.as_primitive::<T>().iter().flatten().map(bytes));
    }
}
