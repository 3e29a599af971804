//! `[warehouse]`: where the data are kept and under which guarantees.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use highwater_core::Secret;
use highwater_load::ConditionalWrites;

use super::document::Section;
use super::values::{self, Secrets};

/// `[warehouse]`.
#[derive(Debug)]
pub(crate) struct WarehouseConfig {
    /// `s3://bucket/prefix`, or a folder.
    pub(crate) url: String,
    pub(crate) conditional_writes: ConditionalWrites,
    pub(crate) raw_archive: bool,
    /// How long raw pages of final windows are kept; `None` is for ever.
    pub(crate) raw_retention: Option<TimeDelta>,
    /// The share of an additive measure that a later pull may lose without being held.
    pub(crate) shrink_tolerance: f64,
    pub(crate) options: BTreeMap<String, Secret>,
}

impl WarehouseConfig {
    pub(super) fn read(section: Section<'_>) -> Option<Self> {
        let url = match section.take("url") {
            Some(node) => node
                .text()
                .filter(|url| {
                    !url.trim().is_empty() || {
                        node.complain("is empty", "write \"s3://bucket/prefix\" or a folder");
                        false
                    }
                })
                .map(str::to_owned),
            None => {
                section.complain(
                    "url",
                    "the warehouse needs a url",
                    "write url = \"s3://bucket/prefix\" or a folder",
                );
                None
            }
        };
        let conditional_writes =
            section.take("conditional_writes").map_or(Some(ConditionalWrites::ETag), |node| {
                match node.text()? {
                    "etag" => Some(ConditionalWrites::ETag),
                    "etag-unquoted" => Some(ConditionalWrites::ETagUnquoted),
                    "disabled" => Some(ConditionalWrites::Disabled),
                    other => {
                        node.complain(
                            format!("`{other}` is not a way of conditional writing"),
                            "use \"etag\", \"etag-unquoted\" or \"disabled\"",
                        );
                        None
                    }
                }
            });
        let raw_archive = section.take("raw_archive").map_or(Some(true), |node| node.flag());
        let raw_retention = section.take("raw_retention").map_or(Some(None), |node| match node.text()? {
            "forever" => Some(None),
            _ => values::duration(&node).map(Some),
        });
        let shrink_tolerance = section.take("shrink_tolerance").map_or(Some(0.10), |node| {
            let number = node.number()?;
            if (0.0..=1.0).contains(&number) {
                return Some(number);
            }
            node.complain(format!("{number} is not a share"), "write a number from 0 to 1, such as 0.10");
            None
        });
        let options = read_options(&section);
        section.finish();
        Some(Self {
            url: url?,
            conditional_writes: conditional_writes?,
            raw_archive: raw_archive?,
            raw_retention: raw_retention?,
            shrink_tolerance: shrink_tolerance?,
            options,
        })
    }
}

/// The options, those that are secrets read: also a plan has to read the store.
fn read_options(section: &Section<'_>) -> BTreeMap<String, Secret> {
    let options = section.section("options");
    let mut read = BTreeMap::new();
    for key in options.keys() {
        let Some(node) = options.take(&key) else { continue };
        if let Err(error) = highwater_load::check_option(&key) {
            node.complain(error.chain(), error.hint());
            continue;
        }
        let value = if node.is_text() {
            node.text().map(|text| Some(Secret::new(text.to_owned())))
        } else {
            values::secret(node, Secrets::Read)
        };
        read.extend(value.flatten().map(|value| (key, value)));
    }
    options.finish();
    read
}
