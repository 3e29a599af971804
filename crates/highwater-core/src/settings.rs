//! Settings: what a provider's sources can be configured with, declared as data, so that checking, defaults, the
//! template that `init` writes and the JSON Schema all come from one place.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// The declaration of one setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingDef {
    /// The key in `highwater.toml`.
    pub key: &'static str,
    /// What it takes.
    pub kind: SettingKind,
    /// Whether it must be given. Combinations are checked by `Provider::findings`.
    pub required: bool,
    /// The value when it is not given, as text.
    pub default: Option<&'static str>,
    /// What it means, one sentence.
    pub description: &'static str,
    /// A value for the template, as TOML text, for settings that have no default.
    pub example: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A scheme and host; `http` only to loopback.
    Url,
    /// A credential: `{ env = "NAME" }` or `{ file = "PATH" }`, never a literal.
    Secret,
    /// A whole number within bounds, both inclusive.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// True or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A non-empty list of texts, or this one word.
    TextsOr(&'static str),
}

/// A checked value.
#[derive(Clone, Debug)]
pub enum SettingValue {
    /// Of `Text`, `Url` and `Choice`, and the one word of `TextsOr`.
    Text(String),
    /// Of `Secret`; `None` when secrets were not read (`plan` and `status` need none).
    Secret(Option<Secret>),
    /// Of `Integer`.
    Integer(i64),
    /// Of `Flag`.
    Flag(bool),
    /// Of `TextsOr`.
    Texts(Vec<String>),
}

/// The settings of one source, each checked against its declaration, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<&'static str, SettingValue>);

impl Settings {
    /// Sets a checked value.
    pub fn insert(&mut self, key: &'static str, value: SettingValue) {
        self.0.insert(key, value);
    }

    /// Whether `key` was given or has a default.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A text, if there is one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(SettingValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A list of texts, if it was given as a list.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.0.get(key) {
            Some(SettingValue::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// A whole number, if there is one.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.0.get(key) {
            Some(SettingValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// A flag; false when it was not given.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(SettingValue::Flag(true)))
    }

    /// A credential, if it was given and read.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        match self.0.get(key) {
            Some(SettingValue::Secret(secret)) => secret.as_ref(),
            _ => None,
        }
    }
}

/// Something wrong in the configuration: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key within the source, dotted.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}
