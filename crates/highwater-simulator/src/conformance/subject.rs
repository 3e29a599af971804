//! The description of an extractor under test.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::{PageRequest, Provider, SettingValue, Window};

use crate::api::ProviderApi;

/// One dataset of one provider, and all that the cases need to know to put it to the test.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The provider under test.
    pub provider: Arc<dyn Provider>,
    /// The dataset that is pulled, under the provider's defaults.
    pub dataset: &'static str,
    /// The instant at which every case starts, for the extractor, the data and the signatures alike.
    pub now: DateTime<Utc>,
    /// Settings that the API accepts, beside `base_url` and `page_size`, which the kit sets. Where nothing is said, the
    /// provider's defaults count.
    pub accepted: fn() -> Vec<(&'static str, SettingValue)>,
    /// The same with credentials that the API refuses.
    pub refused: fn() -> Vec<(&'static str, SettingValue)>,
    /// Every form in which the credentials of both could be seen: as they are, and encoded as they travel. Long and
    /// unlikely enough that nothing else contains them.
    pub canaries: Vec<String>,
    /// A window with rows: one page of each series at the provider's default page size, several at `small_page`.
    pub rows: Scene,
    /// A page size at which `rows` takes several pages.
    pub small_page: i64,
    /// A window for which the provider lists nothing.
    pub nothing: Scene,
    /// Fields of the pages of `rows` without which they cannot be understood.
    pub required: &'static [RequiredField],
    /// A request about one resource that the API of `rows` refuses with 404 or 410, where the provider has such.
    pub about_one: Option<PageRequest>,
    /// Whether every page of rows repeats the window that it answers.
    pub echoes: bool,
}

/// A simulated API and the window to ask it for.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Makes the API, the same each time.
    pub api: fn() -> Arc<dyn ProviderApi>,
    /// The window of one pull.
    pub window: Window,
}

/// A field without which a page is schema drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredField {
    /// The operation whose pages have it, named as `fetch` takes it.
    pub operation: &'static str,
    /// Its path without indexes: `data[].delivered_seconds`.
    pub path: &'static str,
}

impl Subject {
    /// Provider and dataset, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.provider.name(), self.dataset)
    }
}
