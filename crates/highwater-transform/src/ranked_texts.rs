//! The texts of a column in order.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::OffsetBuffer;
use highwater_core::Column;

use crate::packing::text_bytes;
use crate::text_pool::{Code, LATER};

/// An Arrow text array addresses its bytes with `i32`.
const LIMIT_BYTES: usize = i32::MAX as usize;

/// Texts as they came, known by their places, counted from one.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    arena: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a text; false where there is no room for it.
    #[inline]
    pub(crate) fn push(&mut self, text: &str) -> bool {
        let fits = text.len() <= LIMIT_BYTES - self.arena.len() && self.ends.len() < LIMIT_BYTES;
        if fits {
            self.arena.push_str(text);
            self.ends.push(self.arena.len() as u32);
        }
        fits
    }

    pub(crate) fn clear(&mut self) {
        self.arena.clear();
        self.ends.clear();
    }

    #[inline]
    pub(crate) fn get(&self, place: Code) -> &str {
        let (start, end) = self.bounds(place);
        &self.arena[start..end]
    }

    #[inline]
    pub(crate) fn bytes(&self, place: Code) -> &[u8] {
        let (start, end) = self.bounds(place);
        &self.arena.as_bytes()[start..end]
    }

    #[inline]
    fn bounds(&self, place: Code) -> (usize, usize) {
        let place = place as usize - 1;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        (start as usize, self.ends[place] as usize)
    }

    /// The places of all texts by their bytes; each with whether its text is the same as that of the place before.
    fn order(&self) -> Vec<(Code, bool)> {
        let count = self.ends.len();
        let skipped = self.common_prefix_bytes();
        let row_bits = u64::BITS - (count as u64).leading_zeros();
        let packed = |code: Code| {
            let rest = &self.bytes(code)[skipped..];
            let prefix = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
                let mut prefix = [0; 8];
                prefix[..rest.len()].copy_from_slice(rest);
                prefix
            });
            u64::from_be_bytes(prefix) >> row_bits << row_bits | u64::from(code)
        };
        let code = |packed: u64| (packed & ((1 << row_bits) - 1)) as Code;
        let mut packed: Vec<u64> = (1..=count as Code).map(packed).collect();
        packed.sort_unstable();
        let mut order = Vec::with_capacity(count);
        // Texts that begin otherwise are others, and are not looked at again.
        for run in packed.chunk_by_mut(|left, right| left >> row_bits == right >> row_bits) {
            run.sort_by(|left, right| self.bytes(code(*left)).cmp(self.bytes(code(*right))));
            order.push((code(run[0]), false));
            let same = |pair: &[u64]| self.bytes(code(pair[0])) == self.bytes(code(pair[1]));
            order.extend(run.windows(2).map(|pair| (code(pair[1]), same(pair))));
        }
        order
    }

    fn common_prefix_bytes(&self) -> usize {
        let mut texts = (1..=self.ends.len() as Code).map(|code| self.bytes(code));
        let Some(mut common) = texts.next() else { return 0 };
        for text in texts {
            if common.is_empty() {
                break;
            }
            if !text.starts_with(common) {
                let same = common.iter().zip(text).take_while(|(left, right)| left == right).count();
                common = &common[..same];
            }
        }
        common.len()
    }

    /// Each text once, in order. `found` are the places of those that were looked for later.
    pub(crate) fn ranked(self, found: Vec<Code>, overflowed: bool) -> Ranked {
        let order = self.order();
        let mut ranks = vec![0; order.len() + 1];
        let (mut bytes, mut ends) = (Vec::with_capacity(self.arena.len()), vec![0_i32]);
        for (place, again) in order {
            if !again {
                bytes.extend_from_slice(self.bytes(place));
                ends.push(bytes.len() as i32);
            }
            ranks[place as usize] = (ends.len() - 1) as Code;
        }
        let offsets = OffsetBuffer::new(ends.into());
        let texts =
            StringArray::try_new(offsets, bytes.into(), None).expect("whole texts, one after the other");
        Ranked { texts: Arc::new(texts), ranks, found, overflowed }
    }
}

/// The distinct texts of one column, sorted by bytes.
#[derive(Debug)]
pub(crate) struct Ranked {
    texts: Arc<StringArray>,
    /// By place among the kept texts: that in order, counted from one.
    ranks: Vec<Code>,
    /// By number among those that were looked for later: the place among the kept texts.
    found: Vec<Code>,
    overflowed: bool,
}

/// The distinct texts of every column that has any, sorted by bytes.
#[derive(Debug, Default)]
pub(crate) struct RankedTexts(Vec<Option<Ranked>>);

impl RankedTexts {
    /// Those of each column, in the order of [`Column::ALL`].
    pub(crate) fn of(columns: Vec<Option<Ranked>>) -> Self {
        Self(columns)
    }

    /// The texts of `column`.
    pub(crate) fn texts(&self, column: Column) -> Arc<StringArray> {
        let ranked = self.ranked(column);
        ranked.map_or_else(|| Arc::new(StringArray::new_null(0)), |ranked| Arc::clone(&ranked.texts))
    }

    /// By code: the place of the text in order, counted from one, so that ranks compare as texts do and no text comes
    /// first.
    pub(crate) fn ranks(&self, column: Column) -> impl Fn(Code) -> Code {
        let (ranks, found) =
            self.ranked(column).map_or((&[0][..], &[][..]), |ranked| (&ranked.ranks, &ranked.found));
        move |code| {
            let place = if code < LATER { code } else { found[(code - LATER) as usize] };
            ranks[place as usize]
        }
    }

    /// Whether a text did not fit.
    pub(crate) fn overflowed(&self, column: Column) -> bool {
        self.ranked(column).is_some_and(|ranked| ranked.overflowed)
    }

    /// Bytes of all texts together.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().flatten().map(|ranked| text_bytes(&ranked.texts)).sum()
    }

    fn ranked(&self, column: Column) -> Option<&Ranked> {
        self.0.get(column as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_pool::TextPools;
    use arrow::array::Array;
    use proptest::prelude::*;

    /// The distinct texts of `texts`, and the rank of each.
    fn ranked(texts: &[String]) -> (Arc<StringArray>, Vec<Code>) {
        let mut pools = TextPools::new();
        let codes: Vec<Code> = texts.iter().map(|text| pools.code(Column::Passthrough, text)).collect();
        let ranked = pools.ranked();
        assert!(!ranked.overflowed(Column::Passthrough));
        let ranks = codes.into_iter().map(ranked.ranks(Column::Passthrough)).collect();
        (ranked.texts(Column::Passthrough), ranks)
    }

    #[test]
    fn many_texts_are_still_told_apart() {
        for distinct in [20_000, 3_000, 500] {
            let texts: Vec<String> = (0..40_000).map(|n| format!("customer-{}", n * 7 % distinct)).collect();
            let (known, ranks) = ranked(&texts);
            assert_eq!(known.len(), distinct);
            for (text, rank) in texts.iter().zip(ranks) {
                assert_eq!(known.value(rank as usize - 1), text);
            }
        }
    }

    #[test]
    fn where_there_are_no_texts_no_text_has_a_rank() {
        let ranked = TextPools::new().ranked();
        assert_eq!((ranked.ranks(Column::Tier)(0), ranked.texts(Column::Tier).len()), (0, 0));
        assert_eq!(ranked.bytes(), 0);
    }

    proptest! {
        #[test]
        fn ranks_compare_as_the_texts_do(texts in prop::collection::vec("(same/)?[ab\0é]{0,10}", 0..12)) {
            let (known, ranks) = ranked(&texts);
            for left in 0..texts.len() {
                prop_assert_eq!(known.value(ranks[left] as usize - 1), &texts[left]);
                for right in 0..texts.len() {
                    prop_assert_eq!(ranks[left].cmp(&ranks[right]), texts[left].cmp(&texts[right]));
                }
            }
        }
    }
}
