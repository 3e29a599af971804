//! The metrics are what `deploy/METRICS.md` says, and each of them moves.

use std::collections::{BTreeMap, BTreeSet};

use highwater_core::{ErrorKind, FailedWindow};

use super::*;

/// What is said of a metric: its type, its labels, its help.
type Said = (String, Vec<String>, String);

/// `| `name` | type | labels | help |`, line by line.
fn documented() -> BTreeMap<String, Said> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/METRICS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `highwater_"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let labels = cells[2].split(", ").filter(|label| *label != "–").map(str::to_owned).collect();
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels, cells[3].to_owned()))
    })
    .collect()
}

/// The samples of a scrape, each with its labels.
fn samples(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The metrics of a scrape, as it describes them itself.
fn exposed(text: &str) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    let (mut help, mut current) = (String::new(), String::new());
    for line in text.lines() {
        if let Some((_, text)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            text.trim_end_matches('.').clone_into(&mut help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            current = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
            found.insert(current.clone(), (kind.to_owned(), Vec::new(), help.clone()));
        } else if let Some(known) = found.get_mut(&current).filter(|_| !line.starts_with('#')) {
            known.1 = labels(line);
        }
    }
    found
}

fn labels(sample: &str) -> Vec<String> {
    let inside =
        sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inside, _)| inside);
    let names = inside.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned());
    names.filter(|name| name != "le").collect()
}

/// Scrapes of two daemons between which all happens that metrics tell of.
async fn scrapes() -> Vec<String> {
    let mut rig = Rig::new("2026-09-06T06:15:00Z", "2026-09-01").await;
    let mut scrapes = vec![rig.daemon.metrics_text().unwrap()];
    rig.daemon.read_state().await;
    scrapes.push(rig.daemon.metrics_text().unwrap());
    rig.world("good").state().broken.insert(window("2026-09-05T05:00:00Z", "2026-09-05T06:00:00Z"));
    rig.world("other").state().failure = Some(ErrorKind::Auth);
    rig.daemon.board.notes().activities[0].working_since = Some(rig.clock.now());
    scrapes.push(rig.daemon.metrics_text().unwrap());
    rig.wake().await;
    rig.daemon.metrics.posted("source_failed", true);
    rig.daemon.metrics.posted("source_failed", false);
    rig.daemon.metrics.run_took(&rig.daemon.sources[0].name, 3.0);
    scrapes.push(rig.daemon.metrics_text().unwrap());
    rig.world("good").state().failure = Some(ErrorKind::RateLimited { retry_after: None });
    let emptied = window("2026-09-05T12:00:00Z", "2026-09-05T13:00:00Z");
    rig.world("other").state().failure = None;
    rig.world("other").state().emptied.insert(emptied);
    rig.advance(60);
    rig.wake().await;
    rig.world("other").state().emptied.clear();
    rig.world("other").state().emptied.insert(window("2026-09-06T00:00:00Z", "2026-09-06T01:00:00Z"));
    rig.advance(24 * 60);
    rig.wake().await;
    scrapes.push(rig.daemon.metrics_text().unwrap());
    for index in 0..2 {
        let config = &rig.daemon.session.config.sources[index];
        let change = |checkpoint: &mut highwater_core::Checkpoint| {
            checkpoint.open[0].verdict = Some("match".to_owned());
            checkpoint.open[0].rejected_rows = 2;
            checkpoint.fail(FailedWindow {
                window: emptied,
                failed_at: at("2026-09-06T00:00:00Z"),
                error: "x".to_owned(),
            });
        };
        rig.daemon
            .warehouse
            .update_checkpoint(&config.name, &config.datasets[0].spec.name, change)
            .await
            .unwrap();
    }
    rig.daemon.read_state().await;
    scrapes.push(rig.daemon.metrics_text().unwrap());
    let state = rig.folder.path().join("warehouse/state");
    std::fs::rename(&state, rig.folder.path().join("aside")).unwrap();
    std::fs::write(&state, "in the way").unwrap();
    rig.wake().await;
    scrapes.push(rig.daemon.metrics_text().unwrap());
    let path = rig.folder.path().join("highwater.toml");
    let toml = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        toml.replace("provider = \"fake\"", "provider = \"fake\"\nrequests_per_second = 7"),
    )
    .unwrap();
    rig.restart().await;
    scrapes.push(rig.daemon.metrics_text().unwrap());
    scrapes
}

#[tokio::test]
async fn every_metric_is_documented_exists_and_moves() {
    let scrapes = scrapes().await;
    let documented = documented();
    assert!(documented.len() > 20, "{}", documented.len());
    let mut exposures = BTreeMap::new();
    scrapes.iter().for_each(|text| exposures.extend(exposed(text)));
    for name in documented.keys().chain(exposures.keys()) {
        assert_eq!(exposures.get(name), documented.get(name), "{name}: exposed, documented");
    }
    for (name, (kind, ..)) in &documented {
        let of = |text: &String| -> BTreeMap<String, String> {
            let parts = ["", "_bucket", "_sum", "_count"].map(|part| format!("{name}{part}"));
            let mut samples = samples(text);
            samples.retain(|sample, _| parts.iter().any(|part| sample.split('{').next() == Some(part)));
            samples
        };
        let seen: BTreeSet<_> =
            scrapes.iter().map(of).filter(|samples| kind == "counter" || !samples.is_empty()).collect();
        assert!(seen.len() > 1, "{name} never moves: {seen:?}");
    }
}

#[tokio::test]
async fn no_label_takes_a_value_that_is_not_bounded() {
    let allowed = ["source", "dataset", "state", "kind"];
    for (name, (_, labels, _)) in documented() {
        assert!(labels.iter().all(|label| allowed.contains(&label.as_str())), "{name} has {labels:?}");
    }
    let words = |text: &String| -> BTreeSet<String> {
        samples(text)
            .keys()
            .flat_map(|sample| sample.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    let words: BTreeSet<String> = scrapes().await.iter().flat_map(words).collect();
    let odd: Vec<_> = words.iter().filter(|word| word.contains(['/', ' ', ':', '-'])).collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert!(words.len() < 50, "{words:?}");
}
