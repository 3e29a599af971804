//! Any history of commits, replacements, revisits, seals, crashes and rebuilds leaves exactly the rows of the last
//! published pull of each window.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater_core::{Checkpoint, Window};
use highwater_load::{Warehouse, WindowCommit};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use proptest::prelude::*;

use crate::failing::FailingStore;
use crate::support::{PROVIDER, TABLES, batch, commit, content, hours, object, over, record, unit};

/// Windows of a unit in the tests: every two hours, so that one pull has several buckets.
const WINDOWS: i64 = 5;

#[derive(Clone, Debug)]
enum Step {
    /// Windows are pulled, each with this many rows an hour, published, and recorded.
    Pull { windows: Vec<(i64, usize)>, crash: Option<Crash> },
    /// All windows that are loaded are final: their records are renewed and the unit is sealed.
    Seal { crash: Option<Crash> },
    /// A loaded window is pulled again and has not changed.
    Revisit { window: i64 },
    /// The checkpoint is lost and rebuilt.
    Rebuild,
}

#[derive(Clone, Copy, Debug)]
struct Crash {
    after_writes: i64,
    applied: bool,
}

fn crash() -> impl Strategy<Value = Option<Crash>> {
    let crash = (0..3_i64, any::<bool>()).prop_map(|(after_writes, applied)| Crash { after_writes, applied });
    prop::option::weighted(0.4, crash)
}

fn step() -> impl Strategy<Value = Step> {
    let windows = prop::collection::btree_map(0..WINDOWS, 0..4_usize, 1..3)
        .prop_map(|windows| windows.into_iter().collect());
    prop_oneof![
        6 => (windows, crash()).prop_map(|(windows, crash)| Step::Pull { windows, crash }),
        1 => crash().prop_map(|crash| Step::Seal { crash }),
        1 => (0..WINDOWS).prop_map(|window| Step::Revisit { window }),
        1 => Just(Step::Rebuild),
    ]
}

fn window(place: i64) -> Window {
    hours(place * 2, place * 2 + 2)
}

/// One program on the warehouse, and what must be true of it.
struct Story {
    store: Arc<dyn ObjectStore>,
    /// What each pull, told by its seed, had in its window.
    pulls: BTreeMap<u64, (i64, usize)>,
    /// The pull of each window that was published last, where no later one was cut short.
    published: BTreeMap<i64, u64>,
    seed: u64,
}

impl Story {
    async fn take(&mut self, step: &Step) {
        let before = [object(&*self.store, TABLES[0]).await, object(&*self.store, TABLES[1]).await];
        let mut sealed = false;
        match step {
            Step::Pull { windows, crash } => self.pull(windows, *crash).await,
            Step::Seal { crash } => {
                sealed = true;
                self.seal(*crash).await;
            }
            Step::Revisit { window: place } => self.revisit(*place).await,
            Step::Rebuild => {
                let warehouse = over(Arc::clone(&self.store));
                let unit = unit();
                let rebuilt = warehouse
                    .rebuild_checkpoint(PROVIDER, &unit.source, &unit.dataset, &TABLES, &|_, _| {})
                    .await;
                rebuilt.unwrap();
            }
        }
        for (table, before) in TABLES.into_iter().zip(before) {
            let after = object(&*self.store, table).await;
            assert!(sealed || after.starts_with(&before), "a version does not start with the last one");
        }
        self.check().await;
    }

    fn writer(&self, crash: Option<Crash>) -> Warehouse {
        match crash {
            None => over(Arc::clone(&self.store)),
            Some(Crash { after_writes, applied }) => {
                over(Arc::new(FailingStore::new(Arc::clone(&self.store), after_writes, applied)))
            }
        }
    }

    async fn pull(&mut self, windows: &[(i64, usize)], crash: Option<Crash>) {
        let checkpoint = self.checkpoint().await;
        let mut commits = Vec::new();
        for (place, rows) in windows {
            self.seed += 1;
            self.pulls.insert(self.seed, (*place, *rows));
            let known = checkpoint.open_record(window(*place)).map_or(0, |record| record.pulls);
            commits.push(WindowCommit {
                record: record(window(*place), *rows as u64 * 4, known + 1, self.seed),
                batches: TABLES.iter().map(|table| batch(*table, window(*place), *rows, self.seed)).collect(),
            });
            self.published.remove(place);
        }
        let records: Vec<_> = commits.iter().map(|commit| commit.record.clone()).collect();
        let writer = self.writer(crash);
        if writer.commit(&commit(commits, false)).await.is_err() {
            return;
        }
        for ((place, _), record) in windows.iter().zip(&records) {
            self.published.insert(*place, record.pull_digest.strip_prefix("pull-").unwrap().parse().unwrap());
        }
        let note = |checkpoint: &mut Checkpoint| {
            records.iter().cloned().for_each(|record| checkpoint.record(record))
        };
        writer.update_checkpoint(&unit().source, &unit().dataset, note).await.ok();
    }

    async fn seal(&mut self, crash: Option<Crash>) {
        let reader = over(Arc::clone(&self.store));
        let loaded = reader.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
        let renewed = loaded.into_iter().map(|mut record| {
            record.pulls += 1;
            WindowCommit { record, batches: Vec::new() }
        });
        // A window that was cut short is in the way of nothing: it just does not count as loaded.
        self.writer(crash).commit(&commit(renewed.collect(), true)).await.ok();
    }

    async fn revisit(&mut self, place: i64) {
        let Some(seed) = self.published.get(&place) else { return };
        let rows = self.pulls[seed].1;
        let again = WindowCommit {
            record: record(window(place), rows as u64 * 4, 9, *seed),
            batches: TABLES.iter().map(|table| batch(*table, window(place), rows, *seed)).collect(),
        };
        let done = over(Arc::clone(&self.store)).commit(&commit(vec![again], false)).await.unwrap();
        assert_eq!(done.objects_written, 0);
    }

    async fn checkpoint(&self) -> Checkpoint {
        over(Arc::clone(&self.store)).checkpoint(&unit().source, &unit().dataset).await.unwrap()
    }

    async fn check(&self) {
        let warehouse = over(Arc::clone(&self.store));
        let loaded = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
        let tables = [content(&warehouse, TABLES[0]).await, content(&warehouse, TABLES[1]).await];
        for (place, seed) in &self.published {
            let record = loaded.iter().find(|record| record.window == window(*place)).unwrap();
            assert_eq!(record.pull_digest, format!("pull-{seed}"));
        }
        for table in &tables {
            for (hour, (rows, seed)) in table {
                assert_eq!(self.pulls[seed], (hour / 2, *rows), "an hour holds all rows of one pull of it");
            }
        }
        for record in &loaded {
            let seed: u64 = record.pull_digest.strip_prefix("pull-").unwrap().parse().unwrap();
            let (place, rows) = self.pulls[&seed];
            let expected = (rows > 0).then_some((rows, seed));
            for table in &tables {
                assert_eq!(
                    table.get(&(place * 2)).copied(),
                    expected,
                    "a loaded window has the rows it names"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_history_leaves_the_rows_of_the_last_published_pulls(steps in prop::collection::vec(step(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let mut story = Story { store, pulls: BTreeMap::new(), published: BTreeMap::new(), seed: 0 };
            for step in &steps {
                story.take(step).await;
            }
            // The next run pulls what is not loaded, and all is well.
            let all: Vec<(i64, usize)> = (0..WINDOWS).map(|place| (place, 2)).collect();
            story.take(&Step::Pull { windows: all, crash: None }).await;
            story.take(&Step::Seal { crash: None }).await;
            story.take(&Step::Rebuild).await;
            let checkpoint = story.checkpoint().await;
            prop_assert_eq!(checkpoint.sealed.len(), 1);
            prop_assert_eq!(checkpoint.loaded(), hours(0, WINDOWS * 2).into());
            Ok(())
        })?;
    }
}
