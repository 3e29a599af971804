//! What a simulated account is made of, before any usage.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::Secret;

use crate::world::{Seed, WorldSettings};

/// The account to make: how many resources, and when the two eventful ones appear and vanish.
#[derive(Clone, Debug)]
pub struct WowzaPlan {
    /// All figures, names and ids follow from it.
    pub seed: Seed,
    /// How many transcoders the account has in all, with the archived, the late and the deleted one.
    pub transcoders: usize,
    /// How many VOD streams, likewise.
    pub vod_streams: usize,
    /// When all but the late resources were created; before it there is no usage. A full hour.
    pub begins: DateTime<Utc>,
    /// When the late transcoder and the late VOD stream are created. A full hour.
    pub created_at: DateTime<Utc>,
    /// When one transcoder and one VOD stream are deleted. A full hour.
    pub deleted_at: DateTime<Utc>,
}

impl WowzaPlan {
    /// Twelve transcoders and twenty VOD streams; the late ones appear five and a quarter days
    /// before `end`, the deleted ones vanish three and a quarter days before it.
    #[must_use]
    pub fn ending_at(seed: Seed, end: DateTime<Utc>) -> Self {
        let full_hour = DateTime::from_timestamp(end.timestamp().div_euclid(3600) * 3600, 0).unwrap_or(end);
        Self {
            seed,
            transcoders: 12,
            vod_streams: 20,
            begins: full_hour - TimeDelta::days(800),
            created_at: full_hour - TimeDelta::hours(126),
            deleted_at: full_hour - TimeDelta::hours(78),
        }
    }
}

impl Default for WowzaPlan {
    /// The account that `demo` and `simulate` show.
    fn default() -> Self {
        Self::ending_at(WorldSettings::demo().seed, WorldSettings::demo().anchor)
    }
}

/// What the simulated account accepts, and the one token it knows to have run out.
#[derive(Clone, Debug)]
pub struct WowzaCredentials {
    /// The JWT that is accepted.
    pub token: Secret,
    /// A JWT that was accepted once: answered with `ERR-401-ExpiredToken`.
    pub expired_token: Secret,
    /// The API key; it signs in HMAC mode.
    pub api_key: Secret,
    /// The access key.
    pub access_key: Secret,
}

impl Default for WowzaCredentials {
    fn default() -> Self {
        Self {
            token: Secret::new("simulated.wowza.token".to_owned()),
            expired_token: Secret::new("simulated.wowza.expired-token".to_owned()),
            api_key: Secret::new("K".repeat(64)),
            access_key: Secret::new("A".repeat(64)),
        }
    }
}
