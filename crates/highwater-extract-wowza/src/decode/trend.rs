//! Viewing as a series. The provider chooses its grain by the span asked and its age; a span of one day is told by
//! the hour at any age, which is why a pull asks for nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Column, Grain, PageFacts, Result, Sink, Table, Window};

use super::figures::{Flaw, Viewing};
use super::limits;
use super::reader::Reader;
use super::stamp;
use crate::operations::Subject;
use crate::wire::{Envelope, Sample};

const KEY: &str = "trend";
const FIELD: &str = "sampled_at";

/// The grain of the provider's series over `window`, asked for at `asked_at`.
fn grain(window: Window, asked_at: DateTime<Utc>) -> Grain {
    let span = window.duration();
    if window.start() < asked_at - TimeDelta::days(30) {
        Grain::Hour
    } else if span <= TimeDelta::hours(3) {
        Grain::Minute
    } else if span <= TimeDelta::hours(24) {
        Grain::Hour
    } else {
        Grain::Day
    }
}

/// Where a sample belongs.
enum Place {
    Inside(Window),
    /// Exactly at the window's end, which is the start of the next one's first sample: it is taken there.
    AtTheEnd,
}

/// A sample off the grain means that the whole series is another one.
fn place(window: Window, grain: Grain, at: DateTime<Utc>) -> Result<Place, Flaw> {
    if !grain.is_boundary(at) && at != window.start() {
        return Err(Flaw::Drift { field: FIELD, what: "the series has another grain than it should" });
    }
    if at == window.end() {
        return Ok(Place::AtTheEnd);
    }
    let bucket_end = grain.bucket(at).end().min(window.end());
    if window.contains(at) {
        return Ok(Place::Inside(Window::of(at, bucket_end)));
    }
    Err(Flaw::Row { field: FIELD, reason: "a sample lies outside the window that was asked for" })
}

/// The samples of one resource or one part of the account. Hours that are left out have nothing to tell.
pub(super) fn trend(
    reader: &Reader<'_>,
    subject: Subject,
    fetched_at: DateTime<Utc>,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let rows = reader.list(KEY, reader.payload(envelope, KEY, sink)?)?;
    let window = reader.request.window;
    let grain = grain(window, fetched_at);
    let scope = limits::scope(reader);
    reader.each(KEY, &rows, sink, |sample: &Sample<'_>, sink| {
        let at = stamp::instant(FIELD, sample.sampled_at)?;
        let viewing = Viewing::of_sample(sample)?;
        let Place::Inside(bucket) = place(window, grain, at)? else { return Ok(()) };
        if subject == Subject::Account {
            sink.begin(Table::AccountViewingTrend, bucket);
            sink.text(Column::Scope, &scope);
        } else {
            sink.begin(Table::ViewingTrend, bucket);
            sink.text(Column::ResourceType, subject.resource_type());
            sink.text(Column::ResourceId, reader.request.id.as_deref().unwrap_or_default());
        }
        viewing.put(sink);
        sink.commit_row();
        Ok(())
    })?;
    Ok(PageFacts::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_grain_follows_span_and_age() {
        let now = at("2026-09-29T12:00:00Z");
        let of = |hours_ago: i64, hours: i64| {
            let start = now - TimeDelta::hours(hours_ago);
            grain(Window::of(start, start + TimeDelta::hours(hours)), now)
        };
        assert_eq!(
            [of(48, 3), of(48, 4), of(48, 24), of(48, 25)],
            [Grain::Minute, Grain::Hour, Grain::Hour, Grain::Day]
        );
        assert_eq!([of(721, 1), of(721, 24), of(2000, 900)], [Grain::Hour; 3]);
    }

    proptest! {
        #[test]
        fn a_day_is_told_by_the_hour_at_any_age(days in 0_i64..20_000, minutes in 0_i64..1440) {
            let start = DateTime::UNIX_EPOCH;
            let asked_at = start + TimeDelta::days(days) + TimeDelta::minutes(minutes);
            prop_assert_eq!(grain(Window::of(start, start + TimeDelta::days(1)), asked_at), Grain::Hour);
        }
    }
}
