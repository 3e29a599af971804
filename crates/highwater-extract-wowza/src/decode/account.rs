//! The account: its parts as rows, all of it as a figure that the parts must not exceed.

use highwater_core::{Column, Figure, PageFacts, Relation, Result, Role, Sink, Table};

use super::figures::{Egress, Flaw, Viewing, count};
use super::limits;
use super::reader::Reader;
use crate::wire::{Envelope, Row};

const KEY: &str = "account";

/// What a row takes from an answer.
enum Told {
    /// The viewers alone: any other figure of the whole would stand beside its own parts.
    OfAll {
        viewers: i64,
    },
    OfPart(Viewing, Egress),
}

/// The account, or a part of it.
pub(super) fn account(
    reader: &Reader<'_>,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let payload = reader.payload(envelope, KEY, sink)?;
    if reader.request.role == Role::Control {
        let account: Row<'_> = reader.object(KEY, payload)?;
        reader.note_unknown(KEY, &account, sink);
        let figures = totals(&account).map_err(|flaw| reader.fatal(KEY, flaw))?;
        return Ok(PageFacts { figures, ..PageFacts::default() });
    }
    let scope = limits::scope(reader);
    reader.only(KEY, payload, sink, |account: &Row<'_>, sink| {
        let told = if scope == limits::WHOLE {
            Told::OfAll { viewers: count("unique_viewers", account.unique_viewers)? }
        } else {
            Told::OfPart(Viewing::of_row(account)?, Egress::of_row(account)?)
        };
        sink.begin(Table::AccountUsage, reader.request.window);
        sink.text(Column::Scope, &scope);
        match told {
            Told::OfAll { viewers } => sink.int(Column::UniqueViewers, viewers),
            Told::OfPart(viewing, egress) => {
                viewing.put(sink);
                egress.put(sink);
            }
        }
        sink.commit_row();
        Ok(())
    })?;
    Ok(PageFacts::default())
}

fn totals(account: &Row<'_>) -> Result<Vec<Figure>, Flaw> {
    let (viewing, egress) = (Viewing::of_row(account)?, Egress::of_row(account)?);
    let figure = |measure, micros| Figure {
        table: Table::AccountUsage,
        measure,
        micros,
        tolerance_micros: 0,
        relation: Relation::Part,
    };
    Ok(vec![
        figure(Column::DeliveredSeconds, viewing.seconds.micros().into()),
        figure(Column::DeliveredBytes, i128::from(viewing.bytes) * 1_000_000),
        figure(Column::EgressSeconds, egress.seconds.micros().into()),
        figure(Column::EgressBytes, i128::from(egress.bytes) * 1_000_000),
        figure(Column::EgressSecondsAdditionalTargets, egress.additional_targets.micros().into()),
    ])
}
