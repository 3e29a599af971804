//! `status.html` beside `data/`: the daemon's status page for those who can reach the warehouse but not the daemon.

use highwater_core::Result;
use object_store::path::Path;
use object_store::{Attribute, AttributeValue, Attributes, PutMode, PutOptions, PutPayload};

use crate::object::cannot;
use crate::warehouse::Warehouse;

/// Its key.
const KEY: &str = "status.html";

impl Warehouse {
    /// Puts `html` in the place of the last status page. The last writer wins: a page holds nothing that could be lost.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn put_status_page(&self, html: String) -> Result<()> {
        let content_type = AttributeValue::from("text/html; charset=utf-8");
        let attributes = Attributes::from_iter([(Attribute::ContentType, content_type)]);
        let options = PutOptions { mode: PutMode::Overwrite, attributes, ..PutOptions::default() };
        let path = Path::from(KEY);
        let put = self.shared.store.put_opts(&path, PutPayload::from(html), options).await;
        put.map(drop).map_err(|error| cannot("write", &path, error))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use chrono::DateTime;
    use highwater_core::ManualClock;

    use super::*;
    use crate::warehouse::{ConditionalWrites, WarehouseSettings};

    #[tokio::test]
    async fn a_page_takes_the_place_of_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let settings = WarehouseSettings {
            url: folder.path().display().to_string(),
            options: BTreeMap::new(),
            conditional_writes: ConditionalWrites::ETag,
            raw_archive: false,
            clock: Arc::new(ManualClock::new(DateTime::UNIX_EPOCH)),
        };
        let warehouse = Warehouse::open(settings).await.unwrap();
        for page in ["first", "second"] {
            warehouse.put_status_page(page.to_owned()).await.unwrap();
            assert_eq!(std::fs::read_to_string(folder.path().join("status.html")).unwrap(), page);
        }
    }
}
