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

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringArray};
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
            add_all(hash, 1, nulls.iter().map(|present| [u8::from(present)]));
        }
    }
    match kind {
        ColumnType::Text => match values.as_dictionary_opt::<Int32Type>() {
            Some(keyed) => {
                let (keys, texts) = (keyed.keys(), keyed.values().as_string());
                if keys.null_count() > 0 {
                    let keys = keys.iter().flatten();
                    add_texts(hash, times, keys.map(|key| bytes_at(texts, key as usize)));
                } else {
                    add_texts(hash, times, keys.values().iter().map(|key| bytes_at(texts, *key as usize)));
                }
            }
            None => {
                let texts: &StringArray = values.as_string();
                add_texts(hash, times, texts.iter().flatten().map(str::as_bytes));
            }
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
            let flags = values.as_boolean();
            let present = (0..flags.len()).filter(|row| flags.is_valid(*row));
            add_all(hash, times, present.map(|row| [u8::from(flags.value(row))]));
        }
    }
}

#[inline]
fn bytes_at(texts: &StringArray, place: usize) -> &[u8] {
    let offsets = texts.value_offsets();
    &texts.value_data()[offsets[place] as usize..offsets[place + 1] as usize]
}

fn add_texts<'a>(hash: &mut Sha256, times: usize, texts: impl Iterator<Item = &'a [u8]> + Clone) {
    add_all(hash, times, texts.clone().map(|text| (text.len() as u32).to_le_bytes()));
    add_all(hash, times, texts);
}

fn add_numbers<T: ArrowPrimitiveType, const N: usize>(
    hash: &mut Sha256,
    numbers: &ArrayRef,
    times: usize,
    bytes: impl Fn(T::Native) -> [u8; N] + Copy,
) {
    let numbers: &PrimitiveArray<T> = numbers.as_primitive();
    if numbers.null_count() > 0 {
        add_all(hash, times, numbers.iter().flatten().map(bytes));
    } else {
        add_all(hash, times, numbers.values().iter().copied().map(bytes));
    }
}

/// Bytes that are gathered so that the hash sees long runs.
const GATHERED: usize = 4096;

/// Hashes the parts one after the other, each of them `times` in a row.
fn add_all<P: AsRef<[u8]>>(hash: &mut Sha256, times: usize, parts: impl Iterator<Item = P>) {
    if times != 1 {
        return parts.for_each(|part| add_repeated(hash, times, part.as_ref()));
    }
    let mut gathered = [0; GATHERED];
    let mut length = 0;
    for part in parts {
        let part = part.as_ref();
        if part.len() > gathered.len() - length {
            hash.update(&gathered[..length]);
            length = 0;
            if part.len() > gathered.len() {
                hash.update(part);
                continue;
            }
        }
        gathered[length..length + part.len()].copy_from_slice(part);
        length += part.len();
    }
    hash.update(&gathered[..length]);
}

/// Hashes `part` so many times.
fn add_repeated(hash: &mut Sha256, times: usize, part: &[u8]) {
    let at_once = (GATHERED / part.len().max(1)).clamp(1, times.max(1));
    let gathered = part.repeat(at_once);
    (0..times / at_once).for_each(|_| hash.update(&gathered));
    hash.update(&gathered[..times % at_once * part.len()]);
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
    fn a_value_that_is_held_once_is_hashed_as_often_as_it_stands_there() {
        let hashed = |add: &dyn Fn(&mut Sha256)| {
            let mut hash = Sha256::new();
            add(&mut hash);
            hex(&hash.finalize())
        };
        let parts = ["", "a", "sixteen bytes ab", &"long".repeat(1500)];
        for (part, times) in parts.into_iter().flat_map(|part| [0, 2, 256, 5001].map(|times| (part, times))) {
            let repeated = hashed(&|hash| add_all(hash, times, std::iter::once(part)));
            let all = hashed(&|hash| add_all(hash, 1, std::iter::repeat_n(part, times)));
            assert_eq!(repeated, all, "{} bytes, {times} times", part.len());
        }
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
