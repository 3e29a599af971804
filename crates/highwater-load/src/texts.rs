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

/// By place among some texts, the place among all.
type Places = Arc<[i32]>;

/// The texts of one batch.
#[derive(Clone, Debug)]
struct BatchTexts {
    /// By row, the place among the texts of the batch; `None` where each row has its own.
    keys: Option<Int32Array>,
    /// Of the texts of the batch.
    places: Places,
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
    ///
    /// # Errors
    /// When they are more than one array can hold.
    pub(crate) fn of(parts: &[Strided]) -> Result<Self, ArrowError> {
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
        let (sorted, places) = brought_together(&dictionaries)?;
        let batches = arrays.iter().zip(parts).zip(which).map(|(((keys, _), part), which)| BatchTexts {
            keys: keys.clone(),
            places: Arc::clone(&places[which]),
            step: part.step,
        });
        Ok(Self { sorted, batches: batches.collect() })
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

/// All texts, each once and sorted, and for each of `dictionaries` the places of its texts among them.
fn brought_together(dictionaries: &[&StringArray]) -> Result<(Arc<StringArray>, Vec<Places>), ArrowError> {
    if let [only] = dictionaries
        && are_sorted(only)
    {
        return Ok((Arc::new((*only).clone()), vec![(0..only.len() as i32).collect()]));
    }
    let mut waiting: VecDeque<Vec<&str>> = dictionaries.iter().map(|texts| distinct(texts)).collect();
    while waiting.len() > 1
        && let (Some(left), Some(right)) = (waiting.pop_front(), waiting.pop_front())
    {
        waiting.push_back(united(&left, &right));
    }
    let known = waiting.pop_front().unwrap_or_default();
    let bytes = known.iter().map(|text| text.len()).sum();
    if i32::try_from(bytes).is_err() {
        return Err(ArrowError::OffsetOverflowError(bytes));
    }
    let mut sorted = StringBuilder::with_capacity(known.len(), bytes);
    known.iter().for_each(|text| sorted.append_value(text));
    let places = dictionaries.iter().map(|texts| places(texts, &known).into()).collect();
    Ok((Arc::new(sorted.finish()), places))
}

/// Whether each text is there, once, and behind all that are less.
pub(crate) fn are_sorted(texts: &StringArray) -> bool {
    texts.null_count() == 0 && (1..texts.len()).all(|at| texts.value(at - 1) < texts.value(at))
}

/// Whether both are the same texts at the same place in memory.
fn are_shared(left: &StringArray, right: &StringArray) -> bool {
    std::ptr::eq(left.value_data(), right.value_data())
        && std::ptr::eq(left.value_offsets(), right.value_offsets())
        && left.nulls() == right.nulls()
}

/// The texts of a part, and by row their places where they are keys of a dictionary.
pub(crate) fn keys_and_texts(part: &Strided) -> (Option<Int32Array>, StringArray) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(texts: &[Option<String>], keyed: bool) -> Strided {
        let texts = texts.iter().map(Option::as_deref);
        let values: ArrayRef = if keyed {
            Arc::new(texts.collect::<DictionaryArray<Int32Type>>())
        } else {
            Arc::new(texts.collect::<StringArray>())
        };
        Strided { values, step: 1 }
    }

    fn taken(texts: &Texts, places: &[Place]) -> Vec<String> {
        let taken = texts.take(places, None).unwrap();
        let taken = taken.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
        taken.into_iter().map(|text| text.unwrap().to_owned()).collect()
    }

    #[test]
    fn texts_that_are_shared_are_looked_through_once() {
        let shared = part(&[Some("b".to_owned()), Some("a".to_owned())], true);
        let other = part(&[Some("c".to_owned())], true);
        let texts = Texts::of(&[shared.clone(), other, shared]).unwrap();
        assert!(Arc::ptr_eq(&texts.batches[0].places, &texts.batches[2].places));
        assert_eq!(taken(&texts, &[(0, 0), (1, 0), (2, 1)]), ["b", "c", "a"]);
    }

    #[test]
    fn texts_that_are_sorted_already_are_left_where_they_are() {
        let one = part(&["a", "b", "c"].map(|text| Some(text.to_owned())), true);
        let texts = Texts::of(std::slice::from_ref(&one)).unwrap();
        let own = one.values.as_dictionary::<Int32Type>().values().as_string::<i32>().clone();
        assert!(are_shared(&texts.sorted, &own));
        assert_eq!(taken(&texts, &[(0, 2), (0, 0)]), ["c", "a"]);
        let twice = part(&["a", "a"].map(|text| Some(text.to_owned())), false);
        assert_eq!(Texts::of(&[twice]).unwrap().count(), 1);
    }

    proptest! {
        #[test]
        fn places_compare_as_texts_do_however_far_apart_they_are(
            batches in prop::collection::vec(
                (prop::collection::vec(prop::option::weighted(0.9, 0..200_u8), 0..60), any::<bool>()), 0..4),
        ) {
            let text = |number: &Option<u8>| number.map(|number| format!("text {number:03}"));
            let batches: Vec<(Vec<Option<String>>, bool)> =
                batches.iter().map(|(numbers, keyed)| (numbers.iter().map(text).collect(), *keyed)).collect();
            let parts: Vec<Strided> = batches.iter().map(|(texts, keyed)| part(texts, *keyed)).collect();
            let texts = Texts::of(&parts).unwrap();
            let rows = batches.iter().enumerate().flat_map(|(batch, (texts, _))| {
                texts.iter().enumerate().filter_map(move |(row, text)| Some(((batch, row), text.clone()?)))
            });
            let (places, mut expected): (Vec<Place>, Vec<String>) = rows.unzip();
            prop_assert_eq!(&taken(&texts, &places), &expected);
            let mut by_place: Vec<Place> = places.clone();
            by_place.sort_by_key(|(batch, row)| texts.place(*batch, *row));
            expected.sort();
            prop_assert_eq!(taken(&texts, &by_place), expected.clone());
            expected.dedup();
            prop_assert_eq!(texts.count(), expected.len());
        }
    }
}
