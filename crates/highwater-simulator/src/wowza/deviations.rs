//! Answers bent away from the reference, as switched.

use serde_json::{Map, Value, json};

use super::behaviour::WowzaBehaviour;

/// Parts of a body that are not data.
const ENVELOPE: [&str; 2] = ["limits", "pagination"];

/// Bends a body.
pub(super) fn bend(mut body: Value, behaviour: &WowzaBehaviour) -> Value {
    if let Value::Object(parts) = &mut body {
        for (_, part) in parts.iter_mut().filter(|(key, _)| !ENVELOPE.contains(&key.as_str())) {
            bend_part(part, behaviour);
        }
        if behaviour.plural_account_key
            && let Some(account) = parts.remove("account")
        {
            parts.insert("accounts".to_owned(), account);
        }
    }
    body
}

fn bend_part(part: &mut Value, behaviour: &WowzaBehaviour) {
    match part {
        Value::Array(rows) => {
            rows.iter_mut().for_each(|row| bend_part(row, behaviour));
            if let (Some(field), Some(Value::Object(first))) = (&behaviour.spoiled_field, rows.first_mut())
                && let Some(value) = first.get_mut(field)
            {
                *value = json!(-1);
            }
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| bend_part(value, behaviour));
            bend_object(fields, behaviour);
        }
        Value::Number(number) if behaviour.numbers_as_strings => *part = Value::String(number.to_string()),
        _ => {}
    }
}

fn bend_object(fields: &mut Map<String, Value>, behaviour: &WowzaBehaviour) {
    if let Some(missing) = &behaviour.missing_field {
        fields.remove(missing);
    }
    if behaviour.unknown_words {
        for (field, known, unknown) in
            [("billing_mode", "twentyfour_seven", "reserved"), ("type", "fastly", "wowza_cdn")]
        {
            if fields.get(field).is_some_and(|value| value == known) {
                fields.insert(field.to_owned(), json!(unknown));
            }
        }
    }
    if behaviour.viewing_bytes_typo
        && let Some(bytes) = fields.remove("viewing_bytes")
    {
        fields.insert("vieweing_bytes".to_owned(), bytes);
    }
    if behaviour.added_field {
        fields.insert("carbon_grams".to_owned(), json!(3));
    }
}
