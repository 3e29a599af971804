//! The warehouse: one store, and what all access to it shares.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use highwater_core::{Clock, Error, ErrorKind, Result};
use object_store::ObjectStore;

use crate::conditions::{Conditions, Form};
use crate::local::LocalFolder;
use crate::s3;

/// Where the warehouse is and how it is written.
#[derive(Clone)]
pub struct WarehouseSettings {
    /// `s3://bucket/prefix`, or a folder (a path or `file://` URL).
    pub url: String,
    /// `object_store`'s own options, by their own names. Values are resolved: they may be secret.
    pub options: BTreeMap<String, String>,
    /// How the store wants conditional writes.
    pub conditional_writes: ConditionalWrites,
    /// Whether the bodies of each pull are kept.
    pub raw_archive: bool,
    /// For waiting between attempts.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for WarehouseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarehouseSettings")
            .field("url", &self.url)
            .field("options", &self.options.keys())
            .field("conditional_writes", &self.conditional_writes)
            .field("raw_archive", &self.raw_archive)
            .finish_non_exhaustive()
    }
}

/// How a store wants conditional writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConditionalWrites {
    /// `If-Match` with the ETag as the store gave it.
    #[default]
    ETag,
    /// `If-Match` with the ETag without its quotes.
    ETagUnquoted,
    /// None: one process writes, and answers for it.
    Disabled,
}

/// The warehouse. Cloning it shares the store.
#[derive(Clone)]
pub struct Warehouse {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) folder: Option<LocalFolder>,
    pub(crate) conditional_writes: ConditionalWrites,
    pub(crate) raw_archive: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Warehouse").field(&self.shared.store.to_string()).finish()
    }
}

impl Warehouse {
    /// Opens the warehouse at `settings.url`. A folder is made where it does not exist, and swept of what writers that
    /// died have left.
    ///
    /// # Errors
    /// `Config` for a URL or option that is not understood, `Storage` for a folder that cannot be opened.
    pub async fn open(settings: WarehouseSettings) -> Result<Self> {
        let url = settings.url.clone();
        let root = match url.split_once("://") {
            None => url.as_str(),
            Some(("file", path)) => path,
            Some(("s3", location)) => {
                return Ok(Self::with_store(s3::open(location, &settings.options)?, settings));
            }
            Some((scheme, _)) => {
                let message = format!("warehouses on `{scheme}` are not known url=`{url}`");
                return Err(
                    Error::new(ErrorKind::Config, message).with_hint("use `s3://bucket/prefix` or a folder")
                );
            }
        };
        let folder = LocalFolder::open(FilePath::new(root)).map_err(|error| {
            Error::new(ErrorKind::Storage, format!("cannot open the warehouse folder path=`{root}`"))
                .with_source(error)
        })?;
        let store: Arc<dyn ObjectStore> = Arc::new(folder.clone());
        Ok(Self::assemble(store, Some(folder), &settings))
    }

    /// A warehouse over `store`, whose keys are the warehouse's own; the URL and the options are not looked at.
    #[must_use]
    pub fn with_store(store: Arc<dyn ObjectStore>, settings: WarehouseSettings) -> Self {
        Self::assemble(store, None, &settings)
    }

    fn assemble(
        store: Arc<dyn ObjectStore>,
        folder: Option<LocalFolder>,
        settings: &WarehouseSettings,
    ) -> Self {
        let shared = Shared {
            store: in_form(store, settings.conditional_writes),
            folder,
            conditional_writes: settings.conditional_writes,
            raw_archive: settings.raw_archive,
            clock: Arc::clone(&settings.clock),
        };
        Self { shared: Arc::new(shared) }
    }
}

fn in_form(store: Arc<dyn ObjectStore>, conditional_writes: ConditionalWrites) -> Arc<dyn ObjectStore> {
    match conditional_writes {
        ConditionalWrites::ETag => store,
        ConditionalWrites::ETagUnquoted => Arc::new(Conditions::new(store, Form::Unquoted)),
        ConditionalWrites::Disabled => Arc::new(Conditions::new(store, Form::OneWriter)),
    }
}
