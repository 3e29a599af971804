//! Pages of JSON: decoding that names the place where a page is not what we model.

use highwater_core::{Error, ErrorKind, Result};
use serde::Deserialize;

/// The error for a page that is not what we model, at `path` (`data[3].delivered_seconds`) of an answer of `operation`.
#[must_use]
pub fn drift(operation: &str, path: &str, what: &str) -> Error {
    Error::new(ErrorKind::Drift, format!("{what}: operation=`{operation}` path=`{path}`"))
}

/// Decodes a page of `operation`. The page is read once; only a page that fails is read again, to find the place.
///
/// # Errors
/// `Drift` that names the path, or says what came instead of JSON.
pub fn read_json<'a, T: Deserialize<'a>>(operation: &str, body: &'a [u8]) -> Result<T> {
    // Checked as a whole, its texts need not be checked again one by one.
    let page = std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), serde_json::from_str);
    page.map_err(|error| diagnose::<T>(operation, body, error))
}

fn diagnose<'a, T: Deserialize<'a>>(operation: &str, body: &'a [u8], error: serde_json::Error) -> Error {
    if !error.is_data() {
        let what =
            format!("the answer is not JSON but {}: operation=`{operation}`", looks_like(body, &error));
        return Error::new(ErrorKind::Drift, what).with_source(error);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => error.path().to_string(),
        Ok(_) => ".".to_owned(),
    };
    drift(operation, &path, "a value has another type than it should").with_source(error)
}

/// What a body that is not JSON looks like, without showing more than its first characters.
fn looks_like(body: &[u8], error: &serde_json::Error) -> String {
    const SHOWN: usize = 24;
    let text = String::from_utf8_lossy(&body[..body.len().min(512)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        "empty".to_owned()
    } else if lower.starts_with("<!doctype html") || lower.contains("<html") {
        "a page of HTML".to_owned()
    } else if error.is_eof() {
        "ends in the middle".to_owned()
    } else {
        format!("text that begins with `{}`", text.chars().take(SHOWN).collect::<String>().escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::wire::{Raw, Text};

    highwater_core::wire! {
        struct Page<'a> {
            data: Vec<Row<'a>>,
        }
        struct Row<'a> {
            id: Text<'a>,
            size: Raw<'a>,
            parts: Parts<'a>,
        }
        struct Parts<'a> {
            name: Text<'a>,
        }
    }

    fn message(body: &str) -> String {
        let error = read_json::<Page<'_>>("list", body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift);
        error.to_string()
    }

    #[test]
    fn a_value_of_another_type_is_named_by_its_path() {
        let body = r#"{"data":[{"id":"a","size":1},{"id":"b","size":2.5,"parts":{"name":7}}]}"#;
        assert_eq!(
            message(body),
            "a value has another type than it should: operation=`list` path=`data[1].parts.name`"
        );
    }

    #[test]
    fn what_is_not_json_is_said_in_words() {
        assert!(message("").starts_with("the answer is not JSON but empty"));
        assert!(
            message("\u{feff} <!DOCTYPE HTML><html>")
                .starts_with("the answer is not JSON but a page of HTML")
        );
        assert!(message(r#"{"data":[{"id":"#).starts_with("the answer is not JSON but ends in the middle"));
        assert!(message("upstream\nfailure").contains(r"begins with `upstream\nfailure`"));
        assert!(message(r#"{"data":[]} x"#).starts_with("the answer is not JSON but"));
    }
}
