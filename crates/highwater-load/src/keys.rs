//! Rows of a column of texts as keys of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;

use crate::packed::same_value;
use crate::texts::are_sorted;
use crate::typed_chunks::Part;

/// Rows as keys of texts that are sorted, each there once.
pub(crate) struct Keys<'a> {
    pub(crate) texts: StringArray,
    /// Bytes of the longest text.
    pub(crate) longest: usize,
    pub(crate) parts: Vec<Part<'a, i32>>,
}

/// What was found out of some texts.
pub(crate) struct KnownTexts {
    texts: ArrayRef,
    /// Bytes of the longest, where each is there once and behind all that are less.
    longest_if_sorted: Option<usize>,
}

impl<'a> Keys<'a> {
    /// The rows of `parts`, where they are keys of the same sorted texts, or one text or none over and over. `known` keeps
    /// what is found out of the texts, which are those of the next rows mostly.
    pub(crate) fn of(parts: &[&'a ArrayRef], known: &mut Option<KnownTexts>) -> Option<Self> {
        let (texts, parts) = keyed(parts).or_else(|| repeated(parts))?;
        let known = match known {
            Some(known) if Arc::ptr_eq(&known.texts, &texts) => known,
            _ => known.insert(KnownTexts::of(&texts)),
        };
        let longest = known.longest_if_sorted?;
        Some(Self { texts: texts.as_string().clone(), longest, parts })
    }

    /// How many rows have a text.
    pub(crate) fn rows(&self) -> usize {
        self.parts.iter().map(Part::known_rows).sum()
    }

    /// The keys of the rows that have a text.
    pub(crate) fn known(&self) -> impl Iterator<Item = i32> {
        self.parts.iter().flat_map(|part| {
            part.values.iter().enumerate().filter(|(row, _)| part.is_known(*row)).map(|(_, key)| *key)
        })
    }
}

impl KnownTexts {
    fn of(texts: &ArrayRef) -> Self {
        let sorted = texts.as_string_opt::<i32>().filter(|texts| are_sorted(texts));
        let longest = sorted.map(|texts| texts.offsets().lengths().max().unwrap_or_default());
        Self { texts: Arc::clone(texts), longest_if_sorted: longest }
    }
}

/// The texts that `parts` are keys of, where all are keys of the same, and the keys.
fn keyed<'a>(parts: &[&'a ArrayRef]) -> Option<(ArrayRef, Vec<Part<'a, i32>>)> {
    let keyed = parts.iter().map(|part| part.as_dictionary_opt::<Int32Type>()).collect::<Option<Vec<_>>>()?;
    let values = keyed.first()?.values();
    let same = keyed.iter().all(|part| Arc::ptr_eq(part.values(), values));
    same.then(|| (Arc::clone(values), keyed.iter().map(|part| Part::of(part.keys())).collect()))
}

/// The one text that `parts` are runs of, or none, and keys of it.
fn repeated<'a>(parts: &[&ArrayRef]) -> Option<(ArrayRef, Vec<Part<'a, i32>>)> {
    let value = same_value(parts)?;
    let (key, texts) = if value.is_null(0) { (None, value.slice(0, 0)) } else { (Some(0), value) };
    Some((texts, parts.iter().map(|part| Part::of_one(key, part.len())).collect()))
}
