//! Checkpoints from the data alone.

use serde_json::{Value, json};

use super::{
    at,
    site::{Site, folder_and_s3},
    stores::Store,
};

const RANGE: (&str, &str) = ("2026-09-01T00:00:00Z", "2026-09-04T00:00:00Z");
/// The last hour of the third day is just out.
const LOADED: &str = "2026-09-04T12:00:00Z";
/// The first day has had its last revisit, of the others some hours have had one.
const NOW: &str = "2026-09-05T01:00:00Z";

/// Three days: the first one final and sealed; of the others revisits that found nothing new, known to the checkpoint alone.
fn three_days(store: Store) -> Site {
    let site = Site::new(LOADED, 20, |_| store);
    site.backfill(LOADED, RANGE.0, RANGE.1).expect_code(0);
    site.advance_hours(13);
    let outcome = site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0).json();
    assert!(outcome["windows"]["unchanged"].as_u64() > Some(0), "{outcome}");
    site
}

fn lose_state(site: &Site) {
    for (file, _) in site.files("state") {
        site.put(&file, None);
    }
}

/// The open records, each as its window and when it was pulled.
fn open(checkpoint: &Value) -> Vec<(Value, Value)> {
    let records = checkpoint["open"].as_array().expect("there are open days");
    records.iter().map(|record| (record["window"].clone(), record["pulled_at"].clone())).collect()
}

#[test]
fn rebuilt_checkpoints_are_exact_for_final_days_and_never_ahead_for_others() {
    for store in [Store::Folder, Store::s3()] {
        let site = three_days(store);
        let before = site.checkpoint(NOW);
        assert_eq!(before["sealed"].as_object().map(serde_json::Map::len), Some(1), "{before}");
        lose_state(&site);
        assert_eq!(site.checkpoint(NOW)["open"], Value::Null);
        let rebuilt = site.json(NOW, &["checkpoint", "rebuild"]);
        let after = site.checkpoint(NOW);
        assert_eq!(rebuilt["checkpoints"][0]["checkpoint"], after);
        assert_eq!(after["sealed"], before["sealed"], "exact where all is final, verdicts included");
        assert!(before["sealed"]["2026-09-01"]["verdict"].is_string(), "{before}");
        let (known, restored) = (open(&before), open(&after));
        assert_eq!(restored.len(), known.len());
        for ((window, pulled_at), (known_window, known_pulled_at)) in restored.iter().zip(&known) {
            assert_eq!(window, known_window);
            assert!(pulled_at.as_str() <= known_pulled_at.as_str(), "never ahead: {window}");
        }
        for unit in site.due(NOW).as_array().expect("a list") {
            let reasons = unit["reasons"].as_array().expect("a list");
            let in_range = unit["usage_date"].as_str() < Some("2026-09-04");
            assert!(!in_range || *reasons == [json!("revisit")], "{unit}");
        }
        let (asked, data) = (site.requests(), facts(&site));
        let outcome = site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0).json();
        let revisits = outcome["windows"]["unchanged"].as_u64().unwrap_or_default();
        assert_eq!(site.requests() - asked, revisits, "one page each, and nothing but revisits: {outcome}");
        assert!(revisits < 48);
        assert_eq!(facts(&site), data, "and they write no object");
        site.assert_equals_world(RANGE.0, RANGE.1, at(NOW));
    }
}

#[test]
fn a_run_without_its_checkpoint_takes_over_what_the_objects_hold() {
    for store in folder_and_s3() {
        let site = Site::new(LOADED, 20, store);
        site.backfill(LOADED, RANGE.0, RANGE.1).expect_code(0);
        lose_state(&site);
        let asked = site.requests();
        let outcome = site.backfill(LOADED, RANGE.0, RANGE.1).expect_code(0).json();
        assert_eq!((&outcome["windows"]["unchanged"], site.requests()), (&json!(72), asked));
        let checkpoint = site.checkpoint(LOADED);
        assert_eq!(open(&checkpoint).len(), 72);
    }
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_restored() {
    let site = three_days(Store::Folder);
    let (file, content) = site.files("state").remove(0);
    site.put(&file, Some(&content[..content.len() / 2]));
    let broken = site.without_secrets(NOW, &["status"]).run().expect_code(1);
    assert!(broken.stderr.contains("highwater checkpoint rebuild"), "{}", broken.stderr);
    let rebuilt = site.without_secrets(NOW, &["checkpoint", "rebuild"]).run().expect_code(0);
    assert!(rebuilt.stderr.contains("3 days"), "{}", rebuilt.stderr);
    site.json(NOW, &["status"]);
}

/// The objects of facts.
fn facts(site: &Site) -> Vec<(String, Vec<u8>)> {
    site.files("data/resource")
}
