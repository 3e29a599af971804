//! `demo` as a new user runs it: what it prints works, and what landed is the simulated world.

use highwater_simulator::mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour};
use highwater_simulator::{api::ProviderApi, world::WorldSettings};

use crate::{
    binary::Sandbox,
    duckdb::{command_line, python},
    process::Invocation,
};

/// The one line that starts with `prefix` after its indentation.
fn printed<'a>(stdout: &'a str, prefix: &str) -> &'a str {
    let mut lines = stdout.lines().map(str::trim_start).filter(|line| line.starts_with(prefix));
    lines.next().unwrap_or_else(|| panic!("no line starts with {prefix:?}:\n{stdout}"))
}

#[test]
fn the_demo_lands_the_world_and_its_queries_run() {
    let sandbox = Sandbox::new();
    let first = sandbox.highwater(&["demo"]).run().expect_code(0);
    let second = sandbox.highwater(&["demo"]).run().expect_code(0);
    assert!(second.stdout.contains("loaded already"), "{}", second.stdout);

    let elsewhere = Sandbox::new();
    let again = elsewhere.highwater(&["demo"]).run().expect_code(0);
    assert_eq!(again.stdout, first.stdout, "two runs print the same");

    let cli = printed(&first.stdout, "duckdb -c ");
    let sql = cli.trim_start_matches("duckdb -c ").trim_matches('"');
    let csv = command_line(&sandbox.path(""), &["-csv", "-c", sql]).run().expect_code(0);
    assert!(csv.stdout.contains("mux,2026-09-22"), "{}", csv.stdout);

    let line = printed(&first.stdout, "python3 -c ").replacen("python3", &python().display().to_string(), 1);
    let shown = Invocation::of("sh", &sandbox.path("")).args(["-c", &line]).run().expect_code(0);
    assert!(shown.stdout.contains("2026-09-22"), "{}", shown.stdout);

    let api = MuxApi::new(
        MuxWorld::new(WorldSettings::demo()),
        MuxCredentials::new("", ""),
        MuxBehaviour::default(),
    );
    let (from, to) = ("2026-09-22T00:00:00Z", "2026-09-29T00:00:00Z");
    let at = |text: &str| text.parse().expect("a literal instant");
    let world = sandbox.write("world.jsonl", &api.dump(at(from), at(to)));
    let columns = [("kind", "VARCHAR"), ("delivered_seconds", "DECIMAL(18,6)")];
    let duckdb = sandbox.warehouse("highwater-demo/warehouse").duckdb().json_lines("world", &world, &columns);
    let ours = duckdb.value("SELECT sum(delivered_seconds)::VARCHAR || '/' || count(*) FROM resource_usage_reported WHERE provider = 'mux'");
    let theirs = duckdb.value(
        "SELECT sum(delivered_seconds)::VARCHAR || '/' || count(*) FROM world WHERE kind = 'asset_hour'",
    );
    assert_eq!(ours, theirs);
}
