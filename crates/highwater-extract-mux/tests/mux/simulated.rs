//! Whole pulls from the simulated provider, compared with its world.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater_core::{
    Column, Extractor, Grain, ManualClock, PageFacts, PageRequest, Table, Window, format_instant,
};
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::world::WorldSettings;
use highwater_simulator::{Fault, RetryAfter, RunningSimulator, Simulator};
use serde_json::Value;

use crate::recording::Recording;
use crate::source::{TOKEN_ID, TOKEN_SECRET, at, connect, now, settings, spec, window};

pub(crate) struct Simulated {
    pub(crate) api: Arc<MuxApi>,
    pub(crate) server: RunningSimulator,
    pub(crate) extractor: Arc<dyn Extractor>,
}

pub(crate) async fn simulated(behaviour: MuxBehaviour, token_secret: &str, page_size: i64) -> Simulated {
    let credentials = MuxCredentials::new(TOKEN_ID, token_secret);
    let api = Arc::new(MuxApi::new(MuxWorld::new(WorldSettings::demo()), credentials, behaviour));
    let clock = Arc::new(ManualClock::new(now()));
    let builder = Simulator::builder(Arc::clone(&api) as _, Arc::clone(&clock) as _, clock);
    let server = builder.start().await.unwrap();
    let extractor = connect(&settings(&server.base_url(), page_size));
    Simulated { api, server, extractor }
}

impl Simulated {
    /// Pulls `first` and all pages that follow, as the runner would.
    async fn pull(&self, first: Vec<PageRequest>) -> (Vec<PageFacts>, Recording) {
        let spec = spec(self.extractor.as_ref());
        let (mut waiting, mut asked) = (first.clone(), first);
        let (mut facts, mut recording) = (Vec::new(), Recording::default());
        while let Some(request) = waiting.pop() {
            let page = self.extractor.fetch(&request).await.unwrap();
            assert_eq!((&page.request, page.fetched_at >= now()), (&request, true));
            let told = self.extractor.decode(&spec, &page, &mut recording).unwrap();
            for next in &told.next {
                if !asked.contains(next) {
                    asked.push(next.clone());
                    waiting.push(next.clone());
                }
            }
            facts.push(told);
        }
        (facts, recording)
    }

    async fn pull_rows(&self, window: Window) -> (Vec<PageFacts>, Recording) {
        self.pull(self.extractor.first(&spec(self.extractor.as_ref()), window)).await
    }
}

/// `asset rendition` → seconds in `window`, by the world's own dump; the rendition is empty for the asset's total.
fn truth(api: &MuxApi, window: Window) -> BTreeMap<(String, String), i128> {
    let mut truth = BTreeMap::new();
    let dump = highwater_simulator::api::ProviderApi::dump(api, window.start(), window.end());
    for line in dump.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if line["kind"] != "asset" {
            let key = (text(&line["asset_id"]), text(&line["rendition"]));
            *truth.entry(key).or_default() += micros(&text(&line["delivered_seconds"]));
        }
    }
    truth
}

/// Decimal seconds with up to six decimals, as microseconds.
fn micros(text: &str) -> i128 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<6}").parse().unwrap()
}

/// Fails with the entries that differ, of which one is enough to find the cause.
fn assert_same(ours: &BTreeMap<(String, String), i128>, theirs: &BTreeMap<(String, String), i128>) {
    assert!(!theirs.is_empty());
    let missing: Vec<_> =
        theirs.iter().filter(|(key, value)| ours.get(*key) != Some(*value)).take(3).collect();
    let surplus: Vec<_> =
        ours.iter().filter(|(key, value)| theirs.get(*key) != Some(*value)).take(3).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn usage(recording: &Recording) -> BTreeMap<(String, String), i128> {
    let facts = recording.rows.iter().filter(|row| row.table != Table::Resources);
    facts
        .map(|row| {
            let rendition = row.values.get(&Column::Rendition).cloned().unwrap_or_default();
            (
                (row.values[&Column::ResourceId].clone(), rendition),
                micros(&row.values[&Column::DeliveredSeconds]),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_hour_over_many_pages_equals_the_world() {
    let hour = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    for page_size in [7, 100] {
        let simulated = simulated(MuxBehaviour::strict(), TOKEN_SECRET, page_size).await;
        let (facts, recording) = simulated.pull_rows(hour).await;
        let truth = truth(&simulated.api, hour);
        assert_same(&usage(&recording), &truth);
        let total = facts[0].listing.as_ref().unwrap().total;
        assert!(facts.iter().all(|facts| facts.echo == Some(hour)));
        assert!(facts.iter().all(|facts| facts.listing.as_ref().unwrap().total == total));
        assert_eq!(facts.iter().map(|facts| facts.listing.as_ref().unwrap().listed).sum::<u64>(), total);
        assert_eq!(facts.len() as u64, total.div_ceil(u64::try_from(page_size).unwrap()));
        assert_eq!(simulated.extractor.traffic().count().requests, facts.len() as u64);
        assert!(recording.rejects.is_empty() && recording.unknown.is_empty());
    }
}

#[tokio::test]
async fn each_asset_is_described_as_the_world_has_it() {
    let hour = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    let (_, recording) = simulated.pull_rows(hour).await;
    let assets: BTreeMap<&str, _> =
        simulated.api.world().assets().iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let described: Vec<_> = recording.rows.iter().filter(|row| row.table == Table::Resources).collect();
    assert!(described.len() > 50);
    for row in described {
        let asset = assets[row.values[&Column::ResourceId].as_str()];
        assert_eq!(row.values.get(&Column::ParentId), asset.live_stream_id.as_ref());
        assert_eq!(row.values.get(&Column::Passthrough), asset.passthrough.as_ref());
        assert_eq!(row.values[&Column::Tier], asset.tier.word());
        let quality = if asset.quality_listed { asset.quality.word() } else { asset.quality.encoding_tier() };
        assert_eq!(row.values[&Column::Quality], quality);
        let created_at = chrono::DateTime::from_timestamp(asset.created_at, 0).unwrap();
        assert_eq!(row.values[&Column::CreatedAt], format_instant(created_at));
    }
}

#[tokio::test]
async fn a_provider_that_answers_in_smaller_pages_is_followed_in_its_size() {
    let hour = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    let behaviour = MuxBehaviour { maximum_limit: 13, ..MuxBehaviour::default() };
    let simulated = simulated(behaviour, TOKEN_SECRET, 100).await;
    let (facts, recording) = simulated.pull_rows(hour).await;
    assert_same(&usage(&recording), &truth(&simulated.api, hour));
    assert!(facts.len() > 5);
}

#[tokio::test]
async fn a_day_equals_the_sum_of_its_hours_and_so_do_the_control_totals() {
    let day = Window::day(at("2026-09-20T00:00:00Z").date_naive());
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    let (_, whole) = simulated.pull_rows(day).await;
    let mut hourly: BTreeMap<_, i128> = BTreeMap::new();
    for hour in day.buckets(Grain::Hour) {
        for (key, micros) in usage(&simulated.pull_rows(hour).await.1) {
            *hourly.entry(key).or_default() += micros;
        }
    }
    assert_same(&usage(&whole), &hourly);

    let requests = simulated.extractor.control_requests(&spec(simulated.extractor.as_ref()), day);
    let (facts, recording) = simulated.pull(requests).await;
    assert!(facts.len() > 1 && recording.rows.is_empty());
    let theirs = |table| -> i128 {
        let figures = facts.iter().flat_map(|facts| &facts.figures);
        figures.filter(|figure| figure.table == table).map(|figure| figure.micros).sum()
    };
    let ours = |of_tiers: bool| -> i128 {
        hourly
            .iter()
            .filter(|((_, rendition), _)| rendition.is_empty() != of_tiers)
            .map(|(_, micros)| micros)
            .sum()
    };
    assert_eq!(theirs(Table::ResourceUsage), ours(false));
    assert_eq!(theirs(Table::ResourceUsageByRendition), ours(true));
}

#[tokio::test]
async fn one_stream_or_asset_can_be_asked_for() {
    let day = Window::day(at("2026-09-20T00:00:00Z").date_naive());
    let simulated = simulated(MuxBehaviour::strict(), TOKEN_SECRET, 100).await;
    let (_, all) = simulated.pull_rows(day).await;
    let of_a_stream = |row: &&crate::recording::Row| row.values.contains_key(&Column::ParentId);
    let recorded = all.rows.iter().find(of_a_stream).unwrap();
    let (id, stream) = (&recorded.values[&Column::ResourceId], &recorded.values[&Column::ParentId]);
    let asked = PageRequest::new("delivery_usage", day);
    let (_, by_asset) = simulated.pull(vec![asked.clone().with_param("asset_id", id)]).await;
    assert_eq!(by_asset.lines(Table::ResourceUsage).len(), 1);
    let (_, by_stream) = simulated.pull(vec![asked.with_param("live_stream_id", stream)]).await;
    let in_stream = all.rows.iter().filter(|row| row.values.get(&Column::ParentId) == Some(stream)).count();
    assert_eq!(by_stream.lines(Table::ResourceUsage).len(), in_stream);
}

#[tokio::test]
async fn an_hour_without_usage_is_an_empty_page() {
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 100).await;
    let silent = (0..2000)
        .map(|hours| at("2026-09-28T00:00:00Z") - chrono::TimeDelta::hours(hours))
        .find(|start| simulated.api.world().is_silent(highwater_simulator::mux::hours::Hour::floor(*start)))
        .unwrap();
    let (facts, recording) = simulated.pull_rows(Grain::Hour.bucket(silent)).await;
    assert_eq!(facts.len(), 1);
    assert!(recording.rows.is_empty() && recording.rejects.is_empty());
}

#[tokio::test]
async fn passing_failures_are_survived_and_counted() {
    let hour = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    let simulated = simulated(MuxBehaviour::default(), TOKEN_SECRET, 50).await;
    for fault in [
        Fault::too_many_requests(RetryAfter::Seconds(2)).nth(1),
        Fault::too_many_requests(RetryAfter::Date(3)).nth(3),
        Fault::too_many_requests(RetryAfter::Absent).nth(5),
        Fault::cut_off().nth(7),
        Fault::reset().nth(9),
    ] {
        simulated.server.faults().add(fault);
    }
    let (facts, recording) = simulated.pull_rows(hour).await;
    assert_same(&usage(&recording), &truth(&simulated.api, hour));
    let count = simulated.extractor.traffic().count();
    let struck = simulated.server.faults().struck();
    assert!(struck >= 3, "{struck}");
    assert_eq!((count.retries, count.requests), (struck, facts.len() as u64 + struck));
    assert_eq!(count.rate_limited, 3);
}

#[tokio::test]
async fn a_bad_row_is_rejected_and_the_others_are_kept() {
    let hour = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    let behaviour = MuxBehaviour { bad_row_in: Some(hour.start()), ..MuxBehaviour::default() };
    let simulated = simulated(behaviour, TOKEN_SECRET, 100).await;
    let (_, recording) = simulated.pull_rows(hour).await;
    let [reject] = &recording.rejects[..] else { panic!("{:?}", recording.rejects) };
    assert!(reject.path.ends_with("].delivered_seconds") && reject.row.contains("asset_id"), "{reject:?}");
    let kept =
        truth(&simulated.api, hour).into_iter().filter(|((id, _), _)| !reject.row.contains(id.as_str()));
    assert_same(&usage(&recording), &kept.collect());
}

#[tokio::test]
async fn a_probe_is_one_request_that_tells_the_servers_clock() {
    let simulated = simulated(MuxBehaviour::strict(), TOKEN_SECRET, 100).await;
    let probe = simulated.extractor.probe().await.unwrap();
    assert!(probe.server_time.is_some());
    assert_eq!(simulated.server.traffic().requests, 1);
}
