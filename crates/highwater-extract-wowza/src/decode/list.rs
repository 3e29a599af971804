//! Transcoders and VOD streams: the rows of a list, and one by itself.

use std::borrow::Cow;

use highwater_core::{Column, Listing, PageFacts, PageRequest, Result, Role, Sink, Table, Window};

use super::figures::{self, Egress, Flaw, Viewing, count, count_or_zero};
use super::paging;
use super::reader::Reader;
use crate::datasets;
use crate::operations::{Feed, Subject};
use crate::wire::{Envelope, Row};

/// What a row reports, as far as its list does.
enum Figures {
    Egress(Egress),
    Viewing(Viewing),
    EgressBytes(i64),
}

impl Figures {
    fn read(feed: Feed, row: &Row<'_>) -> Result<Self, Flaw> {
        Ok(match feed {
            Feed::Transcoders => Self::Egress(Egress::of_row(row)?),
            Feed::VodStreams => Self::Viewing(Viewing::of_row(row)?),
            Feed::VodEgress => Self::EgressBytes(count("egress_bytes", row.egress_bytes)?),
        })
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Egress(egress) => egress.is_nothing(),
            Self::Viewing(viewing) => viewing.is_nothing(),
            Self::EgressBytes(bytes) => *bytes == 0,
        }
    }

    fn put(&self, sink: &mut dyn Sink) {
        match self {
            Self::Egress(egress) => egress.put(sink),
            Self::Viewing(viewing) => viewing.put(sink),
            Self::EgressBytes(bytes) => sink.int(Column::EgressBytes, *bytes),
        }
    }
}

/// One page of a list: for its rows, or for the resources to ask for one by one.
pub(super) fn list(
    reader: &Reader<'_>,
    feed: Feed,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let (key, _) = feed.keys();
    let rows = reader.list(key, reader.payload(envelope, key, sink)?)?;
    let (listing, mut next): (Listing, Vec<PageRequest>) =
        paging::paging(reader, envelope, rows.len(), sink)?;
    let window = reader.request.window;
    let definition = datasets::definition(reader.dataset);
    let describes = reader.dataset.tables().any(|table| table == Table::Resources);
    reader.each(key, &rows, sink, |row: &Row<'_>, sink| {
        let id = figures::id(row.id)?;
        let figures = Figures::read(feed, row)?;
        let archived = figures::flag("archived", row.archived)?;
        let idle = archived == Some(true) && figures.is_nothing();
        if reader.request.role == Role::List {
            let each = definition.filter(|_| !idle).and_then(|each| each.of_resource(&id, window));
            next.extend(each);
            return Ok(());
        }
        let description = Description::read(feed, row, archived)?;
        if !idle {
            begin(sink, feed.subject(), &id, window);
            figures.put(sink);
            sink.commit_row();
        }
        if describes {
            description.put(sink, feed.subject(), &id, window);
        }
        Ok(())
    })?;
    Ok(PageFacts { listing: Some(listing), next, ..PageFacts::default() })
}

/// One resource by itself: what its list does not say of it.
pub(super) fn one(
    reader: &Reader<'_>,
    feed: Feed,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let (_, key) = feed.keys();
    let payload = reader.payload(envelope, key, sink)?;
    reader.only(key, payload, sink, |row: &Row<'_>, sink| {
        // The pages show other ids than the ones asked for: the answer is about the resource that was asked for.
        let asked = match &reader.request.id {
            Some(id) => Cow::Borrowed(id.as_str()),
            None => figures::id(row.id)?,
        };
        let figures = Detail::read(feed, row)?;
        if figures::flag("archived", row.archived)? == Some(true) && figures.is_nothing {
            return Ok(());
        }
        begin(sink, feed.subject(), &asked, reader.request.window);
        match figures.told {
            Told::Viewing(viewing) => viewing.put(sink),
            Told::EgressSeconds(seconds) => sink.seconds(Column::EgressSeconds, seconds),
            Told::EgressBytes(bytes) => sink.int(Column::EgressBytes, bytes),
        }
        sink.commit_row();
        Ok(())
    })?;
    Ok(PageFacts::default())
}

/// What one resource's own answer is read for; the rest of it stands in the lists.
struct Detail {
    told: Told,
    /// Whether all of the answer's figures are zero, also those that are not read from it.
    is_nothing: bool,
}

enum Told {
    Viewing(Viewing),
    EgressSeconds(highwater_core::Seconds),
    EgressBytes(i64),
}

impl Detail {
    fn read(feed: Feed, row: &Row<'_>) -> Result<Self, Flaw> {
        let told = match feed {
            Feed::Transcoders => Told::Viewing(Viewing::of_row(row)?),
            Feed::VodStreams => Told::EgressSeconds(figures::seconds("egress_seconds", row.egress_seconds)?),
            Feed::VodEgress => Told::EgressBytes(count("egress_bytes", row.egress_bytes)?),
        };
        let mut is_nothing = true;
        for (field, value) in [
            ("egress_bytes", row.egress_bytes),
            ("egress_seconds", row.egress_seconds),
            ("egress_seconds_additional_targets", row.egress_seconds_additional_targets),
            ("unique_viewers", row.unique_viewers),
            ("viewing_seconds", row.viewing_seconds),
            ("viewing_bytes", row.viewing_bytes),
        ] {
            is_nothing &= count_or_zero(field, value)? == 0;
        }
        Ok(Self { told, is_nothing })
    }
}

/// What a row says of its resource beside figures.
struct Description<'a> {
    name: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    billing_mode: Option<Cow<'a, str>>,
    archived: Option<bool>,
}

impl<'a> Description<'a> {
    fn read(feed: Feed, row: &Row<'a>, archived: Option<bool>) -> Result<Self, Flaw> {
        let kind = match feed {
            Feed::Transcoders => figures::word("transcoder_type", row.transcoder_type)?,
            Feed::VodStreams | Feed::VodEgress => figures::word("type", row.kind)?,
        };
        let billing_mode = figures::word("billing_mode", row.billing_mode)?;
        Ok(Self { name: figures::word("name", row.name)?, kind, billing_mode, archived })
    }

    fn put(&self, sink: &mut dyn Sink, subject: Subject, id: &str, window: Window) {
        sink.begin(Table::Resources, window);
        sink.text(Column::ResourceType, subject.resource_type());
        sink.text(Column::ResourceId, id);
        for (column, word) in [
            (Column::Name, &self.name),
            (Column::Type, &self.kind),
            (Column::BillingMode, &self.billing_mode),
        ] {
            if let Some(word) = word {
                sink.text(column, word);
            }
        }
        if let Some(archived) = self.archived {
            sink.flag(Column::Archived, archived);
        }
        sink.commit_row();
    }
}

fn begin(sink: &mut dyn Sink, subject: Subject, id: &str, window: Window) {
    sink.begin(Table::ResourceUsage, window);
    sink.text(Column::ResourceType, subject.resource_type());
    sink.text(Column::ResourceId, id);
}
