//! Keys as small numbers: texts by their rank among all texts of their column, instants in steps from the first one.

use std::collections::VecDeque;

use arrow::array::{Array, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimestampMillisecondType};
use arrow::error::ArrowError;

use crate::packed::{Column, Strided, Texts};

/// A column of the key as small numbers that compare as its values do; zero for null.
pub(crate) struct Part<'a> {
    values: Values<'a>,
    /// Bits of the greatest number; none where all rows have the same.
    pub(crate) bits: u32,
}

enum Values<'a> {
    /// By batch: the texts, and the rank of each of them.
    Texts(Vec<(Texts<'a>, Vec<u32>, Nulls<'a>)>),
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
    /// The numbers of `column`, which is of `kind`.
    ///
    /// # Errors
    /// When it is neither text nor an instant.
    pub(crate) fn of(column: &'a Column, kind: &DataType) -> Result<Self, ArrowError> {
        match kind {
            DataType::Utf8 => Ok(Self::of_texts(column.parts())),
            DataType::Timestamp(..) => Ok(Self::of_instants(column.parts())),
            other => Err(ArrowError::NotYetImplemented(format!("a key of {other}"))),
        }
    }

    fn of_texts(parts: &'a [Strided]) -> Self {
        let texts: Vec<Texts<'a>> = parts.iter().map(Texts::of).collect();
        let mut sorted: VecDeque<Vec<&str>> = texts.iter().map(|texts| distinct(texts.texts())).collect();
        while sorted.len() > 1
            && let (Some(left), Some(right)) = (sorted.pop_front(), sorted.pop_front())
        {
            sorted.push_back(united(&left, &right));
        }
        let known = sorted.pop_front().unwrap_or_default();
        let has_nulls = parts.iter().any(|part| part.values.null_count() > 0);
        let bits = if known.len() <= 1 && !has_nulls { 0 } else { bits(known.len() as u64) };
        let ranked = texts.into_iter().zip(parts).map(|(texts, part)| {
            let ranks = ranks(texts.texts(), &known);
            (texts, ranks, Nulls::of(part))
        });
        Self { values: Values::Texts(ranked.collect()), bits }
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
        let bits = if steps == 0 && !has_nulls { 0 } else { bits(steps.saturating_add(1)) };
        Self { values: Values::Instants { by_batch, least, unit }, bits }
    }

    /// The number of one row.
    #[inline]
    pub(crate) fn number(&self, batch: usize, row: usize) -> u64 {
        match &self.values {
            Values::Texts(by_batch) => {
                let (texts, ranks, nulls) = &by_batch[batch];
                if nulls.has(row) { 0 } else { u64::from(ranks[texts.place(row)]) }
            }
            Values::Instants { by_batch, least, unit } => {
                let (values, nulls) = &by_batch[batch];
                if nulls.has(row) { 0 } else { values[row * nulls.step].abs_diff(*least) / unit + 1 }
            }
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

/// The distinct texts, sorted.
fn distinct(texts: &StringArray) -> Vec<&str> {
    let mut distinct: Vec<&str> = texts.iter().flatten().collect();
    if !distinct.is_sorted_by(|left, right| left < right) {
        distinct.sort_unstable();
        distinct.dedup();
    }
    distinct
}

/// The texts of both, each once, sorted as they are.
fn united<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<&'a str> {
    let mut united = Vec::with_capacity(left.len().max(right.len()));
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return united,
        };
        let next = if order.is_le() { left.next() } else { None };
        let other = if order.is_ge() { right.next() } else { None };
        united.extend(next.or(other));
    }
}

/// By place: the rank of each text among `known`, counted from one.
fn ranks(texts: &StringArray, known: &[&str]) -> Vec<u32> {
    let mut near = 0;
    let rank = |at: usize| {
        if texts.is_null(at) {
            return 0;
        }
        let text = texts.value(at);
        // Sorted texts are found in one walk.
        while known.get(near).is_some_and(|known| *known < text) {
            near += 1;
        }
        if known.get(near) != Some(&text) {
            near = known.binary_search(&text).unwrap_or_default();
        }
        near as u32 + 1
    };
    (0..texts.len()).map(rank).collect()
}
