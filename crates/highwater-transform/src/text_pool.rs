//! The texts of a column, each kept about once and known by a number.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::OffsetBuffer;
use highwater_core::Column;

use crate::packing::text_bytes;

/// The number of a text in its pool, counted from one; zero is no text.
pub(crate) type Code = u32;

/// An Arrow text array addresses its bytes with `i32`.
const LIMIT_BYTES: usize = i32::MAX as usize;
/// The most slots that remember texts: enough for the names and tiers that repeat, small enough to stay in a cache.
const MOST_SLOTS: usize = 1 << 13;
const FEWEST_SLOTS: usize = 1 << 6;
/// Kept texts after which it shows whether they come again.
const PROBATION: usize = 2 * MOST_SLOTS;

/// Texts under construction. One that comes again is mostly recognised, and otherwise kept twice, until they are ranked.
#[derive(Debug, Default)]
struct TextPool {
    arena: String,
    ends: Vec<u32>,
    /// The texts that were last seen, by their looks.
    recent: Vec<Seen>,
    /// How often a text was recognised.
    recognised: usize,
    overflowed: bool,
}

/// A text that was seen, as it looks at its ends: all of it up to [`Seen::WHOLE_BYTES`].
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    first: u64,
    last: u64,
    bytes: u32,
    /// Zero for one that is looked for.
    code: Code,
}

impl Seen {
    /// Texts that are no longer are told apart by their looks.
    const WHOLE_BYTES: usize = 16;

    #[inline]
    fn of(text: &[u8], code: Code) -> Self {
        let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => (text.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), 0),
        };
        Self { first, last, bytes: text.len() as u32, code }
    }

    #[inline]
    fn looks_like(self, other: Self) -> bool {
        (self.first, self.last, self.bytes) == (other.first, other.last, other.bytes)
    }

    /// Where a text of this look is kept among so many slots, a power of two; among none, nowhere.
    #[inline]
    fn slot(self, slots: usize) -> usize {
        let mixed = self.first ^ self.last.rotate_left(29) ^ u64::from(self.bytes);
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - slots.trailing_zeros())) as usize
    }
}

impl TextPool {
    #[inline]
    fn code(&mut self, text: &str) -> Code {
        let look = Seen::of(text.as_bytes(), 0);
        match self.recent.get(look.slot(self.recent.len())) {
            Some(seen) if seen.code != 0 && seen.looks_like(look) && self.has(*seen, text) => {
                self.recognised += 1;
                seen.code
            }
            _ => self.keep(text, look),
        }
    }

    /// Whether a text that was seen is `text`, which looks like it.
    #[inline]
    fn has(&self, seen: Seen, text: &str) -> bool {
        text.len() <= Seen::WHOLE_BYTES || self.bytes(seen.code) == text.as_bytes()
    }

    fn keep(&mut self, text: &str, look: Seen) -> Code {
        if text.len() > LIMIT_BYTES - self.arena.len() || self.ends.len() >= LIMIT_BYTES {
            self.overflowed = true;
            return 0;
        }
        self.arena.push_str(text);
        self.ends.push(self.arena.len() as u32);
        let kept = self.ends.len();
        if kept * 2 > self.recent.len() && self.recent.len() < MOST_SLOTS && kept <= MOST_SLOTS {
            self.grow();
        } else if kept == PROBATION && self.recognised < kept / 8 {
            // Ids that come but once: to look for each where others are remembered would only cost time.
            self.recent = vec![Seen::default(); FEWEST_SLOTS];
        }
        let slot = look.slot(self.recent.len());
        self.recent[slot] = Seen { code: kept as Code, ..look };
        kept as Code
    }

    fn grow(&mut self) {
        let slots = (self.recent.len() * 2).max(FEWEST_SLOTS);
        self.recent = vec![Seen::default(); slots];
        for code in 1..=self.ends.len() as Code {
            let seen = Seen::of(self.bytes(code), code);
            self.recent[seen.slot(slots)] = seen;
        }
    }

    #[inline]
    fn bytes(&self, code: Code) -> &[u8] {
        let place = code as usize - 1;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.arena.as_bytes()[start as usize..self.ends[place] as usize]
    }

    /// The codes of all texts by their bytes; each with whether its text is the same as that of the code before.
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

    fn ranked(self) -> Ranked {
        let order = self.order();
        let mut ranks = vec![0; order.len() + 1];
        let (mut bytes, mut ends) = (Vec::with_capacity(self.arena.len()), vec![0_i32]);
        for (code, again) in order {
            if !again {
                bytes.extend_from_slice(self.bytes(code));
                ends.push(bytes.len() as i32);
            }
            ranks[code as usize] = (ends.len() - 1) as Code;
        }
        let offsets = OffsetBuffer::new(ends.into());
        let texts =
            StringArray::try_new(offsets, bytes.into(), None).expect("whole texts, one after the other");
        Ranked { texts: Arc::new(texts), ranks, overflowed: self.overflowed }
    }
}

/// The texts of every column, shared by the tables that are made together: they speak of the same resources.
#[derive(Debug)]
pub(crate) struct TextPools(Vec<TextPool>);

impl TextPools {
    pub(crate) fn new() -> Self {
        Self(Column::ALL.iter().map(|_| TextPool::default()).collect())
    }

    /// The number of `text` among those of `column`, the same for a while each time it comes.
    #[inline]
    pub(crate) fn code(&mut self, column: Column, text: &str) -> Code {
        self.0[column as usize].code(text)
    }

    /// Every column's texts in order.
    pub(crate) fn ranked(self) -> RankedTexts {
        let ranked = |pool: TextPool| (!pool.ends.is_empty() || pool.overflowed).then(|| pool.ranked());
        RankedTexts(self.0.into_iter().map(ranked).collect())
    }
}

/// The distinct texts of one column, sorted by bytes.
#[derive(Debug)]
struct Ranked {
    texts: Arc<StringArray>,
    /// By code: the text's place, counted from one.
    ranks: Vec<Code>,
    overflowed: bool,
}

/// The distinct texts of every column that has any, sorted by bytes.
#[derive(Debug, Default)]
pub(crate) struct RankedTexts(Vec<Option<Ranked>>);

impl RankedTexts {
    /// The texts of `column`.
    pub(crate) fn texts(&self, column: Column) -> Arc<StringArray> {
        let ranked = self.of(column);
        ranked.map_or_else(|| Arc::new(StringArray::new_null(0)), |ranked| Arc::clone(&ranked.texts))
    }

    /// By code: the place of the text, counted from one, so that ranks compare as texts do and no text comes first.
    pub(crate) fn ranks(&self, column: Column) -> &[Code] {
        self.of(column).map_or(&[0], |ranked| &ranked.ranks)
    }

    /// Whether a text did not fit.
    pub(crate) fn overflowed(&self, column: Column) -> bool {
        self.of(column).is_some_and(|ranked| ranked.overflowed)
    }

    /// Bytes of all texts together.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().flatten().map(|ranked| text_bytes(&ranked.texts)).sum()
    }

    fn of(&self, column: Column) -> Option<&Ranked> {
        self.0.get(column as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_comes_again_is_kept_once() {
        let mut pool = TextPool::default();
        let codes: Vec<Code> = ["a", "b", "a", "", "b", ""].map(|text| pool.code(text)).to_vec();
        assert_eq!((codes, pool.arena.as_str()), (vec![1, 2, 1, 3, 2, 3], "ab"));
    }

    #[test]
    fn many_texts_are_still_told_apart() {
        let mut pool = TextPool::default();
        let texts: Vec<String> = (0..40_000).map(|n| format!("customer-{}", n % 20_000)).collect();
        let codes: Vec<Code> = texts.iter().map(|text| pool.code(text)).collect();
        let ranked = pool.ranked();
        assert_eq!(ranked.texts.len(), 20_000);
        for (text, code) in texts.iter().zip(codes) {
            assert_eq!(ranked.texts.value(ranked.ranks[code as usize] as usize - 1), text);
        }
    }

    #[test]
    fn a_pool_whose_texts_never_come_again_stops_looking_for_them() {
        let (mut ids, mut names) = (TextPool::default(), TextPool::default());
        for n in 0..PROBATION + 2 {
            ids.code(&format!("id-{n}"));
            names.code(&format!("customer-{}", n % 3_000));
        }
        assert_eq!((ids.recent.len(), names.recent.len()), (FEWEST_SLOTS, MOST_SLOTS));
        let code = ids.code("again");
        ids.code("and");
        assert_eq!((ids.code("again"), ids.ends.len()), (code, PROBATION + 4));
    }

    proptest! {
        #[test]
        fn ranks_compare_as_the_texts_do(texts in prop::collection::vec("(same/)?[ab\0é]{0,10}", 0..12)) {
            let mut pool = TextPool::default();
            let codes: Vec<Code> = texts.iter().map(|text| pool.code(text)).collect();
            let ranked = pool.ranked();
            let rank = |at: usize| ranked.ranks[codes[at] as usize];
            for left in 0..texts.len() {
                prop_assert_eq!(ranked.texts.value(rank(left) as usize - 1), &texts[left]);
                for right in 0..texts.len() {
                    prop_assert_eq!(rank(left).cmp(&rank(right)), texts[left].cmp(&texts[right]));
                }
            }
        }
    }
}
