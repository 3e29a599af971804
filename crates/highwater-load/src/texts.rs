//! The texts of one column of several batches, brought into one sorted dictionary: rows are then told apart by small
//! numbers, and no text is moved for each row that has it.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray, StringBuilder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::packed::{Place, Strided};

/// The texts of a column.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    /// Each text once, sorted.
    sorted: Arc<StringArray>,
    batches: Vec<BatchTexts>,
}

/// The texts of one batch.
#[derive(Clone, Debug)]
struct BatchTexts {
    /// By row, the place among the texts of the batch; `None` where each row has its own.
    keys: Option<Int32Array>,
    /// By place among the texts of the batch, the place among all.
    places: Arc<[i32]>,
    step: usize,
}

impl BatchTexts {
    /// The place of a row's text among all; of a row without one, that of any text.
    #[inline]
    fn place(&self, row: usize) -> i32 {
        let at = row * self.step;
        let at = self.keys.as_ref().map_or(at, |keys| keys.values()[at] as usize);
        self.places.get(at).copied().unwrap_or(0)
    }
}

impl Texts {
    /// The texts of `parts`, plain or keys of a dictionary.
    pub(crate) fn of(parts: &[Strided]) -> Self {
        let arrays: Vec<(Option<Int32Array>, StringArray)> = parts.iter().map(keys_and_texts).collect();
        let mut dictionaries: Vec<&StringArray> = Vec::new();
        let mut which = Vec::with_capacity(arrays.len());
        for (_, texts) in &arrays {
            let known = dictionaries.iter().position(|known| are_shared(known, texts));
            which.push(known.unwrap_or(dictionaries.len()));
            if known.is_none() {
                dictionaries.push(texts);
            }
        }
        let mut waiting: VecDeque<Vec<&str>> = dictionaries.iter().map(|texts| distinct(texts)).collect();
        while waiting.len() > 1
            && let (Some(left), Some(right)) = (waiting.pop_front(), waiting.pop_front())
        {
            waiting.push_back(united(&left, &right));
        }
        let known = waiting.pop_front().unwrap_or_default();
        let places: Vec<Arc<[i32]>> = dictionaries.iter().map(|texts| places(texts, &known).into()).collect();
        let mut sorted = StringBuilder::with_capacity(known.len(), known.iter().map(|text| text.len()).sum());
        known.iter().for_each(|text| sorted.append_value(text));
        let batches = arrays.iter().zip(parts).zip(which).map(|(((keys, _), part), which)| BatchTexts {
            keys: keys.clone(),
            places: Arc::clone(&places[which]),
            step: part.step,
        });
        Self { sorted: Arc::new(sorted.finish()), batches: batches.collect() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The place of a row's text among all; of a row without one, that of any text.
    #[inline]
    pub(crate) fn place(&self, batch: usize, row: usize) -> i32 {
        self.batches[batch].place(row)
    }

    /// The texts of the rows at `taken`, which are null where `nulls` says so, as keys of the dictionary of all.
    pub(crate) fn take(&self, taken: &[Place], nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let keys: Vec<i32> = taken.iter().map(|(batch, row)| self.place(*batch, *row)).collect();
        let sorted: ArrayRef = Arc::<StringArray>::clone(&self.sorted);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::new(keys.into(), nulls), sorted)?))
    }
}

/// Whether both are the same texts at the same place in memory.
fn are_shared(left: &StringArray, right: &StringArray) -> bool {
    std::ptr::eq(left.value_data(), right.value_data())
        && std::ptr::eq(left.value_offsets(), right.value_offsets())
        && left.nulls() == right.nulls()
}

fn keys_and_texts(part: &Strided) -> (Option<Int32Array>, StringArray) {
    match part.values.as_dictionary_opt::<Int32Type>() {
        Some(keyed) => (Some(keyed.keys().clone()), keyed.values().as_string().clone()),
        None => (None, part.values.as_string().clone()),
    }
}

/// The distinct texts, sorted.
fn distinct(texts: &StringArray) -> Vec<&str> {
    let mut distinct = Vec::with_capacity(texts.len());
    distinct.extend(texts.iter().flatten());
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
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return united,
        };
        let next = if order.is_le() { left.next() } else { None };
        let other = if order.is_ge() { right.next() } else { None };
        united.extend(next.or(other));
    }
}

/// How far a text is looked for one by one.
const STEPS: usize = 8;

/// By place among `texts`: the place of each among `known`, which has them all.
fn places(texts: &StringArray, known: &[&str]) -> Vec<i32> {
    let mut near = 0;
    let place = |at: usize| {
        if texts.is_null(at) {
            return 0;
        }
        let text = texts.value(at);
        // The next of sorted texts is a few steps ahead.
        let ahead = known.iter().enumerate().skip(near).take(STEPS);
        let mut orders = ahead.map(|(place, known)| (place, (*known).cmp(text)));
        near = match orders.find(|(_, order)| order.is_ge()) {
            Some((place, Ordering::Equal)) => place,
            _ => known.binary_search(&text).unwrap_or_default(),
        };
        near as i32
    };
    (0..texts.len()).map(place).collect()
}
