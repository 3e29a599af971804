//! All that is known about the Wowza Video usage API, versions v1.8 to v1.10 and beta: its twenty operations, how it
//! is asked, and what its fields mean in Highwater's terms.
//!
//! Of the figures that the API reports, `avg_viewing_seconds` alone is stored nowhere: it is `viewing_seconds` divided
//! by `unique_viewers`, rounded. The figures that an answer repeats from elsewhere are read from where they are told
//! first: a transcoder's egress from the list, a live object's present viewers from its newest closed minute.

mod client;
mod credentials;
mod datasets;
mod decode;
mod extractor;
mod operations;
mod refusal;
mod settings;
mod signature;
mod wire;

use std::sync::Arc;

use highwater_core::{Context, DatasetSpec, Extractor, Finding, Provider, Result, SettingDef, Settings};

use crate::extractor::WowzaExtractor;

/// The provider `wowza`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wowza;

impl Provider for Wowza {
    fn name(&self) -> &'static str {
        "wowza"
    }

    fn title(&self) -> &'static str {
        "Wowza Video"
    }

    fn settings(&self) -> &'static [SettingDef] {
        settings::SETTINGS
    }

    fn requests_per_second(&self) -> f64 {
        1.0
    }

    fn findings(&self, settings: &Settings) -> Vec<Finding> {
        settings::findings(settings)
    }

    fn datasets(&self, _settings: &Settings) -> Vec<DatasetSpec> {
        datasets::specs()
    }

    fn connect(&self, settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>> {
        Ok(Arc::new(WowzaExtractor::new(settings, context)?))
    }
}
