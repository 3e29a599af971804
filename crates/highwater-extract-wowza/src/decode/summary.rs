//! Summaries: rows by configuration, and the totals that the rows of a list must add up to.

use highwater_core::wire::Raw;
use highwater_core::{Column, Figure, PageFacts, Relation, Result, Role, Sink, Table};

use super::figures::{Flaw, Viewing, count, required_word, seconds};
use super::reader::Reader;
use crate::operations::Feed;
use crate::wire::{Configuration, Envelope, Summary};

const KEY: &str = "summary";

/// The part of the account that a list covers.
const fn scope(feed: Feed) -> &'static str {
    match feed {
        Feed::Transcoders => "transcoders",
        Feed::VodStreams | Feed::VodEgress => "vod_streams",
    }
}

/// The sums of a list, as rows or as what rows must add up to.
pub(super) fn summary(
    reader: &Reader<'_>,
    feed: Feed,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let payload = reader.payload(envelope, KEY, sink)?;
    if reader.request.role == Role::Control {
        let summary: Summary<'_> = reader.object(KEY, payload)?;
        reader.note_unknown(KEY, &summary, sink);
        let figures = totals(reader, feed, &summary).map_err(|flaw| reader.fatal(KEY, flaw))?;
        return Ok(PageFacts { figures, ..PageFacts::default() });
    }
    match feed {
        Feed::Transcoders => configurations(reader, payload, sink)?,
        Feed::VodStreams | Feed::VodEgress => part_of_account(reader, feed, payload, sink)?,
    }
    Ok(PageFacts::default())
}

fn totals(reader: &Reader<'_>, feed: Feed, summary: &Summary<'_>) -> Result<Vec<Figure>, Flaw> {
    // The table that the dataset under control feeds first is the one whose rows add up.
    let table = reader.dataset.tables().next().unwrap_or(Table::ResourceUsage);
    let figure =
        |measure, micros| Figure { table, measure, micros, tolerance_micros: 0, relation: Relation::Equal };
    let bytes = |value: i64| i128::from(value) * 1_000_000;
    Ok(match feed {
        Feed::Transcoders => vec![
            figure(Column::EgressBytes, bytes(count("egress_bytes", summary.egress_bytes)?)),
            figure(
                Column::EgressSeconds,
                i128::from(seconds("egress_seconds", summary.egress_seconds)?.micros()),
            ),
        ],
        Feed::VodStreams => {
            let viewing = Viewing::of_summary(summary)?;
            vec![
                figure(Column::DeliveredSeconds, i128::from(viewing.seconds.micros())),
                figure(Column::DeliveredBytes, bytes(viewing.bytes)),
            ]
        }
        Feed::VodEgress => {
            vec![figure(Column::EgressBytes, bytes(count("egress_bytes", summary.egress_bytes)?))]
        }
    })
}

fn configurations(reader: &Reader<'_>, payload: Raw<'_>, sink: &mut dyn Sink) -> Result<()> {
    const PATH: &str = "summary.configurations";
    let summary: Summary<'_> = reader.object(KEY, payload)?;
    reader.note_unknown(KEY, &summary, sink);
    let rows = reader.required_list(PATH, summary.configurations)?;
    let window = reader.request.window;
    reader.each(PATH, &rows, sink, |row: &Configuration<'_>, sink| {
        let kind = required_word("transcoder_type", row.transcoder_type)?;
        let billing_mode = required_word("billing_mode", row.billing_mode)?;
        let bytes = count("egress_bytes", row.egress_bytes)?;
        let seconds = seconds("egress_seconds", row.egress_seconds)?;
        sink.begin(Table::AccountUsageByConfiguration, window);
        sink.text(Column::Scope, scope(Feed::Transcoders));
        sink.text(Column::TranscoderType, &kind);
        sink.text(Column::BillingMode, &billing_mode);
        sink.seconds(Column::EgressSeconds, seconds);
        sink.int(Column::EgressBytes, bytes);
        sink.commit_row();
        Ok(())
    })
}

/// Only `fetch` asks for it: the account's own answers tell the same.
fn part_of_account(reader: &Reader<'_>, feed: Feed, payload: Raw<'_>, sink: &mut dyn Sink) -> Result<()> {
    reader.only(KEY, payload, sink, |summary: &Summary<'_>, sink| {
        let (viewing, egress_bytes) = match feed {
            Feed::VodEgress => (None, Some(count("egress_bytes", summary.egress_bytes)?)),
            Feed::Transcoders | Feed::VodStreams => (Some(Viewing::of_summary(summary)?), None),
        };
        sink.begin(Table::AccountUsage, reader.request.window);
        sink.text(Column::Scope, scope(feed));
        if let Some(viewing) = viewing {
            viewing.put(sink);
        }
        if let Some(bytes) = egress_bytes {
            sink.int(Column::EgressBytes, bytes);
        }
        sink.commit_row();
        Ok(())
    })
}
