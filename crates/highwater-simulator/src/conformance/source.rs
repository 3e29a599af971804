//! The extractor's side of a case: settings as the configuration would make them, and the connected source.

use std::sync::Arc;

use highwater_core::{
    Clock, Context, DatasetSpec, Extractor, PageRequest, RawPage, Result, SettingDef, SettingKind,
    SettingValue, Settings, SourceName, Window,
};

use super::hasty_clock::HastyClock;
use super::pull::{Pull, pull};
use super::recording_sink::RecordingSink;
use super::subject::Subject;
use super::verdict::{Breach, ensure};

/// A rate that takes next to no time, so that the time that passes is that of retries.
const UNHINDERED: f64 = 1000.0;

/// Which credentials a source is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    Accepted,
    Refused,
}

/// How large the pages are that a source asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageSize {
    Default,
    Small,
}

/// A connected source and the dataset and window under test.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) extractor: Arc<dyn Extractor>,
    pub(super) spec: DatasetSpec,
    pub(super) window: Window,
}

impl Source {
    pub(super) fn connect(
        subject: &Subject,
        base_url: &str,
        clock: &HastyClock,
        (credentials, page_size): (Credentials, PageSize),
        window: Window,
    ) -> Result<Self, Breach> {
        let settings = settings(subject, base_url, credentials, page_size)?;
        let provider = &subject.provider;
        let findings = provider.findings(&settings);
        ensure(findings.is_empty(), || format!("it finds fault with the settings: {findings:?}"))?;
        let context = Context {
            source: SourceName::new("under-test")?,
            datasets: provider.datasets(&settings),
            clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
            real_clock: Arc::new(clock.clone()),
            requests_per_second: UNHINDERED,
        };
        let extractor = provider.connect(&settings, context)?;
        let spec = extractor.datasets().iter().find(|spec| spec.name.as_str() == subject.dataset).cloned();
        let spec = spec.ok_or_else(|| Breach::new("the extractor does not have the dataset under test"))?;
        ensure(window.is_aligned(spec.step), || format!("{window} is not a window of {}", spec.step))?;
        Ok(Self { extractor, spec, window })
    }

    /// The request that opens the pull.
    pub(super) fn opening(&self) -> Result<PageRequest, Breach> {
        let first = self.extractor.first(&self.spec, self.window).into_iter().next();
        first.ok_or_else(|| Breach::new("no request opens the pull"))
    }

    pub(super) async fn fetch(&self, request: &PageRequest) -> Result<RawPage> {
        self.extractor.fetch(request).await
    }

    /// Fetches and decodes the page that opens the pull.
    pub(super) async fn read_opening(&self) -> Result<Result<()>, Breach> {
        let request = self.opening()?;
        Ok(match self.fetch(&request).await {
            Ok(page) => {
                let mut sink = RecordingSink::default();
                self.extractor.decode(&self.spec, &page, &mut sink).map(|_| ())
            }
            Err(error) => Err(error),
        })
    }

    pub(super) async fn pull(&self) -> Result<Pull> {
        pull(self.extractor.as_ref(), &self.spec, self.window).await
    }
}

fn settings(
    subject: &Subject,
    base_url: &str,
    credentials: Credentials,
    page_size: PageSize,
) -> Result<Settings, Breach> {
    let defs = subject.provider.settings();
    for key in ["base_url", "page_size"] {
        ensure(defs.iter().any(|def| def.key == key), || format!("the provider has no setting `{key}`"))?;
    }
    let mut settings = Settings::default();
    for def in defs {
        if let Some(value) = default_of(def)? {
            settings.insert(def.key, value);
        }
    }
    let given = match credentials {
        Credentials::Accepted => (subject.accepted)(),
        Credentials::Refused => (subject.refused)(),
    };
    for (key, value) in given {
        ensure(defs.iter().any(|def| def.key == key), || format!("the provider has no setting `{key}`"))?;
        settings.insert(key, value);
    }
    settings.insert("base_url", SettingValue::Text(base_url.to_owned()));
    if page_size == PageSize::Small {
        settings.insert("page_size", SettingValue::Integer(subject.small_page));
    }
    Ok(settings)
}

fn default_of(def: &SettingDef) -> Result<Option<SettingValue>, Breach> {
    let wrong = || Breach::new(format!("the default of the setting `{}` is not of its kind", def.key));
    let Some(text) = def.default else { return Ok(None) };
    let value = match def.kind {
        SettingKind::Text | SettingKind::Url | SettingKind::Choice(_) | SettingKind::TextsOr(_) => {
            SettingValue::Text(text.to_owned())
        }
        SettingKind::Integer { .. } => SettingValue::Integer(text.parse().map_err(|_| wrong())?),
        SettingKind::Flag => SettingValue::Flag(text.parse().map_err(|_| wrong())?),
        SettingKind::Secret => return Err(wrong()),
    };
    Ok(Some(value))
}
