//! `[[source]]`: one account or environment of a provider, and `[defaults]`, which each source and dataset may override.

use std::sync::Arc;

use chrono::NaiveDate;
use highwater_core::{
    DatasetSpec, Provider, Registry, SettingDef, SettingKind, SettingValue, Settings, SourceName,
};

use super::dataset::DatasetConfig;
use super::document::{Section, nearest};
use super::values::{self, Secrets};
use crate::schedule::Schedule;

/// One configured source.
#[derive(Debug)]
pub(crate) struct SourceConfig {
    pub(crate) name: SourceName,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) settings: Settings,
    pub(crate) requests_per_second: f64,
    /// Every dataset of the provider, those that are off included.
    pub(crate) datasets: Vec<DatasetConfig>,
}

impl SourceConfig {
    /// The datasets that are pulled.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &DatasetConfig> {
        self.datasets.iter().filter(|dataset| dataset.spec.enabled)
    }
}

/// What applies where a source or dataset says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    schedule: Option<Schedule>,
    pub(super) start: Option<NaiveDate>,
    /// A start was given, be it a wrong one.
    has_start: bool,
}

impl Defaults {
    pub(super) fn read(section: Section<'_>) -> Self {
        let defaults = Self::default().overridden_by(&section);
        section.finish();
        defaults
    }

    fn overridden_by(&self, section: &Section<'_>) -> Self {
        let schedule = section.take("schedule").and_then(|node| values::schedule(&node));
        let given = section.take("start");
        let has_start = self.has_start || given.is_some();
        let start = given.and_then(|node| values::date(&node));
        Self { schedule: schedule.or_else(|| self.schedule.clone()), start: start.or(self.start), has_start }
    }

    /// Hourly at ten past unless configured; every quarter of an hour for what can be recovered for an hour only.
    pub(super) fn schedule_for(&self, spec: &DatasetSpec) -> Schedule {
        let text = if spec.live { "0 */15 * * * *" } else { "0 10 * * * *" };
        let fallback = || Schedule::parse(text).expect("a literal schedule");
        if spec.live { fallback() } else { self.schedule.clone().unwrap_or_else(fallback) }
    }
}

pub(super) fn read(
    section: Section<'_>,
    registry: &Registry,
    defaults: &Defaults,
    secrets: Secrets,
    earlier: &[SourceConfig],
) -> Option<SourceConfig> {
    let name = read_name(&section, earlier);
    let provider = read_provider(&section, registry)?;
    let requests_per_second = match section.take("requests_per_second") {
        None => Some(provider.requests_per_second()),
        Some(node) => node.number().and_then(|rate| {
            if (0.001..=100_000.0).contains(&rate) {
                return Some(rate);
            }
            node.complain(format!("{rate:?} is not a rate"), "write a number from 0.001 to 100000");
            None
        }),
    };
    let settings = read_settings(&section, provider.settings(), secrets);
    let defaults = defaults.overridden_by(&section);
    for finding in settings.iter().flat_map(|settings| provider.findings(settings)) {
        section.complain(&finding.key, finding.message, finding.hint);
    }
    // Wrong settings are no reason to keep back what is wrong with the datasets.
    let specs = provider.datasets(settings.as_ref().unwrap_or(&Settings::default()));
    let datasets = read_datasets(&section, specs, &defaults);
    require_start(&section, &datasets, &defaults);
    section.finish();
    Some(SourceConfig {
        name: name?,
        provider,
        settings: settings?,
        requests_per_second: requests_per_second?,
        datasets,
    })
}

fn read_name(section: &Section<'_>, earlier: &[SourceConfig]) -> Option<SourceName> {
    let Some(node) = section.take("name") else {
        section.complain(
            "name",
            "a source needs a name",
            "write name = \"…\": lowercase letters, digits and hyphens",
        );
        return None;
    };
    match SourceName::new(node.text()?) {
        Err(error) => {
            node.complain(
                error.to_string(),
                "use lowercase letters, digits and hyphens, such as \"mux-prod\"",
            );
            None
        }
        Ok(name) if earlier.iter().any(|source| source.name == name) => {
            node.complain(
                format!("another source is called `{name}` already"),
                "give each source a name of its own",
            );
            None
        }
        Ok(name) => Some(name),
    }
}

fn read_provider(section: &Section<'_>, registry: &Registry) -> Option<Arc<dyn Provider>> {
    let known = || registry.iter().map(|provider| provider.name()).collect::<Vec<_>>();
    let Some(node) = section.take("provider") else {
        section.complain(
            "provider",
            "a source needs a provider",
            format!("write one of: {}", known().join(", ")),
        );
        return None;
    };
    let text = node.text()?;
    match registry.get(text) {
        Ok(provider) => Some(Arc::clone(provider)),
        Err(error) => {
            let near = nearest(text, known().into_iter()).map(|near| format!("did you mean \"{near}\"?"));
            node.complain(
                error.to_string(),
                near.unwrap_or_else(|| format!("use one of: {}", known().join(", "))),
            );
            None
        }
    }
}

fn read_settings(section: &Section<'_>, defs: &'static [SettingDef], secrets: Secrets) -> Option<Settings> {
    let mut settings = Settings::default();
    let mut sound = true;
    for def in defs {
        match section.take(def.key) {
            Some(node) => match read_setting(node, def, secrets) {
                Some(value) => settings.insert(def.key, value),
                None => sound = false,
            },
            None if def.required => {
                let hint = format!("write {} = {}", def.key, def.example);
                section.complain(def.key, format!("`{}` is required: {}", def.key, def.description), hint);
                sound = false;
            }
            None => {
                if let Some(value) = default_value(def) {
                    settings.insert(def.key, value);
                }
            }
        }
    }
    sound.then_some(settings)
}

fn default_value(def: &SettingDef) -> Option<SettingValue> {
    let text = def.default?;
    Some(match def.kind {
        SettingKind::Integer { .. } => {
            SettingValue::Integer(text.parse().expect("a default of its own kind"))
        }
        SettingKind::Flag => SettingValue::Flag(text == "true"),
        _ => SettingValue::Text(text.to_owned()),
    })
}

fn read_setting(node: super::document::Node<'_>, def: &SettingDef, secrets: Secrets) -> Option<SettingValue> {
    match def.kind {
        SettingKind::Text => node.text().map(|text| SettingValue::Text(text.to_owned())),
        SettingKind::Url => values::base_url(&node).map(SettingValue::Text),
        SettingKind::Secret => values::secret(node, secrets).map(SettingValue::Secret),
        SettingKind::Flag => node.flag().map(SettingValue::Flag),
        SettingKind::Integer { min, max } => {
            let number = node.integer()?;
            if (min..=max).contains(&number) {
                return Some(SettingValue::Integer(number));
            }
            node.complain(
                format!("{number} is out of bounds"),
                format!("write a whole number from {min} to {max}"),
            );
            None
        }
        SettingKind::Choice(words) => {
            let text = node.text()?;
            if words.contains(&text) {
                return Some(SettingValue::Text(text.to_owned()));
            }
            node.complain(
                format!("`{text}` is not one of the choices"),
                format!("use one of: {}", words.join(", ")),
            );
            None
        }
        SettingKind::TextsOr(word) => {
            if !node.is_text() {
                let texts = node.texts()?;
                if texts.is_empty() {
                    node.complain("the list is empty", format!("name at least one, or write \"{word}\""));
                    return None;
                }
                return Some(SettingValue::Texts(texts));
            }
            if node.text()? == word {
                return Some(SettingValue::Text(word.to_owned()));
            }
            node.complain(
                "is neither a list nor the one word it takes",
                format!("write a list of texts, or \"{word}\""),
            );
            None
        }
    }
}

/// A first day is needed where the provider does not say how far back it answers.
fn require_start(section: &Section<'_>, datasets: &[DatasetConfig], defaults: &Defaults) {
    let endless = datasets.iter().filter(|dataset| {
        dataset.spec.enabled && dataset.start.is_none() && dataset.spec.retention.is_none()
    });
    let names: Vec<&str> = endless.map(|dataset| dataset.spec.name.as_str()).collect();
    if !names.is_empty() && !defaults.has_start {
        section.complain(
            "start",
            format!(
                "a start is needed: how far back the provider answers is not known for {}",
                names.join(", ")
            ),
            "write start = \"YYYY-MM-DD\" under [defaults] or for the source",
        );
    }
}

fn read_datasets(section: &Section<'_>, specs: Vec<DatasetSpec>, defaults: &Defaults) -> Vec<DatasetConfig> {
    let datasets = section.section("datasets");
    let read = specs
        .into_iter()
        .filter_map(|spec| DatasetConfig::read(datasets.section(spec.name.as_str()), spec, defaults))
        .collect();
    datasets.finish();
    read
}
