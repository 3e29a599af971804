//! The assets of the simulated environment: who they are and when they lived.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::mux::hours::Hour;
use crate::mux::seconds::Seconds;
use crate::world::{Seed, WorldSettings};

const DAY_SECONDS: u64 = 86_400;

/// Free text that customers put where a plain key was expected.
const ODD_PASSTHROUGHS: [&str; 4] =
    ["Müller \"A\" & Söhne, 25 %", "line one\nline two", "{\"customer\":17}", "日本語のタイトル"];

/// The resolution tiers of the provider, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Up to 2160p.
    P2160,
    /// Up to 1440p.
    P1440,
    /// Up to 1080p.
    P1080,
    /// Up to 720p.
    P720,
    /// Sound alone.
    AudioOnly,
}

impl Tier {
    /// All tiers, in the order in which usage is kept.
    pub const ALL: [Self; 5] = [Self::P2160, Self::P1440, Self::P1080, Self::P720, Self::AudioOnly];

    /// The provider's word for it, which is also the warehouse's rendition.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::P2160 => "2160p",
            Self::P1440 => "1440p",
            Self::P1080 => "1080p",
            Self::P720 => "720p",
            Self::AudioOnly => "audio-only",
        }
    }
}

/// How much encoding an asset was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// `basic`, of old `baseline`.
    Basic,
    /// `plus`, of old `smart`.
    Plus,
    /// `premium` in both.
    Premium,
}

impl Quality {
    /// The value of `asset_video_quality`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Plus => "plus",
            Self::Premium => "premium",
        }
    }

    /// The value of the deprecated `asset_encoding_tier`.
    #[must_use]
    pub fn encoding_tier(self) -> &'static str {
        match self {
            Self::Basic => "baseline",
            Self::Plus => "smart",
            Self::Premium => "premium",
        }
    }
}

/// One asset.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its id.
    pub id: String,
    /// The live stream it was recorded from, if any.
    pub live_stream_id: Option<String>,
    /// The customer's own text; may be empty.
    pub passthrough: Option<String>,
    /// When it was made, epoch seconds.
    pub created_at: i64,
    /// When it was deleted or will be, epoch seconds.
    pub deleted_at: Option<i64>,
    /// Whether its encoding failed in part; it is delivered all the same.
    pub errored: bool,
    /// How long it plays.
    pub duration: Seconds,
    /// The tier it was ingested in; delivery is never higher.
    pub tier: Tier,
    /// Its quality.
    pub quality: Quality,
    /// Whether answers carry `asset_video_quality`; the deprecated field is always there.
    pub quality_listed: bool,
    pub(crate) draws: Seed,
    pub(crate) weight_seconds: u64,
    pub(crate) quiet_per_mille: u64,
    pub(crate) heard: bool,
}

impl Asset {
    /// Whether it exists in any part of `hour`.
    #[must_use]
    pub fn lives_in(&self, hour: Hour) -> bool {
        Hour::containing(self.created_at) <= hour
            && self.deleted_at.is_none_or(|deleted| hour <= Hour::containing(deleted))
    }

    fn make(settings: WorldSettings, index: u64) -> Self {
        let draws = Seed(settings.seed.draw(&[0xA55E7, index]));
        let (created_at, deleted_at) = lifetime(draws, settings.anchor);
        let tier = match draws.below(&[1], 100) {
            0..10 => Tier::P2160,
            10..20 => Tier::P1440,
            20..65 => Tier::P1080,
            65..90 => Tier::P720,
            _ => Tier::AudioOnly,
        };
        let quality = match draws.below(&[2], 10) {
            0..5 => Quality::Basic,
            5..9 => Quality::Plus,
            _ => Quality::Premium,
        };
        let seconds = draws.between(&[3], 5, 7200) * 1_000_000;
        let fraction = if draws.chance(&[4], 300) { 0 } else { draws.below(&[5], 1_000_000) };
        Self {
            id: draws.alphanumeric(&[6], 43),
            live_stream_id: live_stream(settings, draws),
            passthrough: passthrough(draws, index),
            created_at,
            deleted_at,
            errored: draws.chance(&[7], 20),
            duration: Seconds::from_micros(i64::try_from(seconds + fraction).unwrap_or(0)),
            tier,
            quality,
            quality_listed: !draws.chance(&[8], 100),
            draws,
            weight_seconds: (1 << draws.between(&[9], 3, 14)) * draws.between(&[10], 500, 1500) / 1000,
            quiet_per_mille: draws.below(&[11], 700),
            heard: draws.chance(&[12], 150),
        }
    }
}

/// Six in ten are older than any window, three in ten began within the hundred days before the anchor, the rest begin
/// in the weeks around it; a fifth is deleted some day.
fn lifetime(draws: Seed, anchor: DateTime<Utc>) -> (i64, Option<i64>) {
    let anchor = anchor.timestamp();
    let days = |word: u64, least: u64, most: u64| {
        i64::try_from(draws.between(&[word], least * DAY_SECONDS, most * DAY_SECONDS)).unwrap_or(0)
    };
    let created = match draws.below(&[20], 10) {
        0..6 => anchor - days(21, 100, 900),
        6..9 => anchor - days(22, 0, 100),
        _ => anchor + days(23, 0, 38) - 8 * 86_400,
    };
    let deleted = draws.chance(&[24], 200).then(|| created.max(anchor - 100 * 86_400) + days(25, 1, 120));
    (created, deleted)
}

/// A fifth of the assets are recordings, about four of one stream.
fn live_stream(settings: WorldSettings, draws: Seed) -> Option<String> {
    let streams = u64::from(settings.resources / 20 + 1);
    draws.chance(&[30], 200).then(|| {
        let stream = draws.below(&[31], streams);
        settings.seed.alphanumeric(&[0x5EA3, stream], 43)
    })
}

fn passthrough(draws: Seed, index: u64) -> Option<String> {
    match draws.below(&[40], 100) {
        0..40 => None,
        40..50 => Some(String::new()),
        50..95 => Some(format!("customer-{}", index % 40)),
        _ => {
            let odd = usize::try_from(draws.below(&[41], 4)).unwrap_or(0);
            Some(ODD_PASSTHROUGHS[odd].to_owned())
        }
    }
}

/// A deterministic environment: its assets, and through them the usage of every hour.
#[derive(Debug)]
pub struct MuxWorld {
    pub(crate) seed: Seed,
    assets: Vec<Asset>,
    by_id: HashMap<String, usize>,
    by_live_stream: HashMap<String, Vec<usize>>,
}

impl MuxWorld {
    /// The world of `settings`.
    #[must_use]
    pub fn new(settings: WorldSettings) -> Self {
        let assets: Vec<Asset> =
            (0..settings.resources).map(|index| Asset::make(settings, u64::from(index))).collect();
        let by_id = assets.iter().enumerate().map(|(index, asset)| (asset.id.clone(), index)).collect();
        let mut by_live_stream: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, asset) in assets.iter().enumerate() {
            if let Some(stream) = &asset.live_stream_id {
                by_live_stream.entry(stream.clone()).or_default().push(index);
            }
        }
        Self { seed: settings.seed, assets, by_id, by_live_stream }
    }

    /// All assets, those not yet created and those deleted among them.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    pub(crate) fn asset_index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn recordings_of(&self, live_stream_id: &str) -> Option<&[usize]> {
        self.by_live_stream.get(live_stream_id).map(Vec::as_slice)
    }
}
