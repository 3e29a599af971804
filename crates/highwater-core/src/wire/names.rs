//! The names of members: each is looked for from behind the last one on, because a provider keeps to one order.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Visitor};

use super::object::Object;

/// Reads the name of a member of an `O` as the number of its field; keeps a name that is not declared.
pub(super) struct Name<'o, O> {
    expected: usize,
    object: &'o mut O,
}

impl<'o, O> Name<'o, O> {
    /// The name of a member of `object`, likely of the field `expected` or of one soon after it.
    #[inline]
    pub(super) fn of(object: &'o mut O, expected: usize) -> Self {
        Self { expected, object }
    }
}

impl<'de, O: Object<'de>> DeserializeSeed<'de> for Name<'_, O> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, O: Object<'de>> Visitor<'de> for Name<'_, O> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        if O::is_called(self.expected, name) {
            return Ok(Some(self.expected));
        }
        let field = field_called::<O>(name, self.expected);
        if field.is_none() {
            keep(self.object.unknown(), name);
        }
        Ok(field)
    }
}

/// The field called `name`, looked for from behind `expected` on and then from the first.
fn field_called<'de, O: Object<'de>>(name: &str, expected: usize) -> Option<usize> {
    (expected + 1..O::FIELDS).chain(0..expected).find(|field| O::is_called(*field, name))
}

#[cold]
fn keep(unknown: &mut Vec<String>, name: &str) {
    unknown.push(name.to_owned());
}
