//! Usage beside its coverage: what is there, what is provably nothing, and what is missing.

use highwater_simulator::Fault;
use serde_json::{Value, json};

use super::{
    FROM, TO,
    estate::{Estate, Place},
};

/// Of one dataset: each day with whether it is complete and whether there is usage.
fn days(estate: &Estate, source: &str, dataset: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT usage_date, complete, coalesce(delivered_seconds, delivered_bytes, egress_bytes) IS NOT NULL AS used \
         FROM usage_with_coverage WHERE source = '{source}' AND dataset = '{dataset}' ORDER BY usage_date"
    );
    let rows = estate.duckdb().query(&sql);
    rows.iter().map(|row| json!([row["usage_date"], row["complete"], row["used"]])).collect()
}

#[test]
fn a_loaded_day_is_complete_and_a_missing_one_has_a_row_that_says_so() {
    let estate = Estate::loaded(Place::Folder);
    for (source, dataset) in
        [("env", "delivery_usage"), ("wz", "transcoders"), ("wz", "vod_streams"), ("cdn", "video_usage")]
    {
        let expected = [
            json!(["2026-09-24", true, true]),
            json!(["2026-09-25", true, true]),
            json!(["2026-09-26", true, true]),
            json!(["2026-09-27", false, false]),
        ];
        assert_eq!(days(&estate, source, dataset)[..4], expected, "{dataset}");
    }
    let months = estate.duckdb().query("SELECT complete, is_final FROM month_totals");
    assert_eq!(months.len(), 3);
    assert!(months.iter().all(|row| row["complete"] == false && row["is_final"] == false), "{months:?}");
}

#[test]
fn a_day_on_which_the_provider_lists_nothing_is_complete() {
    let estate = Estate::empty(Place::Folder);
    estate.configure(&["env"], FROM);
    let nothing = |body: &mut Value| {
        body["data"] = json!([]);
        body["total_row_count"] = 0.into();
    };
    estate.servers[0].faults().add(Fault::edit_json(nothing));
    estate.backfill(FROM, "2026-09-25").expect_code(0);
    assert_eq!(days(&estate, "env", "delivery_usage")[0], json!(["2026-09-24", true, false]));
}

#[test]
fn a_day_with_a_window_that_failed_is_not_complete() {
    let estate = Estate::empty(Place::Folder);
    estate.configure(&["env"], FROM);
    let drift = |body: &mut Value| {
        body["data"][0].as_object_mut().expect("a row").remove("delivered_seconds");
    };
    estate.servers[0].faults().add(Fault::edit_json(drift).nth(5));
    estate.backfill(FROM, TO).expect_code(3);
    let days = days(&estate, "env", "delivery_usage");
    let complete = days[..3].iter().filter(|day| day[1] == true).count();
    assert_eq!(complete, 2, "{days:?}");
    let usage =
        "SELECT count(*) FROM usage_with_coverage WHERE NOT complete AND delivered_seconds IS NOT NULL";
    assert_eq!(estate.duckdb().value(usage), 1, "the usage that there is stands beside it");
}
