//! The record that an object carries in its key-value metadata: which windows it holds, as published by which pull.
//!
//! | key | value |
//! |---|---|
//! | `highwater.format` | the format's number; a newer one is refused |
//! | `highwater.table`, `highwater.unit` | what the object is of |
//! | `highwater.windows` | JSON list of window records, by start, disjoint |
//! | `highwater.sealed` | `true` once every window is final and the object was written as a whole |
//! | `highwater.first_offset` | where the first row group began when the object was last written as a whole |
//! | `highwater.commit_id` | chosen anew for each version |

use highwater_core::{Error, ErrorKind, Result, Table, Unit, WindowRecord};
use parquet::file::metadata::KeyValue;

/// The newest object format that this program reads and writes.
pub const OBJECT_FORMAT: u32 = 1;

const FORMAT: &str = "highwater.format";
const COMMIT_ID: &str = "highwater.commit_id";
const TABLE: &str = "highwater.table";
const UNIT: &str = "highwater.unit";
const WINDOWS: &str = "highwater.windows";
const SEALED: &str = "highwater.sealed";
const FIRST_OFFSET: &str = "highwater.first_offset";

/// What an object says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRecord {
    /// Chosen anew for each version: tells one's own write from another's.
    pub commit_id: String,
    /// The table.
    pub table: Table,
    /// The unit.
    pub unit: Unit,
    /// The windows it holds, by start, disjoint.
    pub windows: Vec<WindowRecord>,
    /// Whether every window was final when it was written, as a whole.
    pub sealed: bool,
    /// Where the first row group began when the object was last written as a whole.
    pub first_offset: u64,
}

impl ObjectRecord {
    pub(crate) fn to_key_values(&self) -> Vec<KeyValue> {
        let windows = serde_json::to_string(&self.windows).expect("window records are plain data");
        let mut pairs = vec![
            KeyValue::new(FORMAT.to_owned(), OBJECT_FORMAT.to_string()),
            KeyValue::new(TABLE.to_owned(), self.table.name().to_owned()),
            KeyValue::new(UNIT.to_owned(), self.unit.to_string()),
            KeyValue::new(WINDOWS.to_owned(), windows),
            KeyValue::new(FIRST_OFFSET.to_owned(), self.first_offset.to_string()),
        ];
        if self.sealed {
            pairs.push(KeyValue::new(SEALED.to_owned(), "true".to_owned()));
        }
        // Last, so that the end of a file tells its version.
        pairs.push(KeyValue::new(COMMIT_ID.to_owned(), self.commit_id.clone()));
        pairs
    }

    /// Reads the record; `place` is for messages.
    ///
    /// # Errors
    /// `NewerFormat`, or `Storage` when the metadata is not of an object of ours.
    pub(crate) fn from_key_values(pairs: Option<&Vec<KeyValue>>, place: &str) -> Result<Self> {
        let find = |key: &str| {
            let found = pairs.into_iter().flatten().find(|pair| pair.key == key);
            found.and_then(|pair| pair.value.as_deref())
        };
        let required = |key: &'static str| {
            find(key).ok_or_else(|| foreign(place, format!("its metadata lack `{key}`").into()))
        };
        let format: u32 = required(FORMAT)?.parse().map_err(|error| foreign(place, Box::new(error)))?;
        if format > OBJECT_FORMAT {
            return Err(newer_format(place, format, OBJECT_FORMAT));
        }
        Ok(Self {
            commit_id: required(COMMIT_ID)?.to_owned(),
            table: Table::try_from(required(TABLE)?.to_owned())
                .map_err(|error| foreign(place, error.into()))?,
            unit: required(UNIT)?.parse().map_err(|error| foreign(place, Box::<Error>::new(error)))?,
            windows: serde_json::from_str(required(WINDOWS)?)
                .map_err(|error| foreign(place, Box::new(error)))?,
            sealed: find(SEALED) == Some("true"),
            first_offset: required(FIRST_OFFSET)?.parse().map_err(|error| foreign(place, Box::new(error)))?,
        })
    }
}

pub(crate) fn newer_format(place: &str, found: u32, known: u32) -> Error {
    let message = format!("a newer highwater wrote this: format=`{found}` known=`{known}` key=`{place}`");
    Error::new(ErrorKind::NewerFormat, message)
}

pub(crate) fn foreign(place: &str, cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Storage, format!("not an object that highwater wrote key=`{place}`"))
        .with_source(cause)
        .with_hint("nothing but highwater may write below `data/`: move the file elsewhere, then run again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::{RunId, Window};

    fn record() -> ObjectRecord {
        let window =
            Window::of("2026-09-01T00:00:00Z".parse().unwrap(), "2026-09-01T01:00:00Z".parse().unwrap());
        let published = WindowRecord {
            window,
            pulled_at: "2026-09-02T00:10:00.250Z".parse().unwrap(),
            run_id: RunId::new("run-1"),
            rows: 3,
            rejected_rows: 0,
            pulls: 1,
            pull_digest: "aa".to_owned(),
            content_digest: "bb".to_owned(),
            scope_digest: "cc".to_owned(),
            empty: false,
            verdict: None,
        };
        ObjectRecord {
            commit_id: "0b1c".to_owned(),
            table: Table::ResourceUsage,
            unit: "mux-prod/delivery_usage/2026-09-01".parse().unwrap(),
            windows: vec![published],
            sealed: true,
            first_offset: 12,
        }
    }

    #[test]
    fn the_metadata_of_an_object_have_a_fixed_form() {
        let pairs = record().to_key_values();
        let text: Vec<String> =
            pairs.iter().map(|pair| format!("{}={}", pair.key, pair.value.as_deref().unwrap())).collect();
        let windows = concat!(
            r#"highwater.windows=[{"window":["2026-09-01T00:00:00Z","2026-09-01T01:00:00Z"],"#,
            r#""pulled_at":"2026-09-02T00:10:00.250Z","run_id":"run-1","rows":3,"pulls":1,"#,
            r#""pull_digest":"aa","content_digest":"bb","scope_digest":"cc"}]"#
        );
        let expected = [
            "highwater.format=1",
            "highwater.table=resource_usage",
            "highwater.unit=mux-prod/delivery_usage/2026-09-01",
            windows,
            "highwater.first_offset=12",
            "highwater.sealed=true",
            "highwater.commit_id=0b1c",
        ];
        assert_eq!(text, expected);
        assert_eq!(ObjectRecord::from_key_values(Some(&pairs), "k").unwrap(), record());
    }

    #[test]
    fn a_newer_object_is_refused_and_a_foreign_file_is_named() {
        let mut pairs = record().to_key_values();
        pairs[0].value = Some("2".to_owned());
        let error = ObjectRecord::from_key_values(Some(&pairs), "k").unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NewerFormat, "upgrade highwater"));
        let error = ObjectRecord::from_key_values(None, "data/x.parquet").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.to_string().contains("data/x.parquet"));
    }
}
