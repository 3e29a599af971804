//! The configuration: `highwater.toml`, checked as a whole, all findings at once.

mod dataset;
mod document;
mod source;
pub(crate) mod template;
mod values;
mod warehouse;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use highwater_core::{Error, ErrorKind, Registry, Secret};

pub(crate) use dataset::DatasetConfig;
pub(crate) use document::{Complaint, nearest};
pub(crate) use source::SourceConfig;
pub(crate) use values::Secrets;
pub(crate) use warehouse::WarehouseConfig;

use document::{Document, Section};

/// The whole configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) warehouse: WarehouseConfig,
    pub(crate) daemon: DaemonConfig,
    pub(crate) sources: Vec<SourceConfig>,
}

/// What the daemon is told.
#[derive(Debug)]
pub(crate) struct DaemonConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) grace: TimeDelta,
    pub(crate) status_file: bool,
    pub(crate) webhook: Option<Secret>,
}

/// Everything that is wrong with a configuration file.
#[derive(Debug)]
pub(crate) struct Complaints {
    path: PathBuf,
    complaints: Vec<Complaint>,
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.complaints.len();
        let findings = if count == 1 { "finding" } else { "findings" };
        write!(f, "{} is not a valid configuration ({count} {findings})", self.path.display())?;
        for Complaint { line, key, message, hint } in &self.complaints {
            write!(f, "\n  {}:{line}: {key}: {message}\n      hint: {hint}", self.path.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaints {}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// `Config` when it cannot be read, or listing every finding.
    pub(crate) fn load(path: &Path, registry: &Registry, secrets: Secrets) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            let hint = match source.kind() {
                std::io::ErrorKind::NotFound => "write one with `highwater init`, or name it with --config",
                std::io::ErrorKind::InvalidData => "write it as UTF-8 text",
                _ => "name a file that highwater's user may read with --config",
            };
            Error::new(ErrorKind::Config, format!("cannot read the configuration `{}`", path.display()))
                .with_hint(hint)
                .with_source(source)
        })?;
        Self::parse(&text, registry, secrets).map_err(|complaints| {
            let complaints = Complaints { path: path.to_owned(), complaints };
            Error::new(ErrorKind::Config, complaints.to_string())
                .with_hint("correct what is listed, then run `highwater check`")
        })
    }

    fn parse(text: &str, registry: &Registry, secrets: Secrets) -> Result<Self, Vec<Complaint>> {
        let document = Document::new(text);
        let parsed = match toml_edit::Document::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let line = document.line(error.span());
                document.complain(
                    line,
                    "toml",
                    error.message().trim().replace('\n', "; "),
                    "correct the TOML syntax at this line",
                );
                return Err(document.into_complaints());
            }
        };
        let config = Self::read(Section::root(&document, parsed.as_table()), registry, secrets);
        let complaints = document.into_complaints();
        match config {
            Some(config) if complaints.is_empty() => Ok(config),
            _ => Err(complaints),
        }
    }

    fn read(root: Section<'_>, registry: &Registry, secrets: Secrets) -> Option<Self> {
        let warehouse = WarehouseConfig::read(root.section("warehouse"));
        let daemon = DaemonConfig::read(root.section("daemon"), secrets);
        let defaults = source::Defaults::read(root.section("defaults"));
        let sections = root.take("source").map(|node| node.into_sections()).unwrap_or_default();
        if sections.is_empty() {
            root.complain(
                "source",
                "no source is configured",
                "add a [[source]] with a name and a provider; `highwater init` shows one",
            );
        }
        let mut sources: Vec<SourceConfig> = Vec::new();
        for section in sections {
            let Some(source) = source::read(section, registry, &defaults, secrets, &sources) else {
                continue;
            };
            sources.push(source);
        }
        root.finish();
        Some(Self { warehouse: warehouse?, daemon: daemon?, sources })
    }
}

impl DaemonConfig {
    fn read(section: Section<'_>, secrets: Secrets) -> Option<Self> {
        let listen = section.take("listen").map_or(
            Some("127.0.0.1:9180".parse().expect("a literal address")),
            |node| {
                let text = node.text()?;
                let parsed = text.parse().ok();
                if parsed.is_none() {
                    node.complain(
                        format!("`{text}` is not an address and port"),
                        "write for example \"127.0.0.1:9180\"",
                    );
                }
                parsed
            },
        );
        let grace =
            section.take("grace").map_or(Some(TimeDelta::seconds(30)), |node| values::duration(&node));
        let status_file = section.take("status_file").map_or(Some(false), |node| node.flag());
        let webhook = section.take("webhook").map_or(Some(None), |node| values::secret(node, secrets));
        section.finish();
        Some(Self { listen: listen?, grace: grace?, status_file: status_file?, webhook: webhook? })
    }
}

#[cfg(test)]
mod tests;
