//! The pages that everybody reads: one day of Mux delivery usage over many assets, the same bytes on every run.
//!
//! Each hour lists every asset once, by falling usage, so that ids come in another order each hour. A tenth of the
//! assets was delivered in three resolutions, the rest in one or two.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{PageRequest, RawPage, Window};

/// The usage of `assets` assets in each of `hours` hours.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Assets, each listed once an hour.
    pub assets: u64,
    /// Hours from the first of [`DAY`].
    pub hours: u64,
}

/// The date of the first hour.
pub const DAY: &str = "2026-09-01";

/// Strides by which the ranking of an hour walks through the assets; primes, so that each asset is met once.
const STRIDES: [u64; 8] = [7_919, 12_553, 15_859, 19_373, 24_083, 28_201, 33_409, 41_903];

impl World {
    /// The day of the standard ingest: 1.2 million records.
    #[must_use]
    pub fn day() -> Self {
        Self { assets: 50_000, hours: 24 }
    }

    /// One hour of the world.
    #[must_use]
    pub fn window(hour: u64) -> Window {
        let start: DateTime<Utc> = format!("{DAY}T00:00:00Z").parse().expect("a literal instant");
        let start = start + TimeDelta::hours(i64::try_from(hour).expect("an hour of a day"));
        Window::of(start, start + TimeDelta::hours(1))
    }

    /// Records over all hours.
    #[must_use]
    pub fn records(self) -> u64 {
        self.assets * self.hours
    }

    /// Pages of one hour.
    #[must_use]
    pub fn pages(self, page_size: u64) -> u64 {
        self.assets.div_ceil(page_size)
    }

    /// The sum of `delivered_seconds` over all records, in microseconds.
    #[must_use]
    pub fn delivered_micros(self) -> u64 {
        (0..self.hours).flat_map(|hour| (0..self.assets).map(move |rank| delivered(hour, rank))).sum()
    }

    /// The body of a page, counted from one. A page beyond the last has no rows.
    #[must_use]
    pub fn body(self, hour: u64, page: u64, page_size: u64) -> Vec<u8> {
        let window = Self::window(hour);
        let (start, end) = (window.start().timestamp(), window.end().timestamp());
        let first = (page - 1) * page_size;
        let ranks = first..(first + page_size).min(self.assets);
        let mut text = String::with_capacity(usize::try_from(page_size).expect("a page size") * 400);
        let total = self.assets;
        write!(
            text,
            r#"{{"total_row_count":{total},"timeframe":[{start},{end}],"page":{page},"limit":{page_size},"data":["#
        )
        .expect("text grows");
        for rank in ranks {
            if rank > first {
                text.push(',');
            }
            self.row(&mut text, hour, rank);
        }
        text.push_str("]}");
        text.into_bytes()
    }

    /// A page as the extractor would have fetched it.
    #[must_use]
    pub fn raw_page(self, hour: u64, page: u64, page_size: u64) -> RawPage {
        let window = Self::window(hour);
        RawPage {
            request: PageRequest::new("delivery_usage", window)
                .with_param("page", page)
                .with_param("limit", page_size),
            body: self.body(hour, page, page_size).into(),
            fetched_at: window.end() + TimeDelta::hours(12),
        }
    }

    fn row(self, text: &mut String, hour: u64, rank: u64) {
        let stride = STRIDES[usize::try_from(hour).expect("an hour of a day") % STRIDES.len()];
        let asset = (rank * stride + hour * 17) % self.assets;
        let dice = mix(asset ^ 0xa55e7);
        text.push('{');
        if dice.is_multiple_of(4) {
            write!(text, r#""live_stream_id":"{}","#, Id(asset / 8 + (1 << 40))).expect("text grows");
        }
        let quality = ["basic", "plus", "premium"][pick(dice >> 8, 3)];
        let encoding = ["baseline", "smart", "smart"][pick(dice >> 8, 3)];
        let tier = ["720p", "1080p", "1080p", "2160p"][pick(dice >> 16, 4)];
        write!(
            text,
            r#""asset_id":"{}","passthrough":"customer-{}","created_at":"{}","asset_state":"ready","asset_duration":{},"asset_resolution_tier":"{tier}","asset_encoding_tier":"{encoding}","asset_video_quality":"{quality}","delivered_seconds":{},"delivered_seconds_by_resolution":{{"#,
            Id(asset),
            dice % 4_000,
            1_756_000_000 + dice % 8_000_000,
            Micros(30_000_000 + dice % 7_200_000_000),
            Micros(delivered(hour, rank)),
        )
        .expect("text grows");
        let delivered = delivered(hour, rank);
        let tiers = if rank < self.assets / 10 { 3 } else { 1 + pick(mix(rank ^ hour << 32), 2) as u64 };
        let mut left = delivered;
        for nth in 0..tiers {
            let part = if nth + 1 == tiers { left } else { left / 3 };
            left -= part;
            let name = ["tier_720p", "tier_1080p", "tier_2160p"][usize::try_from(nth).expect("below three")];
            let gap = if nth == 0 { "" } else { "," };
            write!(text, r#"{gap}"{name}":{}"#, Micros(part)).expect("text grows");
        }
        text.push_str("}}");
    }
}

/// Microseconds delivered of the asset at `rank`: falling with the rank, odd in its digits.
fn delivered(hour: u64, rank: u64) -> u64 {
    3_000_000_000_000 / (rank + 25) + mix(hour << 32 | rank) % 1_000_000
}

fn pick(dice: u64, of: u64) -> usize {
    usize::try_from(dice % of).expect("a small index")
}

/// A number that looks like chance, the same for the same `seed`.
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// An id of 44 letters and digits.
struct Id(u64);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for part in 0..4 {
            let mut value = mix(self.0 << 3 | part);
            for _ in 0..11 {
                write!(f, "{}", char::from(LETTERS[pick(value, 62)]))?;
                value /= 62;
            }
        }
        Ok(())
    }
}

/// Microseconds as a JSON number of seconds, without trailing zeros.
struct Micros(u64);

impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction}", self.0 / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_asset_is_listed_once_an_hour_and_the_figures_add_up() {
        let world = World { assets: 1_000, hours: 2 };
        let mut micros = 0;
        for hour in 0..2 {
            let mut ids = BTreeSet::new();
            for page in 1..=world.pages(300) {
                let page: Value = serde_json::from_slice(&world.body(hour, page, 300)).unwrap();
                for row in page["data"].as_array().unwrap() {
                    assert!(ids.insert(row["asset_id"].as_str().unwrap().to_owned()));
                    let parts = row["delivered_seconds_by_resolution"].as_object().unwrap().values();
                    let parts: f64 = parts.map(|part| part.as_f64().unwrap()).sum();
                    assert!((parts - row["delivered_seconds"].as_f64().unwrap()).abs() < 1e-3);
                    micros += (row["delivered_seconds"].as_f64().unwrap() * 1e6).round() as u64;
                }
            }
            assert_eq!(ids.len(), 1_000);
        }
        assert_eq!(micros, world.delivered_micros());
    }
}
