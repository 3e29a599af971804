//! The two figures of a row, and what is done with them.

/// What one video URL used in some span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes delivered.
    pub bytes: u64,
    /// Play, pause and stop commands received.
    pub requests: u64,
}

impl Usage {
    /// Nothing at all: such a usage has no row.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, requests: self.requests + other.requests }
    }

    /// `part` of `whole` equal parts of this, rounded down.
    pub(super) fn share(self, part: u64, whole: u64) -> Self {
        let of = |figure: u64| {
            let share = u128::from(figure) * u128::from(part.min(whole)) / u128::from(whole);
            u64::try_from(share).expect("a part is no more than the whole")
        };
        Self { bytes: of(self.bytes), requests: of(self.requests) }
    }
}
