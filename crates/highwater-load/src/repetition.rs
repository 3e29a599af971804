//! How often the texts of a column chunk repeat, as the first of its rows tell: whether a dictionary of them saves more
//! than it costs.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::keys::Keys;
use crate::packed::Strided;
use crate::texts::keys_and_texts;

/// How many rows of a row group are looked at, at most.
const SAMPLE_ROWS: usize = 8_192;

/// Whether more than half of the rows of `parts` that have a text have another one each, or there is more text than fits a
/// dictionary of `dictionary_bytes`, as far as the first rows tell. However the rows are packed, the answer is the same;
/// with `keys`, which are those of the same rows, it is found faster.
pub(crate) fn hardly_repeat(
    parts: &[&ArrayRef],
    keys: Option<&Keys<'_>>,
    dictionary_bytes: usize,
) -> Result<bool, ArrowError> {
    let (sample, rows) = match keys {
        Some(keys) => (Sample::of_keys(keys), keys.rows()),
        None => {
            let of = |part: &&ArrayRef| Ok((Strided::of(part, &DataType::Utf8)?, part.len()));
            Sample::of_texts(&parts.iter().map(of).collect::<Result<Vec<_>, ArrowError>>()?)
        }
    };
    Ok(sample.hardly_repeats(rows, dictionary_bytes))
}

/// What the first rows that have a text tell.
#[derive(Debug, Default)]
struct Sample {
    rows: usize,
    distinct: usize,
    /// Of the distinct texts, each behind its length.
    bytes: usize,
}

impl Sample {
    /// Adds a row, with the length of its text where none before it has the same. Whether another row is wanted.
    fn add(&mut self, new: Option<usize>) -> bool {
        self.rows += 1;
        if let Some(bytes) = new {
            self.distinct += 1;
            self.bytes += bytes + size_of::<u32>();
        }
        let again = self.rows - self.distinct;
        self.rows < SAMPLE_ROWS && self.distinct * 2 <= SAMPLE_ROWS && again * 2 < SAMPLE_ROWS
    }

    /// What it says of `rows` that have a text.
    fn hardly_repeats(&self, rows: usize, dictionary_bytes: usize) -> bool {
        let all_bytes = self.bytes * rows / self.rows.max(1);
        self.distinct * 2 > self.rows || all_bytes >= dictionary_bytes
    }

    fn of_keys(keys: &Keys<'_>) -> Self {
        let (mut sample, mut seen) = (Self::default(), vec![false; keys.texts.len()]);
        for key in keys.known() {
            let again = std::mem::replace(&mut seen[key as usize], true);
            if !sample.add((!again).then(|| keys.texts.value_length(key as usize) as usize)) {
                break;
            }
        }
        sample
    }

    /// Also how many rows have a text.
    fn of_texts(parts: &[(Strided, usize)]) -> (Self, usize) {
        let known = |(part, rows): &(Strided, usize)| match part.step {
            0 if part.values.is_null(0) => 0,
            0 => *rows,
            _ => rows - part.values.null_count(),
        };
        let texts: Vec<(_, usize, usize)> =
            parts.iter().map(|(part, rows)| (keys_and_texts(part), part.step, *rows)).collect();
        let all = texts.iter().flat_map(|((keys, texts), step, rows)| {
            (0..*rows).filter_map(move |row| match keys {
                Some(keys) => keys.is_valid(row * step).then(|| texts.value(keys.value(row * step) as usize)),
                None => texts.is_valid(row * step).then(|| texts.value(row * step)),
            })
        });
        let (mut sample, mut last, mut distinct) = (Self::default(), None, HashSet::new());
        for text in all {
            let new = last.replace(text) != Some(text) && distinct.insert(text);
            if !sample.add(new.then_some(text.len())) {
                break;
            }
        }
        (sample, parts.iter().map(known).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::packed::run;
    use arrow::array::{DictionaryArray, StringArray};
    use arrow::datatypes::Int32Type;
    use proptest::prelude::*;

    fn answer(parts: &[&ArrayRef], bytes: usize) -> bool {
        let keys = Keys::of(parts, &mut None);
        let fast = hardly_repeat(parts, keys.as_ref(), bytes).unwrap();
        assert_eq!(hardly_repeat(parts, None, bytes).unwrap(), fast);
        fast
    }

    fn hardly(texts: &[Option<&str>], bytes: usize) -> bool {
        let plain: ArrayRef = Arc::new(texts.iter().copied().collect::<StringArray>());
        let keyed: ArrayRef = Arc::new(texts.iter().copied().collect::<DictionaryArray<Int32Type>>());
        let half = texts.len() / 2;
        let rest = texts.len() - half;
        let cut = [plain.slice(0, half), keyed.slice(half, rest), keyed.slice(0, half)];
        let packed = [&[&plain][..], &[&keyed], &[&cut[0], &cut[1]], &[&cut[2], &cut[1]]];
        let answers = packed.map(|parts| answer(parts, bytes));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{texts:?}: {answers:?}");
        answers[0]
    }

    #[test]
    fn texts_repeat_where_one_of_two_rows_has_a_text_that_was_there() {
        assert!(hardly(&[Some("a"), Some("b"), None, None, Some("a")], 1_000));
        assert!(!hardly(&[Some("a"), Some("b"), None, Some("b"), Some("a")], 1_000));
        assert!(!hardly(&[None, None], 1_000) && !hardly(&[], 1_000));
        let one: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        for (rows, expected) in [(1, true), (2, false), (40_000, false)] {
            assert_eq!(answer(&[&run(&one, rows).unwrap()], 1_000), expected);
            assert_eq!(hardly(&vec![Some("a"); rows], 1_000), expected);
        }
        let none: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
        assert!(!answer(&[&run(&none, 9).unwrap()], 1_000));
    }

    #[test]
    fn texts_that_are_too_many_for_a_dictionary_hardly_repeat() {
        let texts: Vec<String> = (0..20_000).map(|row| format!("{:06}", row / 2)).collect();
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        assert!(!hardly(&texts, 100_001) && hardly(&texts, 100_000));
    }

    proptest! {
        #[test]
        fn however_texts_are_packed_they_repeat_as_often(
            texts in prop::collection::vec(prop::sample::select(vec![None, Some("a"), Some("bb"), Some("")]), 0..9),
            bytes in 0..40_usize,
        ) {
            hardly(&texts, bytes);
        }
    }
}
