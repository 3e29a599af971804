//! Pages of JSON: decoding that names the place where a page is not what we model.

use highwater_core::wire::{EachRow, Listed, Object, read_whole};
use highwater_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::DeserializeSeed;

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

/// Decodes a page of `operation` and gives each row of its field `list` to `take` as soon as it is read. The page is read
/// once; where it fails, rows before the place have been taken, and it is read again to name the place.
///
/// # Errors
/// As [`read_json`], and `Drift` when the list stands on the page more than once.
pub fn read_rows<'a, P, R>(
    operation: &str,
    body: &'a [u8],
    list: &'static str,
    take: impl FnMut(&mut R),
) -> Result<Listed<P>>
where
    P: Object<'a> + Deserialize<'a>,
    R: Object<'a>,
{
    let rows = EachRow::of(list, take);
    let listed: Listed<P> = match std::str::from_utf8(body) {
        Ok(text) => read_whole(text, rows).map_err(|_| refused::<P>(operation, body))?,
        Err(_) => {
            let mut input = serde_json::Deserializer::from_slice(body);
            let listed = rows.deserialize(&mut input).and_then(|listed| input.end().map(|()| listed));
            listed.map_err(|error| diagnose::<P>(operation, body, error))?
        }
    };
    if listed.ambiguous {
        return Err(drift(operation, list, "a list stands on the page more than once"));
    }
    Ok(listed)
}

/// Why a page was refused that is to be a `T`.
fn refused<'a, T: Deserialize<'a>>(operation: &str, body: &'a [u8]) -> Error {
    match serde_json::from_slice::<T>(body) {
        Err(error) => diagnose::<T>(operation, body, error),
        Ok(_) => drift(operation, ".", "a value cannot be read"),
    }
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

    fn rows(body: &str) -> Result<(Option<usize>, usize)> {
        let mut taken = 0;
        let listed: Listed<Page<'_>> =
            read_rows("list", body.as_bytes(), "data", |_: &mut Row<'_>| taken += 1)?;
        Ok((listed.rows, taken))
    }

    #[test]
    fn rows_are_taken_as_they_come_and_what_is_wrong_is_named_all_the_same() {
        assert_eq!(rows(r#"{"data":[{"id":"a"},{}],"new":0}"#).unwrap(), (Some(2), 2));
        assert_eq!(rows("{}").unwrap(), (None, 0));
        for (body, said) in [
            (r#"{"data":[{},{"parts":{"name":7}}]}"#, "path=`data[1].parts.name`"),
            (r#"{"data":[{},null]}"#, "path=`data[1]`"),
            (r#"{"data":{}}"#, "path=`data`"),
            (r#"{"data":[],"data":[{}]}"#, "more than once: operation=`list` path=`data`"),
            (r#"{"data":[{}"#, "not JSON but ends in the middle"),
            (r#"{"data":[]} x"#, "the answer is not JSON but"),
        ] {
            let error = rows(body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Drift);
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_matter_only_where_they_are_read() {
        let ids = |body: &[u8]| {
            let mut ids = Vec::new();
            let take = |row: &mut Row<'_>| ids.push(row.id.as_deref().map(str::to_owned));
            let listed: Result<Listed<Page<'_>>> = read_rows("list", body, "data", take);
            listed.map(|_| ids)
        };
        let unread = b"{\"new\":\"\xff\",\"data\":[{\"id\":\"a\"}]}";
        assert_eq!(ids(unread).unwrap(), [Some("a".to_owned())]);
        assert_eq!(ids(b"{\"data\":[{\"id\":\"\xff\"}]}").unwrap_err().kind(), ErrorKind::Drift);
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
