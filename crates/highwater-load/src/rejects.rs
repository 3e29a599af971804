//! Rejects: the rows of a window that were set aside, one JSON line each.

use bytes::Bytes;
use highwater_core::{Result, Unit, Window};
use object_store::{ObjectStoreExt, PutMode, PutPayload};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::layout::rejects_path;
use crate::object::cannot;
use crate::warehouse::Warehouse;

/// One row that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectLine {
    /// Why.
    pub reason: String,
    /// The operation whose page held it.
    pub operation: String,
    /// Where in the page.
    pub path: String,
    /// The window that was pulled.
    pub window: Window,
    /// The row as it stood on the page: JSON stands in the line as itself, anything else as a string.
    #[serde(serialize_with = "write_row", deserialize_with = "read_row")]
    pub row: String,
}

fn write_row<S: Serializer>(row: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&RawValue>(row) {
        Ok(value) if !row.contains('\n') => value.serialize(serializer),
        _ => serializer.serialize_str(row),
    }
}

fn read_row<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Box::<RawValue>::deserialize(deserializer)?.get().to_owned())
}

impl Warehouse {
    /// Replaces what was set aside of `window` by `lines`; none removes it.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn write_rejects(&self, unit: &Unit, window: Window, lines: &[RejectLine]) -> Result<()> {
        let (path, store) = (rejects_path(unit, window), &self.shared.store);
        if lines.is_empty() {
            return match store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(cannot("remove", &path, error)),
            };
        }
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line).expect("a reject is plain data");
            text.push(b'\n');
        }
        let payload = PutPayload::from_bytes(Bytes::from(text));
        let put = store.put_opts(&path, payload, PutMode::Overwrite.into()).await;
        put.map(|_| ()).map_err(|error| cannot("write", &path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_is_one_line_whatever_the_row_holds() {
        let line = |row: &str| RejectLine {
            reason: "negative".to_owned(),
            operation: "list".to_owned(),
            path: "data[3].x".to_owned(),
            window: Window::day("2026-09-01".parse().unwrap()),
            row: row.to_owned(),
        };
        let text = serde_json::to_string(&line(r#"{"x":-1}"#)).unwrap();
        let window = r#"["2026-09-01T00:00:00Z","2026-09-02T00:00:00Z"]"#;
        let expected = format!(
            r#"{{"reason":"negative","operation":"list","path":"data[3].x","window":{window},"row":{{"x":-1}}}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<RejectLine>(&text).unwrap(), line(r#"{"x":-1}"#));
        assert!(serde_json::to_string(&line("{cut off")).unwrap().ends_with(r#""row":"{cut off"}"#));
        assert!(!serde_json::to_string(&line("{\n\"x\":1}")).unwrap().contains('\n'));
    }
}
