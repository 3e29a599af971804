//! Providers: what a provider crate registers, and the registry that finds it by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::dataset::DatasetSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::extractor::Extractor;
use crate::ids::SourceName;
use crate::settings::{Finding, SettingDef, Settings};

/// All that Highwater needs to know to offer a provider: one value of this stands in each provider crate.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The name in the configuration and in the path of objects.
    fn name(&self) -> &'static str;

    /// The name that people know.
    fn title(&self) -> &'static str;

    /// The settings that a source of this provider takes beside the common ones.
    fn settings(&self) -> &'static [SettingDef];

    /// The requests a second asked for unless the configuration says otherwise.
    fn requests_per_second(&self) -> f64;

    /// What is wrong with settings that are each well-formed: combinations, versions. Empty when all is well.
    fn findings(&self, settings: &Settings) -> Vec<Finding>;

    /// The datasets under these settings, with the provider's defaults. Needs no secret.
    fn datasets(&self, settings: &Settings) -> Vec<DatasetSpec>;

    /// Makes the extractor of one source. Sends nothing.
    ///
    /// # Errors
    /// `Config` when a secret is missing or the client cannot be built.
    fn connect(&self, settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>>;
}

/// What an extractor gets beside its settings.
#[derive(Clone, Debug)]
pub struct Context {
    /// The source's name.
    pub source: SourceName,
    /// The datasets as configured: the provider's, with the configuration's grain, lag and revisits.
    pub datasets: Vec<DatasetSpec>,
    /// The time that plans and pulls go by.
    pub clock: Arc<dyn Clock>,
    /// The machine's own time: what signatures are made with, whatever `--now` says.
    pub real_clock: Arc<dyn Clock>,
    /// Requests a second that this process may send.
    pub requests_per_second: f64,
}

/// The providers that this program knows.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Provider>>);

impl Registry {
    /// Adds a provider.
    ///
    /// # Panics
    /// When one of that name is there already.
    #[must_use]
    pub fn with(mut self, provider: impl Provider + 'static) -> Self {
        let name = provider.name();
        assert!(self.0.insert(name, Arc::new(provider)).is_none(), "provider `{name}` is registered twice");
        self
    }

    /// The providers, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.values()
    }

    /// The provider called `name`.
    ///
    /// # Errors
    /// `Config` that lists the known providers.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Provider>> {
        self.0.get(name).ok_or_else(|| {
            let known = self.0.keys().copied().collect::<Vec<_>>().join(", ");
            Error::new(ErrorKind::Config, format!("unknown provider `{name}`; known are: {known}"))
        })
    }
}
