//! The reader of one page: it walks to the objects of an answer and says where one is not what we model.

use highwater_core::wire::Raw;
use highwater_core::{DatasetSpec, Error, ErrorKind, PageRequest, Result, Sink};
use highwater_http::drift;

use super::figures::Flaw;
use crate::wire::{Envelope, Wire};

/// What is being read, for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'p> {
    pub(super) operation: &'static str,
    pub(super) request: &'p PageRequest,
    pub(super) dataset: &'p DatasetSpec,
}

const ANOTHER_TYPE: &str = "a value has another type than it should";

impl Reader<'_> {
    /// The error for an answer that is not what we model.
    pub(super) fn drift(&self, path: &str, what: &str) -> Error {
        drift(self.operation, path, what)
    }

    /// The error for an answer that is not the one to our question.
    pub(super) fn mismatch(&self, what: &str, asked: &str, answered: &str) -> Error {
        let operation = self.operation;
        Error::new(
            ErrorKind::Mismatch,
            format!("{what}: operation=`{operation}` asked=`{asked}` answered=`{answered}`"),
        )
    }

    /// The error for a flaw where no row can be set aside for it.
    pub(super) fn fatal(&self, path: &str, flaw: Flaw) -> Error {
        match flaw {
            Flaw::Drift { field, what } => self.drift(&member(path, field), what),
            Flaw::Row { field, reason } => self.drift(&member(path, field), reason),
        }
    }

    /// Counts the unknown names of an object at `path` (without indexes).
    pub(super) fn note_unknown<'a>(&self, path: &str, object: &impl Wire<'a>, sink: &mut dyn Sink) {
        for field in object.unknown() {
            sink.unknown_field(&member(path, field));
        }
    }

    /// The member `key` of an answer, which it must have. Members that answers of other operations have are counted
    /// as unknown.
    pub(super) fn payload<'a>(
        &self,
        envelope: &Envelope<'a>,
        key: &str,
        sink: &mut dyn Sink,
    ) -> Result<Raw<'a>> {
        let (payload, strangers) = envelope.take(key);
        strangers.into_iter().for_each(|name| sink.unknown_field(name));
        payload.ok_or_else(|| self.drift(key, "a required field is missing"))
    }

    /// The object at `path`.
    pub(super) fn object<'a, T: Wire<'a>>(&self, path: &str, raw: Raw<'a>) -> Result<T> {
        serde_json::from_str(raw.get()).map_err(|error| self.drift(path, ANOTHER_TYPE).with_source(error))
    }

    /// The list at `path`.
    pub(super) fn list<'a>(&self, path: &str, raw: Raw<'a>) -> Result<Vec<Raw<'a>>> {
        serde_json::from_str(raw.get()).map_err(|error| self.drift(path, ANOTHER_TYPE).with_source(error))
    }

    /// The list at `path`, which must be there.
    pub(super) fn required_list<'a>(&self, path: &str, raw: Option<Raw<'a>>) -> Result<Vec<Raw<'a>>> {
        self.list(path, raw.ok_or_else(|| self.drift(path, "a required field is missing"))?)
    }

    /// Hands each object of a list to `keep`, and sets aside those that cannot be kept.
    pub(super) fn each<'a, T: Wire<'a>>(
        &self,
        path: &str,
        rows: &[Raw<'a>],
        sink: &mut dyn Sink,
        mut keep: impl FnMut(&T, &mut dyn Sink) -> Result<(), Flaw>,
    ) -> Result<()> {
        for (nth, raw) in rows.iter().enumerate() {
            let object: T = serde_json::from_str(raw.get())
                .map_err(|error| self.drift(&format!("{path}[{nth}]"), ANOTHER_TYPE).with_source(error))?;
            if !object.unknown().is_empty() {
                self.note_unknown(&format!("{path}[]"), &object, sink);
            }
            if let Err(flaw) = keep(&object, sink) {
                self.set_aside(&format!("{path}[{nth}]"), flaw, *raw, sink)?;
            }
        }
        Ok(())
    }

    /// Hands the object at `path` to `keep`, or sets it aside.
    pub(super) fn only<'a, T: Wire<'a>>(
        &self,
        path: &str,
        raw: Raw<'a>,
        sink: &mut dyn Sink,
        keep: impl FnOnce(&T, &mut dyn Sink) -> Result<(), Flaw>,
    ) -> Result<()> {
        let object: T = self.object(path, raw)?;
        self.note_unknown(path, &object, sink);
        keep(&object, sink).or_else(|flaw| self.set_aside(path, flaw, raw, sink))
    }

    fn set_aside(&self, path: &str, flaw: Flaw, raw: Raw<'_>, sink: &mut dyn Sink) -> Result<()> {
        match flaw {
            Flaw::Row { field, reason } => {
                sink.reject_row(reason, &member(path, field), raw.get());
                Ok(())
            }
            Flaw::Drift { .. } => Err(self.fatal(path, flaw)),
        }
    }
}

fn member(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}
