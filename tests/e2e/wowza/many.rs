//! Accounts with more resources than a page holds.

use highwater_simulator::wowza::WowzaPlan;

use super::{
    Account, NOW,
    equality::{assert_equal, pairs},
    eventful, expected,
};

#[test]
fn an_account_of_2500_transcoders_and_as_many_vod_streams_pages_right_in_both_styles() {
    let account = Account::new(NOW, &WowzaPlan { transcoders: 2500, vod_streams: 2500, ..eventful() });
    let account = account.without_archive();
    let hour = ("2026-09-22T05:00:00Z", "2026-09-22T06:00:00Z");
    let lists = ["transcoders", "vod_streams", "vod_egress"];
    let outcome = account.backfill(NOW, hour, &lists).run().expect_code(0);
    assert_eq!(outcome.json()["requests"], 9, "three pages of at most a thousand for each list");

    let targets: Vec<String> = account.server.log().into_iter().map(|request| request.target).collect();
    let of = |path: &str| targets.iter().filter(|target| target.contains(path)).collect::<Vec<_>>();
    let numbered = of("/usage/transcoders?");
    for page in 1..=3 {
        let this = |target: &&&String| {
            target.contains(&format!("&page={page}&")) || target.ends_with(&format!("&page={page}"))
        };
        assert_eq!(numbered.iter().filter(this).count(), 1, "{numbered:?}");
    }
    for path in ["/usage/vod_streams?", "/usage/vod_streams/egress?"] {
        let keyed = of(path);
        assert_eq!(keyed.len(), 3);
        assert_eq!(keyed.iter().filter(|target| target.contains("next_page_key=")).count(), 2, "{keyed:?}");
    }

    let expected: Vec<_> = expected::datasets()
        .iter()
        .filter(|(dataset, _)| lists.contains(dataset))
        .flat_map(|(dataset, rows)| pairs(dataset, rows))
        .collect();
    assert_eq!(expected.len(), 5);
    // The world tells of minutes as well where it is asked about few hours, which would be most of the work here.
    let duckdb = account.duckdb(NOW, (hour.0, "2026-09-22T12:00:00Z"));
    let duckdb =
        duckdb.first(&format!("DELETE FROM told WHERE hour >= TIMESTAMP '{}'", hour.1.trim_end_matches('Z')));
    assert_equal(&duckdb, &expected);
    let described =
        "SELECT count(DISTINCT resource_id) FROM resources_reported WHERE resource_type = 'transcoder'";
    assert_eq!(duckdb.value(described), 2500);
}
