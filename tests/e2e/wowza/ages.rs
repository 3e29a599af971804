//! Trends: the provider chooses the grain by the span asked and its age, and a day comes by the hour at any age.

use highwater_simulator::wowza::{Straddle, TrendGaps, WowzaBehaviour};
use serde_json::{Map, Value};

use super::{Account, at, enabled, equality::assert_datasets_equal_world, eventful};

const DAY: (&str, &str) = ("2026-09-22", "2026-09-23");

/// Middays ten, thirty and forty days after [`DAY`] began; at the second the provider's edge lies inside it.
const AGES: [&str; 3] = ["2026-10-02T12:00:00Z", "2026-10-22T12:00:00Z", "2026-11-01T12:00:00Z"];

const TRENDS: [&str; 3] = ["transcoder_trend", "account_trend", "vod_trend"];

/// One row of a trend, without who loaded it and when.
type Sample = Map<String, Value>;

/// The day's trend of a transcoder, of a VOD stream and of a part of the account, as fetched at each age.
fn at_each_age(behaviour: WowzaBehaviour) -> Vec<[Vec<Sample>; 3]> {
    let account = Account::behaving(AGES[0], &eventful(), behaviour);
    let (transcoder, vod_stream) = (account.lasting("transcoder_hour"), account.lasting("vod_hour"));
    let part = ["--param", "filter[0][field]=resource", "--param", "filter[0][eq]=vod_streams"];
    let mut then = at(AGES[0]);
    let at_age = |now: &&str| {
        account.simulators.advance((at(now) - then).to_std().expect("each age is after the one before"));
        then = at(now);
        [
            fetched(&account, now, "transcoder_trend", "viewing_trend", &["--id", &transcoder]),
            fetched(&account, now, "vod_trend", "viewing_trend", &["--id", &vod_stream]),
            fetched(&account, now, "account_trend", "account_viewing_trend", &part),
        ]
    };
    AGES.iter().map(at_age).collect()
}

fn fetched(account: &Account, now: &str, operation: &str, table: &str, which: &[&str]) -> Vec<Sample> {
    let arguments = ["fetch", "wz", operation, "--from", DAY.0, "--to", DAY.1, "--format", "json"];
    let mut rows = account.highwater(now, &arguments).args(which).run().expect_code(0).json();
    let samples: Vec<Sample> =
        serde_json::from_value(rows[table].take()).unwrap_or_else(|error| panic!("{operation}: {error}"));
    let known = |sample: Sample| {
        sample.into_iter().filter(|(column, _)| column != "extracted_at" && column != "run_id").collect()
    };
    samples.into_iter().map(known).collect()
}

fn hour_of(sample: &Sample) -> i64 {
    let [start, end] = ["bucket_start", "bucket_end"]
        .map(|column| at(&format!("{}Z", sample[column].as_str().expect("text"))));
    assert_eq!((end - start).num_minutes(), 60, "{sample:?}");
    (start - at(DAY.0)).num_hours()
}

#[test]
fn the_same_day_has_the_same_hours_at_ten_thirty_and_forty_days_dense_or_sparse() {
    let dense = at_each_age(WowzaBehaviour::default());
    for straddle in [Straddle::From, Straddle::To] {
        let gaps = WowzaBehaviour { trend_gaps: TrendGaps::Sparse, straddle, ..WowzaBehaviour::default() };
        let sparse = at_each_age(gaps);
        for nth in 0..3 {
            let hours: Vec<i64> = dense[0][nth].iter().map(hour_of).collect();
            assert_eq!(hours, (0..24).collect::<Vec<_>>());
            let watched: Vec<Sample> =
                dense[0][nth].iter().filter(|sample| sample["delivered_bytes"] != 0).cloned().collect();
            for age in 0..AGES.len() {
                assert_eq!(dense[age][nth], dense[0][nth], "dense at {}", AGES[age]);
                assert_eq!(sparse[age][nth], watched, "sparse at {}", AGES[age]);
            }
        }
        assert!(sparse[0].iter().any(|samples| samples.len() < 24), "some hour has nothing to tell");
    }
}

#[test]
fn a_trend_loaded_at_forty_days_equals_the_world_as_one_loaded_at_ten() {
    for now in [AGES[0], AGES[2]] {
        let account = Account::new(now, &eventful());
        account.configure(&enabled(&TRENDS));
        account.backfill(now, DAY, &TRENDS).run().expect_code(0);
        assert_datasets_equal_world(&account, now, DAY, &|dataset| TRENDS.contains(&dataset));
    }
}

#[test]
fn a_trend_takes_no_grain_but_the_hour() {
    let account = Account::new(AGES[0], &eventful());
    for trend in TRENDS {
        account.configure(&format!("datasets.{trend} = {{ enabled = true, grain = \"day\" }}\n"));
        let outcome = account.highwater(AGES[0], &["plan"]).run().expect_code(2);
        assert!(outcome.stderr.contains(&format!("{trend}.grain")), "{}", outcome.stderr);
    }
}
