//! Digests of content and of scope: the lowercase hex of the first 16 bytes of a SHA-256.
//!
//! The canonical form of content, which is persisted and must never change: for each table with rows, in order, its
//! name, a 0x0A, and the number of rows as a 64-bit integer; then, for each of its columns that has a value in any row,
//! in order, except `source`, `dataset`, `extracted_at` and `run_id`, the column's name, a 0x0A, and
//! - a 0x00 when every row has a value, else a 0x01 and one byte a row, 1 for a value and 0 for null;
//! - the values that are there, in the order of rows: for text the lengths in bytes as 32-bit integers, then all
//!   texts; counts and instants (milliseconds) as 64-bit, decimals (unscaled) as 128-bit integers; flags as a byte.
//!
//! Integers are little-endian. A table or a column that is added and stays empty changes no digest.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal64Type, Decimal128Type, Int32Type, Int64Type,
    TimestampMillisecondType,
};
use highwater_core::{Column, ColumnType, DatasetSpec};
use sha2::{Digest, Sha256};

use crate::normalised::TableBatch;

/// Columns that say who pulled a row and when, not what the provider said.
const PROVENANCE: [Column; 4] = [Column::Source, Column::Dataset, Column::ExtractedAt, Column::RunIdColumn];

/// The digest of the rows of `tables`, which are sorted by key, packed or plain. Equal content gives an equal digest,
/// whoever pulled it.
///
/// # Panics
/// When a column is not of the type that its table gives it.
#[must_use]
pub fn content_digest(tables: &[TableBatch]) -> String {
    let mut hash = Sha256::new();
    for TableBatch { table, batch } in tables.iter().filter(|table| table.batch.num_rows() > 0) {
        hash.update(table.name());
        hash.update(b"\n");
        hash.update((batch.num_rows() as u64).to_le_bytes());
        for column in table.def().columns.iter().filter(|column| !PROVENANCE.contains(column)) {
            let Some(values) = batch.column_by_name(column.name()) else { continue };
            let (values, times) = unrepeated(values);
            if values.null_count() < values.len() {
                hash.update(column.name());
                hash.update(b"\n");
                add_column(&mut hash, column.kind(), &values, times);
            }
        }
    }
    hex(&hash.finalize())
}

/// The values of a column, and how often each row of them stands there: more than once where it is a run.
fn unrepeated(column: &ArrayRef) -> (ArrayRef, usize) {
    match column.as_run_opt::<Int32Type>().map(|run| (run.values_slice(), run.len())) {
        Some((value, times)) if value.len() == 1 => (value, times),
        _ => (ArrayRef::clone(column), 1),
    }
}

/// The digest of the settings that define what the windows of a dataset hold.
#[must_use]
pub fn scope_digest(spec: &DatasetSpec) -> String {
    hex(&Sha256::digest(format!("{}\n{}\n{}\n", spec.scope, spec.grain, spec.step)))
}

fn add_column(hash: &mut Sha256, kind: ColumnType, values: &ArrayRef, times: usize) {
    match values.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => hash.update([0]),
        Some(nulls) => {
            hash.update([1]);
            add_all(hash, nulls.iter().map(|present| [u8::from(present)]));
        }
    }
    match kind {
        ColumnType::Text => match values.as_dictionary_opt::<Int32Type>() {
            Some(texts) => {
                let known = texts.values().as_string::<i32>();
                let keys = texts.keys().iter().flatten();
                add_texts(hash, keys.map(|key| known.value(key as usize)));
            }
            None => add_texts(hash, repeated(present(values.as_string()), times)),
        },
        ColumnType::Int => add_numbers::<Int64Type, 8>(hash, values, times, i64::to_le_bytes),
        ColumnType::Instant => {
            add_numbers::<TimestampMillisecondType, 8>(hash, values, times, i64::to_le_bytes);
        }
        ColumnType::Seconds | ColumnType::Value => match values.data_type() {
            DataType::Decimal64(..) => {
                add_numbers::<Decimal64Type, 16>(hash, values, times, |value| {
                    i128::from(value).to_le_bytes()
                });
            }
            _ => add_numbers::<Decimal128Type, 16>(hash, values, times, i128::to_le_bytes),
        },
        ColumnType::Flag => {
            add_all(hash, repeated(flags(values.as_boolean()), times).map(|flag| [u8::from(flag)]));
        }
    }
}

/// Each of `values` so many times.
fn repeated<T: Copy>(
    values: impl Iterator<Item = T> + Clone,
    times: usize,
) -> impl Iterator<Item = T> + Clone {
    values.flat_map(move |value| std::iter::repeat_n(value, times))
}

fn present(texts: &StringArray) -> impl Iterator<Item = &str> + Clone {
    (0..texts.len()).filter(|row| texts.is_valid(*row)).map(|row| texts.value(row))
}

fn flags(flags: &BooleanArray) -> impl Iterator<Item = bool> + Clone {
    (0..flags.len()).filter(|row| flags.is_valid(*row)).map(|row| flags.value(row))
}

fn add_texts<'a>(hash: &mut Sha256, texts: impl Iterator<Item = &'a str> + Clone) {
    add_all(hash, texts.clone().map(|text| (text.len() as u32).to_le_bytes()));
    let mut gathered = Gathered::new(hash);
    texts.for_each(|text| gathered.add(text.as_bytes()));
    gathered.end();
}

fn add_numbers<T: ArrowPrimitiveType, const N: usize>(
    hash: &mut Sha256,
    numbers: &ArrayRef,
    times: usize,
    bytes: impl Fn(T::Native) -> [u8; N] + Copy,
) {
    let numbers: &PrimitiveArray<T> = numbers.as_primitive();
    if numbers.null_count() > 0 {
        add_all(hash, numbers.iter().flatten().map(bytes));
    } else {
        add_all(hash, repeated(numbers.values().iter().copied(), times).map(bytes));
    }
}

/// Hashes the parts one after the other.
fn add_all<const N: usize>(hash: &mut Sha256, parts: impl Iterator<Item = [u8; N]>) {
    let mut gathered = Gathered::new(hash);
    parts.for_each(|part| gathered.add(&part));
    gathered.end();
}

/// Small parts of what is hashed, gathered so that the hash sees long runs.
struct Gathered<'a> {
    hash: &'a mut Sha256,
    bytes: [u8; 4096],
    length: usize,
}

impl<'a> Gathered<'a> {
    fn new(hash: &'a mut Sha256) -> Self {
        Self { hash, bytes: [0; 4096], length: 0 }
    }

    #[inline]
    fn add(&mut self, part: &[u8]) {
        if part.len() > self.bytes.len() - self.length {
            self.flush();
            if part.len() > self.bytes.len() {
                return self.hash.update(part);
            }
        }
        self.bytes[self.length..self.length + part.len()].copy_from_slice(part);
        self.length += part.len();
    }

    fn flush(&mut self) {
        self.hash.update(&self.bytes[..self.length]);
        self.length = 0;
    }

    fn end(mut self) {
        self.flush();
    }
}

fn hex(digest: &[u8]) -> String {
    digest[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text grows");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{normalised, spec, staging, usage};
    use highwater_core::{Duplicates, Grain};

    /// Computed outside of Highwater from the canonical form described above.
    const GOLDEN: &str = "bca0bfe7cec0f103e03f3e0d21d2991b";

    #[test]
    fn the_canonical_form_of_content_never_changes() {
        let rows = [usage("b", 61_250_000), usage("a", 1).bytes(7), usage("ä", 5).rendition("720p")];
        assert_eq!(normalised(&rows).unwrap().content_digest, GOLDEN);
    }

    #[test]
    fn slices_of_a_batch_digest_like_the_rows_they_hold() {
        let rows = [usage("a", 1), usage("b", 2).bytes(3), usage("c", 4).bytes(5)];
        let mut tables = normalised(&rows).unwrap().tables;
        assert_eq!(content_digest(&tables), normalised(&rows).unwrap().content_digest);
        for table in &mut tables {
            table.batch = table.batch.slice(table.batch.num_rows() / 3, table.batch.num_rows() * 2 / 3);
        }
        assert_eq!(content_digest(&tables), normalised(&rows[1..]).unwrap().content_digest);
    }

    #[test]
    fn nothing_digests_to_the_hash_of_nothing() {
        let none = staging(Duplicates::Conflict).finish().unwrap().content_digest;
        assert_eq!(none, "e3b0c44298fc1c149afbf4c8996fb924");
    }

    #[test]
    fn another_scope_grain_or_step_is_another_scope_digest() {
        let changed = [
            DatasetSpec { scope: "some".to_owned(), ..spec() },
            DatasetSpec { grain: Grain::Day, ..spec() },
            DatasetSpec { step: Grain::Day, ..spec() },
        ];
        assert!(changed.iter().all(|other| scope_digest(other) != scope_digest(&spec())));
        assert_eq!(scope_digest(&spec()), "ea745f387160b9dc8ce5402bc53e11fa");
        assert_eq!(scope_digest(&DatasetSpec { enabled: false, ..spec() }), scope_digest(&spec()));
    }
}
