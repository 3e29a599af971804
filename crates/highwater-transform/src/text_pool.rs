//! The texts of a column, each kept about once and known by a number.

use highwater_core::Column;

use crate::ranked_texts::{RankedTexts, Texts};

/// The number that a text has in its pool: its place among the kept ones, counted from one, or with [`LATER`] its place
/// among those that were looked for later, counted from zero. Zero is no text.
pub(crate) type Code = u32;

/// Marks the number of a text that was not looked for when it came.
pub(crate) const LATER: Code = 1 << 31;

/// The most slots that remember texts: enough for the names and tiers that repeat, small enough to stay in a cache.
const MOST_SLOTS: usize = 1 << 13;
const FEWEST_SLOTS: usize = 1 << 6;
/// The most slots that stay in the nearest cache while pages are read. Where there are more, texts wait to be looked for
/// together, which waits for memory once for several of them.
const NEAR_SLOTS: usize = 1 << 10;
/// How many texts wait: few enough to stay in that cache too.
const WAITING: usize = 256;
/// Kept texts after which it shows whether they come again.
const PROBATION: usize = 2 * MOST_SLOTS;

/// Texts under construction. One that comes again is mostly recognised, and otherwise kept twice, until they are ranked.
#[derive(Debug, Default)]
struct TextPool {
    kept: Texts,
    /// The texts that were last seen, by their looks.
    recent: Vec<Seen>,
    /// How often a text was recognised.
    recognised: usize,
    /// Texts that are not looked for yet.
    waiting: Texts,
    /// The places of those that waited before.
    found: Vec<Code>,
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
        if self.recent.len() > NEAR_SLOTS { self.code_later(text) } else { self.place(text) }
    }

    #[inline]
    fn code_later(&mut self, text: &str) -> Code {
        let number = self.found.len() + self.waiting.len();
        if !self.waiting.push(text) || number >= LATER as usize {
            self.overflowed = true;
            return 0;
        }
        if self.waiting.len() == WAITING {
            self.look_for_waiting();
        }
        LATER | number as Code
    }

    fn look_for_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for place in 1..=waiting.len() as Code {
            let found = self.place(waiting.get(place));
            self.found.push(found);
        }
        waiting.clear();
        self.waiting = waiting;
    }

    /// The place of `text` among the kept ones; zero where it has no room there.
    #[inline]
    fn place(&mut self, text: &str) -> Code {
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
        text.len() <= Seen::WHOLE_BYTES || self.kept.bytes(seen.code) == text.as_bytes()
    }

    fn keep(&mut self, text: &str, look: Seen) -> Code {
        if !self.kept.push(text) {
            self.overflowed = true;
            return 0;
        }
        let kept = self.kept.len();
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
        for code in 1..=self.kept.len() as Code {
            let seen = Seen::of(self.kept.bytes(code), code);
            self.recent[seen.slot(slots)] = seen;
        }
    }
}

/// The texts of every column, shared by the tables that are made together: they speak of the same resources.
#[derive(Debug)]
pub(crate) struct TextPools(Vec<TextPool>);

impl TextPools {
    pub(crate) fn new() -> Self {
        Self(Column::ALL.iter().map(|_| TextPool::default()).collect())
    }

    /// The number of `text` among those of `column`. A text may have several.
    #[inline]
    pub(crate) fn code(&mut self, column: Column, text: &str) -> Code {
        self.0[column as usize].code(text)
    }

    /// Every column's texts in order.
    pub(crate) fn ranked(self) -> RankedTexts {
        let ranked = |mut pool: TextPool| {
            pool.look_for_waiting();
            let any = pool.kept.len() > 0 || pool.overflowed;
            any.then(|| pool.kept.ranked(pool.found, pool.overflowed))
        };
        RankedTexts::of(self.0.into_iter().map(ranked).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_comes_again_is_kept_once() {
        let mut pool = TextPool::default();
        let codes: Vec<Code> = ["a", "b", "a", "", "b", ""].map(|text| pool.code(text)).to_vec();
        assert_eq!((codes, pool.kept.len()), (vec![1, 2, 1, 3, 2, 3], 3));
    }

    #[test]
    fn texts_that_wait_are_kept_once_too() {
        let mut pool = TextPool::default();
        for n in 0..6_000 {
            pool.code(&format!("customer-{}", n / 2 % 2_000));
        }
        assert!(!pool.found.is_empty() && pool.waiting.len() > 0);
        pool.look_for_waiting();
        assert!(pool.kept.len() < 2_300, "{} of 2,000 texts are kept", pool.kept.len());
    }

    #[test]
    fn a_pool_whose_texts_never_come_again_stops_looking_for_them() {
        let (mut ids, mut names) = (TextPool::default(), TextPool::default());
        for n in 0..PROBATION + WAITING {
            ids.code(&format!("id-{n}"));
            names.code(&format!("customer-{}", n % 3_000));
        }
        assert_eq!((ids.recent.len(), names.recent.len()), (FEWEST_SLOTS, MOST_SLOTS));
        let (code, kept) = (ids.code("again"), ids.kept.len());
        ids.code("and");
        assert_eq!((ids.code("again"), ids.kept.len()), (code, kept + 1));
    }
}
