//! The JSON Schemas in `schemas/json` hold for what the commands print and write.

use super::{
    FROM, TO, at,
    estate::{Estate, Place},
};
use crate::{
    duckdb::python,
    place::root,
    process::{Invocation, Outcome},
};

impl Estate {
    /// Holds a file of the sandbox against a schema of the repository.
    fn validate(&self, schema: &str, file: &str) -> Outcome {
        let schema = root().join(format!("schemas/json/{schema}.schema.json"));
        let command = Invocation::of(python(), &self.sandbox.path(""));
        command.args([root().join("tests/python/validates.py"), schema, self.sandbox.path(file)]).run()
    }

    #[track_caller]
    fn assert_valid(&self, schema: &str, output: &str) {
        assert!(output.len() > 2, "{schema}: something was printed");
        self.sandbox.write("output.json", output);
        self.validate(schema, "output.json").expect_code(0);
    }
}

#[test]
fn what_the_commands_print_is_as_its_schema_says() {
    let estate = Estate::empty(Place::Folder);
    let print = |arguments: &[&str]| estate.highwater(arguments).args(["--format", "json"]).run();
    estate.assert_valid("plan", &print(&["plan"]).expect_code(0).stdout);
    estate.mux.change(|behaviour| behaviour.bad_row_in = Some(at("2026-09-25T09:00:00Z")));
    // One request of Wowza fails for good, so that there is a source with an error, and a window.
    estate.servers[1].faults().add(highwater_simulator::Fault::html().where_path_contains("/account"));
    let run = print(&["backfill", "--from", FROM, "--to", TO]);
    assert!(run.json()["windows"]["failed"].as_u64() > Some(0));
    estate.assert_valid("run", &run.stdout);
    estate.assert_valid("status", &print(&["status"]).stdout);
    estate.assert_valid("plan", &print(&["plan"]).stdout);
    let rejects = estate.sandbox.warehouse("warehouse").files("rejects");
    assert!(!rejects.is_empty());
    for file in rejects {
        estate.validate("reject", &format!("warehouse/{file}")).expect_code(0);
    }
}

#[test]
fn what_an_audit_prints_is_as_its_schema_says() {
    let estate = Estate::loaded(Place::Folder);
    let audit = estate.highwater(&["audit", "--from", FROM, "--to", TO, "--format", "json"]).run();
    assert!(matches!(audit.code, Some(0 | 3)), "{audit:?}");
    assert!(audit.json()["checks"].as_array().is_some_and(|checks| !checks.is_empty()));
    estate.assert_valid("audit", &audit.stdout);
}

#[test]
fn the_configurations_that_highwater_writes_are_as_their_schema_says() {
    let estate = Estate::empty(Place::Folder);
    estate.validate("highwater.toml", "highwater.toml").expect_code(0);
    estate.sandbox.highwater(&["init", "--config", "init.toml"]).run().expect_code(0);
    estate.validate("highwater.toml", "init.toml").expect_code(0);
    estate.sandbox.highwater(&["demo", "--dir", "demo"]).run().expect_code(0);
    estate.validate("highwater.toml", "demo/highwater.toml").expect_code(0);
}

#[test]
fn a_configuration_that_check_refuses_is_refused_by_the_schema_too() {
    let estate = Estate::empty(Place::Folder);
    let text = std::fs::read_to_string(estate.sandbox.path("highwater.toml")).expect("it was written");
    for (right, wrong) in [
        ("page_size = 25", "page_sizes = 25"),
        ("cdn = ", "cdn = \"x\" # "),
        ("provider = \"mux\"", "provider = \"muxx\""),
    ] {
        assert!(text.contains(right));
        estate.sandbox.write("wrong.toml", &text.replace(right, wrong));
        let outcome = estate.validate("highwater.toml", "wrong.toml");
        assert_ne!(outcome.code, Some(0), "{wrong}");
        estate.highwater(&["plan", "--config", "wrong.toml"]).run().expect_code(2);
    }
}
