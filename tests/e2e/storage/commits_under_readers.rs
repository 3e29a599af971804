//! Readers in a loop while an object is committed to twenty times a second over HTTP: each read is one version, whole, or
//! an error; never a mix, never a row twice.
//!
//! The versions are the program's own, one an hour and the sealed one; they are put in place again at that pace, under a
//! key of its own for each lap.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use highwater_core::Clock;
use highwater_http::SystemClock;

use super::{at, reader::Reader, site::Site, stores::Store};
use crate::{duckdb::python, place::root};

const OBJECT: &str = "data/resource_usage/provider=mux/usage_date=2026-09-01/env.delivery_usage.parquet";
/// Milliseconds between two versions, lap by lap: twenty a second, and then as fast as a read takes.
const PACES: [u64; 16] = [50, 50, 50, 50, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];

/// Every version of one day's object, from the first hour to the sealed one.
fn versions(site: &Site) -> Vec<Vec<u8>> {
    let mut versions: Vec<Vec<u8>> = Vec::new();
    let (mut from, day) = (at("2026-09-01T00:00:00Z"), chrono::TimeDelta::hours(24));
    let now = "2026-09-02T12:00:00Z";
    let end = from + day;
    let object = |site: &Site| site.files(OBJECT).remove(0).1;
    while from < end {
        let to = from + chrono::TimeDelta::hours(1);
        let [start, stop] = [from, to].map(highwater_core::format_instant);
        site.backfill(now, &start, &stop).expect_code(0);
        versions.push(object(site));
        from = to;
    }
    site.revise();
    site.advance_hours(13);
    site.backfill("2026-09-03T01:00:00Z", "2026-09-01", "2026-09-02").expect_code(0);
    versions.push(object(site));
    site.advance_hours(72);
    site.backfill("2026-09-06T01:00:00Z", "2026-09-01", "2026-09-02").expect_code(0);
    versions.push(object(site));
    versions
}

/// What a reader may see of a version: rows, keys, millionths.
fn totals(site: &Site, versions: &[Vec<u8>]) -> Vec<String> {
    let (httpfs, prelude, root) = site.reach();
    let mut reader = Reader::new(httpfs, &prelude);
    let read = |(index, version): (usize, &Vec<u8>)| {
        let place = format!("still/{index}.parquet");
        site.put(&place, Some(version));
        let sql = format!(
            "SELECT count(*), count(DISTINCT (resource_id, bucket_start)), (sum(delivered_seconds) * 1000000)::HUGEINT FROM read_parquet('{root}/{place}')"
        );
        let row = reader.ask(&sql).expect("a version by itself is sound").remove(0);
        row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" ")
    };
    versions.iter().enumerate().map(read).collect()
}

/// A reader that loops in a process of its own.
struct Looping {
    child: Child,
    lines: Receiver<String>,
}

impl Looping {
    fn start(kind: &str, endpoint: &str) -> Self {
        let mut command = Command::new(python());
        command.arg(root().join("tests/python/ranged_reader.py")).args([kind, endpoint]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("AWS_EC2_METADATA_DISABLED", "true");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn read(&mut self, key: &str, seconds: f64) {
        let input = self.child.stdin.as_mut().expect("it is piped");
        writeln!(input, "{key} {seconds}").expect("it listens");
    }

    /// What it met at `key`, until it is done with it.
    fn met(&self, key: &str) -> Vec<String> {
        let mut met = Vec::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(120)).expect("it goes on reading");
            let (of, what) = line.split_once(' ').expect("a key and what was met");
            assert_eq!(of, key);
            if what == "done" {
                return met;
            }
            met.push(what.to_owned());
        }
    }
}

impl Drop for Looping {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_reader_meets_one_version_or_an_error_and_never_a_mix() {
    let site = Site::new("2026-09-02T12:00:00Z", 300, |_| Store::s3());
    let versions = versions(&site);
    let appended = versions.windows(2).filter(|pair| pair[1].starts_with(&pair[0])).count();
    assert_eq!(appended, versions.len() - 2, "every version before the seal starts with the one before it");
    let sealed = versions.last().expect("there are some");
    assert!(!sealed.starts_with(&versions[versions.len() - 2][..64]), "its first row group starts elsewhere");
    let allowed: BTreeSet<String> = totals(&site, &versions).into_iter().collect();
    assert_eq!(allowed.len(), versions.len(), "all differ");

    let endpoint = site.store.own().server.endpoint().trim_start_matches("http://").to_owned();
    let mut readers = ["duckdb", "pyarrow"].map(|kind| (kind, Looping::start(kind, &endpoint)));
    let mut met: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for (lap, pace) in PACES.into_iter().map(Duration::from_millis).enumerate() {
        let seconds = pace.as_secs_f64() * (versions.len() as f64 + 4.0);
        let place = format!("lap-{lap}/usage.parquet");
        let key = format!("bucket/warehouse/{place}");
        // Every other lap ends before the seal.
        let sealed = lap % 2 == 1;
        let versions = if sealed { &versions[..] } else { &versions[..versions.len() - 1] };
        site.put(&place, Some(&versions[0]));
        readers.iter_mut().for_each(|(_, reader)| reader.read(&key, seconds));
        for version in versions {
            site.put(&place, Some(version));
            site.store.own().wait_for(async { SystemClock.sleep(pace).await });
        }
        for (kind, reader) in &readers {
            for what in reader.met(&key) {
                let is_error = what.starts_with("error ");
                assert!(is_error || allowed.contains(&what), "{kind} read a mix: {what}");
                // DuckDB compares ETags and may notice that the object is another one; to ranged reads alone an appended object is the old one.
                let may_err = sealed || *kind == "duckdb";
                assert!(may_err || !is_error, "{kind} met an error before the seal: {what}");
                let what = if is_error { kind_of(&what) } else { "a version".to_owned() };
                *met.entry((kind, what)).or_default() += 1;
            }
        }
    }
    for kind in ["duckdb", "pyarrow"] {
        assert!(met.get(&(kind, "a version".to_owned())).is_some_and(|count| *count > 20), "{met:?}");
    }
}

/// An error in the words that do not change from one to the next.
fn kind_of(error: &str) -> String {
    error.split(['"', '\'', '(']).next().unwrap_or(error).chars().take(80).collect()
}
