//! A DuckDB that stays open over many queries.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::{duckdb::python, place::root};

/// One row: every value as text, `None` for null.
pub(super) type Row = Vec<Option<String>>;

/// One DuckDB with one connection. It ends when it is dropped.
pub(super) struct Reader {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Reader {
    /// A reader that has run `prelude`; one that reaches S3 when `httpfs` is set.
    pub(super) fn new(httpfs: bool, prelude: &str) -> Self {
        let mut command = Command::new(python());
        command.arg(root().join("tests/python/answers.py")).args(httpfs.then_some("--httpfs"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python starts");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut reader = Self { child, questions, answers };
        if !prelude.is_empty() {
            reader.ask(prelude).expect("the first statement is sound");
        }
        reader
    }

    /// The rows of a query, or DuckDB's words when it is refused.
    pub(super) fn ask(&mut self, sql: &str) -> Result<Vec<Row>, String> {
        let questions = self.questions.as_mut().expect("open until it is dropped");
        writeln!(questions, "{}", Value::from(sql)).expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        match serde_json::from_str(&line).expect("it answers in JSON") {
            Value::String(error) => Err(error),
            rows => Ok(serde_json::from_value(rows).expect("rows of text")),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It ends with its input.
        self.questions = None;
        let _ = self.child.wait();
    }
}
