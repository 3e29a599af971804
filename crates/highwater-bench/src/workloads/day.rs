//! `day`: an hour added to, and replaced in, a day of 1.2 million records, beside writing the day again.

use std::sync::Arc;

use highwater_core::WindowRecord;
use highwater_load::{Committed, Warehouse, WindowCommit};

use crate::Outcome;
use crate::bench::Bench;
use crate::measured;
use crate::pages::World;
use crate::report::{Grid, megabytes};
use crate::stages;

/// Runs the workload.
///
/// # Errors
/// When a commit fails.
pub fn run(bench: &Bench, world: World) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let spec = Arc::new(stages::spec());
    let hours: Vec<WindowCommit> = (0..world.hours)
        .map(|hour| stages::window_commit(&spec, stages::normalised(&spec, world, hour, 1_000)))
        .collect();
    let folder = bench.scratch("day-")?;
    let open = |name: &str| runtime.block_on(stages::warehouse(&folder.path().join(name)));
    let grown = open("grown")?;
    let commit = |warehouse: &Warehouse, windows: Vec<WindowCommit>| -> Outcome<(f64, Committed)> {
        let commit = stages::unit_commit(&spec, windows);
        let before = measured::own_cpu()?;
        let committed = runtime.block_on(warehouse.commit(&commit))?;
        Ok((measured::own_cpu()?.saturating_sub(before).as_secs_f64(), committed))
    };
    let last = hours.len() - 1;
    commit(&grown, hours[..last].to_vec())?;
    let added = commit(&grown, vec![hours[last].clone()])?;
    let mut other = hours[last / 2].clone();
    other.record = WindowRecord {
        pulls: 2,
        pull_digest: "0".repeat(32),
        content_digest: "0".repeat(32),
        ..other.record.clone()
    };
    let replaced = commit(&grown, vec![other])?;
    let whole = commit(&open("whole")?, hours)?;
    let mut grid = Grid::new(&["", "CPU seconds", "of the whole day", "bytes written"]);
    for (what, (cpu, committed)) in
        [("the day as a whole", whole.clone()), ("an hour added", added), ("an hour replaced", replaced)]
    {
        let share = if cpu > 0.0 { format!("1 / {:.1}", whole.0 / cpu) } else { "–".to_owned() };
        grid.row([what.to_owned(), format!("{cpu:.3}"), share, megabytes(committed.bytes_written)]);
    }
    Ok(grid.markdown())
}
