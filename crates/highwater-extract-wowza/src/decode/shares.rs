//! Viewing by country and by rendition.

use highwater_core::{Column, PageFacts, Result, Sink, Table};

use super::figures::{Flaw, Viewing, required_word};
use super::limits;
use super::reader::Reader;
use crate::operations::Subject;
use crate::wire::{Envelope, Share};

/// Viewing by country. The name of a country is not stored: its code says the same.
pub(super) fn countries(
    reader: &Reader<'_>,
    subject: Subject,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    const KEY: &str = "countries";
    let rows = reader.list(KEY, reader.payload(envelope, KEY, sink)?)?;
    let scope = limits::scope(reader);
    reader.each(KEY, &rows, sink, |share: &Share<'_>, sink| {
        let code = required_word("code", share.code)?;
        let viewing = Viewing::of_share(share)?;
        if subject == Subject::Account {
            sink.begin(Table::AccountUsageByCountry, reader.request.window);
            sink.text(Column::Scope, &scope);
        } else {
            begin(reader, Table::ResourceUsageByCountry, subject, sink);
        }
        sink.text(Column::CountryCode, &code);
        viewing.put(sink);
        sink.commit_row();
        Ok(())
    })?;
    Ok(PageFacts::default())
}

/// Viewing by output rendition.
pub(super) fn renditions(
    reader: &Reader<'_>,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    const KEY: &str = "renditions";
    let rows = reader.list(KEY, reader.payload(envelope, KEY, sink)?)?;
    reader.each(KEY, &rows, sink, |share: &Share<'_>, sink| {
        if share.code.is_some() {
            sink.unknown_field("renditions[].code");
        }
        let name = required_word("name", share.name)?;
        if name.is_empty() {
            return Err(Flaw::Row { field: "name", reason: "a rendition has no name" });
        }
        let viewing = Viewing::of_share(share)?;
        begin(reader, Table::ResourceUsageByRendition, Subject::VodStream, sink);
        sink.text(Column::Rendition, &name);
        viewing.put(sink);
        sink.commit_row();
        Ok(())
    })?;
    Ok(PageFacts::default())
}

fn begin(reader: &Reader<'_>, table: Table, subject: Subject, sink: &mut dyn Sink) {
    sink.begin(table, reader.request.window);
    sink.text(Column::ResourceType, subject.resource_type());
    sink.text(Column::ResourceId, reader.request.id.as_deref().unwrap_or_default());
}
