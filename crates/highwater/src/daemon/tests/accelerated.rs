//! Months in seconds: restarts, outages of provider and store, revisions, and a month away; at the end the warehouse is
//! the world.

use highwater_core::{Checkpoint, DatasetSpec, ErrorKind, Grain, Seconds, Unit};

use super::*;

/// The hours between turns.
const TURN_HOURS: u64 = 6;
const TURNS_A_DAY: u64 = 24 / TURN_HOURS;

/// Ninety days at a turn every six hours.
struct Months {
    rig: Rig,
    /// Turns since the start, those included for which nobody was there.
    turn: u64,
    /// The store while it is away.
    aside: Option<std::path::PathBuf>,
}

impl Months {
    /// The provider forgets after thirty-two days.
    async fn new() -> Self {
        let schedule = "datasets.hourly = { schedule = \"10 */6 * * *\" }\n";
        let retention = TimeDelta::days(32);
        let (now, start) = ("2026-09-03T06:15:00Z", "2026-09-01");
        let rig = Rig::with_retention(now, start, "", schedule, retention).await;
        Self { rig, turn: 0, aside: None }
    }

    fn failing(&self, source: &str, failure: Option<ErrorKind>) {
        self.rig.world(source).state().failure = failure;
    }

    /// Puts a file where the state is to stand.
    fn take_store_away(&mut self) {
        let (state, aside) = (self.state_folder(), self.rig.folder.path().join("aside"));
        std::fs::rename(&state, &aside).unwrap();
        std::fs::write(&state, "in the way").unwrap();
        self.aside = Some(aside);
    }

    fn bring_store_back(&mut self) {
        let state = self.state_folder();
        std::fs::remove_file(&state).unwrap();
        std::fs::rename(self.aside.take().expect("it is away"), &state).unwrap();
    }

    fn state_folder(&self) -> std::path::PathBuf {
        self.rig.folder.path().join("warehouse/state")
    }

    /// The provider revises an hour and a day that are still to be revisited.
    fn revise(&self) {
        let then = self.rig.clock.now() - TimeDelta::hours(40);
        let world = self.rig.world(SOURCES[(self.turn % 2) as usize]);
        world.state().revised.insert(Grain::Hour.bucket(then), 7 + (self.turn % 5).cast_signed());
        world.state().revised.insert(Grain::Day.bucket(then), 11 + (self.turn % 3).cast_signed());
    }

    /// `days` days with the daemon at work, started anew every ninth turn.
    async fn work(&mut self, days: u64) {
        for _ in 0..days * TURNS_A_DAY {
            self.turn += 1;
            if self.turn.is_multiple_of(9) {
                self.rig.restart().await;
            }
            self.rig.wake().await;
            self.assert_nothing_waits();
            self.rig.daemon.metrics_text().unwrap();
            self.rig.advance(60 * TURN_HOURS);
        }
    }

    /// The same while the provider revises.
    async fn work_under_revisions(&mut self, days: u64) {
        for _ in 0..days {
            self.revise();
            self.work(1).await;
        }
    }

    /// After a turn that nothing stood in the way of, no dataset has anything to wait for.
    fn assert_nothing_waits(&self) {
        let notes = self.rig.daemon.board.copy();
        let now = self.rig.clock.now();
        let view = super::super::view::View::new(&self.rig.daemon.session.config, &notes, now);
        for (feed, status) in view.statuses() {
            assert!(status.expired.is_empty(), "{} lost {:?} at {now}", feed.name(), status.expired);
            let world = self.rig.world(SOURCES[feed.source_index]);
            if self.aside.is_none() && world.state().failure.is_none() {
                assert!(status.missing.is_empty(), "{} waits for {:?} at {now}", feed.name(), status.missing);
            }
        }
    }

    /// Nobody is there for a month, until ten minutes before the first window is lost; then a source answers slowly.
    async fn be_away_for_a_month(&mut self) {
        let next_day = self.loaded_until(1).await;
        let first_loss = next_day + self.rig.retention;
        let back_at = first_loss - TimeDelta::minutes(10);
        let away = back_at - self.rig.clock.now();
        assert!(away >= TimeDelta::days(30), "{away}");
        self.rig.clock.advance(away.to_std().unwrap());
        for hours in (0..30 * 24).step_by(31) {
            let revised = Grain::Hour.bucket(next_day + TimeDelta::hours(18 + hours));
            for source in SOURCES {
                self.rig.world(source).state().revised.insert(revised, 5);
            }
        }
        let slow = Arc::clone(self.rig.world("good"));
        slow.state().pace = Some((self.rig.clock.clone(), Duration::from_secs(20)));
        self.rig.restart().await;
        self.rig.wake().await;
        slow.state().pace = None;
        let took = self.rig.clock.now() - back_at;
        let first_hour_lost = self.first_hour_lost(next_day);
        assert!(
            back_at + took > first_hour_lost,
            "in any order but the right one hours would have been lost"
        );
        self.assert_nothing_waits();
        // Back to the minute at which turns come.
        let next_turn = Grain::Day.floor(self.rig.clock.now()) + TimeDelta::minutes(24 * 60 + 15);
        self.rig.clock.advance((next_turn - self.rig.clock.now()).to_std().unwrap());
    }

    /// When the first hour after those that were there before the month is lost.
    fn first_hour_lost(&self, next_day: DateTime<Utc>) -> DateTime<Utc> {
        let world = self.rig.world("good");
        let state = world.state();
        let hours = state.asked.iter().filter(|(dataset, _, at)| {
            dataset == "hourly" && *at > next_day + self.rig.retention - TimeDelta::minutes(10)
        });
        let first = hours.map(|(_, window, _)| window.start()).min().expect("hours were asked for");
        first + self.rig.retention
    }

    /// Up to where the dataset at `index` of the first source is loaded.
    async fn loaded_until(&self, index: usize) -> DateTime<Utc> {
        let loaded = checkpoint(&self.rig, 0, index).await.loaded();
        loaded.iter().next_back().expect("something is loaded").end()
    }

    /// Of each dataset all is published as the world has it now, nothing more and nothing twice.
    async fn assert_equals_world(&self, from: &str) {
        for (source, name) in SOURCES.into_iter().enumerate() {
            let config = &self.rig.daemon.session.config.sources[source];
            for (index, dataset) in config.enabled().enumerate() {
                let checkpoint = checkpoint(&self.rig, source, index).await;
                let loaded = checkpoint.loaded();
                assert_eq!(loaded.iter().len(), 1, "no gap: {loaded:?}");
                assert_eq!((checkpoint.failed.len(), checkpoint.held.len()), (0, 0));
                let whole = loaded.iter().next().expect("there is one");
                assert_eq!(whole.start(), at(from));
                for date in whole.dates() {
                    let windows = WindowSet::from(Window::day(date)).within(whole);
                    let expected = expected(self.rig.world(name), &windows, dataset.spec.step);
                    let published = published(&self.rig, source, &dataset.spec, date).await;
                    assert_eq!(published, expected, "{name}/{} on {date}", dataset.spec.name);
                }
            }
            let state = self.rig.world(name).state();
            assert!(!state.doubled);
            assert_eq!(state.asked_too_late, []);
        }
    }
}

/// What the world has of `windows`: micro-units of seconds by bucket.
fn expected(world: &World, windows: &WindowSet, step: Grain) -> BTreeMap<i64, i64> {
    let buckets = windows.iter().flat_map(|window| window.buckets(step).collect::<Vec<_>>());
    let seconds = |bucket: Window| {
        let seconds = Seconds::from_whole(world.seconds(bucket).unwrap()).unwrap();
        (bucket.start().timestamp_millis(), seconds.micros())
    };
    buckets.map(seconds).collect()
}

/// What is published of a dataset of `source` on `date`: micro-units of seconds by bucket.
async fn published(
    rig: &Rig,
    source: usize,
    spec: &DatasetSpec,
    date: chrono::NaiveDate,
) -> BTreeMap<i64, i64> {
    use arrow::array::{Array as _, AsArray as _};
    use arrow::datatypes::{Decimal128Type, TimestampMillisecondType};
    let config = &rig.daemon.session.config.sources[source];
    let unit = Unit { source: config.name.clone(), dataset: spec.name.clone(), date };
    let day = WindowSet::from(Window::day(date));
    let table = highwater_core::Table::ResourceUsage;
    let rows = rig.daemon.warehouse.read_windows("fake", &unit, table, &day).await.unwrap();
    let buckets = rows.column_by_name("bucket_start").unwrap().as_primitive::<TimestampMillisecondType>();
    let seconds = rows.column_by_name("delivered_seconds").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!(seconds.null_count(), 0);
    let mut published = BTreeMap::new();
    for (bucket, micros) in buckets.values().iter().zip(seconds.values()) {
        let before = published.insert(*bucket, i64::try_from(*micros).unwrap());
        assert!(before.is_none(), "a bucket stands there twice");
    }
    published
}

async fn checkpoint(rig: &Rig, source: usize, dataset: usize) -> Checkpoint {
    let config = &rig.daemon.session.config.sources[source];
    let name = &config.enabled().nth(dataset).expect("it is on").spec.name;
    rig.daemon.warehouse.checkpoint(&config.name, name).await.unwrap()
}

/// What this process holds of physical memory, in KiB; `None` where the system does not say.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[tokio::test]
async fn ninety_days_of_outages_restarts_and_revisions_leave_the_warehouse_equal_to_the_world() {
    let transient = || Some(ErrorKind::Transient { retry_after: None });
    let mut months = Months::new().await;
    months.work_under_revisions(5).await;
    months.failing("good", transient());
    months.work_under_revisions(1).await;
    months.failing("good", None);
    let broken = Grain::Hour.bucket(months.rig.clock.now() - TimeDelta::hours(8));
    months.rig.world("other").state().broken.insert(broken);
    months.work_under_revisions(5).await;
    months.rig.world("other").state().broken.clear();
    months.take_store_away();
    months.work_under_revisions(1).await;
    months.bring_store_back();
    months.work_under_revisions(4).await;
    let settled_kib = resident_kib();
    months.failing("other", Some(ErrorKind::Auth));
    months.work_under_revisions(3).await;
    months.failing("other", None);
    months.work_under_revisions(7).await;
    months.work(3).await;

    months.be_away_for_a_month().await;

    months.work_under_revisions(10).await;
    for source in SOURCES {
        months.failing(source, transient());
    }
    months.take_store_away();
    months.work(2).await;
    months.bring_store_back();
    months.work(1).await;
    for source in SOURCES {
        months.failing(source, None);
    }
    months.work_under_revisions(16).await;
    months.work(3).await;
    let days = (months.rig.clock.now() - at("2026-09-03T00:00:00Z")).num_days();
    assert!(days >= 90, "{days}");
    months.assert_equals_world("2026-09-01T00:00:00Z").await;
    if let (Some(before), Some(after)) = (settled_kib, resident_kib()) {
        println!("resident after 16 days {before} KiB, after {days} days {after} KiB");
        assert!(after < before + 128 * 1_024, "memory grows: {before} KiB, then {after} KiB");
    }
}
