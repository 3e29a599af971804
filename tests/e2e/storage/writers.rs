//! Several processes at once: exact, and no update is lost.

use super::{
    at,
    site::{Site, folder_and_s3},
    stores::Store,
};
use crate::binary::Sandbox;

const NOW: &str = "2026-09-03T12:00:00Z";
const RANGE: (&str, &str) = ("2026-09-01T00:00:00Z", "2026-09-03T00:00:00Z");

/// Starts one backfill for each of `ranges` at once, and checks that what they leave is what one would have left.
#[track_caller]
fn at_once(store: fn(&Sandbox) -> Store, ranges: &[(String, String)]) {
    let site = Site::new(NOW, 30, store);
    let started: Vec<_> = ranges.iter().map(|(from, to)| site.backfilling(NOW, from, to).spawn()).collect();
    let outcomes: Vec<_> = started.into_iter().map(|running| running.wait().expect_code(0).json()).collect();
    for outcome in &outcomes {
        assert_eq!((&outcome["windows"]["failed"], &outcome["windows"]["held"]), (&0.into(), &0.into()));
    }
    let taken = |outcome: &serde_json::Value| {
        let count = |state: &str| outcome["windows"][state].as_u64().unwrap_or_default();
        count("loaded") + count("empty") + count("unchanged")
    };
    let asked: u64 = ranges.iter().map(|(from, to)| (at(to) - at(from)).num_hours().unsigned_abs()).sum();
    assert!(outcomes.iter().map(taken).sum::<u64>() <= asked, "{outcomes:?}");
    site.assert_equals_world(RANGE.0, RANGE.1, at(NOW));
    // Every window of every writer is in the checkpoint, and in every object with the same pull.
    let open = site.checkpoint(NOW)["open"].take();
    assert_eq!(open.as_array().map(Vec::len), Some(48));
    site.without_secrets(NOW, &["checkpoint", "rebuild"]).run().expect_code(0);
    let restored = site.checkpoint(NOW)["open"].take();
    assert_eq!(restored.as_array().map(Vec::len), Some(48));
    let requests = site.requests();
    site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0);
    assert_eq!(site.requests(), requests, "nothing is left to be asked");
}

fn the_same(count: usize) -> Vec<(String, String)> {
    vec![(RANGE.0.to_owned(), RANGE.1.to_owned()); count]
}

/// The range dealt out in pieces of a few hours, so that all writers meet in the same objects.
fn pieces(count: usize) -> Vec<(String, String)> {
    let (from, to) = (at(RANGE.0), at(RANGE.1));
    let piece = (to - from) / i32::try_from(count).expect("a few");
    let bound =
        |index: usize| highwater_core::format_instant(from + piece * i32::try_from(index).expect("a few"));
    (0..count).map(|index| (bound(index), bound(index + 1))).collect()
}

#[test]
fn two_and_four_processes_on_the_same_range_are_exact() {
    for store in folder_and_s3() {
        at_once(store, &the_same(2));
        at_once(store, &the_same(4));
    }
}

#[test]
fn processes_on_different_hours_of_the_same_objects_are_exact() {
    for store in folder_and_s3() {
        at_once(store, &pieces(2));
        // Four writers in the objects of each day.
        at_once(store, &pieces(8));
    }
}

#[test]
fn two_processes_are_exact_on_an_s3_that_is_not_ours() {
    at_once(Store::moto, &pieces(8));
    at_once(Store::moto, &the_same(2));
}
