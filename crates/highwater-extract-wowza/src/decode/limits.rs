//! `limits`: the window and the resources that the provider says it answered for.

use std::collections::BTreeSet;

use highwater_core::{Result, Sink, Window};

use super::figures::required_word;
use super::reader::Reader;
use super::stamp;
use crate::client::hours_around;
use crate::datasets::{FILTER_EQUALS, FILTER_IN};
use crate::operations::{Operation, Shape, Subject};
use crate::wire::{Envelope, Limits};

/// The scope of answers about all of an account.
pub(super) const WHOLE: &str = "account";

/// The parts of an account that a question or an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts(BTreeSet<String>);

impl Parts {
    fn new(words: impl Iterator<Item = String>) -> Self {
        // The pages misspell the first word in the value of `in`.
        Self(words.map(|word| if word == "transcoder" { "transcoders".to_owned() } else { word }).collect())
    }

    /// The parts that a request asks for; none named means all.
    fn asked(reader: &Reader<'_>) -> Self {
        let named = [FILTER_EQUALS, FILTER_IN].iter().filter_map(|key| reader.request.param(key));
        let parts = Self::new(named.flat_map(|words| words.split(',')).map(|word| word.trim().to_owned()));
        if parts.0.is_empty() {
            Self::new(["transcoders", "vod_streams"].map(str::to_owned).into_iter())
        } else {
            parts
        }
    }

    /// Whether an answer for `other` answers a question about these. A whole account may have parts that we do not
    /// know of.
    fn are_met_by(&self, other: &Self) -> bool {
        if self.0.len() > 1 { other.0.is_superset(&self.0) } else { self == other }
    }

    fn text(&self) -> String {
        self.0.iter().cloned().collect::<Vec<_>>().join(",")
    }
}

/// The `scope` of an account request's rows.
pub(super) fn scope(reader: &Reader<'_>) -> String {
    let asked = Parts::asked(reader);
    if asked.0.len() == 1 { asked.text() } else { WHOLE.to_owned() }
}

/// The window that was answered, as the one asked where it is the full hours around it. `None` for live answers,
/// which have no window.
///
/// # Errors
/// `Drift` without `limits`, `Mismatch` when an account answer is for other resources than asked.
pub(super) fn echo(
    reader: &Reader<'_>,
    operation: Operation,
    envelope: &Envelope<'_>,
    sink: &mut dyn Sink,
) -> Result<Option<Window>> {
    if !operation.spec.takes_window {
        if envelope.limits.is_some() {
            sink.unknown_field("limits");
        }
        return Ok(None);
    }
    let limits =
        envelope.limits.as_ref().ok_or_else(|| reader.drift("limits", "a required field is missing"))?;
    reader.note_unknown("limits", limits, sink);
    if matches!(
        operation.shape,
        Shape::Account | Shape::Countries(Subject::Account) | Shape::Trend(Subject::Account)
    ) {
        check_parts(reader, limits)?;
    } else if limits.resources.is_some() {
        sink.unknown_field("limits.resources");
    }
    let bound = |field, value| stamp::instant(field, value).map_err(|flaw| reader.fatal("limits", flaw));
    let (from, to) = (bound("from", limits.from)?, bound("to", limits.to)?);
    let answered = Window::new(from, to)
        .map_err(|error| reader.drift("limits", "an empty window").with_source(error))?;
    let asked = reader.request.window;
    Ok(Some(if answered == hours_around(asked) { asked } else { answered }))
}

fn check_parts(reader: &Reader<'_>, limits: &Limits<'_>) -> Result<()> {
    const PATH: &str = "limits.resources";
    let words = reader.required_list(PATH, limits.resources)?;
    let words: Vec<String> = words
        .into_iter()
        .map(|word| required_word("resources", Some(word)).map(|word| word.into_owned()))
        .collect::<Result<_, _>>()
        .map_err(|flaw| reader.fatal("limits", flaw))?;
    let (asked, answered) = (Parts::asked(reader), Parts::new(words.into_iter()));
    if asked.are_met_by(&answered) {
        return Ok(());
    }
    let what = "the provider answered for other resources than asked";
    Err(reader.mismatch(what, &asked.text(), &answered.text()))
}
