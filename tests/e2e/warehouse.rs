//! A warehouse on disk as an analyst meets it: Parquet below `data/`, read by DuckDB with nothing of ours between.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::duckdb::DuckDb;

/// A warehouse in a local folder.
#[derive(Debug)]
pub(crate) struct Warehouse {
    root: PathBuf,
}

impl Warehouse {
    /// The warehouse whose `data/` stands in `root`.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// A session with one view for each table that has an object: `<table>_reported`, every row as it stands.
    pub(crate) fn duckdb(&self) -> DuckDb {
        self.tables().iter().fold(DuckDb::new(), |duckdb, table| {
            duckdb.first(&format!("CREATE VIEW {table}_reported AS FROM {}", self.reported(table)))
        })
    }

    /// The SQL that reads one table.
    pub(crate) fn reported(&self, table: &str) -> String {
        let data = self.root.join("data").join(table);
        format!(
            "read_parquet('{}/*/*/*.parquet', union_by_name = true, hive_partitioning = true, \
             hive_types = {{'provider': VARCHAR, 'usage_date': DATE}})",
            data.display()
        )
    }

    /// The tables that have a folder, by name.
    pub(crate) fn tables(&self) -> Vec<String> {
        let files = self.files("data");
        let mut tables: Vec<String> =
            files.iter().filter_map(|file| file.split('/').nth(1)).map(str::to_owned).collect();
        tables.dedup();
        tables
    }

    /// Every file below a folder of the warehouse, hidden ones too, as sorted paths from its root; none when there is
    /// no such folder.
    pub(crate) fn files(&self, below: &str) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.root.join(below), &mut files);
        let relative = |path: &PathBuf| path.strip_prefix(&self.root).map(|path| path.display().to_string());
        let mut files: Vec<String> =
            files.iter().map(relative).collect::<Result<_, _>>().expect("all are below the root");
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::Sandbox;

    #[test]
    fn tables_are_read_with_their_partitions_typed() {
        let sandbox = Sandbox::new();
        let object = "data/resource_usage/provider=p/usage_date=2026-09-01/s.d.parquet";
        sandbox.write(object, "");
        let path = sandbox.path(object);
        DuckDb::new().query(&format!("COPY (SELECT 's' AS source, 2 AS requests) TO '{}'", path.display()));

        let warehouse = sandbox.warehouse("");
        assert_eq!(warehouse.files("data"), [object]);
        assert_eq!(warehouse.tables(), ["resource_usage"]);
        let rows = warehouse
            .duckdb()
            .query("SELECT requests, provider, usage_date + 1 AS next FROM resource_usage_reported");
        let row = serde_json::Value::Object(rows[0].clone());
        assert_eq!(row, serde_json::json!({"requests": 2, "provider": "p", "next": "2026-09-02"}));
    }
}
