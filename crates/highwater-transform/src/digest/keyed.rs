//! The canonical form of content in which each text is told once, and rows tell its place.
//!
//! First, for each column of text except `source`, `dataset` and `run_id` that has a value in any row of any table, in the
//! order of [`Column::ALL`]: its name, a 0x0A, the number of its distinct texts as a 64-bit integer, their lengths in bytes
//! as 32-bit integers, and the texts, all sorted by bytes. Then, for each table with rows, in order, its name, a 0x0A, and
//! the number of rows as a 64-bit integer; for each of its columns that has a value in any row, in order, except those
//! three and `extracted_at`, the column's name, a 0x0A, and
//! - a 0x02 when all rows have the same value, which follows once;
//! - else a 0x00 when every row has a value, or a 0x01 and one byte a row, 1 for a value and 0 for null; then the values
//!   that are there, in the order of rows.
//!
//! A text is its place among those of its column, as a 32-bit integer; counts, instants (milliseconds) and seconds
//! (microseconds) are 64-bit, other decimals (unscaled) 128-bit integers; a flag is a byte. Integers are little-endian. A
//! table or a column that is added and stays empty changes no digest.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Decimal64Type, Decimal128Type, Int32Type, Int64Type, TimestampMillisecondType,
};
use highwater_core::{Column, ColumnType, Digester};

use super::{Content, columns};
use crate::normalised::TableBatch;

/// The digest of this form.
pub(super) fn digest(tables: &[TableBatch]) -> String {
    let tables: Vec<&TableBatch> = tables.iter().filter(|table| table.batch.num_rows() > 0).collect();
    let mut told: Vec<Vec<Told>> =
        tables.iter().map(|table| columns(table).map(Told::of).collect()).collect();
    let mut content = Content { digester: Digester::new() };
    for column in Column::ALL.iter().filter(|column| column.kind() == ColumnType::Text) {
        let mut of: Vec<&mut Told> =
            told.iter_mut().flatten().filter(|told| told.column == *column).collect();
        if !of.is_empty() {
            content.texts(*column, &mut of);
        }
    }
    for (table, told) in tables.iter().zip(&told) {
        content.begin_table(table);
        told.iter().for_each(|told| content.column(told));
    }
    content.digester.finish()
}

/// A column of a table.
struct Told {
    column: Column,
    /// One for each row, or one for all.
    values: ArrayRef,
    /// For text, by value: its place among all texts of the column.
    places: Vec<u32>,
}

impl Told {
    fn of((column, values): (Column, ArrayRef)) -> Self {
        Self { column, values, places: Vec::new() }
    }
}

impl Content {
    /// Adds the texts of a column and notes their places.
    fn texts(&mut self, column: Column, of: &mut [&mut Told]) {
        self.name(column.name());
        let places = {
            let (texts, places) = shared(of).unwrap_or_else(|| gathered(of));
            self.add((texts.len() as u64).to_le_bytes());
            self.all(texts.iter().map(|text| (text.len() as u32).to_le_bytes()));
            texts.iter().for_each(|text| self.add(text));
            places
        };
        of.iter_mut().zip(places).for_each(|(told, places)| told.places = places);
    }

    fn column(&mut self, told: &Told) {
        self.name(told.column.name());
        let (values, nulls) = (&told.values, told.values.nulls().filter(|nulls| nulls.null_count() > 0));
        match (told.column.kind(), values.data_type()) {
            (ColumnType::Text, _) => self.values(&told.places, nulls, u32::to_le_bytes),
            (ColumnType::Int, _) => {
                self.values(values.as_primitive::<Int64Type>().values(), nulls, i64::to_le_bytes);
            }
            (ColumnType::Instant, _) => {
                let instants = values.as_primitive::<TimestampMillisecondType>();
                self.values(instants.values(), nulls, i64::to_le_bytes);
            }
            (ColumnType::Seconds, DataType::Decimal64(..)) => {
                self.values(values.as_primitive::<Decimal64Type>().values(), nulls, i64::to_le_bytes);
            }
            // Eighteen digits at most.
            (ColumnType::Seconds, _) => {
                let seconds = values.as_primitive::<Decimal128Type>();
                self.values(seconds.values(), nulls, |seconds: i128| (seconds as i64).to_le_bytes());
            }
            (ColumnType::Value, _) => {
                self.values(values.as_primitive::<Decimal128Type>().values(), nulls, i128::to_le_bytes);
            }
            (ColumnType::Flag, _) => {
                let flags: Vec<u8> = values.as_boolean().values().iter().map(u8::from).collect();
                self.values(&flags, nulls, |flag| [flag]);
            }
        }
    }

    /// Adds values, of which those under `nulls` are none.
    fn values<T: Copy + PartialEq, const N: usize>(
        &mut self,
        values: &[T],
        nulls: Option<&NullBuffer>,
        bytes: impl Fn(T) -> [u8; N] + Copy,
    ) {
        match nulls {
            None if values.iter().all(|value| *value == values[0]) => {
                self.add([2]);
                self.add(bytes(values[0]));
            }
            None => {
                self.add([0]);
                self.all(values.iter().map(|value| bytes(*value)));
            }
            Some(nulls) => {
                self.add([1]);
                self.all(nulls.iter().map(|present| [u8::from(present)]));
                self.all(nulls.valid_indices().map(|at| bytes(values[at])));
            }
        }
    }

    /// Adds the parts one after the other, many at a time.
    fn all<const N: usize>(&mut self, mut parts: impl Iterator<Item = [u8; N]>) {
        let mut block = [[0; N]; 512];
        loop {
            let filled = block.iter_mut().zip(parts.by_ref()).map(|(place, part)| *place = part).count();
            if filled == 0 {
                return;
            }
            self.add(block[..filled].as_flattened());
        }
    }
}

/// The distinct texts of some columns in order, and for each column their places by value.
type Placed<'a> = (Vec<&'a str>, Vec<Vec<u32>>);

/// Where all columns are keys of the same texts in order, as those of one pull.
fn shared<'a>(of: &'a [&mut Told]) -> Option<Placed<'a>> {
    let keyed = of.iter().map(|told| told.values.as_dictionary_opt::<Int32Type>());
    let keyed = keyed.collect::<Option<Vec<_>>>()?;
    let texts = keyed.first()?.values();
    if !keyed.iter().all(|keyed| Arc::ptr_eq(keyed.values(), texts)) {
        return None;
    }
    let texts: &StringArray = texts.as_string();
    let in_order = (1..texts.len()).all(|at| texts.value(at - 1) < texts.value(at));
    if !in_order || texts.null_count() > 0 {
        return None;
    }
    let mut used = vec![false; texts.len()];
    let keys: Vec<&Int32Array> = keyed.iter().map(|keyed| keyed.keys()).collect();
    for keys in &keys {
        match keys.nulls() {
            None => keys.values().iter().for_each(|key| used[*key as usize] = true),
            Some(nulls) => nulls.valid_indices().for_each(|at| used[keys.value(at) as usize] = true),
        }
    }
    let (mut distinct, mut places) = (Vec::with_capacity(used.len()), Vec::with_capacity(used.len()));
    for (at, used) in used.into_iter().enumerate() {
        places.push(distinct.len() as u32);
        distinct.extend(used.then(|| texts.value(at)));
    }
    let place = |key: &i32| places.get(*key as usize).copied().unwrap_or(0);
    let by_value = |keys: &&Int32Array| keys.values().iter().map(place).collect();
    Some((distinct, keys.iter().map(by_value).collect()))
}

/// However the columns hold their texts.
fn gathered<'a>(of: &'a [&mut Told]) -> Placed<'a> {
    let by_value = |told: &'a &mut Told| -> Vec<Option<&'a str>> {
        match told.values.as_dictionary_opt::<Int32Type>() {
            Some(keyed) => {
                let texts: &StringArray = keyed.values().as_string();
                keyed.keys().iter().map(|key| key.map(|key| texts.value(key as usize))).collect()
            }
            None => told.values.as_string::<i32>().iter().collect(),
        }
    };
    let columns: Vec<Vec<Option<&str>>> = of.iter().map(by_value).collect();
    let mut distinct: Vec<&str> = columns.iter().flatten().flatten().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let place = |text: &Option<&str>| {
        text.and_then(|text| distinct.binary_search(&text).ok()).map_or(0, |place| place as u32)
    };
    let places = columns.iter().map(|texts| texts.iter().map(place).collect()).collect();
    (distinct, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_parts_are_added_as_if_they_came_one_by_one() {
        for count in [0, 1, 511, 512, 513, 1_300_u32] {
            let mut content = Content { digester: Digester::new() };
            content.all((0..count).map(u32::to_le_bytes));
            let mut expected = Digester::new();
            (0..count).for_each(|part| expected.update(&part.to_le_bytes()));
            assert_eq!(content.digester.finish(), expected.finish());
        }
    }
}
