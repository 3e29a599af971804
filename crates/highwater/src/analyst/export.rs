//! `schema export`: every file of the analyst, written to a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use highwater_core::{Error, ErrorKind, Registry, Result, Table};

use super::{Location, Projection, athena, dictionary, duckdb, focus, json_schema, output_schema, readme};

/// What stands for the warehouse in files that are made without one.
const PLACE: &str = "s3://BUCKET/PREFIX";

/// Writes all files below `dir`, which is made if need be, over those of the same names. Other files are left alone.
///
/// # Errors
/// `Storage` when a file cannot be written.
pub(crate) fn export(dir: &Path, registry: &Registry) -> Result<()> {
    for (path, text) in files(registry) {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)).map_err(|source| {
            Error::new(ErrorKind::Storage, format!("cannot write `{}`", path.display()))
                .with_hint("name another folder with --dir")
                .with_source(source)
        })?;
    }
    Ok(())
}

/// All files: text by path below the folder.
pub(super) fn files(registry: &Registry) -> BTreeMap<String, String> {
    let place = Location::new(PLACE, &BTreeMap::new());
    let all: BTreeSet<Table> = Table::ALL.iter().copied().collect();
    let first_day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date of the calendar");
    let pages =
        Table::ALL.iter().map(|table| (format!("tables/{table}.md"), dictionary::page(*table, registry)));
    let mut files: BTreeMap<String, String> = pages.collect();
    files.extend([
        ("README.md".to_owned(), readme::readme(registry)),
        ("sql/duckdb.sql".to_owned(), duckdb(registry, &place, &all)),
        ("sql/athena.sql".to_owned(), athena(registry, &place, &Projection::new(registry, first_day))),
        ("sql/focus.sql".to_owned(), focus(registry)),
    ]);
    let schemas =
        std::iter::once(("highwater.toml", json_schema::config(registry))).chain(output_schema::outputs());
    files.extend(schemas.map(|(name, schema)| (format!("json/{name}.schema.json"), format!("{schema:#}\n"))));
    files
}
