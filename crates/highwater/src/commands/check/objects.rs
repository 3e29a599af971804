//! The objects as analysts meet them: all of them are seen, have the columns of the dictionary, and belong to a source.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use highwater_core::{Result, Table};
use highwater_load::layout::ObjectKey;
use highwater_load::{Inspection, Warehouse};
use highwater_transform::schema;

use super::Check;
use crate::analyst::Projection;
use crate::commands::schema::first_start;
use crate::providers::providers;
use crate::session::Session;

/// Footers read at once.
const AT_ONCE: usize = 16;
/// Places and names told of one finding.
const TOLD: usize = 3;

/// All checks of what stands below `data/`.
///
/// # Errors
/// `Storage` when the warehouse cannot be listed.
pub(super) async fn objects(session: &Session, warehouse: &Warehouse) -> Result<Vec<Check>> {
    let found = warehouse.inspect().await?;
    let columns = columns(warehouse, &found).await;
    Ok(vec![places(&found), columns, projection(session, &found), sources(session, &found)])
}

/// Readers take every file at a fixed depth; what is no object is counted with the data, or missed.
fn places(found: &Inspection) -> Check {
    let what = "objects";
    if found.strays.is_empty() {
        return Check::passed(what, format!("{} below data/, and nothing else", found.objects.len()));
    }
    Check {
        what: what.to_owned(),
        ok: false,
        detail: format!("below data/ are files that are no objects: {}", some(&found.strays)),
        hint: Some("move them elsewhere: queries count them with the data, or miss them".to_owned()),
    }
}

async fn columns(warehouse: &Warehouse, found: &Inspection) -> Check {
    let what = "columns";
    let schemas: Vec<_> = Table::ALL.iter().map(|table| schema(*table, None)).collect();
    let checks = found.objects.iter().map(|key| {
        let schema = Table::ALL.iter().zip(&schemas).find(|(table, _)| **table == key.table);
        let (_, schema) = schema.expect("every table has a schema");
        warehouse.check_object(key, schema)
    });
    match stream::iter(checks).buffer_unordered(AT_ONCE).try_collect::<()>().await {
        Ok(()) => Check::passed(what, "every object has those of the data dictionary"),
        Err(error) => Check::failed(what, &error),
    }
}

/// Whether the tables of `sql athena` show every object, also when they were made before older days were loaded.
fn projection(session: &Session, found: &Inspection) -> Check {
    let what = "athena projection";
    let today = session.clock.now().date_naive();
    let start = first_start(&session.config).unwrap_or(today);
    let projection = Projection::new(&providers(), start);
    let outside: Vec<String> = found
        .objects
        .iter()
        .filter(|key| !projection.providers.contains(&key.provider.as_str()) || key.unit.date > today)
        .map(|key| key.path().to_string())
        .collect();
    if !outside.is_empty() {
        return Check {
            what: what.to_owned(),
            ok: false,
            detail: format!("of an unknown provider, or of a day to come: {}", some(&outside)),
            hint: Some("upgrade highwater if the provider is new, else move them elsewhere".to_owned()),
        };
    }
    let covered = format!("{} since {start}", projection.providers.join(", "));
    match found.objects.iter().map(|key| key.unit.date).min().filter(|first| *first < start) {
        None => Check::passed(what, covered),
        Some(first) => earlier(what, first, start),
    }
}

fn earlier(what: &str, first: NaiveDate, start: NaiveDate) -> Check {
    Check::warning(
        what,
        format!("data begin on {first}, before the configured start {start}"),
        "run the statements of `highwater sql athena` again if they were last run before those days were loaded",
    )
}

fn sources(session: &Session, found: &Inspection) -> Check {
    let what = "sources of objects";
    let configured = |key: &&ObjectKey| {
        let sources = &session.config.sources;
        sources.iter().any(|source| source.name == key.unit.source && source.provider.name() == key.provider)
    };
    let gone: BTreeSet<String> = found
        .objects
        .iter()
        .filter(|key| !configured(key))
        .map(|key| format!("{} ({})", key.unit.source, key.provider))
        .collect();
    if gone.is_empty() {
        return Check::passed(what, "all are configured");
    }
    Check::warning(
        what,
        format!("no longer configured: {}", some(&gone.into_iter().collect::<Vec<_>>())),
        "their data stay and are still queried: configure them again, or remove their objects, state and raw archive",
    )
}

/// The first few of `names`.
fn some(names: &[String]) -> String {
    let told = names.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}
