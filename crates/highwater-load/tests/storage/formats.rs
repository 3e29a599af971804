//! Golden files: what was once written stays readable. They are written by the first run that lacks them and never
//! edited.

use std::path::{Path, PathBuf};

use highwater_core::{Checkpoint, FailedWindow, HeldWindow, PageRequest, RawPage, SealedUnit, Table, Window};
use highwater_load::{PulledPages, RejectLine, Warehouse};

use crate::support::{PROVIDER, TABLES, commit, content, files, folder, hour, hours, pull, record, unit};

fn golden(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{format}"))
}

fn pages() -> Vec<RawPage> {
    let page = |number: u8, body: &'static [u8]| RawPage {
        request: PageRequest::new("delivery_usage", hours(0, 1)).with_param("page", number),
        body: body.into(),
        fetched_at: hour(13),
    };
    vec![page(1, b"{\"data\":[]}"), page(2, &[0xff, 0xfe])]
}

/// The digest of the pages, in whichever form was that of the day, by the format of the archive; computed outside of
/// Highwater.
const PULLS: [(u32, &str); 4] = [
    (1, "8f6facaf258697af205b25d6c6b5b8bc"),
    (2, "b3-f415225610625a36308d6c7f00ea096e"),
    (3, "b3-f415225610625a36308d6c7f00ea096e"),
    (4, "p2-b3-4f0db267288213d27cecbd3425a89965"),
];

fn reject() -> RejectLine {
    RejectLine {
        reason: "negative seconds".to_owned(),
        operation: "delivery_usage".to_owned(),
        path: "data[0].delivered_seconds".to_owned(),
        window: hours(0, 1),
        row: r#"{"delivered_seconds":-1}"#.to_owned(),
    }
}

fn checkpoint() -> Checkpoint {
    let mut checkpoint =
        Checkpoint { last_success: Some(hour(60)), requests_per_window: Some(3), ..Checkpoint::default() };
    checkpoint.record(record(hours(0, 1), 3, 2, 1));
    checkpoint.seal(
        "2026-08-31".parse().unwrap(),
        SealedUnit::of(&[record(Window::day("2026-08-31".parse().unwrap()), 0, 1, 2)]),
    );
    checkpoint.fail(FailedWindow {
        window: hours(2, 3),
        failed_at: hour(40),
        error: "connect error".to_owned(),
    });
    checkpoint.hold(HeldWindow {
        window: hours(3, 4),
        held_at: hour(40),
        due_at: hour(41),
        content_digest: "content-9".to_owned(),
        reason: "delivered_seconds 10 -> 0".to_owned(),
        refused: false,
        accepted: true,
    });
    checkpoint
}

async fn write_all(warehouse: &Warehouse) {
    warehouse.commit(&commit(vec![pull(hours(0, 1), 2, 1, 1)], false)).await.unwrap();
    warehouse.commit(&commit(vec![pull(hours(1, 3), 1, 1, 2)], false)).await.unwrap();
    warehouse
        .update_checkpoint(&unit().source, &unit().dataset, |known| *known = checkpoint())
        .await
        .unwrap();
    warehouse.archive(&unit(), hours(0, 1), PulledPages::from_iter(pages())).await.unwrap();
    warehouse.write_rejects(&unit(), hours(0, 1), &[reject()]).await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), target).unwrap();
    }
}

#[tokio::test]
async fn what_was_once_written_is_read_and_goes_on() {
    let root = tempfile::tempdir().unwrap();
    if !golden(1).exists() {
        write_all(&folder(root.path()).await).await;
        std::fs::remove_dir_all(root.path().join("tmp")).unwrap();
        copy(root.path(), &golden(1));
        panic!("the golden files were missing and are written anew: look at them, then commit them");
    }
    copy(&golden(1), root.path());
    let warehouse = folder(root.path()).await;
    let expected = [(0, (2, 1)), (1, (1, 2)), (2, (1, 2))].into();
    for table in TABLES {
        assert_eq!(content(&warehouse, table).await, expected);
    }
    let records = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
    assert_eq!(records, [record(hours(0, 1), 4, 1, 1), record(hours(1, 3), 2, 1, 2)]);
    assert_eq!(warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap(), checkpoint());
    let rejects = "rejects/mux-prod/delivery_usage/usage_date=2026-09-01/20260901T000000Z.jsonl";
    let text = std::fs::read_to_string(root.path().join(rejects)).unwrap();
    assert_eq!(serde_json::from_str::<RejectLine>(&text).unwrap(), reject());

    warehouse.commit(&commit(vec![pull(hours(0, 1), 3, 2, 3)], false)).await.unwrap();
    warehouse.commit(&commit(vec![pull(hours(3, 4), 1, 1, 4)], true)).await.unwrap();
    assert_eq!(content(&warehouse, Table::ResourceUsage).await[&0], (3, 3));
    assert_eq!(content(&warehouse, Table::Resources).await.len(), 4);
}

#[tokio::test]
async fn a_checkpoint_and_a_reject_are_written_in_the_form_of_the_golden_files() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    write_all(&warehouse).await;
    let text = ["state/", "rejects/"];
    let compared: Vec<String> = files(root.path())
        .into_iter()
        .filter(|file| text.iter().any(|folder| file.starts_with(folder)))
        .collect();
    assert_eq!(compared.len(), 2);
    for file in compared {
        let read = |root: &Path| std::fs::read_to_string(root.join(&file)).unwrap();
        assert_eq!(read(root.path()), read(&golden(1)), "{file}");
    }
}

#[tokio::test]
async fn an_archive_of_any_format_is_read() {
    for (format, pull) in PULLS {
        let root = tempfile::tempdir().unwrap();
        if !golden(format).exists() {
            folder(root.path())
                .await
                .archive(&unit(), hours(0, 1), PulledPages::from_iter(pages()))
                .await
                .unwrap();
            copy(&root.path().join("raw"), &golden(format).join("raw"));
            panic!("the golden file was missing and is written anew: look at it, then commit it");
        }
        copy(&golden(format), root.path());
        let warehouse = folder(root.path()).await;
        assert_eq!(warehouse.read_archive(&unit(), hours(0, 1), pull).await.unwrap(), pages());
    }
}
