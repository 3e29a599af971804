//! Names: sources, datasets, units, runs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $allowed:literal, $extra:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and wraps `text`.
            ///
            /// # Errors
            /// `Config` when `text` is not of the form named above.
            pub fn new(text: &str) -> Result<Self, Error> {
                let mut bytes = text.bytes();
                let starts_well = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                if starts_well && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == $extra) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(Error::new(ErrorKind::Config, format!(concat!($what, " `{}` is not of the form ", $allowed), text)))
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// The unique name of a source: one configured account or environment of a provider. `[a-z0-9][a-z0-9-]*`.
    SourceName, "source name", "[a-z0-9][a-z0-9-]*", b'-'
);
name!(
    /// The name of a dataset within its provider. `[a-z0-9][a-z0-9_]*`.
    DatasetName, "dataset name", "[a-z0-9][a-z0-9_]*", b'_'
);

/// All windows of one dataset of one source on one UTC date: what work is handed out by.
/// Its text form is `source/dataset/YYYY-MM-DD`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: DatasetName,
    /// The UTC date on which the unit's windows start.
    pub date: NaiveDate,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.dataset, self.date)
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(
                ErrorKind::Config,
                format!("unit `{text}` is not of the form source/dataset/YYYY-MM-DD"),
            )
        };
        let mut parts = text.split('/');
        let (Some(source), Some(dataset), Some(date), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|error| wrong().with_source(error))?;
        Ok(Self { source: SourceName::new(source)?, dataset: DatasetName::new(dataset)?, date })
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One run of the program. Opaque text, unique by chance; sorts by time of start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Arc<str>);

impl RunId {
    /// Wraps an id made at the edge.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_reads_back_from_its_text() {
        let unit: Unit = "mux-prod/delivery_usage/2026-09-01".parse().unwrap();
        assert_eq!(unit.to_string(), "mux-prod/delivery_usage/2026-09-01");
    }

    #[test]
    fn names_that_would_break_a_path_are_refused() {
        for bad in ["", "-a", "A", "a/b", "a b", "../x", "a."] {
            assert!(SourceName::new(bad).is_err(), "{bad:?}");
        }
        assert!("a/b".parse::<Unit>().is_err());
        assert!("a/b/2026-02-30".parse::<Unit>().is_err());
        assert!("a/b/2026-02-03/x".parse::<Unit>().is_err());
    }
}
