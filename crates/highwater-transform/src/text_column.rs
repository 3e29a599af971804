//! A column of text under construction.

use std::cmp::Ordering;

use arrow::array::StringArray;
use arrow::array::builder::NullBufferBuilder;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};

/// The texts of one column by row, all in one arena. A text equal to that of the row before is kept once: resource
/// types never change within a table, ids repeat from row to row.
#[derive(Debug)]
pub(crate) struct TextColumn {
    arena: String,
    spans: Vec<Span>,
    nulls: NullBufferBuilder,
    overflowed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: u32,
    length: u32,
}

/// An Arrow text array addresses its bytes with `i32`.
const LIMIT_BYTES: usize = i32::MAX as usize;

impl TextColumn {
    pub(crate) fn new() -> Self {
        Self { arena: String::new(), spans: Vec::new(), nulls: NullBufferBuilder::new(0), overflowed: false }
    }

    /// Sets the text of `row`. Rows after it are dropped, unset rows before it become null.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, text: &str) {
        if self.spans.len() != row {
            self.resize(row);
        }
        let span = match self.spans.last() {
            Some(last) if self.bytes(*last) == text.as_bytes() => *last,
            _ => self.keep(text),
        };
        self.spans.push(span);
        self.nulls.append_non_null();
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.arena.len();
        if text.len() > LIMIT_BYTES - start {
            self.overflowed = true;
            return Span::default();
        }
        self.arena.push_str(text);
        Span { start: start as u32, length: text.len() as u32 }
    }

    /// Sets the text of `row` to that of an earlier row.
    pub(crate) fn repeat(&mut self, row: usize, earlier: usize) {
        if self.get(earlier).is_some() {
            let span = self.spans[earlier];
            self.resize(row);
            self.spans.push(span);
            self.nulls.append_non_null();
        }
    }

    fn resize(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.spans.len());
        if missing > 0 {
            self.nulls.append_n_nulls(missing);
            self.spans.resize(rows, Span::default());
        } else {
            self.truncate(rows);
        }
    }

    /// Drops what is beyond `rows`.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.spans.truncate(rows);
        self.nulls.truncate(self.spans.len());
    }

    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let span = *self.spans.get(row)?;
        self.nulls.is_valid(row).then(|| self.slice(span))
    }

    fn slice(&self, span: Span) -> &str {
        &self.arena[span.start as usize..][..span.length as usize]
    }

    /// What [`slice`](Self::slice) gives, without a look at where characters begin.
    fn bytes(&self, span: Span) -> &[u8] {
        &self.arena.as_bytes()[span.start as usize..][..span.length as usize]
    }

    fn get_bytes(&self, row: usize) -> Option<&[u8]> {
        let span = *self.spans.get(row)?;
        self.nulls.is_valid(row).then(|| self.bytes(span))
    }

    /// How two rows compare, by bytes; null comes first.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        let kept_once = matches!((self.spans.get(left), self.spans.get(right)), (Some(a), Some(b)) if a == b);
        if kept_once && self.nulls.as_slice().is_none() {
            return Ordering::Equal;
        }
        self.get_bytes(left).cmp(&self.get_bytes(right))
    }

    /// Whether no row was given a value.
    pub(crate) fn is_untouched(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether the first `rows` rows are known to hold the same.
    pub(crate) fn is_constant(&self, rows: usize) -> bool {
        if self.spans.is_empty() {
            return true;
        }
        let complete = self.spans.len() == rows && self.nulls.as_slice().is_none();
        complete && self.spans.iter().all(|span| *span == self.spans[0])
    }

    /// The first of `rows` rows that has no value.
    pub(crate) fn first_null(&self, rows: usize) -> Option<usize> {
        if self.nulls.as_slice().is_none() && self.spans.len() >= rows {
            return None;
        }
        (0..rows).find(|row| self.get(*row).is_none())
    }

    /// Eight bytes of each row's text from where the texts begin to differ, as a number: where two numbers differ, the
    /// texts compare the same way.
    pub(crate) fn prefixes(&self, rows: usize) -> impl Iterator<Item = u64> + '_ {
        let skipped = self.common_prefix_bytes();
        (0..rows).map(move |row| {
            let text = self.get_bytes(row).unwrap_or_default();
            let rest = text.get(skipped..).unwrap_or_default();
            let mut prefix = [0; 8];
            let length = rest.len().min(8);
            prefix[..length].copy_from_slice(&rest[..length]);
            u64::from_be_bytes(prefix)
        })
    }

    fn common_prefix_bytes(&self) -> usize {
        if self.nulls.as_slice().is_some() {
            return 0;
        }
        let mut texts = self.spans.iter().map(|span| self.bytes(*span));
        let Some(mut common) = texts.next() else { return 0 };
        for text in texts {
            if !text.starts_with(common) {
                let same = common.iter().zip(text).take_while(|(left, right)| left == right).count();
                common = &common[..same];
            }
        }
        common.len()
    }

    /// The texts of the first `rows` rows, or of the rows that `order` names; `None` when they do not fit an array.
    pub(crate) fn take(self, order: Option<&[u32]>, rows: usize) -> Option<StringArray> {
        let length = order.map_or(rows, <[u32]>::len);
        if self.overflowed {
            return None;
        }
        if let Some(text) = self.get(0).filter(|_| self.is_constant(rows)) {
            return (text.len() * length <= LIMIT_BYTES).then(|| StringArray::new_repeated(text, length));
        }
        let (texts, nulls) = match order {
            Some(order) => self.gathered(order.iter().map(|row| *row as usize)),
            None => self.gathered(0..rows),
        }?;
        let (offsets, bytes) = texts;
        StringArray::try_new(offsets, bytes, nulls).ok()
    }

    /// Offsets and bytes of the texts of `rows`, and which of them are null.
    fn gathered(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Option<(Texts, Option<NullBuffer>)> {
        // A null has an empty span.
        let span = |row: usize| self.spans.get(row).copied().unwrap_or_default();
        let size: usize = rows.clone().map(|row| span(row).length as usize).sum();
        if size > LIMIT_BYTES {
            return None;
        }
        let mut bytes = Vec::with_capacity(size);
        let mut ends = Vec::with_capacity(rows.len() + 1);
        ends.push(0);
        for row in rows.clone() {
            bytes.extend_from_slice(self.bytes(span(row)));
            ends.push(bytes.len() as i32);
        }
        let complete = self.nulls.as_slice().is_none() && rows.clone().all(|row| row < self.spans.len());
        let valid = |row: usize| row < self.spans.len() && self.nulls.is_valid(row);
        let nulls = (!complete).then(|| NullBuffer::from_iter(rows.map(valid)));
        Some(((OffsetBuffer::new(ends.into()), bytes.into()), nulls))
    }
}

/// Offsets into bytes, and the bytes.
type Texts = (OffsetBuffer<i32>, Buffer);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_repeats_is_kept_once() {
        let mut column = TextColumn::new();
        (0..1_000).for_each(|row| column.set(row, "asset"));
        assert_eq!(column.arena, "asset");
        assert!(column.is_constant(1_000) && !column.is_constant(1_001));
        assert_eq!(column.take(None, 1_000).unwrap().value(999), "asset");
    }

    #[test]
    fn empty_text_is_not_null() {
        let mut column = TextColumn::new();
        column.set(1, "");
        assert_eq!((column.get(0), column.get(1)), (None, Some("")));
        assert_eq!(column.compare(0, 1), Ordering::Less);
        let texts = column.take(Some(&[1, 0, 2]), 3).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), [Some(""), None, None]);
    }

    proptest! {
        #[test]
        fn prefixes_never_contradict_the_texts(texts in prop::collection::vec("(same/)?[ab\0é]{0,10}", 2..12)) {
            let mut column = TextColumn::new();
            texts.iter().enumerate().for_each(|(row, text)| column.set(row, text));
            let prefixes: Vec<u64> = column.prefixes(texts.len()).collect();
            for left in 0..texts.len() {
                for right in 0..texts.len() {
                    prop_assert_eq!(column.compare(left, right), texts[left].cmp(&texts[right]));
                    if prefixes[left] < prefixes[right] {
                        prop_assert!(texts[left] < texts[right]);
                    }
                }
            }
        }
    }
}
