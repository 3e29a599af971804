//! Layout: the key of everything that the warehouse keeps. A key is a function of source, dataset and window alone, so
//! that the same window always lands in the same place, whoever loads it and whenever.

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{DatasetName, SourceName, Table, Unit, Window};
use object_store::path::Path;

/// The object of one table for one unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The table.
    pub table: Table,
    /// The provider of the unit's source.
    pub provider: String,
    /// The unit.
    pub unit: Unit,
}

impl ObjectKey {
    /// The key of `table` for `unit`.
    #[must_use]
    pub fn new(table: Table, provider: &str, unit: &Unit) -> Self {
        Self { table, provider: provider.to_owned(), unit: unit.clone() }
    }

    /// Its place below the warehouse's root.
    #[must_use]
    pub fn path(&self) -> Path {
        let Unit { source, dataset, date } = &self.unit;
        let folder = table_prefix(self.table, &self.provider);
        Path::from(format!("{folder}/usage_date={date}/{source}.{dataset}.parquet"))
    }

    /// The key whose place is `path`, if it is one.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let mut parts = path.as_ref().split('/');
        if parts.next()? != "data" {
            return None;
        }
        let table = Table::from_name(parts.next()?)?;
        let provider = parts.next()?.strip_prefix("provider=")?.to_owned();
        let date = parse_date(parts.next()?)?;
        let (source, dataset) = parts.next()?.strip_suffix(".parquet")?.split_once('.')?;
        let (source, dataset) = (SourceName::new(source).ok()?, DatasetName::new(dataset).ok()?);
        let key = Self { table, provider, unit: Unit { source, dataset, date } };
        parts.next().is_none().then_some(key)
    }
}

/// The folder of one table and provider.
#[must_use]
pub fn table_prefix(table: Table, provider: &str) -> Path {
    Path::from(format!("data/{table}/provider={provider}"))
}

/// The place of a dataset's checkpoint.
#[must_use]
pub fn checkpoint_path(source: &SourceName, dataset: &DatasetName) -> Path {
    Path::from(format!("state/{source}/{dataset}.json"))
}

/// The folder of a dataset's raw archive.
#[must_use]
pub fn archive_prefix(source: &SourceName, dataset: &DatasetName) -> Path {
    Path::from(format!("raw/{source}/{dataset}"))
}

/// The place of the bodies of one pull of `window`.
#[must_use]
pub fn archive_path(unit: &Unit, window: Window, pull_digest: &str) -> Path {
    let (folder, stamp) = (archive_prefix(&unit.source, &unit.dataset), stamp(window.start()));
    Path::from(format!("{folder}/usage_date={}/{stamp}.{pull_digest}.jsonl.zst", unit.date))
}

/// The unit, window start and pull digest whose bodies are at `path`, if it is a file of the raw archive.
#[must_use]
pub fn parse_archive_path(path: &Path) -> Option<(Unit, DateTime<Utc>, String)> {
    let mut parts = path.as_ref().split('/');
    if parts.next()? != "raw" {
        return None;
    }
    let source = SourceName::new(parts.next()?).ok()?;
    let dataset = DatasetName::new(parts.next()?).ok()?;
    let date = parse_date(parts.next()?)?;
    let (start, digest) = parts.next()?.strip_suffix(".jsonl.zst")?.split_once('.')?;
    let found = (Unit { source, dataset, date }, parse_stamp(start)?, digest.to_owned());
    parts.next().is_none().then_some(found)
}

/// The place of the rows of `window` that were set aside.
#[must_use]
pub fn rejects_path(unit: &Unit, window: Window) -> Path {
    let Unit { source, dataset, date } = unit;
    Path::from(format!("rejects/{source}/{dataset}/usage_date={date}/{}.jsonl", stamp(window.start())))
}

const STAMP: &str = "%Y%m%dT%H%M%SZ";

fn stamp(instant: DateTime<Utc>) -> String {
    instant.format(STAMP).to_string()
}

fn parse_stamp(text: &str) -> Option<DateTime<Utc>> {
    chrono::NaiveDateTime::parse_from_str(text, STAMP).ok().map(|instant| instant.and_utc())
}

fn parse_date(part: &str) -> Option<NaiveDate> {
    let text = part.strip_prefix("usage_date=")?;
    let date: NaiveDate = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        "mux-prod/delivery_usage/2026-09-01".parse().unwrap()
    }

    #[test]
    fn an_object_has_the_place_that_the_readers_know() {
        let key = ObjectKey::new(Table::ResourceUsage, "mux", &unit());
        let place = "data/resource_usage/provider=mux/usage_date=2026-09-01/mux-prod.delivery_usage.parquet";
        assert_eq!(key.path().as_ref(), place);
        assert_eq!(ObjectKey::parse(&Path::from(place)), Some(key));
    }

    #[test]
    fn a_place_that_is_no_object_is_not_taken_for_one() {
        for other in [
            "data/resource_usage/provider=mux/usage_date=2026-09-01/mux-prod.parquet",
            "data/resource_usage/provider=mux/usage_date=2026-9-1/a.b.parquet",
            "data/unknown/provider=mux/usage_date=2026-09-01/a.b.parquet",
            "data/resource_usage/provider=mux/usage_date=2026-09-01/a.b.parquet/c",
            "raw/resource_usage/provider=mux/usage_date=2026-09-01/a.b.parquet",
        ] {
            assert_eq!(ObjectKey::parse(&Path::from(other)), None, "{other}");
        }
    }

    #[test]
    fn an_archived_pull_has_a_place_that_names_it() {
        let window =
            Window::of("2026-09-01T05:00:00Z".parse().unwrap(), "2026-09-01T06:00:00Z".parse().unwrap());
        let path = archive_path(&unit(), window, "00ff");
        let place = "raw/mux-prod/delivery_usage/usage_date=2026-09-01/20260901T050000Z.00ff.jsonl.zst";
        assert_eq!(path.as_ref(), place);
        assert_eq!(parse_archive_path(&path), Some((unit(), window.start(), "00ff".to_owned())));
        let rejects = "rejects/mux-prod/delivery_usage/usage_date=2026-09-01/20260901T050000Z.jsonl";
        assert_eq!(rejects_path(&unit(), window).as_ref(), rejects);
        let state = checkpoint_path(&unit().source, &unit().dataset);
        assert_eq!(state.as_ref(), "state/mux-prod/delivery_usage.json");
    }
}
