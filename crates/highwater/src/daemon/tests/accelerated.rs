//! Months in seconds: restarts, outages of provider and store, revisions; and at the end the warehouse is the world.

use highwater_core::{Checkpoint, ErrorKind, Grain, Seconds, Unit};

use super::*;

/// What is published of the hourly dataset of `source` on `date`: seconds by hour.
async fn published(rig: &Rig, source: usize, date: chrono::NaiveDate) -> BTreeMap<i64, i64> {
    use arrow::array::{Array as _, AsArray as _};
    use arrow::datatypes::{Decimal128Type, TimestampMillisecondType};
    let config = &rig.daemon.session.config.sources[source];
    let unit = Unit { source: config.name.clone(), dataset: config.datasets[0].spec.name.clone(), date };
    let day = highwater_core::WindowSet::from(Window::day(date));
    let rows = rig
        .daemon
        .warehouse
        .read_windows("fake", &unit, highwater_core::Table::ResourceUsage, &day)
        .await
        .unwrap();
    let hours = rows.column_by_name("bucket_start").unwrap().as_primitive::<TimestampMillisecondType>();
    let seconds = rows.column_by_name("delivered_seconds").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!(seconds.null_count(), 0);
    let mut published = BTreeMap::new();
    for (hour, micros) in hours.values().iter().zip(seconds.values()) {
        assert!(
            published.insert(*hour, i64::try_from(*micros).unwrap()).is_none(),
            "an hour stands there twice"
        );
    }
    published
}

async fn checkpoint(rig: &Rig, source: usize) -> Checkpoint {
    let config = &rig.daemon.session.config.sources[source];
    rig.daemon.warehouse.checkpoint(&config.name, &config.datasets[0].spec.name).await.unwrap()
}

/// Nine days at a turn every four hours, among them a day without the provider, half a day without the store, and a
/// restart each day.
#[tokio::test]
async fn after_outages_restarts_and_revisions_the_warehouse_equals_the_world() {
    let mut rig = Rig::new("2026-09-03T00:15:00Z", "2026-09-01").await;
    let (state, aside) = (rig.folder.path().join("warehouse/state"), rig.folder.path().join("aside"));
    for turn in 0..54_usize {
        let now = rig.clock.now();
        let world = Arc::clone(rig.world("good"));
        match turn {
            12 => world.state().failure = Some(ErrorKind::Transient { retry_after: None }),
            18 => world.state().failure = None,
            30 => {
                std::fs::rename(&state, &aside).unwrap();
                std::fs::write(&state, "in the way").unwrap();
            }
            33 => {
                std::fs::remove_file(&state).unwrap();
                std::fs::rename(&aside, &state).unwrap();
            }
            _ => {}
        }
        // The provider revises an hour of the day before yesterday, before it is final.
        let revised = Grain::Hour.bucket(now - chrono::TimeDelta::hours(40));
        world.state().revised.insert(revised, 7);
        if turn % 6 == 5 {
            rig.restart().await;
        }
        rig.wake().await;
        rig.advance(240);
    }
    rig.advance(24 * 3 * 60);
    rig.wake().await;
    rig.advance(24 * 3 * 60);
    rig.wake().await;
    for (source, name) in SOURCES.into_iter().enumerate() {
        let checkpoint = checkpoint(&rig, source).await;
        let loaded = checkpoint.loaded();
        assert_eq!(loaded.iter().len(), 1, "no gap: {loaded:?}");
        assert!((checkpoint.failed.len(), checkpoint.held.len()) == (0, 0));
        let world = rig.world(name);
        for date in window("2026-09-01T00:00:00Z", "2026-09-12T00:00:00Z").dates() {
            let hours = Window::day(date).buckets(Grain::Hour);
            let expected: BTreeMap<i64, i64> = hours
                .map(|hour| {
                    let seconds = Seconds::from_whole(world.seconds(hour).unwrap()).unwrap();
                    (hour.start().timestamp_millis(), seconds.micros())
                })
                .collect();
            assert_eq!(published(&rig, source, date).await, expected, "{name} on {date}");
        }
        assert!(!world.state().doubled);
    }
}
