//! `datasets.NAME`: what the configuration says of one dataset, laid over what its provider says.

use chrono::{NaiveDate, TimeDelta};
use highwater_core::{DatasetSpec, Grain};

use super::document::Section;
use super::source::Defaults;
use super::values;
use crate::schedule::Schedule;

/// One dataset as configured.
#[derive(Clone, Debug)]
pub(crate) struct DatasetConfig {
    /// The provider's specification with the configured grain, lag and revisits.
    pub(crate) spec: DatasetSpec,
    pub(crate) schedule: Schedule,
    /// The first day wanted.
    pub(crate) start: Option<NaiveDate>,
}

impl DatasetConfig {
    pub(super) fn read(section: Section<'_>, mut spec: DatasetSpec, defaults: &Defaults) -> Option<Self> {
        if let Some(enabled) = section.take("enabled").and_then(|node| node.flag()) {
            spec.enabled = enabled;
        }
        if let Some(node) = section.take("grain") {
            match node
                .text()
                .and_then(|text| text.parse::<Grain>().ok())
                .filter(|grain| spec.grains.contains(grain))
            {
                Some(grain) => set_grain(&mut spec, grain),
                None => {
                    let grains = spec
                        .grains
                        .iter()
                        .map(|grain| format!("\"{grain}\""))
                        .collect::<Vec<_>>()
                        .join(" or ");
                    node.complain(format!("is not a grain of `{}`", spec.name), format!("use {grains}"));
                }
            }
        }
        if let Some(lag) = section.take("lag").and_then(|node| values::duration(&node)) {
            spec.lag = lag;
        }
        read_revisits(&section, &mut spec);
        let schedule = section.take("schedule").and_then(|node| values::schedule(&node));
        let schedule = schedule.unwrap_or_else(|| defaults.schedule_for(&spec));
        let start = section.take("start").and_then(|node| values::date(&node)).or(defaults.start);
        section.finish();
        Some(Self { spec, schedule, start })
    }
}

fn set_grain(spec: &mut DatasetSpec, grain: Grain) {
    if spec.step == spec.grain {
        spec.step = grain;
        spec.span = spec.span.max(grain.duration());
        if grain == Grain::Hour {
            spec.span = grain.duration();
        }
    }
    spec.grain = grain;
}

fn read_revisits(section: &Section<'_>, spec: &mut DatasetSpec) {
    let Some(node) = section.take("revisit") else { return };
    let Some(texts) = node.texts() else { return };
    let mut revisits = Vec::new();
    for text in &texts {
        match humantime::parse_duration(text).ok().and_then(|duration| TimeDelta::from_std(duration).ok()) {
            Some(age) => revisits.push(age),
            None => {
                node.complain(format!("`{text}` is not a duration"), "write ages such as [\"24h\", \"72h\"]")
            }
        }
    }
    if spec.live && !revisits.is_empty() {
        node.complain("live samples cannot be pulled again", "remove it");
        return;
    }
    if let Some(age) = revisits.iter().find(|age| spec.retention.is_some_and(|retention| **age > retention)) {
        let (age, retention) = (describe(*age), describe(spec.retention.unwrap_or_default()));
        node.complain(
            format!("a revisit after {age} lies beyond the provider's retention of {retention}"),
            format!("use ages below {retention}"),
        );
        return;
    }
    if let Some(age) = revisits.iter().find(|age| **age <= spec.lag) {
        let (age, lag) = (describe(*age), describe(spec.lag));
        node.complain(
            format!("a revisit after {age} comes before the data are there (lag {lag})"),
            format!("use ages above {lag}"),
        );
        return;
    }
    revisits.sort_unstable();
    revisits.dedup();
    spec.revisits = revisits;
}

fn describe(delta: TimeDelta) -> String {
    crate::output::span(delta.to_std().unwrap_or_default().as_secs())
}
