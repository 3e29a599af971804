//! `analyst`: what a question costs in DuckDB, and the bytes a record takes, beside what dlt leaves.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ingest;
use crate::Outcome;
use crate::bench::Bench;
use crate::pages::{DAY, World};
use crate::report::{Grid, megabytes, thousands};
use crate::subject::{Subject, UNLIMITED, bytes_below, mux_source};

#[derive(Deserialize)]
struct Answers {
    questions: BTreeMap<String, Cost>,
}

/// What one question cost.
#[derive(Clone, Copy, Deserialize)]
struct Cost {
    milliseconds: f64,
    bytes_read: u64,
}

/// Runs the workload.
///
/// # Errors
/// When a contender fails.
pub fn run(bench: &Bench, world: World) -> Outcome<String> {
    let server = ingest::serve(world, 1_000)?;
    let source = mux_source("mux", &server.url, UNLIMITED, DAY);
    let open = Subject::new(bench, "raw_archive = false", &source)?;
    ingest::load_day(&open, world, "2026-09-03T00:00:00Z")?;
    let sealed = Subject::new(bench, "raw_archive = false", &source)?;
    ingest::load_day(&sealed, world, "2026-09-20T00:00:00Z")?;
    let folder = bench.scratch("dlt-")?;
    ingest::dlt(bench, world, &server.url, 1_000, folder.path())?;
    let flat = folder.path().join("loaded").join("bench").join("delivery_usage");

    let mut sizes = Grid::new(&["bytes a record", "highwater, day open", "highwater, day final", "dlt"]);
    let of = |bytes: u64| format!("{:.1}", bytes as f64 / world.records() as f64);
    for table in ["resource_usage", "resource_usage_by_rendition", "resources", ""] {
        let [open, sealed] = [&open, &sealed]
            .map(|subject| of(bytes_below(&subject.warehouse().join("data").join(table), ".parquet")));
        let all = table.is_empty();
        let name = if all { "all tables" } else { table };
        sizes.row([
            name.to_owned(),
            open,
            sealed,
            if all { of(bytes_below(&flat, ".parquet")) } else { "–".to_owned() },
        ]);
    }

    let ask = |kind: &str, folder: &std::path::Path| -> Outcome<Answers> {
        Ok(bench.found(bench.script("questions.py").arg(kind).arg(folder))?.1)
    };
    let contenders = [
        ("highwater, day open", ask("highwater", &open.warehouse().join("data"))?),
        ("highwater, day final", ask("highwater", &sealed.warehouse().join("data"))?),
        ("dlt", ask("dlt", &flat)?),
    ];
    let mut questions = Grid::new(&["question", "contender", "ms", "read", "of the table"]);
    let table = |name: &str| match name {
        "highwater, day open" => bytes_below(&open.warehouse().join("data/resource_usage"), ".parquet"),
        "highwater, day final" => bytes_below(&sealed.warehouse().join("data/resource_usage"), ".parquet"),
        _ => bytes_below(&flat, ".parquet"),
    };
    for question in contenders[0].1.questions.keys() {
        for (name, answers) in &contenders {
            let Some(cost) = answers.questions.get(question) else { continue };
            questions.row([
                question.clone(),
                (*name).to_owned(),
                format!("{:.0}", cost.milliseconds),
                megabytes_finely(cost.bytes_read),
                format!("{:.1} %", cost.bytes_read as f64 * 100.0 / table(name) as f64),
            ]);
        }
    }
    Ok(format!(
        "{} records of one day; its table of usage by resource takes {} when final. Read: bytes that DuckDB asked the file \
         system for.\n\n{}\n{}",
        thousands(world.records() as f64),
        megabytes(table("highwater, day final")),
        sizes.markdown(),
        questions.markdown()
    ))
}

fn megabytes_finely(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}
