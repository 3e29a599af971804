//! What the providers declare, under settings that leave everything at its default.

use highwater_core::{
    Column, DatasetSpec, Provider, Registry, SettingDef, SettingKind, SettingValue, Settings, Table,
};

/// Every dataset of every provider, those that are off by default included.
pub(super) fn datasets(registry: &Registry) -> Vec<(&dyn Provider, DatasetSpec)> {
    let of = |provider: &'_ dyn Provider| provider.datasets(&defaults(provider.settings()));
    registry
        .iter()
        .flat_map(|provider| of(provider.as_ref()).into_iter().map(|spec| (provider.as_ref(), spec)))
        .collect()
}

/// The provider's field that `column` of `table` comes from in this dataset.
pub(super) fn provider_field(spec: &DatasetSpec, table: Table, column: Column) -> Option<&'static str> {
    let feed = spec.feeds.iter().find(|feed| feed.table == table)?;
    feed.provider_fields.iter().find(|(known, _)| *known == column).map(|(_, field)| *field)
}

fn defaults(defs: &[SettingDef]) -> Settings {
    let mut settings = Settings::default();
    for def in defs {
        let value = match (def.kind, def.default) {
            (SettingKind::Integer { min, .. }, default) => {
                Some(SettingValue::Integer(default.and_then(|text| text.parse().ok()).unwrap_or(min)))
            }
            (SettingKind::Flag, default) => Some(SettingValue::Flag(default == Some("true"))),
            (SettingKind::Secret, _) => None,
            (SettingKind::TextsOr(word), default) => {
                Some(SettingValue::Text(default.unwrap_or(word).to_owned()))
            }
            (_, default) => default.map(|text| SettingValue::Text(text.to_owned())),
        };
        if let Some(value) = value {
            settings.insert(def.key, value);
        }
    }
    settings
}
