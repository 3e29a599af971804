//! Keys as small numbers: texts by their rank among all texts of their column, instants in steps from the first one.

use arrow::array::{Array, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimestampMillisecondType};
use arrow::error::ArrowError;

use crate::packed::{Column, Strided};
use crate::texts::Texts;

/// A column of the key as small numbers that compare as its values do; zero for null.
pub(crate) struct Part<'a> {
    values: Values<'a>,
    /// What all numbers are below; one where all rows have the same.
    pub(crate) limit: u64,
}

enum Values<'a> {
    /// One value for all rows.
    Same,
    /// With the nulls by batch.
    Texts(&'a Texts, Vec<Nulls<'a>>),
    /// By batch; counted in `unit` from just below `least`.
    Instants { by_batch: Vec<(&'a [i64], Nulls<'a>)>, least: i64, unit: u64 },
}

/// Which rows of a batch have no value.
struct Nulls<'a> {
    nulls: Option<&'a NullBuffer>,
    step: usize,
}

impl<'a> Nulls<'a> {
    fn of(part: &'a Strided) -> Self {
        Self { nulls: part.values.nulls(), step: part.step }
    }

    #[inline]
    fn has(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row * self.step))
    }
}

impl<'a> Part<'a> {
    /// The numbers of `column`.
    ///
    /// # Errors
    /// When it is neither text nor an instant.
    pub(crate) fn of(column: &'a Column) -> Result<Self, ArrowError> {
        match column.kind() {
            DataType::Utf8 => Ok(Self::of_texts(column)),
            DataType::Timestamp(..) => Ok(Self::of_instants(column.parts())),
            other => Err(ArrowError::NotYetImplemented(format!("a key of {other}"))),
        }
    }

    fn of_texts(column: &'a Column) -> Self {
        let Some(texts) = column.texts() else { return Self { values: Values::Same, limit: 1 } };
        let nulls: Vec<Nulls<'a>> = column.parts().iter().map(Nulls::of).collect();
        let has_nulls = nulls.iter().any(|nulls| nulls.nulls.is_some());
        let limit = if texts.count() <= 1 && !has_nulls { 1 } else { texts.count() as u64 + 1 };
        Self { values: Values::Texts(texts, nulls), limit }
    }

    fn of_instants(parts: &'a [Strided]) -> Self {
        let by_batch: Vec<(&[i64], Nulls<'_>)> = parts
            .iter()
            .map(|part| {
                let instants = part.values.as_primitive::<TimestampMillisecondType>();
                (&instants.values()[..], Nulls::of(part))
            })
            .collect();
        let set = || {
            parts
                .iter()
                .flat_map(|part| part.values.as_primitive::<TimestampMillisecondType>().iter().flatten())
        };
        let (least, greatest) = (set().min().unwrap_or(0), set().max().unwrap_or(0));
        let unit = set().fold(0, |unit, value| common_divisor(unit, value.abs_diff(least))).max(1);
        let has_nulls = parts.iter().any(|part| part.values.null_count() > 0);
        let steps = greatest.abs_diff(least) / unit;
        let limit = if steps == 0 && !has_nulls { 1 } else { steps.saturating_add(2) };
        Self { values: Values::Instants { by_batch, least, unit }, limit }
    }

    /// The number of one row.
    #[inline]
    pub(crate) fn number(&self, batch: usize, row: usize) -> u64 {
        match &self.values {
            Values::Same => 0,
            Values::Texts(texts, nulls) => {
                if nulls[batch].has(row) {
                    0
                } else {
                    texts.place(batch, row) as u64 + 1
                }
            }
            Values::Instants { by_batch, least, unit } => {
                let (values, nulls) = &by_batch[batch];
                if nulls.has(row) { 0 } else { values[row * nulls.step].abs_diff(*least) / unit + 1 }
            }
        }
    }

    /// Bits of the greatest number.
    pub(crate) fn bits(&self) -> u32 {
        bits(self.limit - 1)
    }

    /// Adds the number of each row of a batch, times `weight`, to `numbers`.
    pub(crate) fn add_to(&self, batch: usize, weight: u64, numbers: &mut [u64]) {
        let step = match &self.values {
            Values::Same => 0,
            Values::Texts(_, nulls) => nulls[batch].step,
            Values::Instants { by_batch, .. } => by_batch[batch].1.step,
        };
        let one = (step == 0).then(|| self.number(batch, 0));
        for (row, number) in numbers.iter_mut().enumerate() {
            *number += one.unwrap_or_else(|| self.number(batch, row)) * weight;
        }
    }
}

/// The bits that numbers up to `greatest` take.
pub(crate) fn bits(greatest: u64) -> u32 {
    u64::BITS - greatest.leading_zeros()
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
