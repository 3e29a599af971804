//! Whole pulls from the simulated provider: what arrives is the provider's world.

use std::collections::BTreeSet;

use highwater_core::{Column, ErrorKind, PageRequest, Provider, SettingValue, Settings, Table};
use highwater_extract_scaleengine::ScaleEngine;
use highwater_simulator::scaleengine::{CountMeaning, NumberForm, SignatureVerification};

use crate::bench::{Bench, NAMES, Pull, Source, Usage, day, named, span};

#[tokio::test]
async fn thirty_days_over_three_applications_arrive_under_each_strict_verification() {
    let bench = Bench::new().await;
    let days = span("2026-09-01", "2026-10-01");
    let truth = bench.truth(days);
    assert!(truth.len() > 600, "the world is too quiet to show anything: {}", truth.len());
    for (verification, count, numbers) in [
        (SignatureVerification::Raw, CountMeaning::Total, NumberForm::Text),
        (SignatureVerification::Reencode, CountMeaning::Page, NumberForm::Number),
    ] {
        bench.api.alter(|behaviour| {
            (behaviour.verification, behaviour.count) = (verification, count);
            behaviour.number_form = numbers;
        });
        let extractor = Source { page_size: 7, ..bench.source() }.connect();
        let pull = Pull::of_days(extractor.as_ref(), days).await.unwrap();
        assert_eq!(pull.usage(), truth, "{verification:?} {count:?}");
        assert!(pull.rows.of(Table::ResourceUsage).count() > truth.len(), "no row came in two parts");
        assert!(pull.requests > 3 * 30, "no series had a second page");
    }
}

#[tokio::test]
async fn a_provider_that_gives_fewer_rows_than_asked_for_loses_none() {
    let bench = Bench::new().await;
    let extractor = bench.source().connect();
    let truth = bench.truth(day("2026-09-02"));
    assert!(!truth.is_empty());
    bench.api.alter(|behaviour| behaviour.max_limit = 2);
    let pull = Pull::of_days(extractor.as_ref(), day("2026-09-02")).await.unwrap();
    assert_eq!(pull.usage(), truth);
}

#[tokio::test]
async fn all_applications_are_those_that_the_provider_lists() {
    let bench = Bench::new().await;
    let source = Source { apps: SettingValue::Text("all".to_owned()), ..bench.source() };
    let days = span("2026-09-01", "2026-09-04");
    let pull = Pull::of_days(source.connect().as_ref(), days).await.unwrap();
    assert_eq!(pull.usage(), bench.truth(days));
    assert_eq!(pull.requests, 3 * (1 + 3));
}

#[tokio::test]
async fn an_application_can_be_named_by_its_id() {
    let bench = Bench::new().await;
    let source = Source { apps: named(&["1001"]), ..bench.source() };
    let pull = Pull::of_days(source.connect().as_ref(), day("2026-09-02")).await.unwrap();
    let expected: Usage = bench
        .truth(day("2026-09-02"))
        .into_iter()
        .filter_map(|((id, date), figures)| {
            Some(((format!("1001/{}", id.strip_prefix("demo-origin/")?), date), figures))
        })
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(pull.usage(), expected);
}

#[tokio::test]
async fn the_months_that_the_provider_reports_are_the_sums_of_their_days() {
    let bench = Bench::new().await;
    let spec = &ScaleEngine.datasets(&Settings::default())[0];
    let months = span("2026-09-01", "2026-11-01");
    let sum = |figures: &[(i64, i64)]| {
        figures
            .iter()
            .fold((0_i128, 0_i128), |sum, one| (sum.0 + i128::from(one.0), sum.1 + i128::from(one.1)))
    };
    let (bytes, requests) = sum(&bench.truth(months).into_values().collect::<Vec<_>>());
    for apps in [named(&NAMES), SettingValue::Text("all".to_owned())] {
        let extractor = Source { apps, page_size: 9, ..bench.source() }.connect();
        let pull = Pull::from(extractor.as_ref(), extractor.control_requests(spec, months)).await.unwrap();
        let reported = |measure| -> i128 {
            pull.figures.iter().filter(|figure| figure.measure == measure).map(|figure| figure.micros).sum()
        };
        assert_eq!(reported(Column::DeliveredBytes), bytes * 1_000_000);
        assert_eq!(reported(Column::Requests), requests * 1_000_000);
        assert!(pull.rows.rows.is_empty());
        assert!(extractor.control_requests(spec, day("2026-09-01")).is_empty());
    }
}

#[tokio::test]
async fn a_month_of_one_url_can_be_fetched() {
    let bench = Bench::new().await;
    let extractor = bench.source().connect();
    let month = span("2026-09-01", "2026-10-01");
    let url = "sestore/caf\u{e9}/menu.mp4";
    let request = PageRequest::new("video_usage", month).with_param("app", "demo-vod").with_param("url", url);
    let pull = Pull::from(extractor.as_ref(), vec![request]).await.unwrap();
    let ids: BTreeSet<&str> = pull.rows.rows.iter().map(|row| row.text(Column::ResourceId)).collect();
    assert_eq!(ids, BTreeSet::from(["demo-vod/sestore/caf\u{e9}/menu.mp4"]));
    let truth = bench.truth(month).into_iter().filter(|((id, _), _)| ids.contains(id.as_str()));
    let expected = truth.fold((0, 0), |sum, (_, figures)| (sum.0 + figures.0, sum.1 + figures.1));
    let sum = pull.usage().into_values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(sum, expected);
    assert!(pull.rows.rows.iter().all(|row| row.bucket == month));
}

#[tokio::test]
async fn what_the_provider_cannot_be_asked_is_not_sent() {
    let bench = Bench::new().await;
    let extractor = bench.source().connect();
    let two_days =
        PageRequest::new("video_usage", span("2026-09-01", "2026-09-03")).with_param("app", "demo-vod");
    let no_app = PageRequest::new("video_usage", day("2026-09-01"));
    for request in [two_days, no_app] {
        assert_eq!(extractor.fetch(&request).await.unwrap_err().kind(), ErrorKind::Config);
    }
    assert_eq!(bench.server.traffic().requests, 0);
}

#[tokio::test]
async fn a_probe_is_one_request_and_tells_the_providers_time() {
    let bench = Bench::new().await;
    for apps in [named(&["demo-vod"]), SettingValue::Text("all".to_owned())] {
        let before = bench.server.traffic().requests;
        let extractor = Source { apps, ..bench.source() }.connect();
        assert!(extractor.probe().await.unwrap().server_time.is_some());
        assert_eq!(bench.server.traffic().requests, before + 1);
    }
}
