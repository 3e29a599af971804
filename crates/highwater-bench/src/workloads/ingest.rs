//! `ingest`: a day of pages on loopback into Parquet, beside the peers on the same pages.

use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use highwater_core::Clock;
use highwater_http::{SystemClock, reqwest};

use crate::bench::{Bench, Found, Server};
use crate::measured::{self, Used};
use crate::pages::{DAY, World};
use crate::report::{Grid, megabytes, thousands};
use crate::subject::{Subject, UNLIMITED, bytes_below, mux_source};
use crate::{Failure, Outcome};

/// Requests on their way at once in the plain download.
const DOWNLOADS: usize = 16;

/// What DuckDB is asked to do with the pages on disk, and what its script calls it.
const DUCKDB: [(&str, &str); 3] =
    [(GUESSING, "guessed"), (TOLD, "one"), ("DuckDB, three sorted tables", "three")];
/// DuckDB as it comes.
const GUESSING: &str = "DuckDB, one table, columns guessed";
/// DuckDB at its fastest.
const TOLD: &str = "DuckDB, one table, columns told";

/// One contender's figures.
struct Line {
    name: &'static str,
    used: Used,
    requests: u64,
    /// Bytes it left, all tables together; zero where nothing is kept.
    bytes: u64,
}

/// Runs the workload over pages of each of `page_sizes`.
///
/// # Errors
/// When a contender fails, or the sums of two of them differ.
pub fn run(bench: &Bench, world: World, page_sizes: &[u64]) -> Outcome<String> {
    let mut text = String::new();
    for page_size in page_sizes {
        let pages = world.pages(*page_size) * world.hours;
        let of = |hour| (1..=world.pages(*page_size)).map(move |page| (hour, page));
        let bodies = (0..world.hours).flat_map(of).map(|(hour, page)| world.body(hour, page, *page_size));
        let json: usize = bodies.map(|body| body.len()).sum();
        let lines = contest(bench, world, *page_size)?;
        text += &format!(
            "Page size {page_size}: {} records in {} pages, {} of JSON.\n\n{}\n",
            thousands(world.records() as f64),
            thousands(pages as f64),
            megabytes(json as u64),
            table(world, &lines)
        );
    }
    Ok(text)
}

fn contest(bench: &Bench, world: World, page_size: u64) -> Outcome<Vec<Line>> {
    let pages = world.pages(page_size) * world.hours;
    let server = serve(world, page_size)?;
    let mut lines = vec![Line {
        name: "plain download",
        used: measured::median(bench.repeat, || download(&server.url, world, page_size))?,
        requests: pages,
        bytes: 0,
    }];
    for (name, raw_archive) in [("highwater", false), ("highwater, raw archive on", true)] {
        let mut bytes = 0;
        let used = measured::median(bench.repeat, || {
            let (used, left) = ours(bench, world, &server.url, raw_archive)?;
            bytes = left;
            Ok(used)
        })?;
        lines.push(Line { name, used, requests: pages, bytes });
    }
    let folder = bench.scratch("pages-")?;
    write_pages(folder.path(), world, page_size)?;
    for (name, way) in DUCKDB {
        let target = bench.scratch("duckdb-")?;
        let used =
            measured::median(bench.repeat, || duckdb(bench, world, way, folder.path(), target.path()))?;
        lines.push(Line { name, used, requests: 0, bytes: bytes_below(target.path(), ".parquet") });
    }
    let folder = bench.scratch("dlt-")?;
    let used = dlt(bench, world, &server.url, page_size, folder.path())?;
    let bytes = bytes_below(&folder.path().join("loaded"), ".parquet");
    lines.push(Line { name: "dlt", used, requests: pages + world.hours, bytes });
    Ok(lines)
}

fn table(world: World, lines: &[Line]) -> String {
    let rate = |line: &Line| world.records() as f64 / line.used.wall_seconds;
    let of = |name: &str| lines.iter().find(|line| line.name == name).map_or(f64::NAN, rate);
    let (dlt, guessing, told) = (of("dlt"), of(GUESSING), of(TOLD));
    let mut grid = Grid::new(&[
        "",
        "records/s",
        "× dlt",
        "× DuckDB guessing",
        "× DuckDB told",
        "requests/s",
        "CPU s",
        "peak memory",
        "bytes a record",
    ]);
    for line in lines {
        let dash = "–".to_owned();
        let per_record = line.bytes as f64 / world.records() as f64;
        grid.row([
            line.name.to_owned(),
            thousands(rate(line)),
            format!("{:.1}", rate(line) / dlt),
            format!("{:.2}", rate(line) / guessing),
            format!("{:.2}", rate(line) / told),
            if line.requests > 0 {
                thousands(line.requests as f64 / line.used.wall_seconds)
            } else {
                dash.clone()
            },
            format!("{:.1}", line.used.cpu_seconds),
            if line.used.peak_bytes > 0 { megabytes(line.used.peak_bytes) } else { dash.clone() },
            if line.bytes > 0 { format!("{per_record:.1}") } else { dash },
        ]);
    }
    grid.markdown()
}

/// Downloads every page and throws it away.
fn download(url: &str, world: World, page_size: u64) -> Outcome<Used> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (clock, cpu) = (SystemClock, measured::own_cpu()?);
    let started = clock.monotonic();
    let client = reqwest::Client::new();
    let address = |hour, page| {
        let window = World::window(hour);
        let (start, end) = (window.start().timestamp(), window.end().timestamp());
        format!(
            "{url}/video/v1/delivery-usage?timeframe[]={start}&timeframe[]={end}&page={page}&limit={page_size}"
        )
    };
    let pages = 1..=world.pages(page_size);
    let addresses: Vec<String> = (0..world.hours)
        .flat_map(|hour| pages.clone().map(move |page| (hour, page)))
        .map(|(hour, page)| address(hour, page))
        .collect();
    runtime.block_on(
        stream::iter(addresses)
            .map(|address| {
                let request = client.get(address).send();
                tokio::spawn(async move { request.await?.error_for_status()?.bytes().await })
            })
            .buffer_unordered(DOWNLOADS)
            .map_err(Failure::from)
            .try_for_each(async |body| body.map(drop).map_err(Failure::from)),
    )?;
    Ok(Used {
        wall_seconds: clock.monotonic().saturating_sub(started).as_secs_f64(),
        cpu_seconds: measured::own_cpu()?.saturating_sub(cpu).as_secs_f64(),
        peak_bytes: 0,
    })
}

fn ours(bench: &Bench, world: World, url: &str, raw_archive: bool) -> Outcome<(Used, u64)> {
    let subject = Subject::new(
        bench,
        &format!("raw_archive = {raw_archive}"),
        &mux_source("mux", url, UNLIMITED, DAY),
    )?;
    let used = load_day(&subject, world, "2026-09-03T00:00:00Z")?;
    let data = subject.warehouse().join("data");
    let (_, found): (_, Found) = bench.found(bench.script("sums.py").arg(data.join("resource_usage")))?;
    agree("highwater", world, found)?;
    Ok((used, bytes_below(&data, ".parquet")))
}

/// Loads the day as if it were `now`.
///
/// # Errors
/// When the backfill fails.
pub fn load_day(subject: &Subject, world: World, now: &str) -> Outcome<Used> {
    let (from, to) =
        (World::window(0).start().to_rfc3339(), World::window(world.hours - 1).end().to_rfc3339());
    Ok(measured::run(&subject.command(now, &["backfill", "--from", &from, "--to", &to]))?.0)
}

/// A server of the pages of `world`.
///
/// # Errors
/// When it does not start.
pub fn serve(world: World, page_size: u64) -> Outcome<Server> {
    Server::start(&[
        "serve".to_owned(),
        format!("--page-size={page_size}"),
        format!("--assets={}", world.assets),
        format!("--hours={}", world.hours),
    ])
}

fn write_pages(folder: &Path, world: World, page_size: u64) -> Outcome {
    for hour in 0..world.hours {
        for page in 1..=world.pages(page_size) {
            let path = folder.join(format!("{hour:02}-{page:04}.json"));
            std::fs::write(path, world.body(hour, page, page_size))?;
        }
    }
    Ok(())
}

fn duckdb(bench: &Bench, world: World, way: &str, pages: &Path, target: &Path) -> Outcome<Used> {
    let (used, found): (_, Found) =
        bench.found(bench.script("duckdb_pages.py").arg(way).arg(pages).arg(target))?;
    agree("DuckDB", world, found)?;
    Ok(Used { wall_seconds: found.seconds, ..used })
}

/// Loads the pages with dlt into `folder`.
///
/// # Errors
/// When it fails or does not have everything.
pub fn dlt(bench: &Bench, world: World, url: &str, page_size: u64, folder: &Path) -> Outcome<Used> {
    let start = World::window(0).start().timestamp();
    let mut script = bench.script("dlt_pages.py");
    script.arg(url).arg(folder).args([start, world.hours as i64, page_size as i64].map(|n| n.to_string()));
    let (used, found): (_, Found) = bench.found(script.env("HOME", folder))?;
    agree("dlt", world, found)?;
    Ok(Used { wall_seconds: found.seconds, ..used })
}

/// Whether a contender has loaded everything exactly.
fn agree(who: &str, world: World, found: Found) -> Outcome {
    if (found.rows, found.micros) == (world.records(), world.delivered_micros()) {
        return Ok(());
    }
    Err(format!("{who} has {found:?}, wanted {} and {}", world.records(), world.delivered_micros()).into())
}
