//! Chunks of keys against those of their texts.

use arrow::array::{Array, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use highwater_core::Table;
use parquet::arrow::ArrowSchemaConverter;
use proptest::prelude::*;

use super::*;
use crate::chunk_pages::compressor;
use crate::fixture::object;
use crate::packed::{run, unpacked_batch};
use crate::sorting::held_batch;
use crate::writer::{plain_properties, properties};

fn schema(nullable: bool) -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("tier", DataType::Utf8, nullable)]))
}

fn texts(count: usize, bytes: usize) -> ArrayRef {
    Arc::new((0..count).map(|number| Some(format!("{number:0bytes$}"))).collect::<StringArray>())
}

/// Keys of `texts`, each after `step` rows; null where `is_null` says so.
fn keyed(texts: &ArrayRef, rows: usize, step: usize, is_null: impl Fn(usize) -> bool) -> ArrayRef {
    let key = |row: usize| (!is_null(row)).then(|| (row * step / 5 % texts.len()) as i32);
    let keys: Int32Array = (0..rows).map(key).collect();
    Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(texts)).unwrap())
}

fn chunk(nullable: bool, parts: &[ArrayRef], repeat: bool) -> Option<TypedChunk> {
    let schema = schema(nullable);
    let descr = ArrowSchemaConverter::new().convert(&schema).unwrap().column(0);
    let [usual, plain] =
        [properties, plain_properties].map(|of| TypedProperties::new(&of(Table::Resources, &schema)));
    let mut keyed = KeyedTexts::new(&descr, &usual, &plain).unwrap();
    let keys = keyed.keys(&parts.iter().collect::<Vec<_>>())?;
    keyed.chunk(&keys, repeat, &mut compressor().unwrap()).unwrap()
}

#[test]
fn keys_of_sorted_texts_are_written_as_keys() {
    let texts = texts(300, 44);
    let part = |step| keyed(&texts, 3_000, step, |_| false);
    let with_nulls = |step| keyed(&texts, 3_000, step, |row| row % 3 == 0);
    for repeat in [true, false] {
        assert!(chunk(false, &[part(1)], repeat).is_some());
        assert!(chunk(true, &[part(1), part(7)], repeat).is_some());
        assert!(chunk(true, &[with_nulls(2), with_nulls(3)], repeat).is_some());
    }
}

#[test]
fn a_run_of_one_text_or_of_none_is_written_with_the_bytes_of_its_rows() {
    let none: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    let one = texts(1, 44);
    for (nullable, text, rows) in [
        (false, &one, 65_536),
        (true, &one, 65_536),
        (true, &one, 1),
        (false, &one, 20_480),
        (true, &none, 65_536),
        (true, &none, 1),
    ] {
        let schema = schema(nullable);
        let rows = [rows, 5, 12_000];
        let packed = rows.map(|rows| held_batch(&schema, vec![run(text, rows).unwrap()], rows).unwrap());
        let plain = packed.clone().map(|batch| unpacked_batch(&batch, &schema).unwrap());
        assert!(object(&schema, &packed) == object(&schema, &plain), "{nullable} {rows:?}");
        assert!(chunk(nullable, packed.map(|batch| Arc::clone(batch.column(0))).as_slice(), true).is_some());
    }
}

#[test]
fn what_could_be_written_otherwise_is_left_to_the_writer_of_texts() {
    let known = texts(300, 44);
    let part = |texts: &ArrayRef| keyed(texts, 300, 5, |_| false);
    let is_left = |nullable, parts: &[ArrayRef]| {
        [true, false].map(|repeat| chunk(nullable, parts, repeat).is_none()) == [true; 2]
    };
    assert!(is_left(false, &[part(&known), part(&texts(300, 44))]), "keys of other texts");
    let unsorted: ArrayRef = Arc::new(StringArray::from(vec!["b", "a"]));
    assert!(is_left(false, &[part(&unsorted)]), "keys that compare otherwise");
    let twice: ArrayRef = Arc::new(StringArray::from(vec!["a", "a"]));
    assert!(is_left(false, &[part(&twice)]), "two keys of one text");
    assert!(is_left(false, &[Arc::clone(&known)]), "no keys");
    assert!(is_left(false, &[part(&texts(300, 65))]), "cut where they are told");
    let nulls = keyed(&known, 300, 5, |row| row == 7);
    assert!(is_left(true, &[part(&known), nulls]), "pages begin elsewhere");
    let many = texts(24_000, 44);
    assert!(chunk(false, &[keyed(&many, 24_000, 5, |_| false)], true).is_none(), "too much for a dictionary");
    assert!(chunk(false, &[part(&texts(300, 64))], true).is_some());
    assert!(chunk(false, &[part(&texts(300, 64))], false).is_none(), "too much for a page");
}

/// So many texts that no row of a part has that of another one.
const EACH_ITS_OWN: usize = 40_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn keys_are_written_with_the_bytes_of_their_texts(
        count in prop_oneof![1..50_usize, 1_000..8_000_usize, Just(EACH_ITS_OWN)],
        bytes in prop_oneof![Just(4_usize), Just(44), Just(64), Just(65), Just(2_000)],
        parts in prop::collection::vec((1..40_000_usize, prop_oneof![Just(1_usize), Just(5), Just(7_919)]), 1..5),
        nulls in prop_oneof![Just(None), Just(Some(3_usize)), Just(Some(1))],
        first_null in prop_oneof![Just(0_usize), Just(30_000), Just(usize::MAX)],
    ) {
        // Of more, plain texts are written in parts that are cut by how much text they have.
        let most = parts.iter().map(|(rows, _)| *rows).max().unwrap();
        let at_once = if nulls.is_some() { most.min(20_000) } else { 1_024 };
        let dictionary = if count == EACH_ITS_OWN { 0 } else { count };
        prop_assume!((at_once + dictionary) * (bytes + 4) < 1024 * 1024);
        let texts = texts(count, bytes);
        let schema = schema(nulls.is_some());
        let is_null = |row: usize| nulls.is_some_and(|every| row >= first_null && row.is_multiple_of(every));
        let batches: Vec<RecordBatch> = parts
            .iter()
            .map(|(rows, step)| {
                let step = if count == EACH_ITS_OWN { 5 } else { *step };
                held_batch(&schema, vec![keyed(&texts, *rows, step, is_null)], *rows).unwrap()
            })
            .collect();
        let plain: Vec<RecordBatch> =
            batches.iter().map(|batch| unpacked_batch(batch, &schema).unwrap()).collect();
        prop_assert!(object(&schema, &batches) == object(&schema, &plain));
    }
}
