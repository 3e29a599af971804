//! The provider's own totals, against the rows.

use highwater_core::{Column, Figure, Grain, Relation, Table, Window};
use highwater_simulator::wowza::{Remainder, WowzaApi};

use crate::recording::Recording;
use crate::rig::{Rig, dataset, day, pull_from};

const DAY: &str = "2026-09-25";

fn sum(recording: &Recording, figure: &Figure) -> i128 {
    let cells = recording.of(figure.table).into_iter().map(|row| row.cell(figure.measure.name()));
    cells.filter_map(|cell| cell.parse::<i128>().ok()).sum::<i128>() * 1_000_000
}

async fn figures(rig: &Rig, name: &str, span: Window) -> Vec<Figure> {
    let dataset = dataset(rig.extractor.as_ref(), name);
    assert!(dataset.control_totals, "{name}");
    let requests = rig.extractor.control_requests(&dataset, span);
    let pulled = pull_from(rig.extractor.as_ref(), &dataset, requests).await.expect("a pull");
    assert!(pulled.recording.rows.is_empty(), "a control page puts no rows");
    pulled.facts.into_iter().flat_map(|(_, facts)| facts.figures).collect()
}

#[tokio::test]
async fn hours_add_up_to_the_summaries_of_their_day() {
    let rig = Rig::new(WowzaApi::default()).await;
    for (name, measures) in [
        ("transcoders", vec![Column::EgressBytes, Column::EgressSeconds]),
        ("vod_streams", vec![Column::DeliveredSeconds, Column::DeliveredBytes]),
        ("vod_egress", vec![Column::EgressBytes]),
    ] {
        let mut recording = Recording::default();
        for hour in day(DAY).buckets(Grain::Hour) {
            recording.rows.append(&mut rig.pull(name, hour).await.unwrap().recording.rows);
        }
        let figures = figures(&rig, name, day(DAY)).await;
        assert_eq!(figures.iter().map(|figure| figure.measure).collect::<Vec<_>>(), measures);
        for figure in figures {
            assert_eq!((figure.table, figure.relation), (Table::ResourceUsage, Relation::Equal));
            assert_eq!(sum(&recording, &figure), figure.micros, "{name} {}", figure.measure);
            assert_eq!(figure.tolerance_micros, 0);
        }
    }
}

#[tokio::test]
async fn totals_of_the_account_hold_its_parts() {
    let rig = Rig::new(WowzaApi::default()).await;
    for remainder in [Remainder::Some, Remainder::None] {
        rig.api.set_behaviour(|behaviour| behaviour.remainder = remainder);
        let recording = rig.pull("account", day(DAY)).await.unwrap().recording;
        let figures = figures(&rig, "account", day(DAY)).await;
        assert_eq!(figures.len(), 5);
        for figure in figures {
            assert_eq!((figure.table, figure.relation), (Table::AccountUsage, Relation::Part));
            let ours = sum(&recording, &figure);
            assert!(ours <= figure.micros && ours > 0, "{}", figure.measure);
            assert!(remainder == Remainder::Some || ours == figure.micros);
        }
    }
    let recording = rig.pull("transcoder_summary", day(DAY)).await.unwrap().recording;
    for figure in figures(&rig, "transcoder_summary", day(DAY)).await {
        assert_eq!(figure.table, Table::AccountUsageByConfiguration);
        assert_eq!(sum(&recording, &figure), figure.micros);
    }
}

#[tokio::test]
async fn a_total_that_disagrees_shows() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.api.set_behaviour(|behaviour| behaviour.summary_disagrees = true);
    let recording = rig.pull("vod_egress", day(DAY)).await.unwrap().recording;
    let figures = figures(&rig, "vod_egress", day(DAY)).await;
    assert_ne!(sum(&recording, &figures[0]), figures[0].micros);
}
