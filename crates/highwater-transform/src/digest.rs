//! Digests of content and of scope. What they are taken of has a canonical form, which is persisted and must never change:
//! for content that of `keyed.rs`, whose digests begin with `c2-`, or the one before it, that of `told.rs`, which is no
//! longer written and compared with wherever it was.

mod keyed;
mod told;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int32Type;
use highwater_core::{Column, DatasetSpec, Digester};

use crate::normalised::{Normalised, TableBatch};

/// What a digest of today's canonical form begins with.
const KEYED: &str = "c2-";

/// Columns that say who pulled a row and when, not what the provider said.
const PROVENANCE: [Column; 4] = [Column::Source, Column::Dataset, Column::ExtractedAt, Column::RunIdColumn];

/// The digest of the rows of `tables`, which are sorted by key, packed or plain. Equal content gives an equal digest,
/// whoever pulled it.
///
/// # Panics
/// When a column is not of the type that its table gives it.
#[must_use]
pub fn content_digest(tables: &[TableBatch]) -> String {
    format!("{KEYED}{}", keyed::digest(tables))
}

/// As [`content_digest`], of the form that `known` has.
///
/// # Panics
/// As [`content_digest`].
#[must_use]
pub fn content_digest_like(known: &str, tables: &[TableBatch]) -> String {
    if known.starts_with(KEYED) {
        content_digest(tables)
    } else {
        told::digest(Digester::like(known), tables)
    }
}

impl Normalised {
    /// Whether `digest`, of whichever form, is that of its rows.
    #[must_use]
    pub fn has_digest(&self, digest: &str) -> bool {
        let older = || content_digest_like(digest, &self.tables) == digest;
        self.content_digest == digest || (!digest.starts_with(KEYED) && older())
    }
}

/// Content on its way into a digest.
struct Content {
    digester: Digester,
}

impl Content {
    #[inline]
    fn add(&mut self, part: impl AsRef<[u8]>) {
        self.digester.update(part.as_ref());
    }

    /// Adds what both forms say before the columns of a table.
    fn begin_table(&mut self, table: &TableBatch) {
        self.name(table.table.name());
        self.add((table.batch.num_rows() as u64).to_le_bytes());
    }

    fn name(&mut self, name: &str) {
        self.add(name);
        self.add(b"\n");
    }
}

/// The columns of a table that say what the provider said, and have a value in any row: their values, which stand for a
/// row each, or one for all rows.
fn columns(table: &TableBatch) -> impl Iterator<Item = (Column, ArrayRef)> {
    let of = table.table.def().columns.iter().filter(|column| !PROVENANCE.contains(column));
    let of = of.filter_map(|column| Some((*column, unrepeated(table.batch.column_by_name(column.name())?))));
    of.filter(|(_, values)| values.null_count() < values.len())
}

/// The values of a column, or one where it is a run of it.
fn unrepeated(column: &ArrayRef) -> ArrayRef {
    let run = column.as_run_opt::<Int32Type>().map(|run| run.values_slice());
    run.filter(|value| value.len() == 1).unwrap_or_else(|| ArrayRef::clone(column))
}

/// The digest of the settings that define what the windows of a dataset hold, in the older form: it is compared with
/// that of every window that was ever loaded.
#[must_use]
pub fn scope_digest(spec: &DatasetSpec) -> String {
    let mut digester = Digester::older();
    digester.update(format!("{}\n{}\n{}\n", spec.scope, spec.grain, spec.step).as_bytes());
    digester.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Row, normalised, spec, staging, usage};
    use highwater_core::{Duplicates, Grain};
    use proptest::prelude::*;

    /// Computed outside of Highwater from the canonical form of `keyed.rs`.
    const GOLDEN: &str = "c2-b3-0be4b5f747a1d4cc0b876e07e566fb0f";
    /// From that of `told.rs`, by BLAKE3 and by SHA-256.
    const OLDER_GOLDEN: [&str; 2] =
        ["b3-6724e62b46164ef34b755fb4b1ee9826", "bca0bfe7cec0f103e03f3e0d21d2991b"];

    #[test]
    fn the_canonical_forms_of_content_never_change() {
        let rows = [usage("b", 61_250_000), usage("a", 1).bytes(7), usage("ä", 5).rendition("720p")];
        let normalised = normalised(&rows).unwrap();
        assert_eq!(normalised.content_digest, GOLDEN);
        assert!(OLDER_GOLDEN.iter().all(|older| normalised.has_digest(older)));
        assert!(!["", "b3-", "c2-", "c2-b3-"].iter().any(|other| normalised.has_digest(other)));
    }

    fn plain(tables: &[TableBatch]) -> Vec<TableBatch> {
        tables.iter().map(|table| table.plain().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn however_rows_are_packed_their_digest_of_each_form_is_the_same(
            rows in prop::collection::vec(("[a-c]{1,2}", 0..3_i64, prop::option::of("[xy]"), 0..2_i64), 0..24),
        ) {
            let rows = rows.into_iter().map(|(id, micros, rendition, bytes)| {
                let row = usage(&id, micros);
                let row = Row { rendition, ..row };
                if bytes > 0 { row.bytes(bytes) } else { row }
            });
            let mut staging = staging(Duplicates::Sum);
            rows.for_each(|row| row.stage(&mut staging));
            let tables = staging.finish().unwrap().tables;
            let mixed: Vec<TableBatch> = tables.iter().zip(plain(&tables)).enumerate()
                .map(|(at, (packed, plain))| if at == 1 { plain } else { packed.clone() })
                .collect();
            for form in ["", "b3-", "c2-"] {
                let digest = content_digest_like(form, &tables);
                prop_assert_eq!(&digest, &content_digest_like(form, &plain(&tables)));
                prop_assert_eq!(&digest, &content_digest_like(form, &mixed));
                prop_assert!(digest.starts_with(form));
            }
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
        assert_eq!(none, "c2-b3-af1349b9f5f9a1a6a0404dea36dcc949");
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
