//! The ways in which the simulated figures can be wrong, late or moving.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::mux::behaviour::{Change, Revision, Shrunken};
use serde_json::Value;

use crate::bench::{Bench, Figures, add_figures, hours_before_midnight, micros, midnight};

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["asset_id"].as_str().unwrap().to_owned()).collect()
}

fn sum(rows: &[Value]) -> i64 {
    rows.iter().map(|row| micros(&row["delivered_seconds"].to_string())).sum()
}

#[tokio::test]
async fn a_late_revision_changes_an_hour_once_it_has_the_age() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(1), midnight());
    let untouched = bench.rows(from, to).await;
    bench.api.change(|behaviour| {
        let after_age = TimeDelta::hours(24);
        behaviour.revisions = vec![
            Revision { after_age, per_mille: 500, change: Change::Scale(1100) },
            Revision { after_age, per_mille: 100, change: Change::Vanish },
            Revision { after_age, per_mille: 100, change: Change::Appear },
        ];
    });
    let early = bench.rows(from, to).await;
    bench.data_clock.advance(Duration::from_secs(12 * 3600));
    let late = bench.rows(from, to).await;
    assert!(ids(&early).is_subset(&ids(&untouched)));
    assert!(ids(&early).difference(&ids(&late)).next().is_some(), "some rows vanish");
    assert!(ids(&late).difference(&ids(&early)).next().is_some(), "some rows appear");
    let raised = early.iter().filter(|row| {
        late.iter().any(|new| {
            new["asset_id"] == row["asset_id"] && new["delivered_seconds"] != row["delivered_seconds"]
        })
    });
    assert!(raised.count() > 10);
    bench.data_clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(bench.rows(from, to).await, late);

    let (mut told, mut final_word) = (Figures::new(), Figures::new());
    add_figures(&mut told, &late);
    told.retain(|(_, tier), _| tier.is_empty());
    for line in bench.api.dump(from, to).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["kind"] == "asset_hour" {
            let key = (line["asset_id"].as_str().unwrap().to_owned(), String::new());
            final_word.insert(key, micros(line["delivered_seconds"].as_str().unwrap()));
        }
    }
    assert_eq!(told, final_word);
    let at_first = bench.api.dump_at(from, to, midnight() + TimeDelta::hours(13));
    assert_eq!(at_first.lines().filter(|line| line.contains("\"asset_hour\"")).count(), early.len());
}

#[tokio::test]
async fn a_shrunken_span_loses_a_share_or_everything_and_the_dump_does_not() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(3), hours_before_midnight(2));
    let (whole, truth) = (bench.rows(from, to).await, bench.api.dump(from, to));
    bench.api.change(|behaviour| behaviour.shrunken = vec![Shrunken { from, to, lost_per_mille: 300 }]);
    let less = bench.rows(from, to).await;
    assert!(less.len() < whole.len() && less.len() > whole.len() / 2);
    assert!(ids(&less).is_subset(&ids(&whole)));
    bench.api.change(|behaviour| behaviour.shrunken[0].lost_per_mille = 1000);
    assert!(bench.rows(from, to).await.is_empty());
    assert!(!bench.rows(to, hours_before_midnight(1)).await.is_empty());
    assert_eq!(bench.api.dump(from, to), truth);
}

#[tokio::test]
async fn shifting_ranks_repeat_one_row_and_lose_another_until_they_settle() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(24), midnight());
    let steady = bench.rows(from, to).await;
    bench.api.change(|behaviour| behaviour.shifting_pages = 1);
    let shifted = bench.rows(from, to).await;
    assert_eq!(shifted.len(), steady.len());
    assert_eq!(ids(&shifted).len(), steady.len() - 1);
    assert_eq!(shifted[100], shifted[99]);
    assert_eq!(bench.rows(from, to).await, steady);
}

#[tokio::test]
async fn a_total_can_change_between_two_pages() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(24), midnight());
    bench.api.change(|behaviour| behaviour.drifting_totals = 1);
    let mut totals = Vec::new();
    for page in [1, 2, 2] {
        totals.push(bench.page(from, to, page, 50).await["total_row_count"].as_u64().unwrap());
    }
    assert_eq!(totals, [totals[0], totals[0] + 1, totals[0]]);
}

#[tokio::test]
async fn one_bad_row_has_negative_usage_and_the_others_are_as_ever() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(3), hours_before_midnight(2));
    let good = bench.rows(from, to).await;
    bench.api.change(|behaviour| behaviour.bad_row_in = Some(from));
    let spoiled = bench.rows(from, to).await;
    assert_eq!(spoiled[..good.len() - 1], good[..good.len() - 1]);
    assert!(spoiled[good.len() - 1]["delivered_seconds"].as_f64().unwrap() < 0.0);
    assert!(sum(&bench.rows(to, hours_before_midnight(1)).await) > 0);
}

#[tokio::test]
async fn a_long_span_can_report_less_than_its_hours() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(2), midnight());
    let mut hours = sum(&bench.rows(from, hours_before_midnight(1)).await);
    hours += sum(&bench.rows(hours_before_midnight(1), to).await);
    assert_eq!(sum(&bench.rows(from, to).await), hours);
    bench.api.change(|behaviour| behaviour.reported_per_mille_of_long_spans = 900);
    let reported = sum(&bench.rows(from, to).await);
    assert!(reported < hours * 91 / 100 && reported > hours * 89 / 100);
}
