//! `schema export` and `sql`: the analyst's files.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use highwater_core::{Error, ErrorKind, Result, Secret};

use crate::analyst::{self, Location, Projection};
use crate::args::{Engine, Global, SchemaCommand, SqlArgs};
use crate::config::{Config, Secrets, WarehouseConfig};
use crate::output::{note, print_text};
use crate::providers::providers;
use crate::report::Exit;
use crate::session::Session;

/// Places of an S3 store that the environment may name, and the option each stands for.
const PLACES: [(&str, &str); 4] = [
    ("AWS_ENDPOINT_URL_S3", "aws_endpoint"),
    ("AWS_ENDPOINT_URL", "aws_endpoint"),
    ("AWS_REGION", "aws_region"),
    ("AWS_DEFAULT_REGION", "aws_region"),
];

pub(crate) fn export(command: &SchemaCommand) -> Result<Exit> {
    let SchemaCommand::Export { dir } = command;
    analyst::export(dir, &providers())?;
    note(&format!("wrote {}", dir.display()));
    Ok(Exit::Done)
}

pub(crate) async fn sql(global: &Global, args: &SqlArgs) -> Result<Exit> {
    let registry = providers();
    if args.engine == Engine::Focus {
        print_text(&analyst::focus(&registry))?;
        return Ok(Exit::Done);
    }
    // Listing the objects of a store may take its credentials; those of the providers are not asked for.
    let session = Session::open(global, Secrets::LeaveAlone)?;
    let objects = session.warehouse().await?.list_objects(None).await?;
    let location = location(&session.config.warehouse)?;
    let text = match args.engine {
        Engine::Duckdb => {
            let tables: BTreeSet<_> = objects.iter().map(|object| object.table).collect();
            analyst::duckdb(&registry, &location, &tables)
        }
        _ => {
            let days = objects.iter().map(|object| object.unit.date);
            let first = days.chain(first_start(&session.config)).min();
            let first = first.unwrap_or_else(|| session.clock.now().date_naive());
            analyst::athena(&registry, &location, &Projection::new(&registry, first))
        }
    };
    print_text(&text)?;
    Ok(Exit::Done)
}

/// The earliest day that any dataset is configured to start at.
pub(super) fn first_start(config: &Config) -> Option<NaiveDate> {
    config.sources.iter().flat_map(|source| &source.datasets).filter_map(|dataset| dataset.start).min()
}

fn location(config: &WarehouseConfig) -> Result<Location> {
    if config.url.contains("://") {
        return Ok(Location::new(&config.url, &with_environment(&config.options)));
    }
    let folder = std::path::absolute(&config.url).map_err(|source| {
        Error::new(ErrorKind::Config, format!("`{}` is no usable path", config.url)).with_source(source)
    })?;
    Ok(Location::new(&folder.to_string_lossy(), &config.options))
}

fn with_environment(options: &BTreeMap<String, Secret>) -> BTreeMap<String, Secret> {
    let mut merged = options.clone();
    for (name, key) in PLACES {
        if let (false, Ok(value)) = (merged.contains_key(key), std::env::var(name)) {
            merged.insert(key.to_owned(), Secret::new(value));
        }
    }
    merged
}
