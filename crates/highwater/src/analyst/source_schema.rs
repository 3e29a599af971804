//! The part of the configuration's JSON Schema that the providers declare: a source, its settings and its datasets.

use highwater_core::{DatasetSpec, Provider, SettingDef, SettingKind};
use serde_json::{Map, Value, json};

use super::json_schema::{common, duration, secret, with_description};

/// The schema of a source of `provider`, which has these datasets.
pub(super) fn source(provider: &dyn Provider, specs: &[DatasetSpec]) -> Value {
    let mut properties = common();
    properties.insert(
        "name".to_owned(),
        json!({ "description": "Unique among the sources.", "type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$" }),
    );
    properties.insert("provider".to_owned(), json!({ "const": provider.name() }));
    properties.insert(
        "requests_per_second".to_owned(),
        json!({
            "description": "Requests are spaced evenly.", "type": "number", "exclusiveMinimum": 0, "maximum": 1000,
            "default": provider.requests_per_second(),
        }),
    );
    properties.extend(provider.settings().iter().map(|def| (def.key.to_owned(), setting(def))));
    let datasets: Map<String, Value> =
        specs.iter().map(|spec| (spec.name.to_string(), dataset(spec))).collect();
    properties.insert(
        "datasets".to_owned(),
        json!({ "type": "object", "additionalProperties": false, "properties": datasets }),
    );
    let mut required = vec!["name", "provider"];
    required.extend(provider.settings().iter().filter(|def| def.required).map(|def| def.key));
    json!({
        "title": provider.title(),
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn setting(def: &SettingDef) -> Value {
    let mut schema = match def.kind {
        SettingKind::Text => json!({ "type": "string" }),
        SettingKind::Url => json!({ "type": "string", "pattern": "^https?://" }),
        SettingKind::Secret => secret(),
        SettingKind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        SettingKind::Flag => json!({ "type": "boolean" }),
        SettingKind::Choice(words) => json!({ "enum": words }),
        SettingKind::TextsOr(word) => {
            json!({ "anyOf": [{ "const": word }, { "type": "array", "minItems": 1, "items": { "type": "string" } }] })
        }
    };
    if let Some(default) = def.default {
        schema["default"] = match def.kind {
            SettingKind::Integer { .. } | SettingKind::Flag => {
                default.parse().unwrap_or_else(|_| json!(default))
            }
            _ => json!(default),
        };
    }
    with_description(schema, def.description)
}

fn dataset(spec: &DatasetSpec) -> Value {
    let mut properties = common();
    if spec.live {
        properties["schedule"]["default"] = json!("0 */15 * * * *");
    }
    let seconds = |delta: chrono::TimeDelta| format!("{}s", delta.num_seconds());
    properties.insert("enabled".to_owned(), json!({ "type": "boolean", "default": spec.enabled }));
    let grains: Vec<&str> = spec.grains.iter().map(|grain| grain.as_str()).collect();
    properties.insert("grain".to_owned(), json!({ "enum": grains, "default": spec.grain.as_str() }));
    let mut lag = with_description(duration(), "How long after a window's end the provider has its data.");
    lag["default"] = json!(seconds(spec.lag));
    properties.insert("lag".to_owned(), lag);
    properties.insert(
        "revisit".to_owned(),
        json!({
            "description": "Ages of a window at which it is pulled again; after the last it is final.",
            "type": "array", "items": duration(),
            "default": spec.revisits.iter().map(|age| seconds(*age)).collect::<Vec<_>>(),
        }),
    );
    json!({
        "description": spec.description, "type": "object", "additionalProperties": false, "properties": properties,
    })
}
