//! Inspection: what stands below `data/`, held against what readers expect there.

use std::sync::Arc;

use arrow::datatypes::Schema;
use futures::TryStreamExt;
use highwater_core::{Error, Result};
use object_store::path::Path;

use crate::layout::ObjectKey;
use crate::object::cannot;
use crate::object_record::{ObjectRecord, foreign};
use crate::reader::{check_evolution, object_schema};
use crate::warehouse::Warehouse;

/// What is found below `data/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The objects, in the order of their places.
    pub objects: Vec<ObjectKey>,
    /// The places of files that are no objects, in order: readers meet some of them and miss the others.
    pub strays: Vec<String>,
}

impl Warehouse {
    /// Lists all that stands below `data/`.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn inspect(&self) -> Result<Inspection> {
        let prefix = Path::from("data");
        let listed = self.shared.store.list(Some(&prefix)).try_collect::<Vec<_>>().await;
        let mut found = Inspection::default();
        for meta in listed.map_err(|error| cannot("list", &prefix, error))? {
            match ObjectKey::parse(&meta.location) {
                Some(key) => found.objects.push(key),
                None => found.strays.push(meta.location.to_string()),
            }
        }
        found.objects.sort_unstable();
        found.strays.sort_unstable();
        Ok(found)
    }

    /// Reads the footer of an object and checks that it is of the unit that its place names, and that its columns are
    /// those of `schema`, or the first of them. An object that is gone by now passes.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn check_object(&self, key: &ObjectKey, schema: &Schema) -> Result<()> {
        let path = key.path();
        let Some(footer) = self.shared.read_footer(&path).await? else { return Ok(()) };
        let record =
            ObjectRecord::from_key_values(footer.file_metadata().key_value_metadata(), path.as_ref())?;
        if (record.table, &record.unit) != (key.table, &key.unit) {
            return Err(misplaced(&record, &path));
        }
        let held = object_schema(&Arc::new(footer))?;
        check_evolution(&held, schema, path.as_ref())
    }
}

fn misplaced(record: &ObjectRecord, path: &Path) -> Error {
    let cause = format!("it holds `{}` of the unit `{}`", record.table, record.unit);
    foreign(path.as_ref(), cause.into())
}
