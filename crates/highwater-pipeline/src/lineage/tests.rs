//! Lineage over a provider in memory.

use chrono::NaiveDate;
use highwater_core::{Clock, PageRequest};

use super::{Lineage, holds, lineage, names_in};
use crate::fixture::window;
use crate::rehearsal::{Rehearsal, spec};
use crate::states::State;

async fn explained(rehearsal: &Rehearsal, resource: &str, date: &str) -> Lineage {
    let checkpoint = rehearsal.checkpoint().await;
    let date: NaiveDate = date.parse().unwrap();
    let states = [rehearsal.state(&checkpoint)];
    lineage(&states, &rehearsal.warehouse, resource, date, rehearsal.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_resource_leads_to_its_rows_pulls_pages_and_totals() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    let found = explained(&rehearsal, "folder/b", "2026-09-01").await;
    let dataset = &found.datasets[0];
    let rows: Vec<_> =
        dataset.tables.iter().map(|table| (table.table.name(), table.rows.num_rows())).collect();
    assert_eq!(rows, [("resource_usage", 24), ("resource_usage_by_rendition", 48)]);
    assert_eq!(
        dataset.tables[0].object,
        "data/resource_usage/provider=any/usage_date=2026-09-01/main.usage.parquet"
    );
    assert_eq!(dataset.windows.len(), 24);
    let first = &dataset.windows[0];
    let archive = format!(
        "raw/main/usage/usage_date=2026-09-01/20260901T000000Z.{}.jsonl.zst",
        first.record.pull_digest
    );
    assert_eq!((first.archive.as_str(), first.state), (archive.as_str(), State::Final));
    let pages = first.pages.as_ref().unwrap();
    assert_eq!((pages.len(), pages[0].window), (1, first.record.window));
    assert_eq!(dataset.checks.len(), 2);
    assert!(dataset.restatements.is_none());
}

#[tokio::test]
async fn a_resource_that_used_nothing_has_no_lineage() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    assert!(explained(&rehearsal, "b", "2026-09-01").await.datasets.is_empty());
    assert!(explained(&rehearsal, "a", "2026-09-02").await.datasets.is_empty());
}

#[test]
fn a_page_may_name_the_resource_in_its_request_and_its_body_together() {
    let hour = window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z");
    let request = PageRequest::new("list", hour).with_param("app", "live");
    assert_eq!(names_in(&request, "live/a/b"), ["a/b", "live/a/b"]);
    assert_eq!(names_in(&request, "other/a"), ["other/a"]);
    assert!(holds(br#"{"url":"a\/b"}"#, "a/b"));
    assert!(holds(br#"{"url":"say \"a\""}"#, "say \"a\""));
    assert!(!holds(br#"{"url":"a\/c"}"#, "a/b"));
}
