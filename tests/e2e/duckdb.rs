//! DuckDB as an analyst has it: the Python package and the command line, from the environment of `cargo xtask setup`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::{
    place::{built, root},
    process::{Invocation, Outcome},
};

/// One row: values by column name. Decimals are text, instants ISO 8601 text.
pub(crate) type Row = Map<String, Value>;

/// A session: statements that come first, and then a query. Every query starts the session anew.
#[derive(Clone, Debug)]
pub(crate) struct DuckDb {
    timezone: String,
    httpfs: bool,
    prelude: String,
}

impl DuckDb {
    /// A session in UTC without tables.
    pub(crate) fn new() -> Self {
        Self { timezone: "UTC".to_owned(), httpfs: false, prelude: String::new() }
    }

    /// The time zone of the process and of the session.
    pub(crate) fn timezone(mut self, name: &str) -> Self {
        name.clone_into(&mut self.timezone);
        self
    }

    /// Loads the extension that reads from S3.
    pub(crate) fn httpfs(mut self) -> Self {
        self.httpfs = true;
        self
    }

    /// Adds statements to what comes first.
    pub(crate) fn first(mut self, statements: &str) -> Self {
        self.prelude.push_str(statements.trim_end().trim_end_matches(';'));
        self.prelude.push_str(";\n");
        self
    }

    /// Adds the statements of a file.
    pub(crate) fn script(self, path: &Path) -> Self {
        let statements =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.first(&statements)
    }

    /// Makes a table of a file of JSON lines; `columns` are pairs of name and SQL type, so that no number is guessed at.
    pub(crate) fn json_lines(self, table: &str, path: &Path, columns: &[(&str, &str)]) -> Self {
        let columns: Vec<String> = columns.iter().map(|(name, kind)| format!("{name}: '{kind}'")).collect();
        self.first(&format!(
            "CREATE TABLE {table} AS FROM read_json('{}', format = 'newline_delimited', columns = {{{}}})",
            path.display(),
            columns.join(", ")
        ))
    }

    /// The rows of a query, in its order. Panics with DuckDB's words when it is refused.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<Row> {
        let outcome = self.attempt(sql).expect_code(0);
        outcome
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("query.py prints JSON objects"))
            .collect()
    }

    /// The one value of a query that returns one row of one column.
    #[track_caller]
    pub(crate) fn value(&self, sql: &str) -> Value {
        let rows = self.query(sql);
        assert_eq!(rows.len(), 1, "one row is expected of {sql}");
        let mut values = rows.into_iter().flatten().map(|(_name, value)| value);
        values.next().expect("a row has a column")
    }

    /// Runs a query that may be refused.
    pub(crate) fn attempt(&self, sql: &str) -> Outcome {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut invocation = Invocation::of(python(), folder.path())
            .args([root().join("tests/python/query.py")])
            .args(["--timezone", &self.timezone])
            .env("TZ", &self.timezone)
            .input(&format!("{}{sql}", self.prelude));
        if self.httpfs {
            invocation = invocation.args(["--httpfs"]);
        }
        invocation.run()
    }
}

/// The `duckdb` command, to be run in `folder`.
pub(crate) fn command_line(folder: &Path, arguments: &[&str]) -> Invocation {
    Invocation::of(python().with_file_name("duckdb"), folder).args(["-init", "/dev/null"]).args(arguments)
}

/// The interpreter of the environment that `cargo xtask setup` makes.
pub(crate) fn python() -> PathBuf {
    let python = env::var_os("HIGHWATER_PYTHON").map_or_else(|| built("python/bin/python"), PathBuf::from);
    assert!(python.exists(), "{} does not exist; run `cargo xtask setup`", python.display());
    python
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_back_exactly() {
        let sql = "SELECT 0.100000::DECIMAL(18,6) AS exact, sum(x) AS total, 18446744073709551616::HUGEINT AS huge \
                   FROM (VALUES (9007199254740993), (1)) t(x)";
        let row = Value::from(DuckDb::new().query(sql).remove(0));
        assert_eq!(
            row,
            json!({"exact": "0.100000", "total": 9_007_199_254_740_994_i64, "huge": "18446744073709551616"})
        );
    }

    #[test]
    fn the_time_zone_of_the_session_decides_its_days() {
        let sql = "SELECT CAST(TIMESTAMPTZ '2026-09-02 01:00:00+00' AS DATE)";
        assert_eq!(DuckDb::new().value(sql), "2026-09-02");
        assert_eq!(DuckDb::new().timezone("America/New_York").value(sql), "2026-09-01");
    }

    #[test]
    fn json_lines_become_a_table_of_the_given_types() {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let path = folder.path().join("world.ndjson");
        fs::write(&path, "{\"id\": \"007\", \"seconds\": \"0.1\"}\n{\"id\": \"8\", \"seconds\": \"0.2\"}\n")
            .expect("it can be written");
        let duckdb =
            DuckDb::new().json_lines("world", &path, &[("id", "VARCHAR"), ("seconds", "DECIMAL(18,6)")]);
        assert_eq!(duckdb.value("SELECT sum(seconds) FROM world"), "0.300000");
        assert_eq!(duckdb.value("SELECT min(id) FROM world"), "007");
    }

    #[test]
    fn a_script_runs_before_the_query() {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let path = folder.path().join("views.sql");
        fs::write(
            &path,
            "CREATE VIEW one AS SELECT 1 AS n;\nCREATE VIEW two AS SELECT n + 1 AS n FROM one;\n",
        )
        .expect("it can be written");
        assert_eq!(DuckDb::new().script(&path).value("SELECT n FROM two"), 2);
    }

    #[test]
    fn s3_can_be_read_without_fetching_an_extension() {
        let sql = "SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'httpfs'";
        assert_eq!(DuckDb::new().httpfs().value(sql), true);
    }

    #[test]
    fn a_refused_query_is_told_in_duckdbs_words() {
        let outcome = DuckDb::new().attempt("SELECT nothing").expect_code(1);
        assert!(outcome.stderr.contains("BinderException"), "{}", outcome.stderr);
    }

    #[test]
    fn the_command_line_answers() {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let outcome = command_line(folder.path(), &["-csv", "-c", "SELECT 1 AS n"]).run().expect_code(0);
        assert_eq!(outcome.stdout, "n\n1\n");
    }
}
