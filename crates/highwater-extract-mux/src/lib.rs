//! All that is known about Mux Video: its delivery usage, how it is asked for, and what its fields mean in our terms.

mod client;
mod datasets;
mod decode;
mod extractor;
mod paging;
mod report;
mod rows;
mod settings;
mod wire;

use std::sync::Arc;

use highwater_core::{Context, DatasetSpec, Extractor, Finding, Provider, Result, SettingDef, Settings};

use extractor::MuxExtractor;

/// The provider: what the registry is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mux;

impl Provider for Mux {
    fn name(&self) -> &'static str {
        "mux"
    }

    fn title(&self) -> &'static str {
        "Mux Video"
    }

    fn settings(&self) -> &'static [SettingDef] {
        settings::SETTINGS
    }

    fn requests_per_second(&self) -> f64 {
        5.0
    }

    fn findings(&self, _settings: &Settings) -> Vec<Finding> {
        Vec::new()
    }

    fn datasets(&self, _settings: &Settings) -> Vec<DatasetSpec> {
        vec![datasets::delivery_usage()]
    }

    fn connect(&self, settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>> {
        Ok(Arc::new(MuxExtractor::new(settings, context)?))
    }
}
