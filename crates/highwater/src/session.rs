//! One command's session: configuration, clocks, warehouse, checkpoints, and the sources it talks to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::{
    Checkpoint, Clock, Context, Error, ErrorKind, Extractor, Result, RunId, Secret, SettingKind,
    SettingValue, ShiftedClock, SourceName,
};
use highwater_http::SystemClock;
use highwater_load::{Warehouse, WarehouseSettings};
use highwater_pipeline::{DatasetState, Source};
use highwater_transform::scope_digest;

use crate::args::{Global, Selection};
use crate::config::{Config, DatasetConfig, Secrets, SourceConfig, nearest};
use crate::providers::providers;

/// What every command but `init`, `demo` and `simulate` starts with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) real_clock: Arc<dyn Clock>,
    /// Whether `--now` moved the clock.
    pub(crate) is_shifted: bool,
}

/// A selected dataset and what is loaded of it.
#[derive(Debug)]
pub(crate) struct LoadedDataset<'a> {
    pub(crate) source: &'a SourceConfig,
    pub(crate) dataset: &'a DatasetConfig,
    pub(crate) checkpoint: Checkpoint,
    scope_digest: String,
}

impl LoadedDataset<'_> {
    /// The view that `status` takes; the planner adds what names requests.
    pub(crate) fn state(&self) -> DatasetState<'_> {
        DatasetState {
            provider: self.source.provider.name(),
            source: &self.source.name,
            spec: &self.dataset.spec,
            start: self.dataset.start,
            checkpoint: &self.checkpoint,
            extractor: None,
            requests_per_second: self.source.requests_per_second,
            scope_digest: &self.scope_digest,
        }
    }
}

impl Session {
    /// Reads the configuration.
    ///
    /// # Errors
    /// `Config` with all findings.
    pub(crate) fn open(global: &Global, secrets: Secrets) -> Result<Self> {
        let config = Config::load(&global.config, &providers(), secrets)?;
        Ok(Self::with_config(config, global.now))
    }

    pub(crate) fn with_config(config: Config, now: Option<DateTime<Utc>>) -> Self {
        let real_clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let clock = match now {
            Some(now) => Arc::new(ShiftedClock::starting_at(now, Arc::clone(&real_clock))),
            None => Arc::clone(&real_clock),
        };
        Self { config, clock, real_clock, is_shifted: now.is_some() }
    }

    /// Opens the warehouse.
    ///
    /// # Errors
    /// `Config` for a wrong URL or option, `Storage` when a folder cannot be made.
    pub(crate) async fn warehouse(&self) -> Result<Warehouse> {
        let config = &self.config.warehouse;
        let options =
            config.options.iter().map(|(key, value)| (key.clone(), value.expose().to_owned())).collect();
        Warehouse::open(WarehouseSettings {
            url: config.url.clone(),
            options,
            conditional_writes: config.conditional_writes,
            raw_archive: config.raw_archive,
            clock: Arc::clone(&self.real_clock),
        })
        .await
    }

    /// The enabled datasets that `selection` names, with their checkpoints.
    ///
    /// # Errors
    /// `Config` when it names what is not there; `Storage` when a checkpoint cannot be read.
    pub(crate) async fn datasets(
        &self,
        selection: &Selection,
        warehouse: &Warehouse,
    ) -> Result<Vec<LoadedDataset<'_>>> {
        let loads = self.selected(selection)?.into_iter().map(async |(source, dataset)| {
            let checkpoint = warehouse.checkpoint(&source.name, &dataset.spec.name).await?;
            Ok(LoadedDataset { source, dataset, checkpoint, scope_digest: scope_digest(&dataset.spec) })
        });
        futures::future::try_join_all(loads).await
    }

    /// The enabled datasets that `selection` names.
    ///
    /// # Errors
    /// `Config` when it names what is not there.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<Vec<(&SourceConfig, &DatasetConfig)>> {
        self.check_selection(selection)?;
        let mut wanted = Vec::new();
        for source in self.config.sources.iter().filter(|source| selects(&selection.source, &source.name)) {
            let enabled = source.enabled().filter(|dataset| selects(&selection.dataset, &dataset.spec.name));
            wanted.extend(enabled.map(|dataset| (source, dataset)));
        }
        Ok(wanted)
    }

    /// Takes from the raw archive what is older than its configured retention. What fails is told and left to the next
    /// time: it stands in nobody's way.
    pub(crate) async fn sweep_raw(&self, warehouse: &Warehouse, datasets: &[LoadedDataset<'_>]) {
        let Some(retention) = self.config.warehouse.raw_retention else { return };
        let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
        match highwater_pipeline::sweep_raw(&states, warehouse, retention, self.clock.now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old bodies of final windows left the raw archive"),
            Err(error) => {
                tracing::warn!(hint = error.hint(), "the raw archive was not swept: {}", error.chain());
            }
        }
    }

    /// The source called `name`.
    ///
    /// # Errors
    /// `Config` that names the nearest one.
    pub(crate) fn source(&self, name: &SourceName) -> Result<&SourceConfig> {
        let sources = &self.config.sources;
        sources.iter().find(|source| source.name == *name).ok_or_else(|| {
            unknown("source", name.as_str(), sources.iter().map(|source| source.name.as_str()))
        })
    }

    fn check_selection(&self, selection: &Selection) -> Result<()> {
        for name in &selection.source {
            self.source(name)?;
        }
        let chosen = || self.config.sources.iter().filter(|source| selects(&selection.source, &source.name));
        for name in &selection.dataset {
            let Some(found) =
                chosen().flat_map(|source| &source.datasets).find(|dataset| dataset.spec.name == *name)
            else {
                let known =
                    chosen().flat_map(|source| &source.datasets).map(|dataset| dataset.spec.name.as_str());
                return Err(unknown("dataset", name.as_str(), known));
            };
            if !chosen().flat_map(SourceConfig::enabled).any(|dataset| dataset.spec.name == *name) {
                return Err(Error::new(ErrorKind::Config, format!("dataset `{}` is off", found.spec.name))
                    .with_hint(format!("write datasets.{name} = {{ enabled = true }} for its source")));
            }
        }
        Ok(())
    }

    /// What decodes the pages of `source`. It has no credentials: the provider would refuse whatever it asked.
    ///
    /// # Errors
    /// `Config` when its client cannot be built.
    pub(crate) fn decoder(&self, source: &SourceConfig) -> Result<Arc<dyn Extractor>> {
        let mut settings = source.settings.clone();
        let secrets = source.provider.settings().iter().filter(|def| def.kind == SettingKind::Secret);
        for def in secrets.filter(|def| settings.has(def.key)).collect::<Vec<_>>() {
            settings.insert(def.key, SettingValue::Secret(Some(Secret::new("left unread".to_owned()))));
        }
        source.provider.connect(&settings, self.context(source, 1.0))
    }

    /// What decodes the pages of each of `datasets`, one and the same for all of a source.
    ///
    /// # Errors
    /// As [`decoder`](Self::decoder).
    pub(crate) fn decoders(&self, datasets: &[LoadedDataset<'_>]) -> Result<Vec<Arc<dyn Extractor>>> {
        let mut decoders: Vec<Arc<dyn Extractor>> = Vec::with_capacity(datasets.len());
        for (index, loaded) in datasets.iter().enumerate() {
            let same = datasets[..index].iter().rposition(|other| other.source.name == loaded.source.name);
            decoders.push(match same {
                Some(same) => Arc::clone(&decoders[same]),
                None => self.decoder(loaded.source)?,
            });
        }
        Ok(decoders)
    }

    /// Connects one source with `rate_share` of its rate.
    ///
    /// # Errors
    /// `Config` when its client cannot be built.
    pub(crate) fn connect(&self, source: &SourceConfig, rate_share: f64) -> Result<Source> {
        let extractor = source.provider.connect(&source.settings, self.context(source, rate_share))?;
        Ok(Source { provider: source.provider.name().to_owned(), name: source.name.clone(), extractor })
    }

    fn context(&self, source: &SourceConfig, rate_share: f64) -> Context {
        Context {
            source: source.name.clone(),
            datasets: source.datasets.iter().map(|dataset| dataset.spec.clone()).collect(),
            clock: Arc::clone(&self.clock),
            real_clock: Arc::clone(&self.real_clock),
            requests_per_second: source.requests_per_second * rate_share,
        }
    }
}

/// A run's id: sorts by time of start, unique by chance.
pub(crate) fn new_run_id() -> RunId {
    RunId::new(&uuid::Uuid::now_v7().to_string())
}

/// The error for a name that is not there.
pub(crate) fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str> + Clone) -> Error {
    let hint = nearest(name, known.clone()).map_or_else(
        || format!("known are: {}", known.collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Error::new(ErrorKind::Config, format!("there is no {what} `{name}`")).with_hint(hint)
}

fn selects<T: PartialEq>(wanted: &[T], name: &T) -> bool {
    wanted.is_empty() || wanted.contains(name)
}
