//! What a page says beside its rows: the pages that follow, and totals over longer spans.

use highwater_core::{Column, DatasetSpec, Figure, Grain, PageFacts, RawPage, Relation, Role, Table, Window};

use crate::recording::Recording;
use crate::source::{at, decode, hour, offline, page, spec};

fn list(rows: usize, total: u64, limit: u64) -> String {
    let rows: Vec<String> = (0..rows)
        .map(|row| {
            let tiers = r#"{"tier_720p":1,"tier_1080p":0.25}"#;
            format!(
                r#"{{"asset_id":"a{row}","delivered_seconds":1.5,"delivered_seconds_by_resolution":{tiers}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"total_row_count":{total},"timeframe":[1700006400,1700010000],"limit":{limit},"data":[{}]}}"#,
        rows.join(",")
    )
}

fn next(facts: &PageFacts) -> Vec<(&str, &str)> {
    let param =
        |name| move |request: &'_ highwater_core::PageRequest| request.param(name).unwrap().to_owned();
    let _ = param;
    facts
        .next
        .iter()
        .map(|request| (request.param("page").unwrap(), request.param("limit").unwrap()))
        .collect()
}

#[test]
fn a_pull_opens_with_the_first_page_in_the_configured_size() {
    let extractor = offline();
    let first = extractor.first(&spec(extractor.as_ref()), hour());
    let [request] = &first[..] else { panic!("{first:?}") };
    assert_eq!(
        (request.operation.as_str(), request.role, request.window),
        ("delivery_usage", Role::Rows, hour())
    );
    assert_eq!((request.param("page"), request.param("limit")), (Some("1"), Some("100")));
}

#[test]
fn the_first_page_names_the_others_in_the_size_it_echoes() {
    let (facts, _) = decode(&page(list(2, 5, 2).as_bytes())).unwrap();
    assert_eq!(next(&facts), [("2", "2"), ("3", "2")]);
}

#[test]
fn an_empty_page_ends_the_list_whatever_the_total_says() {
    let (facts, recording) = decode(&page(list(0, 5, 2).as_bytes())).unwrap();
    assert!(facts.next.is_empty() && recording.rows.is_empty());
    let listing = facts.listing.unwrap();
    assert_eq!((listing.listed, listing.total), (0, 5));
}

#[test]
fn an_answer_for_another_window_is_told_as_it_was_said() {
    let body = list(1, 1, 100).replace("[1700006400,1700010000]", "[1700002800,1700010000]");
    let (facts, _) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(facts.echo, Some(Window::of(at("2023-11-14T23:00:00Z"), at("2023-11-15T01:00:00Z"))));
}

fn control(span: Window, body: &str) -> (PageFacts, Recording) {
    let extractor = offline();
    let requests = extractor.control_requests(&spec(extractor.as_ref()), span);
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.role, request.window), (Role::Control, span));
    let page = RawPage { request: request.clone(), ..page(body.as_bytes()) };
    decode(&page).unwrap()
}

#[test]
fn a_control_page_gives_figures_and_no_rows() {
    let day = Window::day(at("2023-11-15T00:00:00Z").date_naive());
    let (facts, recording) = control(day, &list(2, 5, 2));
    let figure = |table, micros| Figure {
        table,
        measure: Column::DeliveredSeconds,
        micros,
        tolerance_micros: 48,
        relation: Relation::Equal,
    };
    assert_eq!(
        facts.figures,
        [figure(Table::ResourceUsage, 3_000_000), figure(Table::ResourceUsageByRendition, 2_500_000)]
    );
    assert_eq!(recording, Recording::default());
    assert_eq!(next(&facts), [("2", "2"), ("3", "2")]);
    assert!(facts.next.iter().all(|next| next.role == Role::Control && next.window == day));
}

#[test]
fn days_have_no_control_totals_because_they_are_what_the_provider_adds_up_itself() {
    let extractor = offline();
    let daily = DatasetSpec { grain: Grain::Day, step: Grain::Day, ..spec(extractor.as_ref()) };
    let day = Window::day(at("2023-11-15T00:00:00Z").date_naive());
    assert!(extractor.control_requests(&daily, day).is_empty());
}
