//! `day`: an hour added to, and replaced in, a day of 1.2 million records, beside writing the day again. The store is in
//! memory, and what it takes to copy the content there is left out: what is measured is our work and not the way to the
//! store.

use std::sync::Arc;

use highwater_core::WindowRecord;
use highwater_load::{Committed, Warehouse, WindowCommit};

use crate::Outcome;
use crate::bench::Bench;
use crate::measured;
use crate::pages::World;
use crate::report::{Grid, megabytes};
use crate::stages;
use crate::transport::Transport;

/// What a commit cost.
type Cost = (f64, Committed);

/// Runs the workload.
///
/// # Errors
/// When a commit fails.
pub fn run(bench: &Bench, world: World) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let spec = Arc::new(stages::spec());
    let normalised = |hour| stages::normalised(&spec, world, hour, 1_000);
    let hours: Vec<WindowCommit> =
        (0..world.hours).map(|hour| stages::window_commit(&spec, normalised(hour))).collect();
    let commit = |day: &Day, windows: &[WindowCommit]| -> Outcome<Cost> {
        let commit = stages::unit_commit(&spec, windows.to_vec());
        let before = measured::own_cpu()?.saturating_sub(day.transport.cpu());
        let committed = runtime.block_on(day.warehouse.commit(&commit))?;
        let after = measured::own_cpu()?.saturating_sub(day.transport.cpu());
        Ok((after.saturating_sub(before).as_secs_f64(), committed))
    };
    let (last, others) = hours.split_last().ok_or("a day without hours")?;
    let changed = changed(&hours[hours.len() / 2]);
    let mut costs: [(&str, Vec<Cost>); 5] = [
        ("the day written as a whole", Vec::new()),
        ("an hour added to a day written at once", Vec::new()),
        ("an hour replaced in it", Vec::new()),
        ("an hour added to a day that grew hour by hour", Vec::new()),
        ("an hour replaced in it", Vec::new()),
    ];
    for _ in 0..bench.repeat {
        costs[0].1.push(commit(&Day::new(), &hours)?);
        let at_once = Day::new();
        commit(&at_once, others)?;
        costs[1].1.push(commit(&at_once, std::slice::from_ref(last))?);
        costs[2].1.push(commit(&at_once, std::slice::from_ref(&changed))?);
        let grown = Day::new();
        for hour in others {
            commit(&grown, std::slice::from_ref(hour))?;
        }
        costs[3].1.push(commit(&grown, std::slice::from_ref(last))?);
        costs[4].1.push(commit(&grown, std::slice::from_ref(&changed))?);
    }
    let [whole, rest @ ..] = costs.map(|(what, costs)| median(costs).map(|cost| (what, cost)));
    let whole = whole?;
    let mut grid = Grid::new(&["", "CPU seconds", "of the whole day", "bytes put"]);
    let row = |(what, (cpu, committed)): (&str, Cost)| {
        let share = format!("1 / {:.1}", whole.1.0 / cpu.max(1e-9));
        [what.to_owned(), format!("{cpu:.3}"), share, megabytes(committed.bytes_written)]
    };
    grid.row(row(whole.clone()));
    for cost in rest {
        grid.row(row(cost?));
    }
    Ok(grid.markdown())
}

/// A day without an hour yet.
struct Day {
    transport: Arc<Transport>,
    warehouse: Warehouse,
}

impl Day {
    fn new() -> Self {
        let transport = Transport::new();
        Self { warehouse: stages::warehouse_in_memory(Arc::clone(&transport)), transport }
    }
}

/// The same hour with other content.
fn changed(hour: &WindowCommit) -> WindowCommit {
    let digest = || "0".repeat(32);
    let record =
        WindowRecord { pulls: 2, pull_digest: digest(), content_digest: digest(), ..hour.record.clone() };
    WindowCommit { record, batches: hour.batches.clone() }
}

fn median(mut costs: Vec<Cost>) -> Outcome<Cost> {
    costs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let middle = costs.len() / 2;
    costs.into_iter().nth(middle).ok_or_else(|| "nothing was measured".into())
}
