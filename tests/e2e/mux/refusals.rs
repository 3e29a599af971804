//! Wrong credentials, wrong configurations, wrong command lines: a clear end, and nothing done.

use super::{Mux, TOKEN_ID, at};

#[test]
fn refused_credentials_cost_at_most_three_requests_and_exit_with_4() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::new(now, 20);
    let refused = mux.highwater(now, &["run"]).env("MUX_SECRET", "canary-wrong");
    let outcome = refused.run().expect_code(4);
    assert!(mux.server.traffic().requests <= 3, "{} requests", mux.server.traffic().requests);
    assert!(outcome.stderr.contains("env"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("canary") && !outcome.stdout.contains("canary"));
    assert_eq!(mux.warehouse().files("data"), [""; 0]);
}

/// Each wrong command line, and what its message must name.
#[test]
fn a_wrong_command_line_exits_with_2_and_says_what_to_do() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::new(now, 5);
    let cases: [(&[&str], &str); 19] = [
        (&["backfil"], "backfill"),
        (&["backfill"], "--from"),
        (&["backfill", "--from", "2026-09-02", "--to", "2026-09-01"], "end after it starts"),
        (&["backfill", "--from", "September", "--to", "2026-09-02"], "RFC 3339"),
        (&["run", "--source", "nobody"], "nobody"),
        (&["run", "--dataset", "delivery_usag"], "did you mean `delivery_usage`?"),
        (&["plan", "--from", "2026-09-01"], "--to"),
        (&["plan", "--format", "yaml"], "json"),
        (&["work", "env/delivery_usage"], "source/dataset/YYYY-MM-DD"),
        (&["work", "env/delivery_usage/2026-09-01", "--rate-share", "9/8"], "1/8"),
        (&["fetch", "env", "delivery"], "delivery_usage"),
        (&["fetch", "env", "delivery_usage", "--param", "asset=1"], "asset_id"),
        (&["status", "--now", "yesterday"], "RFC 3339"),
        (&["backfill", "--from", "2026-02-29", "--to", "2026-03-01"], "no such day"),
        (&["backfill", "--from", "2026-09-01T00:00:00", "--to", "2026-09-02"], "2026-09-01T00:00:00Z"),
        (&["plan", "--from", "2026-09-01", "--to", "2026-09-01"], "--to is not included"),
        (&["work", "env/account/2026-09-01"], "delivery_usage"),
        (&["init", "--provider", "muxx"], "did you mean `mux`?"),
        (&["demo", "--now", "2026-09-01"], "highwater simulate"),
    ];
    for (arguments, wanted) in cases {
        let invocation = mux.sandbox.highwater(arguments).env("MUX_ID", TOKEN_ID).env("MUX_SECRET", "x");
        let outcome = invocation.run().expect_code(2);
        assert!(outcome.stderr.contains(wanted), "{arguments:?} should say {wanted:?}:\n{}", outcome.stderr);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    }
    assert_eq!(mux.server.traffic().requests, 0);
}

/// Each wrong configuration: what replaces what in a good one, and what the message must name.
#[test]
fn a_wrong_configuration_exits_with_2_and_names_the_key() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::new(now, 5);
    let good = std::fs::read_to_string(mux.sandbox.path("highwater.toml")).expect("it was written");
    let cases = [
        ("[warehouse]\nurl = \"warehouse\"", "[warehouse]", "warehouse.url"),
        ("url = \"warehouse\"", "url = 7", "warehouse.url"),
        ("url = \"warehouse\"", "url = \"warehouse\"\nconditional_writes = \"maybe\"", "etag-unquoted"),
        ("url = \"warehouse\"", "url = \"warehouse\"\nshrink_tolerance = 2", "warehouse.shrink_tolerance"),
        (
            "url = \"warehouse\"",
            "url = \"warehouse\"\nraw_retention = \"a while\"",
            "warehouse.raw_retention",
        ),
        ("url = \"warehouse\"", "url = \"ftp://somewhere\"", "ftp"),
        ("[defaults]", "[default]", "did you mean `defaults`?"),
        ("start = \"2026-09-01\"", "start = \"1 September\"", "defaults.start"),
        ("start = \"2026-09-01\"", "schedule = \"at noon\"", "defaults.schedule"),
        ("name = \"env\"", "name = \"Env\"", "source[1].name"),
        ("name = \"env\"\n", "", "source[1].name"),
        ("provider = \"mux\"", "provider = \"nux\"", "did you mean \"mux\"?"),
        ("token_id = { env = \"MUX_ID\" }", "", "source[1].token_id"),
        ("token_id = { env = \"MUX_ID\" }", "token_id = \"canary\"", "literal secret"),
        ("token_id = { env = \"MUX_ID\" }", "token_id = { env = \"NOWHERE\" }", "NOWHERE"),
        ("token_id = { env = \"MUX_ID\" }", "token_id = { file = \"/nowhere\" }", "/nowhere"),
        ("page_size = 25", "page_size = 101", "source[1].page_size"),
        ("page_size = 25", "pagesize = 25", "did you mean `page_size`?"),
        ("requests_per_second = 500", "requests_per_second = 0", "source[1].requests_per_second"),
        ("page_size = 25", "datasets.delivery = {}", "did you mean `delivery_usage`?"),
        (
            "page_size = 25",
            "datasets.delivery_usage = { grain = \"minute\" }",
            "datasets.delivery_usage.grain",
        ),
        ("page_size = 25", "datasets.delivery_usage = { revisit = [\"2400h\"] }", "retention"),
        ("page_size = 25", "page_size = ", "highwater.toml:"),
    ];
    for (from, to, wanted) in cases {
        assert!(good.contains(from), "{from}");
        mux.sandbox.configure(&good.replace(from, to));
        let outcome = mux.highwater(now, &["run"]).run().expect_code(2);
        assert!(outcome.stderr.contains(wanted), "{to:?} should say {wanted:?}:\n{}", outcome.stderr);
        assert!(
            !outcome.stderr.contains("panicked") && !outcome.stderr.contains("canary"),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(mux.server.traffic().requests, 0);
}

#[test]
fn an_error_tells_each_cause_once_and_ends_with_what_to_do() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::new(now, 5);
    mux.sandbox.write("warehouse", "a file where a folder should be");
    let outcome = mux.highwater(now, &["run"]).run().expect_code(1);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(lines[0].starts_with("error: "), "{}", outcome.stderr);
    assert!(lines.last().is_some_and(|line| line.starts_with("hint: ")), "{}", outcome.stderr);
    let causes: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("  caused by: ")).collect();
    assert_eq!(causes.len(), lines.len() - 2, "{}", outcome.stderr);
    for (index, cause) in causes.iter().enumerate() {
        assert!(!lines[..=index].iter().any(|line| line.contains(cause)), "twice: {cause}");
    }
}
