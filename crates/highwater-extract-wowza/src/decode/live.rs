//! Who watches now: a sample a minute of the past hour.

use chrono::{DateTime, Utc};
use highwater_core::{Column, Grain, PageFacts, Result, Sink, SourceName, Table, Window};

use super::figures::{Flaw, count, required_word};
use super::reader::Reader;
use super::stamp;
use crate::operations::Subject;
use crate::wire::{Envelope, Live, Minute, Present};

const FIELD: &str = "sampled_at";

/// The closed minutes of the past hour that lie in the window asked for. The present viewers by country are those of
/// the newest closed minute; where that lies after the window, because the answer came late, they are left out: no
/// minute of the window can be said to have had them.
pub(super) fn live(
    reader: &Reader<'_>,
    subject: Subject,
    source: &SourceName,
    fetched_at: DateTime<Utc>,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let key = subject.resource_type();
    let live: Live<'_> = reader.object(key, reader.payload(envelope, key, sink)?)?;
    reader.note_unknown(key, &live, sink);
    let id = reader.request.id.as_deref().unwrap_or(source.as_str());
    let put = |sink: &mut dyn Sink, bucket: Window, country: &str, viewers: i64| {
        if reader.request.window.covers(bucket) {
            sink.begin(Table::LiveViewers, bucket);
            sink.text(Column::ResourceType, subject.resource_type());
            sink.text(Column::ResourceId, id);
            sink.text(Column::CountryCode, country);
            sink.int(Column::UniqueViewers, viewers);
            sink.commit_row();
        }
    };
    let path = format!("{key}.viewer_trend");
    let minutes = reader.required_list(&path, live.viewer_trend)?;
    let mut newest: Option<Window> = None;
    reader.each(&path, &minutes, sink, |minute: &Minute<'_>, sink| {
        let at = stamp::instant(FIELD, minute.sampled_at)?;
        let viewers = count("unique_viewers", minute.unique_viewers)?;
        if !Grain::Minute.is_boundary(at) {
            return Err(Flaw::Drift { field: FIELD, what: "the series has another grain than it should" });
        }
        let bucket = Grain::Minute.bucket(at);
        if bucket.end() <= fetched_at {
            newest = newest.max(Some(bucket));
            put(sink, bucket, "", viewers);
        }
        Ok(())
    })?;
    let path = format!("{key}.countries");
    let countries = reader.required_list(&path, live.countries)?;
    reader.each(&path, &countries, sink, |present: &Present<'_>, sink| {
        let code = required_word("code", present.code)?;
        let viewers = count("unique_viewers", present.unique_viewers)?;
        // Empty text stands for all countries.
        if code.is_empty() {
            return Err(Flaw::Row { field: "code", reason: "a country has no code" });
        }
        if let Some(bucket) = newest {
            put(sink, bucket, &code, viewers);
        }
        Ok(())
    })?;
    Ok(PageFacts::default())
}
