//! Digests of content and of scope.
//!
//! The canonical form of content, which is persisted and must never change: for each table with rows, in order, its
//! name, a 0x0A, and the number of rows as a 64-bit integer; then, for each of its columns that has a value in any row,
//! in order, except `source`, `dataset`, `extracted_at` and `run_id`, the column's name, a 0x0A, and
//! - a 0x00 when every row has a value, else a 0x01 and one byte a row, 1 for a value and 0 for null;
//! - the values that are there, in the order of rows: for text the lengths in bytes as 32-bit integers, then all
//!   texts; counts and instants (milliseconds) as 64-bit, decimals (unscaled) as 128-bit integers; flags as a byte.
//!
//! Integers are little-endian. A table or a column that is added and stays empty changes no digest.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal64Type, Decimal128Type, Int32Type, Int64Type,
    TimestampMillisecondType,
};
use highwater_core::{Column, ColumnType, DatasetSpec, Digester};

use crate::normalised::{Normalised, TableBatch};

/// Columns that say who pulled a row and when, not what the provider said.
const PROVENANCE: [Column; 4] = [Column::Source, Column::Dataset, Column::ExtractedAt, Column::RunIdColumn];

/// The digest of the rows of `tables`, which are sorted by key, packed or plain. Equal content gives an equal digest,
/// whoever pulled it.
///
/// # Panics
/// When a column is not of the type that its table gives it.
#[must_use]
pub fn content_digest(tables: &[TableBatch]) -> String {
    digest_by(Digester::new(), tables)
}

/// As [`content_digest`], of the form that `known` has.
///
/// # Panics
/// As [`content_digest`].
#[must_use]
pub fn content_digest_like(known: &str, tables: &[TableBatch]) -> String {
    digest_by(Digester::like(known), tables)
}

impl Normalised {
    /// Whether `digest`, of whichever form, is that of its rows.
    #[must_use]
    pub fn has_digest(&self, digest: &str) -> bool {
        let older = || content_digest_like(digest, &self.tables) == digest;
        self.content_digest == digest || (Digester::is_older(digest) && older())
    }
}

fn digest_by(digester: Digester, tables: &[TableBatch]) -> String {
    let mut content = Content { digester };
    for TableBatch { table, batch } in tables.iter().filter(|table| table.batch.num_rows() > 0) {
        content.add(table.name());
        content.add(b"\n");
        content.add((batch.num_rows() as u64).to_le_bytes());
        for column in table.def().columns.iter().filter(|column| !PROVENANCE.contains(column)) {
            let Some(values) = batch.column_by_name(column.name()) else { continue };
            let (values, times) = unrepeated(values);
            if values.null_count() < values.len() {
                content.add(column.name());
                content.add(b"\n");
                content.column(column.kind(), &values, times);
            }
        }
    }
    content.digester.finish()
}

/// The values of a column, and how often each row of them stands there: more than once where it is a run.
fn unrepeated(column: &ArrayRef) -> (ArrayRef, usize) {
    match column.as_run_opt::<Int32Type>().map(|run| (run.values_slice(), run.len())) {
        Some((value, times)) if value.len() == 1 => (value, times),
        _ => (ArrayRef::clone(column), 1),
    }
}

/// The digest of the settings that define what the windows of a dataset hold, in the older form: it is compared with
/// that of every window that was ever loaded.
#[must_use]
pub fn scope_digest(spec: &DatasetSpec) -> String {
    let mut digester = Digester::older();
    digester.update(format!("{}\n{}\n{}\n", spec.scope, spec.grain, spec.step).as_bytes());
    digester.finish()
}

/// Bytes of a repeated value that are digested at once.
const REPEATED_BYTES: usize = 64 * 1024;

/// Content on its way into a digest.
struct Content {
    digester: Digester,
}

impl Content {
    #[inline]
    fn add(&mut self, part: impl AsRef<[u8]>) {
        self.digester.update(part.as_ref());
    }

    /// Adds the parts one after the other, each of them `times` in a row.
    fn add_all<P: AsRef<[u8]>>(&mut self, times: usize, parts: impl Iterator<Item = P>) {
        if times == 1 {
            return parts.for_each(|part| self.add(part));
        }
        for part in parts {
            let part = part.as_ref();
            let at_once = (REPEATED_BYTES / part.len().max(1)).clamp(1, times.max(1));
            let repeated = part.repeat(at_once);
            (0..times / at_once).for_each(|_| self.add(&repeated));
            self.add(&repeated[..times % at_once * part.len()]);
        }
    }

    /// Adds a column, each of whose values stands there `times` in a row.
    fn column(&mut self, kind: ColumnType, values: &ArrayRef, times: usize) {
        match values.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => self.add([0]),
            Some(nulls) => {
                self.add([1]);
                self.add_all(1, nulls.iter().map(|present| [u8::from(present)]));
            }
        }
        match kind {
            ColumnType::Text => self.text_column(values, times),
            ColumnType::Int => self.numbers::<Int64Type, 8>(values, times, i64::to_le_bytes),
            ColumnType::Instant => {
                self.numbers::<TimestampMillisecondType, 8>(values, times, i64::to_le_bytes)
            }
            ColumnType::Seconds | ColumnType::Value => match values.data_type() {
                DataType::Decimal64(..) => {
                    let widened = |value| i128::from(value).to_le_bytes();
                    self.numbers::<Decimal64Type, 16>(values, times, widened);
                }
                _ => self.numbers::<Decimal128Type, 16>(values, times, i128::to_le_bytes),
            },
            ColumnType::Flag => {
                self.add_all(times, values.as_boolean().iter().flatten().map(|flag| [u8::from(flag)]));
            }
        }
    }

    fn text_column(&mut self, values: &ArrayRef, times: usize) {
        let Some(keyed) = values.as_dictionary_opt::<Int32Type>() else {
            let texts: &StringArray = values.as_string();
            return self.texts(times, texts.iter().flatten().map(str::as_bytes));
        };
        let (keys, texts) = (keyed.keys(), keyed.values().as_string());
        if keys.null_count() > 0 {
            self.texts(times, keys.iter().flatten().map(|key| bytes_at(texts, key as usize)));
        } else {
            self.texts(times, keys.values().iter().map(|key| bytes_at(texts, *key as usize)));
        }
    }

    fn texts<'a>(&mut self, times: usize, texts: impl Iterator<Item = &'a [u8]> + Clone) {
        self.add_all(times, texts.clone().map(|text| (text.len() as u32).to_le_bytes()));
        self.add_all(times, texts);
    }

    fn numbers<T: ArrowPrimitiveType, const N: usize>(
        &mut self,
        numbers: &ArrayRef,
        times: usize,
        bytes: impl Fn(T::Native) -> [u8; N],
    ) {
        let numbers: &PrimitiveArray<T> = numbers.as_primitive();
        if numbers.null_count() > 0 {
            self.add_all(times, numbers.iter().flatten().map(bytes));
        } else {
            self.add_all(times, numbers.values().iter().copied().map(bytes));
        }
    }
}

#[inline]
fn bytes_at(texts: &StringArray, place: usize) -> &[u8] {
    let offsets = texts.value_offsets();
    &texts.value_data()[offsets[place] as usize..offsets[place + 1] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{normalised, spec, staging, usage};
    use highwater_core::{Duplicates, Grain};

    /// Computed outside of Highwater from the canonical form described above.
    const GOLDEN: &str = "b3-6724e62b46164ef34b755fb4b1ee9826";
    /// The same in the older form.
    const OLDER_GOLDEN: &str = "bca0bfe7cec0f103e03f3e0d21d2991b";

    #[test]
    fn the_canonical_form_of_content_never_changes() {
        let rows = [usage("b", 61_250_000), usage("a", 1).bytes(7), usage("ä", 5).rendition("720p")];
        let normalised = normalised(&rows).unwrap();
        assert_eq!(normalised.content_digest, GOLDEN);
        assert!(normalised.has_digest(GOLDEN) && normalised.has_digest(OLDER_GOLDEN));
        assert!(!normalised.has_digest("") && !normalised.has_digest("b3-"));
    }

    #[test]
    fn a_value_that_is_held_once_is_digested_as_often_as_it_stands_there() {
        let digest = |add: &dyn Fn(&mut Content)| {
            let mut content = Content { digester: Digester::new() };
            add(&mut content);
            content.digester.finish()
        };
        let parts = ["", "a", "sixteen bytes ab", &"long".repeat(30_000)];
        for (part, times) in parts.into_iter().flat_map(|part| [0, 2, 256, 9001].map(|times| (part, times))) {
            let repeated = digest(&|content| content.add_all(times, std::iter::once(part)));
            let all = digest(&|content| content.add_all(1, std::iter::repeat_n(part, times)));
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
        assert_eq!(none, "b3-af1349b9f5f9a1a6a0404dea36dcc949");
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
