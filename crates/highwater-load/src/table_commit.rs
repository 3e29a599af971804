//! One table's part of a commit: what of it applies to the object as it stands.

use std::cmp::Ordering;

use arrow::array::RecordBatch;
use highwater_core::{Error, ErrorKind, Result, Unit, Window, WindowRecord, WindowSet};

/// A window to be published in one table.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) record: WindowRecord,
    /// Its rows; `None` where those that are published stay.
    pub(crate) rows: Option<RecordBatch>,
}

/// What of a commit applies to an object.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Whether anything changes.
    pub(crate) changes: bool,
    /// Whose rows go.
    pub(crate) replaced: WindowSet,
    /// The rows that come.
    pub(crate) added: Vec<RecordBatch>,
    /// All windows of the next version, by start.
    pub(crate) windows: Vec<WindowRecord>,
    /// Whether the next version is sealed.
    pub(crate) sealed: bool,
    /// Windows of which the object has a newer pull.
    pub(crate) superseded: Vec<Window>,
}

/// Orders what is published of one window. Writers that meet agree by it which of them stays, in every table of the
/// unit alike, whatever order their writes arrive in.
pub(crate) fn by_publication(a: &WindowRecord, b: &WindowRecord) -> Ordering {
    let key = |record: &WindowRecord| (record.pulls, record.pulled_at);
    let digests = |record: &'_ WindowRecord| (record.pull_digest.clone(), record.content_digest.clone());
    key(a).cmp(&key(b)).then_with(|| digests(a).cmp(&digests(b)))
}

/// Whether both speak of the same content from the same pull of the same window.
pub(crate) fn same_content(a: &WindowRecord, b: &WindowRecord) -> bool {
    a.window == b.window && a.pull_digest == b.pull_digest && a.content_digest == b.content_digest
}

/// Works out what of `wanted` applies to an object that holds `current`. Pure.
///
/// # Errors
/// `Storage` when a window would replace a part of a recorded one, or renews one that the object does not hold.
pub(crate) fn apply(
    unit: &Unit,
    current: Option<(&[WindowRecord], bool)>,
    wanted: &[Wanted],
    seal: bool,
) -> Result<Applied> {
    let (known, was_sealed) = current.unwrap_or_default();
    let mut applied = Applied::default();
    let mut taken: Vec<&Wanted> = Vec::new();
    for window in wanted {
        let overlapping = || known.iter().filter(|record| record.window.overlaps(window.record.window));
        let same = overlapping().find(|record| same_content(record, &window.record));
        if let Some(same) = same {
            let newer = by_publication(same, &window.record) == Ordering::Less;
            if newer || (seal && *same != window.record && by_publication(same, &window.record).is_eq()) {
                taken.push(window);
            }
        } else if overlapping().any(|record| by_publication(record, &window.record) == Ordering::Greater) {
            applied.superseded.push(window.record.window);
        } else if window.rows.is_none() {
            return Err(refused(
                "the record of a window is renewed whose rows the object does not hold",
                unit,
                window,
            ));
        } else {
            taken.push(window);
        }
    }
    let claimed: WindowSet = taken.iter().map(|window| window.record.window).collect();
    for window in &taken {
        let cut = known
            .iter()
            .any(|record| record.window.overlaps(window.record.window) && !claimed.covers(record.window));
        if cut {
            let error = refused("a window would replace a part of a recorded one", unit, window);
            return Err(error.with_hint("a date keeps the grain it was loaded with: `backfill --reprocess all` over the whole date replaces it"));
        }
    }
    applied.sealed = seal && applied.superseded.is_empty();
    applied.changes = !taken.is_empty() || current.is_none() || (applied.sealed && !was_sealed);
    applied.windows = known.iter().filter(|record| !claimed.covers(record.window)).cloned().collect();
    applied.windows.extend(taken.iter().map(|window| window.record.clone()));
    applied.windows.sort_by_key(|record| record.window);
    // A window that is new has no rows to go, so that nothing need be looked through for them.
    let is_known = |window: Window| known.iter().any(|record| record.window.overlaps(window));
    applied.replaced = taken
        .iter()
        .filter(|window| window.rows.is_some() && is_known(window.record.window))
        .map(|window| window.record.window)
        .collect();
    applied.added =
        taken.iter().filter_map(|window| window.rows.clone()).filter(|rows| rows.num_rows() > 0).collect();
    Ok(applied)
}

fn refused(what: &str, unit: &Unit, window: &Wanted) -> Error {
    let message = format!("{what} unit=`{unit}` window=`{}`", window.record.window);
    Error::new(ErrorKind::Storage, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Schema;
    use chrono::{DateTime, TimeDelta, Utc};
    use highwater_core::RunId;
    use std::sync::Arc;

    fn hour(n: i64) -> DateTime<Utc> {
        "2026-09-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(n)
    }

    fn record(from: i64, to: i64, pulls: u32, digest: &str) -> WindowRecord {
        WindowRecord {
            window: Window::of(hour(from), hour(to)),
            pulled_at: hour(48),
            run_id: RunId::new("r"),
            rows: 0,
            rejected_rows: 0,
            pulls,
            pull_digest: digest.to_owned(),
            content_digest: digest.to_owned(),
            scope_digest: String::new(),
            empty: true,
            verdict: None,
        }
    }

    fn wanted(record: WindowRecord) -> Wanted {
        Wanted { record, rows: Some(RecordBatch::new_empty(Arc::new(Schema::empty()))) }
    }

    fn unit() -> Unit {
        "s/d/2026-09-01".parse().unwrap()
    }

    #[test]
    fn a_window_replaces_its_older_self_and_stands_beside_others() {
        let known = [record(0, 1, 1, "a"), record(1, 2, 1, "b")];
        let applied = apply(&unit(), Some((&known, true)), &[wanted(record(0, 1, 2, "c"))], false).unwrap();
        assert!(applied.changes && !applied.sealed);
        assert_eq!(applied.windows, [record(0, 1, 2, "c"), record(1, 2, 1, "b")]);
        assert_eq!(applied.replaced, WindowSet::from(known[0].window));
    }

    #[test]
    fn a_window_that_is_new_takes_no_rows_away() {
        let known = [record(0, 1, 1, "a"), record(2, 3, 1, "c")];
        let applied = apply(&unit(), Some((&known, false)), &[wanted(record(1, 2, 1, "b"))], false).unwrap();
        assert_eq!((applied.windows.len(), applied.replaced), (3, WindowSet::new()));
    }

    #[test]
    fn what_is_there_already_changes_nothing() {
        let known = [record(0, 1, 1, "a")];
        let applied = apply(&unit(), Some((&known, false)), &[wanted(record(0, 1, 1, "a"))], false).unwrap();
        assert!(!applied.changes);
        let sealed = apply(&unit(), Some((&known, false)), &[wanted(record(0, 1, 1, "a"))], true).unwrap();
        assert!(sealed.changes && sealed.sealed);
    }

    #[test]
    fn of_two_writers_the_same_one_stays_whoever_comes_first() {
        let (mine, theirs) = (record(0, 1, 2, "a"), record(0, 1, 2, "b"));
        let second =
            apply(&unit(), Some((std::slice::from_ref(&theirs), false)), &[wanted(mine.clone())], false)
                .unwrap();
        assert_eq!((second.changes, second.superseded), (false, vec![mine.window]));
        let first = apply(&unit(), Some((&[mine], false)), &[wanted(theirs.clone())], false).unwrap();
        assert_eq!(first.windows, [theirs]);
    }

    #[test]
    fn a_part_of_a_recorded_window_is_never_replaced() {
        let known = [record(0, 24, 1, "day")];
        let some = [wanted(record(0, 1, 2, "a"))];
        let error = apply(&unit(), Some((&known, false)), &some, false).unwrap_err();
        assert!(error.hint().contains("--reprocess all"), "{}", error.hint());
        let all: Vec<Wanted> = (0..24).map(|n| wanted(record(n, n + 1, 2, "a"))).collect();
        let applied = apply(&unit(), Some((&known, false)), &all, false).unwrap();
        assert_eq!(applied.windows.len(), 24);
        let back = apply(&unit(), Some((&applied.windows, false)), &[wanted(record(0, 24, 3, "day"))], false)
            .unwrap();
        assert_eq!(back.windows.len(), 1);
    }

    #[test]
    fn a_record_is_renewed_only_where_its_rows_are() {
        let known = [record(0, 1, 1, "a")];
        let renewed = Wanted { record: record(0, 1, 2, "a"), rows: None };
        let applied = apply(&unit(), Some((&known, false)), &[renewed], true).unwrap();
        assert_eq!((applied.windows[0].pulls, applied.replaced), (2, WindowSet::new()));
        let lacking = Wanted { record: record(1, 2, 2, "a"), rows: None };
        assert!(apply(&unit(), Some((&known, false)), &[lacking], true).is_err());
    }
}
