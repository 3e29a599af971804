//! Each dataset, pulled over HTTP, holds what the simulated account says that it used.

use std::collections::BTreeSet;

use highwater_core::{ErrorKind, Grain, PageRequest, Table};
use highwater_simulator::wowza::{ArchivedIds, WowzaApi};
use serde_json::Value;

use crate::recording::Recording;
use crate::rig::{Rig, dataset, day, pull_from, window};
use crate::usage::{
    EGRESS, VIEWING, assert_rows, day_of, expected, facts, hour_of, is_archived, is_nothing, keys, text,
};

/// A day on which resources appear and vanish.
const DAY: &str = "2026-09-25";

#[tokio::test]
async fn hours_of_lists_are_the_accounts() {
    let rig = Rig::new(WowzaApi::default()).await;
    let span = window("2026-09-25T16:00:00Z", "2026-09-25T20:00:00Z");
    for (name, fact, columns) in [
        ("transcoders", "transcoder_hour", EGRESS),
        ("vod_streams", "vod_hour", VIEWING),
        ("vod_egress", "vod_egress_hour", &EGRESS[1..2]),
    ] {
        let table = Table::ResourceUsage;
        let mut recording = Recording::default();
        for hour in span.buckets(Grain::Hour) {
            let mut pulled = rig.pull(name, hour).await.unwrap();
            let (listed, totals) = pulled.listed();
            assert_eq!(totals, BTreeSet::from([listed]), "{name}");
            recording.rows.append(&mut pulled.recording.rows);
            assert!(pulled.recording.rejects.is_empty() && pulled.recording.unknown.is_empty());
        }
        // A row of the list has its own figures alone: those are what makes it a row of zeros.
        let told = |line: &Value| columns.iter().any(|(field, _)| line[*field] != 0);
        let facts = facts(&rig.api, span, fact);
        let kept = facts.iter().filter(|line| !is_archived(line) || told(line));
        let rows = kept.map(|line| expected(table, line, hour_of(line), &[&keys(table), columns])).collect();
        assert_rows(&recording, table, rows);
        let described = recording.of(Table::Resources).len();
        assert_eq!(described, if name == "vod_egress" { 0 } else { facts.len() }, "{name}");
    }
}

#[tokio::test]
async fn resources_are_described_in_the_providers_words() {
    let rig = Rig::new(WowzaApi::default()).await;
    let span = day(DAY);
    let facts = facts(&rig.api, span, "resource");
    for (name, kind) in [("transcoders", "transcoder"), ("vod_streams", "vod_stream")] {
        let pulled = rig.pull(name, span).await.unwrap();
        let described = facts.iter().filter(|fact| fact["resource_type"] == kind);
        let rows = described.map(|fact| {
            let mut row = expected(
                Table::Resources,
                fact,
                span,
                &[
                    &keys(Table::Resources),
                    &[
                        ("name", "name"),
                        ("type", "type"),
                        ("transcoder_type", "type"),
                        ("billing_mode", "billing_mode"),
                    ],
                ],
            );
            row.cells.insert("archived", is_archived(fact).to_string());
            row
        });
        assert_rows(&pulled.recording, Table::Resources, rows.collect());
    }
}

#[tokio::test]
async fn days_of_single_resources_are_the_accounts() {
    let rig = Rig::new(WowzaApi::default()).await;
    for (name, fact, table, columns) in [
        ("transcoder_viewing", "transcoder_day", Table::ResourceUsage, VIEWING),
        ("vod_details", "vod_day", Table::ResourceUsage, &EGRESS[..1]),
        ("transcoder_countries", "transcoder_country_day", Table::ResourceUsageByCountry, VIEWING),
        ("vod_countries", "vod_country_day", Table::ResourceUsageByCountry, VIEWING),
        ("vod_renditions", "vod_rendition_day", Table::ResourceUsageByRendition, VIEWING),
    ] {
        let pulled = rig.pull(name, day(DAY)).await.unwrap();
        let facts = facts(&rig.api, day(DAY), fact);
        // One that is deleted is not told of any more; one that was archived before the world began used nothing.
        let kept = facts.iter().filter(|line| !is_archived(line));
        let rows = kept.map(|line| expected(table, line, day_of(line), &[&keys(table), columns])).collect();
        assert_rows(&pulled.recording, table, rows);
        assert_eq!(pulled.gone.len(), 1, "{name}: the deleted one was in use on that day");
        assert!(pulled.recording.rejects.is_empty() && pulled.recording.unknown.is_empty());
    }
}

#[tokio::test]
async fn idle_archived_resources_are_not_asked_for() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.api.set_behaviour(|behaviour| behaviour.archived_ids = ArchivedIds::Gone);
    let pulled = rig.pull("transcoder_viewing", day("2026-09-20")).await.unwrap();
    let asked = pulled.facts.iter().filter(|(request, _)| request.id.is_some()).count();
    let listed = facts(&rig.api, day("2026-09-20"), "transcoder_day");
    assert_eq!(asked, listed.iter().filter(|fact| !is_archived(fact)).count());
    assert!(listed.iter().any(|fact| is_archived(fact) && is_nothing(fact)));
}

#[tokio::test]
async fn the_account_is_its_parts_and_the_viewers_of_the_whole() {
    let rig = Rig::new(WowzaApi::default()).await;
    let pulled = rig.pull("account", day(DAY)).await.unwrap();
    let rows = facts(&rig.api, day(DAY), "account_day").into_iter().map(|line| {
        let columns: &[&[_]] = match line["scope"].as_str() {
            Some("account") => &[&[("scope", "scope")], &VIEWING[2..]],
            _ => &[&[("scope", "scope")], VIEWING, EGRESS],
        };
        expected(Table::AccountUsage, &line, day(DAY), columns)
    });
    assert_rows(&pulled.recording, Table::AccountUsage, rows.collect());

    let pulled = rig.pull("account_countries", day(DAY)).await.unwrap();
    let table = Table::AccountUsageByCountry;
    let lines = facts(&rig.api, day(DAY), "account_country_day");
    let parts = lines.iter().filter(|line| line["scope"] != "account");
    let rows = parts.map(|line| expected(table, line, day(DAY), &[&keys(table), VIEWING])).collect();
    assert_rows(&pulled.recording, table, rows);
}

#[tokio::test]
async fn the_summary_is_the_egress_by_configuration() {
    let rig = Rig::new(WowzaApi::default()).await;
    let pulled = rig.pull("transcoder_summary", day(DAY)).await.unwrap();
    let table = Table::AccountUsageByConfiguration;
    let rows = facts(&rig.api, day(DAY), "configuration_day").into_iter().map(|line| {
        let mut row = expected(table, &line, day(DAY), &[&keys(table), &EGRESS[..2]]);
        row.cells.insert("scope", "transcoders".to_owned());
        row
    });
    assert_rows(&pulled.recording, table, rows.collect());
}

#[tokio::test]
async fn every_operation_can_be_fetched_by_itself() {
    let rig = Rig::new(WowzaApi::default()).await;
    let extractor = rig.extractor.as_ref();
    let lists = facts(&rig.api, day(DAY), "resource");
    let alive = |kind: &str| {
        let found = lists.iter().find(|fact| fact["resource_type"] == kind && !is_archived(fact));
        text(&found.expect("one in use")["resource_id"])
    };
    assert_eq!(extractor.operations().len(), 20);
    for spec in extractor.operations() {
        let span =
            if spec.takes_window { day(DAY) } else { window("2026-09-29T11:00:00Z", "2026-09-29T12:00:00Z") };
        let mut request = PageRequest::new(spec.name, span);
        if spec.takes_id {
            let kind = if spec.name.starts_with("vod") { "vod_stream" } else { "transcoder" };
            request = request.with_id(&alive(kind));
        }
        let dataset = dataset(extractor, spec.dataset);
        let pulled = pull_from(extractor, &dataset, vec![request]).await.unwrap();
        assert!(!pulled.recording.rows.is_empty(), "{}", spec.name);
        let fed: Vec<&str> = dataset.tables().map(Table::name).collect();
        assert!(pulled.recording.rows.iter().all(|row| fed.contains(&row.table)), "{}", spec.name);
    }
}

#[tokio::test]
async fn an_answer_for_another_window_says_so() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.api.set_behaviour(|behaviour| behaviour.echo_shift_hours = 1);
    let dataset = dataset(rig.extractor.as_ref(), "transcoder_summary");
    let request = rig.extractor.first(&dataset, day(DAY)).remove(0);
    let page = rig.extractor.fetch(&request).await.unwrap();
    let facts = rig.extractor.decode(&dataset, &page, &mut Recording::default()).unwrap();
    assert_eq!(facts.echo, Some(window("2026-09-25T01:00:00Z", "2026-09-26T01:00:00Z")));
}

#[tokio::test]
async fn a_span_of_more_than_ninety_days_is_not_sent() {
    let rig = Rig::new(WowzaApi::default()).await;
    let long = window("2026-01-01T00:00:00Z", "2026-04-02T00:00:00Z");
    assert_eq!(rig.pull("transcoder_summary", long).await.unwrap_err().kind(), ErrorKind::BadRequest);
    assert_eq!(rig.server.traffic().requests, 0);
}
