//! All that is known about ScaleEngine's legacy API: signed requests, and what its answers mean in our terms.

mod apps;
mod calendar;
mod client;
mod command;
mod datasets;
mod decode;
mod extractor;
pub mod failure;
mod figure;
mod paging;
pub mod php_json;
mod reading;
mod refusal;
mod settings;
pub mod signature;
mod wire;

use std::sync::Arc;

use highwater_core::{Context, DatasetSpec, Extractor, Finding, Provider, Result, SettingDef, Settings};

use crate::apps::Apps;
use crate::extractor::ScaleEngineExtractor;
use crate::settings::Account;

/// The provider `scaleengine`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScaleEngine;

impl Provider for ScaleEngine {
    fn name(&self) -> &'static str {
        "scaleengine"
    }

    fn title(&self) -> &'static str {
        "ScaleEngine"
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

    fn datasets(&self, settings: &Settings) -> Vec<DatasetSpec> {
        vec![datasets::video_usage(&Apps::of(settings))]
    }

    fn connect(&self, settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>> {
        Ok(Arc::new(ScaleEngineExtractor::new(Account::of(settings)?, context)?))
    }
}
