//! Places in a JSON document, written without indexes: `data[].delivered_seconds`.

use serde_json::{Map, Value};

/// Calls `act` with every object that has the field at the end of `path`, and the field's name. Returns how many there
/// were.
pub(super) fn edit(value: &mut Value, path: &str, act: &mut dyn FnMut(&mut Map<String, Value>, &str)) -> u64 {
    let Some((step, rest)) = path.split_once('.') else {
        return match value.as_object_mut().filter(|object| object.contains_key(path)) {
            Some(object) => {
                act(object, path);
                1
            }
            None => 0,
        };
    };
    match step.strip_suffix("[]") {
        Some(list) => {
            let items = value.get_mut(list).and_then(Value::as_array_mut);
            items.into_iter().flatten().map(|item| edit(item, rest, act)).sum()
        }
        None => value.get_mut(step).map_or(0, |child| edit(child, rest, act)),
    }
}

/// The path of a field called `name` beside the one at `path`.
pub(super) fn beside(path: &str, name: &str) -> String {
    path.rsplit_once('.').map_or_else(|| name.to_owned(), |(parent, _)| format!("{parent}.{name}"))
}

/// `text` with every `[3]` as `[]`.
pub(super) fn without_indexes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_brackets = false;
    for character in text.chars() {
        if character == '[' || character == ']' {
            in_brackets = character == '[';
        } else if in_brackets && character.is_ascii_digit() {
            continue;
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_of_a_path_is_edited() {
        let mut value = json!({"data": [{"a": {"b": 1}}, {"a": {}}, {"a": {"b": 2}}], "total": 3});
        let mut remove = |object: &mut Map<String, Value>, field: &str| {
            object.remove(field);
        };
        assert_eq!(edit(&mut value, "data[].a.b", &mut remove), 2);
        assert_eq!(edit(&mut value, "total", &mut remove), 1);
        assert_eq!(edit(&mut value, "nowhere[].x", &mut remove), 0);
        assert_eq!(value, json!({"data": [{"a": {}}, {"a": {}}, {"a": {}}]}));
    }

    #[test]
    fn paths_of_neighbours_and_without_indexes() {
        assert_eq!((beside("data[].a", "b"), beside("a", "b")), ("data[].b".to_owned(), "b".to_owned()));
        assert_eq!(without_indexes("path=`data[13].v2.x[0]` 7"), "path=`data[].v2.x[]` 7");
    }
}
